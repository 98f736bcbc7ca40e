"""Interpolation of small maps, against PyTorch and by what must hold of any."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearsight.errors import InputError
from hearsight.metrics.heatmaps.upsampling import UPSAMPLINGS, upsample

PYTORCH = {
    "half_pixel": ("bilinear", False),
    "aligned": ("bilinear", True),
    "bicubic": ("bicubic", False),
    "aligned_bicubic": ("bicubic", True),
}


@pytest.mark.parametrize("how", UPSAMPLINGS)
@pytest.mark.parametrize("shape", [(14, 14), (7, 9), (1, 3), (40, 30)])
def test_equals_pytorch(how, shape) -> None:
    import torch
    from torch.nn.functional import interpolate

    values = np.random.default_rng(0).standard_normal(shape)
    mode, align_corners = PYTORCH[how]
    tensor = torch.from_numpy(values)[None, None]
    expected = interpolate(tensor, (33, 33), mode=mode, align_corners=align_corners)[0, 0]
    np.testing.assert_allclose(upsample(values, 33, how), expected, rtol=1e-6, atol=1e-6)


@given(
    st.sampled_from(UPSAMPLINGS),
    st.integers(1, 20),
    st.integers(1, 20),
    st.floats(-100.0, 100.0, width=32),
)
def test_equal_values_stay_equal(how, height, width, value) -> None:
    enlarged = upsample(np.full((height, width), value, dtype=np.float32), 50, how)
    assert enlarged.dtype == np.float32
    assert np.array_equal(enlarged, np.full((50, 50), value, dtype=np.float32))


@pytest.mark.parametrize("how", UPSAMPLINGS)
def test_a_map_of_the_size_asked_for_does_not_change(how) -> None:
    values = np.random.default_rng(1).standard_normal((2, 24, 24)).astype(np.float32)
    assert np.array_equal(upsample(values, 24, how), values)


def test_a_batch_equals_its_maps() -> None:
    values = np.random.default_rng(2).standard_normal((3, 7, 5))
    each = [upsample(one, 20) for one in values]
    assert np.array_equal(upsample(values, 20), each)


def test_an_unknown_way_is_refused() -> None:
    with pytest.raises(InputError, match="did you mean bicubic"):
        upsample(np.zeros((2, 2)), 4, "bicubik")  # type: ignore[arg-type]
