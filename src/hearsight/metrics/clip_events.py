"""How well the events of clips are found: precision, recall and F1 over events.

An event is found if one of its class, in its clip, agrees in time; each predicted event finds one
at most, and as many as possible are paired. There are three rules of agreement: `overlap`, the
times share half of what either covers; `onset`, the beginnings lie within a collar; `onset_offset`,
and the ends too, within the collar or, of long events, a share of their length.

Precision is NaN where nothing is predicted, recall where nothing is there, F1 where there is
neither. `mean_f1` is over the classes that the truth has.

References
----------
.. [1] A. Mesaros et al., "Metrics for polyphonic sound event detection", Applied Sciences 6, 2016:
   collars.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from hearsight.errors import InputError
from hearsight.events.events import Event, Events
from hearsight.metrics.intervals import Interval, bootstrap, or_none, resampling_weights

Floats = NDArray[np.float64]

COLLAR_S = 1.0
"""Seconds: one segment of the published corpora."""
OFFSET_SHARE = 0.2
"""Of an event's length that its end may be off, where that is more than the collar."""
LEAST_OVERLAP = 0.5

N_DRAWS = 1000
TOLD = "right class throughout"

_ROUNDING_S = 1e-9

_Agreement = Callable[[Event, Event], bool]


@dataclass(frozen=True, eq=False)
class EventScores:
    """Scores of events, by rule of agreement: `scores["overlap"]["f1"]`.

    Parameters
    ----------
    counts : mapping of str to mapping of str to ndarray, shape (clips, classes, 3)
        By who is judged (`events`, and `right class throughout` if the clips' durations are known),
        then by rule: how many events were found, are predicted, are there.
    classes : tuple of str
    """

    counts: Mapping[str, Mapping[str, Floats]] = field(repr=False)
    classes: tuple[str, ...]

    def __getitem__(self, rule: str) -> dict[str, float]:
        return self.table["events"][rule]

    @functools.cached_property
    def table(self) -> dict[str, dict[str, dict[str, float]]]:
        """Scores by who is judged, then by rule: `precision`, `recall`, `f1` and `mean_f1`."""
        return {
            who: {rule: _scores(counts.sum(axis=0)) for rule, counts in rules.items()}
            for who, rules in self.counts.items()
        }

    @functools.cached_property
    def intervals(self) -> dict[str, dict[str, Interval]]:
        """Bootstrap intervals (95 %) over clips, of the events, by rule and score."""
        return {
            rule: self._intervals_of(rule, counts) for rule, counts in self.counts["events"].items()
        }

    def by_class(self, rule: str = "overlap") -> dict[str, dict[str, float]]:
        """Score each class: `n_events` of the truth, `precision`, `recall` and `f1`."""
        totals = self.counts["events"][rule].sum(axis=0)
        return {
            label: {"n_events": int(counts[2]), **_formulas(*counts)}
            for label, counts in zip(self.classes, totals, strict=True)
        }

    def to_dict(self) -> dict[str, object]:
        """Return plain values ready for JSON, None where a score is undefined."""
        return {
            "collar_s": COLLAR_S,
            "scores": {
                who: {rule: or_none(scores) for rule, scores in rules.items()}
                for who, rules in self.table.items()
            },
            "intervals": {
                rule: {score: or_none(each._asdict()) for score, each in scores.items()}
                for rule, scores in self.intervals.items()
            },
            "by_class": {
                rule: {label: or_none(scores) for label, scores in self.by_class(rule).items()}
                for rule in self.counts["events"]
            },
        }

    def _intervals_of(self, rule: str, counts: Floats) -> dict[str, Interval]:
        weights = resampling_weights(len(counts), N_DRAWS, np.random.default_rng(0))
        drawn = [_scores(totals) for totals in np.tensordot(weights, counts, axes=1)]
        return {
            score: bootstrap(value, np.array([each[score] for each in drawn]))
            for score, value in self[rule].items()
        }


def judge_clip_events(
    predicted: Sequence[Events],
    truth: Sequence[Events],
    classes: Sequence[str],
    *,
    collar_s: float = COLLAR_S,
) -> EventScores:
    """Score the events of clips under every rule of agreement.

    Parameters
    ----------
    predicted, truth : sequence of Events
        A clip each, in the same order.
    classes : sequence of str
        All labels that events may have.
    collar_s : float
        Seconds.

    Returns
    -------
    EventScores

    Raises
    ------
    InputError
        If there are no clips, not equally many, or an event has another label.

    Examples
    --------
    >>> bell = Event("bell", 2.0, 6.0)
    >>> late = Event("bell", 4.0, 7.0)
    >>> scores = judge_clip_events([Events([late])], [Events([bell])], ["bell"])
    >>> scores["overlap"]["f1"], scores["onset"]["f1"]
    (0.0, 0.0)
    >>> judge_clip_events([Events([late])], [Events([bell])], ["bell"], collar_s=2)["onset"]["f1"]
    1.0
    """
    if len(predicted) != len(truth) or not truth:
        msg = f"need as many clips predicted as there are, got {len(predicted)} and {len(truth)}"
        raise InputError(msg)
    labels = {event.label for events in (*predicted, *truth) for event in events}
    if unknown := sorted(labels.difference(classes)):
        msg = f"no class is called {unknown[0]!r}; valid: {', '.join(classes)}"
        raise InputError(msg)
    rules = _rules(collar_s)
    contenders = {"events": predicted}
    if all(events.duration for events in truth):
        contenders[TOLD] = [_throughout(events) for events in truth]
    counts = {
        who: {
            rule: np.stack(
                [_counts(*pair, classes, agree) for pair in zip(said, truth, strict=True)]
            )
            for rule, agree in rules.items()
        }
        for who, said in contenders.items()
    }
    return EventScores(counts, tuple(classes))


def _rules(collar_s: float) -> dict[str, _Agreement]:
    def overlap(said: Event, true: Event) -> bool:
        shared = min(said.offset, true.offset) - max(said.onset, true.onset)
        either = max(said.offset, true.offset) - min(said.onset, true.onset)
        return shared >= LEAST_OVERLAP * either - _ROUNDING_S

    def onset(said: Event, true: Event) -> bool:
        return abs(said.onset - true.onset) <= collar_s + _ROUNDING_S

    def onset_offset(said: Event, true: Event) -> bool:
        tolerance = max(collar_s, OFFSET_SHARE * true.duration)
        is_near = abs(said.offset - true.offset) <= tolerance + _ROUNDING_S
        return is_near and onset(said, true)

    return {"overlap": overlap, "onset": onset, "onset_offset": onset_offset}


def _counts(predicted: Events, truth: Events, classes: Sequence[str], agree: _Agreement) -> Floats:
    """Count events found, predicted and there, of each class; shape (classes, 3)."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import maximum_bipartite_matching

    counts = np.zeros((len(classes), 3))
    for label in {event.label for events in (predicted, truth) for event in events}:
        said = [event for event in predicted if event.label == label]
        true = [event for event in truth if event.label == label]
        n_found = 0
        if said and true:
            pairs = csr_array([[agree(one, other) for other in true] for one in said])
            n_found = int(np.count_nonzero(maximum_bipartite_matching(pairs) >= 0))
        counts[classes.index(label)] = n_found, len(said), len(true)
    return counts


def _throughout(truth: Events) -> Events:
    """Return the class that lasts longest, from the beginning to the end of the clip."""
    lasts = dict.fromkeys(truth.labels, 0.0)
    for event in truth:
        lasts[event.label] += event.duration
    if not len(truth) or not truth.duration:
        return Events()
    return Events([Event(max(lasts, key=lasts.__getitem__), 0.0, truth.duration)])


def _scores(totals: Floats) -> dict[str, float]:
    """Return the scores of counts by class, shape (classes, 3)."""
    classes = [_formulas(*counts)["f1"] for counts in totals if counts[2] > 0]
    return {
        **_formulas(*totals.sum(axis=0)),
        "mean_f1": float(np.mean(classes)) if classes else np.nan,
    }


def _formulas(*counts: float) -> dict[str, float]:
    n_found, n_predicted, n_true = map(float, counts)
    n_both = n_predicted + n_true
    return {
        "precision": n_found / n_predicted if n_predicted else np.nan,
        "recall": n_found / n_true if n_true else np.nan,
        "f1": 2.0 * n_found / n_both if n_both else np.nan,
    }
