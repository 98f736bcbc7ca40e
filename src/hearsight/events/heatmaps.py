"""`HeatMap`: where in the picture, or on the sphere, sound comes from, frame by frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from hearsight.errors import InputError, nearest
from hearsight.spatial.projection import Projection

HeatMapKind = Literal["acoustic", "synchrony", "combined"]
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
    kind : {"acoustic", "synchrony", "combined"}
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
