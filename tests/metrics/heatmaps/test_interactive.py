"""Scores of pictures with several things, each of which sounds in turn."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearsight.errors import InputError
from hearsight.metrics.heatmaps.interactive import interactive_scores, picture_of
from hearsight.metrics.heatmaps.overlap import auc, success


def test_one_wrong_row_fails_the_picture() -> None:
    always_left = {"a_b_1_a": 0.9, "a_b_1_b": 0.0, "c_d_2_c": 0.9, "c_d_2_d": 0.0}
    follows = {"a_b_1_a": 0.9, "a_b_1_b": 0.8, "c_d_2_c": 0.9, "c_d_2_d": np.nan}
    scores = interactive_scores({"fixed": always_left, "moves": follows}, n_draws=0)
    assert (scores["fixed"]["iiou"], scores["moves"]["iiou"]) == (0.0, 0.5)
    assert scores["moves"]["iauc"] > scores["fixed"]["iauc"]
    assert scores.n_pictures == {"fixed": 2, "moves": 2}


@given(st.lists(st.floats(0, 1), min_size=1, max_size=9))
def test_with_one_row_a_picture_it_is_the_usual_score(cious) -> None:
    rows = {f"picture_{index}": value for index, value in enumerate(cious)}
    scores = interactive_scores({"adaptive": rows}, group=str, n_draws=0)["adaptive"]
    assert scores == {"iiou": success(cious), "iauc": pytest.approx(auc(cious))}
    together = interactive_scores({"adaptive": rows}, n_draws=0)["adaptive"]
    assert together["iiou"] == float(min(cious) >= 0.5)


def test_intervals_are_over_pictures() -> None:
    rows = {f"{index}_{part}": index % 2 for index in range(100) for part in range(5)}
    low, high, _ = interactive_scores({"half": rows}).intervals["half"]["iiou"]
    assert low == pytest.approx(0.4, abs=0.03)
    assert high == pytest.approx(0.6, abs=0.03)


def test_names_and_rows_are_checked() -> None:
    assert picture_of("a_b_004_a") == "a_b_004"
    with pytest.raises(InputError, match="'lone' names no picture"):
        picture_of("lone")
    with pytest.raises(InputError, match="no rows to score"):
        interactive_scores({"adaptive": {}})
    with pytest.raises(InputError, match="of half and adaptive differ in names such as 'b_2'"):
        interactive_scores({"half": {"a_1": 1.0}, "adaptive": {"a_1": 1.0, "b_2": 0.5}})
