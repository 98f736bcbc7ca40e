"""Bringing what is heard and what is seen together: maps of direction and of synchrony, and boxes.

The acoustic map says from where sound arrives, the synchrony map where the picture moves with it.
In the picture the first is weighed by the second: a place counts fully where both agree, and by
`UNSEEN` where nothing moves. Where synchrony found nothing the acoustic map stands alone.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hearsight.events.heatmaps import boxes_above
from hearsight.models.spectrum import GRID_HEIGHT, GRID_WIDTH
from hearsight.spatial.projection import Projection

UNSEEN = 0.35
"""What is left of acoustic evidence at a place that does not move while others do."""

_NEAR_DEG = 15.0
_SPAN = 5


class Resampling:
    """Reading maps at other places, bilinearly; panoramas continue across their seam.

    Parameters
    ----------
    rows, columns : array_like, shape (height, width)
        Places to read, in cells of the source; cell centers lie at whole numbers.
    source_shape : (int, int)
        Height and width of the maps that are read.
    wraps : bool
        Whether the source's left and right edges meet.
    """

    def __init__(
        self, rows: ArrayLike, columns: ArrayLike, source_shape: tuple[int, int], *, wraps: bool
    ) -> None:
        height, width = source_shape
        y = np.clip(np.asarray(rows, float), 0.0, height - 1.0)
        x = np.asarray(columns, float)
        x = np.mod(x, width) if wraps else np.clip(x, 0.0, width - 1.0)
        top, left = np.floor(y).astype(int), np.floor(x).astype(int)
        bottom = np.minimum(top + 1, height - 1)
        right = (left + 1) % width if wraps else np.minimum(left + 1, width - 1)
        left = left % width
        down, across = y - top, x - np.floor(x)
        self._cells = [top * width + left, top * width + right]
        self._cells += [bottom * width + left, bottom * width + right]
        weights = [(1 - down) * (1 - across), (1 - down) * across, down * (1 - across)]
        self._weights = [w.astype(np.float32) for w in (*weights, down * across)]

    def __call__(self, maps: NDArray[np.floating]) -> NDArray[np.float32]:
        """Read maps of shape (frames, *source_shape)."""
        flat = np.asarray(maps, np.float32).reshape(len(maps), -1)
        parts = [w * flat[:, c] for w, c in zip(self._weights, self._cells, strict=True)]
        return np.asarray(sum(parts), dtype=np.float32)


def sphere_to_picture(projection: Projection, shape: tuple[int, int]) -> Resampling:
    """Return how to read maps on the directional grid at the cells of a picture.

    Parameters
    ----------
    projection : Projection
        With directions.
    shape : (int, int)
        Rows and columns of cells into which the picture is divided.
    """
    sphere = Projection("equirectangular", GRID_WIDTH, GRID_HEIGHT)
    places = sphere.to_pixels(projection.grid(*shape)) - 0.5
    return Resampling(places[..., 1], places[..., 0], (GRID_HEIGHT, GRID_WIDTH), wraps=True)


def between_grids(source: tuple[int, int], target: tuple[int, int], *, wraps: bool) -> Resampling:
    """Return how to read maps divided into `source` cells at the centers of `target` cells."""
    rows = (np.arange(target[0]) + 0.5) * source[0] / target[0] - 0.5
    columns = (np.arange(target[1]) + 0.5) * source[1] / target[1] - 0.5
    return Resampling(*np.meshgrid(rows, columns, indexing="ij"), source, wraps=wraps)


def combine(acoustic: NDArray[np.floating], visual: NDArray[np.floating]) -> NDArray[np.float32]:
    """Weigh what is heard by what is seen.

    Parameters
    ----------
    acoustic, visual : ndarray, shape (frames, height, width)
        In [0, 1].

    Returns
    -------
    ndarray of float32, shape (frames, height, width)
        In [0, 1]; the acoustic map itself in frames where nothing is seen.
    """
    seen = np.asarray(visual, np.float32)
    strongest = seen.max(axis=(1, 2), keepdims=True)
    agreement = np.divide(seen, strongest, out=np.ones_like(seen), where=strongest > 1e-3)
    return np.asarray(acoustic, np.float32) * (UNSEEN + (1.0 - UNSEEN) * agreement)


def boxes_of_track(
    frames: NDArray[np.int64],
    directions: NDArray[np.float64] | None,
    maps: NDArray[np.floating],
    projection: Projection,
    *,
    threshold: float | None = None,
) -> NDArray[np.float64]:
    """Find the thing in the picture that belongs to a track, frame by frame.

    Parameters
    ----------
    frames : ndarray of int, shape (n,)
        Label frames of the track.
    directions : ndarray, shape (n, 3), optional
        Unit vectors; a thing must be seen within 15 degrees of its direction. None takes the
        thing that fits the sound best.
    maps : ndarray, shape (labels, rows, columns)
        Where something in the picture moves with the sound, or is like it.
    projection : Projection
        With directions if `directions` are given.
    threshold : float, optional
        What the map reaches within a box. Default: half of its greatest value, smoothed over a
        second.

    Returns
    -------
    ndarray, shape (n, 4)
        Left, top, width, height in pixels; NaN where no such thing is seen.
    """
    rows, columns = maps.shape[1:]
    scale = np.array([projection.width / columns, projection.height / rows] * 2)
    is_panorama = projection.kind == "equirectangular"
    span = _SPAN if threshold is None else 0
    found = np.full((len(frames), 4), np.nan)
    for row, frame in enumerate(frames):
        near = np.asarray(maps[max(0, frame - span) : frame + span + 1], np.float32)
        mean = near.mean(axis=0) if len(near) else np.zeros((rows, columns), np.float32)
        if mean.max() < 0.05:
            continue
        level = 0.5 * float(mean.max()) if threshold is None else threshold
        for box, _ in boxes_above(mean, level, is_panorama=is_panorama):
            pixels = np.array(box) * scale
            if directions is None or _is_near(pixels, directions[row], projection):
                found[row] = pixels
                break
    return found


def _is_near(
    box: NDArray[np.float64], direction: NDArray[np.float64], projection: Projection
) -> bool:
    """Tell whether the place in a box that is nearest to a direction is near enough."""
    pixel = projection.to_pixels(direction)
    if np.isnan(pixel).any():
        return False
    low, size = box[:2], box[2:]
    if projection.kind == "equirectangular" and pixel[0] < low[0] - 0.5 * projection.width:
        pixel = pixel + np.array([projection.width, 0.0])
    nearest = projection.to_directions(np.clip(pixel, low, low + size))
    return float(nearest @ direction) >= float(np.cos(np.deg2rad(_NEAR_DEG)))
