"""What an ordinary camera would show of a panorama, and the pixels that it is made of.

Pixels are sampled where DCASE's stereo set samples them: the first and last column and row look
exactly along the edges of the field of view (in `Projection` they lie half a pixel inside).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from hearsight.errors import InputError
from hearsight.spatial.projection import Projection


@dataclass(frozen=True)
class PanoramaView:
    """A perspective picture that looks out of a panorama's middle along the horizon.

    Parameters
    ----------
    azimuth : float
        Where it looks, in degrees.
    width, height : int
        Size in pixels, each at least 2.
    fov_deg : float
        Horizontal field of view, in (0, 180) degrees.
    vertical_fov_deg : float, optional
        Default: what makes width and height equal scales.
    """

    azimuth: float
    width: int = 640
    height: int = 360
    fov_deg: float = 100.0
    vertical_fov_deg: float | None = None

    def __post_init__(self) -> None:
        if self.width < 2 or self.height < 2:
            msg = f"a view must be at least 2 x 2 pixels, got {self.width} x {self.height}"
            raise InputError(msg)
        for fov in (self.fov_deg, self.vertical_fov_deg):
            if fov is not None and not 0.0 < fov < 180.0:
                msg = f"field of view must lie between 0 and 180 degrees, got {fov:g}"
                raise InputError(msg)
        if not np.isfinite(self.azimuth):
            msg = f"azimuth of a view must be a number of degrees, got {self.azimuth}"
            raise InputError(msg)

    def directions(self) -> NDArray[np.float64]:
        """Return where each pixel looks: unit vectors, shape (height, width, 3)."""
        across = np.tan(np.deg2rad(0.5 * self.fov_deg))
        if self.vertical_fov_deg is None:
            up = across * self.height / self.width
        else:
            up = np.tan(np.deg2rad(0.5 * self.vertical_fov_deg))
        left, top = np.meshgrid(
            np.linspace(across, -across, self.width), np.linspace(up, -up, self.height)
        )
        turn = np.deg2rad(self.azimuth)
        cos, sin = np.cos(turn), np.sin(turn)
        rays = np.stack([cos - sin * left, sin + cos * left, top], axis=-1)
        return np.asarray(rays / np.linalg.norm(rays, axis=-1, keepdims=True))

    def sampling(self, width: int, height: int) -> Sampling:
        """Return how the view is made of a panorama of a size in pixels."""
        pixels = Projection("equirectangular", width, height).to_pixels(self.directions())
        # A pixel's value belongs to its centre, half a pixel inside it.
        return Sampling.at(pixels - 0.5, width, height)


@dataclass(frozen=True, eq=False)
class Sampling:
    """Bilinear interpolation in a panorama, whose left and right edges continue into each other.

    Parameters
    ----------
    size : tuple of int
        Width and height of the panorama.
    positions : ndarray, shape (..., 2)
        Column and row of each sample, counted from the centre of the first pixel.
    corners : ndarray of int, shape (4, ...)
        The four pixels around each sample, counted row by row.
    weights : ndarray of float32, shape (4, ...)
        What each of them contributes; they add to 1.
    """

    size: tuple[int, int]
    positions: NDArray[np.float64]
    corners: NDArray[np.intp]
    weights: NDArray[np.float32]

    @classmethod
    def at(cls, positions: NDArray[np.float64], width: int, height: int) -> Self:
        """Find the pixels around positions; above the first and below the last row, that row."""
        low = np.floor(positions)
        column_share, row_share = np.moveaxis(positions - low, -1, 0)
        column, row = np.moveaxis(low.astype(np.intp), -1, 0)
        corners, weights = [], []
        for down, row_weight in ((0, 1.0 - row_share), (1, row_share)):
            for right, column_weight in ((0, 1.0 - column_share), (1, column_share)):
                rows = np.clip(row + down, 0, height - 1)
                corners.append(rows * width + (column + right) % width)
                weights.append(row_weight * column_weight)
        return cls(
            (width, height), positions, np.stack(corners), np.stack(weights).astype(np.float32)
        )

    def __call__(self, panorama: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Sample a picture.

        Parameters
        ----------
        panorama : ndarray of uint8, shape (channels, height, width)

        Returns
        -------
        ndarray of uint8, shape (channels, ...)

        Raises
        ------
        InputError
            If it is not of the size that the sampling was made for.
        """
        if panorama.shape[-2:] != self.size[::-1]:
            msg = (
                f"panorama must be {self.size[0]} x {self.size[1]} pixels, got "
                f"{panorama.shape[-1]} x {panorama.shape[-2]}"
            )
            raise InputError(msg)
        pixels = panorama.reshape(len(panorama), -1)
        sampled = np.zeros((len(panorama), *self.corners.shape[1:]), np.float32)
        for corner, weight in zip(self.corners, self.weights, strict=True):
            sampled += weight * pixels.take(corner, axis=1)
        return np.rint(sampled).astype(np.uint8)
