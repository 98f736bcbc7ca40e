import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearsight.events.events import Event, Track
from hearsight.events.words import (
    PHRASES,
    direction_in_words,
    place_in_words,
    split_direction,
)
from hearsight.spatial.directions import angular_distance, to_vectors


@pytest.mark.parametrize(
    ("azimuth", "elevation", "words"),
    [
        (0.0, None, "front"),
        (22.4, 0.0, "front"),
        (22.6, 0.0, "front left"),
        (90.0, -29.0, "left"),
        (-90.0, -31.0, "right, below"),
        (179.0, 0.0, "back"),
        (-179.0, 0.0, "back"),
        (-135.0, 45.0, "back right, above"),
        (10.0, 80.0, "straight above"),
        (10.0, -90.0, "straight below"),
        (None, None, "direction unknown"),
        (float("nan"), 3.0, "direction unknown"),
    ],
)
def test_words(azimuth, elevation, words):
    assert direction_in_words(azimuth, elevation) == words


@given(st.floats(-180.0, 180.0), st.floats(-90.0, 90.0))
def test_what_is_read_is_near_what_was_said(azimuth, elevation):
    words = direction_in_words(azimuth, elevation)
    assert words in PHRASES
    label, read_azimuth, read_elevation = split_direction(f"knock, {words}")
    assert label == "knock"
    turn = angular_distance(
        to_vectors(azimuth, elevation), to_vectors(read_azimuth, read_elevation)
    )
    # Half a sector of 45 degrees aside and at most 30 degrees up or down.
    assert turn < 38.0
    assert direction_in_words(read_azimuth, read_elevation) == words


@pytest.mark.parametrize("text", ["knock", "left", "rain, heavy", ", left", "a,left", "x, Left"])
def test_other_texts_have_no_direction(text):
    assert split_direction(text) == (text, None, None)


@pytest.mark.parametrize(
    ("track", "words"),
    [
        (None, "direction unknown"),
        (Track([0.0, 0.1]), "direction unknown"),
        (Track([0.0, 0.1], azimuth=[90.0, 90.0], on_screen=[0, 0]), "left"),
        (Track([0.0, 0.1], on_screen=[0, 0]), "not in the picture"),
        (Track([0.0, 0.1], on_screen=[0, 1]), "in the picture"),
        (Track([0.0, 0.1], on_screen=[0, None]), "not in the picture"),
        (Track([0.0], boxes=[[1.0, 2.0, 3.0, 4.0]]), "in the picture"),
    ],
)
def test_places(track, words):
    assert place_in_words(Event("knock", 0.0, 0.2, track=track)) == words
