"""Where a picture moves: energy of the differences between pictures, in cells.

Row i compares picture i with picture i - 1; row 0 is zero. What changes the whole picture does not
count: a common gain (flicker, exposure) is divided out, and differences as small as most of the
picture shows (sensor noise, compression, slow pans) are taken off. At a camera cut nothing is
compared; it is reported. A picture that repeats the one before to the last bit has been put in to
reach a frame rate: it keeps the motion measured before, for a few pictures.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hearsight.errors import InputError

CELL_PX = 4
"""Height and width of a cell in analysis pixels."""

ANALYSIS_SIZE = (80, 160)
"""Height and width to which pictures of any shape are shrunk: 20 x 40 cells."""

_NOISE_FACTOR = 2.5
"""Differences below this many standard deviations of the frame's noise do not count."""

_CUT_CHANGE = 4.0
"""Half of the picture changing by more than this (of 255) may be a cut ..."""

_CUT_RATIO = 4.0
"""... if it is this many times more than usual."""

_MAX_REPEATS = 3
"""A picture shown more often than this rests."""

_OFFSET = 8.0
"""Keeps ratios of dark pixels finite; of 255."""


def shrink_to_gray(
    frames: NDArray[np.uint8], size: tuple[int, int] = ANALYSIS_SIZE
) -> NDArray[np.float32]:
    """Average pictures down to a small gray size.

    Parameters
    ----------
    frames : ndarray of uint8, shape (frames, 3, height, width)
    size : (int, int)
        Height and width of the result.

    Returns
    -------
    ndarray of float32, shape (frames, *size)
        Luma in [0, 255].
    """
    if frames.ndim != 4 or frames.shape[1] != 3:
        msg = f"frames must have shape (frames, 3, height, width), got {frames.shape}"
        raise InputError(msg)
    shrunk = np.empty((len(frames), *size), dtype=np.float32)
    for i, frame in enumerate(frames):
        red, green, blue = frame.astype(np.uint16)
        gray = red * 77 + green * 150 + blue * 29  # sums to 256: stays below 2 ** 16
        shrunk[i] = _average(_average(gray.astype(np.float32), size[0], 0), size[1], 1) / 256.0
    return shrunk


def _average(picture: NDArray[np.float32], length: int, axis: int) -> NDArray[np.float32]:
    """Average along an axis to a given length; a picture that is too small is repeated."""
    edges = np.arange(length + 1) * picture.shape[axis] // length
    counts = np.diff(edges)
    if (counts == 0).any():
        return np.take(picture, np.arange(length) * picture.shape[axis] // length, axis=axis)
    shape = [1, 1]
    shape[axis] = length
    sums = np.add.reduceat(picture, edges[:-1], axis=axis)
    return sums / counts.reshape(shape).astype(np.float32)


class MotionMeter:
    """Measure motion energy, block by block."""

    def __init__(self) -> None:
        self._previous: NDArray[np.float32] | None = None
        self._usual = 0.0
        self._latest: NDArray[np.float32] | None = None
        self._repeats = 0

    def push(
        self, frames: NDArray[np.float32] | NDArray[np.uint8]
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Take the next pictures.

        Parameters
        ----------
        frames : ndarray, shape (frames, height, width)
            Gray in [0, 255], all of one size, which cells of 4 x 4 pixels divide evenly.

        Returns
        -------
        energy : ndarray of float32, shape (frames, height / 4, width / 4)
            Mean absolute difference above the noise, of 255.
        is_cut : ndarray of bool, shape (frames,)
            Whether the picture shows another view than the one before.

        Raises
        ------
        InputError
            If the shape is another one.
        """
        if frames.ndim != 3 or frames.shape[1] % CELL_PX or frames.shape[2] % CELL_PX:
            msg = f"frames must have shape (frames, 4 * rows, 4 * columns), got {frames.shape}"
            raise InputError(msg)
        rows, columns = frames.shape[1] // CELL_PX, frames.shape[2] // CELL_PX
        energy = np.zeros((len(frames), rows, columns), dtype=np.float32)
        is_cut = np.zeros(len(frames), dtype=bool)
        for i, picture in enumerate(frames):
            frame = picture.astype(np.float32) + np.float32(_OFFSET)
            if self._previous is not None:
                if self._previous.shape != frame.shape:
                    msg = f"frames changed their size from {self._previous.shape} to {frame.shape}"
                    raise InputError(msg)
                energy[i], is_cut[i] = self._measure(frame, self._previous)
            self._previous = frame
        return energy, is_cut

    def _measure(
        self, frame: NDArray[np.float32], previous: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], bool]:
        if np.array_equal(frame, previous):
            self._repeats += 1
            if self._latest is None or self._repeats > _MAX_REPEATS:
                shape = frame.shape[0] // CELL_PX, frame.shape[1] // CELL_PX
                return np.zeros(shape, dtype=np.float32), False
            return self._latest, False
        self._repeats = 0
        self._latest, is_cut = self._compare(frame, previous)
        return self._latest, is_cut

    def _compare(
        self, frame: NDArray[np.float32], previous: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], bool]:
        gain = np.median(frame / previous)
        difference = np.abs(frame - gain * previous)
        typical = float(np.median(difference))
        is_cut = typical > max(_CUT_CHANGE, _CUT_RATIO * self._usual)
        if is_cut:
            difference = np.zeros_like(difference)
        else:
            self._usual += 0.1 * (typical - self._usual)
        # For normal noise the standard deviation is 1.48 times the median deviation.
        above = np.maximum(difference - np.float32(_NOISE_FACTOR * 1.4826 * typical), 0.0)
        rows, columns = frame.shape[0] // CELL_PX, frame.shape[1] // CELL_PX
        return above.reshape(rows, CELL_PX, columns, CELL_PX).mean(axis=(1, 3)), is_cut


def measure_motion(
    frames: NDArray[np.float32] | NDArray[np.uint8],
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Measure the motion of a whole video (see `MotionMeter.push`)."""
    return MotionMeter().push(frames)
