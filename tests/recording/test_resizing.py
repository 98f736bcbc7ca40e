"""Linear interpolation in fixed point: within rounding of the exact one."""

import numpy as np
import pytest

from hearsight.errors import InputError
from hearsight.recording.resizing import resize_bilinear


def noise(*shape):
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


def interpolated(values, length):
    """Interpolate along the last axis between the centers of pixels, exactly."""
    old = values.shape[-1]
    position = (np.arange(length) + 0.5) * old / length - 0.5
    flat = values.reshape(-1, old)
    rows = [np.interp(position, np.arange(old), row) for row in flat]
    return np.array(rows).reshape(*values.shape[:-1], length)


@pytest.mark.parametrize(
    ("old", "new"),
    [((40, 60), (16, 16)), ((5, 7), (64, 48)), ((3, 200), (256, 256)), ((1, 1), (4, 3))],
)
def test_is_within_one_level_of_exact_interpolation(old, new):
    picture = noise(3, *old)
    exact = interpolated(interpolated(picture, new[1]).swapaxes(1, 2), new[0]).swapaxes(1, 2)
    made = resize_bilinear(picture, *new)
    assert made.shape == (3, *new)
    assert made.dtype == np.uint8
    assert np.abs(made - exact).max() < 1.0


def test_the_same_size_changes_nothing():
    picture = noise(3, 31, 47)
    np.testing.assert_array_equal(resize_bilinear(picture, 31, 47), picture)


def test_half_the_size_averages_four():
    picture = noise(20, 30)
    fours = picture.reshape(10, 2, 15, 2).astype(int).sum(axis=(1, 3))
    np.testing.assert_array_equal(resize_bilinear(picture, 10, 15), (fours + 2) // 4)


@pytest.mark.parametrize(
    "picture", [np.zeros((4, 4), np.float32), np.zeros(4, np.uint8), np.zeros((0, 4), np.uint8)]
)
def test_refuses_what_is_no_picture(picture):
    with pytest.raises(InputError, match="picture must be uint8"):
        resize_bilinear(picture, 2, 2)


def test_refuses_an_empty_result():
    with pytest.raises(InputError, match="at least 1 pixel, got 0 and 2"):
        resize_bilinear(noise(4, 4), 0, 2)
