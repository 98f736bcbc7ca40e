import numpy as np
import pytest

from hearsight.errors import InputError
from hearsight.events.accdoa import Accdoa, SedDoa
from hearsight.events.events import Event, Events, Track
from hearsight.events.multi_accdoa import MultiAccdoa

LABELS = ("knock", "bell", "speech")


def event(label, frames, azimuth, source):
    times = np.array(frames) / 10
    track = Track(times, np.full(len(frames), azimuth), np.zeros(len(frames)))
    return Event(label, times[0], times[-1] + 0.1, track=track, source=source)


def test_the_length_of_a_vector_decides():
    codec = Accdoa(LABELS)
    output = np.zeros((2, 3, 3))
    output[0, 0, 0] = 0.5
    output[1, 2, 2] = -0.6
    points = codec.decode_points(output)
    assert points.frames.tolist() == [1]
    assert points.classes.tolist() == [2]
    assert points.elevation.tolist() == [-90.0]
    assert points.activity.tolist() == [0.6]


@pytest.mark.parametrize("codec", [Accdoa(LABELS), MultiAccdoa(LABELS)], ids=["one", "multi"])
def test_a_vector_of_the_threshold_is_silent_in_single_precision_too(codec):
    shape = (1, 3) if isinstance(codec, Accdoa) else (1, 3, 3)
    output = np.zeros((*shape, 3), dtype=np.float32)
    output[..., 1, :] = (0.3, 0.4, 0.0)
    assert np.linalg.norm(output[..., 1, :].astype(float)) > 0.5
    assert len(codec.decode_points(output)) == 0
    assert len(codec.decode_points(1.001 * output)) > 0


def test_only_the_longest_vectors_of_a_frame():
    output = np.zeros((1, 3, 3))
    output[0, :, 1] = [0.7, 0.9, 0.8]
    points = Accdoa(LABELS, most_per_frame=2).decode_points(output)
    assert points.classes.tolist() == [1, 2]


def test_of_one_class_the_last_row_or_the_longest_instance_stays():
    events = Events([event("bell", [0, 1, 2], 10.0, 0), event("bell", [1], 90.0, 1)], LABELS)
    last = Accdoa(LABELS).encode(events, 3)
    assert last[:, 1, 1].round(6).tolist() == [0.173648, 1.0, 0.173648]
    longest = SedDoa(LABELS).encode(events, 3)
    assert longest[:, 1, 2].round(6).tolist() == [0.173648] * 3
    assert longest[:, 1, 0].tolist() == [1.0] * 3
    assert np.array_equal(SedDoa(LABELS, keep="last").encode(events, 3)[..., 1:], last)


def test_a_probability_at_the_threshold_counts():
    output = np.zeros((1, 3, 4))
    output[0, :, 0] = [0.3, 0.29, 0.9]
    output[0, :, 1] = 1.0
    points = SedDoa(LABELS).decode_points(output)
    assert points.classes.tolist() == [0, 2]
    assert points.activity.tolist() == [0.3, 0.9]


def test_unknown_rules_are_told():
    with pytest.raises(InputError, match="valid: longest, last"):
        SedDoa(LABELS, keep="first")


def test_of_year():
    assert Accdoa.of_year(2021).labels[0] == "alarm"
    assert len(Accdoa.of_year(2024).components) == 4
