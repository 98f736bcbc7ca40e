"""`FrameTable`: what sounds in every 100 ms label frame of a recording, as arrays.

Rows of one class in one frame stand in a fixed order, and the metrics of 2021 to 2023 depend on it:
they follow instances by their place among the rows. A table made from events puts the longest
sounding first, so that scores depend neither on the order of events nor on their numbers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hearsight.errors import InputError
from hearsight.events.events import Event, Events
from hearsight.events.points import Points
from hearsight.recording.grid import LABEL_HOP_S, frame_count
from hearsight.spatial.directions import to_angles, to_vectors

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class FrameTable:
    """All instances in all label frames of one recording.

    Parameters
    ----------
    frames : ndarray of int, shape (n,)
        Label frames of 100 ms, from 0.
    classes : ndarray of int, shape (n,)
        Index into the class list.
    azimuth, elevation : ndarray, shape (n,)
        Degrees.
    vectors : ndarray, shape (n, 3)
        The same directions as x, y, z, of any length that is not zero.
    distance : ndarray, shape (n,)
        Metres, NaN where unknown.
    on_screen : ndarray, shape (n,)
        1 in the picture, 0 outside it, NaN unknown.
    sources : ndarray of int, shape (n,)
        Instance numbers; only the original rules of 2025 look at them.
    n_frames : int
        Length of the recording in label frames, at least one more than the last frame.
    """

    frames: Integers
    classes: Integers
    azimuth: Floats
    elevation: Floats
    vectors: Floats
    distance: Floats
    on_screen: Floats
    sources: Integers
    n_frames: int

    def __len__(self) -> int:
        return len(self.frames)

    @classmethod
    def from_columns(
        cls,
        frames: ArrayLike,
        classes: ArrayLike,
        azimuth: ArrayLike | None = None,
        elevation: ArrayLike | None = None,
        *,
        vectors: ArrayLike | None = None,
        distance: ArrayLike | None = None,
        on_screen: ArrayLike | None = None,
        sources: ArrayLike | None = None,
        n_frames: int = 0,
    ) -> Self:
        """Build a table whose rows stay in the order given within a frame and class.

        Parameters
        ----------
        frames, classes : array_like of int, shape (n,)
            See the class.
        azimuth, elevation : array_like, shape (n,), optional
            Degrees; elevation defaults to 0. Either azimuth or `vectors` must be given.
        vectors : array_like, shape (n, 3), optional
            Directions as x, y, z; azimuth and elevation then come from them.
        distance, on_screen : array_like, shape (n,), optional
            Default: unknown.
        sources : array_like of int, shape (n,), optional
            Default: 0.
        n_frames : int
            Length of the recording where it is longer than the last frame.

        Raises
        ------
        InputError
            If columns differ in length, frames are negative, or directions missing or not finite.
        """
        clock = np.asarray(frames, np.int64).reshape(-1)
        n = len(clock)
        if clock.min(initial=0) < 0:
            msg = f"frames must not be negative, got {clock.min()}"
            raise InputError(msg)
        if (azimuth is None) == (vectors is None):
            msg = "a table needs either azimuth (and elevation) or vectors"
            raise InputError(msg)
        if vectors is None:
            angles = _column("azimuth", azimuth, n), _column("elevation", elevation, n, 0.0)
            xyz = to_vectors(*angles)
        else:
            xyz = np.asarray(vectors, float).reshape(-1, 3)
            angles = to_angles(xyz)
        if xyz.shape != (n, 3) or not np.isfinite(xyz).all():
            msg = f"directions must be finite and as many as frames ({n}), got {len(xyz)}"
            raise InputError(msg)
        return cls(
            frames=clock,
            classes=_column("classes", classes, n).astype(np.int64),
            azimuth=angles[0],
            elevation=angles[1],
            vectors=xyz,
            distance=_column("distance", distance, n, np.nan),
            on_screen=_column("on_screen", on_screen, n, np.nan),
            sources=_column("sources", sources, n, 0.0).astype(np.int64),
            n_frames=max(n_frames, int(clock.max(initial=-1)) + 1),
        )

    @classmethod
    def from_events(cls, events: Events, labels: Sequence[str], *, numbered: bool = False) -> Self:
        """Lay the tracks of events out in label frames.

        Parameters
        ----------
        events : Events
            Points without an azimuth, and events without a track, are left out: without a
            direction there is nothing to localize. Of several others of an event in one frame the
            first counts.
        labels : sequence of str
            The class list, in the order of class indices.
        numbered : bool
            Whether instances of one class stand in the order of their source numbers, as in the
            files of the challenges. Default: the longest sounding first.

        Raises
        ------
        InputError
            If an event's label is not in the class list.
        """
        index = {label: i for i, label in enumerate(labels)}
        unknown = sorted({event.label for event in events} - set(index))
        if unknown:
            msg = f"labels that are not in the class list: {', '.join(unknown)}"
            raise InputError(msg)
        tracked = sorted(
            (event for event in events if event.track is not None),
            key=(lambda event: event.source) if numbered else _seniority,
        )
        tracks = [event.track for event in tracked if event.track is not None]
        n_frames = frame_count(events.duration or 0.0)
        if not tracks:
            return cls.from_columns([], [], [], n_frames=n_frames)
        lengths = [len(track) for track in tracks]
        times = np.concatenate([track.times for track in tracks])
        frames = np.floor(times / LABEL_HOP_S + 1e-6).astype(np.int64)  # `frame_at` of all
        owner = np.repeat(np.arange(len(tracks)), lengths)
        azimuth = np.concatenate([track.azimuth for track in tracks])
        kept = np.flatnonzero(~np.isnan(azimuth))
        is_new = (np.diff(frames[kept]) != 0) | (np.diff(owner[kept]) != 0)
        kept = kept[np.concatenate([[True], is_new])[: len(kept)]]

        def rows(columns: list[Floats]) -> Floats:
            return np.concatenate(columns)[kept]

        classes = np.array([index[event.label] for event in tracked])
        sources = np.array([event.source for event in tracked])
        return cls.from_columns(
            frames[kept],
            classes[owner[kept]],
            azimuth[kept],
            np.nan_to_num(rows([track.elevation for track in tracks]), nan=0.0),
            distance=rows([track.distance for track in tracks]),
            on_screen=rows([track.on_screen for track in tracks]),
            sources=sources[owner[kept]],
            n_frames=n_frames,
        )

    @classmethod
    def from_points(cls, points: Points, labels: Sequence[str]) -> Self:
        """Take over what a codec has decoded, without gathering it to events first.

        Parameters
        ----------
        points : Points
            Stay in their order.
        labels : sequence of str
            The class list, in the order of class indices.

        Raises
        ------
        InputError
            If a label of the points is not in the class list.
        """
        index = {label: i for i, label in enumerate(labels)}
        classes = np.array([index.get(label, -1) for label in points.labels])[points.classes]
        if classes.min(initial=0) < 0:
            unknown = sorted({points.labels[i] for i in points.classes[classes < 0]})
            msg = f"labels that are not in the class list: {', '.join(unknown)}"
            raise InputError(msg)
        return cls.from_columns(
            points.frames,
            classes,
            points.azimuth,
            np.nan_to_num(points.elevation, nan=0.0),
            distance=points.known_distance,
            on_screen=points.screen_flags,
            sources=points.sources,
        )


def _seniority(event: Event) -> tuple[float, ...]:
    """Order instances by when they begin and end, and only if those are equal by where they are."""
    track = event.track
    assert track is not None
    first = track.elevation.item(0), track.distance.item(0), track.azimuth.item(0)
    place = [0.0 if math.isnan(value) else value for value in first]
    return event.onset, -event.offset, *place


def _column(name: str, values: ArrayLike | None, n: int, default: float | None = None) -> Floats:
    if values is None and default is not None:
        return np.full(n, default)
    column = np.asarray(values, float)
    if column.shape != (n,):
        msg = f"{name} must have shape ({n},) like frames, got {column.shape}"
        raise InputError(msg)
    return column
