"""Directions to pixels and back, for equirectangular and perspective pictures.

Pixel coordinates are continuous: the centre of the pixel in column c and row r is (c + 0.5,
r + 0.5), the picture spans [0, width] x [0, height], y points down.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hearsight.errors import InputError, nearest
from hearsight.spatial.directions import check_vectors, to_angles, to_vectors

ProjectionKind = Literal["equirectangular", "perspective"]
PROJECTIONS: tuple[ProjectionKind, ...] = get_args(ProjectionKind)


@dataclass(frozen=True)
class Projection:
    """How a picture shows directions.

    Parameters
    ----------
    kind : {"equirectangular", "perspective"}
        A 360-degree panorama, or an ordinary camera looking to the front.
    width, height : int
        Size of the picture in pixels.
    fov_deg : float, optional
        Horizontal field of view of a perspective camera, in (0, 180) degrees. None where it is
        not known: then directions and pixels cannot be tied together. Meaningless for
        equirectangular pictures.
    """

    kind: ProjectionKind
    width: int
    height: int
    fov_deg: float | None = None

    def __post_init__(self) -> None:
        if self.kind not in PROJECTIONS:
            msg = f"unknown projection {self.kind!r}; {nearest(str(self.kind), PROJECTIONS)}"
            raise InputError(msg)
        if self.width < 1 or self.height < 1:
            msg = f"a picture must be at least 1 x 1 pixel, got {self.width} x {self.height}"
            raise InputError(msg)
        if self.fov_deg is not None and not 0.0 < self.fov_deg < 180.0:
            msg = f"field of view must lie between 0 and 180 degrees, got {self.fov_deg:g}"
            raise InputError(msg)

    @property
    def has_directions(self) -> bool:
        """Whether pixels can be turned into directions."""
        return self.kind == "equirectangular" or self.fov_deg is not None

    def _focal_px(self) -> float:
        if self.fov_deg is None:
            msg = "a perspective picture has directions only with a field of view; give --fov"
            raise InputError(msg)
        return 0.5 * self.width / float(np.tan(np.deg2rad(0.5 * self.fov_deg)))

    def to_pixels(self, directions: ArrayLike) -> NDArray[np.float64]:
        """Project directions into the picture.

        Parameters
        ----------
        directions : array_like, shape (..., 3)
            Unit vectors.

        Returns
        -------
        ndarray, shape (..., 2)
            Column and row coordinates x, y in pixels. In a perspective picture directions
            behind the camera give NaN; those beside the picture lie outside its bounds.
        """
        xyz = check_vectors(directions)
        if self.kind == "equirectangular":
            azimuth, elevation = to_angles(xyz)
            column = (180.0 - azimuth) / 360.0 * self.width
            return np.stack([column, (90.0 - elevation) / 180.0 * self.height], axis=-1)
        focal = self._focal_px()
        depth = np.where(xyz[..., 0] > 1e-9, xyz[..., 0], np.nan)
        column = 0.5 * self.width - focal * xyz[..., 1] / depth
        return np.stack([column, 0.5 * self.height - focal * xyz[..., 2] / depth], axis=-1)

    def to_directions(self, pixels: ArrayLike) -> NDArray[np.float64]:
        """Turn pixel coordinates into unit vectors.

        Parameters
        ----------
        pixels : array_like, shape (..., 2)
            Column and row coordinates x, y.

        Returns
        -------
        ndarray, shape (..., 3)
        """
        xy = np.asarray(pixels, float)
        if self.kind == "equirectangular":
            return to_vectors(
                180.0 - 360.0 * xy[..., 0] / self.width, 90.0 - 180.0 * xy[..., 1] / self.height
            )
        focal = self._focal_px()
        rays = np.stack(
            [
                np.full(xy.shape[:-1], focal),
                0.5 * self.width - xy[..., 0],
                0.5 * self.height - xy[..., 1],
            ],
            axis=-1,
        )
        return np.asarray(rays / np.linalg.norm(rays, axis=-1, keepdims=True))

    def is_on_screen(self, directions: ArrayLike) -> NDArray[np.bool_]:
        """Tell which directions lie inside the picture.

        Parameters
        ----------
        directions : array_like, shape (..., 3)

        Returns
        -------
        ndarray of bool, shape (...)
        """
        pixels = self.to_pixels(directions)
        inside = (pixels >= 0.0) & (pixels <= np.array([self.width, self.height]))
        return np.asarray(inside.all(axis=-1))

    def grid(self, height: int, width: int) -> NDArray[np.float64]:
        """Return the direction of every cell when the picture is divided into height x width.

        Returns
        -------
        ndarray, shape (height, width, 3)
        """
        x = (np.arange(width) + 0.5) / width * self.width
        y = (np.arange(height) + 0.5) / height * self.height
        return self.to_directions(np.stack(np.meshgrid(x, y), axis=-1))
