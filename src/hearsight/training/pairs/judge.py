"""How well a system tells what sounds in pictures, told after every few epochs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hearsight.datasets.pairs import PairSet
from hearsight.errors import InputError
from hearsight.features.negative_sound import off_screen
from hearsight.inference.pair_maps import PAIRS_AT_ONCE, map_sounds
from hearsight.metrics.heatmaps.judge import judge_maps
from hearsight.metrics.heatmaps.negative_sound import separating_threshold
from hearsight.systems.heatmap import HeatMapSystem
from hearsight.training.pairs.elsewhere import elsewhere

MATCHING = "matching"
TRUTH_METRICS = ("success", "mean_ciou", "auc")


@dataclass(frozen=True)
class _Seen:
    """What is kept of a pair: its map, and the greatest value with a sound from elsewhere."""

    map: NDArray[np.float32]
    other_peak: float


class PairJudge:
    """Tells how well a system sees what sounds in a list of pairs.

    Parameters
    ----------
    system : HeatMapSystem
    pairs : PairSet
    names : tuple of str
        Two or more of its pairs.
    seed : int
        Of the sounds from elsewhere, and of noise.
    """

    def __init__(
        self, system: HeatMapSystem, pairs: PairSet, names: tuple[str, ...], seed: int
    ) -> None:
        self._system, self._reader, self._seed = system, pairs.reader, seed
        self._names = names
        self.others: tuple[str, ...]
        """For each picture the pair whose sound is from elsewhere."""
        try:
            self.others = elsewhere(pairs, names, seed)
        except InputError:  # where all sounds are of classes in view, any other must do
            self.others = off_screen(names, {}, np.random.default_rng(seed))
        self._truth = {name: pairs.truth[name] for name in names if name in pairs.truth}

    def __len__(self) -> int:
        return -(-len(self._names) // PAIRS_AT_ONCE)

    def predict(self, part: int) -> dict[str, _Seen]:
        """Return the maps of a part, with each picture's own sound and with another one."""
        here = slice(part * PAIRS_AT_ONCE, (part + 1) * PAIRS_AT_ONCE)
        names = self._names[here]
        maps = map_sounds(
            self._system, self._reader, names, {"own": names, "off_screen": self.others[here]}
        )
        return {
            name: _Seen(each["own"], float(each["off_screen"].max()))
            for name, each in zip(names, maps, strict=True)
        }

    def score(self, found: Mapping[str, _Seen]) -> dict[str, float]:
        """Return the scores of all pairs.

        Returns
        -------
        dict
            `matching`: the share of pictures whose map rises higher with their own sound than with
            one from elsewhere, 0.5 by chance. `success`, `mean_ciou` and `auc` in the style of
            the system's paper, where boxes are known.
        """
        higher = [float(each.map.max()) > each.other_peak for each in found.values()]
        scores = {MATCHING: float(np.mean(higher))}
        if self._truth:
            maps = {name: found[name].map for name in self._truth}
            judged = judge_maps(maps, self._truth, style=self._system.style)
            scores |= {name: judged[name] for name in TRUTH_METRICS}
        return scores

    def threshold(self) -> float:
        """Return what tells a sound that something in the picture makes from one that nothing does.

        Every picture is seen with its own sound, with silence, with noise, and with a sound from
        elsewhere; see `separating_threshold`.
        """
        names, rng = self._names, np.random.default_rng([self._seed, 1])
        maps = map_sounds(
            self._system,
            self._reader,
            names,
            {"own": names, "silence": names, "noise": names, "off_screen": self.others},
            rng,
        )
        peaks = np.array([[map_.max() for map_ in each.values()] for each in maps])
        return separating_threshold(peaks[:, 0], peaks[:, 1:])
