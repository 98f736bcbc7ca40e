from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearsight.recording.grid import frame_at, frame_count, frame_time, sample_at

hops = st.sampled_from([0.1, 0.02, 0.01, 0.05, 1 / 3])


@given(st.integers(0, 1_000_000), hops)
def test_a_frame_begins_within_itself(frame, hop_s):
    assert frame_at(frame_time(frame, hop_s), hop_s) == frame


@given(st.integers(0, 100_000))
def test_frame_times_carry_no_rounding(frame):
    assert frame_time(frame) == float(Fraction(frame, 10))


@given(st.integers(0, 100_000), st.floats(0.01, 0.99))
def test_a_time_lies_in_its_frame_and_a_part_counts(frame, share):
    time = 0.1 * (frame + share)
    assert frame_at(time) == frame
    assert frame_count(time) == frame + 1


@given(st.integers(0, 100_000))
def test_whole_durations_have_whole_counts(frames):
    assert frame_count(frames * 0.1) == frames  # though 3 * 0.1 > 0.3


@pytest.mark.parametrize(
    ("time", "rate", "sample"), [(0.3, 24_000, 7200), (1.1, 44_100, 48_510), (0.0, 8000, 0)]
)
def test_samples_are_the_nearest(time, rate, sample):
    assert sample_at(time, rate) == sample
