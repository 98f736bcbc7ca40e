"""Events as rows of 100 ms label frames, and rows as events.

Many formats hold one row per frame and sounding instance and nothing that says where an event
begins or ends. Rows of the same label and source in consecutive frames are one event; a gap begins
a new one. So that this gives back what was written, events of one label and source that overlap or
touch get different source numbers when they are turned into rows.
"""

from __future__ import annotations

import itertools
import math
import statistics
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hearsight.errors import InputError
from hearsight.events.events import Box, Event, Events, Track
from hearsight.recording.grid import LABEL_HOP_S, frame_at, frame_count, frame_time
from hearsight.spatial.directions import angular_distance, to_vectors

_NAN = float("nan")
_FRAMES_PER_S = round(1.0 / LABEL_HOP_S)
_LONGEST_STILL_S = 100_000.0


class FrameRow(NamedTuple):
    """One instance in one label frame; unknown values are NaN, an unknown confidence is None."""

    frame: int
    label: str
    source: int
    azimuth: float = _NAN
    elevation: float = _NAN
    distance: float = _NAN
    on_screen: float = _NAN
    confidence: float | None = None


def frame_rows(events: Events, *, directed_only: bool = False) -> list[FrameRow]:
    """Turn the tracks of events into rows.

    Parameters
    ----------
    events : Events
        Events without a track give no rows. Of several points in one frame the first counts.
    directed_only : bool
        Whether to leave out points without an azimuth.

    Returns
    -------
    list of FrameRow
        In order of frame, class index and source.
    """
    rows = [_rows_of_event(event, directed_only=directed_only) for event in events]
    sources = _distinct_sources(events, [{row.frame for row in group} for group in rows])
    numbered = [
        row._replace(source=source)
        for source, group in zip(sources, rows, strict=True)
        for row in group
    ]
    index = {label: i for i, label in enumerate(events.labels)}
    return sorted(numbered, key=lambda row: (row.frame, index[row.label], row.source))


def _rows_of_event(event: Event, *, directed_only: bool) -> list[FrameRow]:
    track = event.track
    if track is None:
        return []
    rows: list[FrameRow] = []
    columns = (track.times, track.azimuth, track.elevation, track.distance, track.on_screen)
    points = zip(*(column.tolist() for column in columns), strict=True)
    for time, azimuth, elevation, distance, on_screen in points:
        frame = frame_at(time)
        is_left_out = directed_only and math.isnan(azimuth)
        if not is_left_out and not (rows and rows[-1].frame == frame):
            place = (azimuth, elevation, distance, on_screen)
            rows.append(FrameRow(frame, event.label, event.source, *place, event.confidence))
    return rows


def _distinct_sources(events: Events, frames: list[set[int]]) -> list[int]:
    """Choose a source number per event so that no two of a label overlap or touch."""
    taken: defaultdict[tuple[str, int], set[int]] = defaultdict(set)
    wanted = {(event.label, event.source) for event in events}
    chosen = [event.source for event in events]

    def is_placed(index: int, source: int) -> bool:
        occupied = taken[events[index].label, source]
        if not occupied.isdisjoint(frames[index]):
            return False
        occupied.update(frame + step for frame in frames[index] for step in (-1, 0, 1))
        chosen[index] = source
        return True

    crowded = [index for index in range(len(chosen)) if not is_placed(index, chosen[index])]
    for index in crowded:
        free = (n for n in itertools.count() if (events[index].label, n) not in wanted)
        next(source for source in free if is_placed(index, source))
    return chosen


def events_from_rows(
    rows: Iterable[FrameRow], labels: Sequence[str] = (), duration: float | None = None
) -> Events:
    """Gather rows to events.

    Parameters
    ----------
    rows : iterable of FrameRow
        In any order. Rows that share frame, label and source are different instances (systems
        that number nothing write 0 everywhere): they are followed from frame to frame by the
        smallest change of direction and get source numbers of their own.
    labels : sequence of str
        The class list; default: the labels that occur.
    duration : float, optional
        Length of the recording in seconds, where known.

    Returns
    -------
    Events
        Each from the beginning of its first to the end of its last frame, with the median of the
        confidences that its rows have.
    """
    instances: defaultdict[tuple[str, int], list[FrameRow]] = defaultdict(list)
    for row in rows:
        instances[row.label, row.source].append(row)
    used = set(instances)
    events: list[Event] = []
    for (label, source), group in instances.items():
        lanes = [(source, -1)]  # source number and the last frame in which it is in use
        for run in sorted(_runs(group), key=lambda run: run[0].frame):
            lane = next((i for i, (_, last) in enumerate(lanes) if last < run[0].frame), len(lanes))
            if lane == len(lanes):
                number = next(n for n in itertools.count() if (label, n) not in used)
                used.add((label, number))
                lanes.append((number, -1))
            lanes[lane] = (lanes[lane][0], run[-1].frame)
            events.append(_event_of_run(run, lanes[lane][0]))
    return Events(events, labels, duration)


def _runs(rows: list[FrameRow]) -> list[list[FrameRow]]:
    """Split the rows of one label and source where frames are missing or instances overlap."""
    runs: list[list[FrameRow]] = []
    alive: list[list[FrameRow]] = []
    ordered = sorted(rows, key=lambda row: row.frame)
    for frame, group in itertools.groupby(ordered, key=lambda row: row.frame):
        arrivals = list(group)
        alive = [run for run in alive if run[-1].frame == frame - 1]
        pairs = _nearest_pairs([run[-1] for run in alive], arrivals)
        for index, row in enumerate(arrivals):
            if index in pairs:
                alive[pairs[index]].append(row)
            else:
                run = [row]
                runs.append(run)
                alive.append(run)
    return runs


def _nearest_pairs(before: list[FrameRow], now: list[FrameRow]) -> dict[int, int]:
    """Map rows of this frame to those of the frame before, with the least turn in total."""
    if not before:
        return {}
    if len(before) == len(now) == 1:
        return {0: 0}
    from scipy.optimize import linear_sum_assignment  # rarely needed, slow to import

    def vectors(rows: list[FrameRow]) -> NDArray[np.float64]:
        angles = np.nan_to_num([(row.azimuth, row.elevation) for row in rows], nan=0.0)
        return to_vectors(angles[:, 0], angles[:, 1])

    turn = angular_distance(vectors(now)[:, None], vectors(before)[None, :])
    return {int(i): int(j) for i, j in zip(*linear_sum_assignment(turn), strict=True)}


def _times(frames: ArrayLike) -> NDArray[np.float64]:
    """Return `frame_time` of many frames; the quotient of whole numbers is rounded only once."""
    return np.asarray(frames) / _FRAMES_PER_S


def _event_of_run(run: list[FrameRow], source: int) -> Event:
    track = Track(
        _times([row.frame for row in run]),
        azimuth=[row.azimuth for row in run],
        elevation=[row.elevation for row in run],
        distance=[row.distance for row in run],
        on_screen=[row.on_screen for row in run],
    )
    offset = frame_time(run[-1].frame + 1)
    known = [row.confidence for row in run if row.confidence is not None]
    confidence = statistics.median(known) if known else None
    first = run[0]
    return Event(first.label, frame_time(first.frame), offset, confidence, track, source)


def still_track(
    onset: float,
    offset: float,
    azimuth: float | None = None,
    elevation: float | None = None,
    distance: float | None = None,
    box: Box | None = None,
) -> Track | None:
    """Return the track of something that stays where it is, for formats with one place per event.

    Parameters
    ----------
    onset, offset : float
        Seconds; the track has a point for every label frame that the event touches.
    azimuth, elevation : float, optional
        Degrees.
    distance : float, optional
        Metres.
    box : tuple of float, optional
        Left, top, width, height in pixels.

    Returns
    -------
    Track or None
        None if nothing is known about the place.

    Raises
    ------
    InputError
        If the event lasts longer than 100 000 s (some 28 hours), which is a slip in the file and
        would fill the memory.
    """
    if azimuth is None and distance is None and box is None:
        return None
    if not 0.0 <= onset < offset <= onset + _LONGEST_STILL_S:
        msg = f"an event needs 0 <= onset < offset and at most a day, got {onset:g} and {offset:g}"
        raise InputError(msg)
    first = frame_at(onset)
    n = max(1, frame_count(offset) - first)

    def column(value: float | None) -> NDArray[np.float64] | None:
        return None if value is None else np.full(n, value)

    return Track(
        _times(first + np.arange(n)),
        column(azimuth),
        column(elevation),
        column(distance),
        None if box is None else np.tile(box, (n, 1)),
    )
