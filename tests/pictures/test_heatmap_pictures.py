import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from hearsight import Events, HeatMap, InputError, Projection, Scene
from hearsight.pictures.heatmap import (
    best_heatmap,
    blend_heatmap,
    color_heatmap,
    color_table,
    enlarge,
    frame_at_time,
    time_mean,
)

PANORAMA = Projection("equirectangular", 64, 32)


def heatmap(values, kind="acoustic", projection=PANORAMA):
    values = np.asarray(values, np.float32)
    return HeatMap(values, np.arange(len(values)) / 10, kind, projection)


def test_colors_get_steadily_brighter():
    brightness = color_table() @ np.array([0.2126, 0.7152, 0.0722])
    assert (np.diff(brightness) > -1.5).all()  # whole numbers
    assert brightness[-1] - brightness[0] > 150


def test_opacity_is_proportional_to_the_value():
    rgba = color_heatmap([[0.0, 0.25, 0.5, 1.0]], opacity=0.8)
    np.testing.assert_array_equal(rgba[0, :, 3], [0, 51, 102, 204])


@given(arrays(np.float32, (4, 8), elements=st.floats(0, 1, width=32)), st.booleans())
def test_enlarging_keeps_the_range_and_the_centers(values, is_panorama):
    large = enlarge(values, 12, 24, is_panorama=is_panorama)
    assert large.min() >= 0.0
    assert large.max() <= 1.0
    np.testing.assert_allclose(large[1::3, 1::3], values, atol=1e-6)


def test_a_panorama_is_enlarged_over_its_seam():
    values = np.zeros((2, 8), np.float32)
    values[:, 0] = 1.0
    assert enlarge(values, 8, 32, is_panorama=True)[:, -1].min() > 0.2
    assert enlarge(values, 8, 32, is_panorama=False)[:, -1].max() == 0.0


def test_zero_leaves_the_picture_unchanged():
    picture = np.random.default_rng(0).integers(0, 256, (3, 32, 64), np.uint8)
    np.testing.assert_array_equal(blend_heatmap(picture, np.zeros((4, 8))), picture)
    values = np.zeros((4, 8))
    values[1, 2] = 1.0
    blended = blend_heatmap(picture, values)
    np.testing.assert_array_equal(blended[:, :, 40:], picture[:, :, 40:])
    middle = np.round(0.2 * picture[:, 12, 20] + 0.8 * color_table()[255])
    assert np.abs(blended[:, 12, 20].astype(int) - middle).max() < 25


def test_a_picture_of_another_shape_is_refused():
    with pytest.raises(InputError, match="picture must be uint8"):
        blend_heatmap(np.zeros((32, 64, 3), np.uint8), np.zeros((4, 8)))


def test_frames_glide_and_end():
    values = np.zeros((3, 1, 1))
    values[:, 0, 0] = [0.0, 1.0, 0.5]
    shown = heatmap(values)
    assert float(frame_at_time(shown, -0.1)[0, 0]) == 0.0
    assert float(frame_at_time(shown, 0.1)[0, 0]) == pytest.approx(0.5)
    assert float(frame_at_time(shown, 0.15)[0, 0]) == pytest.approx(1.0)
    assert float(frame_at_time(shown, 0.2)[0, 0]) == pytest.approx(0.75)
    assert float(frame_at_time(shown, 0.29)[0, 0]) == pytest.approx(0.5)
    assert float(frame_at_time(shown, 0.31)[0, 0]) == 0.0


def test_time_mean_of_frames_and_of_none():
    assert time_mean(heatmap([[[0.0]], [[1.0]]]))[0, 0] == 0.5
    empty = HeatMap(np.zeros((0, 2, 3), np.float32), np.zeros(0), "acoustic", PANORAMA)
    np.testing.assert_array_equal(time_mean(empty), np.zeros((2, 3)))


def test_the_best_map_is_not_empty_and_fits_the_picture():
    camera = Projection("perspective", 64, 32)
    full = np.ones((1, 2, 4))
    acoustic = heatmap(full)
    synchrony = heatmap(full, "synchrony", camera)
    combined = heatmap(0 * full, "combined", camera)
    scene = Scene(Events(), None, camera, (acoustic, combined, synchrony))
    assert best_heatmap(scene) is synchrony
    similarity = heatmap(full, "similarity", camera)
    assert best_heatmap(Scene(Events(), None, camera, (similarity, synchrony))) is similarity
    assert best_heatmap(Scene(Events(), None, camera, (acoustic, combined))) is None
    assert best_heatmap(Scene(Events(), heatmaps=(acoustic,))) is acoustic
