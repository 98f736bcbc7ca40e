"""Parts of the spectrum hidden, so that no single one is relied on.

References
----------
.. [1] D. S. Park et al., "SpecAugment: a simple data augmentation method for automatic speech
   recognition", Interspeech 2019.
.. [2] Z. Zhong et al., "Random erasing data augmentation", AAAI 2020.
.. [3] T. DeVries and G. W. Taylor, "Improved regularization of convolutional neural networks with
   cutout", arXiv 1708.04552, 2017.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from torch import Tensor

from hearsight.augment.augmentation import Batch, check_share
from hearsight.errors import InputError, nearest

CutoutKind = Literal["rectangle", "stripes", "holes"]
CUTOUT_KINDS: tuple[CutoutKind, ...] = get_args(CutoutKind)

Patch = tuple[slice, slice]
"""Frames and bins."""


@dataclass(frozen=True)
class Cutout:
    """Hide parts of some examples; their labels stay.

    One of three ways, drawn for each example: a rectangle of 2 to 30 % of it; a stripe of up to
    15 % of its frames and one of up to 20 % of its bins; up to eight holes of up to 8 x 8. Log
    spectra are filled with one level drawn from those of the example, spatial channels with 0.

    Parameters
    ----------
    probability : float
        Of hiding anything.
    n_levels : int
        How many channels, the first ones, are log spectra.
    kinds : tuple of {"rectangle", "stripes", "holes"}

    Raises
    ------
    InputError
        If `probability` lies outside [0, 1], or a kind has another name.
    """

    probability: float = 0.5
    n_levels: int = 4
    kinds: tuple[CutoutKind, ...] = CUTOUT_KINDS

    def __post_init__(self) -> None:
        check_share("probability of a cutout", self.probability)
        for kind in self.kinds:
            if kind not in CUTOUT_KINDS:
                msg = f"no cutout is called {kind}; {nearest(kind, CUTOUT_KINDS)}"
                raise InputError(msg)

    def __call__(self, batch: Batch, rng: np.random.Generator) -> Batch:
        """See `Augmentation`."""
        audio = batch["audio"].clone()
        n_frames, n_bins = audio.shape[-2:]
        for example in audio:
            if rng.random() < self.probability:
                levels = example[: self.n_levels]
                fill = float(rng.uniform(float(levels.min()), float(levels.max())))
                kind = self.kinds[rng.integers(len(self.kinds))]
                for patch in _DRAW[kind](rng, n_frames, n_bins):
                    _hide(example, patch, self.n_levels, fill)
        return {**batch, "audio": audio}


@dataclass(frozen=True)
class LabelMasking:
    """Silence some label frames in features and labels alike, and some bands in the features.

    Log spectra are filled with the lowest level of the example, spatial channels with 0. The
    defaults are those of PSELDNets.

    Parameters
    ----------
    n_times : int
        Stretches of time.
    longest : int
        Label frames; each stretch is 0 to `longest` long.
    n_stripes : int
        Stripes of bins.
    widest : int
        Bins; each stripe is 0 to `widest` wide.
    n_levels : int
        How many channels, the first ones, are log spectra.

    Raises
    ------
    InputError
        If a number is negative or there is no log spectrum.
    """

    n_times: int = 4
    longest: int = 3
    n_stripes: int = 2
    widest: int = 8
    n_levels: int = 4

    def __post_init__(self) -> None:
        if min(self.n_times, self.longest, self.n_stripes, self.widest, self.n_levels - 1) < 0:
            msg = f"masks need n_levels >= 1 and no negative number, got {self}"
            raise InputError(msg)

    def __call__(self, batch: Batch, rng: np.random.Generator) -> Batch:
        """See `Augmentation`; feature frames beyond the last label frame are never masked."""
        audio, target = batch["audio"].clone(), batch["target"].clone()
        n_labels, per_label = target.shape[1], audio.shape[-2] // target.shape[1]
        for example, labels in zip(audio, target, strict=True):
            lowest = float(example[: self.n_levels].min())
            for _ in range(self.n_times):
                hidden = _stretch(rng, n_labels, self.longest)
                labels[hidden] = 0.0
                frames = slice(hidden.start * per_label, hidden.stop * per_label)
                _hide(example, (frames, slice(None)), self.n_levels, lowest)
            for _ in range(self.n_stripes):
                bins = _stretch(rng, audio.shape[-1], self.widest)
                _hide(example, (slice(None), bins), self.n_levels, lowest)
        return {**batch, "audio": audio, "target": target}


def _hide(example: Tensor, patch: Patch, n_levels: int, fill: float) -> None:
    frames, bins = patch
    example[:n_levels, frames, bins] = fill
    example[n_levels:, frames, bins] = 0.0


def _stretch(rng: np.random.Generator, length: int, longest: int, shortest: int = 0) -> slice:
    """Draw a part of an axis, `shortest` to `longest` long as far as the axis is."""
    size = int(rng.integers(min(shortest, length), min(longest, length) + 1))
    start = int(rng.integers(length - size + 1))
    return slice(start, start + size)


def _rectangle(rng: np.random.Generator, n_frames: int, n_bins: int) -> list[Patch]:
    area = rng.uniform(0.02, 0.3)
    # The share of the frames; that of the bins follows from the area.
    share = rng.uniform(area, 1.0)
    frames, bins = max(1, round(share * n_frames)), max(1, round(area / share * n_bins))
    return [(_stretch(rng, n_frames, frames, frames), _stretch(rng, n_bins, bins, bins))]


def _stripes(rng: np.random.Generator, n_frames: int, n_bins: int) -> list[Patch]:
    frames = _stretch(rng, n_frames, max(1, round(0.15 * n_frames)), 1)
    bins = _stretch(rng, n_bins, max(1, round(0.2 * n_bins)), 1)
    return [(frames, slice(None)), (slice(None), bins)]


def _holes(rng: np.random.Generator, n_frames: int, n_bins: int) -> list[Patch]:
    n_holes = int(rng.integers(1, 9))
    return [(_stretch(rng, n_frames, 8, 1), _stretch(rng, n_bins, 8, 1)) for _ in range(n_holes)]


_DRAW = {"rectangle": _rectangle, "stripes": _stripes, "holes": _holes}
