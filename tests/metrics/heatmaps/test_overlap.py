"""Overlap of a marked area with the truth, and scores of many pictures."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from hearsight.metrics.heatmaps.overlap import areas, auc, ciou, mean_ciou, success

cious = st.lists(st.floats(0.0, 1.0), min_size=1, max_size=30)
masks = arrays.arrays(bool, (5, 7))
truths = arrays.arrays(np.float32, (5, 7), elements=st.sampled_from([0.0, 0.5, 1.0]))


def test_pixels_of_one_annotator_count_half() -> None:
    truth = np.array([[1.0, 0.5, 0.0, 0.0]], dtype=np.float32)
    mask = np.array([[True, True, True, False]])
    assert ciou(mask, truth) == 1.5 / 2.5
    assert ciou(~mask, truth) == 0.0


def test_nothing_to_find_and_nothing_marked_is_undefined() -> None:
    nothing = np.zeros((2, 2), dtype=np.float32)
    assert np.isnan(ciou(nothing > 0, nothing))
    assert ciou(nothing == 0, nothing) == 0.0


@given(masks, truths)
def test_ciou_is_bounded_and_1_for_the_truth(mask, truth) -> None:
    score = ciou(mask, truth)
    if mask.any() or truth.any():
        assert 0.0 <= score <= 1.0
    if truth.any():
        assert ciou(truth > 0, truth) == 1.0


def test_undefined_cious_fail() -> None:
    assert success([0.5, np.nan]) == 0.5
    assert mean_ciou([0.5, np.nan]) == 0.25
    assert auc([1.0, np.nan]) == 0.5
    assert np.isnan([success([]), mean_ciou([]), auc([])]).all()


def test_thresholds_are_floating_point_multiples() -> None:
    # 0.05 * 3 is more than 0.15: the picture does not reach it.
    assert auc([0.15]) < auc([0.05 * 3])


@given(cious)
def test_scores_are_bounded_ordered_and_blind_to_order(values) -> None:
    for score in (success, mean_ciou, auc):
        assert 0.0 <= score(values) <= 1.0
        assert score(values[::-1]) == pytest.approx(score(values))
        assert score([1.0, *values]) >= score([0.0, *values])
    assert auc(values) == pytest.approx(np.mean(areas(values)))
    # Half a step of the thresholds is what the area is coarse by.
    assert auc(values) == pytest.approx(mean_ciou(values), abs=0.026)
