"""Frequency shift: the same scene, its sounds a little higher or lower."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from hearsight.augment.augmentation import Batch, check_share
from hearsight.errors import InputError


def shift_bins(features: Tensor, n_bins: int) -> Tensor:
    """Move features up (or down, if negative) by bins; what moves in is mirrored at the edge.

    Parameters
    ----------
    features : Tensor, shape (..., bins)
    n_bins : int
        Less than there are bins, to both sides.

    Returns
    -------
    Tensor, of the shape and type of `features`

    Examples
    --------
    >>> shift_bins(torch.tensor([1, 2, 3, 4]), 2).tolist()
    [3, 2, 1, 2]
    >>> shift_bins(torch.tensor([1, 2, 3, 4]), -1).tolist()
    [2, 3, 4, 3]
    """
    last = features.shape[-1] - 1
    source = (torch.arange(last + 1, device=features.device) - n_bins).abs()
    return features[..., last - (last - source).abs()]


@dataclass(frozen=True)
class FrequencyShift:
    """Shift each example up or down by a few bins.

    Directions stay. Features that scale phases or intensities by frequency are shifted with what
    they belong to, which is not quite true but what SALSA and PSELDNets were trained with; spare
    them with `n_channels`. Phase correlations must be spared: their bins are lags.

    Parameters
    ----------
    widest : int
        Bins; the shift is drawn from 1 to `widest` (9 in SALSA, 14 of 64 bands in PSELDNets).
    probability : float
        Of being shifted at all.
    n_channels : int, optional
        Shift the first ones alone, such as the 4 log spectra of `LogGcc`; default: all.

    Raises
    ------
    InputError
        If `widest` is less than 1 or `probability` outside [0, 1].
    """

    widest: int = 9
    probability: float = 0.5
    n_channels: int | None = None

    def __post_init__(self) -> None:
        check_share("probability of a shift", self.probability)
        if self.widest < 1:
            msg = f"the widest shift must be 1 bin or more, got {self.widest}"
            raise InputError(msg)

    def __call__(self, batch: Batch, rng: np.random.Generator) -> Batch:
        """See `Augmentation`; raises InputError if there are not more bins than `widest`."""
        audio = batch["audio"].clone()
        if self.widest >= audio.shape[-1]:
            msg = f"{audio.shape[-1]} bins cannot be shifted by up to {self.widest}; shift less"
            raise InputError(msg)
        for example in audio:
            if rng.random() < self.probability:
                n_bins = int(rng.integers(1, self.widest + 1) * rng.choice([-1, 1]))
                part = example[: self.n_channels]
                part.copy_(shift_bins(part, n_bins))
        return {**batch, "audio": audio}
