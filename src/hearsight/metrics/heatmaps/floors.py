"""What is scored without listening, and the best that a threshold allows.

Floors are maps of pictures whose sound nobody heard: `centered disc` (falling off from the center),
`chance` (smooth noise, another for each picture), `saliency` (maps of the image alone, where they
are given); and the `whole image`, marked under every threshold. Their values have no scale, so
beside an absolute threshold they mark as many pixels as the map that is judged. The `ceiling` is
the best ciou that any area of a size can have: of half of the picture, of as much as the truth, or,
beside an absolute threshold, of as much as the map marks.
"""

from __future__ import annotations

import zlib
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from hearsight.metrics.heatmaps.styles import Style
from hearsight.metrics.heatmaps.upsampling import upsample

_STRETCH = Style(normalization="min_max").normalize
NOISE_CELLS = 7  # a side, as the coarsest of the published networks has them


def centered_disc(size: int) -> NDArray[np.float32]:
    """Return a map that falls off from the center of the picture.

    Parameters
    ----------
    size : int
        Pixels a side.

    Returns
    -------
    ndarray of float32, shape (size, size)
        From 0 to 1, by the squared distance.
    """
    squared = (np.arange(size) - (size - 1) / 2.0) ** 2
    return _STRETCH(-(squared[:, None] + squared).astype(np.float32))


def chance_map(name: str, size: int) -> NDArray[np.float32]:
    """Return smooth noise: what a network may answer that has learnt nothing.

    Parameters
    ----------
    name : str
        Of the picture; the same name gives the same noise, in whatever order pictures come.
    size : int
        Pixels a side.

    Returns
    -------
    ndarray of float32, shape (size, size)
        From 0 to 1: 7 x 7 values of normal noise, up-sampled.
    """
    random = np.random.default_rng(zlib.crc32(name.encode()))
    return _STRETCH(upsample(random.standard_normal((NOISE_CELLS, NOISE_CELLS)), size))


def saliency_map(values: NDArray[np.floating], style: Style, size: int) -> NDArray[np.float32]:
    """Return the map of an image alone at the size of the truth.

    Parameters
    ----------
    values : ndarray, shape (height, width)
        On any scale.
    style : Style
        Up-samples it.
    size : int
        Pixels a side.

    Returns
    -------
    ndarray of float32, shape (size, size)
        From 0 to 1.
    """
    return _STRETCH(upsample(values, size, style.upsampling))


def floor_mask(
    values: NDArray[np.float32], style: Style, area: int, n_marked: int
) -> NDArray[np.bool_]:
    """Mark what a floor's map says by the threshold of a style.

    Parameters
    ----------
    values : ndarray of float32, shape (height, width)
        From 0 to 1, as the comparison `above_or_one` knows the maximum by its value.
    style : Style
        Its normalization is left out: it keeps the order of values.
    area : int
        Pixels of the truth.
    n_marked : int
        Pixels that the judged map marks, for an absolute threshold.
    """
    if style.threshold != "absolute":
        return replace(style, normalization="none").mask(values, area)
    if n_marked == 0:
        return np.zeros(values.shape, dtype=np.bool_)
    return Style(normalization="none", threshold="adaptive").mask(values, n_marked)


def ceiling(ranked: NDArray[np.float32], style: Style, n_marked: int) -> float:
    """Compute the best ciou of any area as large as a threshold marks.

    Parameters
    ----------
    ranked : ndarray of float32, shape (pixels,)
        The truth's values, greatest first.
    style : Style
    n_marked : int
        Pixels that the judged map marks, for an absolute threshold.

    Examples
    --------
    >>> ranked = np.array([1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0], dtype=np.float32)
    >>> ceiling(ranked, Style(threshold="rank_half"), 0), ceiling(ranked, Style(), 0)
    (0.5, 1.0)
    """
    half, area = ranked.size // 2, int(np.count_nonzero(ranked))
    if style.threshold == "absolute":
        n_best = n_marked
    else:
        n_best = (area or half) if style.threshold == "adaptive" else half
    shared = float(ranked[:n_best].sum())
    either = float(ranked.sum()) + max(n_best - area, 0)
    return shared / either if either else float("nan")
