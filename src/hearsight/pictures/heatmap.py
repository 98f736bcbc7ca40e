"""Coloring heat maps and laying them over pictures.

A value v in [0, 1] is drawn in the color inferno(0.25 + 0.75 v), which is perceptually uniform and
readable with all common kinds of color blindness, with an opacity proportional to v: 0 leaves the
picture as it is, bit for bit.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hearsight.errors import InputError
from hearsight.events.heatmaps import HEATMAP_KINDS, HeatMap, HeatMapKind
from hearsight.events.scene import Scene

DEFAULT_OPACITY = 0.8
"""Opacity of the value 1: what lies under the hottest spot can still be made out."""

HEATMAP_TITLES: dict[HeatMapKind, str] = {
    "acoustic": "where sound comes from",
    "synchrony": "what moves with the sound",
    "similarity": "what is like the sound",
    "attention": "where it looks",
    "combined": "both together",
}
"""What each kind of map shows, in a person's words."""


@functools.cache
def color_table() -> NDArray[np.uint8]:
    """Return the color of each of 256 levels from 0 to 1.

    Returns
    -------
    ndarray of uint8, shape (256, 3)
        RGB, read-only.
    """
    import matplotlib as mpl

    rgba = mpl.colormaps["inferno"](0.25 + 0.75 * np.arange(256) / 255.0)
    table = np.asarray(np.round(255.0 * rgba[:, :3]), np.uint8)
    table.flags.writeable = False
    return table


def color_heatmap(values: ArrayLike, opacity: float = DEFAULT_OPACITY) -> NDArray[np.uint8]:
    """Color a map; its transparency says where there is nothing.

    Parameters
    ----------
    values : array_like, shape (height, width)
        In [0, 1]; values outside are clipped.
    opacity : float
        Of the value 1, in [0, 1].

    Returns
    -------
    ndarray of uint8, shape (height, width, 4)
        Red, green, blue, opacity.
    """
    level = np.clip(np.asarray(values, np.float32), 0.0, 1.0)
    index = np.round(255.0 * level).astype(np.uint8)
    alpha = np.round(255.0 * opacity * level).astype(np.uint8)
    return np.concatenate([color_table()[index], alpha[..., None]], axis=-1)


@dataclass(frozen=True, eq=False)
class Taps:
    """How one axis of a map is enlarged: each pixel is a sum of four weighted cells.

    Parameters
    ----------
    cells : ndarray of int, shape (4, pixels)
    weights : ndarray of float32, shape (4, pixels)
        The four of each pixel sum to one.
    """

    cells: NDArray[np.intp]
    weights: NDArray[np.float32]

    def __getitem__(self, pixels: slice) -> Taps:
        return Taps(self.cells[:, pixels], self.weights[:, pixels])

    def touched(self, is_used: NDArray[np.bool_]) -> NDArray[np.intp]:
        """Return the pixels to which any of the cells in use contributes."""
        return np.flatnonzero((is_used[self.cells] & (self.weights != 0.0)).any(axis=0))

    def stretch(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Enlarge the first axis of `values`, shape (cells, n), to shape (pixels, n)."""
        # Not a product of matrices: for such small ones BLAS' threads fight with the decoder's.
        stretched = self.weights[0, :, None] * values[self.cells[0]]
        for cells, weights in zip(self.cells[1:], self.weights[1:], strict=True):
            stretched += weights[:, None] * values[cells]
        return stretched


@functools.lru_cache(maxsize=32)
def interpolation_taps(cells: int, pixels: int, *, is_periodic: bool) -> Taps:
    """Return how an axis is enlarged from cells to pixels by cubic interpolation.

    Catmull-Rom weights: the values at the cells' centers are kept, so peaks stay what they are.

    Parameters
    ----------
    cells, pixels : int
    is_periodic : bool
        Whether the last cell is the neighbor of the first (the azimuth of a panorama).
    """
    position = (np.arange(pixels) + 0.5) * cells / pixels - 0.5
    left = np.floor(position).astype(np.intp)
    t = position - left
    weights = [
        ((-0.5 * t + 1.0) * t - 0.5) * t,
        (1.5 * t - 2.5) * t * t + 1.0,
        ((-1.5 * t + 2.0) * t + 0.5) * t,
        (0.5 * t - 0.5) * t * t,
    ]
    columns = left + np.arange(-1, 3)[:, None]
    columns = columns % cells if is_periodic else np.clip(columns, 0, cells - 1)
    return Taps(columns, np.array(weights, np.float32))


def enlarge(
    values: ArrayLike, height: int, width: int, *, is_panorama: bool
) -> NDArray[np.float32]:
    """Enlarge a map smoothly to the size of a picture.

    Parameters
    ----------
    values : array_like, shape (rows, columns)
        In [0, 1].
    height, width : int
        Pixels.
    is_panorama : bool
        Whether left and right edge touch.

    Returns
    -------
    ndarray of float32, shape (height, width)
        In [0, 1]; 0 wherever the map is 0 in a neighborhood of two cells.
    """
    small = np.asarray(values, np.float32)
    rows = interpolation_taps(small.shape[0], height, is_periodic=False)
    columns = interpolation_taps(small.shape[1], width, is_periodic=is_panorama)
    broad = np.ascontiguousarray(columns.stretch(small.T).T)
    return np.clip(rows.stretch(broad), 0.0, 1.0)


def blend_heatmap(
    picture: NDArray[np.uint8],
    values: ArrayLike,
    *,
    is_panorama: bool = False,
    opacity: float = DEFAULT_OPACITY,
) -> NDArray[np.uint8]:
    """Lay a heat map over a picture.

    Parameters
    ----------
    picture : ndarray of uint8, shape (3, height, width)
        RGB.
    values : array_like, shape (rows, columns)
        In [0, 1]; the cells divide the picture evenly.
    is_panorama : bool
        Whether left and right edge touch.
    opacity : float
        Of the value 1, in [0, 1].

    Returns
    -------
    ndarray of uint8, shape (3, height, width)
        A new picture, equal to `picture` where the map is 0.

    Raises
    ------
    InputError
        If the picture has another shape or type.
    """
    if picture.ndim != 3 or picture.shape[0] != 3 or picture.dtype != np.uint8:
        msg = f"picture must be uint8 of shape (3, height, width), got {picture.shape}"
        raise InputError(msg)
    map_values = enlarge(values, *picture.shape[1:], is_panorama=is_panorama)
    rgba = color_heatmap(map_values, opacity)
    alpha = rgba[..., 3].astype(np.float32) / 255.0
    color = np.moveaxis(rgba[..., :3], -1, 0)
    return np.round(picture + alpha * (color.astype(np.float32) - picture)).astype(np.uint8)


def frame_at_time(heatmap: HeatMap, time: float) -> NDArray[np.float32]:
    """Return a map at a moment, gliding from one frame to the next.

    Each frame holds at its middle; in between the two neighbors are mixed, so that a map of ten
    frames per second moves smoothly over a video. Before the first frame and after the end of the
    last one the map is 0.

    Parameters
    ----------
    heatmap : HeatMap
    time : float
        Seconds.

    Returns
    -------
    ndarray of float32, shape (rows, columns)
    """
    times = heatmap.times
    shape = heatmap.values.shape[1:]
    if len(times) == 0 or time < times[0]:
        return np.zeros(shape, np.float32)
    hop = float(np.median(np.diff(times[:1000]))) if len(times) > 1 else np.inf
    if time >= times[-1] + hop:
        return np.zeros(shape, np.float32)
    middle = time - 0.5 * hop
    first = int(np.clip(np.searchsorted(times, middle, side="right") - 1, 0, len(times) - 1))
    second = min(first + 1, len(times) - 1)
    share = 0.0
    if second > first:
        share = float(np.clip((middle - times[first]) / (times[second] - times[first]), 0.0, 1.0))
    frame = np.asarray(heatmap.values[first], np.float32)
    if share > 0.0:
        frame = frame + np.float32(share) * (np.asarray(heatmap.values[second]) - frame)
    return np.asarray(frame, np.float32)


def time_mean(heatmap: HeatMap) -> NDArray[np.float64]:
    """Average a map over time, block by block, so that a memory map of hours stays on disk.

    Returns
    -------
    ndarray, shape (rows, columns)
        In [0, 1]; 0 for a map without frames.
    """
    total = np.zeros(heatmap.values.shape[1:])
    for start in range(0, len(heatmap.values), 1024):
        total += heatmap.values[start : start + 1024].sum(axis=0, dtype=np.float64)
    return total / max(1, len(heatmap.values))


def best_heatmap(scene: Scene) -> HeatMap | None:
    """Return the map to lay over a scene's picture: the one that says most.

    Combined before similarity before synchrony before acoustic; empty maps and maps of another
    projection than the picture's (an acoustic map of the sphere beside a camera whose field of view
    is not known) are passed over.
    """
    kinds: tuple[HeatMapKind, ...] = HEATMAP_KINDS[::-1]
    found = (scene.heatmap(kind) for kind in kinds)
    return next((m for m in found if m is not None and fits(m, scene) and not m.is_empty), None)


def fits(heatmap: HeatMap, scene: Scene) -> bool:
    """Tell whether a map can be laid over a scene's picture."""
    return scene.projection is None or heatmap.projection.kind == scene.projection.kind
