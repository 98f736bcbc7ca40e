"""Scenes as JSON and JSON Lines: the formats that keep everything except heat maps.

The document is described by `scene.schema.json` beside this module. Numbers are written so that
they read back exactly; unknown values are null, NaN never occurs. The means over an event's track
(`azimuth`, `elevation`, `distance`, `box`) are written for the reader's convenience and count, when
reading, only for an event whose `track` is null or absent: it then stays at that place. Keys that
the schema does not know are ignored.

JSON Lines holds the same document with the events taken out in the first line, and one event in
each line after it.
"""

from __future__ import annotations

import importlib.resources
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hearsight.errors import InputError
from hearsight.events.events import Event, Events, Track
from hearsight.events.formats.frames import still_track
from hearsight.events.formats.lines import located, numbered_lines, read_text, write_text
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
from hearsight.events.scene import Scene, as_scene
from hearsight.recording.layout import ChannelLayout
from hearsight.spatial.projection import Projection

SCHEMA_NAME = "hearsight-scene"
SCHEMA_VERSION = 1


def scene_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of the document."""
    file = importlib.resources.files("hearsight.events.formats") / "scene.schema.json"
    return json.loads(file.read_text(encoding="utf-8"))


def write_json(scene: Scene | Events, path: str | Path) -> None:
    """Write a scene as one JSON document, one event per line for the eye.

    Parameters
    ----------
    scene : Scene or Events
        Heat maps are left out; see `write_heatmaps`.
    path : str or Path

    Raises
    ------
    MediaError
        If the file cannot be written.
    """
    whole = as_scene(scene)
    members = [f"  {_dumps(key)}: {_dumps(value)}" for key, value in _header(whole).items()]
    events = ",\n".join(f"    {_dumps(_event_record(event))}" for event in whole)
    members.append(f'  "events": [\n{events}\n  ]' if events else '  "events": []')
    write_text(path, "{\n" + ",\n".join(members) + "\n}\n")


def write_jsonl(scene: Scene | Events, path: str | Path) -> None:
    """Write a scene as JSON Lines: the header, then one event per line.

    Raises
    ------
    MediaError
        If the file cannot be written.
    """
    whole = as_scene(scene)
    records = [_header(whole), *(_event_record(event) for event in whole)]
    write_text(path, "".join(f"{_dumps(record)}\n" for record in records))


def read_json(path: str | Path) -> Scene:
    """Read a scene from JSON.

    Returns
    -------
    Scene
        Equal to the written one, without heat maps.

    Raises
    ------
    InputError
        If the file is not such a document; the message names the file and the place in it.
    MediaError
        If the file cannot be read.
    """
    with located(str(path)):
        document = as_record(parse_json(read_text(path)), "the document")
        scene = _scene(document)
        events = []
        for number, item in enumerate(as_list(document.get("events"), "events"), start=1):
            with located(f"event {number}"):
                events.append(_event(item))
        return _with_events(scene, events)


def read_jsonl(path: str | Path) -> Scene:
    """Read a scene from JSON Lines.

    Raises
    ------
    InputError
        If a line is wrong; the message names the file and the line.
    MediaError
        If the file cannot be read.
    """
    lines = numbered_lines(path)
    if not lines:
        msg = f"{path}: empty; the first line must be the header of a {SCHEMA_NAME}"
        raise InputError(msg)
    with located(f"{path}: line {lines[0][0]}"):
        scene = _scene(as_record(parse_json(lines[0][1]), "the header"))
    events = []
    for number, line in lines[1:]:
        with located(f"{path}: line {number}"):
            events.append(_event(parse_json(line)))
    with located(str(path)):
        return _with_events(scene, events)


# --- writing ---------------------------------------------------------------------------------


def _dumps(value: object) -> str:
    # ASCII, because a path may hold bytes that are no text and would not survive as UTF-8.
    return json.dumps(value, allow_nan=False, ensure_ascii=True)


def _header(scene: Scene) -> dict[str, object]:
    layout, projection = scene.layout, scene.projection
    return {
        "schema": {"name": SCHEMA_NAME, "version": SCHEMA_VERSION},
        "media": None if scene.media is None else str(scene.media),
        "audio": None if scene.audio is None else str(scene.audio),
        "duration": _number_or_none(scene.events.duration),
        "layout": None
        if layout is None
        else {
            "name": layout.name,
            "kind": layout.kind,
            "order": list(layout.order),
            "n_channels": layout.n_channels,
            "normalization": layout.normalization,
            "positions": None if layout.positions is None else [list(p) for p in layout.positions],
        },
        "projection": None
        if projection is None
        else {
            "kind": projection.kind,
            "width": projection.width,
            "height": projection.height,
            "fov_deg": _number_or_none(projection.fov_deg),
        },
        "notes": list(scene.notes),
        "labels": list(scene.events.labels),
    }


def _number_or_none(value: float | None) -> float | None:
    return None if value is None else float(value)


def _event_record(event: Event) -> dict[str, object]:
    return {
        "label": event.label,
        "onset": float(event.onset),
        "offset": float(event.offset),
        "azimuth": event.azimuth,
        "elevation": event.elevation,
        "distance": event.distance,
        "box": None if event.box is None else list(event.box),
        "confidence": _number_or_none(event.confidence),
        "source": int(event.source),
        "track": None if event.track is None else _track_record(event.track),
    }


def _track_record(track: Track) -> dict[str, object]:
    return {
        "times": track.times.tolist(),
        "azimuth": _column_or_none(track.azimuth),
        "elevation": _column_or_none(track.elevation),
        "distance": _column_or_none(track.distance),
        "boxes": None
        if np.isnan(track.boxes).all()
        else [_column_or_none(box) for box in track.boxes],
        "on_screen": _column_or_none(track.on_screen),
    }


def _column_or_none(values: NDArray[np.float64]) -> list[float | None] | None:
    """Return a list with None for NaN, or None for nothing but NaN."""
    if np.isnan(values).all():
        return None
    return [None if math.isnan(value) else value for value in values.tolist()]


# --- reading ---------------------------------------------------------------------------------


def _scene(document: dict[str, Any]) -> Scene:
    schema = as_record(document.get("schema"), "schema")
    if schema.get("name") != SCHEMA_NAME:
        msg = f"not a {SCHEMA_NAME} document: schema.name is {schema.get('name')!r}"
        raise InputError(msg)
    if schema.get("version") != SCHEMA_VERSION:
        msg = (
            f"version {schema.get('version')!r} of {SCHEMA_NAME}, this hearsight reads version "
            f"{SCHEMA_VERSION}; use the hearsight that wrote it"
        )
        raise InputError(msg)
    labels = [as_text(item, "labels") for item in as_list(document.get("labels", []), "labels")]
    duration = optional(as_number, document.get("duration"), "duration")
    return Scene(
        Events((), labels, duration),
        layout=optional(_layout, document.get("layout"), "layout"),
        projection=optional(_projection, document.get("projection"), "projection"),
        notes=tuple(as_text(n, "notes") for n in as_list(document.get("notes", []), "notes")),
        media=optional(_path, document.get("media"), "media"),
        audio=optional(_path, document.get("audio"), "audio"),
    )


def _with_events(scene: Scene, events: list[Event]) -> Scene:
    # Not dataclasses.replace on Events: the class list of a document without one is that of the
    # events, which are known only now.
    whole = Events(events, scene.events.labels, scene.events.duration)
    return Scene(whole, scene.layout, scene.projection, (), scene.notes, scene.media, scene.audio)


def _layout(value: object, name: str) -> ChannelLayout:
    record = as_record(value, name)
    order = tuple(as_whole(item, "order") for item in as_list(record.get("order"), "order"))
    positions = optional(as_list, record.get("positions"), "positions")
    return ChannelLayout(
        as_text(record.get("kind"), "kind"),  # type: ignore[arg-type]  # checked by the class
        order,
        as_whole(record.get("n_channels"), "n_channels"),
        optional(as_text, record.get("normalization"), "normalization"),  # type: ignore[arg-type]
        None if positions is None else tuple(_position(item) for item in positions),
    )


def _position(value: object) -> tuple[float, float, float]:
    x, y, z = as_numbers(value, "position", 3)
    return x, y, z


def _projection(value: object, name: str) -> Projection:
    record = as_record(value, name)
    return Projection(
        as_text(record.get("kind"), "kind"),  # type: ignore[arg-type]  # checked by the class
        as_whole(record.get("width"), "width"),
        as_whole(record.get("height"), "height"),
        optional(as_number, record.get("fov_deg"), "fov_deg"),
    )


def _event(value: object) -> Event:
    record = as_record(value, "an event")
    onset, offset = (as_number(record.get(name), name) for name in ("onset", "offset"))
    track = optional(_track, record.get("track"), "track")
    if track is None:
        azimuth, elevation, distance = (
            optional(as_number, record.get(name), name)
            for name in ("azimuth", "elevation", "distance")
        )
        box = optional(_box, record.get("box"), "box")
        track = still_track(onset, offset, azimuth, elevation, distance, box)
    return Event(
        as_text(record.get("label"), "label"),
        onset,
        offset,
        optional(as_number, record.get("confidence"), "confidence"),
        track,
        as_whole(record.get("source", 0), "source"),
    )


def _box(value: object, name: str) -> tuple[float, float, float, float]:
    left, top, width, height = as_numbers(value, name, 4)
    return left, top, width, height


def _track(value: object, name: str) -> Track:
    record = as_record(value, name)
    times = [as_number(item, "times") for item in as_list(record.get("times"), "times")]
    columns = {
        key: optional(_column, record.get(key), key)
        for key in ("azimuth", "elevation", "distance", "on_screen")
    }
    boxes = optional(as_list, record.get("boxes"), "boxes")
    rows = None if boxes is None else [_row_of_box(box) for box in boxes]
    return Track(times, boxes=rows, **columns)


def _row_of_box(value: object) -> list[float]:
    row = [math.nan] * 4 if value is None else _column(value, "boxes")
    if len(row) != 4:
        msg = f"boxes must hold left, top, width, height, got {len(row)} numbers"
        raise InputError(msg)
    return row


def _column(value: object, name: str) -> list[float]:
    return [math.nan if item is None else as_number(item, name) for item in as_list(value, name)]


def _path(value: object, name: str) -> Path:
    text = as_text(value, name)
    if not text or "\0" in text:
        msg = f"{name} must be a path, got {text[:40]!r}"
        raise InputError(msg)
    return Path(text)
