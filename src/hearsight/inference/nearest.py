"""The windows nearest to a query, and whether they are more than the nearest of many.

Some window is always the nearest. It stands out if it is nearer than the nearest of as many windows
that do not belong would be in nineteen of twenty searches, by how those that do not overlap it
spread about their median. Of searches without a match, simulated with independent and with slowly
changing seconds, up to 7 % were said to have one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hearsight.metrics.matching import window_costs

MIN_APART = 12
"""Windows side by side that what is searched must hold before one can be said to stand out."""

_SURE = 0.95  # share of searches without a match in which nothing may be said to stand out
_TO_DEVIATION = 1.4826  # from the median absolute deviation of normal draws
_LEAST_SPREAD = 0.01  # of the median distance: still pictures do not differ at all


@dataclass(frozen=True)
class Window:
    """A part of what was searched.

    Parameters
    ----------
    start, end : int
        Seconds.
    distance : float
        From the query, mean over its seconds.
    margin : float
        How far that is below the median of all windows that do not overlap this one, in standard
        deviations (1.48 times their median absolute deviation). NaN if all do.
    share_farther : float
        Share of the windows that do not overlap this one which are farther. NaN if all do.
    stands_out : bool, optional
        Whether it is more than the nearest of many; None where too little was searched to tell.
    """

    start: int
    end: int
    distance: float
    margin: float
    share_farther: float
    stands_out: bool | None


def nearest_windows(distances: ArrayLike, n_best: int = 3) -> tuple[Window, ...]:
    """Find the windows nearest to a query, and tell how they stand out.

    Parameters
    ----------
    distances : array_like, shape (given seconds, searched seconds)
    n_best : int
        How many windows at most.

    Returns
    -------
    tuple of Window
        The nearest first, the earlier of equals; they do not overlap.

    Raises
    ------
    InputError
        If there are no given seconds, or more than searched.
    """
    sums = window_costs(distances)
    n_given, n_searched = np.shape(distances)
    costs = sums.astype(np.float64) / n_given
    n_apart = n_searched // n_given
    bound = _greatest_by_chance(n_apart) if n_apart >= MIN_APART else None
    starts, is_free = np.arange(len(costs)), np.ones(len(costs), dtype=bool)
    found: list[Window] = []
    while is_free.any() and len(found) < n_best:
        start = int(starts[is_free][costs[is_free].argmin()])
        cost, is_apart = float(costs[start]), np.abs(starts - start) >= n_given
        margin, share = _beside(cost, costs[is_apart])
        stands_out = None if bound is None else margin > bound
        found.append(Window(start, start + n_given, cost, margin, share, stands_out))
        is_free &= is_apart
    return tuple(found)


def _beside(cost: float, others: NDArray[np.float64]) -> tuple[float, float]:
    """Return how far below others a cost is, in deviations, and the share of others above it."""
    if not len(others):
        return np.nan, np.nan
    median = float(np.median(others))
    spread = _TO_DEVIATION * float(np.median(np.abs(others - median)))
    return (median - cost) / max(spread, _LEAST_SPREAD * median), float((others > cost).mean())


def _greatest_by_chance(n_apart: int) -> float:
    """Return the margin that the nearest of windows which do not belong rarely has.

    Parameters
    ----------
    n_apart : int
        Windows side by side: as many, about, are independent.
    """
    from scipy.special import stdtrit

    # A median deviation is as sure as a deviation of a third as many draws would be.
    return float(stdtrit(n_apart // 3, _SURE ** (1.0 / n_apart)))
