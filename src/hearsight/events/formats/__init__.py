"""Files of events: `write_events` and `read_events` choose the format by name or suffix.

Every format's module says what it holds and what it loses; all files are whole or absent. Heat maps
have a format of their own (`arrays.write_heatmaps`, NPZ).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hearsight.errors import InputError, nearest
from hearsight.events.events import Events
from hearsight.events.formats import captions, coco, dcase, directions, labels, structured
from hearsight.events.formats.arrays import read_heatmaps, write_heatmaps
from hearsight.events.scene import Scene

__all__ = [
    "FORMATS",
    "Format",
    "find_format",
    "read_events",
    "read_heatmaps",
    "write_events",
    "write_heatmaps",
]


@dataclass(frozen=True)
class Format:
    """One way to write events to a file.

    Parameters
    ----------
    name : str
        What it is called in `write_events` and `read_events`.
    suffix : str
        The end of its files' names, which may have two parts; the longest that fits is chosen.
    write : callable
        Takes a scene or events, a path, and options of its own.
    read : callable
        Takes a path and options of its own; returns events.
    """

    name: str
    suffix: str
    write: Callable[..., None]
    read: Callable[..., Events]


FORMATS: dict[str, Format] = {
    each.name: each
    for each in (
        Format(
            "json",
            ".json",
            structured.write_json,
            lambda path: structured.read_json(path).events,
        ),
        Format(
            "jsonl",
            ".jsonl",
            structured.write_jsonl,
            lambda path: structured.read_jsonl(path).events,
        ),
        Format("dcase", ".csv", dcase.write_dcase, dcase.read_dcase),
        Format(
            "directions",
            ".directions.csv",
            directions.write_directions,
            directions.read_directions,
        ),
        Format("audacity", ".txt", labels.write_audacity, labels.read_audacity),
        Format("webvtt", ".vtt", captions.write_webvtt, captions.read_webvtt),
        Format("srt", ".srt", captions.write_srt, captions.read_srt),
        Format("rttm", ".rttm", labels.write_rttm, labels.read_rttm),
        Format("raven", ".selections.txt", labels.write_raven, labels.read_raven),
        Format("coco", ".coco.json", coco.write_coco, coco.read_coco),
    )
}
"""All formats of events by name."""


def find_format(path: str | Path, name: str | None = None) -> Format:
    """Return the format of a name, or the one whose suffix a path ends with.

    Parameters
    ----------
    path : str or Path
        "directions.csv" counts as ending with ".directions.csv".
    name : str, optional
        One of `FORMATS`; overrides the path.

    Raises
    ------
    InputError
        If there is no such format.

    Examples
    --------
    >>> find_format("out/directions.csv").name, find_format("events.csv").name
    ('directions', 'dcase')
    """
    if name is not None:
        if name not in FORMATS:
            msg = f"unknown format {name!r}; {nearest(name, FORMATS)}"
            raise InputError(msg)
        return FORMATS[name]
    ending = f".{Path(path).name.lower()}"
    fitting = [each for each in FORMATS.values() if ending.endswith(each.suffix)]
    if not fitting:
        suffixes = ", ".join(each.suffix for each in FORMATS.values())
        msg = f"{path}: the suffix says no format of events; use one of {suffixes} or name a format"
        raise InputError(msg)
    return max(fitting, key=lambda each: len(each.suffix))


def write_events(
    scene: Scene | Events,
    path: str | Path,
    format: str | None = None,  # noqa: A002
    **options: Any,
) -> None:
    """Write events to a file.

    Parameters
    ----------
    scene : Scene or Events
    path : str or Path
    format : str, optional
        One of `FORMATS`; default: by the path's suffix.
    **options
        Of the format's writer.

    Raises
    ------
    InputError
        If the format is unknown or cannot hold the scene.
    MediaError
        If the file cannot be written.
    """
    find_format(path, format).write(scene, path, **options)


def read_events(
    path: str | Path,
    format: str | None = None,  # noqa: A002
    **options: Any,
) -> Events:
    """Read events from a file.

    Parameters
    ----------
    path : str or Path
    format : str, optional
        One of `FORMATS`; default: by the path's suffix.
    **options
        Of the format's reader.

    Returns
    -------
    Events

    Raises
    ------
    InputError
        If the format is unknown or the file is not of it.
    MediaError
        If the file cannot be read.
    """
    return find_format(path, format).read(path, **options)
