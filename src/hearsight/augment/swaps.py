"""Channel swaps of features and targets: the scene turned and mirrored, exactly.

Swapping the channels of a recording and computing its features gives the same as computing them
and swapping those: log spectra change places, intensities change places and signs, phases change
their reference. So no second copy of audio or features is stored.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from hearsight.augment.augmentation import Batch
from hearsight.errors import InputError
from hearsight.features.gcc import LogGcc, microphone_pairs
from hearsight.features.intensity import AxisOrder, LogIntensity
from hearsight.features.salsa import Salsa, SalsaLite
from hearsight.spatial.arrays import SPEED_OF_SOUND
from hearsight.spatial.swaps import FOA_SWAPS, MIC_SWAPS, Swap


def swap_directions(target: Tensor, swap: Swap) -> Tensor:
    """Turn the directions of a target.

    Parameters
    ----------
    target : Tensor, shape (..., components)
        x, y, z, times an activity or not; what follows (distance) stays.
    swap : Swap

    Returns
    -------
    Tensor, of the shape and type of `target`
    """
    signs = torch.tensor(swap.signs, dtype=target.dtype, device=target.device)
    return torch.cat([target[..., swap.axes] * signs, target[..., 3:]], dim=-1)


def swap_foa(features: Tensor, swap: Swap, order: AxisOrder = "yzx") -> Tensor:
    """Swap features of Ambisonics: four log spectra and three components of a direction.

    Parameters
    ----------
    features : Tensor, shape (..., 7, frames, bins)
        As `LogIntensity` and `Salsa` give them, not normalized.
    swap : Swap
    order : {"yzx", "xyz"}
        Of the components.

    Returns
    -------
    Tensor, of the shape and type of `features`
    """
    if order == "yzx":
        components, signs = swap.foa_order[1:] - 1, swap.foa_signs[1:]
    else:
        components, signs = np.array(swap.axes), np.array(swap.signs)
    channels = _index(np.concatenate([swap.foa_order, 4 + components]), features)
    swapped = features.index_select(-3, channels)
    swapped[..., 4:, :, :] *= torch.as_tensor(signs[:, None, None], device=features.device)
    return swapped


def swap_gcc(features: Tensor, swap: Swap) -> Tensor:
    """Swap features of the tetrahedral array: four log spectra and six phase correlations.

    A pair whose microphones change places has its lags mirrored; its first lag, -n / 2, has no
    mirror image among those kept and stays. (SALSA's own code mirrors about the middle between two
    lags, which is a sample off.)

    Parameters
    ----------
    features : Tensor, shape (..., 10, frames, lags)
        As `LogGcc` gives them.
    swap : Swap
        One of `MIC_SWAPS`.

    Returns
    -------
    Tensor, of the shape and type of `features`
    """
    order = swap.microphone_order()
    pairs = [tuple(pair) for pair in microphone_pairs(len(order)).tolist()]
    heard = [(int(order[m]), int(order[n])) for m, n in pairs]
    channels = [*order, *(len(order) + pairs.index((min(p), max(p))) for p in heard)]
    swapped = features.index_select(-3, _index(np.array(channels), features))
    for channel, (m, n) in enumerate(heard, start=len(order)):
        if m > n:
            lags = swapped[..., channel, :, 1:]
            swapped[..., channel, :, 1:] = lags.flip(-1)
    return swapped


def swap_phases(features: Tensor, swap: Swap, turn: Tensor | None = None) -> Tensor:
    """Swap features of the tetrahedral array: four log spectra, three phases relative to the first.

    Parameters
    ----------
    features : Tensor, shape (..., 7, frames, bins)
        As `SalsaLite` and `Salsa` give them, not normalized.
    swap : Swap
        One of `MIC_SWAPS`.
    turn : Tensor, shape (bins,), optional
        What values of the same phase are apart (see `full_turns`): differences are brought back
        into half a turn to both sides. Default: they are not, as in SALSA's own code.

    Returns
    -------
    Tensor, of the shape and type of `features`
    """
    order = swap.microphone_order()
    levels, phases = features[..., : len(order), :, :], features[..., len(order) :, :, :]
    phases = torch.cat([torch.zeros_like(phases[..., :1, :, :]), phases], dim=-3)
    phases = phases.index_select(-3, _index(order, features))
    relative = phases[..., 1:, :, :] - phases[..., :1, :, :]
    if turn is not None:
        relative -= turn * (relative / turn).round()
    return torch.cat([levels.index_select(-3, _index(order, features)), relative], dim=-3)


def full_turns(feature: SalsaLite | Salsa) -> Tensor:
    """Return what values of the same phase are apart in every bin, shape (bins,).

    Phases as differences of path lengths are a wavelength apart, phases over pi are 2 apart.
    """
    if isinstance(feature, SalsaLite) and not feature.as_path:
        return torch.full((feature.n_bins,), 2.0)
    first = feature.first_bin if isinstance(feature, SalsaLite) else 1
    bins = torch.arange(first, first + feature.n_bins, dtype=torch.float64).clamp_min(1)
    return SPEED_OF_SOUND * feature.stft.n_fft / (feature.sample_rate * bins)


@dataclass(frozen=True)
class FoaSwaps:
    """Turn and mirror every example of Ambisonics by a swap drawn for it.

    Before normalization: means and deviations differ from component to component.

    Parameters
    ----------
    feature : LogIntensity or Salsa
        What the batch's `audio` are.
    swaps : tuple of Swap
        Drawn from evenly; default: the 16 that keep the vertical axis. One of them changes
        nothing.

    Raises
    ------
    InputError
        If the feature's channels cannot be swapped.
    """

    feature: LogIntensity | Salsa
    swaps: tuple[Swap, ...] = FOA_SWAPS

    def __post_init__(self) -> None:
        is_scrambled = isinstance(self.feature, LogIntensity) and self.feature.interleaves
        if is_scrambled or (isinstance(self.feature, Salsa) and self.feature.format != "foa"):
            msg = (
                "swaps of Ambisonics need features of Ambisonics that are not interleaved, got "
                f"{self.feature}"
            )
            raise InputError(msg)

    def __call__(self, batch: Batch, rng: np.random.Generator) -> Batch:
        """See `Augmentation`; raises InputError if the batch holds maps of pictures."""
        order = self.feature.order if isinstance(self.feature, LogIntensity) else "yzx"
        return _swapped(batch, rng, self.swaps, lambda audio, swap: swap_foa(audio, swap, order))


@dataclass(frozen=True)
class MicSwaps:
    """Turn and mirror every example of the tetrahedral array by a swap drawn for it.

    Before normalization, as `FoaSwaps`.

    Parameters
    ----------
    feature : LogGcc, SalsaLite or Salsa
        What the batch's `audio` are.
    swaps : tuple of Swap
        Drawn from evenly; default: all 8.

    Raises
    ------
    InputError
        If the feature is one of Ambisonics, or a swap does not map the array onto itself.
    """

    feature: LogGcc | SalsaLite | Salsa
    swaps: tuple[Swap, ...] = MIC_SWAPS

    def __post_init__(self) -> None:
        if isinstance(self.feature, Salsa) and self.feature.format != "mic":
            msg = f"swaps of microphones need features of microphones, got {self.feature}"
            raise InputError(msg)
        for swap in self.swaps:
            swap.microphone_order()

    def __call__(self, batch: Batch, rng: np.random.Generator) -> Batch:
        """See `Augmentation`; raises InputError if the batch holds maps of pictures."""
        if isinstance(self.feature, LogGcc):
            return _swapped(batch, rng, self.swaps, swap_gcc)
        turns = full_turns(self.feature).to(batch["audio"])
        return _swapped(batch, rng, self.swaps, lambda audio, swap: swap_phases(audio, swap, turns))


def _swapped(
    batch: Batch,
    rng: np.random.Generator,
    swaps: tuple[Swap, ...],
    swap_features: Callable[[Tensor, Swap], Tensor],
) -> Batch:
    if "video" in batch:
        # They show the middle of the picture only, so that most swaps would need what is missing.
        msg = "maps of pictures cannot be swapped with the sound; train without channel swaps"
        raise InputError(msg)
    drawn = [swaps[number] for number in rng.integers(len(swaps), size=len(batch["audio"]))]
    audio = zip(batch["audio"], drawn, strict=True)
    target = zip(batch["target"], drawn, strict=True)
    return {
        **batch,
        "audio": torch.stack([swap_features(example, swap) for example, swap in audio]),
        "target": torch.stack([swap_directions(example, swap) for example, swap in target]),
    }


def _index(channels: np.ndarray, like: Tensor) -> Tensor:
    return torch.as_tensor(channels, device=like.device)
