"""`Evaluation`: how right predictions are, beside what guessing would score.

A number without its floor and its interval says little, so none comes without them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hearsight.events.events import Events
from hearsight.events.formats.dcase import DcaseFormat, write_dcase
from hearsight.metrics.formulas import LOWER_IS_BETTER
from hearsight.metrics.seld import SeldScores
from hearsight.recording.files import write_json

_OUTPUT_FORMATS: dict[int, DcaseFormat] = {2023: "xyz7", 2024: "xyz7", 2025: "stereo"}


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Scores of a system or of a folder of predictions, with what they mean.

    Parameters
    ----------
    about : mapping
        What was judged, and on what; plain values.
    scores : SeldScores
        With jackknife intervals over recordings.
    bounds : mapping of str to SeldScores
        Floors, then ceilings (named `oracle_...`); see `hearsight.metrics.bounds`.
    by_room : mapping of int to SeldScores
        Without intervals.
    on_off : SeldScores, optional
        With wrong on-screen flags counted as mistakes ("F on/off"), where flags are told (2025).
    notes : tuple of str
        Sentences on what else to know.
    predictions : mapping of str to Events
        What was judged, by recording.
    """

    about: Mapping[str, Any]
    scores: SeldScores
    bounds: Mapping[str, SeldScores]
    by_room: Mapping[int, SeldScores]
    on_off: SeldScores | None
    notes: tuple[str, ...]
    predictions: Mapping[str, Events] = field(repr=False)

    @property
    def name(self) -> str:
        """The system, or the folder of predictions."""
        return str(self.about.get("system") or self.folder)

    @property
    def folder(self) -> Path:
        """Where the weights or predictions lie."""
        return Path(self.about.get("weights") or self.about["predictions"])

    @property
    def metric(self) -> str:
        """The score that the year ranks by: the SELD score, or F where there is none."""
        return "seld_score" if "seld_score" in self.scores.overall else "f_score"

    @property
    def floors(self) -> dict[str, SeldScores]:
        """What is scored without hearing."""
        return {name: each for name, each in self.bounds.items() if not name.startswith("oracle")}

    @property
    def best_floor(self) -> str:
        """Name of the floor that scores best."""
        sign = 1.0 if self.metric in LOWER_IS_BETTER else -1.0

        def badness(name: str) -> float:
            value = sign * self.bounds[name][self.metric]
            return math.inf if math.isnan(value) else value

        return min(self.floors, key=badness)

    @property
    def clears_floors(self) -> bool | None:
        """Whether the whole interval of the score is better than every floor; None if unknown."""
        interval = self.scores.intervals[self.metric]
        floor = self.bounds[self.best_floor][self.metric]
        if math.isnan(interval.low) or math.isnan(floor):
            return None
        if self.metric in LOWER_IS_BETTER:
            return bool(interval.high < floor)
        return bool(interval.low > floor)

    @property
    def verdict(self) -> str:
        """What the floors say of the score, a sentence."""
        floor, words = self.best_floor, {"f_score": "F score"}.get(self.metric, "SELD score")
        beside = (
            f"its best floor, {floor.replace('_', ' ')} ({self.bounds[floor][self.metric]:.3f})"
        )
        value = f"the {words} of {self.scores[self.metric]:.3f}"
        if self.clears_floors is None:
            return f"Whether {value} clears {beside}, cannot be told: one recording is too little."
        if self.clears_floors:
            return f"With its whole interval, {value} clears {beside}."
        return f"By its interval, {value} does not clear {beside}: this may be guessing."

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the predictions as plain values, ready for JSON."""
        on_off = None if self.on_off is None else self.on_off.to_dict()["overall"]
        return {
            **self.about,
            "year": self.scores.definition.year,
            "scores": self.scores.to_dict(),
            "on_off": on_off,
            "bounds": {name: each.to_dict()["overall"] for name, each in self.bounds.items()},
            "by_room": {
                str(room): each.to_dict()["overall"] for room, each in self.by_room.items()
            },
            "by_recording": {
                name: each.to_dict()["overall"] for name, each in self.scores.by_recording().items()
            },
            "best_floor": self.best_floor,
            "clears_floors": self.clears_floors,
            "verdict": self.verdict,
            "notes": list(self.notes),
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
        """Write a DCASE csv file for each recording, as the year's baseline writes its output.

        Raises
        ------
        MediaError
            If a file cannot be written.
        """
        format_ = _OUTPUT_FORMATS.get(self.scores.definition.year, "xyz6")
        for name, events in self.predictions.items():
            write_dcase(events, Path(folder) / f"{name}.csv", format=format_)
