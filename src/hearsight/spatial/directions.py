"""Angles to unit vectors and back, angular distance, means of directions, grids on the sphere.

Azimuth lies in (-180, 180], elevation in [-90, 90] degrees; x front, y left, z up.
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hearsight.errors import InputError


def to_vectors(azimuth: ArrayLike, elevation: ArrayLike) -> NDArray[np.float64]:
    """Turn angles into unit vectors.

    Parameters
    ----------
    azimuth, elevation : array_like
        Degrees; shapes broadcast.

    Returns
    -------
    ndarray, shape (..., 3)
        x = cos(az)cos(el), y = sin(az)cos(el), z = sin(el).

    Examples
    --------
    >>> to_vectors(90, 0).round(12).tolist()
    [0.0, 1.0, 0.0]
    """
    azimuth_rad, elevation_rad = np.broadcast_arrays(
        np.deg2rad(np.asarray(azimuth, float)), np.deg2rad(np.asarray(elevation, float))
    )
    horizontal = np.cos(elevation_rad)
    return np.stack(
        [np.cos(azimuth_rad) * horizontal, np.sin(azimuth_rad) * horizontal, np.sin(elevation_rad)],
        axis=-1,
    )


def to_angles(vectors: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Turn vectors of any length into angles.

    Parameters
    ----------
    vectors : array_like, shape (..., 3)
        Need not be of unit length; the zero vector gives (0, 0).

    Returns
    -------
    azimuth, elevation : ndarray, shape (...)
        Degrees, azimuth in (-180, 180], elevation in [-90, 90].

    Raises
    ------
    InputError
        If the last axis is not of length 3.
    """
    xyz = check_vectors(vectors)
    azimuth = np.rad2deg(np.arctan2(xyz[..., 1], xyz[..., 0]))
    elevation = np.rad2deg(np.arctan2(xyz[..., 2], np.hypot(xyz[..., 0], xyz[..., 1])))
    return wrap_azimuth(azimuth), elevation


def check_vectors(vectors: ArrayLike) -> NDArray[np.float64]:
    """Return `vectors` as float64 after checking that the last axis holds x, y, z.

    Raises
    ------
    InputError
        If the last axis is not of length 3.
    """
    xyz = np.asarray(vectors, float)
    if xyz.ndim == 0 or xyz.shape[-1] != 3:
        msg = f"directions must have shape (..., 3), got {xyz.shape}; give x, y, z on the last axis"
        raise InputError(msg)
    return xyz


def wrap_azimuth(azimuth: ArrayLike) -> NDArray[np.float64]:
    """Bring azimuths in degrees into (-180, 180].

    Examples
    --------
    >>> wrap_azimuth([-180, 190, 360]).tolist()
    [180.0, -170.0, 0.0]
    """
    degrees = np.asarray(azimuth, float)
    wrapped = -(np.mod(-degrees + 180.0, 360.0) - 180.0)
    # A value a rounding error above -180 must not leave the half-open interval.
    return np.asarray(np.where(wrapped <= -180.0, 180.0, wrapped) + 0.0)


def angular_distance(a: ArrayLike, b: ArrayLike) -> NDArray[np.float64]:
    """Compute the great-circle angle between two sets of directions.

    Parameters
    ----------
    a, b : array_like, shape (..., 3)
        Unit vectors (x, y, z); leading axes broadcast.

    Returns
    -------
    ndarray, shape (...)
        Angle in degrees, in [0, 180]. Accurate at both ends, because it is taken from the
        tangent of the half angle and not from the arc cosine.

    Raises
    ------
    InputError
        If the last axis of `a` or `b` is not of length 3.

    Examples
    --------
    >>> float(angular_distance([1, 0, 0], [0, 1, 0]))
    90.0
    """
    first, second = check_vectors(a), check_vectors(b)
    apart = np.linalg.norm(first - second, axis=-1)
    together = np.linalg.norm(first + second, axis=-1)
    return np.asarray(np.rad2deg(2.0 * np.arctan2(apart, together)))


def mean_direction(vectors: ArrayLike, weights: ArrayLike | None = None) -> NDArray[np.float64]:
    """Average directions on the sphere.

    Parameters
    ----------
    vectors : array_like, shape (n, 3)
        Unit vectors, n >= 1.
    weights : array_like, shape (n,), optional
        Non-negative; default: equal.

    Returns
    -------
    ndarray, shape (3,)
        Unit vector. Where the directions cancel out, the first one is returned.
    """
    xyz = check_vectors(vectors)
    total = np.average(xyz, axis=0, weights=None if weights is None else np.asarray(weights, float))
    length = float(np.linalg.norm(total))
    return np.asarray(total / length if length > 1e-9 else xyz[0])


@functools.cache
def equirectangular_grid(height: int, width: int) -> NDArray[np.float64]:
    """Return the direction of every cell of an equirectangular picture.

    Column x of width W shows azimuth 180 - 360 (x + 0.5) / W, row y of height H shows elevation
    90 - 180 (y + 0.5) / H: the left edge is +180 degrees, the centre is the front.

    Parameters
    ----------
    height, width : int
        Size in cells.

    Returns
    -------
    ndarray, shape (height, width, 3)
        Unit vectors, read-only because the grid is cached.
    """
    azimuth = 180.0 - 360.0 * (np.arange(width) + 0.5) / width
    elevation = 90.0 - 180.0 * (np.arange(height) + 0.5) / height
    grid = to_vectors(azimuth[None, :], elevation[:, None])
    grid.flags.writeable = False
    return grid
