"""How well the seconds of clips are classified: what is both seen and heard, or background.

Labels are class indices, one for each second; the background is the class after all others and
counts like them. Beside every score stand floors, answers that need neither eyes nor ears for the
seconds: `all background`, `most frequent class` (that of most judged seconds that are not
background, everywhere), and `right class throughout`, which is told the class of the clip but not
when: on the published test split it has 82.2 % of the seconds right.

References
----------
.. [1] Y. Tian et al., "Audio-visual event localization in unconstrained videos", ECCV 2018.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hearsight.errors import InputError
from hearsight.metrics.intervals import Interval, bootstrap, or_none, resampling_weights

Labels = NDArray[np.intp]
Floats = NDArray[np.float64]

N_DRAWS = 1000
TOLD = "right class throughout"
"""The floor that is told the class of each clip; all others are blind."""

_Terms = tuple[Floats, Floats]  # of each clip: how much is right, of how much


def segment_accuracy(scores: ArrayLike, labels: ArrayLike) -> float:
    """Compute the share of seconds whose highest score is at the label, as published.

    Parameters
    ----------
    scores : array_like, shape (N, T, C)
        Higher is likelier; the background is a class as any other. Of equal scores the lowest index
        counts.
    labels : array_like, shape (N, T, C)
        One-hot. Of several ones the lowest index counts; a second without any is of class 0.

    Returns
    -------
    float
        In [0, 1]; NaN without seconds.

    Raises
    ------
    InputError
        If the shapes differ or are not (N, T, C), or a score is NaN.

    Examples
    --------
    >>> segment_accuracy([[[0.2, 0.8], [0.5, 0.5]]], [[[0, 1], [0, 1]]])
    0.5
    """
    said, truth = np.asarray(scores, dtype=float), np.asarray(labels)
    if said.shape != truth.shape or said.ndim != 3:
        msg = f"scores and labels must both be (N, T, C), got {said.shape} and {truth.shape}"
        raise InputError(msg)
    if np.isnan(said).any():
        msg = "scores hold NaN; a network that gives such has diverged"
        raise InputError(msg)
    right = said.argmax(axis=-1) == truth.argmax(axis=-1)
    return float(right.mean()) if right.size else float("nan")


def video_labels(labels: ArrayLike, background: int) -> Labels:
    """Return the class of most seconds of each clip that are not background.

    Parameters
    ----------
    labels : array_like of int, shape (N, T)
    background : int

    Returns
    -------
    ndarray of int, shape (N,)
        Of equally many the lowest index; the background, where there is nothing else.

    Examples
    --------
    >>> video_labels([[2, 2, 1], [2, 2, 2], [1, 0, 2]], 2).tolist()
    [1, 2, 0]
    """
    seconds = np.asarray(labels, dtype=np.intp)
    counts = (seconds[:, :, None] == np.arange(background)).sum(axis=1)
    if background == 0:
        return np.zeros(len(seconds), dtype=np.intp)
    return np.where(counts.any(axis=1), counts.argmax(axis=1), background)


@dataclass(frozen=True, eq=False)
class SegmentScores:
    """Scores of labels for every second, with what is needed to take them apart.

    `scores["accuracy"]` is the published one: the share of right seconds. `background_recall` and
    `event_accuracy` are the same among the seconds that are background, or are not;
    `boundary_accuracy` on the clips in which the label changes; `video_accuracy` is the share of
    clips whose `video_labels` is right. All are fractions, NaN where nothing defines them.

    Parameters
    ----------
    predicted, truth : ndarray of int, shape (N, T)
    classes : tuple of str
        Without the background.
    """

    predicted: Labels = field(repr=False)
    truth: Labels = field(repr=False)
    classes: tuple[str, ...]

    def __getitem__(self, score: str) -> float:
        return self.table["labels"][score]

    @functools.cached_property
    def table(self) -> dict[str, dict[str, float]]:
        """Scores by who is judged: the `labels` and the floors."""
        return {
            contender: {score: _ratio(*terms) for score, terms in scores.items()}
            for contender, scores in self._terms.items()
        }

    @functools.cached_property
    def intervals(self) -> dict[str, dict[str, Interval]]:
        """Bootstrap intervals (95 %) over clips, of the same contenders and scores."""
        return {
            contender: {score: self._interval(*terms) for score, terms in scores.items()}
            for contender, scores in self._terms.items()
        }

    @property
    def n_with_boundary(self) -> int:
        """Number of clips in which the label changes."""
        return int(_has_boundary(self.truth).sum())

    @property
    def best_floor(self) -> str:
        """The blind floor with the highest accuracy."""
        blind = [each for each in self.table if each not in ("labels", TOLD)]
        return max(blind, key=lambda floor: self.table[floor]["accuracy"])

    def margin(self, floor: str) -> Interval:
        """Return how much higher the accuracy is than that of a floor, on the same clips."""
        right, count = self._terms["labels"]["accuracy"]
        return self._interval(right - self._terms[floor]["accuracy"][0], count)

    def clears(self, floor: str) -> bool | None:
        """Tell whether the interval of the margin is above 0; None of one clip: it cannot tell."""
        return None if len(self.truth) < 2 else bool(self.margin(floor).low > 0.0)

    @property
    def verdict(self) -> str:
        """What the floors say of the accuracy, two sentences."""
        blind, told = self._compared(self.best_floor), self._compared(TOLD)
        is_clear = self.clears(self.best_floor)
        if is_clear is None:
            return f"One clip does not tell whether labels clear their floors: {blind}."
        return (
            f"The labels {'clear' if is_clear else 'do not clear'} the floor of who neither sees "
            f"nor hears: {blind}. They {'beat' if self.clears(TOLD) else 'do not beat'} who is "
            f"told the class but not when: {told}."
        )

    def by_class(self) -> dict[str, dict[str, float]]:
        """Score each class, the background last.

        Returns
        -------
        dict of str to dict
            `n_segments` of the truth, `recall` and `precision` over seconds; NaN where there are
            none.
        """
        right = self.predicted == self.truth
        table = {}
        for index, label in enumerate((*self.classes, "background")):
            is_true, is_said = self.truth == index, self.predicted == index
            n_right = np.count_nonzero(right & is_true)
            table[label] = {
                "n_segments": int(is_true.sum()),
                "recall": n_right / is_true.sum() if is_true.any() else np.nan,
                "precision": n_right / is_said.sum() if is_said.any() else np.nan,
            }
        return table

    def to_dict(self) -> dict[str, object]:
        """Return plain values ready for JSON, None where a score is undefined."""
        return {
            "n_clips": len(self.truth),
            "n_segments": self.truth.size,
            "n_with_boundary": self.n_with_boundary,
            "scores": {who: or_none(scores) for who, scores in self.table.items()},
            "intervals": {
                who: {score: or_none(each._asdict()) for score, each in scores.items()}
                for who, scores in self.intervals.items()
            },
            "by_class": {label: or_none(scores) for label, scores in self.by_class().items()},
            "best_floor": self.best_floor,
            "margins": {
                floor: or_none(self.margin(floor)._asdict())
                for floor in self.table
                if floor != "labels"
            },
            "verdict": self.verdict,
        }

    def _compared(self, floor: str) -> str:
        mine, floors = self["accuracy"], self.table[floor]["accuracy"]
        low, high, _ = (100.0 * bound for bound in self.margin(floor))
        return (
            f"accuracy of {100.0 * mine:.1f} % against {100.0 * floors:.1f} % of {floor} "
            f"({100.0 * (mine - floors):+.1f} points, 95 % interval {low:+.1f} to {high:+.1f})"
        )

    @functools.cached_property
    def _terms(self) -> dict[str, dict[str, _Terms]]:
        background = len(self.classes)
        true_classes = video_labels(self.truth, background)
        events = self.truth[self.truth != background]
        most = np.bincount(events).argmax() if len(events) else background
        contenders = {
            "labels": self.predicted,
            "all background": np.full_like(self.truth, background),
            "most frequent class": np.full_like(self.truth, most),
            TOLD: np.broadcast_to(true_classes[:, None], self.truth.shape),
        }
        return {who: _terms(said, self.truth, background) for who, said in contenders.items()}

    @functools.cached_property
    def _weights(self) -> Floats:
        return resampling_weights(len(self.truth), N_DRAWS, np.random.default_rng(0))

    def _interval(self, right: Floats, count: Floats) -> Interval:
        drawn, of = self._weights @ right, self._weights @ count
        known = of > 0
        return bootstrap(_ratio(right, count), drawn[known] / of[known])


def judge_segments(predicted: ArrayLike, truth: ArrayLike, classes: Sequence[str]) -> SegmentScores:
    """Score labels for every second of clips, beside floors.

    Parameters
    ----------
    predicted, truth : array_like of int, shape (N, T)
        Class indices; `len(classes)` is the background.
    classes : sequence of str
        Without the background.

    Returns
    -------
    SegmentScores

    Raises
    ------
    InputError
        If there is no second to judge, the shapes differ, or an index is not of a class.

    Examples
    --------
    >>> scores = judge_segments([[0, 0, 2], [1, 1, 1]], [[0, 2, 2], [1, 1, 1]], ["bell", "bark"])
    >>> round(scores["accuracy"], 3), scores["background_recall"], scores["video_accuracy"]
    (0.833, 0.5, 1.0)
    """
    said, true = np.asarray(predicted), np.asarray(truth)
    if said.shape != true.shape or said.ndim != 2 or not said.size:
        msg = f"predicted and truth must both be (N, T), not empty, got {said.shape}, {true.shape}"
        raise InputError(msg)
    for name, labels in (("predicted", said), ("truth", true)):
        if not np.issubdtype(labels.dtype, np.integer):
            msg = f"{name} must hold class indices, got {labels.dtype}; take the argmax of scores"
            raise InputError(msg)
        if labels.min() < 0 or labels.max() > len(classes):
            wrong = labels.min() if labels.min() < 0 else labels.max()
            msg = f"{name} holds class {wrong}; valid: 0 to {len(classes)}, the last is background"
            raise InputError(msg)
    return SegmentScores(said.astype(np.intp), true.astype(np.intp), tuple(classes))


def _has_boundary(truth: Labels) -> NDArray[np.bool_]:
    return (truth != truth[:, :1]).any(axis=1)


def _terms(said: Labels, truth: Labels, background: int) -> dict[str, _Terms]:
    """Return what each clip gives to each score, and out of how much."""
    right = said == truth
    is_silent = truth == background
    kinds: Mapping[str, NDArray[np.bool_]] = {
        "accuracy": np.ones_like(right),
        "background_recall": is_silent,
        "event_accuracy": ~is_silent,
        "boundary_accuracy": np.broadcast_to(_has_boundary(truth)[:, None], right.shape),
    }
    of_seconds = {
        score: ((right & kind).sum(axis=1).astype(float), kind.sum(axis=1).astype(float))
        for score, kind in kinds.items()
    }
    of_clips = video_labels(said, background) == video_labels(truth, background)
    return {**of_seconds, "video_accuracy": (of_clips.astype(float), np.ones(len(truth)))}


def _ratio(right: Floats, count: Floats) -> float:
    return float(right.sum() / count.sum()) if count.any() else float("nan")
