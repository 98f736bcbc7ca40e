"""What prediction would score that hears little, and what the best possible could score.

A score means something only between its floor and its ceiling, so both are computed on the same
recordings by the same rules.

Floors: `nothing` (silence everywhere), `most_frequent_class` (the commonest class in every frame,
at its mean direction), `mean_direction` (the right events, all from one direction),
`shuffled_classes` (the right times and directions, labels dealt anew). Ceiling: `oracle_n_tracks`
(the truth, but no more instances of a class at once than the output of a system can hold).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hearsight.errors import InputError
from hearsight.events.events import Event, Events, Track
from hearsight.metrics.seld import SeldScores, seld_scores
from hearsight.recording.grid import frame_at, frame_count, frame_time
from hearsight.spatial.directions import mean_direction as mean_of_directions
from hearsight.spatial.directions import to_angles


def nothing(reference: Mapping[str, Events]) -> dict[str, Events]:
    """Predict no event at all.

    Parameters
    ----------
    reference : mapping of str to Events
        The truth of each recording.
    """
    return {name: Events((), truth.labels, truth.duration) for name, truth in reference.items()}


def most_frequent_class(
    reference: Mapping[str, Events], training: Mapping[str, Events] | None = None
) -> dict[str, Events]:
    """Predict the commonest class in every frame, at its mean place.

    Parameters
    ----------
    reference : mapping of str to Events
        The truth of each recording; tells how long they are.
    training : mapping of str to Events, optional
        Where class and place are learnt. Default: the reference itself, which makes the floor
        higher and so stricter.
    """
    known = _directed(training or reference)
    if not known:
        return nothing(reference)
    label, _ = Counter(event.label for event, track in known for _ in track.times).most_common(1)[0]
    place = _mean_place([track for event, track in known if event.label == label])
    predicted = {}
    for name, truth in reference.items():
        length = truth.duration or max((event.offset for event in truth), default=0.0)
        times = np.array([frame_time(frame) for frame in range(frame_count(length))])
        whole = [Event(label, 0.0, length, track=_still(times, place))] if len(times) else []
        predicted[name] = Events(whole, dict.fromkeys((*truth.labels, label)), truth.duration)
    return predicted


def mean_direction(
    reference: Mapping[str, Events], training: Mapping[str, Events] | None = None
) -> dict[str, Events]:
    """Predict the right events, all of them at the mean place of all events.

    Parameters
    ----------
    reference : mapping of str to Events
        The truth of each recording.
    training : mapping of str to Events, optional
        Where the place is learnt; default: the reference itself.
    """
    known = _directed(training or reference)
    if not known:
        return nothing(reference)
    place = _mean_place([track for _, track in known])
    return {
        name: Events(
            [
                _with_track(event, _still(track.times, place))
                for event, track in _directed({name: truth})
            ],
            truth.labels,
            truth.duration,
        )
        for name, truth in reference.items()
    }


def shuffled_classes(
    reference: Mapping[str, Events], generator: np.random.Generator
) -> dict[str, Events]:
    """Predict the right times and directions, the labels of all events dealt anew.

    Parameters
    ----------
    reference : mapping of str to Events
        The truth of each recording.
    generator : numpy.random.Generator
        Deals the labels.
    """
    labels = [event.label for truth in reference.values() for event in truth]
    dealt = iter([labels[index] for index in generator.permutation(len(labels))])
    return {
        name: Events(
            [
                Event(next(dealt), event.onset, event.offset, None, event.track, event.source)
                for event in truth
            ],
            dict.fromkeys((*truth.labels, *labels)),
            truth.duration,
        )
        for name, truth in reference.items()
    }


def limited_to_tracks(reference: Mapping[str, Events], n_tracks: int) -> dict[str, Events]:
    """Predict the truth as far as an output with so many tracks for each class can hold it.

    Parameters
    ----------
    reference : mapping of str to Events
        The truth of each recording.
    n_tracks : int
        Instances of one class at once, at least 1; those that began first are kept.

    Raises
    ------
    InputError
        If `n_tracks` is less than 1.
    """
    if n_tracks < 1:
        msg = f"n_tracks must be at least 1, got {n_tracks}"
        raise InputError(msg)
    limited = {}
    for name, truth in reference.items():
        busy: defaultdict[tuple[str, int], int] = defaultdict(int)
        kept: list[Event] = []
        for event, track in _directed({name: truth}):
            has_room = []
            for time in track.times.tolist():
                cell = event.label, frame_at(time)
                busy[cell] += 1
                has_room.append(busy[cell] <= n_tracks)
            if any(has_room):
                kept.append(_with_track(event, _points(track, np.array(has_room))))
        limited[name] = Events(kept, truth.labels, truth.duration)
    return limited


def seld_bounds(
    reference: Mapping[str, Events],
    *,
    n_tracks: int = 3,
    training: Mapping[str, Events] | None = None,
    generator: np.random.Generator | None = None,
    **options: Any,
) -> dict[str, SeldScores]:
    """Score all floors and the ceiling by the same rules.

    Parameters
    ----------
    reference : mapping of str to Events
        The truth of each recording.
    n_tracks : int
        Instances of one class that the system's output can hold (1 for ACCDOA, 3 for multi-ACCDOA).
    training : mapping of str to Events, optional
        Where floors learn; default: the reference.
    generator : numpy.random.Generator, optional
        Deals the labels of `shuffled_classes`; default: seeded with 0.
    **options
        For `seld_scores`: `year`, `average` and the others.

    Returns
    -------
    dict of str to SeldScores
        `nothing`, `most_frequent_class`, `mean_direction`, `shuffled_classes` and
        `oracle_<n>_tracks`.
    """
    dealer = generator or np.random.default_rng(0)
    predictions = {
        "nothing": nothing(reference),
        "most_frequent_class": most_frequent_class(reference, training),
        "mean_direction": mean_direction(reference, training),
        "shuffled_classes": shuffled_classes(reference, dealer),
        f"oracle_{n_tracks}_tracks": limited_to_tracks(reference, n_tracks),
    }
    return {name: seld_scores(reference, each, **options) for name, each in predictions.items()}


def _directed(recordings: Mapping[str, Events]) -> list[tuple[Event, Track]]:
    """Return events that have a direction, with the points of their tracks that have one."""
    known = [
        (event, event.track, ~np.isnan(event.track.azimuth))
        for events in recordings.values()
        for event in events
        if event.track is not None
    ]
    return [(event, _points(track, which)) for event, track, which in known if which.any()]


def _points(track: Track, which: NDArray[np.bool_]) -> Track:
    return Track(
        track.times[which],
        track.azimuth[which],
        track.elevation[which],
        track.distance[which],
        track.boxes[which],
        track.on_screen[which],
    )


def _mean_place(tracks: list[Track]) -> dict[str, float]:
    """Average over all points: direction on the sphere, distance, the commoner on-screen flag."""
    azimuth, elevation = to_angles(
        mean_of_directions(np.concatenate([t.directions for t in tracks]))
    )
    distance = np.concatenate([track.distance for track in tracks])
    flags = np.concatenate([track.on_screen for track in tracks])
    distance, flags = distance[~np.isnan(distance)], flags[~np.isnan(flags)]
    return {
        "azimuth": float(azimuth),
        "elevation": float(elevation),
        "distance": float(distance.mean()) if len(distance) else np.nan,
        "on_screen": float(flags.mean() >= 0.5) if len(flags) else np.nan,
    }


def _still(times: NDArray[np.float64], place: dict[str, float]) -> Track:
    return Track(times, **{name: np.full(len(times), value) for name, value in place.items()})


def _with_track(event: Event, track: Track) -> Event:
    onset, offset = float(track.times[0]), frame_time(frame_at(float(track.times[-1])) + 1)
    return Event(event.label, onset, offset, None, track, event.source)
