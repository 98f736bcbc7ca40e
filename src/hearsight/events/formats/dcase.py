"""The annotation files of the DCASE SELD challenges: one CSV row per 100 ms frame and instance.

==========  =====================================================  ==============================
format      columns                                                where
==========  =====================================================  ==============================
`polar4`    frame, class, azimuth, elevation                       outputs of several systems
`polar5`    frame, class, source, azimuth, elevation               2020, 2021, 2022
`polar6`    `polar5` and distance in centimetres                   2023, 2024
`polar7`    `polar6` and one that is ignored; read only            variants of `polar6`
`xyz6`      frame, class, source, x, y, z                          baseline outputs 2020 to 2022
`xyz7`      `xyz6` and distance in metres                          baseline outputs 2023, 2024
`stereo`    frame, class, source, azimuth, distance, onscreen      2025; distance in centimetres
==========  =====================================================  ==============================

Only `stereo` has a header. Frames count from 0; classes are indices into a list that the file does
not hold (`hearsight.events.classes`). Polar values are written as integers, rounded half to even;
azimuths in (-180, 180], for `stereo` folded to the front: what is behind counts as mirrored at the
axis through both ears.

What the files cannot hold: points without an azimuth (no row is written, so events without a
direction are lost), times between frames, labels, confidences, boxes. A distance that is unknown is
written as 0, and 0 is read as unknown; an unknown elevation is written as 0; an unknown on-screen
flag as 0.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, get_args

from hearsight.errors import InputError, nearest
from hearsight.events.events import Events
from hearsight.events.formats.frames import FrameRow, events_from_rows, frame_rows
from hearsight.events.formats.lines import (
    located,
    numbered_lines,
    parse_count,
    parse_number,
    write_text,
)
from hearsight.events.scene import Scene, as_scene
from hearsight.spatial.directions import to_angles, to_vectors

DcaseFormat = Literal["polar4", "polar5", "polar6", "polar7", "xyz6", "xyz7", "stereo"]
Units = Literal["cm", "m"]

COLUMNS: dict[DcaseFormat, tuple[str, ...]] = {
    "polar4": ("frame", "class", "azimuth", "elevation"),
    "polar5": ("frame", "class", "source", "azimuth", "elevation"),
    "polar6": ("frame", "class", "source", "azimuth", "elevation", "distance"),
    "polar7": ("frame", "class", "source", "azimuth", "elevation", "distance", "ignored"),
    "xyz6": ("frame", "class", "source", "x", "y", "z"),
    "xyz7": ("frame", "class", "source", "x", "y", "z", "distance"),
    "stereo": ("frame", "class", "source", "azimuth", "distance", "onscreen"),
}
FORMAT_OF_YEAR: dict[int, DcaseFormat] = {
    2020: "polar5",
    2021: "polar5",
    2022: "polar5",
    2023: "polar6",
    2024: "polar6",
    2025: "stereo",
}
"""The format of each year's reference files."""

_MOST_FRAMES = 10**9
_MOST_SOURCES = 10**9
_MOST_UNNAMED_CLASSES = 1000
_LONGEST_VECTOR = 1.5  # networks give components in [-1, 1]; merged ones may be a little longer


def write_dcase(
    scene: Scene | Events,
    path: str | Path,
    *,
    year: int = 2024,
    format: DcaseFormat | None = None,  # noqa: A002
) -> None:
    """Write a DCASE annotation file.

    Parameters
    ----------
    scene : Scene or Events
        Classes are written as indices into `Events.labels`; labels such as "source 1" are fine.
        Instances of one label that overlap or touch get different source numbers.
    path : str or Path
    year : int
        2020 to 2025: the format of that year's reference files.
    format : str, optional
        One of `COLUMNS` except `polar7`; overrides `year`. `polar4` cannot hold source numbers.

    Raises
    ------
    InputError
        If the year or format is unknown.
    MediaError
        If the file cannot be written.
    """
    if format is None and year not in FORMAT_OF_YEAR:
        msg = f"no DCASE format for the year {year}; valid: {', '.join(map(str, FORMAT_OF_YEAR))}"
        raise InputError(msg)
    chosen = _known(format) if format is not None else FORMAT_OF_YEAR[year]
    if chosen == "polar7":
        msg = "polar7 is only read: its last column has no meaning; write polar6"
        raise InputError(msg)
    events = as_scene(scene).events
    index = {label: i for i, label in enumerate(events.labels)}
    lines = [",".join(COLUMNS[chosen])] if chosen == "stereo" else []
    rows = frame_rows(events, directed_only=True)
    lines.extend(_line(row, index[row.label], chosen) for row in rows)
    write_text(path, "".join(f"{line}\n" for line in lines))


def _known(name: str) -> DcaseFormat:
    for known in get_args(DcaseFormat):
        if name == known:
            return known
    msg = f"unknown DCASE format {name!r}; {nearest(name, COLUMNS)}"
    raise InputError(msg)


def _or_zero(value: float) -> float:
    return 0.0 if math.isnan(value) else value


def _line(row: FrameRow, class_index: int, kind: DcaseFormat) -> str:
    head = f"{row.frame},{class_index}" + ("" if kind == "polar4" else f",{row.source}")
    elevation, distance = _or_zero(row.elevation), _or_zero(row.distance)
    if kind in ("xyz6", "xyz7"):
        x, y, z = to_vectors(row.azimuth, elevation).tolist()
        vector = f"{head},{x:.6f},{y:.6f},{z:.6f}"
        return f"{vector},{distance:.6f}" if kind == "xyz7" else vector
    if kind == "stereo":
        flag = round(_or_zero(row.on_screen))
        return f"{head},{round(fold_to_front(row.azimuth))},{round(100.0 * distance)},{flag}"
    azimuth = round(row.azimuth)
    angles = f"{head},{180 if azimuth == -180 else azimuth},{round(elevation)}"
    return f"{angles},{round(100.0 * distance)}" if kind == "polar6" else angles


def fold_to_front(azimuth: float) -> float:
    """Mirror an azimuth behind the ears to the front, where stereo hears it.

    Parameters
    ----------
    azimuth : float
        Degrees in [-180, 180].

    Returns
    -------
    float
        Degrees in [-90, 90].

    Examples
    --------
    >>> fold_to_front(100.0), fold_to_front(-180.0)
    (80.0, 0.0)
    """
    if azimuth < -90.0:
        return -180.0 - azimuth
    return 180.0 - azimuth if azimuth > 90.0 else azimuth


def read_dcase(
    path: str | Path,
    *,
    labels: Sequence[str] | None = None,
    format: DcaseFormat | None = None,  # noqa: A002
    units: Units | None = None,
    duration: float | None = None,
) -> Events:
    """Read a DCASE annotation or system output of any year.

    Parameters
    ----------
    path : str or Path
        An empty file holds no events.
    labels : sequence of str, optional
        The class list, such as `class_list(2024)`. Default: "class 0", "class 1", ...
    format : str, optional
        One of `COLUMNS`. By default each row's number of columns decides, and a header means
        `stereo`. Six or seven columns are Cartesian if all such rows of the file fit into the unit
        cube and at least one has a decimal point there.
    units : {"cm", "m"}, optional
        Of the distances. Default: metres for `xyz7`, centimetres elsewhere.
    duration : float, optional
        Length of the recording in seconds, where known.

    Returns
    -------
    Events
        Rows of one class and source in consecutive frames are one event; see
        `hearsight.events.formats.frames`.

    Raises
    ------
    InputError
        If a row is wrong; the message names the file and the row.
    MediaError
        If the file cannot be read.
    """
    if units not in (None, *get_args(Units)):
        msg = f"unknown units {units!r}; {nearest(str(units), get_args(Units))}"
        raise InputError(msg)
    records = [
        (number, [field.strip() for field in line.split(",")])
        for number, line in numbered_lines(path)
    ]
    expected = None if format is None else _known(format)
    if records and records[0][1][0].isalpha():
        expected = _format_of_header(path, records.pop(0)[1], expected)
    is_cartesian = {n: _fits_unit_cube(records, n) for n in (6, 7)}
    rows: list[FrameRow] = []
    n_classes = 0
    for number, fields in records:
        with located(f"{path}: row {number}"):
            kind = expected or _format_of_row(fields, is_cartesian)
            limit = _MOST_UNNAMED_CLASSES if labels is None else len(labels)
            index, row = _parse_row(fields, kind, limit, units)
            n_classes = max(n_classes, index + 1)
            rows.append(row if labels is None else row._replace(label=labels[index]))
    names = [f"class {i}" for i in range(n_classes)] if labels is None else labels
    return events_from_rows(rows, names, duration)


def _format_of_header(
    path: str | Path, fields: list[str], expected: DcaseFormat | None
) -> DcaseFormat:
    if tuple(field.lower() for field in fields) != COLUMNS["stereo"]:
        msg = (
            f"{path}: row 1: unknown header {','.join(fields)!r}; only the 2025 format has one: "
            f"{','.join(COLUMNS['stereo'])}"
        )
        raise InputError(msg)
    if expected not in (None, "stereo"):
        msg = f"{path}: has the header of the stereo format, but {expected} was asked for"
        raise InputError(msg)
    return "stereo"


def _fits_unit_cube(records: list[tuple[int, list[str]]], n_columns: int) -> bool:
    has_point = False
    for _, fields in records:
        if len(fields) != n_columns:
            continue
        for field in fields[3:6]:
            try:
                is_outside = abs(float(field)) > _LONGEST_VECTOR
            except ValueError:
                continue  # the row itself is reported when it is parsed
            if is_outside:
                return False
            has_point = has_point or "." in field or "e" in field.lower()
    return has_point


def _format_of_row(fields: list[str], is_cartesian: dict[int, bool]) -> DcaseFormat:
    n = len(fields)
    if is_cartesian.get(n):
        return "xyz6" if n == 6 else "xyz7"
    by_count: dict[int, DcaseFormat] = {4: "polar4", 5: "polar5", 6: "polar6", 7: "polar7"}
    if n not in by_count:
        msg = f"{n} columns; a DCASE row has 4 to 7, separated by commas"
        raise InputError(msg)
    return by_count[n]


def _parse_row(
    fields: list[str], kind: DcaseFormat, n_classes: int, units: Units | None
) -> tuple[int, FrameRow]:
    columns = COLUMNS[kind]
    if len(fields) != len(columns):
        msg = f"{len(fields)} columns, but {kind} has {len(columns)}: {', '.join(columns)}"
        raise InputError(msg)
    values = dict(zip(columns, fields, strict=True))
    frame = parse_count(values["frame"], "frame", _MOST_FRAMES)
    index = _parse_class(values["class"], n_classes)
    source = parse_count(values.get("source", "0"), "source", _MOST_SOURCES)
    azimuth, elevation = _parse_direction(values)
    distance = math.nan
    if "distance" in values:
        written = parse_number(values["distance"], "distance")
        if written < 0.0:
            msg = f"distance must not be negative, got {values['distance']}"
            raise InputError(msg)
        scale = 1.0 if (units or ("m" if kind == "xyz7" else "cm")) == "m" else 100.0
        distance = written / scale if written > 0.0 else math.nan
    on_screen = math.nan
    if "onscreen" in values:
        on_screen = float(parse_count(values["onscreen"], "onscreen", 2))
    label = f"class {index}"
    return index, FrameRow(frame, label, source, azimuth, elevation, distance, on_screen)


def _parse_class(text: str, n_classes: int) -> int:
    index = parse_count(text, "class", 10**9)
    if index >= n_classes:
        msg = f"unknown class {index}; the class list has {n_classes} (0 to {n_classes - 1})"
        raise InputError(msg)
    return index


def _parse_direction(values: dict[str, str]) -> tuple[float, float]:
    if "x" in values:
        vector = [parse_number(values[axis], axis) for axis in "xyz"]
        if not 1e-6 < math.hypot(*vector) < 1e6:
            msg = f"x, y, z must be a direction, got {', '.join(values[axis] for axis in 'xyz')}"
            raise InputError(msg)
        azimuth, elevation = to_angles(vector)
        return float(azimuth), float(elevation)
    angles = []
    for name, limit in (("azimuth", 180.0), ("elevation", 90.0)):
        angle = parse_number(values[name], name) if name in values else math.nan
        if abs(angle) > limit:
            msg = f"{name} must lie in [-{limit:g}, {limit:g}] degrees, got {values[name]}"
            raise InputError(msg)
        angles.append(angle)
    return angles[0], angles[1]
