import itertools
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearsight.errors import InputError
from hearsight.events.events import Event, Events
from hearsight.events.segments import SegmentCodec
from hearsight.metrics.clip_events import TOLD, judge_clip_events

CLASSES = ("bell", "bark", "cat")
CODEC = SegmentCodec(CLASSES)

clips = st.lists(
    st.lists(st.integers(0, 3), min_size=6, max_size=6).map(lambda x: CODEC.decode(np.array(x))),
    min_size=2,
    max_size=2,
)


def bells(*times, duration=None):
    return Events([Event("bell", *each) for each in times], CLASSES, duration)


def f1(predicted, truth, rule, **settings):
    return judge_clip_events([predicted], [truth], CLASSES, **settings)[rule]["f1"]


@given(clips)
def test_truth_is_perfect(truth):
    scores = judge_clip_events(truth, truth, CLASSES)
    for rule in ("overlap", "onset", "onset_offset"):
        expected = 1.0 if any(len(events) for events in truth) else np.nan
        for score in ("precision", "recall", "f1", "mean_f1"):
            np.testing.assert_equal(scores[rule][score], expected)


@given(clips, clips)
def test_precision_and_recall_change_places(predicted, truth):
    scores = judge_clip_events(predicted, truth, CLASSES)
    turned = judge_clip_events(truth, predicted, CLASSES)
    for rule in ("overlap", "onset"):  # tolerances of ends go by the length in the truth
        np.testing.assert_equal(scores[rule]["precision"], turned[rule]["recall"])
        np.testing.assert_equal(scores[rule]["f1"], turned[rule]["f1"])


@given(clips, clips)
def test_as_many_as_possible_are_paired(predicted, truth):
    """Compared with trying all ways to pair the events of a clip and class."""
    scores = judge_clip_events(predicted, truth, CLASSES, collar_s=1.0)
    n_found = 0
    for said, true in zip(predicted, truth, strict=True):
        for label in CLASSES:
            ours = [event.onset for event in said if event.label == label]
            theirs = [event.onset for event in true if event.label == label]
            short, long = sorted((ours, theirs), key=len)
            n_found += max(
                sum(abs(a - b) <= 1.0 for a, b in zip(short, chosen, strict=True))
                for chosen in itertools.permutations(long, len(short))
            )
    counts = scores.counts["events"]["onset"].sum(axis=(0, 1))
    assert counts.tolist() == [n_found, sum(map(len, predicted)), sum(map(len, truth))]


def test_collars():
    truth = bells((2.0, 4.0))
    assert f1(bells((3.0, 4.0)), truth, "onset") == 1.0
    assert f1(bells((3.1, 4.0)), truth, "onset") == 0.0
    assert f1(bells((3.1, 4.0)), truth, "onset", collar_s=1.5) == 1.0
    assert f1(bells((2.0, 5.0)), truth, "onset_offset") == 1.0
    assert f1(bells((2.0, 5.1)), truth, "onset_offset") == 0.0
    # A fifth of ten seconds is more than the collar.
    assert f1(bells((0.5, 8.0)), bells((0.0, 10.0)), "onset_offset") == 1.0
    assert f1(bells((0.5, 7.9)), bells((0.0, 10.0)), "onset_offset") == 0.0
    assert f1(bells((0.1 + 0.2, 1.0)), bells((1.3, 2.0)), "onset") == 1.0  # but for rounding


def test_overlap():
    truth = bells((2.0, 6.0))
    assert f1(bells((4.0, 6.0)), truth, "overlap") == 1.0
    assert f1(bells((4.1, 6.0)), truth, "overlap") == 0.0
    assert f1(bells((7.0, 9.0)), truth, "overlap") == 0.0
    assert f1(Events([Event("cat", 2.0, 6.0)]), truth, "overlap") == 0.0


def test_an_event_is_found_once():
    scores = judge_clip_events([bells((2.0, 3.0), (2.5, 6.0))], [bells((2.0, 6.0))], CLASSES)
    assert scores["onset"] == {
        "precision": 0.5,
        "recall": 1.0,
        "f1": pytest.approx(2 / 3),
        "mean_f1": pytest.approx(2 / 3),
    }
    assert scores["overlap"]["recall"] == 1.0


def test_events_of_another_clip_do_not_count():
    truth = [bells((0.0, 2.0)), bells((4.0, 6.0))]
    assert judge_clip_events(truth[::-1], truth, CLASSES)["onset"]["f1"] == 0.0


def test_classes_count_alike_in_the_mean():
    cat = Event("cat", 0.0, 1.0)
    truth = [bells((0.0, 1.0))] * 3 + [Events([cat])]
    predicted = [bells((0.0, 1.0))] * 3 + [Events([Event("bark", 0.0, 1.0)])]
    scores = judge_clip_events(predicted, truth, CLASSES)
    assert scores["overlap"]["f1"] == 6 / 8
    assert scores["overlap"]["mean_f1"] == 0.5  # bells 1, cats 0; there is no bark
    assert scores.by_class()["cat"]["n_events"] == 1
    assert np.isnan(scores.by_class()["cat"]["precision"])
    assert scores.by_class()["bark"]["precision"] == 0.0


def test_who_is_told_the_class():
    truth = [
        bells((0.0, 10.0), duration=10.0),
        bells((4.0, 10.0), duration=10.0),
        bells((8.0, 10.0), duration=10.0),
        bells(duration=10.0),
    ]
    scores = judge_clip_events(truth, truth, CLASSES)
    assert scores.table[TOLD]["overlap"]["recall"] == 2 / 3
    assert scores.table[TOLD]["onset"]["recall"] == 1 / 3
    assert scores.table[TOLD]["overlap"]["precision"] == 2 / 3
    without = judge_clip_events(truth, [bells((0.0, 1.0)), *truth[1:]], CLASSES)
    assert TOLD not in without.table


def test_intervals_and_json():
    truth = [bells((0.0, 2.0)), bells((4.0, 6.0)), Events([Event("cat", 0.0, 1.0)])] * 20
    predicted = [bells((0.0, 2.0)), bells((0.0, 6.0)), Events()] * 20
    scores = judge_clip_events(predicted, truth, CLASSES)
    low, high, _ = scores.intervals["onset"]["recall"]
    assert low < scores["onset"]["recall"] == 1 / 3 < high
    assert json.loads(json.dumps(scores.to_dict()))["by_class"]["onset"]["bark"]["f1"] is None


def test_wrong_input():
    with pytest.raises(InputError, match="as many clips predicted as there are, got 0 and 0"):
        judge_clip_events([], [], CLASSES)
    with pytest.raises(InputError, match="got 1 and 2"):
        judge_clip_events([Events()], [Events(), Events()], CLASSES)
    with pytest.raises(InputError, match="no class is called 'dog'; valid: bell, bark, cat"):
        judge_clip_events([Events([Event("dog", 0.0, 1.0)])], [Events()], CLASSES)
