"""First-order Ambisonics: encoding, channel orders and normalizations.

Inside hearsight FOA is always ACN order `W, Y, Z, X` with SN3D gains (AmbiX): a plane wave from
the unit vector (x, y, z) has the gains 1, y, z, x.
"""

from __future__ import annotations

import math
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hearsight.errors import InputError
from hearsight.spatial.directions import check_vectors

Normalization = Literal["sn3d", "n3d", "fuma"]
NORMALIZATIONS: tuple[Normalization, ...] = get_args(Normalization)

FOA_CHANNELS = ("W", "Y", "Z", "X")


def encode_foa(directions: ArrayLike) -> NDArray[np.float64]:
    """Return the gains with which a plane wave from each direction enters W, Y, Z, X.

    Parameters
    ----------
    directions : array_like, shape (..., 3)
        Unit vectors.

    Returns
    -------
    ndarray, shape (..., 4)
        SN3D gains in ACN order.

    Examples
    --------
    >>> encode_foa([0, 1, 0]).tolist()
    [1.0, 1.0, 0.0, 0.0]
    """
    xyz = check_vectors(directions)
    ones = np.ones(xyz.shape[:-1])
    return np.stack([ones, xyz[..., 1], xyz[..., 2], xyz[..., 0]], axis=-1)


def gains_to_sn3d(normalization: Normalization) -> NDArray[np.float64]:
    """Return the factors for W, Y, Z, X that turn a normalization into SN3D.

    FuMa carries W 3 dB down; its first-order X, Y, Z have SN3D's gains. N3D carries the
    first-order channels sqrt(3) up.

    Returns
    -------
    ndarray, shape (4,)

    Examples
    --------
    >>> gains_to_sn3d("fuma").round(3).tolist()
    [1.414, 1.0, 1.0, 1.0]
    """
    first_order = 1.0 / np.sqrt(3.0) if normalization == "n3d" else 1.0
    omnidirectional = np.sqrt(2.0) if normalization == "fuma" else 1.0
    return np.array([omnidirectional, first_order, first_order, first_order])


def turn_foa(foa: NDArray[np.floating], angle: float) -> NDArray[np.floating]:
    """Turn a sound field about the vertical axis.

    Parameters
    ----------
    foa : ndarray of float, shape (4, ...)
        W, Y, Z, X; the first-order channels may have any normalization.
    angle : float
        Degrees by which the azimuth of every source grows.

    Returns
    -------
    ndarray, shape (4, ...)
        Of the same type.

    Raises
    ------
    InputError
        If there are not four channels.

    Examples
    --------
    >>> turn_foa(encode_foa([1, 0, 0]), 90).round(12).tolist()  # from the front to the left
    [1.0, 1.0, 0.0, 0.0]
    """
    if foa.shape[:1] != (4,):
        msg = f"foa must have shape (4, ...): W, Y, Z, X; got {foa.shape}"
        raise InputError(msg)
    w, y, z, x = foa
    cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    return np.stack([w, cos * y + sin * x, z, cos * x - sin * y])
