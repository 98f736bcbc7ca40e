"""Judging systems on clips: labels of seconds, where they look, and matches between modalities."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hearsight.datasets.clips import ClipSet, Split, open_clips
from hearsight.errors import DatasetError, InputError, nearest
from hearsight.events.events import Events
from hearsight.events.segments import SegmentCodec
from hearsight.events.sounding import Truth
from hearsight.inference.trained import TrainedSystem, means_weights
from hearsight.metrics.clip_events import judge_clip_events
from hearsight.metrics.heatmaps.judge import judge_maps
from hearsight.metrics.heatmaps.scores import MapScores
from hearsight.metrics.matching import judge_matching
from hearsight.metrics.segments import judge_segments
from hearsight.systems.matching import MatchingSystem
from hearsight.systems.segments import SegmentSystem
from hearsight.training.clips.corpus import Corpus
from hearsight.training.clips.data import stacked
from hearsight.training.clips.evaluation import ClipEvaluation, MatchingEvaluation
from hearsight.training.clips.matching import distances, matching_lists
from hearsight.training.clips.saved_labels import FILE_NAME, read_labels
from hearsight.training.clips.settings import ClipData
from hearsight.training.material import Tell

SPLITS = ("test", "validation", "train")
_AT_ONCE = 32


def evaluate_clips(
    subject: str | Path,
    data: str | Path,
    *,
    split: str = "test",
    features: str | Path | None = None,
    device: str = "auto",
    tell: Tell = lambda _: None,
    is_watched: bool = False,
) -> ClipEvaluation | MatchingEvaluation:
    """Judge a trained system, or labels of seconds in a folder.

    For arguments and errors see `hearsight.training.evaluate.evaluate`.
    """
    if split not in SPLITS:
        msg = f"unknown split {split!r}; {nearest(split, SPLITS)}"
        raise InputError(msg)
    about: dict[str, Any] = {"data": str(data), "split": split}
    if not means_weights(subject):
        about["labels"] = str(subject)
        return _of_labels(Path(subject), open_clips(data), split, about)
    trained = TrainedSystem.load(subject, device)
    about |= {
        "system": trained.system.name,
        "weights": str(trained.folder),
        "fingerprint": trained.fingerprint,
        "origin": trained.about["origin"],
    }
    system: Any = trained.system
    corpus = Corpus.open(data, ClipData(), features, system.encoders, system.labels)
    lists: ClipSet | Split = corpus.clips
    if isinstance(system, MatchingSystem):
        # Clips that were learned from may be in the other test list.
        which = trained.about["origin"].get("matching_split", "published")
        lists = matching_lists(corpus.clips, which)
    rows = _judged(corpus, getattr(lists, split), split, tell)
    corpus.prepare(rows, tell, is_watched=is_watched)
    notes = _about_learning(trained.about["origin"], corpus, rows)
    if system.encoders is not None and corpus.encoders is None:
        notes += ("There are no videos: what is judged are features that lie with the set.",)
    if isinstance(system, MatchingSystem):
        return _of_matches(system, corpus, rows, about, notes)
    return _of_seconds(system, corpus, rows, about, notes)


def _of_seconds(
    system: SegmentSystem,
    corpus: Corpus,
    rows: Sequence[int],
    about: Mapping[str, Any],
    notes: tuple[str, ...],
) -> ClipEvaluation:
    place = next(system.network.parameters()).device
    labels: list[NDArray[np.intp]] = []
    maps: dict[str, NDArray[np.float32]] = {}
    for start in range(0, len(rows), _AT_ONCE):
        some = rows[start : start + _AT_ONCE]
        batch = stacked([corpus.source.read(row) for row in some])
        answer = system.answer(batch["video"].to(place), batch["audio"].to(place))
        labels.extend(answer.probabilities.argmax(dim=-1).cpu().numpy())
        if answer.attention is not None and corpus.clips.boxes is not None:
            seen = answer.attention.float().cpu().numpy()
            maps.update(_in_events(corpus.clips, some, seen))
    return _judged_labels(np.stack(labels), corpus.clips, rows, about, notes, maps)


def _of_matches(
    system: MatchingSystem,
    corpus: Corpus,
    rows: Sequence[int],
    about: Mapping[str, Any],
    notes: tuple[str, ...],
) -> MatchingEvaluation:
    clips = corpus.clips
    found = {str(row): distances(system, corpus.source.read(row)) for row in rows}
    events = [clips.labels(row) != clips.background for row in rows]
    return MatchingEvaluation(about, judge_matching(list(found.values()), events), notes, found)


def _of_labels(
    folder: Path, clips: ClipSet, split: str, about: Mapping[str, Any]
) -> ClipEvaluation:
    rows = getattr(clips, split)
    names = {row: clips.name(row) for row in rows}
    labels, notes = read_labels(folder / FILE_NAME, names, clips.n_segments, clips.classes)
    return _judged_labels(labels, clips, rows, about, notes, {})


def _judged_labels(
    labels: NDArray[np.intp],
    clips: ClipSet,
    rows: Sequence[int],
    about: Mapping[str, Any],
    notes: tuple[str, ...],
    maps: Mapping[str, NDArray[np.float32]],
) -> ClipEvaluation:
    truth = np.stack([clips.labels(row) for row in rows])
    return ClipEvaluation(
        about,
        judge_segments(labels, truth, clips.classes),
        judge_clip_events(_events(labels, clips), _events(truth, clips), clips.classes),
        _attention(maps, clips),
        notes,
        tuple(map(clips.name, rows)),
        tuple(rows),
    )


def _events(labels: NDArray[np.intp], clips: ClipSet) -> list[Events]:
    codec = SegmentCodec(clips.classes)
    return [codec.decode(seconds) for seconds in labels]


def _in_events(
    clips: ClipSet, rows: Sequence[int], maps: NDArray[np.float32]
) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Yield the maps of seconds in which something in view sounds, named by clip and second."""
    for row, seconds in zip(rows, maps, strict=True):
        labels = clips.labels(row)
        for second, map_ in enumerate(seconds):
            if labels[second] != clips.background and _boxes(clips, row, second).boxes:
                yield f"{row} {second}", map_


def _attention(maps: Mapping[str, NDArray[np.float32]], clips: ClipSet) -> MapScores | None:
    if not maps:
        return None
    truths: dict[str, Truth] = {name: _boxes(clips, *map(int, name.split())) for name in maps}
    return judge_maps(maps, truths)


def _boxes(clips: ClipSet, row: int, second: int) -> Any:
    assert clips.boxes is not None
    return clips.boxes[clips.name(row)][second]


def _judged(corpus: Corpus, rows: Sequence[int], split: str, tell: Tell) -> tuple[int, ...]:
    kept = corpus.available(rows, tell)
    if not kept:
        msg = (
            f"{corpus.clips.root}: none of the {len(rows)} clips of the {split} split has features "
            "or a video; give another --split"
        )
        raise DatasetError(msg)
    return kept


def _about_learning(
    origin: Mapping[str, Any], corpus: Corpus, rows: Sequence[int]
) -> tuple[str, ...]:
    """Say what is known of whether a system has learned from what it is judged on."""
    judged = corpus.described(rows)["list"]
    for part, said in (
        ("train", "The system has learned from these very clips: scores flatter."),
        ("validation", "The weights were chosen on these very clips: scores flatter."),
    ):
        about = origin.get(part)
        if isinstance(about, dict) and about.get("list") == judged:
            return (said,)
    if not isinstance(origin.get("train"), dict):
        return ("What the weights have learned from is not noted; it may have been these clips.",)
    return ()
