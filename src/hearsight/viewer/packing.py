"""Heat maps small enough to be put into a page.

Values become whole numbers in 64 steps, frames are thinned in time and cells joined until the map
fits, always by the maximum, so that nothing that was found disappears. The bytes, frame after
frame and row after row, are deflated; browsers inflate them by themselves.
"""

from __future__ import annotations

import base64
import math
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hearsight.events.heatmaps import HeatMap

PAGE_BUDGET = 4_500_000
"""Bytes of all deflated maps of a page together: 6 MB once written as text."""

RAW_BUDGET = 64_000_000
"""Bytes of all maps of a page together, once inflated in the browser."""

MAX_COLUMNS = 96

_STEP = 4  # of 255: finer differences of color cannot be seen
_BLOCK = 256


@dataclass(frozen=True)
class PackedMap:
    """A heat map as a page holds it.

    Parameters
    ----------
    data : str
        Base64 of deflated uint8 values, shape (frames, height, width).
    times : tuple of float
        Beginning of each frame in seconds.
    hop : float
        Seconds for which the last frame lasts.
    height, width : int
        Cells.
    """

    data: str
    times: tuple[float, ...]
    hop: float
    height: int
    width: int


def pack_heatmap(
    heatmap: HeatMap, *, budget: int = PAGE_BUDGET, raw_budget: int = RAW_BUDGET
) -> PackedMap:
    """Make a heat map small.

    Parameters
    ----------
    heatmap : HeatMap
        Read block by block.
    budget, raw_budget : int
        Bytes allowed, deflated and inflated.

    Returns
    -------
    PackedMap
    """
    frames, rows, columns = heatmap.values.shape
    width = min(columns, MAX_COLUMNS)
    height = min(rows, max(1, round(rows * width / columns)))
    stride = max(1, math.ceil(frames / max(1, raw_budget // (height * width))))
    hop = float(np.median(np.diff(heatmap.times[:1000]))) if frames > 1 else 0.1
    while True:
        packed = _deflate(heatmap, (height, width), stride, budget)
        if packed is not None:
            times = tuple(round(float(time), 3) for time in heatmap.times[::stride])
            data = base64.b64encode(packed).decode("ascii")
            return PackedMap(data, times, round(hop * stride, 6), height, width)
        stride *= 2


def _deflate(heatmap: HeatMap, size: tuple[int, int], stride: int, budget: int) -> bytes | None:
    """Return the deflated map, or None as soon as it is clear that it does not fit."""
    deflater = zlib.compressobj(level=7)
    is_last_try = stride >= len(heatmap.times)
    pieces: list[bytes] = []
    n_bytes = 0
    for block in _pooled(heatmap, size, stride):
        pieces.append(deflater.compress(block.tobytes()))
        n_bytes += len(pieces[-1])
        if n_bytes > budget and not is_last_try:
            return None
    pieces.append(deflater.flush())
    n_bytes += len(pieces[-1])
    return b"".join(pieces) if n_bytes <= budget or is_last_try else None


def _pooled(heatmap: HeatMap, size: tuple[int, int], stride: int) -> Iterator[NDArray[np.uint8]]:
    """Yield blocks of frames, `stride` of them joined into one, cells joined to `size`."""
    rows, columns = (
        np.arange(cells) * total // cells
        for cells, total in zip(size, heatmap.values.shape[1:], strict=True)
    )
    step = stride * max(1, _BLOCK // stride)
    for start in range(0, len(heatmap.times), step):
        block = np.asarray(heatmap.values[start : start + step], np.float32)
        joined = np.maximum.reduceat(block, np.arange(0, len(block), stride), axis=0)
        joined = np.maximum.reduceat(np.maximum.reduceat(joined, rows, axis=1), columns, axis=2)
        steps = np.ceil(joined * (255 // _STEP))  # up, so that the faintest find stays one
        yield (steps * _STEP).astype(np.uint8)
