"""Directions of all tracks, one CSV row per label frame: `time,label,source,azimuth,...`.

Values are exact; unknown ones are empty. The columns are those of `COLUMNS`. What the table cannot
hold: events without a track, times between label frames, boxes, on-screen flags. Events of one
label and source that overlap or touch get different source numbers.
"""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path

from hearsight.errors import InputError
from hearsight.events.events import Events
from hearsight.events.formats.frames import FrameRow, events_from_rows, frame_rows
from hearsight.events.formats.lines import (
    decimal,
    located,
    parse_count,
    parse_number,
    read_text,
    write_text,
)
from hearsight.events.scene import Scene, as_scene
from hearsight.recording.grid import frame_at, frame_time

COLUMNS = ("time", "label", "source", "azimuth", "elevation", "distance", "confidence")


def write_directions(scene: Scene | Events, path: str | Path) -> None:
    """Write the directions of all tracks, frame by frame.

    Raises
    ------
    MediaError
        If the file cannot be written.
    """
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in frame_rows(as_scene(scene).events):
        numbers = (row.azimuth, row.elevation, row.distance, row.confidence)
        writer.writerow(
            [
                decimal(frame_time(row.frame)),
                row.label,
                row.source,
                *(
                    "" if value is None or math.isnan(value) else decimal(value)
                    for value in numbers
                ),
            ]
        )
    write_text(path, table.getvalue())


def read_directions(path: str | Path) -> Events:
    """Read a table of directions; rows in consecutive frames are one event.

    Returns
    -------
    Events
        The confidence of an event is that of its first row.

    Raises
    ------
    InputError
        If the header or a row is wrong; the message names the file and the row.
    MediaError
        If the file cannot be read.
    """
    reader = csv.reader(io.StringIO(read_text(path)))
    rows: dict[int, FrameRow] = {}
    try:
        header = next(reader, [])
        if tuple(header) != COLUMNS:
            msg = f"{path}: row 1: the header must be {','.join(COLUMNS)}, got {','.join(header)!r}"
            raise InputError(msg)
        for fields in reader:
            if fields:
                with located(f"{path}: row {reader.line_num}"):
                    rows[reader.line_num] = _parse_row(fields)
    except csv.Error as error:
        msg = f"{path}: row {reader.line_num}: not a table of comma separated values ({error})"
        raise InputError(msg) from error
    try:
        return events_from_rows(rows.values())
    except InputError:
        for number, row in rows.items():  # which row was it?
            with located(f"{path}: row {number}"):
                events_from_rows([row])
        raise


def _parse_row(fields: list[str]) -> FrameRow:
    if len(fields) != len(COLUMNS):
        msg = f"{len(fields)} columns, expected {len(COLUMNS)}: {', '.join(COLUMNS)}"
        raise InputError(msg)
    values = dict(zip(COLUMNS, fields, strict=True))
    time = parse_number(values["time"], "time")
    if not 0.0 <= time < 1e8:
        msg = f"time must be seconds from the beginning, got {values['time']!r}"
        raise InputError(msg)
    azimuth, elevation, distance, confidence = (
        parse_number(values[name], name) if values[name] else math.nan for name in COLUMNS[3:]
    )
    return FrameRow(
        frame_at(time),
        values["label"],
        parse_count(values["source"], "source", 10**9),
        azimuth,
        elevation,
        distance,
        confidence=None if math.isnan(confidence) else confidence,
    )
