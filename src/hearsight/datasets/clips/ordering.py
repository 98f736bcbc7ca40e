"""The order in which the original code visits rows: that of the lists, and no other."""

from __future__ import annotations

from hearsight.datasets.clips.corpus import ClipSet

BATCH_SIZE = 64
"""Rows of a published batch."""


def reference_order(
    clips: ClipSet, batch_size: int = BATCH_SIZE, *, with_negatives: bool = False
) -> tuple[tuple[int, ...], ...]:
    """Return the batches of an epoch, every epoch the same, as the original code makes them.

    Nothing is shuffled, though the published lists are sorted by class; what does not fill a last
    batch is never learned from.

    Parameters
    ----------
    clips : ClipSet
    batch_size : int
        At least 1.
    with_negatives : bool
        Whether clips without any event follow after the training rows, as in weak training.

    Returns
    -------
    tuple of tuple of int
        Rows of each batch.

    Examples
    --------
    >>> from pathlib import Path
    >>> clips = ClipSet(Path(), (), (), 10, (4, 2, 0, 1, 3), (), ())
    >>> reference_order(clips, 2)
    ((4, 2), (0, 1))
    """
    rows = (*clips.train, *(clips.negative_rows if with_negatives else ()))
    starts = range(0, len(rows) - batch_size + 1, batch_size)
    return tuple(rows[start : start + batch_size] for start in starts)
