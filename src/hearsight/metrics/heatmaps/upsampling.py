"""Bringing maps of any size to that of the truth, in the four ways of the published evaluations.

`half_pixel` is the bilinear interpolation of OpenCV (centers of pixels on centers of pixels),
`bicubic` that of PyTorch (a = -0.75); with `aligned_` the outermost pixels of both grids lie on one
another. Computed in float64 and rounded to float32, so that what is equal in the small map stays
equal in the large one.
"""

from __future__ import annotations

import functools
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from hearsight.errors import InputError, nearest

Upsampling = Literal["half_pixel", "aligned", "bicubic", "aligned_bicubic"]
UPSAMPLINGS: tuple[Upsampling, ...] = get_args(Upsampling)


def upsample(
    values: NDArray[np.floating], size: int, how: Upsampling = "half_pixel"
) -> NDArray[np.float32]:
    """Interpolate maps to a square.

    Parameters
    ----------
    values : ndarray, shape (..., height, width)
        Larger maps shrink without smoothing; of a map of that size, nothing changes.
    size : int
        Pixels a side, at least 1.
    how : str
        `half_pixel`, `aligned`, `bicubic` or `aligned_bicubic`.

    Returns
    -------
    ndarray of float32, shape (..., size, size)

    Raises
    ------
    InputError
        If the way is unknown.

    Examples
    --------
    >>> upsample(np.array([[0.0, 1.0]]), 4)[0]
    array([0.  , 0.25, 0.75, 1.  ], dtype=float32)
    >>> upsample(np.array([[0.0, 1.0]]), 3, "aligned")[0]
    array([0. , 0.5, 1. ], dtype=float32)
    """
    if how not in UPSAMPLINGS:
        msg = f"unknown up-sampling {how!r}; {nearest(how, UPSAMPLINGS)}"
        raise InputError(msg)
    height, width = values.shape[-2:]
    rows, columns = _weights(height, size, how), _weights(width, size, how)
    return (rows @ values.astype(np.float64) @ columns.T).astype(np.float32)


@functools.lru_cache(maxsize=64)
def _weights(n_before: int, n_after: int, how: Upsampling) -> NDArray[np.float64]:
    """Return the matrix, shape (n_after, n_before), that interpolates along one axis."""
    after = np.arange(n_after)
    if how.startswith("aligned"):
        place = after * (n_before - 1) / max(n_after - 1, 1)
    else:
        place = (after + 0.5) * n_before / n_after - 0.5
    is_cubic = how.endswith("bicubic")
    if not is_cubic:
        place = np.clip(place, 0.0, n_before - 1.0)
    first = np.floor(place).astype(int)
    weights = np.zeros((n_after, n_before))
    for neighbor in (-1, 0, 1, 2) if is_cubic else (0, 1):
        distance = np.abs(place - first - neighbor)
        # Beyond the edge the outermost pixel goes on.
        source = np.clip(first + neighbor, 0, n_before - 1)
        weights[after, source] += _cubic(distance) if is_cubic else 1.0 - distance
    return weights


def _cubic(distance: NDArray[np.float64], a: float = -0.75) -> NDArray[np.float64]:
    """Return the weights of Keys' kernel at distances up to 2 pixels."""
    near = ((a + 2.0) * distance - (a + 3.0)) * distance**2 + 1.0
    far = ((a * distance - 5.0 * a) * distance + 8.0 * a) * distance - 4.0 * a
    return np.where(distance <= 1.0, near, far)
