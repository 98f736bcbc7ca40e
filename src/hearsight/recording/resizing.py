"""Pictures brought to another size as the original data sets were: to the last bit.

OpenCV interpolates 8-bit pictures in fixed point: weights of 11 bits, sums shortened on the way.
The same is done here in NumPy, so that records written by `datasets` equal those of the original.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hearsight.errors import InputError

_ONE = 2048
"""A weight of 1."""


def resize_bilinear(picture: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
    """Scale by linear interpolation between the centers of pixels, as OpenCV does.

    Pixels that become fewer are not averaged: fine patterns alias, as they did in the originals.

    Parameters
    ----------
    picture : ndarray of uint8, shape (..., height, width)
    height, width : int
        The new size in pixels, at least 1.

    Returns
    -------
    ndarray of uint8, shape (..., height, width)

    Raises
    ------
    InputError
        If the picture is not of bytes or has no pixels, or a length is below 1.
    """
    if picture.dtype != np.uint8 or picture.ndim < 2 or 0 in picture.shape:
        msg = (
            "picture must be uint8 of shape (..., height, width), none of them 0, got "
            f"{picture.dtype} of {picture.shape}"
        )
        raise InputError(msg)
    if height < 1 or width < 1:
        msg = f"height and width must be at least 1 pixel, got {height} and {width}"
        raise InputError(msg)
    left, right_weight = _positions(picture.shape[-1], width)
    # Beyond the outermost centers a row consists of the border alone, ...
    right_weight[(left < 0) | (left >= picture.shape[-1] - 1)] = 0
    columns = _neighbors(picture.shape[-1], left)
    first, second = (picture[..., column].astype(np.int32) for column in columns)
    rows = first * (_ONE - right_weight) + second * right_weight
    # ... while a column adds the border to itself, each part rounded down.
    top, lower_weight = _positions(picture.shape[-2], height)
    upper, lower = (
        ((rows[..., row, :] >> 4) * weight[:, None]) >> 16
        for row, weight in zip(
            _neighbors(picture.shape[-2], top), (_ONE - lower_weight, lower_weight), strict=True
        )
    )
    return ((upper + lower + 2) >> 2).astype(np.uint8)


def _positions(old: int, new: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return which old pixel lies before each new one, and the weight of the one behind it."""
    scale = 1.0 / (new / old)
    position = ((np.arange(new) + 0.5) * scale - 0.5).astype(np.float32)
    before = np.floor(position)
    return before.astype(np.int32), np.rint((position - before) * _ONE).astype(np.int32)


def _neighbors(length: int, before: NDArray[np.int32]) -> tuple[NDArray[np.int32], ...]:
    return before.clip(0, length - 1), (before + 1).clip(0, length - 1)
