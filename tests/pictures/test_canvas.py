import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearsight.pictures.canvas import draw_frame, draw_heatmap, draw_sprite, make_sprite, rgb_to_yuv


def planes(height=32, width=64, chroma=2, seed=0):
    rng = np.random.default_rng(seed)
    sizes = [(height, width)] + 2 * [(height // chroma, width // chroma)]
    return tuple(rng.integers(16, 236, size, np.uint8) for size in sizes)


def copies(frame):
    return tuple(plane.copy() for plane in frame)


@pytest.mark.parametrize("is_bt709", [True, False])
def test_gray_has_no_color_and_white_is_235(is_bt709):
    yuv = rgb_to_yuv(np.array([[0, 0, 0], [255, 255, 255], [255, 0, 0]]), is_bt709=is_bt709)
    np.testing.assert_allclose(yuv[0], [16, 128, 128])
    np.testing.assert_allclose(yuv[1], [235, 128, 128])
    assert yuv[2, 2] == pytest.approx(240)


@pytest.mark.parametrize("chroma", [1, 2])
def test_a_map_of_zeros_leaves_every_bit(chroma):
    frame = planes(chroma=chroma)
    before = copies(frame)
    draw_heatmap(frame, np.zeros((4, 8), np.float32), is_panorama=True, is_bt709=False)
    for plane, original in zip(frame, before, strict=True):
        np.testing.assert_array_equal(plane, original)


@pytest.mark.parametrize("chroma", [1, 2])
def test_a_map_changes_only_its_surroundings(chroma):
    frame = planes(chroma=chroma)
    before = copies(frame)
    values = np.zeros((4, 8), np.float32)
    values[1, 2] = 1.0
    draw_heatmap(frame, values, is_panorama=False, is_bt709=False)
    for plane, original in zip(frame, before, strict=True):
        scale = 32 // plane.shape[0]
        changed = plane != original
        assert changed[12 // scale, 20 // scale]
        rows, columns = np.flatnonzero(changed.any(1)), np.flatnonzero(changed.any(0))
        assert rows.min() * scale >= 4
        assert rows.max() * scale < 20
        assert columns.min() * scale >= 12
        assert columns.max() * scale < 28


def test_full_opacity_gives_the_color_itself():
    frame = tuple(np.full(size, 60, np.uint8) for size in [(8, 8), (4, 4), (4, 4)])
    draw_heatmap(frame, np.ones((2, 2), np.float32), is_panorama=False, is_bt709=False, opacity=1.0)
    assert all(len(np.unique(plane)) == 1 for plane in frame)
    assert frame[0][0, 0] > 220  # pale yellow


@given(st.integers(-40, 80), st.integers(-40, 50))
def test_sprites_are_cut_off_at_the_borders(left, top):
    frame = planes()
    before = copies(frame)
    rgba = np.full((11, 17, 4), 255, np.uint8)
    draw_sprite(frame, make_sprite(rgba, is_bt709=False, has_full_chroma=False), left, top)
    left, top = left // 2 * 2, top // 2 * 2
    y = before[0].copy()
    y[max(0, top) : max(0, top + 11), max(0, left) : max(0, left + 17)] = 235
    np.testing.assert_array_equal(frame[0], y)


def test_a_transparent_sprite_leaves_every_bit():
    frame = planes()
    before = copies(frame)
    sprite = make_sprite(np.zeros((8, 8, 4), np.uint8), is_bt709=True, has_full_chroma=False)
    draw_sprite(frame, sprite, 10, 10)
    for plane, original in zip(frame, before, strict=True):
        np.testing.assert_array_equal(plane, original)


def test_a_box_is_an_outline_of_its_color():
    frame = planes()
    before = copies(frame)
    draw_frame(frame, (10.0, 8.0, 20.0, 12.0), (255, 255, 255), is_bt709=False)
    assert (frame[0][8:10, 10:30] == 235).all()
    assert (frame[0][8:20, 28:30] == 235).all()
    np.testing.assert_array_equal(frame[0][10:18, 12:28], before[0][10:18, 12:28])


@given(*[st.floats(-100, 100)] * 2, *[st.floats(0, 200)] * 2)
def test_any_box_can_be_drawn(left, top, width, height):
    draw_frame(planes(), (left, top, width, height), (0, 0, 0), is_bt709=False)
