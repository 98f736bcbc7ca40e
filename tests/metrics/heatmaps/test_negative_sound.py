"""Scores of maps under silence, noise, sounds from elsewhere and sounds of other pictures."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearsight.errors import InputError
from hearsight.metrics.heatmaps.negative_sound import (
    describe_maxima,
    mask_iou,
    negative_sound_scores,
    separating_threshold,
    share_above,
    swapped_sound_scores,
    universal_threshold,
)

SHARES = st.lists(st.floats(0, 1), min_size=4, max_size=4)


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=30))
def test_threshold_is_the_third_quartile_or_above_all(maxima) -> None:
    assert universal_threshold(maxima) == np.percentile(maxima, 75)
    top = universal_threshold(maxima, "max")
    assert top == max(maxima)
    assert universal_threshold(maxima, "max_and_tenth") >= top
    assert universal_threshold(np.reshape(maxima, (1, -1))) == universal_threshold(maxima)


def test_threshold_needs_maxima_and_a_known_rule() -> None:
    assert universal_threshold([0.2, 0.5], "max_and_tenth") == pytest.approx(0.55)
    with pytest.raises(InputError, match="at least one, got 0"):
        universal_threshold([])
    with pytest.raises(InputError, match="must be finite"):
        universal_threshold([0.5, np.nan])
    with pytest.raises(InputError, match=r"unknown rule 'maximum'.*valid: third_quartile"):
        universal_threshold([0.5], "maximum")


def test_a_threshold_above_all_maxima_leaves_nothing() -> None:
    maps = np.random.default_rng(0).random((20, 7, 7))
    maxima = maps.max(axis=(1, 2))
    assert not share_above(maps, universal_threshold(maxima, "max")).any()
    is_above = share_above(maps, universal_threshold(maxima)) > 0
    assert is_above.sum() == 5


def test_masks_of_two_sounds() -> None:
    left = np.zeros((3, 4, 4), bool)
    left[:, :, :2] = True
    np.testing.assert_array_equal(mask_iou(left, left), np.ones(3))
    np.testing.assert_array_equal(mask_iou(left, ~left), np.zeros(3))
    empty = np.zeros((4, 4), bool)
    assert mask_iou(empty, empty) == 1.0
    assert mask_iou(empty, left[0]) == 0.0


def test_maxima_are_described_by_sound() -> None:
    described = describe_maxima({"own": [[0.9, 0.7]], "silence": [0.0, 0.0, 0.6]})
    assert described["own"] == {"mean": pytest.approx(0.8), "median": pytest.approx(0.8)}
    assert described["silence"] == {"mean": pytest.approx(0.2), "median": 0.0}


def test_only_a_map_that_listens_scores_well() -> None:
    listens = negative_sound_scores([1.0] * 5, {"silence": [0.0] * 5, "noise": [0.0] * 5})
    assert listens["all"]["f_loc"] == listens["all"]["f_auc"] == 1.0
    always = negative_sound_scores([1.0] * 5, {"silence": [1.0] * 5}, n_draws=0)
    assert always["all"]["f_loc"] == 0.0
    assert always["all"]["f_auc"] < 0.06
    never = negative_sound_scores([np.nan] * 5, {"silence": [0.0] * 5}, n_draws=0)
    assert never["all"]["mean_ciou"] == never["all"]["f_loc"] == never["all"]["f_auc"] == 0.0


@given(SHARES, SHARES, SHARES)
def test_kinds_are_averaged_and_f_is_harmonic(cious, silence, noise) -> None:
    scores = negative_sound_scores(cious, {"silence": silence, "noise": noise}, n_draws=0)
    for name in ("pia", "auc_negative"):
        parts = [scores[sound][name] for sound in ("silence", "noise")]
        assert scores["all"][name] == pytest.approx(np.mean(parts))
    for row in scores.rows.values():
        assert row["mean_ciou"] == pytest.approx(np.mean(cious))
        low, high = sorted([row["mean_ciou"], 1 - row["pia"]])
        assert low - 1e-12 <= row["f_loc"] <= min(high, 2 * low) + 1e-12
        if low + high > 0:
            assert row["f_loc"] == pytest.approx(2 * low * high / (low + high))


def test_curve_of_what_is_covered_counts_what_is_at_the_threshold() -> None:
    def area(share):
        return negative_sound_scores([1.0], {"noise": [share]}, n_draws=0)["noise"]["auc_negative"]

    assert area(0.0) == pytest.approx(1.0)
    assert area(1.0) == pytest.approx(0.025)  # the trapezoid before the last threshold
    assert area(0.5) == pytest.approx(0.525)
    assert area(0.15) == pytest.approx(0.875)  # 0.05 * 3 is a little more than 0.15


def test_seeds_are_averaged_and_pictures_resampled() -> None:
    random = np.random.default_rng(0)
    cious, shares = random.random(400), random.random((10, 400))
    scores = negative_sound_scores(cious, {"noise": shares}, n_draws=300)
    assert scores["noise"]["pia"] == pytest.approx(shares.mean())
    low, high, _ = scores.intervals["noise"]["mean_ciou"]
    assert high - low == pytest.approx(2 * 1.96 * cious.std() / 20, rel=0.3)
    low, high, _ = scores.intervals["noise"]["pia"]
    assert high - low == pytest.approx(2 * 1.96 * shares.mean(axis=0).std() / 20, rel=0.3)
    json.dumps(scores.to_dict(), allow_nan=False)


def test_swapped_sounds_are_compared_picture_by_picture() -> None:
    own = np.where(np.arange(100) < 80, 0.9, 0.1)
    scores = swapped_sound_scores(own, own, np.ones(100))
    assert scores["difference"] == {"success": 0.0, "mean_ciou": 0.0, "auc": 0.0}
    # The same pictures in both: no difference in any draw, though both scores vary.
    assert scores.intervals["difference"]["success"][:2] == (0.0, 0.0)
    assert scores.intervals["own"]["success"].low < 0.8
    assert scores["masks"]["iou"] == 1.0
    listens = swapped_sound_scores(own, np.full(100, np.nan))
    assert listens["difference"]["success"] == pytest.approx(0.8)
    assert listens.intervals["difference"]["success"].low > 0.6
    assert "masks" not in listens.rows


def test_shapes_are_checked() -> None:
    with pytest.raises(InputError, match=r"shares of noise must have shape \(seeds, 2\)"):
        negative_sound_scores([0.5, 0.5], {"noise": [0.1]})
    with pytest.raises(InputError, match=r"got \(0,\) and 1 kinds"):
        negative_sound_scores([], {"noise": []})
    with pytest.raises(InputError, match="and 0 kinds"):
        negative_sound_scores([0.5], {})
    with pytest.raises(InputError, match="swapped must have one value for each picture"):
        swapped_sound_scores([0.5, 0.5], [0.1])
    with pytest.raises(InputError, match="own must have one value"):
        swapped_sound_scores([], [])


def test_the_separating_threshold_has_the_greatest_index_of_youden() -> None:
    rng = np.random.default_rng(3)
    own, negative = rng.normal(0.8, 0.1, 80), rng.normal(0.6, 0.1, 240)
    found = separating_threshold(own, negative.reshape(3, 80))

    def youden(threshold: float) -> float:
        return float((own > threshold).mean() + (negative <= threshold).mean())

    assert youden(found) == pytest.approx(max(map(youden, np.linspace(0.0, 1.2, 5000))))
    assert separating_threshold([0.5], [0.5]) == 0.5
    with pytest.raises(InputError, match="finite maxima"):
        separating_threshold([], negative)
    with pytest.raises(InputError, match="finite maxima"):
        separating_threshold(own, [np.nan])
