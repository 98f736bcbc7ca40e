"""Boxes as COCO results: `images`, `annotations` with `bbox` and `score`, `categories`.

One image per frame of the heat map or of the tracks, with its `time` in seconds beside COCO's own
keys; `bbox` is left, top, width, height in pixels. In a 360-degree picture a box over the seam
reaches past the right edge. Boxes of events carry their label as category and the event's number as
`track_id`; boxes cut from a heat map have the category "sound" and no track. What the file cannot
hold: directions, distances, on-screen flags, the class list and source numbers, events without a
box; an event's times become those of its boxes.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np

from hearsight.errors import InputError
from hearsight.events.events import Box, Event, Events, Track
from hearsight.events.formats.lines import located, read_text, write_text
from hearsight.events.formats.records import (
    as_list,
    as_number,
    as_numbers,
    as_record,
    as_text,
    as_whole,
    optional,
    parse_json,
)
from hearsight.events.heatmaps import HEATMAP_KINDS, HeatMap, HeatMapKind
from hearsight.events.scene import Scene
from hearsight.recording.grid import LABEL_HOP_S

HEATMAP_CATEGORY = "sound"

_Found = tuple[float, str, Box, float | None, int | None]  # time, category, box, score, track


def write_coco(
    scene: Scene | Events,
    path: str | Path,
    *,
    boxes: Literal["heatmap", "events"] | None = None,
    kind: HeatMapKind | None = None,
    threshold: float = 0.5,
) -> None:
    """Write boxes in COCO's form.

    Parameters
    ----------
    scene : Scene
        With the picture's projection, which tells its size.
    path : str or Path
    boxes : {"heatmap", "events"}, optional
        Where they come from: regions of a heat map above `threshold`, or the events' tracks.
        Default: the heat map if there is one.
    kind : {"acoustic", "synchrony", "similarity", "attention", "combined"}, optional
        Which heat map; default: the most telling one there is, the last of these.
    threshold : float
        In (0, 1], for heat maps.

    Raises
    ------
    InputError
        If the size of the picture or the wanted heat map is missing.
    MediaError
        If the file cannot be written.
    """
    if isinstance(scene, Events):
        msg = "COCO boxes need the size of the picture; write them from a Scene with a projection"
        raise InputError(msg)
    heatmap = _heatmap(scene, kind)
    if boxes == "events" or (boxes is None and heatmap is None):
        projection, hop = scene.projection, LABEL_HOP_S
        times, found = _from_tracks(scene.events)
    elif heatmap is not None:
        projection = heatmap.projection
        hop = float(np.median(np.diff(heatmap.times))) if len(heatmap.times) > 1 else LABEL_HOP_S
        times, found = heatmap.times.tolist(), list(_from_heatmap(heatmap, threshold))
    else:
        msg = f"the scene has no {kind or 'heat'} map to cut boxes from; choose boxes='events'"
        raise InputError(msg)
    if projection is None:
        msg = "COCO boxes need the size of the picture; this scene has no projection"
        raise InputError(msg)
    size = {"width": projection.width, "height": projection.height}
    document = _document(times, found, size, hop)
    write_text(path, json.dumps(document, allow_nan=False) + "\n")


def _heatmap(scene: Scene, kind: HeatMapKind | None) -> HeatMap | None:
    if kind is not None:
        return scene.heatmap(kind)
    found = [scene.heatmap(each) for each in reversed(HEATMAP_KINDS)]
    return next((heatmap for heatmap in found if heatmap is not None), None)


def _from_heatmap(heatmap: HeatMap, threshold: float) -> Iterator[_Found]:
    for frame, time in enumerate(heatmap.times.tolist()):
        for box, score in heatmap.boxes(frame, threshold):
            yield time, HEATMAP_CATEGORY, box, score, None


def _from_tracks(events: Events) -> tuple[list[float], list[_Found]]:
    found: list[_Found] = []
    for number, event in enumerate(events, start=1):
        if event.track is None:
            continue
        for time, row in zip(event.track.times.tolist(), event.track.boxes.tolist(), strict=True):
            if not any(math.isnan(value) for value in row):
                left, top, width, height = row
                box = (left, top, width, height)
                found.append((time, event.label, box, event.confidence, number))
    return sorted({item[0] for item in found}), found


def _document(
    times: list[float], found: list[_Found], size: dict[str, int], hop: float
) -> dict[str, object]:
    images = {time: number for number, time in enumerate(times, start=1)}
    names = list(dict.fromkeys(category for _, category, *_ in found))
    categories = {name: number for number, name in enumerate(names, start=1)}
    annotations = []
    for number, (time, category, box, score, track) in enumerate(found, start=1):
        annotation: dict[str, object] = {
            "id": number,
            "image_id": images[time],
            "category_id": categories[category],
            "bbox": list(box),
            "area": box[2] * box[3],
            "iscrowd": 0,
        }
        if score is not None:
            annotation["score"] = score
        if track is not None:
            annotation["track_id"] = track
        annotations.append(annotation)
    return {
        "info": {"description": "hearsight boxes", "hop": hop},
        "images": [
            {"id": number, "file_name": f"{number:06d}.jpg", **size, "time": time}
            for time, number in images.items()
        ],
        "annotations": annotations,
        "categories": [{"id": number, "name": name} for name, number in categories.items()],
    }


def read_coco(path: str | Path) -> Events:
    """Read boxes back as events.

    Annotations of one `track_id` and category are one event with a track of boxes; an annotation
    without a `track_id` is an event of one frame. Scores become confidences, that of an event being
    its first box's.

    Parameters
    ----------
    path : str or Path
        Its images must have a `time` in seconds.

    Raises
    ------
    InputError
        If the file is not of this form; the message names the file and the place in it.
    MediaError
        If the file cannot be read.
    """
    with located(str(path)):
        document = as_record(parse_json(read_text(path)), "the document")
        info = as_record(document.get("info", {}), "info")
        hop = optional(as_number, info.get("hop"), "hop") or LABEL_HOP_S
        times = _by_id(document, "images", "time", as_number)
        names = _by_id(document, "categories", "name", as_text)
        tracks: dict[object, dict[float, tuple[str, list[float], float | None]]] = {}
        items = as_list(document.get("annotations"), "annotations")
        for number, item in enumerate(items, start=1):
            with located(f"annotation {number}"):
                annotation = as_record(item, "an annotation")
                time = times.get(as_whole(annotation.get("image_id"), "image_id"))
                name = names.get(as_whole(annotation.get("category_id"), "category_id"))
                if time is None or name is None:
                    msg = "image_id or category_id names nothing in images or categories"
                    raise InputError(msg)
                box = as_numbers(annotation.get("bbox"), "bbox", 4)
                score = optional(as_number, annotation.get("score"), "score")
                track = optional(as_whole, annotation.get("track_id"), "track_id")
                key = ("alone", number) if track is None else (track, name)
                if time in tracks.setdefault(key, {}):
                    msg = f"track_id {track} has two boxes in one image"
                    raise InputError(msg)
                tracks[key][time] = (name, box, score)
        return _events(list(tracks.values()), hop)


def _by_id(document: dict[str, Any], section: str, key: str, parse: Any) -> dict[int, Any]:
    found = {}
    for item in as_list(document.get(section), section):
        record = as_record(item, f"an item of {section}")
        found[as_whole(record.get("id"), f"id in {section}")] = parse(record.get(key), key)
    return found


def _events(tracks: list[dict[float, tuple[str, list[float], float | None]]], hop: float) -> Events:
    counts: dict[tuple[str, float], int] = {}
    events = []
    for points in tracks:
        times = sorted(points)
        label, _, score = points[times[0]]
        track = Track(times, boxes=[points[time][1] for time in times])
        # Number what begins together, so that boxes of one frame stay apart.
        source = counts.get((label, times[0]), 0)
        counts[label, times[0]] = source + 1
        offset = round(times[-1] + hop, 6)  # 0.4 + 0.2 is 0.6, not a rounding error more
        events.append(Event(label, times[0], offset, score, track, source))
    return Events(events)
