"""From directions per frame to events: peaks linked over time, onset and offset with hysteresis.

Every 100 ms the peaks found are assigned to the tracks at hand so that the summed angle to where
each track is expected is smallest. A track expects to go on as it moved (an alpha-beta filter on
the sphere). It begins with a clear peak, lives on with weaker ones, survives short gaps, and counts
as an event if it lasted long enough.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from hearsight.spatial.directions import angular_distance


@dataclass(frozen=True)
class TrackingSettings:
    """How peaks become tracks.

    Parameters
    ----------
    onset_share : float
        A peak of at least this share begins a track.
    offset_share : float
        A track goes on while its peaks have at least this share (hysteresis), <= `onset_share`.
    max_gap : int
        Frames without a peak that a track survives.
    min_length : int
        Frames with a peak that make an event.
    gate_deg : float
        A peak farther from where a track is expected is another source.
    separation_deg : float
        No track begins nearer than this to another.
    min_relative : float
        A track less prominent than this part of a simultaneous one is taken for its reflection.
    """

    onset_share: float = 0.03
    offset_share: float = 0.015
    max_gap: int = 8
    min_length: int = 4
    gate_deg: float = 20.0
    separation_deg: float = 20.0
    min_relative: float = 0.2


@dataclass
class DirectionTrack:
    """One source followed over label frames.

    Parameters
    ----------
    frames : list of int
        Label frames in which it had a peak, increasing.
    vectors : list of ndarray
        The peaks' unit vectors.
    shares : list of float
        The peaks' shares.
    """

    frames: list[int] = field(default_factory=list)
    vectors: list[NDArray[np.float64]] = field(default_factory=list)
    shares: list[float] = field(default_factory=list)
    _place: NDArray[np.float64] = field(default_factory=lambda: np.zeros(3))
    _speed: NDArray[np.float64] = field(default_factory=lambda: np.zeros(3))

    def expected(self, frame: int) -> NDArray[np.float64]:
        """Return the unit vector where the source is expected in a later frame."""
        # Beyond a few frames the speed is no longer believed.
        ahead = self._place + self._speed * min(frame - self.frames[-1], 3)
        return np.asarray(ahead / np.linalg.norm(ahead))

    def add(self, frame: int, vector: NDArray[np.float64], share: float) -> None:
        """Take a peak as the source's next place."""
        if self.frames:
            elapsed = frame - self.frames[-1]
            expected = self.expected(frame)
            surprise = vector - expected
            place = expected + 0.5 * surprise
            self._place = place / np.linalg.norm(place)
            speed = self._speed + 0.12 * surprise / elapsed
            self._speed = speed - self._place * (speed @ self._place)
        else:
            self._place = vector
        self.frames.append(frame)
        self.vectors.append(vector)
        self.shares.append(share)

    @property
    def strength(self) -> float:
        """Mean share over the whole extent, gaps counting as nothing."""
        return float(sum(self.shares)) / (self.frames[-1] - self.frames[0] + 1)

    @property
    def prominence(self) -> float:
        """Root mean square of its shares where it was heard, so that pauses do not make it weak."""
        return float(np.sqrt(np.mean(np.square(self.shares))))

    def path(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return every frame from first to last and the smoothed unit vectors, gaps filled.

        Returns
        -------
        frames : ndarray of int, shape (n,)
        directions : ndarray, shape (n, 3)
            Local straight-line fits over 0.7 s weighted by share, so that movement is not delayed.
        """
        known = np.array(self.frames)
        # Frames without any share, as in a steady sound, still lie somewhere.
        weights = np.maximum(self.shares, 1e-9)
        vectors = np.array(self.vectors)
        frames = np.arange(known[0], known[-1] + 1)
        smoothed = np.empty((len(frames), 3))
        for row, frame in enumerate(frames):
            low, high = np.searchsorted(known, (frame - 3, frame + 4))
            if high - low < 2:
                smoothed[row] = [np.interp(frame, known, vectors[:, axis]) for axis in range(3)]
                continue
            offset = (known[low:high] - frame).astype(float)
            weight = weights[low:high] * (1.0 - (np.abs(offset) / 4.0) ** 2)
            # Weighted line fit, its slope held back where few frames bear on it.
            total, first, second = weight.sum(), weight @ offset, weight @ offset**2
            mean = weight @ vectors[low:high] / total
            moment = (weight * offset) @ vectors[low:high] - first * mean
            slope = moment / (second - first**2 / total + 4.0 * total)
            smoothed[row] = mean - slope * first / total
        return frames, smoothed / np.linalg.norm(smoothed, axis=1, keepdims=True)


def track_directions(
    directions: NDArray[np.floating],
    shares: NDArray[np.floating],
    settings: TrackingSettings | None = None,
) -> list[DirectionTrack]:
    """Link peaks over time.

    Parameters
    ----------
    directions : ndarray, shape (frames, peaks, 3)
        Unit vectors; NaN where there is no peak.
    shares : ndarray, shape (frames, peaks)
        In [0, 1], 0 where there is no peak.
    settings : TrackingSettings, optional

    Returns
    -------
    list of DirectionTrack
        In order of their first frame, none shorter than `min_length`, no reflections.
    """
    chosen = settings or TrackingSettings()
    active: list[DirectionTrack] = []
    ended: list[DirectionTrack] = []
    for frame, (vectors, weights) in enumerate(zip(directions, shares, strict=True)):
        for track in [t for t in active if frame - t.frames[-1] > chosen.max_gap + 1]:
            active.remove(track)
            ended.append(track)
        peaks = [
            (np.asarray(vector, float), float(share))
            for vector, share in zip(vectors, weights, strict=True)
            if share >= chosen.offset_share and np.isfinite(vector).all()
        ]
        free = _assign(active, peaks, frame, chosen)
        for vector, share in free:
            if share >= chosen.onset_share and _is_apart(vector, active, frame, chosen):
                track = DirectionTrack()
                track.add(frame, vector, share)
                active.append(track)
    tracks = [t for t in ended + active if len(t.frames) >= chosen.min_length]
    in_order = sorted(tracks, key=lambda t: (t.frames[0], t.frames[-1]))
    return _without_reflections(in_order, chosen)


def _assign(
    tracks: list[DirectionTrack],
    peaks: list[tuple[NDArray[np.float64], float]],
    frame: int,
    settings: TrackingSettings,
) -> list[tuple[NDArray[np.float64], float]]:
    """Give peaks to tracks; return those that no track takes."""
    if not tracks or not peaks:
        return peaks
    expected = np.array([track.expected(frame) for track in tracks])
    found = np.array([vector for vector, _ in peaks])
    angle = angular_distance(expected[:, None], found[None])
    cost = np.where(angle <= settings.gate_deg, angle, 1e3)
    taken = set()
    for row, column in zip(*linear_sum_assignment(cost), strict=True):
        if angle[row, column] <= settings.gate_deg:
            tracks[row].add(frame, *peaks[column])
            taken.add(int(column))
    return [peak for column, peak in enumerate(peaks) if column not in taken]


def _is_apart(
    vector: NDArray[np.float64],
    tracks: list[DirectionTrack],
    frame: int,
    settings: TrackingSettings,
) -> bool:
    return all(
        angular_distance(vector, track.expected(frame)) >= settings.separation_deg
        for track in tracks
        if frame - track.frames[-1] <= settings.max_gap
    )


def _without_reflections(
    tracks: list[DirectionTrack], settings: TrackingSettings
) -> list[DirectionTrack]:
    """Drop tracks that are much less prominent than what sounds at the same time."""

    def overlap(a: DirectionTrack, b: DirectionTrack) -> int:
        return min(a.frames[-1], b.frames[-1]) - max(a.frames[0], b.frames[0]) + 1

    return [
        track
        for track in tracks
        if not any(
            track.prominence < settings.min_relative * other.prominence
            and overlap(track, other) >= 0.7 * (track.frames[-1] - track.frames[0] + 1)
            for other in tracks
            if other is not track
        )
    ]


def name_sources(tracks: Iterable[DirectionTrack], reach_deg: float = 20.0) -> Iterator[int]:
    """Tell which tracks are of the same source: one begins where another ended.

    Parameters
    ----------
    tracks : iterable of DirectionTrack
        In order of their first frame.
    reach_deg : float
        How far from the earlier track's end a source may sound again, in degrees.

    Yields
    ------
    int
        The source of each track, counted from 0.
    """
    last_seen: list[tuple[int, NDArray[np.float64]]] = []
    for track in tracks:
        start = track.vectors[0]
        near = [
            (float(angular_distance(place, start)), source)
            for source, (frame, place) in enumerate(last_seen)
            if frame < track.frames[0]
        ]
        angle, source = min(near, default=(np.inf, -1))
        seen = track.frames[-1], track.vectors[-1]
        if angle <= reach_deg:
            last_seen[source] = seen
        else:
            source = len(last_seen)
            last_seen.append(seen)
        yield source
