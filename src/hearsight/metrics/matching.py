"""Finding in one modality the seconds of an event that are known in the other.

A clip gives distances between each second of its pictures (rows) and each of its sound (columns),
and which seconds the event fills. Given the event's sound, `a2v` looks for as many seconds of the
picture, given its pictures, `v2a` for as many of the sound: the window with the least sum of
distances, the first of several. It counts if it begins where the event does.

Only events shorter than their clip have anything to find: clips without one, and those that it
fills, are left out. Costs are sums in 32 bits, second by second, as the original has them.

Floors are what can be answered without looking or listening: `chance`, `start` (the event begins
with the clip) and `end` (it ends with it). On the published test list they are right in 20.8, 35.3
and 46.8 %: a network that compares seconds one by one cannot know the latter two.

References
----------
.. [1] Y. Tian et al., "Audio-visual event localization in unconstrained videos", ECCV 2018
   (arXiv:1803.08842): cross-modality localization.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hearsight.errors import InputError
from hearsight.metrics.intervals import Interval, bootstrap, or_none, resampling_weights

Direction = Literal["a2v", "v2a"]
DIRECTIONS: tuple[Direction, ...] = get_args(Direction)
"""Sound given, looked for in pictures; pictures given, looked for in sound."""

N_DRAWS = 1000


def window_costs(distances: ArrayLike) -> NDArray[np.float32]:
    """Sum distances along every way of laying what is given over what is searched.

    Parameters
    ----------
    distances : array_like, shape (given seconds, searched seconds)
        At least one given second, and no more than are searched.

    Returns
    -------
    ndarray of float32, shape (searched - given + 1,)
        For each second at which the window can begin.

    Raises
    ------
    InputError
        If the shape is another.

    Examples
    --------
    >>> window_costs([[5.0, 1.0, 5.0], [5.0, 5.0, 2.0]]).tolist()
    [10.0, 3.0]
    """
    table = np.asarray(distances, dtype=np.float32)
    if table.ndim != 2 or not 0 < table.shape[0] <= table.shape[1]:
        msg = (
            f"distances must have shape (given, searched) with 0 < given <= searched, got "
            f"{table.shape}; search the longer for the shorter"
        )
        raise InputError(msg)
    n_starts = table.shape[1] - table.shape[0] + 1
    costs = np.zeros(n_starts, dtype=np.float32)
    for second, row in enumerate(table):
        costs += row[second : second + n_starts]
    return costs


def find_event(distances: ArrayLike, event: ArrayLike, direction: Direction) -> int:
    """Find where an event that is known in one modality begins in the other.

    Parameters
    ----------
    distances : array_like, shape (seconds of pictures, seconds of sound)
    event : array_like of bool, shape (seconds,)
        At least one of them, in the modality that is given.
    direction : {"a2v", "v2a"}

    Returns
    -------
    int
        The first second of the window with the least cost; of several, the first.

    Examples
    --------
    >>> far_but = np.full((3, 3), 9.0)
    >>> far_but[2, 0] = 1.0  # the picture of the last second with the sound of the first
    >>> find_event(far_but, [1, 0, 0], "a2v"), find_event(far_but, [0, 0, 1], "v2a")
    (2, 0)
    """
    table = np.asarray(distances)
    given = table.T if direction == "a2v" else table
    return int(window_costs(given[np.asarray(event, dtype=bool)]).argmin())


@dataclass(frozen=True, eq=False)
class MatchingScores:
    """Where events were looked for and found, clip by clip, and what it amounts to.

    All scores are fractions, NaN where no clip has anything to find.

    Parameters
    ----------
    n_seconds : ndarray of int, shape (clips,)
        Of each clip.
    starts, lengths : ndarray of int, shape (clips,)
        Of each event, in seconds; the start of no event is -1.
    found : mapping of str to ndarray of int, shape (clips,)
        Where it was found, by direction; -1 in clips that are left out.
    covered : mapping of str to ndarray of int, shape (clips,)
        Seconds of the event inside of the window that was found.
    """

    n_seconds: NDArray[np.int64] = field(repr=False)
    starts: NDArray[np.int64] = field(repr=False)
    lengths: NDArray[np.int64] = field(repr=False)
    found: Mapping[str, NDArray[np.int64]] = field(repr=False)
    covered: Mapping[str, NDArray[np.int64]] = field(repr=False)

    @functools.cached_property
    def is_counted(self) -> NDArray[np.bool_]:
        """Which clips have something to find, shape (clips,)."""
        return (self.lengths > 0) & (self.lengths < self.n_seconds)

    @property
    def n_clips(self) -> int:
        """Number of clips that count."""
        return int(self.is_counted.sum())

    @property
    def accuracy(self) -> dict[str, float]:
        """Share of events of which the first second was found."""
        return {direction: _mean(self._hits(direction)) for direction in DIRECTIONS}

    @property
    def segment_recall(self) -> dict[str, float]:
        """Share of the seconds of all events that lie in the windows that were found."""
        seconds = self.lengths[self.is_counted].sum()
        return {
            direction: float(self.covered[direction][self.is_counted].sum() / seconds)
            if seconds
            else np.nan
            for direction in DIRECTIONS
        }

    @property
    def floors(self) -> dict[str, float]:
        """Accuracies without looking or listening, the same in both directions."""
        return {name: _mean(hits) for name, hits in self._floor_hits().items()}

    @functools.cached_property
    def intervals(self) -> dict[str, Interval]:
        """Bootstrap intervals (95 %) of the accuracies, over clips."""
        return {direction: _interval(self._hits(direction)) for direction in DIRECTIONS}

    @functools.cached_property
    def margins(self) -> dict[str, dict[str, Interval]]:
        """How much higher accuracies are than each floor, on the same clips (95 %)."""
        return {
            direction: {
                floor: _interval(self._hits(direction) - hits)
                for floor, hits in self._floor_hits().items()
            }
            for direction in DIRECTIONS
        }

    @property
    def verdicts(self) -> tuple[str, ...]:
        """What the floors say of the accuracies, a sentence for each direction."""
        if self.n_clips < 2:
            return (f"{self.n_clips} clips have something to find: too few to tell anything.",)
        return tuple(self._verdict(direction) for direction in DIRECTIONS)

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences on clips that are left out."""
        told = (
            (self.lengths == 0, "without an event"),
            ((self.lengths > 0) & ~self.is_counted, "that their event fills"),
        )
        return tuple(
            f"Clips {what} are left out: {n}." for which, what in told if (n := which.sum())
        )

    def to_dict(self) -> dict[str, object]:
        """Return plain values ready for JSON, None where a score is undefined."""
        return {
            "n_clips": self.n_clips,
            "accuracy": or_none(self.accuracy),
            "intervals": {
                direction: or_none(interval._asdict())
                for direction, interval in self.intervals.items()
            },
            "segment_recall": or_none(self.segment_recall),
            "floors": or_none(self.floors),
            "verdicts": list(self.verdicts),
            "notes": list(self.notes),
        }

    def _verdict(self, direction: str) -> str:
        value, said = self.accuracy[direction], []
        for floor, level in self.floors.items():
            low, high, _ = (100.0 * bound for bound in self.margins[direction][floor])
            said.append(
                f"{'above' if low > 0.0 else 'not above'} {floor} ({100.0 * level:.1f} %: "
                f"{100.0 * (value - level):+.1f} points, 95 % interval {low:+.1f} to {high:+.1f})"
            )
        return f"{direction.upper()}, {100.0 * value:.1f} %, is {', '.join(said)}."

    def _hits(self, direction: str) -> NDArray[np.float64]:
        return (self.found[direction] == self.starts)[self.is_counted].astype(float)

    def _floor_hits(self) -> dict[str, NDArray[np.float64]]:
        """Return the hits that each floor has, or must expect, in the clips that count."""
        starts, free = (
            self.starts[self.is_counted],
            (self.n_seconds - self.lengths)[self.is_counted],
        )
        return {
            "chance": 1.0 / (free + 1.0),
            "start": (starts == 0).astype(float),
            "end": (starts == free).astype(float),
        }


def judge_matching(distances: Sequence[ArrayLike], events: Sequence[ArrayLike]) -> MatchingScores:
    """Look for the event of each clip in both directions.

    Parameters
    ----------
    distances : sequence of array_like, shapes (seconds, seconds)
        Of each clip: from every second of its pictures (rows) to every second of its sound. Those
        of clips that are left out are not looked at.
    events : sequence of array_like of bool, shapes (seconds,)
        Which seconds the event of each clip fills.

    Returns
    -------
    MatchingScores

    Raises
    ------
    InputError
        If they are not as many, or distances do not fit the seconds.
    """
    if len(distances) != len(events):
        msg = f"distances of {len(distances)} clips, but events of {len(events)}; give both of each"
        raise InputError(msg)
    masks = [np.asarray(event, dtype=bool) for event in events]
    shape = (len(DIRECTIONS), len(masks))
    found, covered = np.full(shape, -1, np.int64), np.zeros(shape, np.int64)
    for clip, (table, mask) in enumerate(zip(distances, masks, strict=True)):
        if mask.all() or not mask.any():
            continue
        _check_clip(clip, np.shape(table), mask)
        for index, direction in enumerate(DIRECTIONS):
            start = find_event(table, mask, direction)
            found[index, clip] = start
            covered[index, clip] = mask[start : start + mask.sum()].sum()
    return MatchingScores(
        np.array([len(mask) for mask in masks], np.int64),
        np.array([mask.argmax() if mask.any() else -1 for mask in masks], np.int64),
        np.array([mask.sum() for mask in masks], np.int64),
        dict(zip(DIRECTIONS, found, strict=True)),
        dict(zip(DIRECTIONS, covered, strict=True)),
    )


def _check_clip(clip: int, shape: tuple[int, ...], mask: NDArray[np.bool_]) -> None:
    if mask.ndim != 1 or shape != (len(mask), len(mask)):
        msg = (
            f"clip {clip}: distances must have shape (seconds of pictures, seconds of sound), both "
            f"{len(mask)} as its event has, got {shape}; compare every second with every other"
        )
        raise InputError(msg)


def _mean(values: NDArray[np.float64]) -> float:
    return float(values.mean()) if len(values) else np.nan


def _interval(values: NDArray[np.float64]) -> Interval:
    """Bootstrap the mean of values over clips."""
    if not len(values):
        return Interval(np.nan, np.nan, np.nan)
    weights = resampling_weights(len(values), N_DRAWS, np.random.default_rng(0))
    return bootstrap(float(values.mean()), weights @ values / len(values))
