import numpy as np
import pytest

from hearsight.errors import InputError
from hearsight.events.codec import Components
from hearsight.events.events import Event, Events, Track
from hearsight.events.multi_accdoa import MultiAccdoa
from hearsight.spatial.directions import angular_distance, to_vectors

LABELS = ("knock", "bell")
CODEC = MultiAccdoa(LABELS)


def bells(*azimuths):
    return Events(
        [
            Event("bell", 0.0, 0.1, track=Track([0.0], [azimuth], [0.0]), source=source)
            for source, azimuth in enumerate(azimuths)
        ],
        LABELS,
    )


def output_of(azimuths, lengths):
    output = np.zeros((1, 3, 2, 3))
    output[0, :, 1] = to_vectors(azimuths, 0.0) * np.reshape(lengths, (3, 1))
    return output


@pytest.mark.parametrize(
    ("azimuths", "filled"),
    [
        ((), []),
        ((10.0,), [0]),
        ((10.0, 90.0), [1, 2]),
        ((10.0, 90.0, 170.0), [3, 4, 5]),
        ((10.0, 90.0, 170.0, -90.0), [3, 4, 5]),
    ],
)
def test_instances_fill_the_group_of_their_number(azimuths, filled):
    target = CODEC.encode(bells(*azimuths), 1)
    assert target.shape == (1, 6, 2, 3)
    assert np.flatnonzero(target[0, :, 1].any(axis=-1)).tolist() == filled
    assert not target[0, :, 0].any()
    expected = to_vectors(azimuths[:3], np.zeros(len(azimuths[:3])))
    np.testing.assert_allclose(target[0, filled, 1], expected, atol=1e-12)


@pytest.mark.parametrize(
    ("azimuths", "lengths", "expected"),
    [
        ((0, 90, 180), (1, 1, 1), [0, 90, 180]),
        ((0, 90, 180), (1, 0.5, 1), [0, 180]),  # as long as the threshold is not active
        ((0, 10, 90), (1, 1, 1), [5, 90]),
        ((90, 0, 10), (1, 1, 1), [5, 90]),
        ((0, 90, 10), (1, 1, 1), [5, 90]),
        ((0, 90, 10), (1, 0.3, 1), [5]),
        ((0, 10, 20), (1, 1, 1), [10]),  # 0 and 20 are joined by 10
        ((0, 3, 6), (1, 1, 1), [3]),
        ((0, 0, 0), (0.1, 0.2, 0.3), []),
    ],
)
def test_tracks_that_say_the_same_are_unified(azimuths, lengths, expected):
    points = CODEC.decode_points(output_of(azimuths, lengths))
    assert points.classes.tolist() == [1] * len(expected)
    np.testing.assert_allclose(sorted(points.azimuth), expected, atol=1e-9)


def test_unification_is_blind_to_where_the_back_is():
    points = CODEC.decode_points(output_of((175, -175, 0), (1, 1, 0)))
    assert abs(points.azimuth[0]) == pytest.approx(180.0)
    mistaken = MultiAccdoa(LABELS, merge="angles").decode_points(
        output_of((175, -175, 0), (1, 1, 0))
    )
    assert mistaken.azimuth[0] == pytest.approx(0.0)


def test_pseldnets_lose_a_track():
    points = MultiAccdoa(LABELS, merge="pseldnets").decode_points(output_of((0, 90, 10), (1, 1, 1)))
    np.testing.assert_allclose(sorted(points.azimuth), [0, 5], atol=1e-9)


def test_thresholds_for_each_class():
    output = np.zeros((1, 3, 2, 3))
    output[0, 0, :, 0] = 0.4
    codec = MultiAccdoa(LABELS, threshold=(0.3, 0.5))
    assert codec.decode_points(output).classes.tolist() == [0]
    with pytest.raises(InputError, match="1 thresholds for 2 classes"):
        MultiAccdoa(LABELS, threshold=(0.3,))


def test_merged_components():
    codec = MultiAccdoa(LABELS, Components(distance=True, on_screen=True))
    output = np.zeros((1, 3, 2, 5))
    output[0, :2, 0, :3] = to_vectors([0, 10], 0)
    output[0, :2, 0, 3] = [-1.0, 3.0]  # a negative distance counts as 0
    output[0, :2, 0, 4] = [0.9, 0.2]  # that of the pair's first track
    points = codec.decode_points(output)
    assert points.distance.tolist() == [1.5]
    assert points.on_screen.tolist() == [0.9]
    assert angular_distance(to_vectors(points.azimuth, points.elevation), to_vectors(5, 0)) < 1e-6


def test_unknown_merge_is_told():
    with pytest.raises(InputError, match="valid: baseline, pseldnets, angles"):
        MultiAccdoa(LABELS, merge="mean")
