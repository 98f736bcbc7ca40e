"""`Track`, `Event`, `Events`: what sounds, when and where; the same for truth and prediction.

Times are seconds from the start of the recording. Azimuth lies in (-180, 180] degrees, counter-
clockwise from the front; elevation in [-90, 90]. Unknown values are NaN in tracks and None in
events.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Self, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hearsight.errors import InputError
from hearsight.spatial.directions import mean_direction, to_angles, to_vectors, wrap_azimuth

Box = tuple[float, float, float, float]
"""Left, top, width, height in pixels of the original picture."""


def _column(name: str, values: ArrayLike | None, length: int) -> NDArray[np.float64]:
    array = np.full(length, np.nan) if values is None else np.array(values, dtype=float)
    if array.shape != (length,):
        msg = f"{name} must have shape ({length},) like times, got {array.shape}"
        raise InputError(msg)
    if np.isinf(array).any():
        msg = f"{name} holds an infinite value; use NaN for unknown"
        raise InputError(msg)
    array.flags.writeable = False
    return array


@dataclass(frozen=True, eq=False, repr=False)
class Track:
    """Where an event is over time: one point per 100 ms label frame in which it sounds.

    Parameters
    ----------
    times : array_like, shape (n,)
        Beginning of each label frame in seconds, increasing, n >= 1.
    azimuth, elevation : array_like, shape (n,), optional
        Degrees; NaN where unknown. An elevation needs an azimuth.
    distance : array_like, shape (n,), optional
        Metres, >= 0; NaN where unknown.
    boxes : array_like, shape (n, 4), optional
        Left, top, width, height in pixels of the original picture; NaN where there is none.
    on_screen : array_like, shape (n,), optional
        1 in the picture, 0 outside it, NaN unknown.
    """

    times: NDArray[np.float64]
    azimuth: NDArray[np.float64]
    elevation: NDArray[np.float64]
    distance: NDArray[np.float64]
    boxes: NDArray[np.float64]
    on_screen: NDArray[np.float64]

    def __init__(
        self,
        times: ArrayLike,
        azimuth: ArrayLike | None = None,
        elevation: ArrayLike | None = None,
        distance: ArrayLike | None = None,
        boxes: ArrayLike | None = None,
        on_screen: ArrayLike | None = None,
    ) -> None:
        clock = np.array(times, dtype=float)
        if clock.ndim != 1 or len(clock) == 0:
            msg = f"times must have shape (n,) with n >= 1, got {clock.shape}"
            raise InputError(msg)
        if not np.isfinite(clock).all() or clock[0] < 0.0 or (np.diff(clock) <= 0.0).any():
            msg = "times must be finite, not negative and increasing"
            raise InputError(msg)
        clock.flags.writeable = False
        n = len(clock)
        columns = {
            "azimuth": _column("azimuth", azimuth, n),
            "elevation": _column("elevation", elevation, n),
            "distance": _column("distance", distance, n),
            "on_screen": _column("on_screen", on_screen, n),
        }
        if (np.abs(columns["elevation"]) > 90.0).any():
            msg = "elevation must lie in [-90, 90] degrees"
            raise InputError(msg)
        if (~np.isnan(columns["elevation"]) & np.isnan(columns["azimuth"])).any():
            msg = "an elevation needs an azimuth"
            raise InputError(msg)
        if (columns["distance"] < 0.0).any():
            msg = "distance must not be negative; metres"
            raise InputError(msg)
        flags = columns["on_screen"]
        if not ((flags == 0.0) | (flags == 1.0) | np.isnan(flags)).all():
            msg = "on_screen must be 0, 1 or NaN"
            raise InputError(msg)
        columns["azimuth"] = wrap_azimuth(columns["azimuth"])
        columns["azimuth"].flags.writeable = False
        rectangles = np.full((n, 4), np.nan) if boxes is None else np.array(boxes, dtype=float)
        if rectangles.shape != (n, 4):
            msg = f"boxes must have shape ({n}, 4): left, top, width, height; {rectangles.shape}"
            raise InputError(msg)
        if (rectangles[:, 2:] < 0.0).any() or np.isinf(rectangles).any():
            msg = "boxes must be finite, with width and height not negative"
            raise InputError(msg)
        rectangles.flags.writeable = False
        object.__setattr__(self, "times", clock)
        object.__setattr__(self, "boxes", rectangles)
        for name, values in columns.items():
            object.__setattr__(self, name, values)

    def __len__(self) -> int:
        return len(self.times)

    def __repr__(self) -> str:
        return f"Track({len(self)} points, {self.times[0]:.1f} to {self.times[-1]:.1f} s)"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Track):
            return NotImplemented
        names = ("times", "azimuth", "elevation", "distance", "boxes", "on_screen")
        return all(
            np.array_equal(getattr(self, name), getattr(other, name), equal_nan=True)
            for name in names
        )

    __hash__ = None  # type: ignore[assignment]  # arrays are compared by value

    @property
    def directions(self) -> NDArray[np.float64]:
        """Unit vectors, shape (n, 3); unknown elevations count as 0, unknown azimuths give NaN."""
        return to_vectors(self.azimuth, np.nan_to_num(self.elevation, nan=0.0))


@dataclass(frozen=True)
class Event:
    """One thing that sounds for a while.

    Parameters
    ----------
    label : str
        What sounds: a class name, or "source 1", ... where nobody named it. Not empty.
    onset, offset : float
        Seconds, 0 <= onset < offset.
    confidence : float, optional
        In [0, 1]; None for truth. What it means is set by the system that gave it.
    track : Track, optional
        None where only the time is known.
    source : int
        Which instance among those of the same label (DCASE's track or source column), >= 0.
    """

    label: str
    onset: float
    offset: float
    confidence: float | None = None
    track: Track | None = field(default=None, hash=False)
    source: int = 0

    def __post_init__(self) -> None:
        if not self.label or self.label != self.label.strip() or not self.label.isprintable():
            msg = f"label must be printable text without spaces at its ends, got {self.label!r}"
            raise InputError(msg)
        if not (np.isfinite(self.onset) and np.isfinite(self.offset)):
            msg = f"onset and offset must be finite, got {self.onset} and {self.offset}"
            raise InputError(msg)
        if not 0.0 <= self.onset < self.offset:
            msg = f"an event needs 0 <= onset < offset, got {self.onset:g} and {self.offset:g}"
            raise InputError(msg)
        if self.confidence is not None and not 0.0 <= self.confidence <= 1.0:
            msg = f"confidence must lie in [0, 1], got {self.confidence}"
            raise InputError(msg)
        if self.source < 0:
            msg = f"source must not be negative, got {self.source}"
            raise InputError(msg)

    @property
    def duration(self) -> float:
        """Seconds."""
        return self.offset - self.onset

    @functools.cached_property
    def _angles(self) -> tuple[float | None, float | None]:
        if self.track is None:
            return None, None
        known = ~np.isnan(self.track.azimuth)
        if not known.any():
            return None, None
        mean = mean_direction(self.track.directions[known])
        azimuth, elevation = (float(angle) for angle in to_angles(mean))
        has_elevation = not np.isnan(self.track.elevation[known]).any()
        return azimuth, elevation if has_elevation else None

    @property
    def azimuth(self) -> float | None:
        """Mean azimuth of the track in degrees, None where unknown."""
        return self._angles[0]

    @property
    def elevation(self) -> float | None:
        """Mean elevation of the track in degrees, None where unknown."""
        return self._angles[1]

    @property
    def distance(self) -> float | None:
        """Mean distance of the track in metres, None where unknown."""
        known = () if self.track is None else self.track.distance[~np.isnan(self.track.distance)]
        return float(np.mean(known)) if len(known) else None

    @property
    def box(self) -> Box | None:
        """The median box of the track, in pixels of the original picture; None where unknown."""
        if self.track is None:
            return None
        known = self.track.boxes[~np.isnan(self.track.boxes).any(axis=1)]
        if len(known) == 0:
            return None
        left, top, width, height = np.median(known, axis=0)
        return float(left), float(top), float(width), float(height)


@dataclass(frozen=True)
class Events(Sequence[Event]):
    """All events of a recording, in order of onset.

    Parameters
    ----------
    events : iterable of Event
        Sorted when built: by onset, offset, label, source.
    labels : tuple of str, optional
        The class list in the order of class indices. Default: the labels that occur, in order
        of first appearance. Must hold every event's label.
    duration : float, optional
        Length of the recording in seconds, where known.
    """

    events: tuple[Event, ...]
    labels: tuple[str, ...] = ()
    duration: float | None = None

    def __init__(
        self,
        events: Iterable[Event] = (),
        labels: Iterable[str] = (),
        duration: float | None = None,
    ) -> None:
        ordered = tuple(sorted(events, key=lambda e: (e.onset, e.offset, e.label, e.source)))
        names = tuple(labels) or tuple(dict.fromkeys(event.label for event in ordered))
        unknown = sorted({event.label for event in ordered} - set(names))
        if unknown:
            msg = f"events have labels that are not in the class list: {', '.join(unknown)}"
            raise InputError(msg)
        if len(set(names)) != len(names):
            msg = "the class list holds a label twice"
            raise InputError(msg)
        if duration is not None and not (np.isfinite(duration) and duration >= 0.0):
            msg = f"duration must be finite and not negative, got {duration}"
            raise InputError(msg)
        object.__setattr__(self, "events", ordered)
        object.__setattr__(self, "labels", names)
        object.__setattr__(self, "duration", duration)

    @overload
    def __getitem__(self, index: int) -> Event: ...
    @overload
    def __getitem__(self, index: slice) -> Self: ...
    def __getitem__(self, index: int | slice) -> Event | Self:
        if isinstance(index, slice):
            return type(self)(self.events[index], self.labels, self.duration)
        return self.events[index]

    def __len__(self) -> int:
        return len(self.events)

    def __iter__(self) -> Iterator[Event]:
        return iter(self.events)

    def to_dicts(self) -> list[dict[str, object]]:
        """Return one plain dictionary per event, ready for JSON or a table.

        Returns
        -------
        list of dict
            Keys `label`, `onset`, `offset`, `azimuth`, `elevation`, `distance`, `box`,
            `confidence`, `source`; unknown values are None.
        """
        return [
            {
                "label": event.label,
                "onset": event.onset,
                "offset": event.offset,
                "azimuth": event.azimuth,
                "elevation": event.elevation,
                "distance": event.distance,
                "box": None if event.box is None else list(event.box),
                "confidence": event.confidence,
                "source": event.source,
            }
            for event in self.events
        ]
