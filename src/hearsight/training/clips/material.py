"""`ClipMaterial`: clips that a system learns to label second by second, and is judged on."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from hearsight.datasets.clips import ClipSet
from hearsight.errors import DatasetError, InputError
from hearsight.models.av_att import AvAttNet
from hearsight.models.dmrn import DmrnNet
from hearsight.systems.registry import Registration
from hearsight.systems.segments import SegmentSystem
from hearsight.training.best import use_of_validation
from hearsight.training.clips.corpus import Corpus, sized
from hearsight.training.clips.data import ClipExamples
from hearsight.training.clips.judge import METRICS, ClipJudge
from hearsight.training.clips.settings import ClipData
from hearsight.training.config import RunSettings
from hearsight.training.examples import Examples
from hearsight.training.material import (
    Judge,
    Tell,
    check_known,
    seeded_system,
)
from hearsight.weights.store import load_system


@dataclass(frozen=True, eq=False)
class ClipMaterial:
    """What a run has to learn from.

    Parameters
    ----------
    registration : Registration
    settings : RunSettings
    corpus : Corpus
    train, negatives, validation : tuple of int
        Rows; negatives are clips without any event, learned from as well.
    start : AvAttNet or None
        What DMRN begins with.
    """

    registration: Registration
    settings: RunSettings
    corpus: Corpus
    train: tuple[int, ...]
    negatives: tuple[int, ...]
    validation: tuple[int, ...]
    start: AvAttNet | None

    @classmethod
    def open(
        cls,
        registration: Registration,
        settings: RunSettings,
        data: str | Path,
        features: str | Path | None = None,
    ) -> Self:
        """Find the clips; features are computed by `prepared`."""
        corpus = Corpus.open(data, settings.data, features, classes=settings.system.labels)
        train, negatives, validation = map(corpus.available, _wanted(corpus.clips, settings))
        if not train or not validation:
            msg = (
                f"{data}: has {len(train)} clips to learn from and {len(validation)} to judge on; "
                "give more clips, or set data.validation"
            )
            raise DatasetError(msg)
        n_full = len(train) + len(negatives)
        if settings.system.parity and n_full < settings.training.batch_size:
            msg = (
                f"{data}: has {n_full} clips to learn from, fewer than the batch of "
                f"{settings.training.batch_size} that parity wants full; lower training.batch_size"
            )
            raise DatasetError(msg)
        start = _beginning(registration, settings.data.start)
        return cls(registration, settings, corpus, train, negatives, validation, start)

    def check_metric(self, name: str) -> None:
        """Raise InputError if the judge gives no score of that name."""
        check_known(name, METRICS)

    def prepared(self, tell: Tell, *, is_watched: bool) -> SegmentSystem:
        """Make the features that are missing, and the system for their sizes."""
        clips = self.corpus.clips
        if clips.dropped:
            tell(f"{len(clips.dropped)} rows struck whose clips are judged under other labels")
        wanted = _wanted(clips, self.settings)
        self.corpus.available([row for rows in wanted for row in rows], tell)
        rows = (*self.train, *self.negatives, *self.validation)
        self.corpus.prepare(rows, tell, is_watched=is_watched)
        settings = dataclasses.replace(
            self.settings, system=sized(self.settings.system, self.corpus, rows[0])
        )
        system: SegmentSystem = seeded_system(self.registration, settings)
        if self.start is not None:
            assert isinstance(system.network, DmrnNet)
            taken = system.network.start_from(self.start)
            folder = self.settings.data.start
            tell(f"begun with {len(taken)} of the parameters in {folder}: {', '.join(taken)}")
        return system.with_encoders(self.corpus.encoders)

    def examples(self, system: SegmentSystem) -> ClipExamples:
        """Return the training clips."""
        rows = (*self.train, *self.negatives)
        return ClipExamples(self.corpus.clips, self.corpus.source, rows, as_listed=system.parity)

    def judge(self, system: SegmentSystem) -> ClipJudge:
        """Return what judges the system on the validation clips."""
        return ClipJudge(system, self.corpus.clips, self.corpus.source, self.validation)

    def describe(self, examples: Examples) -> str:
        """Say what is learned from."""
        role = use_of_validation(self.settings.training.metric)
        without = f" ({len(self.negatives)} without events)" * bool(self.negatives)
        return f"{len(examples)} clips{without} to learn from, {len(self.validation)} {role}"

    def finish(self, system: SegmentSystem, judge: Judge) -> SegmentSystem:
        """Return the system as it is."""
        del judge
        return system

    @property
    def origin(self) -> dict[str, Any]:
        """What weights are trained on, in words and numbers."""
        return {
            "data": self.corpus.clips.root.resolve().name,
            "train": self.corpus.described(self.train),
            "negatives": len(self.negatives),
            "validation": self.corpus.described(self.validation),
        }


def _wanted(clips: ClipSet, settings: RunSettings) -> tuple[tuple[int, ...], ...]:
    """Return the rows to learn from, those without any event, and those to judge on."""
    chosen: ClipData = settings.data
    is_weak = settings.system.supervision == "weak"
    negatives = clips.negative_rows if is_weak and chosen.negatives else ()
    return clips.train, negatives, getattr(clips, chosen.validation)


def _beginning(registration: Registration, folder: str) -> AvAttNet | None:
    """Return the trained network that a system begins with, if a folder is named.

    Raises
    ------
    InputError
        If the system is not DMRN, or the weights are not AV-att's.
    """
    if not folder:
        return None
    other = load_system(folder)
    if registration.name != "dmrn" or not isinstance(other.network, AvAttNet):
        msg = (
            f"data.start: {registration.name} cannot begin with the weights of {other.name}; only "
            "dmrn begins with those of av-att"
        )
        raise InputError(msg)
    return other.network
