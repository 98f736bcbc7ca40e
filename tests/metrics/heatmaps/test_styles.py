"""How a map becomes a marked area."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from hearsight.errors import InputError
from hearsight.metrics.heatmaps.overlap import ciou
from hearsight.metrics.heatmaps.styles import STYLES, Style, style_of

different_values = arrays.arrays(
    np.float32, (6, 8), elements=st.integers(-100, 100).map(float), unique=True
)
RANK_STYLES = [name for name, style in STYLES.items() if style.threshold != "absolute"]


@pytest.mark.parametrize("name", RANK_STYLES)
@given(values=different_values, area=st.integers(0, 48))
def test_rank_thresholds_mark_their_share_and_look_at_order_alone(name, values, area) -> None:
    style = replace(STYLES[name], normalization="none")
    mask = style.mask(values, area)
    expected = (area or 24) if style.threshold == "adaptive" else 24
    if style.comparison != "above_or_one":
        # `above` leaves out the pixel of the threshold itself.
        assert mask.sum() == expected - (style.comparison == "above")
        assert np.array_equal(style.mask(np.exp(values / 50), area), mask)
    assert values[mask].min(initial=np.inf) > values[~mask].max(initial=-np.inf)


@pytest.mark.parametrize("name", STYLES)
def test_normalizing_keeps_what_rank_thresholds_mark(name) -> None:
    values = np.random.default_rng(0).uniform(-1, 1, (24, 24)).astype(np.float32)
    for threshold in ("median", "rank_half", "adaptive"):
        style = replace(STYLES[name], threshold=threshold)
        plain = replace(style, normalization="none", comparison=style.comparison)
        is_lvs = style.comparison == "above_or_one"
        expected = replace(plain, comparison="above") if is_lvs else plain
        assert np.array_equal(style.mask(values, 100), expected.mask(values, 100))


@given(arrays.arrays(bool, (6, 8)))
def test_our_own_style_gives_a_perfect_map_a_ciou_of_1(is_sounding) -> None:
    truth = is_sounding.astype(np.float32)
    if truth.any():
        assert ciou(Style().mask(truth, int(truth.sum())), truth) == 1.0


@pytest.mark.parametrize(("name", "share"), [("lvs", 1), ("ez-vsl", 1), ("sslalign", 0)])
def test_constant_maps_mark_everything_or_nothing(name, share) -> None:
    constant = np.full((4, 4), 0.25, dtype=np.float32)
    assert STYLES[name].mask(constant, 3).mean() == share


def test_fixed_range_takes_cosines_only() -> None:
    style = STYLES["slavc-absolute"]
    cosines = np.array([[-0.5, 0.5]])
    assert np.array_equal(style.mask(style.enlarge(cosines, 2), 0), [[False, True]] * 2)
    with pytest.raises(InputError, match="cosines"):
        style.enlarge(cosines / 0.03, 2)


def test_the_median_of_an_odd_number_is_its_middle() -> None:
    values = np.array([[3.0, 1.0, 2.0]], dtype=np.float32)
    assert Style(normalization="none", threshold="median").threshold_of(values, 0) == 2.0


def test_unknown_names_are_refused() -> None:
    with pytest.raises(InputError, match="did you mean ez-vsl"):
        style_of("ez_vsl")
    with pytest.raises(InputError, match="unknown threshold 'mean'"):
        Style(threshold="mean")  # type: ignore[arg-type]
