"""Pairs of least total angle, whatever the order of rows."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearsight.metrics.association import associate, groups_of
from hearsight.metrics.definitions import exact_angle, frontal_angle
from hearsight.metrics.frames import FrameTable


def one_frame(azimuth, distance=None):
    n = len(azimuth)
    return FrameTable.from_columns(np.zeros(n, int), np.zeros(n, int), azimuth, distance=distance)


def pairs_of(truth, heard, angle=exact_angle, *, strict_parity=False):
    groups = (groups_of(table.frames) for table in (truth, heard))
    (first, second), tables = groups, (truth, heard)
    return associate(tables[0], first, tables[1], second, angle, strict_parity=strict_parity)


def test_rows_are_truth_and_columns_prediction():
    pairs = pairs_of(one_frame([0.0, 90.0]), one_frame([100.0, -60.0, 5.0]))
    assert dict(zip(pairs.truth.tolist(), pairs.prediction.tolist(), strict=True)) == {0: 2, 1: 0}
    assert sorted(pairs.angle.round(9)) == [5.0, 10.0]


@pytest.mark.parametrize("strict_parity", [True, False])
@given(
    st.lists(st.floats(-180, 180), min_size=1, max_size=4),
    st.lists(st.floats(-180, 180), min_size=1, max_size=4),
)
def test_no_other_assignment_is_better(strict_parity, true, heard):
    truth, prediction = one_frame(true), one_frame(heard)
    pairs = pairs_of(truth, prediction, strict_parity=strict_parity)
    cost = exact_angle(
        truth, np.arange(len(true))[:, None], prediction, np.arange(len(heard))[None, :]
    )
    cost = cost if len(true) <= len(heard) else cost.T
    n, m = cost.shape
    best = min(cost[range(n), columns].sum() for columns in itertools.permutations(range(m), n))
    assert len(pairs.angle) == n
    assert pairs.angle.sum() == pytest.approx(best, abs=1e-5)


def test_equal_totals_are_settled_by_even_errors_in_any_order():
    for true, heard in itertools.product(([0.0, 10.0], [10.0, 0.0]), ([20.0, 30.0], [30.0, 20.0])):
        pairs = pairs_of(one_frame(true), one_frame(heard), frontal_angle)
        assert pairs.angle.tolist() == [20.0, 20.0]


def test_equal_angles_are_settled_by_distance():
    for order in ([0, 1], [1, 0]):
        truth = one_frame([0.0, 0.0], [1.0, 3.0])
        heard = one_frame([10.0, 10.0], np.array([1.1, 2.9])[order])
        pairs = pairs_of(truth, heard)
        gaps = np.abs(truth.distance[pairs.truth] - heard.distance[pairs.prediction])
        assert gaps == pytest.approx([0.1, 0.1])


def test_many_instances_are_matched_too():
    true = np.linspace(-150, 150, 12)
    pairs = pairs_of(one_frame(true), one_frame(true[::-1] + 1.0))
    assert pairs.angle == pytest.approx(np.ones(12))


def test_what_one_side_lacks_has_no_pairs():
    pairs = pairs_of(one_frame([0.0]), one_frame([]))
    assert len(pairs.truth) == len(pairs.prediction) == len(pairs.angle) == 0
