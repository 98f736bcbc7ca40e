"""Pairs of pictures and sounds as a network learns from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from hearsight.datasets.pairs import PairReader, Truth
from hearsight.events.sounding import SoundingBoxes
from hearsight.features.negative_sound import noise, silence
from hearsight.inference.pair_maps import hear, stacked
from hearsight.systems.heatmap import HeatMapSystem
from hearsight.training.examples import Batch, Examples

_QUIETEST = 3.0  # orders of magnitude below the noise of unit deviation that judges


class PairExamples(Examples):
    """Training pairs: a random part of the picture, and the sound.

    Parameters
    ----------
    system : HeatMapSystem
    reader : PairReader
    names : sequence of str
        Of the pairs.
    truth : mapping of str to Truth
        What is known of some of them; used if the system learns from boxes.
    seed : int
        Of the random parts.
    """

    drops_rest = True
    """A pair is told from the others of its batch: a smaller one would teach something else."""

    def __init__(
        self,
        system: HeatMapSystem,
        reader: PairReader,
        names: Sequence[str],
        truth: Mapping[str, Truth],
        seed: int,
    ) -> None:
        # Not the system itself: a network is not handed to the processes that load.
        self._fit, self._view = system.picture_fit, system.view
        self._sound_input = system.sound_input
        self._reader, self._names, self._seed = reader, tuple(names), seed
        self._truth = truth if system.learns_boxes else None
        self._rejects_noise = system.rejects_from is not None

    def __len__(self) -> int:
        return len(self._names)

    def __getitems__(self, places: Sequence[int]) -> Batch:
        """Return a batch: `picture`, `sound`, and with boxes `truth` and `is_known`.

        Where silence and noise shall be rejected, both follow on the sounds of the pictures.
        """
        names = [self._names[place % len(self)] for place in places]
        pictures = [self._seen(name, place) for name, place in zip(names, places, strict=True)]
        sounds = [hear(self._sound_input, self._reader, name) for name in names]
        if self._rejects_noise:
            sounds += self._from_nowhere(names[0], places)
            names = [*names, names[0], names[0]]
        batch = {"picture": torch.stack(pictures), "sound": stacked(sounds, names)}
        if self._truth is not None:
            none = SoundingBoxes(())
            maps = np.stack([self._truth.get(name, none).to_map() for name in names[: len(places)]])
            batch["truth"] = torch.from_numpy(maps)
            # Unusable boxes do not say that nothing sounds.
            batch["is_known"] = batch["truth"].flatten(1).any(dim=1)
        return batch

    def _from_nowhere(self, name: str, places: Sequence[int]) -> list[Tensor]:
        """Return silence, and noise of any loudness, as long as a sound."""
        rng = np.random.default_rng([self._seed, *places])
        waveform, sample_rate = self._reader.sound(name, self._sound_input.sample_rate)
        excerpt = self._sound_input.excerpt(waveform, sample_rate)
        loudness = 10.0 ** rng.uniform(-_QUIETEST, 0.0)
        return [
            self._sound_input.spectrogram(each, sample_rate)
            for each in (silence(excerpt), loudness * noise(excerpt, rng))
        ]

    def _seen(self, name: str, place: int) -> Tensor:
        picture = self._reader.picture(name)
        if self._truth is not None and name in self._truth:  # boxes are of the whole picture
            return self._fit(picture)
        return self._view(picture, np.random.default_rng([self._seed, place]))
