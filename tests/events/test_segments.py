from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearsight.errors import InputError
from hearsight.events.events import Event, Events
from hearsight.events.segments import SegmentCodec, segment_table

CODEC = SegmentCodec(("bell", "bark", "cat"))


@given(st.lists(st.integers(0, 3), max_size=12), st.sampled_from([1.0, 0.5, 0.96, 2.0]))
def test_what_was_decoded_comes_back(labels, segment_s):
    codec = SegmentCodec(CODEC.labels, segment_s)
    events = codec.decode(np.array(labels, dtype=int))
    assert codec.encode(events, len(labels)).tolist() == labels
    assert events.duration == len(labels) * segment_s
    # Equal neighbors are one event.
    for one, other in pairwise(events):
        assert one.offset < other.onset or one.label != other.label


def test_confidence_is_the_mean_of_the_class():
    probabilities = np.array([[0.6, 0.4, 0, 0], [0.8, 0.2, 0, 0], [0, 0, 0, 1], [0, 0.5, 0.4, 0.1]])
    events = CODEC.decode(probabilities.argmax(axis=1), probabilities)
    assert [(e.label, e.onset, e.offset) for e in events] == [("bell", 0, 2), ("bark", 3, 4)]
    assert [event.confidence for event in events] == pytest.approx([0.7, 0.5])


def test_a_probability_rounded_above_one():
    probabilities = np.full((1, 4), np.nextafter(np.float32(1), np.float32(2)))
    assert CODEC.decode([0], probabilities)[0].confidence == 1.0


def test_events_between_segments():
    events = Events([Event("bell", 0.4, 2.5), Event("cat", 2.9, 3.3), Event("bark", 3.6, 9.0)])
    assert CODEC.encode(events, 5).tolist() == [0, 0, 0, 3, 1]
    assert CODEC.encode(events, 0).shape == (0,)
    assert CODEC.encode(Events(), 2).tolist() == [3, 3]


def test_the_event_that_fills_more_of_a_segment():
    events = Events([Event("bell", 0.0, 1.6), Event("cat", 1.0, 3.0), Event("bark", 2.0, 3.0)])
    assert CODEC.encode(events, 3).tolist() == [0, 2, 2]


def test_the_table():
    probabilities = np.array([[0.1, 0.7, 0.1, 0.1], [0.0, 0.2, 0.0, 0.8]])
    assert segment_table(CODEC, [1, 3], probabilities) == [
        {"onset": 0.0, "offset": 1.0, "label": "bark", "confidence": 0.7},
        {"onset": 1.0, "offset": 2.0, "label": "background", "confidence": 0.8},
    ]
    assert segment_table(CODEC, [3])[0]["confidence"] is None


@pytest.mark.parametrize("labels", [[4], [-1], [[0, 1]], [0.5]])
def test_wrong_labels(labels):
    with pytest.raises(InputError, match="labels"):
        CODEC.decode(labels)


def test_wrong_settings():
    with pytest.raises(InputError, match="holds a label twice"):
        SegmentCodec(("a", "a"))
    with pytest.raises(InputError, match="segment_s must be above 0"):
        SegmentCodec(("a",), 0.0)
    with pytest.raises(InputError, match=r"must have shape \(2, 4\), got \(2, 3\)"):
        CODEC.decode([0, 1], np.zeros((2, 3)))
    with pytest.raises(InputError, match="no class is called 'dog'; valid: bell, bark, cat"):
        CODEC.encode(Events([Event("dog", 0, 1)]), 2)
