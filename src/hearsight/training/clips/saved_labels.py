"""Labels of seconds that any program may have made: `segments.csv`.

row,clip,second,label
3,a8rBVqP_ZqM,0,Church bell
3,a8rBVqP_ZqM,1,background
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hearsight.errors import InputError, nearest
from hearsight.recording.files import replacing

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
    with (
        replacing(path) as temporary,
        temporary.open("w", encoding="utf-8", newline="") as file,
    ):
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_COLUMNS)
        for row, name, seconds in zip(rows, names, labels, strict=True):
            for second, label in enumerate(seconds):
                writer.writerow((row, name, second, said[label]))


def read_labels(
    path: str | Path, rows: Sequence[int], n_segments: int, classes: Sequence[str]
) -> NDArray[np.intp]:
    """Read the labels of some rows; seconds that are not named are background.

    Parameters
    ----------
    path : str or Path
    rows : sequence of int
        Others are passed over.
    n_segments : int
        Seconds of a clip.
    classes : sequence of str

    Returns
    -------
    ndarray of int, shape (rows, n_segments)

    Raises
    ------
    InputError
        If the file is no such table, a label is no class, a row or second is none, or none of the
        rows is named.
    """
    place = {row: index for index, row in enumerate(rows)}
    index_of = {label: index for index, label in enumerate((*classes, BACKGROUND))}
    labels = np.full((len(rows), n_segments), len(classes), dtype=np.intp)
    named = set()
    try:
        with Path(path).open(encoding="utf-8-sig", newline="") as file:
            table = csv.DictReader(file)
            missing = {"row", "second", "label"} - set(table.fieldnames or ())
            if missing:
                msg = f"{path}: has no column {', '.join(sorted(missing))}; expected {_COLUMNS}"
                raise InputError(msg)
            for entry in table:
                where = f"{path}: line {table.line_num}"
                row, second = (_number(entry[name], where, name) for name in ("row", "second"))
                if row not in place:
                    continue
                if not 0 <= second < n_segments:
                    msg = f"{where}: second {second} is not in clips of {n_segments} s"
                    raise InputError(msg)
                if entry["label"] not in index_of:
                    known = nearest(str(entry["label"]), tuple(index_of))
                    msg = f"{where}: no class is called {entry['label']!r}; {known}"
                    raise InputError(msg)
                labels[place[row], second] = index_of[entry["label"]]
                named.add(row)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        msg = f"{path}: cannot be read as a table ({error}); write it again"
        raise InputError(msg) from error
    if not named:
        msg = f"{path}: names none of the {len(rows)} rows that are judged; see --split"
        raise InputError(msg)
    return labels


def _number(text: str | None, where: str, name: str) -> int:
    if text is None or not text.strip().isdecimal():
        msg = f"{where}: {name} must be a whole number, got {text!r}"
        raise InputError(msg)
    return int(text)
