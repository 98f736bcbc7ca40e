"""Scores of sound event localization and detection, by the definition of every challenge year.

Conventions: label frames of 100 ms; seconds are blocks of ten frames from 0; angles in degrees;
distances in metres. A class that neither side has does not count. Empty truth: what was predicted
is false, ratios without a denominator are NaN. `docs/metrics.md` lists what the official tools do
otherwise; `strict_parity=True` does as they do.

References
----------
.. [1] A. Mesaros et al., "Joint measurement of localization and detection of sound events",
   WASPAA 2019.
.. [2] A. Politis et al., "Overview and evaluation of sound event localization and detection in
   DCASE 2019", IEEE/ACM TASLP 29, 2021.
"""

from __future__ import annotations

import dataclasses
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np

from hearsight.errors import InputError, nearest
from hearsight.events.events import Events
from hearsight.events.points import Points
from hearsight.metrics.apart import count_apart
from hearsight.metrics.counts import (
    Cells,
    Counts,
    count_frames,
    count_segments,
    count_single_instances,
    match,
    stack,
)
from hearsight.metrics.definitions import AngleRule, Average, Definition, definition_of
from hearsight.metrics.formulas import Table, scores_of
from hearsight.metrics.frames import FrameTable
from hearsight.metrics.intervals import (
    Interval,
    bootstrap,
    jackknife,
    or_none,
    resampling_weights,
)
from hearsight.metrics.official import OFFICIAL_FRAMES, as_written, official_end

_log = logging.getLogger(__name__)

Rows = Events | Points | FrameTable
Recordings = Mapping[str, Rows] | Sequence[Rows] | Rows


@dataclass(frozen=True, eq=False)
class SeldScores:
    """Scores of a set of recordings, with all that is needed to take them apart.

    Parameters
    ----------
    overall : mapping of str to float
        `error_rate` (ER), `f_score` (F), `localization_error` (LE, DOAE), `localization_recall`
        (LR), `seld_score`, from 2024 `distance_error` (metres), `relative_distance_error` (RDE),
        2025 `on_screen_accuracy`; 2020 has `localization_f_score` (called LR in its tables), 2019
        `doa_error` and `frame_recall`. NaN where undefined.
    by_class : mapping of str to mapping of str to float
        The same for each class.
    intervals : mapping of str to Interval
        Confidence intervals of `overall`; empty unless asked for.
    intervals_by_class : mapping of str to mapping of str to Interval
        The same for each class.
    names : tuple of str
        The recordings, in the order of `counts`.
    labels : tuple of str
        The class list.
    counts : Counts
        Counters, shape (recordings, classes).
    """

    overall: Mapping[str, float]
    by_class: Mapping[str, Mapping[str, float]]
    intervals: Mapping[str, Interval]
    intervals_by_class: Mapping[str, Mapping[str, Interval]]
    names: tuple[str, ...]
    labels: tuple[str, ...]
    counts: Counts = field(repr=False)
    definition: Definition
    average: Average
    strict_parity: bool

    def __getitem__(self, name: str) -> float:
        return self.overall[name]

    def to_dict(self) -> dict[str, object]:
        """Return plain numbers ready for JSON, None where a score is undefined.

        Returns
        -------
        dict
            `year`, `average`, `strict_parity`, `recordings` (their number), `overall`, `by_class`
            and `intervals` (low, high, estimate).
        """
        return {
            "year": self.definition.year,
            "average": self.average,
            "strict_parity": self.strict_parity,
            "recordings": len(self.names),
            "overall": or_none(self.overall),
            "by_class": {label: or_none(row) for label, row in self.by_class.items()},
            "intervals": {
                name: or_none(interval._asdict()) for name, interval in self.intervals.items()
            },
        }

    def grouped(self, group: Callable[[str], str]) -> dict[str, SeldScores]:
        """Score parts of the recordings, such as rooms (`room_of`).

        Parameters
        ----------
        group : callable
            From the name of a recording to that of its group.

        Returns
        -------
        dict of str to SeldScores
            In order of group names, without intervals.
        """
        members: dict[str, list[int]] = {}
        for index, name in enumerate(self.names):
            members.setdefault(group(name), []).append(index)
        return {name: self._part(members[name]) for name in sorted(members)}

    def by_recording(self) -> dict[str, SeldScores]:
        """Score each recording by itself."""
        return {name: self._part([index]) for index, name in enumerate(self.names)}

    def _part(self, files: list[int]) -> SeldScores:
        names = tuple(self.names[index] for index in files)
        how = self.definition, self.average
        return _scores(
            self.counts.at(files), names, self.labels, *how, strict_parity=self.strict_parity
        )


def room_of(name: str) -> str:
    """Return the room number in a recording's name, such as `fold4_room10_mix001`.

    Raises
    ------
    InputError
        If the name has none.

    Examples
    --------
    >>> room_of("fold4_room10_mix001.csv")
    '10'
    """
    found = re.search(r"_room(\d+)", name)
    if found is None:
        msg = f"no room in the name {name!r}; expected something like fold4_room10_mix001"
        raise InputError(msg)
    return found.group(1)


def seld_scores(
    reference: Recordings,
    prediction: Recordings,
    *,
    year: int = 2024,
    average: Average | None = None,
    labels: Sequence[str] | None = None,
    unit: Literal["segment", "frame"] | None = None,
    angle_threshold: float = 20.0,
    distance_threshold: float = np.inf,
    relative_distance_threshold: float = 1.0,
    with_distance: bool = True,
    require_on_screen: bool = False,
    angle_rule: AngleRule | None = None,
    interval: Literal["jackknife", "bootstrap"] | None = None,
    confidence: float = 0.95,
    n_draws: int = 1000,
    generator: np.random.Generator | None = None,
    strict_parity: bool = False,
) -> SeldScores:
    """Score predicted events against true ones by the rules of a challenge year.

    Parameters
    ----------
    reference, prediction : mapping of str to Events, sequence of Events, or Events
        Recordings by name, or in the same order. A recording without a prediction counts as one
        in which nothing was heard. `Points`, as codecs decode them, or a `FrameTable` may stand
        for Events; their rows count in the order they have.
    year : int
        2019 to 2025: see `hearsight.metrics.definitions`.
    average : str, optional
        `macro` (mean over the classes that occur in the reference), `micro` (all together), or
        `pseldnets_macro` (mean over detected classes only) and `pseldnets_micro`. Default: what
        the year reported.
    labels : sequence of str, optional
        The class list. Default: all labels of all recordings.
    unit : str, optional
        `segment` or `frame`, where it shall differ from the year's.
    angle_threshold : float
        Degrees; errors up to it count as right. 2019 judges nothing by it.
    distance_threshold : float
        Metres, for 2024 and 2025; infinite in the challenges.
    relative_distance_threshold : float
        Distance error over true distance, for 2024 and 2025.
    with_distance : bool
        Whether 2024 and 2025 judge distances.
    require_on_screen : bool
        Whether a wrong on-screen flag makes an event wrong (2025, "F on/off").
    angle_rule : str, optional
        `exact`, or `polar` or `cartesian` as official tools compute angles, or `frontal` for
        stereo. Default: `frontal` in 2025, else exact; with `strict_parity` that of the tool.
    interval : str, optional
        `jackknife` (the challenges') or `bootstrap`, over recordings.
    confidence : float
        Of the intervals, in (0, 1).
    n_draws : int
        Bootstrap draws, at least 1.
    generator : numpy.random.Generator, optional
        For the bootstrap; default: seeded with 0, so that the same call gives the same interval.
    strict_parity : bool
        Count as the official tools do, their mistakes included.

    Returns
    -------
    SeldScores

    Raises
    ------
    InputError
        If names, labels or options do not fit; with `strict_parity`, if a reference of 2022 to
        2024 is empty, with which the official tools fail.

    Examples
    --------
    >>> from hearsight.events.events import Event, Track
    >>> truth = Events([Event("bell", 0.0, 0.2, track=Track([0.0, 0.1], [30, 30], [0, 0]))])
    >>> heard = Events([Event("bell", 0.0, 0.2, track=Track([0.0, 0.1], [40, 40], [0, 0]))])
    >>> scores = seld_scores(truth, heard, year=2024)
    >>> scores["f_score"], round(scores["localization_error"], 6)
    (1.0, 10.0)
    """
    definition = definition_of(year, strict_parity=strict_parity)
    definition = dataclasses.replace(
        definition,
        unit=unit or definition.unit,
        angle_rule=angle_rule or definition.angle_rule,
        angle_threshold=angle_threshold,
        distance_threshold=distance_threshold,
        relative_distance_threshold=relative_distance_threshold,
        with_distance=with_distance and definition.with_distance and unit != "segment",
        require_on_screen=require_on_screen,
    )
    chosen = average or definition.average
    _check_options(definition, chosen, unit, interval, n_draws)
    truth, heard = _by_name(reference), _by_name(prediction)
    names = _scored_names(truth, heard, strict_parity=strict_parity)
    classes = _class_list(truth, heard, labels, strict_parity=strict_parity)
    tables = [_table(truth[name], classes, numbered=strict_parity) for name in names]
    empty = Events()
    others = [_table(heard.get(name, empty), classes, numbered=strict_parity) for name in names]
    counts = _count(tables, others, len(classes), definition, chosen, strict_parity=strict_parity)
    scores = _scores(counts, names, classes, definition, chosen, strict_parity=strict_parity)
    if interval is None:
        return scores
    if interval == "jackknife":
        parts = counts.leave_one_out()
    else:
        weights = resampling_weights(len(names), n_draws, generator or np.random.default_rng(0))
        parts = counts.weighted(weights)
    spread = scores_of(parts, definition, chosen, strict_parity=strict_parity)
    estimate = jackknife if interval == "jackknife" else bootstrap
    return dataclasses.replace(
        scores,
        intervals={
            name: estimate(value, spread.overall[name], confidence)
            for name, value in scores.overall.items()
        },
        intervals_by_class={
            label: {
                name: estimate(value, spread.by_class[name][:, index], confidence)
                for name, value in scores.by_class[label].items()
            }
            for index, label in enumerate(classes)
        },
    )


def _check_options(
    definition: Definition, average: str, unit: str | None, interval: str | None, n_draws: int
) -> None:
    if average not in get_args(Average):
        msg = f"unknown average {average!r}; {nearest(average, get_args(Average))}"
        raise InputError(msg)
    if unit not in (None, "segment", "frame"):
        msg = f"unknown unit {unit!r}; {nearest(str(unit), ['segment', 'frame'])}"
        raise InputError(msg)
    if interval not in (None, "jackknife", "bootstrap"):
        msg = f"unknown interval {interval!r}; {nearest(str(interval), ['jackknife', 'bootstrap'])}"
        raise InputError(msg)
    if definition.year <= 2020 and (average != "micro" or unit == "frame"):
        msg = f"{definition.year} knows only micro averages over seconds; choose a later year"
        raise InputError(msg)
    if definition.require_on_screen and not definition.with_on_screen:
        msg = f"{definition.year} has no on-screen flags; choose year 2025"
        raise InputError(msg)
    if definition.require_on_screen and definition.unit == "segment":
        msg = "on-screen flags are judged by the frame; leave unit out"
        raise InputError(msg)
    if n_draws < 1:
        msg = f"n_draws must be at least 1, got {n_draws}"
        raise InputError(msg)


def _by_name(recordings: Recordings) -> dict[str, Rows]:
    if isinstance(recordings, Mapping):
        return dict(recordings)
    # Events are sequences themselves.
    several = [recordings] if isinstance(recordings, Rows) else list(recordings)
    return {f"recording {index + 1}": each for index, each in enumerate(several)}


def _scored_names(
    truth: Mapping[str, object], heard: Mapping[str, object], *, strict_parity: bool
) -> tuple[str, ...]:
    unknown = sorted(set(heard) - set(truth))
    if unknown:
        msg = f"prediction has recordings that the reference lacks: {', '.join(unknown[:5])}"
        raise InputError(msg)
    missing = sorted(set(truth) - set(heard))
    # Reference quirk: recordings without a prediction are not scored.
    names = tuple(sorted(heard if strict_parity else truth))
    if not names:
        msg = "there is no recording to score"
        raise InputError(msg)
    if missing:
        done = "left out" if strict_parity else "scored as empty"
        _log.warning("%d recordings have no prediction and are %s", len(missing), done)
    return names


def _class_list(
    truth: Mapping[str, Rows],
    heard: Mapping[str, Rows],
    labels: Sequence[str] | None,
    *,
    strict_parity: bool,
) -> tuple[str, ...]:
    if labels is not None:
        return tuple(labels)
    named = Events | Points
    events = [each for each in (*truth.values(), *heard.values()) if isinstance(each, named)]
    lists = {each.labels for each in events if each.labels}
    if not lists or (strict_parity and len(lists) > 1):
        # Only strict_parity counts absent classes, so that their number matters.
        msg = f"recordings have {len(lists)} different class lists; say which by labels="
        raise InputError(msg)
    return tuple(dict.fromkeys(label for each in events for label in each.labels))


def _table(events: Rows, labels: Sequence[str], *, numbered: bool) -> FrameTable:
    if isinstance(events, Events):
        return FrameTable.from_events(events, labels, numbered=numbered)
    if isinstance(events, Points):
        return FrameTable.from_points(events, labels)
    if not isinstance(events, FrameTable):
        msg = f"a recording must be given as Events, got {type(events).__name__}"
        raise InputError(msg)
    if len(events) and not 0 <= events.classes.min() <= events.classes.max() < len(labels):
        msg = f"classes must lie in 0 to {len(labels) - 1}, got up to {events.classes.max()}"
        raise InputError(msg)
    return events


def _count(
    truth: list[FrameTable],
    heard: list[FrameTable],
    n_classes: int,
    definition: Definition,
    average: Average,
    *,
    strict_parity: bool,
) -> Counts:
    ends = [np.inf] * len(truth)
    if strict_parity:
        ends = [official_end(table, definition, average) for table in truth]
        truth, heard = as_written(truth, definition), as_written(heard, definition)
    rows, others = stack(truth, ends), stack(heard, ends)
    n_frames = max(rows.table.n_frames, others.table.n_frames)
    cells = Cells(len(truth), n_frames, n_classes)
    if definition.year == 2019:
        pairs = zip(truth, heard, strict=True)
        lengths = np.array([max(a.n_frames, b.n_frames) for a, b in pairs])
        if strict_parity:
            lengths = np.full(len(truth), OFFICIAL_FRAMES)
        return count_apart(rows, others, cells, lengths, definition, strict_parity=strict_parity)
    scene = match(rows, others, cells, definition, strict_parity=strict_parity)
    if definition.year == 2020:
        return count_single_instances(scene, definition, strict_parity=strict_parity)
    if definition.unit == "segment":
        return count_segments(scene, definition, strict_parity=strict_parity)
    return count_frames(scene, definition, strict_parity=strict_parity)


def _scores(
    counts: Counts,
    names: tuple[str, ...],
    labels: tuple[str, ...],
    definition: Definition,
    average: Average,
    *,
    strict_parity: bool,
) -> SeldScores:
    table: Table = scores_of(counts.total(), definition, average, strict_parity=strict_parity)
    return SeldScores(
        overall={name: float(value) for name, value in table.overall.items()},
        by_class={
            label: {name: float(values[index]) for name, values in table.by_class.items()}
            for index, label in enumerate(labels)
        },
        intervals={},
        intervals_by_class={},
        names=names,
        labels=labels,
        counts=counts,
        definition=definition,
        average=average,
        strict_parity=strict_parity,
    )
