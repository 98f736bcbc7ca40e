"""`Points`: one row per sounding instance and label frame, as arrays; what codecs work on.

`Events` say what belongs together over time, frame targets do not. A table of points stands between
them: an encoder spreads its rows into an array, a decoder reads rows out of one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from hearsight.errors import InputError, nearest
from hearsight.events.events import Events
from hearsight.events.formats.frames import FrameRow, events_from_rows, frame_rows

IntArray = NDArray[np.intp]
FloatArray = NDArray[np.float64]

ON_SCREEN_THRESHOLD = 0.5


@dataclass(frozen=True, eq=False)
class Points:
    """Rows of label frames, in any order that matters to who made them.

    Parameters
    ----------
    labels : tuple of str
        The class list.
    frames, classes, sources : ndarray of int, shape (n,)
        Label frame from 0, class index, number of the instance among those of its class.
    azimuth, elevation : ndarray, shape (n,)
        Degrees; NaN for an unknown elevation.
    distance : ndarray, shape (n,)
        Metres, NaN where unknown.
    on_screen : ndarray, shape (n,)
        Probability in [0, 1] of being in the picture, NaN where unknown.
    activity : ndarray, shape (n,)
        1 for truth; for predictions the length of the vector (which may exceed 1) or the
        probability that the class sounds.
    """

    labels: tuple[str, ...]
    frames: IntArray
    classes: IntArray
    sources: IntArray
    azimuth: FloatArray
    elevation: FloatArray
    distance: FloatArray
    on_screen: FloatArray
    activity: FloatArray

    def __len__(self) -> int:
        return len(self.frames)

    def __getitem__(self, index: NDArray[np.bool_] | IntArray) -> Self:
        return type(self)(
            self.labels,
            self.frames[index],
            self.classes[index],
            self.sources[index],
            self.azimuth[index],
            self.elevation[index],
            self.distance[index],
            self.on_screen[index],
            self.activity[index],
        )

    @property
    def known_distance(self) -> FloatArray:
        """Metres; 0, which codecs write for an unknown distance, is unknown as well."""
        return np.where(self.distance > 0.0, self.distance, np.nan)

    @property
    def screen_flags(self) -> FloatArray:
        """1 where being in the picture is more likely than not, 0 elsewhere, NaN if unknown."""
        likely = np.greater(self.on_screen, ON_SCREEN_THRESHOLD)
        return np.where(np.isnan(self.on_screen), np.nan, likely)

    @classmethod
    def from_rows(cls, rows: Iterable[FrameRow], labels: Sequence[str]) -> Self:
        """Gather rows in the order given.

        Parameters
        ----------
        rows : iterable of FrameRow
            Their confidence is not looked at.
        labels : sequence of str
            The class list.

        Raises
        ------
        InputError
            If a label is not in the class list.
        """
        table = list(rows)
        index = {label: i for i, label in enumerate(labels)}
        for row in table:
            if row.label not in index:
                msg = f"label {row.label!r} is not in the codec's list; {nearest(row.label, index)}"
                raise InputError(msg)

        def floats(name: str) -> FloatArray:
            return np.array([getattr(row, name) for row in table], dtype=float)

        return cls(
            tuple(labels),
            np.array([row.frame for row in table], dtype=np.intp),
            np.array([index[row.label] for row in table], dtype=np.intp),
            np.array([row.source for row in table], dtype=np.intp),
            floats("azimuth"),
            floats("elevation"),
            floats("distance"),
            floats("on_screen"),
            np.ones(len(table)),
        )

    @classmethod
    def from_events(cls, events: Events, labels: Sequence[str]) -> Self:
        """Spread events over label frames, in order of frame, class index and source.

        Parameters
        ----------
        events : Events
            Points without an azimuth are left out.
        labels : sequence of str
            The class list; must hold the label of every event with a direction.

        Raises
        ------
        InputError
            If a label is not in the class list.
        """
        return cls.from_rows(frame_rows(events, directed_only=True), labels)

    def to_events(self, duration: float | None = None) -> Events:
        """Gather points to events.

        Parameters
        ----------
        duration : float, optional
            Length of the recording in seconds, where known.

        Returns
        -------
        Events
            Points of one class and source in consecutive frames are one event; see
            `hearsight.events.formats.frames.events_from_rows`. The confidence of an event is the
            median of its activity, at most 1.
        """
        columns = (
            self.frames,
            [self.labels[index] for index in self.classes],
            self.sources,
            self.azimuth,
            self.elevation,
            self.known_distance,
            self.screen_flags,
            np.clip(self.activity, 0.0, 1.0),
        )
        values = (c if isinstance(c, list) else c.tolist() for c in columns)
        rows = [FrameRow(*row) for row in zip(*values, strict=True)]
        return events_from_rows(rows, self.labels, duration)
