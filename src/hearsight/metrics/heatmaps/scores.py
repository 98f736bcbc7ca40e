"""`MapScores`: what `judge_maps` found, picture by picture, and what it amounts to.

All scores are means over pictures of what each picture gives, so one table of cious serves
for scores, classes, intervals and the comparison with floors, picture by picture.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from hearsight.metrics.heatmaps.overlap import SUCCESS, Floats, areas, summary
from hearsight.metrics.heatmaps.styles import Style
from hearsight.metrics.intervals import Interval, bootstrap, or_none, resampling_weights

N_DRAWS = 1000
NOT_FLOORS = ("maps", "ceiling")

Scores = Mapping[str, float]


@dataclass(frozen=True)
class PictureScores:
    """Scores of one picture.

    Parameters
    ----------
    cious : mapping of str to mapping of str to float
        Of the map (`maps`), of each floor and of the `ceiling`, by threshold rule.
    area : float
        Share of the picture that sounds; 0 if no box is usable.
    n_boxes : int
        Usable boxes.
    peak : float
        Maximum of the up-sampled map on its own scale; NaN without a map.
    confidence : float
        Mean of the top quarter of the up-sampled map on its own scale; NaN without a map.
    """

    cious: Mapping[str, Mapping[str, float]]
    area: float
    n_boxes: int
    peak: float
    confidence: float


@dataclass(frozen=True, eq=False)
class MapScores:
    """Scores of a set of maps, with what is needed to take them apart.

    `scores["success"]` is the share of pictures found by the threshold of the style, `mean_ciou`
    and `auc` are the others. NaN cious fail.

    Parameters
    ----------
    pictures : mapping of str to PictureScores
        In order of their names.
    style : Style
        Its threshold is the `rule` that counts.
    missing : tuple of str
        Pictures without a map; they are failed.
    superfluous : tuple of str
        Maps without a picture; they are left out.
    labels : mapping of str to str
        Class of pictures; may lack some or all.
    """

    pictures: Mapping[str, PictureScores] = field(repr=False)
    style: Style
    missing: tuple[str, ...]
    superfluous: tuple[str, ...]
    labels: Mapping[str, str] = field(repr=False)

    def __getitem__(self, score: str) -> float:
        return self.table["maps"][self.rule][score]

    @property
    def rule(self) -> str:
        """The threshold that counts."""
        return self.style.threshold

    @functools.cached_property
    def table(self) -> dict[str, dict[str, Scores]]:
        """Scores by who is judged (`maps`, floors, `ceiling`), then by threshold rule."""
        first = next(iter(self.pictures.values()))
        return {
            contender: {rule: summary(self._cious(contender, rule)) for rule in rules}
            for contender, rules in first.cious.items()
        }

    @functools.cached_property
    def intervals(self) -> dict[str, dict[str, Interval]]:
        """Bootstrap intervals (95 %) over pictures, by threshold rule and score."""
        return {
            rule: {
                score: self._interval(terms)
                for score, terms in _terms(self._cious("maps", rule)).items()
            }
            for rule in self.table["maps"]
        }

    @property
    def n_without_box(self) -> int:
        """Number of pictures without a usable box, which nobody can find."""
        return sum(picture.n_boxes == 0 for picture in self.pictures.values())

    @property
    def floors(self) -> list[str]:
        """Names of what is scored without listening."""
        return [contender for contender in self.table if contender not in NOT_FLOORS]

    @property
    def best_floor(self) -> str:
        """The floor with the highest success."""
        return max(self.floors, key=lambda floor: self.table[floor][self.rule]["success"])

    @functools.cached_property
    def margin(self) -> Interval:
        """How much higher the success is than that of the best floor, on the same pictures."""
        mine = _terms(self._cious("maps", self.rule))["success"]
        return self._interval(mine - _terms(self._cious(self.best_floor, self.rule))["success"])

    @property
    def clears_floors(self) -> bool | None:
        """Whether the interval of the margin is above 0; None of one picture, as it cannot tell."""
        return None if len(self.pictures) < 2 else bool(self.margin.low > 0.0)

    @property
    def verdict(self) -> str:
        """What the floors say of the score, a sentence."""
        value, floor = self["success"], self.table[self.best_floor][self.rule]["success"]
        low, high, _ = (100.0 * bound for bound in self.margin)
        scores = (
            f"success of {100.0 * value:.1f} % by the {self.rule} threshold against "
            f"{100.0 * floor:.1f} % of the best floor, {self.best_floor}"
        )
        if self.clears_floors is None:
            return f"One picture does not tell whether maps clear their floors: {scores}."
        margin = f"{100.0 * (value - floor):+.1f} points, 95 % interval {low:+.1f} to {high:+.1f}"
        if self.clears_floors:
            return f"The maps clear their floors: {scores} ({margin})."
        return f"The maps do not clear their floors and may not follow sound: {scores} ({margin})."

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences on pictures that fail whatever the map says, and on maps left out."""
        told = (
            (len(self.missing), "annotated without a map: they count as failures"),
            (self.n_without_box, "without a usable box: they count as failures"),
            (len(self.superfluous), "with a map but without annotation: they are left out"),
        )
        return tuple(f"Pictures {what}: {count}." for count, what in told if count)

    def by_class(self) -> dict[str, dict[str, float]]:
        """Score each class, by the threshold that counts.

        Returns
        -------
        dict of str to dict
            `n_pictures`, `success`, `mean_ciou` and `auc`, in order of labels.
        """
        members: dict[str, list[str]] = {}
        for name in self.pictures:
            if name in self.labels:
                members.setdefault(self.labels[name], []).append(name)
        return {
            label: {"n_pictures": len(names), **summary(self._cious("maps", self.rule, names))}
            for label, names in sorted(members.items())
        }

    def rows(self) -> Iterator[dict[str, object]]:
        """Yield plain values for each picture: what a table of all results holds.

        Yields
        ------
        dict
            `name`, `label`, `area`, `n_boxes`, `peak`, `confidence`, and `ciou_<rule>`.
        """
        for name, picture in self.pictures.items():
            yield {
                "name": name,
                "label": self.labels.get(name, ""),
                "area": picture.area,
                "n_boxes": picture.n_boxes,
                "peak": picture.peak,
                "confidence": picture.confidence,
                **{f"ciou_{rule}": value for rule, value in picture.cious["maps"].items()},
            }

    def to_dict(self) -> dict[str, object]:
        """Return plain values ready for JSON, None where a score is undefined."""
        return {
            "style": dataclasses.asdict(self.style),
            "rule": self.rule,
            "n_pictures": len(self.pictures),
            "n_without_box": self.n_without_box,
            "missing": list(self.missing),
            "superfluous": list(self.superfluous),
            "scores": {
                contender: {rule: or_none(scores) for rule, scores in rules.items()}
                for contender, rules in self.table.items()
            },
            "intervals": {
                rule: {score: or_none(each._asdict()) for score, each in scores.items()}
                for rule, scores in self.intervals.items()
            },
            "by_class": {label: or_none(scores) for label, scores in self.by_class().items()},
            "best_floor": self.best_floor,
            "margin": or_none(self.margin._asdict()),
            "clears_floors": self.clears_floors,
            "verdict": self.verdict,
            "notes": list(self.notes),
        }

    def _cious(self, contender: str, rule: str, names: Iterable[str] | None = None) -> Floats:
        chosen = self.pictures if names is None else names
        return np.array([self.pictures[name].cious[contender][rule] for name in chosen])

    @functools.cached_property
    def _weights(self) -> Floats:
        return resampling_weights(len(self.pictures), N_DRAWS, np.random.default_rng(0))

    def _interval(self, terms: Floats) -> Interval:
        return bootstrap(float(terms.mean()), self._weights @ terms / len(terms))


def _terms(cious: Floats) -> dict[str, Floats]:
    """Return what each picture gives to each score; the scores are the means."""
    return {
        "success": (cious >= SUCCESS).astype(np.float64),
        "mean_ciou": np.nan_to_num(cious),
        "auc": areas(cious),
    }
