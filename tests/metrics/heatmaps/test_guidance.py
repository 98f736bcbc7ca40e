"""Maps of a sound mixed with what stands out."""

import numpy as np
import pytest

from hearsight.metrics.heatmaps.guidance import guided, guided_absolutely

HEARD = np.array([[0.0, 2.0, 4.0]], np.float32)
SALIENT = np.array([[3.0, 3.0, 1.0]], np.float32)


def test_shares_of_both():
    # 0.4 (0, 1/2, 1) + 0.6 (1, 1, 0) = (0.6, 0.8, 0.4), then stretched.
    assert guided(HEARD, SALIENT) == pytest.approx(np.array([[0.5, 1.0, 0.0]]), abs=1e-6)
    assert guided(HEARD, SALIENT, alpha=1.0) == pytest.approx(HEARD / 4)
    assert guided(HEARD, SALIENT, alpha=0.0) == pytest.approx((SALIENT - 1) / 2)


def test_the_scale_of_either_does_not_matter_where_they_are_stretched():
    assert guided(0.01 * HEARD - 3, 100 * SALIENT) == pytest.approx(guided(HEARD, SALIENT))


def test_constant_maps_say_nothing():
    flat = np.full((2, 2), 0.3, np.float32)
    assert np.isfinite(guided(flat, flat)).all()


def test_on_fixed_scales_maps_stay_comparable():
    cosine, salient = np.float32([[-1.0, 1.0, 0.0]]), np.float32([[0.0, 2.5, 2.5]])
    found = guided_absolutely(cosine, salient)
    assert found == pytest.approx(np.array([[0.0, 1.0, 0.55]]), abs=1e-6)
    assert guided_absolutely(cosine, salient, alpha=1.0) == pytest.approx((cosine + 1) / 2)
    assert found.dtype == np.float32
