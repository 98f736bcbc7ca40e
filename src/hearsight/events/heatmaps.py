"""`HeatMap`: where in the picture, or on the sphere, sound comes from, frame by frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from hearsight.errors import InputError, nearest
from hearsight.events.events import Box
from hearsight.spatial.projection import Projection

HeatMapKind = Literal["acoustic", "synchrony", "similarity", "attention", "combined"]
HEATMAP_KINDS: tuple[HeatMapKind, ...] = get_args(HeatMapKind)


@dataclass(frozen=True, eq=False)
class HeatMap:
    """Evidence for sound per place and time.

    Parameters
    ----------
    values : ndarray of float16 or float32, shape (frames, height, width)
        In [0, 1]; 0 everywhere in a frame means that nothing was found there. May be a memory map.
    times : ndarray, shape (frames,)
        Beginning of each frame in seconds, increasing.
    kind : {"acoustic", "synchrony", "similarity", "attention", "combined"}
        From where sound arrives; what moves with it; what a trained system finds like it; where
        one looks to label it; the first weighed by one of the others.
    projection : Projection
        Of the original picture (its width and height in pixels), which the map's cells divide
        evenly. An acoustic map without a picture is equirectangular.
    """

    values: NDArray[np.floating]
    times: NDArray[np.float64]
    kind: HeatMapKind
    projection: Projection

    def __post_init__(self) -> None:
        if self.kind not in HEATMAP_KINDS:
            msg = f"unknown kind of heat map {self.kind!r}; {nearest(self.kind, HEATMAP_KINDS)}"
            raise InputError(msg)
        if self.values.ndim != 3 or 0 in self.values.shape[1:]:
            msg = f"values must have shape (frames, height, width), got {self.values.shape}"
            raise InputError(msg)
        if self.times.shape != (len(self.values),):
            msg = f"times must have shape ({len(self.values)},), got {self.times.shape}"
            raise InputError(msg)
        if not np.isfinite(self.times).all() or (np.diff(self.times) <= 0.0).any():
            msg = "times must be finite and increasing"
            raise InputError(msg)
        # Block by block, so that a memory map of hours is not read into memory at once.
        for start in range(0, len(self.values), 1024):
            block = self.values[start : start + 1024]
            if not ((block >= 0.0) & (block <= 1.0)).all():
                msg = "values must lie in [0, 1]; scale them before"
                raise InputError(msg)

    @property
    def is_empty(self) -> bool:
        """Whether nothing was found anywhere."""
        return not self.values.any()

    def boxes(self, frame: int, threshold: float = 0.5) -> list[tuple[Box, float]]:
        """Return the boxes around what lies above a threshold in one frame.

        Parameters
        ----------
        frame : int
            Index into `times`.
        threshold : float
            In (0, 1]; cells with at least this value count.

        Returns
        -------
        list of (box, score)
            As from `boxes_above`, in pixels of the original picture.
        """
        _, height, width = self.values.shape
        x, y = self.projection.width / width, self.projection.height / height
        is_panorama = self.projection.kind == "equirectangular"
        cells = boxes_above(self.values[frame], threshold, is_panorama=is_panorama)
        return [
            ((left * x, top * y, wide * x, high * y), score)
            for (left, top, wide, high), score in cells
        ]


def boxes_above(
    values: NDArray[np.floating], threshold: float = 0.5, *, is_panorama: bool = False
) -> list[tuple[Box, float]]:
    """Find the connected regions at or above a threshold and the boxes around them.

    Parameters
    ----------
    values : ndarray, shape (height, width)
        One frame of a heat map, in [0, 1].
    threshold : float
        In (0, 1].
    is_panorama : bool
        Whether the left and right edges meet, as in a 360-degree picture. A region across the seam
        then gives one box whose left + width is greater than the picture's width.

    Returns
    -------
    list of (box, score)
        Left, top, width, height in cells, and the greatest value within; highest score first.
        Cells that touch only by a corner belong together.

    Raises
    ------
    InputError
        If the threshold or the shape is wrong.

    Examples
    --------
    >>> boxes_above(np.array([[0.9, 0.0, 0.0, 0.7]]), is_panorama=True)
    [((3.0, 0.0, 2.0, 1.0), 0.9)]
    """
    if values.ndim != 2:
        msg = f"values must have shape (height, width), got {values.shape}; give one frame"
        raise InputError(msg)
    if not 0.0 < threshold <= 1.0:
        msg = f"threshold must lie in (0, 1], got {threshold}"
        raise InputError(msg)
    if not (values >= threshold).any():
        return []
    from scipy import ndimage  # slow to import, and most users of heat maps draw no boxes

    regions, _ = ndimage.label(values >= threshold, structure=np.ones((3, 3)))
    if is_panorama:
        _join_across_seam(regions)
    found = []
    for index in np.unique(regions[regions > 0]):
        inside = regions == index
        rows, columns = (np.flatnonzero(inside.any(axis=axis)) for axis in (1, 0))
        left, wide = _span(columns, values.shape[1], is_panorama=is_panorama)
        box = (float(left), float(rows[0]), float(wide), float(np.ptp(rows) + 1))
        found.append((box, float(values[inside].max())))
    return sorted(found, key=lambda item: (-item[1], item[0]))


def _join_across_seam(regions: NDArray[np.integer]) -> None:
    """Give regions that touch over the left and right edge the same number, in place."""
    for row in np.flatnonzero(regions[:, 0]):
        own = regions[row, 0]
        for neighbor in set(regions[max(row - 1, 0) : row + 2, -1].tolist()) - {0, own}:
            regions[regions == neighbor] = own


def _span(columns: NDArray[np.intp], width: int, *, is_panorama: bool) -> tuple[int, int]:
    """Return first column and width of the shortest stretch that holds all columns."""
    if not is_panorama or len(columns) == width:
        return int(columns[0]), int(np.ptp(columns)) + 1
    gaps = np.diff(np.append(columns, columns[0] + width))
    widest = int(gaps.argmax())
    return int(columns[(widest + 1) % len(columns)]), width - int(gaps[widest]) + 1
