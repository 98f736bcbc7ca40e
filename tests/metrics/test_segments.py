import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearsight.errors import InputError
from hearsight.metrics.segments import TOLD, judge_segments, segment_accuracy, video_labels

CLASSES = ("bell", "bark", "cat")
BACKGROUND = 3
# Whole, with boundaries, without event, and two events of one clip.
TRUTH = np.array([[0, 0, 0, 0], [3, 1, 1, 3], [3, 3, 3, 3], [2, 2, 2, 0]])
SCORES = ("accuracy", "background_recall", "event_accuracy", "boundary_accuracy", "video_accuracy")


def labels_of(n_clips):
    return st.lists(
        st.lists(st.integers(0, BACKGROUND), min_size=4, max_size=4),
        min_size=n_clips,
        max_size=n_clips,
    )


def test_truth_is_perfect():
    scores = judge_segments(TRUTH, TRUTH, CLASSES)
    assert [scores[name] for name in SCORES] == [1.0] * len(SCORES)
    assert scores.n_with_boundary == 2


def test_by_hand():
    predicted = [[0, 0, 1, 3], [1, 1, 1, 3], [3, 2, 3, 3], [2, 1, 1, 1]]
    scores = judge_segments(predicted, TRUTH, CLASSES)
    assert scores["accuracy"] == 9 / 16
    assert scores["background_recall"] == 4 / 6
    assert scores["event_accuracy"] == 5 / 10
    assert scores["boundary_accuracy"] == 4 / 8
    assert scores["video_accuracy"] == 2 / 4
    assert scores.by_class()["bell"] == {"n_segments": 5, "recall": 0.4, "precision": 1.0}
    assert scores.by_class()["bark"] == {"n_segments": 2, "recall": 1.0, "precision": 2 / 7}
    assert scores.by_class()["background"] == {"n_segments": 6, "recall": 4 / 6, "precision": 0.8}


def test_floors_by_hand():
    table = judge_segments(TRUTH, TRUTH, CLASSES).table
    assert {who: each["accuracy"] for who, each in table.items()} == {
        "labels": 1.0,
        "all background": 6 / 16,
        "most frequent class": 5 / 16,
        TOLD: 13 / 16,
    }
    # One of the two clips with boundaries is half background, the other three quarters one class.
    assert table[TOLD]["boundary_accuracy"] == 5 / 8
    assert table[TOLD]["video_accuracy"] == 1.0
    assert table["all background"]["background_recall"] == 1.0


@given(labels_of(3), labels_of(3), st.permutations(range(3)))
def test_scores_are_bounded_and_blind_to_the_order_of_clips(predicted, truth, order):
    said, true = np.array(predicted), np.array(truth)
    scores = judge_segments(said, true, CLASSES)
    again = judge_segments(said[order], true[order], CLASSES)
    for name in SCORES:
        assert np.isnan(scores[name]) or 0.0 <= scores[name] <= 1.0
        np.testing.assert_equal(scores[name], again[name])
    one_hot = np.eye(BACKGROUND + 1)
    assert scores["accuracy"] == segment_accuracy(one_hot[said], one_hot[true])


def test_nothing_defines_a_score():
    scores = judge_segments([[0, 0]], [[0, 0]], CLASSES)
    assert np.isnan(scores["background_recall"])
    assert np.isnan(scores["boundary_accuracy"])
    assert np.isnan(scores.by_class()["cat"]["recall"])
    assert json.loads(json.dumps(scores.to_dict()))["scores"]["labels"]["boundary_accuracy"] is None
    nothing = judge_segments([[3, 3]], [[3, 3]], CLASSES)
    assert nothing.table["most frequent class"]["accuracy"] == 1.0
    assert nothing.table[TOLD]["accuracy"] == 1.0


def test_video_labels():
    assert video_labels([[3, 3], [1, 3], [2, 1], [2, 2]], 3).tolist() == [3, 1, 1, 2]
    assert video_labels([[0, 0]], 0).tolist() == [0]
    assert video_labels(np.zeros((0, 4), int), 3).shape == (0,)


def many(random, n_clips=200):
    """Events of which a third fill their clip."""
    truth = np.full((n_clips, 10), BACKGROUND)
    for row in truth:
        start, end = (
            sorted(random.choice(11, 2, replace=False)) if random.random() < 0.6 else (0, 10)
        )
        row[start:end] = random.integers(0, 3)
    return truth


def test_the_verdict_tells_what_floors_say():
    random = np.random.default_rng(0)
    truth = many(random)
    blind = np.full_like(truth, BACKGROUND)
    told = np.broadcast_to(video_labels(truth, BACKGROUND)[:, None], truth.shape)
    good = np.where(random.random(truth.shape) < 0.05, 0, truth)
    for predicted, first, second in (
        (blind, "do not clear the floor", "do not beat who is told"),
        (told, "clear the floor", "do not beat who is told the class but not when"),
        (good, "clear the floor", "They beat who is told"),
    ):
        verdict = judge_segments(predicted, truth, CLASSES).verdict
        assert f"The labels {first} of who neither sees nor hears" in verdict
        assert second in verdict
    share = 100 * (truth == BACKGROUND).mean()
    assert f"against {share:.1f} % of all background (+0.0 points" in judge_segments(
        blind, truth, CLASSES
    ).verdict.replace("-0.0", "+0.0")
    one = judge_segments(truth[:1], truth[:1], CLASSES)
    assert (one.clears("all background"), one.verdict[:8]) == (None, "One clip")


def test_intervals_hold_the_truth_and_shrink():
    """Labels right in 80 % of the seconds of each clip, drawn anew: 95 % of intervals hold 0.8."""
    random = np.random.default_rng(1)
    held, widths = 0, {40: [], 160: []}
    for n_clips, found in widths.items():
        for _ in range(40):
            truth = many(random, n_clips)
            wrong = (truth + 1) % (BACKGROUND + 1)
            predicted = np.where(random.random(truth.shape) < 0.8, truth, wrong)
            low, high, _ = judge_segments(predicted, truth, CLASSES).intervals["labels"]["accuracy"]
            held += low <= 0.8 <= high
            found.append(high - low)
    assert held >= 68  # of 80; 76 are expected
    assert np.mean(widths[40]) / np.mean(widths[160]) == pytest.approx(2.0, rel=0.15)


def test_seconds_of_one_clip_are_not_independent():
    """Clips that are right or wrong as a whole: ten times their seconds tell no more."""
    random = np.random.default_rng(2)
    is_right = random.random(100)[:, None] < 0.5
    widths = []
    for n_segments in (2, 20):
        truth = np.zeros((100, n_segments), int)
        predicted = np.where(is_right, truth, 1)
        low, high, _ = judge_segments(predicted, truth, CLASSES).intervals["labels"]["accuracy"]
        widths.append(high - low)
    assert widths[0] == pytest.approx(widths[1])
    assert widths[0] == pytest.approx(2 * 1.96 * 0.05, rel=0.15)


def test_ties_and_several_ones_go_to_the_lowest_index():
    scores = [[[0.5, 0.5, 0.2], [0.1, 0.4, 0.4]]]
    assert segment_accuracy(scores, [[[1, 0, 0], [0, 1, 1]]]) == 1.0
    assert segment_accuracy(scores, [[[0, 1, 0], [0, 0, 0]]]) == 0.0
    assert np.isnan(segment_accuracy(np.zeros((0, 10, 3)), np.zeros((0, 10, 3))))


def test_wrong_input():
    with pytest.raises(InputError, match=r"must both be \(N, T, C\)"):
        segment_accuracy(np.zeros((2, 3)), np.zeros((2, 3)))
    with pytest.raises(InputError, match="scores hold NaN"):
        segment_accuracy([[[np.nan, 0.0]]], [[[1, 0]]])
    with pytest.raises(InputError, match=r"not empty, got \(0, 4\)"):
        judge_segments(np.zeros((0, 4), int), np.zeros((0, 4), int), CLASSES)
    with pytest.raises(InputError, match=r"predicted and truth must both be"):
        judge_segments([[0, 1]], [[0, 1, 2]], CLASSES)
    with pytest.raises(InputError, match="predicted must hold class indices, got float64"):
        judge_segments([[0.0, 1.0]], [[0, 1]], CLASSES)
    with pytest.raises(InputError, match="truth holds class 4; valid: 0 to 3"):
        judge_segments([[0, 1]], [[0, 4]], CLASSES)
    with pytest.raises(InputError, match="predicted holds class -1"):
        judge_segments([[-1, 1]], [[0, 3]], CLASSES)
