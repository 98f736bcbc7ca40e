"""Windows found by distance, judged beside what can be answered without looking."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearsight.errors import InputError
from hearsight.metrics.matching import DIRECTIONS, find_event, judge_matching, window_costs


def event(start, length, n_seconds=10):
    seconds = np.arange(n_seconds)
    return (seconds >= start) & (seconds < start + length)


def told_apart(mask):
    """Return distances of what fits its own seconds only, and background none."""
    fits = np.eye(len(mask), dtype=bool) & mask[:, None]
    return np.where(fits, 0.1, 1.0)


def random_events(n_clips, seed=0):
    noise = np.random.default_rng(seed)
    lengths = noise.integers(1, 10, n_clips)
    return [event(noise.integers(0, 11 - length), length) for length in lengths]


def test_costs_go_along_diagonals_of_what_is_searched():
    distances = np.arange(8.0).reshape(2, 4)
    assert window_costs(distances).tolist() == [0 + 5, 1 + 6, 2 + 7]


@given(st.integers(1, 5), st.integers(0, 6), st.integers(0, 2**31))
def test_costs_are_sums_over_windows(n_given, n_more, seed):
    distances = np.random.default_rng(seed).random((n_given, n_given + n_more))
    expected = [np.trace(distances[:, start:]) for start in range(n_more + 1)]
    np.testing.assert_allclose(window_costs(distances), expected, rtol=1e-5)


@pytest.mark.parametrize("shape", [(0, 3), (4, 3), (3,), (2, 3, 4)])
def test_impossible_searches_are_refused(shape):
    with pytest.raises(InputError, match="distances must have shape"):
        window_costs(np.zeros(shape))


def test_each_direction_searches_the_other_modality():
    # The sound of seconds 1 and 2 fits the pictures of 3 and 4; their pictures fit nothing.
    distances = np.ones((6, 6))
    distances[3, 1] = distances[4, 2] = 0.0
    assert find_event(distances, event(1, 2, 6), "a2v") == 3
    assert find_event(distances, event(3, 2, 6), "v2a") == 1


def test_the_first_of_several_windows_is_taken():
    assert find_event(np.ones((5, 5)), event(3, 2, 5), "a2v") == 0


def test_what_is_told_apart_is_found():
    masks = random_events(40)
    scores = judge_matching([told_apart(mask) for mask in masks], masks)
    assert scores.accuracy == scores.segment_recall == {"a2v": 1.0, "v2a": 1.0}
    assert scores.intervals["a2v"][:2] == (1.0, 1.0)
    assert "not above" not in " ".join(scores.verdicts)


def test_directions_are_told_by_name():
    masks = [event(1, 2)] * 3
    distances = np.ones((10, 10))
    distances[[1, 2], [1, 2]] = 0.5
    distances[1, 5] = distances[2, 6] = 0.0  # these pictures fit a later sound even better
    scores = judge_matching([distances] * 3, masks)
    assert scores.accuracy == {"a2v": 1.0, "v2a": 0.0}
    assert scores.segment_recall == {"a2v": 1.0, "v2a": 0.0}
    assert list(scores.accuracy) == list(DIRECTIONS)


def test_clips_without_anything_to_find_are_left_out_and_told():
    masks = [event(0, 0), event(0, 10), event(0, 10), event(2, 3)]
    scores = judge_matching([None, None, None, told_apart(masks[3])], masks)
    assert scores.n_clips == 1
    assert scores.found["a2v"].tolist() == [-1, -1, -1, 2]
    assert scores.starts.tolist() == [-1, 0, 0, 2]
    assert scores.notes == (
        "Clips without an event are left out: 1.",
        "Clips that their event fills are left out: 2.",
    )
    assert "too few" in scores.verdicts[0]


def test_chance_is_what_guessing_gives():
    masks = random_events(60)
    expected = judge_matching([told_apart(mask) for mask in masks], masks).floors["chance"]
    noise = np.random.default_rng(1)
    hits = [
        judge_matching(noise.random((60, 10, 10)), masks).accuracy[direction]
        for _ in range(40)
        for direction in DIRECTIONS
    ]
    assert np.mean(hits) == pytest.approx(expected, abs=4 * np.std(hits) / np.sqrt(len(hits)))


def test_floors_are_what_always_answering_the_same_gives():
    masks = [event(0, 4), event(6, 4), event(7, 3), event(3, 2)]
    floors = judge_matching([np.ones((10, 10))] * 4, masks).floors
    assert floors["start"] == 0.25
    assert floors["end"] == 0.5
    assert floors["chance"] == pytest.approx((1 / 7 + 1 / 7 + 1 / 8 + 1 / 9) / 4)


def test_guessing_is_not_above_chance():
    masks = random_events(80)
    scores = judge_matching(np.random.default_rng(2).random((80, 10, 10)), masks)
    assert all("is not above chance" in said for said in scores.verdicts)


def test_clips_may_have_any_length_and_events_gaps():
    gaps = np.array([0, 1, 0, 1, 0, 0], dtype=bool)
    masks = [event(4, 3, 20), gaps]
    scores = judge_matching([told_apart(masks[0]), np.ones((6, 6))], masks)
    assert scores.found["a2v"].tolist() == [4, 0]
    assert scores.covered["v2a"].tolist() == [3, 1]
    assert scores.n_seconds.tolist() == [20, 6]


def test_nothing_to_judge_is_not_a_score():
    scores = judge_matching([], [])
    assert np.isnan(scores.accuracy["a2v"])
    assert np.isnan(scores.segment_recall["v2a"])
    assert json.loads(json.dumps(scores.to_dict()))["accuracy"] == {"a2v": None, "v2a": None}


def test_the_order_of_clips_does_not_matter():
    masks, distances = random_events(20), np.random.default_rng(3).random((20, 10, 10))
    forward = judge_matching(distances, masks)
    backward = judge_matching(distances[::-1], masks[::-1])
    assert forward.accuracy == backward.accuracy
    assert forward.segment_recall == backward.segment_recall


def test_tables_of_other_shapes_are_refused():
    with pytest.raises(InputError, match="distances of 1 clips, but events of 2"):
        judge_matching([np.ones((3, 3))], [event(0, 1, 3)] * 2)
    with pytest.raises(InputError, match=r"clip 1: distances must .* got \(3, 4\)"):
        judge_matching([np.ones((3, 3)), np.ones((3, 4))], [event(0, 1, 3)] * 2)
