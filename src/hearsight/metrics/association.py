"""Which predicted direction belongs to which true one: the assignment of least total angle.

Pairs are sought within groups (a frame, or a class in a frame), many groups of one size at a time.
Equal totals are common where directions are whole degrees: refs at 0 and 10, predictions at 20 and
30 cost 40 either way. Which of them counts is settled here by the pairs themselves and not by their
order: even errors before uneven ones, then nearer distances, then equal on-screen flags.
"""

from __future__ import annotations

import itertools
import math
from typing import NamedTuple, Protocol

import numpy as np

from hearsight.metrics.frames import Floats, FrameTable, Integers

_MOST_PERMUTATIONS = 120


class Angle(Protocol):
    """The angle in degrees between rows of the truth and rows of the prediction."""

    def __call__(
        self, truth: FrameTable, i: Integers, prediction: FrameTable, j: Integers
    ) -> Floats:
        """Return the angles of pairs (i, j), whose index arrays broadcast."""
        ...


class Groups(NamedTuple):
    """Rows that share a key: keys increasing, rows from `start` on, `size` of them."""

    keys: Integers
    start: Integers
    size: Integers


class Pairs(NamedTuple):
    """Matched rows: `truth[i]` with `prediction[j]`, `angle` degrees apart."""

    truth: Integers
    prediction: Integers
    angle: Floats


def groups_of(sorted_keys: Integers) -> Groups:
    """Find runs of equal keys in sorted keys."""
    keys, start, count = np.unique(sorted_keys, return_index=True, return_counts=True)
    return Groups(keys, start.astype(np.int64), count.astype(np.int64))


def associate(
    truth: FrameTable,
    truth_groups: Groups,
    prediction: FrameTable,
    prediction_groups: Groups,
    angle: Angle,
    *,
    strict_parity: bool,
) -> Pairs:
    """Match rows within each group that both sides have.

    Parameters
    ----------
    truth, prediction : FrameTable
        Rows in the order of their group keys.
    truth_groups, prediction_groups : Groups
        Of the same keys.
    angle : callable
        See `Angle`.
    strict_parity : bool
        Settle equal totals as SciPy's solver happens to, by the order of rows.

    Returns
    -------
    Pairs
        min(n, m) of them for a group of n true and m predicted rows.
    """
    _, first, second = np.intersect1d(
        truth_groups.keys, prediction_groups.keys, assume_unique=True, return_indices=True
    )
    n, m = truth_groups.size[first], prediction_groups.size[second]
    start_n, start_m = truth_groups.start[first], prediction_groups.start[second]
    found: list[Pairs] = []
    for rows, columns in sorted(set(zip(n.tolist(), m.tolist(), strict=True))):
        here = (n == rows) & (m == columns)
        i = (start_n[here, None] + np.arange(rows))[:, :, None]
        j = (start_m[here, None] + np.arange(columns))[:, None, :]
        angles = angle(truth, i, prediction, j)
        cost = angles if strict_parity else angles + _tie_break(angles, truth, i, prediction, j)
        row, column = _solve(cost, always_scipy=strict_parity)
        at = np.arange(len(cost))[:, None]
        found.append(
            Pairs(i[at, row, 0].ravel(), j[at, 0, column].ravel(), angles[at, row, column].ravel())
        )
    if not found:
        none = np.zeros(0, np.int64)
        return Pairs(none, none, np.zeros(0))
    return Pairs(*(np.concatenate(parts) for parts in zip(*found, strict=True)))


def _tie_break(
    angles: Floats, truth: FrameTable, i: Integers, prediction: FrameTable, j: Integers
) -> Floats:
    """Costs so small that they decide only between assignments of equal total angle."""
    if angles.shape[1:] == (1, 1):
        return np.zeros_like(angles)
    gap = np.abs(truth.distance[i] - prediction.distance[j])
    is_other = truth.on_screen[i] != prediction.on_screen[j]
    gap = np.nan_to_num(gap, nan=0.0)
    return np.asarray(1e-6 * (angles / 180.0) ** 2 + 1e-8 * gap / (1.0 + gap) + 1e-10 * is_other)


def _solve(cost: Floats, *, always_scipy: bool) -> tuple[Integers, Integers]:
    """Return row and column of each match, each of shape (groups, min(n, m))."""
    g, n, m = cost.shape
    if n > m:
        column, row = _solve(cost.swapaxes(1, 2), always_scipy=always_scipy)
        return row, column
    rows = np.broadcast_to(np.arange(n), (g, n))
    if n == m == 1:
        return rows, np.zeros((g, 1), np.int64)
    if always_scipy or math.perm(m, n) > _MOST_PERMUTATIONS:
        from scipy.optimize import linear_sum_assignment  # slow to import, rarely needed

        return rows, np.array([linear_sum_assignment(each)[1] for each in cost], np.int64)
    choices = np.array(list(itertools.permutations(range(m), n)))
    totals = cost[:, np.arange(n), choices].sum(axis=2)
    return rows, choices[totals.argmin(axis=1)]
