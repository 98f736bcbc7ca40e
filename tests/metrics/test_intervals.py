"""Intervals against what is known of means."""

import numpy as np
import pytest

from hearsight.metrics.intervals import bootstrap, jackknife, resampling_weights


def test_the_jackknife_of_a_mean_is_the_interval_of_student():
    values = np.array([1.0, 4.0, 2.0, 7.0, 3.0])
    left_out = (values.sum() - values) / 4
    low, high, estimate = jackknife(values.mean(), left_out)
    assert estimate == pytest.approx(values.mean())
    # 2.7764 is the 97.5 % point of Student's distribution with 4 degrees of freedom.
    assert high - low == pytest.approx(2 * 2.776445 * values.std(ddof=1) / np.sqrt(5), rel=1e-6)


def test_one_recording_tells_nothing_of_spread():
    assert np.isnan(jackknife(1.0, np.array([np.nan]))).all()
    assert np.isnan(bootstrap(1.0, np.array([np.nan]))).all()


def test_the_bootstrap_of_a_mean_covers_as_a_normal_would():
    values = np.random.default_rng(0).normal(10.0, 2.0, 100)
    weights = resampling_weights(100, 4000, np.random.default_rng(1))
    assert (weights.sum(axis=1) == 100).all()
    low, high, estimate = bootstrap(values.mean(), weights @ values / 100)
    assert high - low == pytest.approx(2 * 1.96 * values.std() / 10, rel=0.1)
    assert estimate == pytest.approx(values.mean(), abs=0.05)


def test_more_confidence_is_wider():
    drawn = np.linspace(0.0, 1.0, 101)
    assert bootstrap(0.5, drawn, 0.5)[:2] == pytest.approx((0.25, 0.75))
    assert bootstrap(0.5, drawn, 0.9)[:2] == pytest.approx((0.05, 0.95))
