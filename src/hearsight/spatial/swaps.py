"""Rotations and reflections that map the axes onto one another: channel swaps.

They only permute the channels of a recording and turn signs, so that a recording heard from
another side is exact, costs nothing and needs no second copy. `FOA_SWAPS` are the 16 that keep the
vertical axis vertical, `AXIS_SWAPS` all 48, `MIC_SWAPS` the 8 that map the tetrahedral array of
STARSS23 onto itself; those are also the eight of audio channel swapping [2]_, with or without
pictures.

References
----------
.. [1] L. Mazzon, Y. Koizumi, M. Yasuda and N. Harada, "First order Ambisonics domain spatial
   augmentation for DNN-based direction of arrival estimation", DCASE workshop 2019.
.. [2] Q. Wang et al., "A four-stage data augmentation approach to ResNet-Conformer based acoustic
   modeling for sound event localization and detection", IEEE/ACM TASLP 31, 2023.
"""

from __future__ import annotations

import functools
import itertools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hearsight.errors import InputError
from hearsight.spatial.arrays import tetrahedron
from hearsight.spatial.directions import check_vectors, to_angles, to_vectors

_SAME_PLACE_M = 1e-4


@dataclass(frozen=True)
class Swap:
    """What happens to the axes: everything heard from (x, y, z) comes from elsewhere.

    Swaps form a group: `(a @ b)` is first `b`, then `a`.

    Parameters
    ----------
    axes : (int, int, int)
        Which old axes the new x, y, z are taken from: a permutation of 0, 1, 2.
    signs : (int, int, int)
        The signs, 1 or -1, that the new x, y, z are multiplied with.

    Raises
    ------
    InputError
        If `axes` is no permutation or a sign is neither 1 nor -1.

    Examples
    --------
    A quarter turn to the left: the front comes to lie on the left.

    >>> quarter = Swap((1, 0, 2), (-1, 1, 1))
    >>> quarter.directions([1.0, 0.0, 0.0]).tolist()
    [0.0, 1.0, 0.0]
    >>> quarter @ quarter
    Swap(axes=(0, 1, 2), signs=(-1, -1, 1))
    """

    axes: tuple[int, int, int] = (0, 1, 2)
    signs: tuple[int, int, int] = (1, 1, 1)

    def __post_init__(self) -> None:
        if sorted(self.axes) != [0, 1, 2] or any(abs(sign) != 1 for sign in self.signs):
            msg = (
                f"a swap needs axes that permute 0, 1, 2 and signs of 1 or -1, got {self.axes} and "
                f"{self.signs}"
            )
            raise InputError(msg)

    def __matmul__(self, first: Swap) -> Swap:
        x, y, z = (first.axes[axis] for axis in self.axes)
        signs = [sign * first.signs[axis] for axis, sign in zip(self.axes, self.signs, strict=True)]
        return Swap((x, y, z), (signs[0], signs[1], signs[2]))

    @property
    def inverse(self) -> Swap:
        """The swap that undoes this one."""
        x, y, z = (self.axes.index(axis) for axis in range(3))
        return Swap((x, y, z), (self.signs[x], self.signs[y], self.signs[z]))

    @property
    def is_upright(self) -> bool:
        """Whether the vertical axis stays vertical; up may still become down."""
        return self.axes[2] == 2

    def directions(self, vectors: ArrayLike) -> NDArray[np.float64]:
        """Return where sounds from these directions come from afterwards.

        Parameters
        ----------
        vectors : array_like, shape (..., 3)
            Of any length.

        Returns
        -------
        ndarray, shape (..., 3)
        """
        # Adding 0 turns -0, whose azimuth would be 180 degrees, into 0.
        return check_vectors(vectors)[..., self.axes] * self.signs + 0.0

    def angles(
        self, azimuth: ArrayLike, elevation: ArrayLike
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return `directions` as azimuth and elevation in degrees, shapes broadcast."""
        return to_angles(self.directions(to_vectors(azimuth, elevation)))

    @functools.cached_property
    def foa_order(self) -> NDArray[np.intp]:
        """Which of W, Y, Z, X the new ones are taken from, shape (4,)."""
        x, y, z = (_ACN[axis] for axis in self.axes)
        return np.array([0, y, z, x])

    @functools.cached_property
    def foa_signs(self) -> NDArray[np.int8]:
        """The signs of the new W, Y, Z, X, shape (4,)."""
        x, y, z = self.signs
        return np.array([1, y, z, x], dtype=np.int8)

    def foa(self, waveform: NDArray[np.floating]) -> NDArray[np.floating]:
        """Swap the channels of Ambisonics.

        Parameters
        ----------
        waveform : ndarray, shape (..., 4, samples)
            W, Y, Z, X.

        Returns
        -------
        ndarray, of the shape and type of `waveform`
        """
        return waveform[..., self.foa_order, :] * self.foa_signs[:, None]

    def microphone_order(self, positions: ArrayLike | None = None) -> NDArray[np.intp]:
        """Return which microphone each one hears like afterwards: `waveform[..., order, :]`.

        Parameters
        ----------
        positions : array_like, shape (microphones, 3), optional
            Metres; default: the tetrahedral array of STARSS23.

        Returns
        -------
        ndarray of int, shape (microphones,)

        Raises
        ------
        InputError
            If the swap does not map the array onto itself.
        """
        places = check_vectors(tetrahedron() if positions is None else positions)
        # Who now stands at p hears what was heard where p comes from.
        apart = np.linalg.norm(self.inverse.directions(places)[:, None] - places, axis=-1)
        if (apart.min(axis=1) > _SAME_PLACE_M).any():
            msg = f"{self} does not map the microphones onto one another; give one that does"
            raise InputError(msg)
        return apart.argmin(axis=1)

    def panorama(self, height: int, width: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Return which rows and columns an equirectangular picture shows afterwards.

        Parameters
        ----------
        height, width : int
            Of the picture in pixels; the width a multiple of 4.

        Returns
        -------
        rows : ndarray of int, shape (height, 1)
        columns : ndarray of int, shape (width,)
            For `picture[..., rows, columns]`. Pixels are only moved, never mixed.

        Raises
        ------
        InputError
            If the swap is not upright, or pixels would have to be mixed.
        """
        if not self.is_upright or width % 4:
            msg = (
                f"{self} cannot turn a panorama {width} pixels wide; give a swap that keeps the "
                "vertical axis and a width that is a multiple of 4"
            )
            raise InputError(msg)
        # azimuth -> turned * azimuth + offset, and columns count from 180 degrees downwards.
        is_mirrored = (self.axes[0] == 0) != (self.signs[0] == self.signs[1])
        offset, _ = to_angles(self.directions([1.0, 0.0, 0.0]))
        columns = np.arange(width) + round(float(offset) / 360.0 * width)
        rows = np.arange(height)
        columns = (width - 1 - columns if is_mirrored else columns) % width
        return (rows if self.signs[2] == 1 else rows[::-1])[:, None], columns


_ACN = (3, 1, 2)
"""The channels of Ambisonics that hold x, y, z."""

AXIS_SWAPS = tuple(
    Swap((x, y, z), (front, left, up))
    for x, y, z in itertools.permutations(range(3))
    for front, left, up in itertools.product((1, -1), repeat=3)
)
"""All 48; the first changes nothing."""

FOA_SWAPS = tuple(swap for swap in AXIS_SWAPS if swap.is_upright)
"""The 16 that keep the vertical axis: a quarter, half or no turn, with and without mirrors."""


# Each of its capsules lies where x y z > 0, and a swap multiplies x y z with all its signs.
MIC_SWAPS = tuple(swap for swap in FOA_SWAPS if math.prod(swap.signs) == 1)
"""The 8 that map the tetrahedral array of STARSS23 onto itself."""
