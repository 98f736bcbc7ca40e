"""`MatchingMaterial`: seconds that a system learns to match, and clips it is judged on.

What stands for a second is its sound's vector and the mean of its picture's map: some thousand
clips fit into memory.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray

from hearsight.datasets.clips import ClipSet, Split
from hearsight.errors import DatasetError, InputError
from hearsight.features.clips import ClipFeatures
from hearsight.metrics.matching import DIRECTIONS, judge_matching
from hearsight.models.matching import Matched
from hearsight.systems.matching import MatchingSystem
from hearsight.systems.registry import Registration
from hearsight.training.best import use_of_validation
from hearsight.training.clips.corpus import Corpus, sized
from hearsight.training.clips.settings import ClipData
from hearsight.training.clips.sources import ClipSource
from hearsight.training.config import RunSettings
from hearsight.training.examples import Batch, Examples
from hearsight.training.material import (
    Judge,
    Tell,
    check_known,
    seeded_system,
)

MATCHING = "matching"
METRICS = (MATCHING, *DIRECTIONS)
_AT_ONCE = 256


class SecondExamples(Examples):
    """The seconds of clips.

    Parameters
    ----------
    clips : ClipSet
    source : ClipSource
        Of their features.
    rows : sequence of int
    """

    def __init__(self, clips: ClipSet, source: ClipSource, rows: Sequence[int]) -> None:
        means = [pooled(source.read(row)) for row in rows]
        self._video = torch.from_numpy(np.concatenate([video for video, _ in means]))
        self._audio = torch.from_numpy(np.concatenate([audio for _, audio in means]))
        is_event = np.concatenate([clips.labels(row) != clips.background for row in rows])
        self._is_event = torch.from_numpy(is_event)
        self._row = torch.tensor(rows).repeat_interleave(clips.n_segments)

    def __len__(self) -> int:
        return len(self._row)

    def __getitems__(self, places: Sequence[int]) -> Batch:
        """Return a batch: `video`, `audio`, `is_event` and `row` of seconds."""
        which = torch.tensor(places) % len(self)
        return {
            "video": self._video[which],
            "audio": self._audio[which],
            "is_event": self._is_event[which],
            "row": self._row[which],
        }


def pooled(features: ClipFeatures) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return a vector of the picture and one of the sound for each second."""
    assert features.video is not None
    assert features.audio is not None
    return features.video.mean(axis=(1, 2)), features.audio


class MatchingJudge:
    """Tells how well a system finds the events of some clips in the other modality.

    Parameters
    ----------
    system : MatchingSystem
    clips : ClipSet
    source : ClipSource
    rows : tuple of int
        Those whose event fills the clip, or none of it, have nothing to find.
    """

    def __init__(
        self, system: MatchingSystem, clips: ClipSet, source: ClipSource, rows: tuple[int, ...]
    ) -> None:
        self._system, self._clips, self._source = system, clips, source
        self._rows = tuple(row for row in rows if clips.has_boundary(row))

    def __len__(self) -> int:
        return -(-len(self._rows) // _AT_ONCE)

    def predict(self, part: int) -> dict[str, NDArray[np.float32]]:
        """Return how far each second's picture is from each second's sound, by row."""
        rows = self._rows[part * _AT_ONCE : (part + 1) * _AT_ONCE]
        return {str(row): distances(self._system, self._source.read(row)) for row in rows}

    def score(self, found: Mapping[str, NDArray[np.float32]]) -> dict[str, float]:
        """Return the scores of all clips.

        Returns
        -------
        dict
            `a2v` and `v2a`: the share of events of which the first second was found in pictures, by
            their sound, and in sound, by their pictures; `matching`, the mean of both.
        """
        clips = self._clips
        events = [clips.labels(int(row)) != clips.background for row in found]
        accuracy = judge_matching(list(found.values()), events).accuracy
        return {MATCHING: float(np.mean(list(accuracy.values()))), **accuracy}


def distances(system: MatchingSystem, features: ClipFeatures) -> NDArray[np.float32]:
    """Return how far each second's picture is from each second's sound; shape (T, T)."""
    video, audio = system.embed(features)
    assert video is not None
    assert audio is not None
    return Matched(video, audio).all().cpu().numpy()


@dataclass(frozen=True, eq=False)
class MatchingMaterial:
    """What a run has to learn from.

    Parameters
    ----------
    registration : Registration
    settings : RunSettings
    corpus : Corpus
    train, validation : tuple of int
        Rows.
    """

    registration: Registration
    settings: RunSettings
    corpus: Corpus
    train: tuple[int, ...]
    validation: tuple[int, ...]

    @classmethod
    def open(
        cls,
        registration: Registration,
        settings: RunSettings,
        data: str | Path,
        features: str | Path | None = None,
    ) -> Self:
        """Find the clips; features are computed by `prepared`."""
        if settings.data.start:
            msg = f"data.start: {registration.name} begins with no other weights; leave it out"
            raise InputError(msg)
        corpus = Corpus.open(data, settings.data, features)
        train, validation = map(corpus.available, _wanted(corpus.clips, settings.data))
        n_findable = sum(map(corpus.clips.has_boundary, validation))
        if not train or not n_findable:
            msg = (
                f"{data}: has {len(train)} clips to learn from and {n_findable} to judge on whose "
                "event does not fill them; give more clips, or set data.validation"
            )
            raise DatasetError(msg)
        return cls(registration, settings, corpus, train, validation)

    def check_metric(self, name: str) -> None:
        """Raise InputError if the judge gives no score of that name."""
        check_known(name, METRICS)

    def prepared(self, tell: Tell, *, is_watched: bool) -> MatchingSystem:
        """Make the features that are missing, and the system for their sizes."""
        wanted = _wanted(self.corpus.clips, self.settings.data)
        self.corpus.available([row for rows in wanted for row in rows], tell)
        rows = (*self.train, *self.validation)
        self.corpus.prepare(rows, tell, is_watched=is_watched)
        settings = dataclasses.replace(
            self.settings, system=sized(self.settings.system, self.corpus, rows[0])
        )
        system: MatchingSystem = seeded_system(self.registration, settings)
        return system.with_encoders(self.corpus.encoders)

    def examples(self, system: MatchingSystem) -> SecondExamples:
        """Return the seconds of the training clips."""
        del system
        return SecondExamples(self.corpus.clips, self.corpus.source, self.train)

    def judge(self, system: MatchingSystem) -> MatchingJudge:
        """Return what judges the system on the validation clips."""
        return MatchingJudge(system, self.corpus.clips, self.corpus.source, self.validation)

    def describe(self, examples: Examples) -> str:
        """Say what is learned from."""
        role = use_of_validation(self.settings.training.metric)
        return (
            f"{len(examples)} seconds of {len(self.train)} clips to learn from, "
            f"{len(self.validation)} clips {role}"
        )

    def finish(self, system: MatchingSystem, judge: Judge) -> MatchingSystem:
        """Return the system as it is."""
        del judge
        return system

    @property
    def origin(self) -> dict[str, Any]:
        """What weights are trained on, in words and numbers."""
        return {
            "data": self.corpus.clips.root.resolve().name,
            "matching_split": self.settings.data.matching_split,
            "train": self.corpus.described(self.train),
            "validation": self.corpus.described(self.validation),
        }


def _wanted(clips: ClipSet, chosen: ClipData) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the rows to learn from, and those to judge on."""
    lists = matching_lists(clips, chosen.matching_split)
    return lists.train, getattr(lists, chosen.validation)


def matching_lists(clips: ClipSet, which: str) -> Split:
    """Return the lists for matching: the set's own, unless it has none, or "labeled" are wanted."""
    if which == "published" and clips.matching is not None:
        return clips.matching
    return Split(clips.train, clips.validation, clips.test)
