"""What all augmentations have in common."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from torch import Tensor

from hearsight.errors import InputError

Batch = dict[str, Tensor]
"""`audio` (batch, channels, frames, bins), not yet normalized; `target` (batch, label frames, ...)
with x, y, z first on the last axis; maps of pictures as `video` where the system sees."""


class Augmentation(Protocol):
    """Changes a batch at random, each example for itself."""

    def __call__(self, batch: Batch, rng: np.random.Generator) -> Batch:
        """Return a changed batch; the one given stays as it is."""
        ...


def check_share(name: str, value: float) -> None:
    """Raise InputError if a probability lies outside [0, 1]."""
    if not 0.0 <= value <= 1.0:
        msg = f"{name} must lie in [0, 1], got {value:g}"
        raise InputError(msg)
