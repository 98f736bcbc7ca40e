import numpy as np
import pytest

from hearsight.errors import InputError
from hearsight.events.events import Event, Events, Track
from hearsight.events.tracks import EventTracks

LABELS = ("knock", "bell", "speech")


def event(label, first, last):
    times = np.arange(first, last + 1) / 10
    track = Track(times, np.full(len(times), 45.0), np.zeros(len(times)))
    return Event(label, first / 10, (last + 1) / 10, track=track)


def classes_of(target):
    """Class of each track in each frame, -1 for silence."""
    activity = target[..., :-3]
    return np.where(activity.any(axis=-1), activity.argmax(axis=-1), -1).tolist()


def test_an_event_stays_on_its_track():
    # Rows are in order of class, so the knock of frame 1 would take the first track.
    events = Events([event("bell", 0, 2), event("knock", 1, 2)], LABELS)
    assert classes_of(EventTracks(LABELS).encode(events, 3)) == [[1, -1], [1, 0], [1, 0]]
    anew = EventTracks(LABELS, follow=False).encode(events, 3)
    assert classes_of(anew) == [[1, -1], [0, 1], [0, 1]]


def test_what_finds_no_track_is_lost():
    events = Events([event(label, 0, 0) for label in LABELS], LABELS)
    assert classes_of(EventTracks(LABELS).encode(events, 1)) == [[0, 1]]


def test_the_parts_of_a_target():
    codec = EventTracks(LABELS, n_tracks=3)
    activity, directions = codec.split(codec.encode(Events([event("bell", 0, 0)], LABELS), 1))
    assert activity.shape == (1, 3, 3)
    assert directions.shape == (1, 3, 3)
    np.testing.assert_allclose(directions[0, 0], [0.5**0.5, 0.5**0.5, 0.0], atol=1e-12)


def test_the_likeliest_class_of_a_track():
    output = np.zeros((1, 2, 6))
    output[0, 0, :3] = [0.6, 0.7, 0.1]
    output[0, 1, :3] = [0.5, 0.2, 0.1]
    points = EventTracks(LABELS).decode_points(output)
    assert points.classes.tolist() == [1]
    assert points.activity.tolist() == [0.7]


def test_at_least_one_track():
    with pytest.raises(InputError, match="n_tracks"):
        EventTracks(LABELS, n_tracks=0)
