"""Labels of seconds that any program may have made: `segments.csv`.

row,clip,second,label
3,a8rBVqP_ZqM,0,Church bell
3,a8rBVqP_ZqM,1,background
"""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hearsight.errors import InputError, nearest
from hearsight.recording.files import write_csv

FILE_NAME = "segments.csv"
BACKGROUND = "background"
_COLUMNS = ("row", "clip", "second", "label")


def write_labels(
    path: str | Path,
    rows: Sequence[int],
    names: Sequence[str],
    labels: NDArray[np.intp],
    classes: Sequence[str],
) -> None:
    """Write the label of every second.

    Parameters
    ----------
    path : str or Path
    rows : sequence of int
        Of the annotation file.
    names : sequence of str
        Of their clips.
    labels : ndarray of int, shape (rows, seconds)
    classes : sequence of str
        Without background.

    Raises
    ------
    MediaError
        If the file cannot be written.
    """
    said = (*classes, BACKGROUND)
    lines = (
        (row, name, second, said[label])
        for row, name, seconds in zip(rows, names, labels, strict=True)
        for second, label in enumerate(seconds)
    )
    write_csv(path, itertools.chain([_COLUMNS], lines))


def read_labels(
    path: str | Path,
    names: Mapping[int, str],
    n_segments: int,
    classes: Sequence[str],
) -> tuple[NDArray[np.intp], tuple[str, ...]]:
    """Read the labels of some rows; seconds that are not named are background.

    Parameters
    ----------
    path : str or Path
    names : mapping of int to str
        Clips by row, those that are wanted.
    n_segments : int
        Seconds of a clip.
    classes : sequence of str

    Returns
    -------
    labels : ndarray of int, shape (rows, n_segments)
    notes : tuple of str
        Sentences on rows that are missing, or of others.

    Raises
    ------
    InputError
        If the file is no such table, a label is no class, a second is none or comes twice, a row
        is of another clip, or none of the rows is named.
    """
    place = {row: index for index, row in enumerate(names)}
    index_of = {label: index for index, label in enumerate((*classes, BACKGROUND))}
    labels = np.full((len(names), n_segments), len(classes), dtype=np.intp)
    is_named = np.zeros(labels.shape, dtype=bool)
    others = set()
    try:
        with Path(path).open(encoding="utf-8-sig", newline="") as file:
            table = csv.DictReader(file)
            missing = {"row", "second", "label"} - set(table.fieldnames or ())
            if missing:
                known = ",".join(_COLUMNS)
                msg = f"{path}: has no column {', '.join(sorted(missing))}; expected {known}"
                raise InputError(msg)
            for entry in table:
                where = f"{path}: line {table.line_num}"
                if None in entry.values():
                    msg = f"{where}: has fewer than {len(table.fieldnames or ())} fields; mend it"
                    raise InputError(msg)
                row, second = (_number(entry[name], where, name) for name in ("row", "second"))
                if row not in place:
                    others.add(row)
                    continue
                _check(entry, names[row], where)
                if second >= n_segments or is_named[place[row], second]:
                    why = "comes twice" if second < n_segments else f"is not in {n_segments} s"
                    msg = f"{where}: second {second} of row {row} {why}; mend it"
                    raise InputError(msg)
                if entry["label"] not in index_of:
                    nearby = nearest(entry["label"], tuple(index_of))
                    msg = f"{where}: no class is called {entry['label']!r}; {nearby}"
                    raise InputError(msg)
                labels[place[row], second] = index_of[entry["label"]]
                is_named[place[row], second] = True
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        msg = f"{path}: cannot be read as a table ({error}); write it again"
        raise InputError(msg) from error
    if not is_named.any():
        msg = f"{path}: names none of the {len(names)} rows that are judged; see --split"
        raise InputError(msg)
    return labels, tuple(_notes(is_named, len(others)))


def _check(entry: Mapping[str, str], name: str, where: str) -> None:
    """See that a row is of the clip that it names, if it names one."""
    said = entry.get("clip", name)
    if said != name:
        msg = f"{where}: row {entry['row']} is of the clip {name}, not {said}; mend it"
        raise InputError(msg)


def _notes(is_named: NDArray[np.bool_], n_others: int) -> Iterator[str]:
    n_missing = int((~is_named).any(axis=1).sum())
    if n_missing:
        yield f"Clips of which seconds are not named, and count as background: {n_missing}."
    if n_others:
        yield f"Rows that are named and not judged here: {n_others}."


def _number(text: str, where: str, name: str) -> int:
    if not text.strip().isdecimal():
        msg = f"{where}: {name} must be a whole number, got {text!r}"
        raise InputError(msg)
    return int(text)
