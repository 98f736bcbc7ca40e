"""Heat maps of pairs: each picture with its own sound, or with one that nothing in it makes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hearsight.datasets.pairs import PairReader
from hearsight.datasets.pairs.media import check_finite
from hearsight.errors import DatasetError
from hearsight.features.negative_sound import noise, silence
from hearsight.features.sound_input import SoundInput
from hearsight.systems.heatmap import HeatMapSystem

Heard = Literal["own", "off_screen", "silence", "noise"]

PAIRS_AT_ONCE = 32


def map_sounds(
    system: HeatMapSystem,
    reader: PairReader,
    names: Sequence[str],
    heard: Mapping[Heard, Sequence[str]],
    rng: np.random.Generator | None = None,
) -> Iterator[dict[Heard, NDArray[np.float32]]]:
    """Draw the heat maps of pictures with several sounds each, some pictures at a time.

    Parameters
    ----------
    system : HeatMapSystem
        In evaluation mode.
    reader : PairReader
        Each picture is read once.
    names : sequence of str
        Of the clips whose pictures are seen.
    heard : mapping of str to sequence of str
        For each kind of sound the clips that it is of, one for each picture. Silence and noise are
        as long as the sounds of these.
    rng : Generator, optional
        Of the noise.

    Yields
    ------
    dict of str to ndarray, shape (rows, columns)
        For each picture its maps by kind of sound: in [0, 1], (cosine + 1) / 2.

    Raises
    ------
    DatasetError
        If sounds of one batch are of different sample rates.
    """
    for here, pictures in _batches(system, reader, names):
        drawn = {}
        for kind, clips in heard.items():
            spectrograms = [
                hear(system.sound_input, reader, clip, kind, rng) for clip in clips[here]
            ]
            sounds = stacked(spectrograms, clips[here]).to(pictures.device)
            with torch.inference_mode():
                drawn[kind] = system.maps(pictures, sounds).float().cpu().numpy()
        for place in range(len(pictures)):
            yield {kind: maps[place] for kind, maps in drawn.items()}


def map_pairs(
    system: HeatMapSystem,
    reader: PairReader,
    pairs: Sequence[tuple[str, str]],
    *,
    heard: Heard = "own",
    rng: np.random.Generator | None = None,
) -> Iterator[NDArray[np.float32]]:
    """Draw the heat maps of pictures with one sound each; for all else see `map_sounds`.

    Parameters
    ----------
    system, reader, rng
    pairs : sequence of (str, str)
        Names of the clips whose picture is seen, and whose sound is heard.
    heard : {"own", "off_screen", "silence", "noise"}
        The kind of sound.

    Yields
    ------
    ndarray, shape (rows, columns)
        One for each pair.
    """
    sounds = {heard: [sounding for _, sounding in pairs]}
    for maps in map_sounds(system, reader, [seen for seen, _ in pairs], sounds, rng):
        yield maps[heard]


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
    for _, pictures in _batches(system, reader, names):
        with torch.inference_mode():
            maps = draw(pictures).float().cpu()
        yield from maps.numpy()


def _batches(
    system: HeatMapSystem, reader: PairReader, names: Sequence[str]
) -> Iterator[tuple[slice, Tensor]]:
    """Yield which pictures come together, and these as the system sees them."""
    device = next(system.network.parameters()).device
    for start in range(0, len(names), PAIRS_AT_ONCE):
        here = slice(start, start + PAIRS_AT_ONCE)
        pictures = [system.picture_fit(reader.picture(name)) for name in names[here]]
        yield here, torch.stack(pictures).to(device)


def hear(
    sound_input: SoundInput,
    reader: PairReader,
    name: str,
    heard: Heard = "own",
    rng: np.random.Generator | None = None,
) -> Tensor:
    """Return the spectrogram of a clip's sound, or of what replaces it, (1, bins, frames).

    Raises
    ------
    MediaError
        If samples are not finite, or the sound cannot be read.
    """
    waveform, sample_rate = reader.sound(name, sound_input.sample_rate)
    excerpt = sound_input.excerpt(waveform, sample_rate)
    check_finite(excerpt, name)
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
        If their sizes differ, since the sounds were sampled at different rates, or are shorter than
        what is heard and not repeated (`SoundInput.wraps_short`).
    """
    for name, each in zip(names, spectrograms, strict=True):
        if each.shape != spectrograms[0].shape:
            msg = (
                f"{name}: its spectrogram has {each.shape[-1]} frames, that of {names[0]} "
                f"{spectrograms[0].shape[-1]}: sampled at another rate (set "
                "system.sound.sample_rate), or too short where system.sound.wraps_short is set"
            )
            raise DatasetError(msg)
    return torch.stack(list(spectrograms))
