"""`ClipEvaluation` and `MatchingEvaluation`: how right labels of seconds, and matches, are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hearsight.metrics.clip_events import EventScores
from hearsight.metrics.heatmaps.scores import MapScores
from hearsight.metrics.matching import MatchingScores
from hearsight.metrics.segments import SegmentScores
from hearsight.recording.files import replacing, write_csv, write_json
from hearsight.training.clips.saved_labels import FILE_NAME, write_labels


@dataclass(frozen=True, eq=False)
class ClipEvaluation:
    """Scores of labels of seconds, with what they mean.

    Parameters
    ----------
    about : mapping
        What was judged, and on what; plain values.
    segments : SegmentScores
        With floors, and bootstrap intervals over clips.
    events : EventScores
        Of runs of seconds with the same label.
    attention : MapScores or None
        Where the system looks in seconds of events, beside floors; None where boxes are not known,
        or it does not look.
    notes : tuple of str
        Sentences on what else to know.
    names : tuple of str
        Of the clips, by their rows in the scores.
    rows : tuple of int
    """

    about: Mapping[str, Any]
    segments: SegmentScores
    events: EventScores
    attention: MapScores | None
    notes: tuple[str, ...]
    names: tuple[str, ...] = field(repr=False)
    rows: tuple[int, ...] = field(repr=False)

    @property
    def name(self) -> str:
        """The system, or the folder of labels."""
        return str(self.about.get("system") or self.folder)

    @property
    def folder(self) -> Path:
        """Where the weights or labels lie."""
        return Path(self.about.get("weights") or self.about["labels"])

    @property
    def verdicts(self) -> tuple[str, ...]:
        """What floors say of the scores, a sentence each."""
        seen = () if self.attention is None else (f"Attention: {self.attention.verdict}",)
        return (self.segments.verdict, *seen)

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the labels as plain values, ready for JSON."""
        return {
            **self.about,
            "segments": self.segments.to_dict(),
            "events": self.events.to_dict(),
            "attention": None if self.attention is None else self.attention.to_dict(),
            "verdicts": list(self.verdicts),
            "notes": list(self.notes),
        }

    def write(self, path: str | Path) -> None:
        """Write `to_dict` as JSON, and `<name>-clips.csv` beside it: a row for each clip.

        Raises
        ------
        MediaError
            If a file cannot be written.
        """
        write_json(path, self.to_dict())
        right = self.segments.predicted == self.segments.truth
        classes = (*self.segments.classes, "background")
        table: list[tuple[object, ...]] = [("row", "clip", "accuracy", "truth", "labels")]
        for index, (row, name) in enumerate(zip(self.rows, self.names, strict=True)):
            labels = (self.segments.truth[index], self.segments.predicted[index])
            said = ("|".join(classes[label] for label in each) for each in labels)
            table.append((row, name, f"{right[index].mean():.3f}", *said))
        write_csv(clips_path(path), table)

    def write_predictions(self, folder: str | Path) -> None:
        """Write the labels of all seconds, in a form that `evaluate` reads.

        Raises
        ------
        MediaError
            If the file cannot be written.
        """
        write_labels(
            Path(folder) / FILE_NAME,
            self.rows,
            self.names,
            self.segments.predicted,
            self.segments.classes,
        )


@dataclass(frozen=True, eq=False)
class MatchingEvaluation:
    """Scores of a system that finds events of one modality in the other.

    Parameters
    ----------
    about : mapping
        What was judged, and on what; plain values.
    scores : MatchingScores
        With floors, and bootstrap intervals over clips.
    notes : tuple of str
        Sentences on what else to know.
    distances : mapping of str to ndarray, shape (T, T)
        From every second's picture to every second's sound, by row.
    """

    about: Mapping[str, Any]
    scores: MatchingScores
    notes: tuple[str, ...]
    distances: Mapping[str, NDArray[np.float32]] = field(repr=False)

    @property
    def name(self) -> str:
        """The system."""
        return str(self.about["system"])

    @property
    def folder(self) -> Path:
        """Where the weights lie."""
        return Path(self.about["weights"])

    @property
    def verdicts(self) -> tuple[str, ...]:
        """What floors say of the scores, a sentence each."""
        return self.scores.verdicts

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the distances as plain values, ready for JSON."""
        return {
            **self.about,
            "scores": self.scores.to_dict(),
            "notes": [*self.scores.notes, *self.notes],
        }

    def write(self, path: str | Path) -> None:
        """Write `to_dict` as JSON.

        Raises
        ------
        MediaError
            If the file cannot be written.
        """
        write_json(path, self.to_dict())

    def write_predictions(self, folder: str | Path) -> None:
        """Write the distances of each clip as `<row>.npy`.

        Raises
        ------
        MediaError
            If a file cannot be written.
        """
        for row, distances in self.distances.items():
            with replacing(Path(folder) / f"{row}.npy") as temporary:
                np.save(temporary, distances)


def clips_path(path: str | Path) -> Path:
    """Return where the scores of each clip lie, beside the JSON with all others."""
    return Path(path).with_name(f"{Path(path).stem}-clips.csv")
