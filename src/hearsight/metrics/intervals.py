"""How sure a score is: jackknife and bootstrap intervals over recordings.

Both treat recordings as the independent draws, as seconds of one recording are not independent.

References
----------
.. [1] A. Mesaros et al., "Sound event detection in the DCASE 2017 challenge", IEEE/ACM TASLP 27,
   2019: the jackknife of the challenges.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from hearsight.errors import InputError
from hearsight.metrics.frames import Floats


class Interval(NamedTuple):
    """A confidence interval: bounds, and the estimate with its bias taken away.

    Bounds are not cut to the range of the score; NaN where they cannot be told (one recording).
    """

    low: float
    high: float
    estimate: float


def jackknife(value: float, left_out: Floats, confidence: float = 0.95) -> Interval:
    """Estimate an interval from the scores without each recording.

    Parameters
    ----------
    value : float
        The score of all recordings.
    left_out : ndarray, shape (n,)
        The score without each of the n recordings.
    confidence : float
        In (0, 1).

    Examples
    --------
    >>> jackknife(2.0, np.array([2.5, 2.0, 1.5])).estimate
    2.0
    """
    _check(confidence)
    n = len(left_out)
    if n < 2 or not np.isfinite(left_out).all():
        return Interval(np.nan, np.nan, np.nan)
    from scipy.special import stdtrit

    mean = float(left_out.mean())
    estimate = value - (n - 1) * (mean - value)
    deviation = float(np.sqrt((n - 1) * np.mean((left_out - mean) ** 2)))
    reach = float(stdtrit(n - 1, 0.5 + confidence / 2.0)) * deviation
    return Interval(estimate - reach, estimate + reach, estimate)


def bootstrap(value: float, drawn: Floats, confidence: float = 0.95) -> Interval:
    """Estimate an interval from the scores of resampled sets of recordings, by percentiles.

    Parameters
    ----------
    value : float
        The score of all recordings.
    drawn : ndarray, shape (n,)
        The score of each resampled set.
    confidence : float
        In (0, 1).
    """
    _check(confidence)
    known = drawn[np.isfinite(drawn)]
    if len(known) == 0:
        return Interval(np.nan, np.nan, np.nan)
    margin = 50.0 * (1.0 - confidence)
    low, high = np.percentile(known, [margin, 100.0 - margin])
    return Interval(float(low), float(high), 2.0 * value - float(known.mean()))


def resampling_weights(n_recordings: int, n_draws: int, generator: np.random.Generator) -> Floats:
    """Return how often each recording is drawn, shape (n_draws, n_recordings)."""
    equal = np.full(n_recordings, 1.0 / n_recordings)
    return generator.multinomial(n_recordings, equal, size=n_draws).astype(float)


def or_none(values: Mapping[str, float]) -> dict[str, float | None]:
    """Return plain numbers ready for JSON, None where one is not finite.

    Parameters
    ----------
    values : mapping of str to float

    Examples
    --------
    >>> or_none({"f_score": np.float64(0.5), "localization_error": np.nan})
    {'f_score': 0.5, 'localization_error': None}
    """
    return {name: float(value) if np.isfinite(value) else None for name, value in values.items()}


def _check(confidence: float) -> None:
    if not 0.0 < confidence < 1.0:
        msg = f"confidence must lie between 0 and 1, got {confidence}"
        raise InputError(msg)
