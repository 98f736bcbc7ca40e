"""Which rows are learned, which choose the best weights, which are judged.

    train_order.h5  val_order.h5  test_order.h5      row numbers, as released
    trainSet.txt    valSet.txt    testSet.txt        rows of the annotation file, word for word

Without either, clips are drawn by a seed: a tenth of each class for validation, a tenth for test.
The matching task has lists of its own, `train_order_match.h5` and so on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from hearsight.datasets.clips.annotations import Annotation, read_annotations
from hearsight.datasets.clips.hdf5 import read_array
from hearsight.errors import DatasetError

TEXT_LISTS = ("trainSet.txt", "valSet.txt", "testSet.txt")
ORDERS = ("train_order.h5", "val_order.h5", "test_order.h5")
MATCHING_ORDERS = ("train_order_match.h5", "val_order_match.h5", "test_order_match.h5")

HELD_OUT = 0.1
"""Share of a class's clips that are drawn for validation, and again for test."""


class Split(NamedTuple):
    """Row numbers, in the order of the lists."""

    train: tuple[int, ...]
    validation: tuple[int, ...]
    test: tuple[int, ...]


def read_orders(paths: Sequence[Path], n_rows: int) -> Split:
    """Read three HDF5 lists of row numbers.

    Raises
    ------
    DatasetError
        If a list cannot be read, or names a row that is not annotated or one twice.
    """
    return Split(*(_read_order(path, n_rows) for path in paths))


def read_text_lists(paths: Sequence[Path], annotations: Sequence[Annotation]) -> Split:
    """Read three lists of lines of the annotation file.

    Raises
    ------
    DatasetError
        If a list cannot be read, or holds a line that the annotation file has not.
    """
    numbers = {row: number for number, row in reversed([*enumerate(annotations)])}

    def rows(path: Path) -> Iterator[int]:
        for row in read_annotations(path):
            if row not in numbers:
                msg = (
                    f"{path}: {row.category}, {row.name}, {row.start} to {row.end} s is not "
                    "annotated; take the lists and annotations of one release"
                )
                raise DatasetError(msg)
            yield numbers[row]

    return Split(*(tuple(dict.fromkeys(rows(path))) for path in paths))


def drawn_split(annotations: Sequence[Annotation], seed: int = 0) -> Split:
    """Draw clips for the three parts, the same share of each class; a clip is in one part alone.

    Parameters
    ----------
    annotations : sequence of Annotation
    seed : int

    Returns
    -------
    Split
        `HELD_OUT` of the clips of a class, at least one if it has three, for validation and for
        test each. A clip counts to the class of its first row. Rows come in the order of the file.
    """
    random = np.random.default_rng(seed)
    classes: dict[str, list[str]] = {}
    for name, category in {row.name: row.category for row in reversed(annotations)}.items():
        classes.setdefault(category, []).append(name)
    part_of: dict[str, int] = {}
    for category in sorted(classes):
        names = random.permutation(sorted(classes[category])).tolist()
        n_out = max(1, round(HELD_OUT * len(names))) if len(names) >= 3 else 0
        part_of |= dict.fromkeys(names, 0)
        part_of |= dict.fromkeys(names[:n_out], 1)
        part_of |= dict.fromkeys(names[n_out : 2 * n_out], 2)
    parts = [part_of[row.name] for row in annotations]
    return Split(*(tuple(i for i, part in enumerate(parts) if part == each) for each in range(3)))


def without_shared_clips(split: Split, annotations: Sequence[Annotation]) -> Split:
    """Leave rows out of training, and of validation, whose clip is judged later.

    Examples
    --------
    >>> rows = [Annotation("bell", name, "good", 0, 9) for name in "abca"]
    >>> without_shared_clips(Split((0, 1), (2,), (3,)), rows)
    Split(train=(1,), validation=(2,), test=(3,))
    """

    def apart(rows: Sequence[int], later: Sequence[int]) -> tuple[int, ...]:
        names = {annotations[row].name for row in later}
        return tuple(row for row in rows if annotations[row].name not in names)

    validation = apart(split.validation, split.test)
    return Split(apart(split.train, (*split.validation, *split.test)), validation, split.test)


def _read_order(path: Path, n_rows: int) -> tuple[int, ...]:
    order = read_array(path)
    if order.ndim != 1 or not np.issubdtype(order.dtype, np.integer):
        msg = f"{path}: expected a list of row numbers, got {order.dtype} of shape {order.shape}"
        raise DatasetError(msg)
    rows = tuple(int(row) for row in order)
    wrong = [row for row in rows if not 0 <= row < n_rows]
    if wrong:
        msg = f"{path}: row {wrong[0]} is not annotated; rows are 0 to {n_rows - 1}"
        raise DatasetError(msg)
    if len(set(rows)) != len(rows):
        msg = f"{path}: holds a row twice; copy it again"
        raise DatasetError(msg)
    return rows
