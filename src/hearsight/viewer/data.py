"""What a page knows about a scene: plain lists and numbers, ready for JSON."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hearsight.events.events import Event
from hearsight.events.scene import Scene
from hearsight.pictures.heatmap import HEATMAP_TITLES, color_table
from hearsight.pictures.palette import assign_lanes, event_colors, event_names
from hearsight.viewer.packing import PAGE_BUDGET, RAW_BUDGET, PackedMap, pack_heatmap
from hearsight.viewer.preview import Preview

MAX_TRACK_POINTS = 60_000
"""Points of all tracks of a page; longer tracks are thinned. About 2 MB."""


def page_data(scene: Scene, preview: Preview) -> dict[str, Any]:
    """Collect what the page draws, without the heat maps.

    Parameters
    ----------
    scene : Scene
    preview : Preview
        Which files the page plays.

    Returns
    -------
    dict
        Times in seconds, angles in degrees, boxes in pixels of the original picture; unknown
        numbers are None.
    """
    projection = scene.projection
    return {
        "duration": round(scene.duration, 3),
        "picture": preview.picture,
        "projection": None
        if projection is None
        else {
            "kind": projection.kind,
            "width": projection.width,
            "height": projection.height,
            "fov": projection.fov_deg,
        },
        "events": _events(scene),
        "lanes": list(assign_lanes(scene.events).names),
        "colors": [int(value) for value in color_table().ravel()],
    }


def packed_maps(scene: Scene) -> dict[str, dict[str, Any]]:
    """Pack the scene's heat maps that are not empty.

    Returns
    -------
    dict
        By kind: `title`, `projection`, `width`, `height`, `frames`, `start`, `hop`, `times` (None
        where frames are evenly spaced) and `data`.
    """
    found = [heatmap for heatmap in scene.heatmaps if not heatmap.is_empty]
    share = max(1, len(found))
    maps: dict[str, dict[str, Any]] = {}
    for heatmap in found:
        packed = pack_heatmap(heatmap, budget=PAGE_BUDGET // share, raw_budget=RAW_BUDGET // share)
        maps[heatmap.kind] = {
            "title": HEATMAP_TITLES[heatmap.kind],
            "projection": heatmap.projection.kind,
            "width": packed.width,
            "height": packed.height,
            "frames": len(packed.times),
            "start": packed.times[0],
            "hop": packed.hop,
            "times": None if _is_even(packed) else list(packed.times),
            "data": packed.data,
        }
    return maps


def _is_even(packed: PackedMap) -> bool:
    expected = packed.times[0] + packed.hop * np.arange(len(packed.times))
    return bool(np.abs(np.array(packed.times) - expected).max() < 0.002)


def _events(scene: Scene) -> list[dict[str, Any]]:
    n_points = sum(len(event.track) for event in scene.events if event.track is not None)
    stride = max(1, math.ceil(n_points / MAX_TRACK_POINTS))
    rows = zip(
        scene.events,
        event_names(scene.events),
        event_colors(scene.events),
        assign_lanes(scene.events).index,
        strict=True,
    )
    return [
        {
            "name": name,
            "color": color,
            "lane": lane,
            "onset": round(event.onset, 3),
            "offset": round(event.offset, 3),
            "confidence": None if event.confidence is None else round(event.confidence, 3),
            "azimuth": _rounded(event.azimuth),
            "elevation": _rounded(event.elevation),
            **_track(event, stride),
        }
        for event, name, color, lane in rows
    ]


def _track(event: Event, stride: int) -> dict[str, Any]:
    track = event.track
    if track is None:
        return {"t": [], "az": [], "el": [], "box": None}
    boxes = track.boxes[::stride]
    known = np.asarray(~np.isnan(boxes).any(axis=1))
    return {
        "t": [round(float(time), 3) for time in track.times[::stride]],
        "az": _numbers(track.azimuth[::stride]),
        "el": _numbers(track.elevation[::stride]),
        "box": [_numbers(box) if ok else None for box, ok in zip(boxes, known, strict=True)]
        if known.any()
        else None,
    }


def _numbers(values: NDArray[np.float64]) -> list[float | None]:
    return [None if math.isnan(value) else round(float(value), 1) for value in values]


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
