"""Nearest windows: which, and when it is said that they are more than the nearest of many."""

import numpy as np
import pytest

from hearsight.errors import InputError
from hearsight.inference.nearest import MIN_APART, nearest_windows


def distances(n_given, n_searched, places=(), near=0.2, seed=0):
    """Return distances of seconds that do not belong, but for the query at some places."""
    table = 1.0 + np.random.default_rng(seed).random((n_given, n_searched))
    for place in places:
        table[np.arange(n_given), place + np.arange(n_given)] = near
    return table


def test_what_belongs_is_found_and_stands_out():
    first, second, *_ = nearest_windows(distances(4, 100, [37]))
    assert (first.start, first.end) == (37, 41)
    assert first.distance == pytest.approx(0.2)
    assert first.share_farther == 1.0
    assert first.stands_out is True
    assert second.stands_out is False
    assert second.margin < first.margin


def test_what_is_there_twice_stands_out_twice():
    table = distances(4, 100, [70, 10])
    table[0, 70] = 0.1
    windows = nearest_windows(table, 3)
    assert [window.start for window in windows[:2]] == [70, 10]
    assert [window.stands_out for window in windows] == [True, True, False]


def test_margins_are_deviations_below_the_median():
    table = np.array([[3.0, 4.0, 5.0, 6.0, 1.0]])
    nearest = nearest_windows(table, 1)[0]
    assert nearest.margin == pytest.approx((4.5 - 1.0) / (1.4826 * 1.0))


def test_windows_do_not_overlap_and_come_by_distance():
    windows = nearest_windows(distances(5, 60), 20)
    starts = sorted(window.start for window in windows)
    assert len(windows) >= 6
    assert min(np.diff(starts)) >= 5
    assert [w.distance for w in windows] == sorted(w.distance for w in windows)


def test_rarely_does_chance_stand_out():
    n_searches = 300
    n_wrong = sum(
        nearest_windows(distances(2, 60, seed=seed), 1)[0].stands_out for seed in range(n_searches)
    )
    assert n_wrong <= 0.1 * n_searches


def wandering(n_seconds, noise):
    """Return points that change slowly: each is 0.95 of the one before, and a little more."""
    points = noise.standard_normal((n_seconds, 8))
    for second in range(1, n_seconds):
        points[second] = 0.95 * points[second - 1] + (1 - 0.95**2) ** 0.5 * points[second]
    return points


def test_slow_changes_are_no_match_either():
    noise, n_wrong = np.random.default_rng(0), 0
    for _ in range(200):
        given, searched = wandering(5, noise), wandering(120, noise)
        apart = np.linalg.norm(given[:, None] - searched, axis=-1)
        n_wrong += nearest_windows(apart, 1)[0].stands_out
    assert 0 < n_wrong <= 20


def test_a_still_picture_fits_everywhere_alike():
    window, *_ = nearest_windows(np.ones((2, 60)))
    assert window.start == 0
    assert window.margin == window.share_farther == 0.0
    assert window.stands_out is False


def test_the_one_change_of_a_still_picture_stands_out():
    table = np.ones((1, 60))
    table[0, 33] = 0.5
    window = nearest_windows(table, 1)[0]
    assert window.start == 33
    assert window.stands_out is True
    assert np.isfinite(window.margin)


def test_too_little_to_tell_is_not_told():
    short = nearest_windows(distances(3, 3 * MIN_APART - 1, [5]), 2)
    assert short[0].start == 5
    assert {window.stands_out for window in short} == {None}
    assert nearest_windows(distances(3, 3 * MIN_APART, [5]), 1)[0].stands_out is not None


def test_a_query_as_long_as_what_is_searched_has_one_window():
    (window,) = nearest_windows(distances(4, 4))
    assert (window.start, window.end) == (0, 4)
    assert np.isnan(window.margin)
    assert np.isnan(window.share_farther)


def test_more_than_is_searched_cannot_be_found():
    with pytest.raises(InputError, match="distances must have shape"):
        nearest_windows(np.ones((4, 3)))
