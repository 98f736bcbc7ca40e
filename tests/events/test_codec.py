"""What all codecs must hold: what was encoded comes back."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from hearsight.errors import InputError
from hearsight.events.accdoa import Accdoa, SedDoa
from hearsight.events.codec import Components, label_means, label_window
from hearsight.events.events import Event, Events, Track
from hearsight.events.multi_accdoa import MultiAccdoa
from hearsight.events.tracks import EventTracks
from hearsight.spatial.directions import angular_distance, to_vectors

LABELS = ("knock", "speech", "bell")
N_FRAMES = 20
ALL_COMPONENTS = [
    Components.of_year(2023),
    Components.of_year(2024),
    Components.of_year(2025),
    Components.of_year(2025, video=True),
]
CODECS = [
    *(Accdoa(LABELS, parts) for parts in ALL_COMPONENTS),
    *(SedDoa(LABELS, parts) for parts in ALL_COMPONENTS),
    *(MultiAccdoa(LABELS, parts) for parts in ALL_COMPONENTS),
    EventTracks(LABELS),
    EventTracks(LABELS, n_tracks=3, follow=False),
]


@st.composite
def one_event(draw, label, azimuth, components):
    """Draw an event that drifts from a direction, by less than a degree a frame."""
    onset = draw(st.integers(0, N_FRAMES - 1))
    n = draw(st.integers(1, N_FRAMES - onset))
    drift = draw(st.floats(-1.0, 1.0)) * np.arange(n)
    constant = np.ones(n)
    elevation = None if components.planar else draw(st.floats(-30.0, 30.0)) * constant
    distance = draw(st.floats(0.1, 9.0)) * constant if components.distance else None
    on_screen = draw(st.sampled_from([0.0, 1.0])) * constant if components.on_screen else None
    track = Track(
        (onset + np.arange(n)) / 10, azimuth + drift, elevation, distance, on_screen=on_screen
    )
    return Event(label, onset / 10, (onset + n) / 10, track=track)


@st.composite
def holdable(draw, codec):
    """Draw events that a codec can hold, with silence where one instance gives way to the next."""
    components = getattr(codec, "components", Components())
    if isinstance(codec, EventTracks):
        names = draw(st.lists(st.sampled_from(LABELS), max_size=codec.n_tracks))
    else:
        most = 3 if isinstance(codec, MultiAccdoa) else 1
        names = [label for label in LABELS for _ in range(draw(st.integers(0, most)))]
    start = draw(st.floats(-180.0, 180.0))
    events = [
        draw(one_event(label, start + 120.0 * index, components))
        for index, label in enumerate(names)
    ]
    borders = {(event.label, event.onset) for event in events}
    assume(not borders & {(event.label, event.offset) for event in events})
    return Events(events, LABELS, N_FRAMES / 10)


def in_order(events):
    return sorted(events, key=lambda e: (e.label, e.onset, e.offset, round(e.azimuth, 3)))


def assert_same(found, expected):
    assert found.labels == expected.labels
    assert found.duration == expected.duration
    assert len(found) == len(expected)
    for one, other in zip(in_order(found), in_order(expected), strict=True):
        assert (one.label, one.onset, one.offset) == (other.label, other.onset, other.offset)
        assert one.confidence == pytest.approx(1.0)
        assert angular_distance(one.track.directions, other.track.directions).max() < 1e-5
        for name in ("elevation", "distance", "on_screen"):
            np.testing.assert_allclose(
                getattr(one.track, name), getattr(other.track, name), atol=1e-9
            )


@pytest.mark.parametrize("codec", CODECS, ids=repr)
@given(data=st.data())
def test_what_was_encoded_comes_back(codec, data):
    events = data.draw(holdable(codec))
    assert_same(codec.decode(codec.encode(events, N_FRAMES)), events)


@pytest.mark.parametrize("codec", CODECS, ids=repr)
@given(data=st.data(), n_frames=st.integers(0, N_FRAMES))
def test_a_shorter_target_is_the_beginning_of_a_longer_one(codec, data, n_frames):
    codec_of_rows = codec if not isinstance(codec, SedDoa) else SedDoa(LABELS, keep="last")
    events = data.draw(holdable(codec_of_rows))
    short = codec_of_rows.encode(events, n_frames)
    assert np.array_equal(short, codec_of_rows.encode(events, N_FRAMES)[:n_frames])


@pytest.mark.parametrize("codec", CODECS, ids=repr)
def test_silence(codec):
    target = codec.encode(Events(), 4)
    assert len(target) == 4
    assert not target.any()
    assert codec.decode(target) == Events((), LABELS, 0.4)


@pytest.mark.parametrize("codec", CODECS, ids=repr)
def test_events_without_a_direction_are_left_out(codec):
    events = Events([Event("knock", 0.0, 0.2), Event("bell", 0.1, 0.3, track=Track([0.1, 0.2]))])
    assert not codec.encode(events, 4).any()


@pytest.mark.parametrize("codec", CODECS, ids=repr)
def test_an_unknown_label_is_named(codec):
    events = Events([Event("bel", 0.0, 0.1, track=Track([0.0], [30.0]))])
    with pytest.raises(InputError, match="'bel' is not in the codec's list; did you mean bell"):
        codec.encode(events, 4)


@pytest.mark.parametrize("codec", CODECS, ids=repr)
def test_a_wrong_shape_is_told(codec):
    array = codec.encode(Events(), 4)[..., :-1]
    with pytest.raises(InputError, match="array must have shape"):
        codec.decode(array)


def test_a_negative_length_is_told():
    with pytest.raises(InputError, match="n_frames"):
        Accdoa(LABELS).encode(Events(), -1)


@pytest.mark.parametrize("codec", [Accdoa, SedDoa, MultiAccdoa, EventTracks])
def test_a_class_list_is_checked(codec):
    with pytest.raises(InputError, match="labels"):
        codec(("knock", "knock"))


def test_components_of_the_years():
    assert Components.of_year(2023).names == ("x", "y", "z")
    assert Components.of_year(2024).names == ("x", "y", "z", "distance")
    assert Components.of_year(2025).names == ("x", "y", "distance")
    assert Components.of_year(2025, video=True).names == ("x", "y", "distance", "on_screen")


def test_an_unknown_distance_stays_unknown():
    codec = Accdoa(LABELS, Components(distance=True))
    events = Events([Event("bell", 0.0, 0.1, track=Track([0.0], [30.0], [0.0]))], LABELS, 0.1)
    assert codec.decode(codec.encode(events, 1))[0].distance is None


def test_a_window_of_a_faster_clock():
    target = np.arange(3.0)[:, None]
    assert label_window(target, 0.05, 12)[:, 0].tolist() == [0.0] * 5 + [1.0] * 7
    # 0.29 / 0.01 is 28.999... in floating point.
    assert label_window(target, 0.29, 3)[:, 0].tolist() == [2.0, 0.0, 0.0]


@given(st.integers(1, 12), st.floats(0.1, 1.0), st.floats(-179.0, 179.0))
def test_label_means_undo_a_window(n_frames, activity, azimuth):
    target = np.tile(activity * to_vectors(azimuth, 0.0), (n_frames, 1))
    window = label_window(target, 0.0, 10 * n_frames)
    np.testing.assert_allclose(label_means(window), target, atol=1e-12)


def test_label_means_are_right_behind_the_listener():
    vectors = np.repeat(to_vectors([170.0, -170.0], 0.0), 5, axis=0)
    np.testing.assert_allclose(label_means(vectors)[0, 1], 0.0, atol=1e-12)
    assert label_means(vectors)[0, 0] < -0.9


@pytest.mark.parametrize("codec", CODECS, ids=repr)
def test_a_codec_holds_as_many_instances_as_it_says(codec):
    tracks = [Track([0.0], [azimuth], [0.0]) for azimuth in (-75.0, -25.0, 25.0, 75.0)]
    events = [Event("bell", 0.0, 0.1, track=each, source=n) for n, each in enumerate(tracks)]
    held = codec.decode_points(codec.encode(Events(events, LABELS), 1))
    assert len(held) == codec.n_instances
