"""The synchrony map: where the picture moves when the sound changes.

Each stretch of time between camera cuts is judged by itself (see `significance`): where nothing
agrees with the sound more than with sounds that do not belong to it, the map is empty and a
sentence says why. Otherwise the cells that agree, and their neighbors, are drawn at the moments at
which they move.

When it fails: strict repetition (a metronome) leaves the map empty, and two things that keep
nearly the same tempo may agree by chance; a picture in which everything moves alike (a shaken
camera) has no place that stands out; what moves across the picture passes too quickly through each
cell; a steady sound changes too little.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, label

from hearsight.errors import InputError
from hearsight.features.onsets import SILENT_LEVEL
from hearsight.models.significance import SHORTEST_S, Agreement, period_of

ALPHA = 0.02
"""The p-value above which the map of a video judged in one piece is empty."""

ALPHA_OF_MANY = 0.005
"""The same for each window of a longer video: there are more chances to be wrong and, in ten
seconds, more evidence."""

STILL_ENERGY = 0.02
"""Mean motion energy (of 255) below which a cell counts as still."""

STEADY_SHARE = 0.1
"""A sound counts as steady if nine tenths of its levels lie within this share of their median:
for white noise it is 0.07, for a bell that is struck again while it rings 0.5."""

_GATE = 0.05
"""Cells that move less than this share of the liveliest cell are left out."""

_REGION_LEVEL = 0.6
"""Cells beside significant ones join them from this share of the critical correlation on."""

_SMOOTH_CELLS = 1.2
"""Blur of the map; without it the peak often lies on a thing's edge, where most motion is."""

_ACTIVITY_S = 0.15
"""Blur in time of the motion that says when a cell is active; seconds."""


@dataclass(frozen=True)
class SynchronyWindow:
    """What was found in one stretch of time between camera cuts.

    Parameters
    ----------
    start, stop : int
        First frame and the frame after the last.
    p_value : float
        Chance that a sound which does not belong to the picture agrees as well; 1 where there was
        nothing to compare.
    correlation : float
        The best cell's correlation in [0, 1], lessened by its lag; 0 where there was none.
    is_empty : bool
        Whether nothing moves with the sound.
    explanation : str
        A sentence for the person.
    """

    start: int
    stop: int
    p_value: float
    correlation: float
    is_empty: bool
    explanation: str


@dataclass(frozen=True, eq=False)
class SynchronyResult:
    """The synchrony map of a video and how it came about.

    Parameters
    ----------
    values : ndarray of float32, shape (frames, height, width)
        In [0, 1]: correlation with the sound, smoothed, times how much the cell moves just then.
    windows : tuple of SynchronyWindow
        In order of time; they overlap.
    """

    values: NDArray[np.float32]
    windows: tuple[SynchronyWindow, ...]

    @property
    def is_empty(self) -> bool:
        """Whether nothing moves with the sound in any window."""
        return all(window.is_empty for window in self.windows)

    @property
    def explanation(self) -> str:
        """A sentence about the whole (see `explain`)."""
        return explain(self.windows)


def explain(windows: tuple[SynchronyWindow, ...] | list[SynchronyWindow]) -> str:
    """Say in a sentence what the windows of a video found, or why they found nothing."""
    if not windows:
        return "Synchrony map empty: there are no pictures."
    found = [window for window in windows if not window.is_empty]
    if found:
        best = min(found, key=lambda window: window.p_value)
        share = "" if len(windows) == 1 else f" in {len(found)} of {len(windows)} stretches"
        return f"{best.explanation.removesuffix('.')}{share}."
    longest = max(windows, key=lambda window: window.stop - window.start)
    return longest.explanation


def synchrony(
    motion: NDArray[np.float32],
    sound: NDArray[np.float32],
    fps: float,
    *,
    is_cut: NDArray[np.bool_] | None = None,
    wraps: bool = False,
) -> SynchronyResult:
    """Map where a whole video moves with its sound.

    Parameters
    ----------
    motion : ndarray, shape (frames, height, width)
        Motion energy per cell, >= 0 (see `features.motion`).
    sound : ndarray, shape (frames, features)
        Of the same frames; the first column is the level (see `features.onsets`).
    fps : float
        Frames per second. 25 serves well; at half of that one source in four is missed.
    is_cut : ndarray of bool, shape (frames,), optional
        Frames that show another view than the one before.
    wraps : bool
        Whether the right edge continues at the left, as in a panorama.

    Returns
    -------
    SynchronyResult

    Raises
    ------
    InputError
        If shapes disagree or fps is not positive.
    """
    mapper = SynchronyMapper(fps, wraps=wraps)
    cuts = np.zeros(len(motion), dtype=bool) if is_cut is None else is_cut
    parts = [mapper.push(motion, sound, cuts), mapper.finish()]
    return SynchronyResult(np.concatenate(parts), tuple(mapper.windows))


class SynchronyMapper:
    """Map block by block where a video moves with its sound, in flat memory.

    Windows of `window_s` seconds begin every `hop_s` seconds; the last one reaches to the end and
    may be longer by up to `hop_s`, so a video shorter than both together is one window. Windows
    are divided at camera cuts. Where they overlap, their maps are averaged, each counting more in
    its middle.

    Parameters
    ----------
    fps : float
        Frames per second.
    window_s, hop_s : float
        Seconds. Ten seconds hold enough changes for a judgement while things mostly stay where
        they are.
    wraps : bool
        Whether the right edge continues at the left, as in a panorama.
    """

    def __init__(
        self, fps: float, *, window_s: float = 10.0, hop_s: float = 5.0, wraps: bool = False
    ) -> None:
        if not (np.isfinite(fps) and fps > 0.0):
            msg = f"fps must be a positive number, got {fps}"
            raise InputError(msg)
        if not SHORTEST_S <= hop_s <= window_s:
            msg = f"need {SHORTEST_S:g} <= hop_s <= window_s, got {hop_s:g} and {window_s:g}"
            raise InputError(msg)
        self.windows: list[SynchronyWindow] = []
        self._fps, self._wraps = fps, wraps
        self._window, self._hop = round(window_s * fps), round(hop_s * fps)
        self._start = 0
        self._motion: NDArray[np.float32] | None = None
        self._sound: NDArray[np.float32] | None = None
        self._cuts = np.zeros(0, dtype=bool)
        self._overlap: tuple[NDArray[np.float32], NDArray[np.float32]] | None = None

    def push(
        self, motion: NDArray[np.float32], sound: NDArray[np.float32], is_cut: NDArray[np.bool_]
    ) -> NDArray[np.float32]:
        """Take the next frames and return the maps that are complete.

        Parameters
        ----------
        motion : ndarray, shape (frames, height, width)
        sound : ndarray, shape (frames, features)
        is_cut : ndarray of bool, shape (frames,)

        Returns
        -------
        ndarray of float32, shape (complete frames, height, width)
            The maps of all calls together do not depend on how the video was cut into blocks.
        """
        self._check(motion, sound, is_cut)
        if self._motion is None or self._sound is None:
            self._motion, self._sound = motion, sound
        else:
            self._motion = np.concatenate([self._motion, motion])
            self._sound = np.concatenate([self._sound, sound])
        self._cuts = np.concatenate([self._cuts, is_cut])
        complete = [np.zeros((0, *motion.shape[1:]), dtype=np.float32)]
        while len(self._cuts) >= self._window + self._hop:
            values, weight = self._add_overlap(self._window, ALPHA_OF_MANY)
            complete.append(values[: self._hop] / weight[: self._hop, None, None])
            self._overlap = values[self._hop :], weight[self._hop :]
            self._motion, self._sound = self._motion[self._hop :], self._sound[self._hop :]
            self._cuts = self._cuts[self._hop :]
            self._start += self._hop
        return np.concatenate(complete)

    def finish(self) -> NDArray[np.float32]:
        """Return the remaining maps when the video has ended, shape (frames, height, width)."""
        if self._motion is None or len(self._cuts) == 0:
            return np.zeros((0, 1, 1) if self._motion is None else self._motion.shape, np.float32)
        in_one_piece = self._start == 0 and not self._cuts[1:].any()
        alpha = ALPHA if in_one_piece else ALPHA_OF_MANY
        values, weight = self._add_overlap(len(self._cuts), alpha)
        self._motion, self._cuts = self._motion[:0], self._cuts[:0]
        return np.asarray(values / weight[:, None, None], dtype=np.float32)

    def _check(
        self, motion: NDArray[np.float32], sound: NDArray[np.float32], is_cut: NDArray[np.bool_]
    ) -> None:
        if motion.ndim != 3 or 0 in motion.shape[1:]:
            msg = f"motion must have shape (frames, height, width), got {motion.shape}"
            raise InputError(msg)
        if sound.ndim != 2 or len(sound) != len(motion) or is_cut.shape != (len(motion),):
            msg = (
                f"sound must have shape ({len(motion)}, features) and is_cut ({len(motion)},) as "
                f"there are as many frames of motion, got {sound.shape} and {is_cut.shape}"
            )
            raise InputError(msg)
        if self._motion is not None and self._motion.shape[1:] != motion.shape[1:]:
            msg = f"motion changed its size from {self._motion.shape[1:]} to {motion.shape[1:]}"
            raise InputError(msg)

    def _add_overlap(
        self, length: int, alpha: float
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Map the first `length` frames, weighted, and add what earlier windows left for them."""
        assert self._motion is not None
        assert self._sound is not None
        values = np.zeros((length, *self._motion.shape[1:]), dtype=np.float32)
        for start, stop in _shots(self._cuts[:length]):
            window, values[start:stop] = _map_shot(
                self._motion[start:stop],
                self._sound[start:stop],
                self._fps,
                alpha,
                first=self._start + start,
                wraps=self._wraps,
            )
            self.windows.append(window)
        ramp = np.arange(1, length + 1, dtype=np.float32)
        weight = np.minimum(ramp, ramp[::-1])
        values *= weight[:, None, None]
        if self._overlap is not None:
            earlier, earlier_weight = self._overlap
            values[: len(earlier)] += earlier
            weight[: len(earlier)] += earlier_weight
        return values, weight


def _shots(is_cut: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    edges = [0, *(int(i) for i in np.flatnonzero(is_cut) if i > 0), len(is_cut)]
    yield from itertools.pairwise(edges)


def _map_shot(
    motion: NDArray[np.float32],
    sound: NDArray[np.float32],
    fps: float,
    alpha: float,
    *,
    first: int,
    wraps: bool,
) -> tuple[SynchronyWindow, NDArray[np.float32]]:
    """Judge one stretch without cuts, whose first frame is `first`, and draw its map."""
    stop = first + len(motion)
    nothing = np.zeros_like(motion, dtype=np.float32)
    mean_energy = motion.mean(axis=0)
    moving = mean_energy > max(STILL_ENERGY, _GATE * float(mean_energy.max()))
    reason = None
    if len(motion) < SHORTEST_S * fps:
        duration = len(motion) / fps
        reason = f"a stretch of {duration:.1f} s is too short to judge; {SHORTEST_S:g} s are needed"
    elif sound[:, 0].max() < SILENT_LEVEL:
        reason = "the sound is silent"
    elif _is_steady(sound[:, 0]):
        reason = "the sound is steady"
    elif not moving.any():
        reason = "the picture does not move"
    if reason is not None:
        sentence = f"Synchrony map empty: {reason}."
        return SynchronyWindow(first, stop, 1.0, 0.0, True, sentence), nothing

    agreement = Agreement.measure(motion[:, moving], sound, fps, alpha)
    p_value, best = agreement.p_value, agreement.best
    if p_value > alpha:
        sentence = _why_nothing(agreement, sound, fps)
        return SynchronyWindow(first, stop, p_value, best, True, sentence), nothing
    correlation = np.zeros(moving.shape, dtype=np.float32)
    correlation[moving] = agreement.correlation
    sentence = (
        "Synchrony map: something in the picture moves with the sound "
        f"(correlation {best:.2f}, p = {p_value:.2g})."
    )
    values = _draw(motion, correlation, agreement.critical, fps, wraps=wraps)
    return SynchronyWindow(first, stop, p_value, best, False, sentence), values


def _is_steady(level: NDArray[np.float32]) -> bool:
    # Percentiles: a late first or an early last row is no change of the sound.
    low, middle, high = np.percentile(level, [5, 50, 95])
    return bool(high - low < STEADY_SHARE * middle)


def _why_nothing(agreement: Agreement, sound: NDArray[np.float32], fps: float) -> str:
    reason = (
        "nothing moves with the sound more than with a foreign one "
        f"(correlation {agreement.best:.2f}, p = {agreement.p_value:.2g})"
    )
    period = period_of(sound, fps)
    if period is not None:
        reason += f"; the sound repeats every {period:.2f} s, which makes it hard to tell"
    return f"Synchrony map empty: {reason}."


def _draw(
    motion: NDArray[np.float32],
    correlation: NDArray[np.float32],
    critical: float,
    fps: float,
    *,
    wraps: bool,
) -> NDArray[np.float32]:
    """Turn correlations into a map over time, strong where a cell agrees and moves just then."""
    regions, _ = label(correlation > _REGION_LEVEL * critical, np.ones((3, 3)))
    kept = np.unique(regions[correlation >= min(critical, float(correlation.max()))])
    strength = np.where(np.isin(regions, kept[kept > 0]), correlation, 0.0)
    lively = gaussian_filter(motion, (_ACTIVITY_S * fps, 0.0, 0.0))
    usual = np.maximum(np.percentile(lively, 90, axis=0), STILL_ENERGY)
    drawn = _blur(np.minimum(lively / usual, 1.0) * np.square(strength), wraps=wraps)
    # Smoothing must not lower the peak: it keeps the value of the best correlation.
    peak = float(_blur(np.square(strength)[None], wraps=wraps).max())
    return np.clip(drawn * (float(strength.max()) / max(peak, 1e-9)), 0.0, 1.0)


def _blur(values: NDArray[np.float32], *, wraps: bool) -> NDArray[np.float32]:
    sideways: Literal["wrap", "nearest"] = "wrap" if wraps else "nearest"
    return gaussian_filter(
        values.astype(np.float32),
        (0.0, _SMOOTH_CELLS, _SMOOTH_CELLS),
        mode=("nearest", "nearest", sideways),
    )
