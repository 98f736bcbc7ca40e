"""What all codecs have in common: events to frame targets, and what a network says to events.

A codec is a frozen dataclass. `encode` gives the target a network learns, an array with one label
frame of 100 ms per entry of its first axis; `decode` reads such an array, target or output, back to
events. What an output format cannot hold is lost: the docstring of each codec says what.
"""

from __future__ import annotations

import abc
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hearsight.errors import InputError
from hearsight.events.events import Events
from hearsight.events.points import FloatArray, IntArray, Points
from hearsight.recording.grid import LABEL_HOP_S, frame_time
from hearsight.spatial.directions import to_angles, to_vectors

AXES = ("x", "y", "z")


@dataclass(frozen=True)
class Components:
    """Which values an output format holds for each instance.

    Parameters
    ----------
    planar : bool
        Whether directions are x, y alone, as for stereo: elevations are dropped.
    distance : bool
        Whether a distance in metres follows; an unknown one is encoded as 0, and 0 is unknown.
    on_screen : bool
        Whether the last one says, 0 or 1, whether the source is in the picture; unknown is 0.
    """

    planar: bool = False
    distance: bool = False
    on_screen: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The components in order: x, y(, z)(, distance)(, on_screen)."""
        extra = ("distance",) * self.distance + ("on_screen",) * self.on_screen
        return AXES[: self.n_axes] + extra

    @property
    def n_axes(self) -> int:
        """How many components are a direction: 2 or 3."""
        return 2 if self.planar else 3

    def __len__(self) -> int:
        return self.n_axes + self.distance + self.on_screen

    @classmethod
    def of_year(cls, year: int, *, video: bool = False) -> Self:
        """Return what the baseline of a challenge holds.

        Parameters
        ----------
        year : int
            2020 to 2023: directions. 2024: and distances. 2025: planar directions and distances,
            and on-screen with video.
        video : bool
            Whether the system sees a picture; matters in 2025 only.
        """
        return cls(year == 2025, year >= 2024, year == 2025 and video)

    def values(self, points: Points) -> FloatArray:
        """Return the components of points, shape (n, components), times their activity."""
        elevation = 0.0 if self.planar else np.nan_to_num(points.elevation, nan=0.0)
        directions = to_vectors(points.azimuth, elevation)[:, : self.n_axes]
        extra = [np.nan_to_num(getattr(points, name)) for name in self.names[self.n_axes :]]
        return np.column_stack([directions, *extra]) * points.activity[:, None]

    def points(
        self,
        values: FloatArray,
        frames: IntArray,
        classes: IntArray,
        labels: tuple[str, ...],
        activity: FloatArray | None = None,
    ) -> Points:
        """Read components back.

        Parameters
        ----------
        values : ndarray, shape (n, components)
            Negative distances count as 0; on-screen values are clipped to [0, 1].
        frames, classes : ndarray of int, shape (n,)
        labels : tuple of str
            The class list.
        activity : ndarray, shape (n,), optional
            Default: the length of the direction.
        """
        vectors = np.zeros((len(values), 3))
        vectors[:, : self.n_axes] = values[:, : self.n_axes]
        azimuth, elevation = to_angles(vectors)
        unknown = np.full(len(values), np.nan)
        extra = {name: values[:, i] for i, name in enumerate(self.names) if i >= self.n_axes}
        return Points(
            labels,
            frames,
            classes,
            np.zeros(len(values), dtype=np.intp),
            azimuth,
            unknown if self.planar else elevation,
            np.maximum(extra["distance"], 0.0) if self.distance else unknown,
            np.clip(extra["on_screen"], 0.0, 1.0) if self.on_screen else unknown,
            np.linalg.norm(vectors, axis=1) if activity is None else activity,
        )


class Codec(abc.ABC):
    """Events to arrays of label frames and back; see the module."""

    labels: tuple[str, ...]

    @property
    def n_instances(self) -> int:
        """How many instances of one class a frame can hold."""
        return 1

    @abc.abstractmethod
    def encode_points(self, points: Points, n_frames: int) -> FloatArray:
        """Spread points into a target; `encode` for tables whose order of rows matters.

        Parameters
        ----------
        points : Points
            With this codec's class list. Frames from `n_frames` on are left out.
        n_frames : int
        """

    @abc.abstractmethod
    def decode_points(self, array: ArrayLike) -> Points:
        """Read points from an array; `decode` without gathering them to events.

        Parameters
        ----------
        array : array_like
            As for `decode`.

        Returns
        -------
        Points
            In order of frame and class.
        """

    def encode(self, events: Events, n_frames: int) -> FloatArray:
        """Turn events into the target of a network.

        Parameters
        ----------
        events : Events
            Events without a direction are left out; so is what sounds from frame `n_frames` on.
        n_frames : int
            Length of the target in label frames of 100 ms.

        Returns
        -------
        ndarray of float64, shape (n_frames, ...)
            See the class.

        Raises
        ------
        InputError
            If an event's label is not in the codec's class list, or `n_frames` is negative.
        """
        if n_frames < 0:
            msg = f"n_frames must not be negative, got {n_frames}"
            raise InputError(msg)
        return self.encode_points(Points.from_events(events, self.labels), n_frames)

    def decode(self, array: ArrayLike, duration: float | None = None) -> Events:
        """Turn a target or what a network gives into events.

        Parameters
        ----------
        array : array_like, shape (n_frames, ...)
            See the class.
        duration : float, optional
            Length of the recording in seconds. Default: that of the array.

        Returns
        -------
        Events
            With this codec's class list, confidences in [0, 1], and source numbers that tell
            instances of a class apart.

        Raises
        ------
        InputError
            If the array has another shape.
        """
        values = np.asarray(array, dtype=float)
        length = frame_time(len(values)) if values.ndim else 0.0
        return self.decode_points(values).to_events(length if duration is None else duration)


def checked(array: ArrayLike, *shape: int | None) -> FloatArray:
    """Return an array as float64 after checking its axes behind the first; None fits any length.

    Raises
    ------
    InputError
        If the shape differs.
    """
    values = np.asarray(array, dtype=float)
    fits = values.ndim == len(shape) + 1 and all(
        wanted in (None, got) for wanted, got in zip(shape, values.shape[1:], strict=True)
    )
    if not fits:
        axes = ", ".join(["frames", *("any" if n is None else str(n) for n in shape)])
        msg = f"array must have shape ({axes}), got {values.shape}; reshape the network's output"
        raise InputError(msg)
    return values


def is_longer(vectors: FloatArray, threshold: ArrayLike) -> NDArray[np.bool_]:
    """Tell which vectors are longer than a threshold, in the float32 of networks.

    There the vector (0.3, 0.4) is not longer than 0.5; the float64 of its float32 is.

    Parameters
    ----------
    vectors : ndarray, shape (..., axes)
    threshold : array_like
        Broadcasts with the lengths, shape (...).
    """
    length = np.linalg.norm(vectors, axis=-1).astype(np.float32)
    return length > np.asarray(threshold, dtype=np.float32)


def check_labels(labels: tuple[str, ...]) -> None:
    """Raise InputError if a class list is empty or holds a label twice."""
    if not labels or len(set(labels)) != len(labels):
        msg = f"labels must be at least one, all different, got {', '.join(labels) or 'none'}"
        raise InputError(msg)


def label_window(
    target: NDArray[np.float64], onset: float, n_frames: int, frame_s: float = 0.01
) -> NDArray[np.float64]:
    """Cut a window out of a target and repeat its label frames for a faster clock.

    Parameters
    ----------
    target : ndarray, shape (label frames, ...)
    onset : float
        Where the window begins, in seconds; rounded to the faster clock.
    n_frames : int
        Length of the window in frames of the faster clock.
    frame_s : float
        The faster clock in seconds; 10 ms for the audio-visual baseline of 2023.

    Returns
    -------
    ndarray, shape (n_frames, ...)
        0 where the window reaches beyond the target.
    """
    per_label = round(LABEL_HOP_S / frame_s)
    index = (round(onset / frame_s) + np.arange(n_frames)) // per_label
    inside = (index >= 0) & (index < len(target))
    window = np.zeros((n_frames, *target.shape[1:]), dtype=target.dtype)
    window[inside] = target[index[inside]]
    return window


def label_means(output: NDArray[np.float64], per_label: int = 10) -> NDArray[np.float64]:
    """Bring coupled vectors of a faster clock to label frames; undoes `label_window`.

    Parameters
    ----------
    output : ndarray, shape (frames, ..., axes)
        Activity-coupled vectors alone; those longer than 1 are shortened to 1.
    per_label : int
        Frames of the faster clock in a label frame of 100 ms. What does not fill one is left out.

    Returns
    -------
    ndarray, shape (frames // per_label, ..., axes)
        Mean vectors, so that directions are weighted with their activity. (The audio-visual
        baseline of 2023 takes weighted means of the angles instead, which are wrong where azimuths
        cross the back.)
    """
    n_labels = len(output) // per_label
    length = np.linalg.norm(output, axis=-1, keepdims=True)
    clipped = output / np.maximum(length, 1.0)
    groups = clipped[: n_labels * per_label].reshape(n_labels, per_label, *output.shape[1:])
    return np.asarray(groups.mean(axis=1))
