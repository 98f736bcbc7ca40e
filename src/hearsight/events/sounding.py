"""`SoundingBoxes`: what is known of where in a picture the sound comes from, as boxes.

Boxes are fractions of the picture, (xmin, ymin, xmax, ymax), from its upper left corner. They are
kept as published, unusable ones too: without extent, outside the picture, or with a sentinel for a
coordinate. Such boxes mark no pixel; a picture that has no other is not left out but failed by
everyone.

References
----------
.. [1] A. Senocak et al., "Learning to localize sound source in visual scenes", CVPR 2018: the
   annotated Flickr-SoundNet pairs and the agreement of annotators.
.. [2] H. Chen et al., "Localizing visual sounds the hard way", CVPR 2021: VGG-SS.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from hearsight.errors import InputError

SIZE = 224  # pixels a side at which the published tables compare maps with boxes

FractionBox = tuple[float, float, float, float]


class Truth(Protocol):
    """What is known of where in a picture the sound comes from: boxes, or a mask."""

    def to_map(self, size: int = ..., *, wrap_negative: bool = ...) -> NDArray[np.float32]:
        """Draw it into a square picture; see `SoundingBoxes.to_map`."""

    def is_usable(self, size: int = ...) -> tuple[bool, ...]:
        """Tell of each of its parts whether it marks a pixel."""


@dataclass(frozen=True)
class SoundingBoxes:
    """The boxes around what sounds in one picture.

    Parameters
    ----------
    boxes : tuple of (xmin, ymin, xmax, ymax)
        Fractions of the picture; finite, else as published. May be empty.
    by_annotators : bool
        Whether each box is the opinion of one annotator (Flickr-SoundNet): what two agree on counts
        1, what only one says 0.5. Otherwise all boxes hold and make one area (VGG-SS).

    Raises
    ------
    InputError
        If a box has not four finite coordinates.
    """

    boxes: tuple[FractionBox, ...]
    by_annotators: bool = False

    def __post_init__(self) -> None:
        for box in self.boxes:
            if len(box) != 4 or not np.isfinite(box).all():
                msg = f"a box must be four finite numbers xmin, ymin, xmax, ymax, got {box}"
                raise InputError(msg)

    def to_map(self, size: int = SIZE, *, wrap_negative: bool = False) -> NDArray[np.float32]:
        """Draw the boxes into a square picture.

        Parameters
        ----------
        size : int
            Pixels a side. A corner falls on the pixel that its coordinate lies in; the right and
            lower edges are not part of a box.
        wrap_negative : bool
            Let negative coordinates count from the far side, as the published readers of
            Flickr-SoundNet do, instead of cutting the box at the edge.

        Returns
        -------
        ndarray of float32, shape (size, size)
            1 where the sound comes from, 0 elsewhere, 0.5 where annotators do not agree.

        Examples
        --------
        >>> left, upper = (0.0, 0.0, 0.5, 1.0), (0.0, 0.0, 1.0, 0.5)
        >>> SoundingBoxes((left, upper), by_annotators=True).to_map(2)
        array([[1. , 0.5],
               [0.5, 0. ]], dtype=float32)
        """
        votes = np.zeros((size, size), dtype=np.float32)
        for left, top, right, bottom in self._pixels(size, wrap_negative=wrap_negative):
            votes[top:bottom, left:right] += 1.0
        return np.minimum(votes / 2.0 if self.by_annotators else votes, np.float32(1.0))

    def is_usable(self, size: int = SIZE) -> tuple[bool, ...]:
        """Tell of each box whether it marks a pixel.

        Parameters
        ----------
        size : int
            Pixels a side.

        Examples
        --------
        >>> SoundingBoxes(((0.2, 0.2, 0.7, 0.9), (0.2, 0.3, -2.9e16, -2.9e16))).is_usable()
        (True, False)
        """
        return tuple(
            left < min(right, size) and top < min(bottom, size)
            for left, top, right, bottom in self._pixels(size, wrap_negative=False)
        )

    def _pixels(self, size: int, *, wrap_negative: bool) -> list[list[int]]:
        # int() cuts towards 0, as all published readers do.
        pixels = [[int(size * value) for value in box] for box in self.boxes]
        return pixels if wrap_negative else [[max(value, 0) for value in box] for box in pixels]
