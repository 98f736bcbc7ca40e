"""How a stored picture is turned and mirrored for display."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import av.video.frame
    from av.sidedata.sidedata import SideData


@dataclass(frozen=True)
class Orientation:
    """A picture's way from storage to display: turned first, then perhaps mirrored.

    Parameters
    ----------
    rotation : int
        Degrees counter-clockwise: 0, 90, 180 or 270.
    is_mirrored : bool
        Whether left and right are exchanged after turning.
    """

    rotation: int = 0
    is_mirrored: bool = False

    @property
    def swaps_sides(self) -> bool:
        """Whether the displayed width is the stored height."""
        return self.rotation in (90, 270)

    def apply(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Turn a picture for display.

        Parameters
        ----------
        picture : ndarray, shape (..., height, width)

        Returns
        -------
        ndarray
            Contiguous; the same array where nothing is to be done.
        """
        turned = np.rot90(picture, self.rotation // 90, axes=(-2, -1))
        return np.ascontiguousarray(turned[..., ::-1] if self.is_mirrored else turned)


def orientation(frame: av.video.frame.VideoFrame | None) -> Orientation:
    """Read the orientation that a decoded picture carries (its display matrix).

    Parameters
    ----------
    frame : VideoFrame or None
        None gives the stored orientation.

    Returns
    -------
    Orientation
        Rotations that are no multiple of 90 degrees are rounded to one.
    """
    if frame is None:
        return Orientation()
    matrix = side_data(frame, "DISPLAYMATRIX")
    if matrix is None:
        # Also where the pixels come with kinds of data unknown to PyAV, as in photos with EXIF.
        return Orientation(round(frame.rotation / 90.0) % 4 * 90)
    return _from_matrix(matrix)


def side_data(frame: av.video.frame.VideoFrame, name: str) -> bytes | None:
    """Return what a decoded picture carries beside its pixels.

    Parameters
    ----------
    frame : VideoFrame
    name : str
        FFmpeg's name of the kind of data, such as "SPHERICAL".

    Returns
    -------
    bytes or None
        None if there is no such data, or if it comes with kinds that PyAV does not know and
        therefore gives none at all.
    """
    try:
        data = frame.side_data.get(name)
    except ValueError:
        return None
    return bytes(cast("SideData", data)) if data is not None else None


def _from_matrix(data: bytes) -> Orientation:
    """Take the turn and the mirroring out of FFmpeg's 3 x 3 matrix of 32-bit integers.

    A stored point (p, q) is displayed at (a p + c q, b p + d q), y downwards, where the matrix
    begins a, b, u, c, d.
    """
    if len(data) < 36:
        return Orientation()
    a, b, _, c, d, *_ = struct.unpack("=9i", data[:36])
    is_mirrored = a * d - b * c < 0
    if is_mirrored:  # undo the mirroring, the last step, to see the turn alone
        a, c = -a, -c
    if a == b == 0:
        return Orientation()
    counter_clockwise = np.rad2deg(np.arctan2(-b, a))
    return Orientation(round(counter_clockwise / 90.0) % 4 * 90, is_mirrored)
