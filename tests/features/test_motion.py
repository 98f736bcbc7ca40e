import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hearsight.errors import InputError
from hearsight.features.motion import MotionMeter, measure_motion, shrink_to_gray

ROWS, COLUMNS = 20, 40


def scenery(seed=0):
    return np.random.default_rng(seed).uniform(40.0, 200.0, (80, 160)).astype(np.float32)


def with_moving_patch(n_frames=10, noise=0.0, seed=1):
    """Pictures in which only the cell in row 5, column 8 changes, from picture 4 to 5."""
    rng = np.random.default_rng(seed)
    frames = np.repeat(scenery()[None], n_frames, axis=0)
    frames[5:, 20:24, 32:36] = 255.0 - frames[5:, 20:24, 32:36]
    return frames + rng.normal(0.0, 1.0, frames.shape).astype(np.float32) * noise


@pytest.mark.parametrize("noise", [0.1, 1.0, 3.0])
def test_motion_is_where_and_when_it_is(noise):
    energy, is_cut = measure_motion(with_moving_patch(noise=noise))
    assert energy.shape == (10, ROWS, COLUMNS)
    assert np.unravel_index(energy.argmax(), energy.shape) == (5, 5, 8)
    others = energy.copy()
    others[5, 5, 8] = 0.0
    assert others.mean() < 0.002 * energy.max()
    assert not is_cut.any()


def test_repeated_pictures_keep_their_motion_for_a_while():
    frames = with_moving_patch(noise=1.0)
    energy, _ = measure_motion(frames)
    doubled, _ = measure_motion(np.repeat(frames, 2, axis=0))
    np.testing.assert_array_equal(doubled[::2], energy)
    np.testing.assert_array_equal(doubled[1::2], energy)
    frozen, _ = measure_motion(np.concatenate([frames[:6], np.repeat(frames[5:6], 9, axis=0)]))
    assert (frozen[5:9].max(axis=(1, 2)) == frozen[5].max()).all()
    assert not frozen[9:].any()


def test_flicker_is_no_motion():
    gain = 1.0 + 0.3 * np.sin(np.arange(20))
    frames = scenery()[None] * gain[:, None, None].astype(np.float32)
    energy, is_cut = measure_motion(frames)
    assert energy.mean() < 0.15
    assert not is_cut.any()


def test_a_cut_is_reported_and_not_taken_for_motion():
    frames = np.concatenate([np.repeat(scenery(i)[None], 6, axis=0) for i in (1, 2)])
    energy, is_cut = measure_motion(frames)
    assert np.flatnonzero(is_cut).tolist() == [6]
    assert not energy.any()


def test_a_still_picture_does_not_move():
    energy, is_cut = measure_motion(np.repeat(scenery()[None], 5, axis=0))
    assert not energy.any()
    assert not is_cut.any()


@given(cuts=st.lists(st.integers(0, 12), max_size=4))
@settings(max_examples=20, deadline=None)
def test_blocks_of_pictures_do_not_matter(cuts):
    frames = with_moving_patch(12, noise=1.0)
    meter = MotionMeter()
    parts = [meter.push(block) for block in np.split(frames, sorted(cuts))]
    energy, is_cut = measure_motion(frames)
    np.testing.assert_array_equal(np.concatenate([part[0] for part in parts]), energy)
    np.testing.assert_array_equal(np.concatenate([part[1] for part in parts]), is_cut)


@given(height=st.integers(1, 200), width=st.integers(1, 400), value=st.integers(0, 255))
@settings(max_examples=30, deadline=None)
def test_any_picture_shrinks_to_its_own_gray(height, width, value):
    frames = np.full((1, 3, height, width), value, dtype=np.uint8)
    gray = shrink_to_gray(frames)
    assert gray.shape == (1, 80, 160)
    np.testing.assert_allclose(gray, value, atol=1e-3)


def test_shrinking_keeps_places_and_weighs_colors():
    frames = np.zeros((1, 3, 160, 320), dtype=np.uint8)
    frames[0, 1, 20:40, 100:120] = 255
    gray = shrink_to_gray(frames)[0]
    assert gray[10:20, 50:60].min() == pytest.approx(255 * 150 / 256)
    gray[10:20, 50:60] = 0.0
    assert not gray.any()


@pytest.mark.parametrize("shape", [(3, 81, 160), (80, 160), (1, 80, 158)])
def test_odd_shapes_are_named(shape):
    with pytest.raises(InputError, match="frames"):
        MotionMeter().push(np.zeros(shape, dtype=np.float32))


def test_a_change_of_size_is_named():
    meter = MotionMeter()
    meter.push(np.zeros((1, 80, 160), dtype=np.float32))
    with pytest.raises(InputError, match="changed their size"):
        meter.push(np.zeros((1, 40, 160), dtype=np.float32))
