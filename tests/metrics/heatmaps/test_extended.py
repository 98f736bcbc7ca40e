"""Scores of sets in which some sounds have no visible source."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearsight.errors import InputError
from hearsight.metrics.heatmaps.extended import (
    SUBSETS,
    ExtendedSet,
    ap_reference,
    average_precision,
    confidence,
    extended_scores,
    f1_reference,
    max_f1,
    precision_recall,
)

LEVELS = st.sampled_from([0.0, 0.2, 0.5, 0.75, 0.9, 1.0])
SAMPLES = st.lists(
    st.tuples(LEVELS, LEVELS, st.sampled_from([0, 1024, 9215, 30000]), st.booleans()),
    min_size=1,
    max_size=12,
)


def sample_set(rows) -> ExtendedSet:
    return ExtendedSet(*np.array([[float(each) for each in row] for row in rows]).T)


def slow_average_precision(rows, min_ciou: float) -> float:
    """Walk down the confidences, as a textbook does."""
    n_sources = sum(has_source for *_, has_source in rows)
    if not n_sources:
        return np.nan
    points = []
    for threshold in sorted({row[1] for row in rows}, reverse=True):
        found = [row for row in rows if row[1] >= threshold]
        n_right = sum(row[3] and row[0] >= min_ciou for row in found)
        points.append((n_right / n_sources, n_right / len(found)))
    total = reached = 0.0
    for index, (recall, _) in enumerate(points):
        total += (recall - reached) * max(precision for _, precision in points[index:])
        reached = recall
    return total


def test_confidence_is_the_mean_of_the_top_quarter() -> None:
    values = np.arange(64.0).reshape(8, 8)
    assert confidence(values) == np.mean(np.arange(48, 64))
    assert confidence(values[::-1].T) == confidence(values)
    assert confidence([[0.3]]) == 0.3
    with pytest.raises(InputError, match="no pixels"):
        confidence(np.zeros((0, 4)))


@given(SAMPLES, st.sampled_from([0.5, 0.75]))
def test_average_precision_is_the_textbook_s(rows, min_ciou) -> None:
    found = average_precision(sample_set(rows), min_ciou)
    assert found == pytest.approx(slow_average_precision(rows, min_ciou), abs=1e-12, nan_ok=True)


@given(SAMPLES)
def test_max_f1_is_reached_at_some_threshold(rows) -> None:
    samples = sample_set(rows)
    n_sources = samples.has_source.sum()
    if not n_sources:
        assert np.isnan(max_f1(samples))
        return
    f1 = []
    for threshold in samples.confidences:
        is_found = samples.confidences >= threshold
        n_right = (is_found & samples.is_right(0.5)).sum()
        precision, recall = n_right / is_found.sum(), n_right / n_sources
        f1.append(2 * precision * recall / (precision + recall) if n_right else 0.0)
    assert max_f1(samples) == pytest.approx(max(f1), abs=1e-12)


@given(SAMPLES, st.randoms())
def test_scores_are_bounded_and_blind_to_order(rows, random) -> None:
    mixed = random.sample(rows, len(rows))
    scores = extended_scores(sample_set(rows), n_draws=0)
    others = extended_scores(sample_set(mixed), n_draws=0)
    for name, row in scores.rows.items():
        assert row == pytest.approx(others[name], abs=1e-12, nan_ok=True)
        values = np.array(list(row.values()))
        assert ((values >= 0.0) & (values <= 1.0 + 1e-12) | np.isnan(values)).all()


def test_a_map_that_is_right_and_knows_when_scores_1() -> None:
    samples = ExtendedSet([1, 1, 0, 0], [0.9, 0.8, 0.3, 0.2], [900, 9000, 0, 0], [1, 1, 0, 0])
    row = extended_scores(samples, n_draws=0)["all@0.75"]
    assert row["average_precision"] == row["max_f1"] == row["max_f1_reference"] == 1.0
    # The published kind loses two steps of recall: that of the greatest confidence and the next.
    assert row["ap_reference"] == 0.0
    lone = samples.at([0])
    assert (average_precision(lone), ap_reference(lone)) == (1.0, 0.0)


def test_doubt_in_the_wrong_place_costs() -> None:
    places, sources = [0.9, 0.9, 0.0, 0.0], [True, True, False, False]
    knows = ExtendedSet(places, [0.9, 0.8, 0.3, 0.2], [900] * 4, sources)
    doubts = ExtendedSet(places, [0.2, 0.3, 0.8, 0.9], [900] * 4, sources)
    for score in (average_precision, max_f1):
        assert score(doubts) < score(knows)


def test_only_the_published_recall_forgives_wrong_places() -> None:
    samples = ExtendedSet([0.9, 0.1, 0.1, 0.1], [0.9, 0.8, 0.7, 0.6], [900] * 4, [True] * 4)
    precision, recall = precision_recall(samples, [0.6, 0.9, 2.0])
    np.testing.assert_allclose(precision, [0.25, 1.0, 1.0])
    np.testing.assert_allclose(recall, [1.0, 0.25, 0.0])
    assert average_precision(samples) == 0.25
    assert max_f1(samples) == pytest.approx(0.4)
    assert f1_reference(samples)[0] == pytest.approx(0.4)
    wrong = ExtendedSet([0.9, 0.1], [0.8, 0.9], [900] * 2, [True] * 2)
    assert (max_f1(wrong), f1_reference(wrong).max()) == (0.5, pytest.approx(2 / 3))


def test_nan_ciou_fails_and_a_source_without_area_is_small() -> None:
    samples = ExtendedSet([np.nan, 0.6], [0.5, 0.4], [0, 1024], [True, True])
    scores = extended_scores(samples, n_draws=0)
    assert scores["small@0.5"]["localization_accuracy"] == 0.0
    assert scores["medium@0.5"]["localization_accuracy"] == 1.0
    assert scores["visible@0.5"]["localization_accuracy"] == 0.5


def test_subsets_share_out_the_visible_pictures() -> None:
    areas = [0, 1023, 1024, 9215, 9216, 20735, 20736, 50176, 5000]
    samples = ExtendedSet([0.5] * 9, np.arange(9), areas, [True] * 8 + [False])
    sizes = {name: len(samples.subset(name)) for name in SUBSETS}
    assert sizes == {"all": 9, "visible": 8, "small": 2, "medium": 2, "large": 2, "huge": 2}
    with pytest.raises(InputError, match="unknown subset 'larg'; did you mean large"):
        samples.subset("larg")


def test_without_a_source_scores_are_undefined_but_as_published() -> None:
    scores = extended_scores(ExtendedSet([0, 0], [0.9, 0.1], [0, 0], [False, False]), n_draws=10)
    row = scores["all@0.5"]
    assert row["localization_accuracy"] == row["ap_reference"] == row["max_f1_reference"] == 0.0
    assert np.isnan([row["average_precision"], row["max_f1"], row["auc"]]).all()
    assert np.isnan(list(scores["visible@0.5"].values())).all()
    assert scores.to_dict()["visible@0.5"]["scores"]["auc"] is None


def test_intervals_hold_the_score_and_stay_the_same() -> None:
    random = np.random.default_rng(1)
    columns = random.random(300), random.random(300), random.uniform(0, 5e4, 300)
    samples = ExtendedSet(*columns, random.random(300) < 0.5)
    scores, again = (extended_scores(samples, n_draws=200) for _ in range(2))
    assert scores.to_dict() == again.to_dict()
    low, high, _ = scores.intervals["visible@0.5"]["localization_accuracy"]
    share = scores["visible@0.5"]["localization_accuracy"]
    assert low < share < high
    n_visible = scores.n_pictures["visible@0.5"]
    # Near what the binomial distribution says.
    assert high - low == pytest.approx(2 * 1.96 * np.sqrt(share * (1 - share) / n_visible), rel=0.3)
    json.dumps(scores.to_dict(), allow_nan=False)


def test_wrong_columns_are_refused() -> None:
    with pytest.raises(InputError, match=r"areas must have shape \(n,\)"):
        ExtendedSet([0.5], [0.5], [1, 2], [True])
    with pytest.raises(InputError, match="confidences must be finite, got 1"):
        ExtendedSet([0.5, 0.2], [np.nan, 1], [1, 2], [True, False])
    with pytest.raises(InputError, match="no pictures"):
        extended_scores(ExtendedSet([], [], [], []))
