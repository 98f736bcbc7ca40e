"""`PairEvaluation`: how right heat maps are, beside what is scored without listening."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hearsight.metrics.heatmaps.rows import ScoreRows
from hearsight.metrics.heatmaps.scores import MapScores
from hearsight.metrics.intervals import or_none
from hearsight.recording.files import write_csv, write_json
from hearsight.training.pairs.listening import Listening, Maps
from hearsight.training.pairs.saved_maps import write_maps


@dataclass(frozen=True, eq=False)
class PairEvaluation:
    """Scores of a system or of a folder of heat maps, with what they mean.

    Parameters
    ----------
    about : mapping
        What was judged, on what, and in which style; plain values.
    scores : MapScores
        By every threshold rule, with floors, ceiling, and bootstrap intervals over pictures.
    threshold : float or None
        Above which a map says that something in view sounds; None: not known.
    variants : mapping of str to mapping of str to float
        `success`, `mean_ciou` and `auc` of the system's other maps: `guided`, mixed with what it
        takes for objects, and `visual`, without a sound.
    listening : Listening or None
        What other sounds do; None for saved maps, as for the next.
    extended : ScoreRows or None
        With pictures that do not show what sounds, where the set has such; see `extended_scores`.
    interactive : ScoreRows or None
        Where the set has pictures in which several things sound in turn; see `interactive_scores`.
    notes : tuple of str
        Sentences on what else to know.
    maps : mapping of str to ndarray, shape (rows, columns)
        What was judged, by picture.
    """

    about: Mapping[str, Any]
    scores: MapScores
    threshold: float | None
    variants: Mapping[str, Mapping[str, float]]
    listening: Listening | None
    extended: ScoreRows | None
    interactive: ScoreRows | None
    notes: tuple[str, ...]
    maps: Maps = field(repr=False)

    @property
    def name(self) -> str:
        """The system, or the folder of maps."""
        return str(self.about.get("system") or self.folder)

    @property
    def folder(self) -> Path:
        """Where the weights or maps lie."""
        return Path(self.about.get("weights") or self.about["maps"])

    @property
    def verdicts(self) -> tuple[str, ...]:
        """What floors and other sounds say of the scores, a sentence each."""
        heard = () if self.listening is None else (self.listening.verdict,)
        return (self.scores.verdict, *heard)

    def to_dict(self) -> dict[str, Any]:
        """Return everything but pictures and maps as plain values, ready for JSON."""
        return {
            **self.about,
            "threshold": self.threshold,
            "scores": self.scores.to_dict(),
            "variants": {name: or_none(row) for name, row in self.variants.items()},
            "listening": None if self.listening is None else self.listening.to_dict(),
            "extended": None if self.extended is None else self.extended.to_dict(),
            "interactive": None if self.interactive is None else self.interactive.to_dict(),
            "verdicts": list(self.verdicts),
            "notes": list(self.notes),
        }

    def write(self, path: str | Path) -> None:
        """Write `to_dict` as JSON, and `<name>-pictures.csv` beside it: a row for each picture.

        Raises
        ------
        MediaError
            If a file cannot be written.
        """
        write_json(path, self.to_dict())
        rows = list(self.scores.rows())
        cells = ([_cell(value) for value in row.values()] for row in rows)
        write_csv(pictures_path(path), [list(rows[0]), *cells])

    def write_predictions(self, folder: str | Path) -> None:
        """Write each map as `<picture>.npy`.

        Raises
        ------
        MediaError
            If a file cannot be written.
        """
        write_maps(folder, self.maps)


def pictures_path(path: str | Path) -> Path:
    """Return where the scores of each picture lie, beside the JSON with all others."""
    return Path(path).with_name(f"{Path(path).stem}-pictures.csv")


def _cell(value: object) -> object:
    """Return what stands in a table: nothing for what is not known."""
    return "" if isinstance(value, float) and math.isnan(value) else value
