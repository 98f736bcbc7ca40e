"""What a system is shown to be judged: pairs, pictures alone, and sounds that do not belong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
from rich.console import Console
from rich.progress import Progress

from hearsight.datasets.pairs import PairSet, Truth, open_pairs
from hearsight.errors import InputError
from hearsight.events.sounding import SIZE
from hearsight.inference.pair_maps import Heard, map_pairs, map_pictures, map_sounds
from hearsight.metrics.heatmaps.contrast import color_contrast
from hearsight.metrics.heatmaps.extended import ExtendedSet, confidence, extended_scores
from hearsight.metrics.heatmaps.guidance import guided, guided_absolutely
from hearsight.metrics.heatmaps.interactive import interactive_scores
from hearsight.metrics.heatmaps.judge import judge_maps
from hearsight.metrics.heatmaps.negative_sound import separating_threshold
from hearsight.metrics.heatmaps.overlap import summary
from hearsight.metrics.heatmaps.rows import ScoreRows
from hearsight.metrics.heatmaps.scores import MapScores
from hearsight.metrics.heatmaps.styles import Style, style_of
from hearsight.metrics.heatmaps.upsampling import upsample
from hearsight.models.visual_context import VisualContextNet
from hearsight.systems.heatmap import HeatMapSystem
from hearsight.training.pairs.elsewhere import elsewhere, groups_of
from hearsight.training.pairs.evaluation import PairEvaluation
from hearsight.training.pairs.listening import (
    ELSEWHERE,
    OWN,
    Map,
    Maps,
    judge_listening,
    map_cious,
)

INTERACTIVE = "interactive"
"""The folder in a generated set with pictures in which several things sound in turn."""

_SEED = 0
T = TypeVar("T")


@dataclass(frozen=True)
class Shown:
    """Draws a bar while things are made.

    Parameters
    ----------
    is_watched : bool
        Whether somebody sees it.
    """

    is_watched: bool

    def __call__(self, what: str, made: Iterable[T], of: Sequence[object]) -> list[T]:
        """Return what is made, one of each."""
        with Progress(console=Console(stderr=True), disable=not self.is_watched) as progress:
            return list(progress.track(made, total=len(of), description=what))


@dataclass(frozen=True, eq=False)
class SystemTrials:
    """Lets a system see pairs, and judges what it draws.

    Parameters
    ----------
    system : HeatMapSystem
    pairs : PairSet
    names : tuple of str
        Of the pairs with known truth that are judged.
    show : Shown
    """

    system: HeatMapSystem
    pairs: PairSet
    names: tuple[str, ...]
    show: Shown

    def judge(
        self, about: Mapping[str, Any], threshold: float | None, notes: Sequence[str]
    ) -> PairEvaluation:
        """Judge the system's maps.

        Parameters
        ----------
        about : mapping
            What is judged on what; with `split` and `style`.
        threshold : float or None
            None: the system's own.
        notes : sequence of str
            What is known already.
        """
        system, pairs, names = self.system, self.pairs, self.names
        style = style_of(about["style"])
        truths = {name: pairs.truth[name] for name in names}
        heard, why = self._sounds()
        maps, notes = self._maps("pairs", names, heard), [*notes, *why]
        own = maps[OWN]
        threshold = system.threshold if threshold is None else threshold
        if threshold is None:
            threshold = separating_threshold(
                [map_.max() for map_ in own.values()],
                [map_.max() for kind in maps if kind != OWN for map_ in maps[kind].values()],
            )
            notes.append(
                f"The system is not calibrated: its threshold of {threshold:.3f} was found on these"
                " very pictures with silence, noise and other sounds."
            )
        saliency = self._saliency()
        scores = judge_maps(
            own,
            truths,
            style=on_fixed_range(style),
            universal=threshold,
            saliency=saliency,
            labels=pairs.labels,
        )
        notes.extend(scores.notes)
        return PairEvaluation(
            about,
            scores,
            threshold,
            self._variants(style, own, saliency, truths),
            judge_listening(scores, truths, maps, threshold),
            self._extended(scores) if about["split"] == "test" else None,
            interactive(scores, pairs) or self._interactive_folder(style),
            tuple(notes),
            own,
        )

    def _maps(
        self, what: str, names: Sequence[str], heard: Mapping[Heard, Sequence[str]]
    ) -> dict[str, Maps]:
        """Return maps by kind of sound, then by picture."""
        rng = np.random.default_rng([_SEED, 1])
        drawn = map_sounds(self.system, self.pairs.reader, names, heard, rng)
        maps = dict(zip(names, self.show(what, drawn, names), strict=True))
        return {kind: {name: each[kind] for name, each in maps.items()} for kind in heard}

    def _sounds(self) -> tuple[dict[Heard, Sequence[str]], tuple[str, ...]]:
        """Return whose sounds are heard with the pictures, and what cannot be tried."""
        names = self.names
        heard: dict[Heard, Sequence[str]] = {OWN: names, "silence": names, "noise": names}
        try:
            return {**heard, ELSEWHERE: elsewhere(self.pairs, names, _SEED)}, ()
        except InputError as error:
            return heard, (f"Sounds of other pictures were not tried: {error}.",)

    def _saliency(self) -> Maps:
        """Return what stands out in pictures: by the system's eyes, else by color."""
        system, reader, names = self.system, self.pairs.reader, self.names
        seen: Iterator[Map]
        if system.eyes is None:
            seen = (color_contrast(reader.picture(name)) for name in names)
        else:
            seen = map_pictures(system, reader, names, system.objects)
        return dict(zip(names, self.show("pictures", seen, names), strict=True))

    def _variants(
        self, style: Style, own: Maps, saliency: Maps, truths: Mapping[str, Truth]
    ) -> dict[str, dict[str, float]]:
        """Score the other maps that a system can draw."""
        system, drawn = self.system, {}
        if system.eyes is not None:
            drawn["guided"] = self._guided(style, own, saliency)
        network = system.network
        if isinstance(network, VisualContextNet) and network.nodes is not None:
            drawn["visual"] = self._visual(network)
        return {
            variant: summary(list(map_cious(maps, truths, on_fixed_range(style)).values()))
            for variant, maps in drawn.items()
        }

    def _guided(self, style: Style, own: Maps, saliency: Maps) -> Iterator[tuple[str, Map]]:
        """Mix own maps and objects as the paper of the system does."""
        is_absolute = style_of(self.system.style).normalization == "fixed_range"
        for name in self.names:
            heard, seen = (upsample(maps[name], SIZE, style.upsampling) for maps in (own, saliency))
            if is_absolute:
                yield name, guided_absolutely(2 * heard - 1, seen)
            else:
                yield name, guided(heard, seen)

    def _visual(self, network: VisualContextNet) -> Iterator[tuple[str, Map]]:
        maps = map_pictures(self.system, self.pairs.reader, self.names, network.visual_map)
        drawn = self.show("without sound", maps, self.names)
        stretched = map(Style(normalization="min_max").normalize, drawn)
        return zip(self.names, stretched, strict=True)

    def _extended(self, scores: MapScores) -> ScoreRows | None:
        """Score with pictures that do not show what sounds: half-area maps, fixed confidence."""
        silent = self.pairs.silent
        if not silent:
            return None
        maps = map_pairs(self.system, self.pairs.reader, silent)
        sure = [
            confidence(scores.style.enlarge(map_, SIZE))
            for map_ in self.show("sounds out of view", maps, silent)
        ]
        seen, none = scores.pictures.values(), np.zeros(len(silent))
        return extended_scores(
            ExtendedSet(
                np.append([each.cious["maps"]["rank_half"] for each in seen], none),
                np.append([each.confidence for each in seen], sure),
                # Shares of 1024 pixels and others do not quite come back.
                np.append(np.rint([each.area * SIZE**2 for each in seen]), none),
                np.append(np.ones(len(seen), dtype=bool), none.astype(bool)),
            )
        )

    def _interactive_folder(self, style: Style) -> ScoreRows | None:
        """Score the pictures with several things that a generated set has beside its own."""
        root = self.pairs.root / INTERACTIVE
        rows = root / f"{INTERACTIVE}.json"
        if not rows.is_file():
            return None
        pairs = open_pairs(root, annotations=rows)
        there = replace(self, pairs=pairs, names=pairs.test)
        maps = there._maps(INTERACTIVE, pairs.test, {OWN: pairs.test})[OWN]
        truths = {name: pairs.truth[name] for name in pairs.test}
        return interactive(judge_maps(maps, truths, style=on_fixed_range(style)), pairs)


def on_fixed_range(style: Style) -> Style:
    """Return a style for maps of (cosine + 1) / 2, as systems draw them, in place of cosines."""
    is_fixed = style.normalization == "fixed_range"
    return replace(style, normalization="none") if is_fixed else style


def interactive(scores: MapScores, pairs: PairSet) -> ScoreRows | None:
    """Score pictures by all of their rows, if there are such pictures."""
    groups = groups_of(pairs, tuple(scores.pictures))
    if not groups:
        return None
    picture_of = {name: picture for picture, names in groups.items() for name in names}
    rules = next(iter(scores.pictures.values())).cious["maps"]
    return interactive_scores(
        {
            rule: {name: scores.pictures[name].cious["maps"][rule] for name in picture_of}
            for rule in rules
        },
        group=picture_of.__getitem__,
    )
