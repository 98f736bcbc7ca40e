"""Heat maps of pairs: each picture with its own sound, or with one that nothing in it makes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hearsight.datasets.pairs import PairReader
from hearsight.errors import DatasetError
from hearsight.features.negative_sound import noise, silence
from hearsight.features.sound_input import SoundInput
from hearsight.systems.heatmap import HeatMapSystem

Heard = Literal["own", "silence", "noise"]

PAIRS_AT_ONCE = 32


def map_pairs(
    system: HeatMapSystem,
    reader: PairReader,
    pairs: Sequence[tuple[str, str]],
    *,
    heard: Heard = "own",
    rng: np.random.Generator | None = None,
) -> Iterator[NDArray[np.float32]]:
    """Draw the heat maps of pairs, some at a time.

    Parameters
    ----------
    system : HeatMapSystem
        In evaluation mode.
    reader : PairReader
    pairs : sequence of (str, str)
        Names of the clips whose picture is seen, and whose sound is heard: the same, another clip
        for a sound from elsewhere.
    heard : {"own", "silence", "noise"}
        Whether the sound is replaced; the second name then only gives the length.
    rng : Generator, optional
        Of the noise.

    Yields
    ------
    ndarray, shape (rows, columns)
        In [0, 1], (cosine + 1) / 2; one for each pair.

    Raises
    ------
    DatasetError
        If sounds of one batch are of different sample rates.
    """
    device = next(system.network.parameters()).device
    for start in range(0, len(pairs), PAIRS_AT_ONCE):
        some = pairs[start : start + PAIRS_AT_ONCE]
        pictures = torch.stack([system.picture_fit(reader.picture(seen)) for seen, _ in some])
        names = [name for _, name in some]
        spectrograms = [hear(system.sound_input, reader, name, heard, rng) for name in names]
        sounds = stacked(spectrograms, names)
        with torch.inference_mode():
            maps = system.maps(pictures.to(device), sounds.to(device)).float().cpu()
        yield from maps.numpy()


def map_pictures(
    system: HeatMapSystem,
    reader: PairReader,
    names: Sequence[str],
    draw: Callable[[Tensor], Tensor],
) -> Iterator[NDArray[np.float32]]:
    """Draw maps of pictures without their sounds, some at a time.

    Parameters
    ----------
    system : HeatMapSystem
        Says how pictures are seen.
    reader : PairReader
    names : sequence of str
    draw : callable
        From pictures (batch, 3, height, width) to maps (batch, rows, columns), such as
        `system.objects`.

    Yields
    ------
    ndarray, shape (rows, columns)
        One for each name.
    """
    device = next(system.network.parameters()).device
    for start in range(0, len(names), PAIRS_AT_ONCE):
        some = names[start : start + PAIRS_AT_ONCE]
        pictures = torch.stack([system.picture_fit(reader.picture(name)) for name in some])
        with torch.inference_mode():
            maps = draw(pictures.to(device)).float().cpu()
        yield from maps.numpy()


def hear(
    sound_input: SoundInput,
    reader: PairReader,
    name: str,
    heard: Heard = "own",
    rng: np.random.Generator | None = None,
) -> Tensor:
    """Return the spectrogram of a clip's sound, or of what replaces it, (1, bins, frames)."""
    waveform, sample_rate = reader.sound(name, sound_input.sample_rate)
    excerpt = sound_input.excerpt(waveform, sample_rate)
    if heard == "silence":
        excerpt = silence(excerpt)
    elif heard == "noise":
        excerpt = noise(excerpt, np.random.default_rng() if rng is None else rng)
    return sound_input.spectrogram(excerpt, sample_rate)


def stacked(spectrograms: Sequence[Tensor], names: Sequence[str]) -> Tensor:
    """Return spectrograms as a batch.

    Raises
    ------
    DatasetError
        If their sizes differ, since the sounds were sampled at different rates.
    """
    for name, each in zip(names, spectrograms, strict=True):
        if each.shape != spectrograms[0].shape:
            msg = (
                f"{name}: its sound is sampled at another rate than that of {names[0]}; convert "
                "the sounds to one rate, or set system.sound.sample_rate"
            )
            raise DatasetError(msg)
    return torch.stack(list(spectrograms))
