"""`Accdoa` and `SedDoa`: one instance of each class in a frame.

References
----------
.. [1] K. Shimada et al., "ACCDOA: activity-coupled Cartesian direction of arrival representation
   for sound event localization and detection", ICASSP 2021.
.. [2] T. N. T. Nguyen et al., "SALSA: spatial cue-augmented log-spectrogram features for polyphonic
   sound event localization and detection", IEEE/ACM TASLP 2022.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from hearsight.errors import InputError
from hearsight.events.classes import class_list
from hearsight.events.codec import Codec, Components, check_labels, checked, is_longer
from hearsight.events.points import FloatArray, Points


@dataclass(frozen=True)
class Accdoa(Codec):
    """Activity-coupled directions: the length of a vector says whether its class sounds.

    Target and output have shape (frames, classes, components) with the components that `components`
    names, in metres for the distance. Networks of the original baselines give them on one axis,
    component-major: `output.reshape(frames, -1, n_classes).swapaxes(-1, -2)`.

    Of several instances of a class in one frame the last row stays; with `encode` that is the one
    with the highest source number.

    Parameters
    ----------
    labels : tuple of str
        The class list.
    components : Components
        What is held beside the direction.
    threshold : float
        A class sounds where its vector is longer; 0.5 in all baselines.
    most_per_frame : int, optional
        How many classes may sound in a frame, those with the longest vectors (3 in PSELDNets).
    """

    labels: tuple[str, ...]
    components: Components = field(default_factory=Components)
    threshold: float = 0.5
    most_per_frame: int | None = None

    def __post_init__(self) -> None:
        check_labels(self.labels)

    @classmethod
    def of_year(cls, year: int, *, video: bool = False) -> Self:
        """Return the codec of a challenge's baseline; 2025 has more components with video."""
        return cls(class_list(year), Components.of_year(year, video=video))

    def encode_points(self, points: Points, n_frames: int) -> FloatArray:
        """See `Codec.encode_points`; the last row of a frame and class stays."""
        rows = points[points.frames < n_frames]
        target = np.zeros((n_frames, len(self.labels), len(self.components)))
        # Of repeated indices the last assignment stays.
        target[rows.frames, rows.classes] = self.components.values(rows)
        return target

    def decode_points(self, array: ArrayLike) -> Points:
        """See `Codec.decode_points`."""
        values = checked(array, len(self.labels), len(self.components))
        vectors = values[..., : self.components.n_axes]
        is_active = is_longer(vectors, self.threshold)
        if self.most_per_frame is not None:
            length = np.linalg.norm(vectors, axis=-1)
            rank = np.argsort(np.argsort(-length, axis=1, kind="stable"), axis=1)
            is_active &= rank < self.most_per_frame
        frames, classes = np.nonzero(is_active)
        return self.components.points(values[frames, classes], frames, classes, self.labels)


@dataclass(frozen=True)
class SedDoa(Codec):
    """Activities and directions side by side (two-branch systems).

    Target and output have shape (frames, classes, 1 + components): whether the class sounds, 0 or 1
    in targets and a probability (after the sigmoid) in outputs, then the components that
    `components` names, which count only where it does.

    Parameters
    ----------
    labels : tuple of str
        The class list.
    components : Components
        What is held beside the direction.
    threshold : float
        A class sounds where its probability is at least this; 0.3 in SALSA, 0.5 is common.
    keep : {"longest", "last"}
        Which of several instances of a class stays in a frame: the one whose source number (of any
        class) has most rows (of equal ones the lowest), or the last row.
    """

    labels: tuple[str, ...]
    components: Components = field(default_factory=Components)
    threshold: float = 0.3
    keep: str = "longest"

    def __post_init__(self) -> None:
        check_labels(self.labels)
        if self.keep not in ("longest", "last"):
            msg = f"unknown keep {self.keep!r}; valid: longest, last"
            raise InputError(msg)

    def encode_points(self, points: Points, n_frames: int) -> FloatArray:
        """See `Codec.encode_points`."""
        rows = points
        if self.keep == "longest" and len(points):
            _, number, count = np.unique(points.sources, return_inverse=True, return_counts=True)
            # What is written later stays: the longest, of equally long ones the lowest number.
            rows = points[np.lexsort((-number, count[number]))]
        rows = rows[rows.frames < n_frames]
        target = np.zeros((n_frames, len(self.labels), 1 + len(self.components)))
        target[rows.frames, rows.classes, 0] = rows.activity
        target[rows.frames, rows.classes, 1:] = self.components.values(rows)
        return target

    def decode_points(self, array: ArrayLike) -> Points:
        """See `Codec.decode_points`."""
        values = checked(array, len(self.labels), 1 + len(self.components))
        frames, classes = np.nonzero(values[..., 0] >= self.threshold)
        found = values[frames, classes]
        return self.components.points(found[:, 1:], frames, classes, self.labels, found[:, 0])
