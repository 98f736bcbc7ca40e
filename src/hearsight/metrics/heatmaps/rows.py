"""Scores in rows, such as one for each subset of the pictures, with intervals by bootstrap."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hearsight.metrics.intervals import Interval, bootstrap, or_none, resampling_weights

Rows = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, eq=False)
class ScoreRows:
    """Scores by row, then by name; `scores["visible@0.5"]["auc"]`.

    Parameters
    ----------
    rows : mapping of str to mapping of str to float
        Fractions; NaN where nothing defines a score.
    intervals : mapping of str to mapping of str to Interval
        Of the same rows and names; empty without draws.
    n_pictures : mapping of str to int
        On how many pictures each row rests.
    """

    rows: Rows
    intervals: Mapping[str, Mapping[str, Interval]]
    n_pictures: Mapping[str, int]

    def __getitem__(self, row: str) -> Mapping[str, float]:
        return self.rows[row]

    def to_dict(self) -> dict[str, object]:
        """Return plain numbers ready for JSON, None where a score is undefined.

        Returns
        -------
        dict
            `n_pictures`, `scores` and `intervals` (low, high, estimate) of each row.
        """
        return {
            name: {
                "n_pictures": self.n_pictures[name],
                "scores": or_none(row),
                "intervals": {
                    score: or_none(interval._asdict())
                    for score, interval in self.intervals.get(name, {}).items()
                },
            }
            for name, row in self.rows.items()
        }


def score_rows(
    score: Callable[[NDArray[np.intp]], Rows],
    n_pictures: int,
    sizes: Mapping[str, int],
    *,
    n_draws: int,
    generator: np.random.Generator | None,
) -> ScoreRows:
    """Score all pictures, and resampled sets of them for 95 % intervals.

    Parameters
    ----------
    score : callable
        From the pictures' indices, not falling and perhaps repeated, to rows of scores.
    n_pictures : int
        At least 1.
    sizes : mapping of str to int
        Number of pictures of each row.
    n_draws : int
        Bootstrap draws; 0 for no intervals.
    generator : numpy.random.Generator, optional
        Default: seeded with 0, so that the same call gives the same intervals.
    """
    everything = np.arange(n_pictures)
    rows = score(everything)
    if not n_draws:
        return ScoreRows(rows, {}, sizes)
    weights = resampling_weights(n_pictures, n_draws, generator or np.random.default_rng(0))
    draws = [score(np.repeat(everything, times)) for times in weights.astype(np.intp)]
    intervals = {
        row: {
            name: bootstrap(value, np.array([draw[row][name] for draw in draws]))
            for name, value in scores.items()
        }
        for row, scores in rows.items()
    }
    return ScoreRows(rows, intervals, sizes)
