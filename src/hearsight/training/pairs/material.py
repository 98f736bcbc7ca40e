"""`PairMaterial`: pairs that a system learns from and is judged on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from hearsight.datasets.pairs import PairSet, open_pairs
from hearsight.errors import DatasetError, InputError
from hearsight.features.normalize import file_list_hash
from hearsight.systems.heatmap import HeatMapSystem
from hearsight.systems.registry import Registration
from hearsight.training.best import use_of_validation
from hearsight.training.config import RunSettings
from hearsight.training.examples import Examples
from hearsight.training.material import (
    FEATURES_NAME,
    Judge,
    Tell,
    check_known,
    seeded_system,
)
from hearsight.training.pairs.data import PairExamples
from hearsight.training.pairs.judge import MATCHING, TRUTH_METRICS, PairJudge
from hearsight.training.pairs.prepare import read_prepared
from hearsight.training.pairs.settings import PairData
from hearsight.weights.resnet import load_resnet


@dataclass(frozen=True, eq=False)
class PairMaterial:
    """What a run has to learn from.

    Parameters
    ----------
    settings : RunSettings
    system : HeatMapSystem
        With its first weights.
    pairs : PairSet
    train, validation : tuple of str
        Names of pairs.
    notes : tuple of str
        Sentences on how the pairs are read.
    """

    settings: RunSettings
    system: HeatMapSystem
    pairs: PairSet
    train: tuple[str, ...]
    validation: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @classmethod
    def open(
        cls,
        registration: Registration,
        settings: RunSettings,
        data: str | Path,
        features: str | Path | None = None,
    ) -> Self:
        """Find the pairs; they are read from shards if `prepare` has made those of the system."""
        system: HeatMapSystem = seeded_system(registration, settings)
        chosen: PairData = settings.data
        if chosen.backbone:
            system.start_from(load_resnet(chosen.backbone))
        if chosen.saliency:
            system = system.with_eyes(load_resnet(chosen.saliency))
        folder = Path(features) if features is not None else Path(data) / FEATURES_NAME
        pairs, notes = read_prepared(system, open_listed(data, chosen), folder)
        train, validation = split(pairs, chosen, settings.training.seed)
        if settings.training.batch_size < 2:
            msg = "training.batch_size must be at least 2: a pair is told from others of its batch"
            raise InputError(msg)
        if len(train) < settings.training.batch_size:
            msg = (
                f"{data}: has {len(train)} pairs to learn from, fewer than a batch of "
                f"{settings.training.batch_size}; lower training.batch_size"
            )
            raise DatasetError(msg)
        if system.rejects_from is not None and system.rejects_from >= settings.training.epochs:
            msg = (
                f"system.rejection_from {system.rejects_from} is not before the end, "
                f"training.epochs {settings.training.epochs}: silence and noise would never be "
                "heard; lower it"
            )
            raise InputError(msg)
        if system.learns_boxes and not any(_has_box(pairs, name) for name in train):
            msg = (
                f"{data}: no pair to learn from has a usable box, but system.boxes wants to learn "
                "from boxes; leave it out, or give data.annotations"
            )
            raise DatasetError(msg)
        return cls(settings, system, pairs, train, validation, notes)

    def check_metric(self, name: str) -> None:
        """Raise InputError if the validation pairs give no score of that name."""
        has_truth = any(each in self.pairs.truth for each in self.validation)
        known = (MATCHING, *(TRUTH_METRICS if has_truth else ()))
        check_known(name, known, "" if has_truth else " (the validation pairs have no boxes)")

    def prepared(self, tell: Tell, *, is_watched: bool) -> HeatMapSystem:
        """Return the system; pairs are read as they lie, so there is nothing to compute before."""
        del is_watched
        if self.pairs.dropped:
            tell(f"{len(self.pairs.dropped)} test pairs struck from the training list")
        for note in self.notes:
            tell(note)
        return self.system

    def examples(self, system: HeatMapSystem) -> PairExamples:
        """Return the training pairs."""
        pairs, seed = self.pairs, self.settings.training.seed
        return PairExamples(system, pairs.reader, self.train, pairs.truth, seed)

    def judge(self, system: HeatMapSystem) -> PairJudge:
        """Return what judges the system on the validation pairs."""
        seed = self.settings.training.seed
        return PairJudge(system, self.pairs, self.validation, seed)

    def describe(self, examples: Examples) -> str:
        """Say what is learned from."""
        role = use_of_validation(self.settings.training.metric)
        boxed = ""
        if self.system.learns_boxes:  # else no mask need be opened
            boxed = f" ({sum(_has_box(self.pairs, name) for name in self.train)} with boxes)"
        return f"{len(examples)} pairs{boxed} to learn from, {len(self.validation)} {role}"

    def finish(self, system: HeatMapSystem, judge: Judge) -> HeatMapSystem:
        """Return the system with the threshold below which nothing visible makes a sound."""
        if system.threshold is not None:
            return system
        assert isinstance(judge, PairJudge)
        return system.with_threshold(judge.threshold())

    @property
    def origin(self) -> dict[str, Any]:
        """What weights are trained on, in words and numbers."""
        return {
            "data": self.pairs.root.resolve().name,
            "train": described(self.train),
            "validation": {**described(self.validation), "from": self.settings.data.validation},
        }


def open_listed(data: str | Path, chosen: PairData) -> PairSet:
    """Open the pairs that the settings name."""
    return open_pairs(
        data,
        annotations=chosen.annotations or None,
        train_list=chosen.train_list or None,
        test_list=chosen.test_list or None,
        frame=chosen.frame,
        drop_test_ids=chosen.drop_test_ids,
    )


def split(pairs: PairSet, chosen: PairData, seed: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Choose what is learned and what the weights are judged on.

    Raises
    ------
    DatasetError
        If there is too little of either.
    """
    rng = np.random.default_rng(seed)
    names = pairs.train
    if chosen.validation == "held":
        n_held = max(2, round(chosen.held_share * len(names)))
        order = rng.permutation(len(names))
        held = tuple(names[place] for place in np.sort(order[:n_held]))
        train = tuple(names[place] for place in np.sort(order[n_held:]))
    else:
        held, train = pairs.test if chosen.validation == "test" else names, names
    if not train or len(held) < 2:
        msg = (
            f"{pairs.root}: has {len(train)} pairs to learn from and {len(held)} to judge on; give "
            "more pairs, or set data.validation"
        )
        raise DatasetError(msg)
    if len(held) > chosen.most_validated:
        places = np.sort(rng.permutation(len(held))[: chosen.most_validated])
        held = tuple(held[place] for place in places)
    return train, held


def described(names: Sequence[str]) -> dict[str, Any]:
    """Return what is noted beside weights of a list of pairs."""
    return {"pairs": len(names), "list": file_list_hash(names)}


def _has_box(pairs: PairSet, name: str) -> bool:
    return name in pairs.truth and any(pairs.truth[name].is_usable())
