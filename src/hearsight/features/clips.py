"""What stands for a clip where systems look for audio-visual events: vectors, second by second.

A clip is a short video, cut into segments of one second. Each has a map of vectors of what is seen,
channels last as the published features of AVE are stored, and one vector of what is heard.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hearsight.errors import InputError

SEGMENT_S = 1.0
"""How long a segment lasts, in seconds."""

PICTURES_PER_SEGMENT = 16
"""As many as the published features are averages of."""


def segment_count(duration: float) -> int:
    """Return how many segments a recording of some seconds has, at least one.

    Examples
    --------
    >>> [segment_count(duration) for duration in (0.2, 2.4, 2.5, 3.5)]  # half of a last one is one
    [1, 2, 3, 4]
    """
    return max(1, math.floor(duration / SEGMENT_S + 0.5))


@dataclass(frozen=True, eq=False)
class ClipFeatures:
    """The features of a clip's segments.

    Parameters
    ----------
    video : ndarray of float32, shape (segments, rows, columns, channels), optional
        None of what has no picture. Rows from the top down, columns from left to right.
    audio : ndarray of float32, shape (segments, channels), optional
        None of a silent film.

    Raises
    ------
    InputError
        If there is neither, a shape is another one, or they have not equally many segments.
    """

    video: NDArray[np.float32] | None = None
    audio: NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        given = [array for array in (self.video, self.audio) if array is not None]
        if not given:
            msg = "ClipFeatures need video, audio or both, got neither"
            raise InputError(msg)
        for name, array, axes in (("video", self.video, 4), ("audio", self.audio, 2)):
            if array is not None and (array.ndim != axes or 0 in array.shape):
                expected = "(segments, channels)"
                if axes == 4:
                    expected = "(segments, rows, columns, channels)"
                msg = f"{name} must have shape {expected}, none of them 0, got {array.shape}"
                raise InputError(msg)
        if len(given[0]) != len(given[-1]):
            msg = (
                f"video has {len(given[0])} segments and audio {len(given[-1])}; cut both to the "
                "same seconds"
            )
            raise InputError(msg)

    @property
    def n_segments(self) -> int:
        """How many seconds the clip has."""
        array = self.video if self.video is not None else self.audio
        assert array is not None
        return len(array)
