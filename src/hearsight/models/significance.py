"""Whether motion agrees with a sound more than chance allows.

For every cell of a picture, motion over time is correlated with some features of the sound. Both
are taken relative to their surroundings of `LOCAL_S` seconds, so that slow trends and the mere
beginning of a scene do not count. Motion may come up to `MAX_LAG_S` before or after the sound; the
farther it is off, the less it counts.

Two things that change now and then agree somewhere by chance. So the best correlation in the
picture is compared with the best that the same picture reaches with sounds that do not belong to
it: the same sound shifted in time (by at least `MIN_SHIFT_S`, circularly) and played backwards, at
every shift. The maximum over all cells, features and lags is taken in the same way for both, which
holds the error over the whole picture and not cell by cell. A Gumbel distribution, the limit of
maxima, is fitted to those of the foreign sounds; the p-value is its upper tail at the true sound.
Where sound and motion both repeat strictly at one tempo, all there is to compare is their phase,
and the p-value is at least the chance that phases agree within the lags.
Neighboring shifts resemble one another, so there are fewer foreign sounds than shifts: measured,
they pass two to three times as often as the p-value says (docs/synchrony.md).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

MAX_LAG_S = 0.2
"""Seconds by which motion may precede or follow its sound."""

LOCAL_S = 0.7
"""Seconds over which slow trends are taken off."""

MIN_SHIFT_S = 1.0
"""Seconds by which a sound must be shifted to count as foreign."""

SHORTEST_S = 3.0
"""Seconds below which there are too few shifts to judge."""

_LAG_PENALTY = 0.2
"""Share of the correlation that is taken off at the largest lag."""

_REGULAR = 0.6
"""Correlation of a sound with its shifted self from which on it counts as regular."""

_STRICT = 0.95
"""The same, for sound and motion together, from which on their agreement is a matter of phase."""


@dataclass(frozen=True, eq=False)
class Agreement:
    """How well cells agree with a sound, judged against foreign sounds.

    Parameters
    ----------
    correlation : ndarray, shape (cells,)
        The best over features and lags, lessened by the lag; in [-1, 1].
    p_value : float
        Chance that a foreign sound reaches the best cell's correlation anywhere.
    critical : float
        The correlation that foreign sounds reach anywhere with probability `alpha`.
    """

    correlation: NDArray[np.float64]
    p_value: float
    critical: float

    @property
    def best(self) -> float:
        """The best cell's correlation, 0 if all are negative."""
        return max(0.0, float(self.correlation.max()))

    @classmethod
    def measure(
        cls, motion: NDArray[np.float32], sound: NDArray[np.float32], fps: float, alpha: float
    ) -> Agreement:
        """Correlate the cells of one stretch of video with its sound.

        Parameters
        ----------
        motion : ndarray, shape (frames, cells)
            At least `SHORTEST_S` seconds, at least one cell. The first frame is not used: it had
            nothing before it to be compared with.
        sound : ndarray, shape (frames, features)
        fps : float
            Frames per second.
        alpha : float
            In (0, 1), for the critical correlation.
        """
        cells, features = _local(motion[1:], fps), _local(sound[1:], fps)
        n_frames = len(cells)
        cell_spectra = np.fft.rfft(cells, axis=0)
        sound_spectra = np.fft.rfft(features, axis=0)
        max_lag = round(MAX_LAG_S * fps)
        at_shift = _best_of_lags(cell_spectra, np.conj(sound_spectra), n_frames, max_lag)
        backwards = _best_of_lags(cell_spectra, sound_spectra, n_frames, max_lag)
        apart = round(MIN_SHIFT_S * fps)
        shifted = at_shift[apart : n_frames - apart + 1]
        foreign = np.concatenate([shifted.max(axis=1), backwards.max(axis=1)])
        p_value, critical = _judge(float(at_shift[0].max()), foreign, alpha)
        best = int(at_shift[0].argmax())
        by_phase = _chance_of_phase(cells[:, best : best + 1], features, fps)
        return cls(at_shift[0], max(p_value, by_phase), critical)


def _local(values: NDArray[np.float32], fps: float) -> NDArray[np.float64]:
    """Take off slow trends and bring every column to unit length."""
    series = values.astype(np.float64)
    series = series - uniform_filter1d(series, round(LOCAL_S * fps) | 1, axis=0, mode="reflect")
    series = series - series.mean(axis=0)
    return series / np.maximum(np.linalg.norm(series, axis=0), 1e-9)


def _best_of_lags(
    cells: NDArray[np.complex128], sound: NDArray[np.complex128], n_frames: int, max_lag: int
) -> NDArray[np.float64]:
    """Correlate at every circular shift; take the best feature and the best lag around the shift.

    Returns
    -------
    ndarray, shape (shifts, cells)
    """
    best = np.full((n_frames, cells.shape[1]), -1.0)
    for feature in sound.T:
        np.maximum(best, np.fft.irfft(cells * feature[:, None], n_frames, axis=0), out=best)
    widened = best
    for lag in range(1, max_lag + 1):
        share = 1.0 - _LAG_PENALTY * lag / max_lag
        for step in (lag, -lag):
            widened = np.maximum(widened, share * np.roll(best, step, axis=0))
    return widened


def _judge(observed: float, foreign: NDArray[np.float64], alpha: float) -> tuple[float, float]:
    """Return the p-value of a maximum among those of foreign sounds, and the critical value."""
    # Fisher's transform makes correlations spread alike near 0 and near 1.
    maxima = np.arctanh(np.clip(foreign, -0.999, 0.999))
    scale = max(float(maxima.std()) * np.sqrt(6.0) / np.pi, 1e-6)
    mode = float(maxima.mean()) - np.euler_gamma * scale
    excess = (np.arctanh(min(max(observed, -0.999), 0.999)) - mode) / scale
    tail = -np.expm1(-np.exp(-np.clip(excess, -50.0, 50.0)))
    critical = np.tanh(mode - scale * np.log(-np.log1p(-alpha)))
    return float(tail), float(critical)


def period_of(sound: NDArray[np.float32], fps: float) -> float | None:
    """Return the period in seconds of a sound that keeps to one at least three times, else None.

    Parameters
    ----------
    sound : ndarray, shape (frames, features)
    fps : float
        Frames per second.
    """
    longest = len(sound) // 3
    likeness = _likeness(_local(sound[1:], fps))[:longest]
    return _best_repeat(likeness, fps, _REGULAR)


def _likeness(series: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how much columns resemble themselves after each shift, 1 at shift 0."""
    n_frames = len(series)
    power = np.square(np.abs(np.fft.rfft(series, n=2 * n_frames, axis=0))).mean(axis=1)
    likeness = np.fft.irfft(power)[: n_frames // 2]
    # Of a shifted copy less and less overlaps.
    overlap = 1.0 - np.arange(len(likeness)) / n_frames
    return np.asarray(likeness / max(float(likeness[0]), 1e-9) / overlap)


def _best_repeat(likeness: NDArray[np.float64], fps: float, level: float) -> float | None:
    """Return the shift in seconds, beyond the lags, of the greatest likeness above a level."""
    apart = round(MAX_LAG_S * fps)
    later = likeness[apart:]
    return float((apart + later.argmax()) / fps) if later.max(initial=0.0) > level else None


def _chance_of_phase(cell: NDArray[np.float64], sound: NDArray[np.float64], fps: float) -> float:
    """Return how probable a match is if motion and sound keep the same tempo strictly, else 0."""
    both = np.minimum(_likeness(cell), _likeness(sound))
    period = _best_repeat(both, fps, _STRICT)
    return 0.0 if period is None else min(1.0, 2.0 * MAX_LAG_S / period)
