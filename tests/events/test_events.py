import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearsight.errors import InputError
from hearsight.events.events import Event, Events, Track
from hearsight.spatial.directions import angular_distance, to_vectors


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"times": []}, "n >= 1"),
        ({"times": [[0.0]]}, "n >= 1"),
        ({"times": [0.1, 0.1]}, "increasing"),
        ({"times": [-0.1]}, "not negative"),
        ({"times": [np.nan]}, "finite"),
        ({"times": [0.0], "azimuth": [1.0, 2.0]}, r"azimuth must have shape \(1,\)"),
        ({"times": [0.0], "azimuth": [np.inf]}, "azimuth holds an infinite value"),
        ({"times": [0.0], "azimuth": [0.0], "elevation": [90.5]}, "elevation must lie"),
        ({"times": [0.0], "elevation": [10.0]}, "an elevation needs an azimuth"),
        ({"times": [0.0], "distance": [-1.0]}, "distance must not be negative"),
        ({"times": [0.0], "on_screen": [0.5]}, "on_screen must be 0, 1 or NaN"),
        ({"times": [0.0], "boxes": [[1, 2, 3]]}, r"boxes must have shape \(1, 4\)"),
        ({"times": [0.0], "boxes": [[1, 2, -3, 4]]}, "width and height not negative"),
    ],
)
def test_a_track_is_checked_when_built(columns, message):
    with pytest.raises(InputError, match=message):
        Track(**columns)


def test_a_track_wraps_azimuths_and_cannot_be_changed():
    track = Track([0.0, 0.1], [-180.0, 270.0])
    assert track.azimuth.tolist() == [180.0, -90.0]
    with pytest.raises(ValueError, match="read-only"):
        track.azimuth[0] = 0.0
    with pytest.raises(dataclasses.FrozenInstanceError):
        track.times = np.zeros(2)


def test_unknown_elevations_count_as_the_horizon():
    directions = Track([0.0, 0.1], [90.0, np.nan]).directions
    np.testing.assert_allclose(directions[0], [0.0, 1.0, 0.0], atol=1e-12)
    assert np.isnan(directions[1, :2]).all()


@given(st.from_type(Track))
def test_equal_tracks_are_equal_in_every_column(track):
    columns = {f.name: getattr(track, f.name) for f in dataclasses.fields(Track)}
    assert Track(**columns) == track
    columns["distance"] = np.nan_to_num(track.distance) + 1.0
    assert Track(**columns) != track
    assert track != "track"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"label": ""}, "label must be printable"),
        ({"label": " knock"}, "without spaces at its ends"),
        ({"label": "a\tb"}, "label must be printable"),
        ({"onset": -0.1}, "0 <= onset < offset"),
        ({"onset": 2.0}, "0 <= onset < offset"),
        ({"offset": np.inf}, "must be finite"),
        ({"confidence": 1.1}, r"confidence must lie in \[0, 1\]"),
        ({"confidence": np.nan}, r"confidence must lie in \[0, 1\]"),
        ({"source": -1}, "source must not be negative"),
    ],
)
def test_an_event_is_checked_when_built(changes, message):
    with pytest.raises(InputError, match=message):
        Event(**{"label": "knock", "onset": 1.0, "offset": 2.0, **changes})


def test_means_go_over_the_back_and_leave_out_what_is_unknown():
    track = Track(
        [0.0, 0.1, 0.2],
        azimuth=[170.0, -170.0, np.nan],
        elevation=[0.0, 0.0, np.nan],
        distance=[2.0, 4.0, np.nan],
        boxes=[[0, 0, 10, 20], [10, 4, 30, 20], [np.nan] * 4],
    )
    event = Event("knock", 0.0, 0.3, track=track)
    assert abs(event.azimuth) == pytest.approx(180.0)
    assert event.elevation == pytest.approx(0.0, abs=1e-9)
    assert event.distance == 3.0
    assert event.box == (5.0, 2.0, 20.0, 20.0)
    assert event.duration == pytest.approx(0.3)


def test_an_event_without_a_place_says_none():
    for track in (None, Track([0.0])):
        event = Event("knock", 0.0, 0.1, track=track)
        assert (event.azimuth, event.elevation, event.distance, event.box) == (None,) * 4
    # One frame without elevation makes the mean elevation unknown, not wrong.
    half = Event("knock", 0.0, 0.2, track=Track([0.0, 0.1], [5.0, 5.0], [30.0, np.nan]))
    assert half.elevation is None


@given(st.floats(-180.0, 180.0), st.floats(-90.0, 90.0), st.integers(1, 5))
def test_the_mean_of_a_still_track_is_its_direction(azimuth, elevation, n):
    track = Track(np.arange(n) / 10, [azimuth] * n, [elevation] * n)
    event = Event("knock", 0.0, 1.0, track=track)
    mean = to_vectors(event.azimuth, event.elevation)
    assert angular_distance(mean, to_vectors(azimuth, elevation)) < 1e-6


def test_events_are_sorted_and_know_their_labels():
    late, early, twin = Event("b", 1.0, 2.0), Event("c", 0.0, 9.0), Event("a", 1.0, 2.0)
    events = Events([late, early, twin])
    assert list(events) == [early, twin, late]
    assert events.labels == ("c", "a", "b")
    assert events == Events([twin, late, early])
    assert events[0] is early
    assert events[1:] == Events([twin, late], labels=("c", "a", "b"))
    assert events != Events([late, early, twin], duration=10.0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"labels": ["b"]}, "not in the class list: a"),
        ({"labels": ["a", "a"]}, "a label twice"),
        ({"duration": -1.0}, "duration must be finite"),
        ({"duration": np.inf}, "duration must be finite"),
    ],
)
def test_events_are_checked_when_built(arguments, message):
    with pytest.raises(InputError, match=message):
        Events([Event("a", 0.0, 1.0)], **arguments)


@given(st.from_type(Events))
def test_dictionaries_say_what_the_events_say(events):
    rows = events.to_dicts()
    assert [row["label"] for row in rows] == [event.label for event in events]
    assert all(row["box"] is None or len(row["box"]) == 4 for row in rows)
    assert rows == sorted(rows, key=lambda row: (row["onset"], row["offset"]))
