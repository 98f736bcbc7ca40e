"""`EventTracks`: event-independent tracks, each telling one event of any class.

References
----------
.. [1] Y. Cao et al., "An improved event-independent network for polyphonic sound event localization
   and detection", ICASSP 2021.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from hearsight.errors import InputError
from hearsight.events.codec import Codec, Components, check_labels, checked
from hearsight.events.points import FloatArray, IntArray, Points

_DIRECTION = Components()


@dataclass(frozen=True)
class EventTracks(Codec):
    """Tracks that hold one event of any class at a time (EINV2).

    Target and output have shape (frames, tracks, classes + 3): the activity of each class, 0 or 1
    in targets (at most one class in a track) and probabilities (after the sigmoid) in outputs, then
    the direction x, y, z, 0 in silent tracks of targets. `split` gives the two parts.

    Events of a frame take the first free tracks in the order of rows; what finds no free track is
    lost. With `follow`, an event that goes on stays on its track.

    Parameters
    ----------
    labels : tuple of str
        The class list.
    n_tracks : int
        2 in EINV2, 3 in PSELDNets.
    threshold : float
        A track is active where the probability of its likeliest class is higher.
    follow : bool
        Whether an event (class and source number) stays on the track where it was in the frame
        before (EINV2); otherwise each frame is filled anew (PSELDNets).
    """

    labels: tuple[str, ...]
    n_tracks: int = 2
    threshold: float = 0.5
    follow: bool = True

    def __post_init__(self) -> None:
        check_labels(self.labels)
        if self.n_tracks < 1:
            msg = f"n_tracks must be at least 1, got {self.n_tracks}"
            raise InputError(msg)

    @property
    def n_instances(self) -> int:
        """See `Codec.n_instances`."""
        return self.n_tracks

    def encode_points(self, points: Points, n_frames: int) -> FloatArray:
        """See `Codec.encode_points`."""
        rows = points[points.frames < n_frames]
        rows = rows[np.argsort(rows.frames, kind="stable")]
        target = np.zeros((n_frames, self.n_tracks, len(self.labels) + 3))
        track = self._tracks(rows)
        rows, track = rows[track >= 0], track[track >= 0]
        target[rows.frames, track, rows.classes] = rows.activity
        target[rows.frames, track, len(self.labels) :] = _DIRECTION.values(rows)
        return target

    def _tracks(self, rows: Points) -> IntArray:
        """Choose a track for each row, -1 for none."""
        chosen = np.full(len(rows), -1, dtype=np.intp)
        names = list(zip(rows.classes.tolist(), rows.sources.tolist(), strict=True))
        before: dict[tuple[int, int], int] = {}
        last_frame = -2
        for frame, group in itertools.groupby(range(len(rows)), key=rows.frames.__getitem__):
            before = before if self.follow and frame == last_frame + 1 else {}
            # The first rows get the tracks, wherever these are.
            fitting = list(group)[: self.n_tracks]
            for row in fitting:
                chosen[row] = before.pop(names[row], -1)
            taken = set(chosen[fitting].tolist())
            free = (track for track in range(self.n_tracks) if track not in taken)
            for row in fitting:
                if chosen[row] < 0:
                    chosen[row] = next(free)
            before = {names[row]: int(chosen[row]) for row in fitting}
            last_frame = frame
        return chosen

    def split(self, array: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the activities (frames, tracks, classes) and directions (frames, tracks, 3)."""
        n_classes = len(self.labels)
        return array[..., :n_classes], array[..., n_classes:]

    def decode_points(self, array: ArrayLike) -> Points:
        """See `Codec.decode_points`; in order of frame and track."""
        values = checked(array, self.n_tracks, len(self.labels) + 3)
        activity, directions = self.split(values)
        likeliest = activity.argmax(axis=-1)
        highest = activity.max(axis=-1)
        frames, tracks = np.nonzero(highest > self.threshold)
        return _DIRECTION.points(
            directions[frames, tracks],
            frames,
            likeliest[frames, tracks],
            self.labels,
            highest[frames, tracks],
        )
