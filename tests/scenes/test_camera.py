import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hearsight.errors import InputError
from hearsight.scenes.camera import NOTHING, boxes, masks, on_screen, render_video, shown_sources
from hearsight.scenes.plan import ScenePlan, SceneSource, arc, still
from hearsight.spatial.directions import to_vectors
from hearsight.spatial.projection import Projection

RATE = 8000
PANORAMA = Projection("equirectangular", 320, 160)
CAMERA = Projection("perspective", 320, 180, 90.0)
SILENCE = np.zeros(RATE, dtype=np.float32)
"""A sound without level: its thing stays as it is, but for a slow sway of at most 3 %."""


def card(color=(255, 0, 0), height=40, width=40):
    picture = np.full((height, width, 4), 255, dtype=np.uint8)
    picture[..., :3] = color
    return picture


def scene(*sources, duration=1.0, seed=0):
    return ScenePlan(tuple(sources), duration, RATE, ("thing",), seed)


def thing(azimuth=0.0, elevation=0.0, distance=2.0, sound=SILENCE, **settings):
    return SceneSource("thing", still(azimuth, elevation, distance), sound, **settings)


def frames_of(plan, projection, fps=10.0, **settings):
    return np.stack(list(render_video(plan, projection, fps, **settings)))


@pytest.mark.parametrize("projection", [PANORAMA, CAMERA])
def test_a_scene_is_made_by_its_seed_alone(projection):
    plan = scene(thing(size_m=1.0), thing(20.0, sound=None), seed=3)
    first, again = (frames_of(plan, projection, sensor_noise=2.0) for _ in range(2))
    assert first.shape == (10, 3, projection.height, projection.width)
    assert first.dtype == np.uint8
    np.testing.assert_array_equal(first, again)
    other = frames_of(dataclasses.replace(plan, seed=4), projection, sensor_noise=2.0)
    assert (first != other).mean() > 0.5


@pytest.mark.parametrize("projection", [PANORAMA, CAMERA])
@pytest.mark.parametrize("picture", [None, card(height=200, width=200)])
def test_masks_are_the_pixels_that_differ_from_the_background(projection, picture):
    seen = scene(thing(15.0, 20.0, size_m=0.9, picture=picture, sound=None), seed=5)
    hidden = scene(dataclasses.replace(seen.sources[0], is_visible=False), seed=5)
    times = np.arange(10) / 10.0
    shown = frames_of(seen, projection).astype(int)
    different = (shown != frames_of(hidden, projection)).any(axis=1)
    mask = np.stack([mask[0] for mask in masks(seen, projection, times)])
    # A pixel that is half covered or more nearly always changes; an uncovered one never does.
    assert mask.any(axis=(1, 2)).all()
    assert (mask & ~different).sum() <= 0.01 * mask.sum()
    beside = np.zeros_like(mask)
    for rows in (-1, 0, 1):
        for columns in (-1, 0, 1):
            beside |= np.roll(mask, (rows, columns), axis=(1, 2))
    assert not (different & ~beside).any()


@given(azimuth=st.floats(-180, 180), elevation=st.floats(-50, 50), distance=st.floats(1, 5))
@settings(max_examples=40, deadline=None)
def test_a_thing_is_where_its_direction_says(azimuth, elevation, distance):
    plan = scene(thing(azimuth, elevation, distance, size_m=0.8, picture=card()))
    left, top, width, height = boxes(plan, PANORAMA, [0.0])[0, 0]
    x, y = PANORAMA.to_pixels(to_vectors(azimuth, elevation))
    off = (left + width / 2 - x + PANORAMA.width / 2) % PANORAMA.width - PANORAMA.width / 2
    assert abs(off) <= 2.0
    # Bent meridians lift the middle of a tall thing's box away from the horizon.
    assert abs(top + height / 2 - y) <= 2.0 + 0.05 * height
    expected = np.rad2deg(2 * np.arctan(0.4 / distance)) / 180.0 * PANORAMA.height
    assert height >= 0.93 * expected - 2.0
    assert 0.0 <= left < PANORAMA.width


@pytest.mark.parametrize("azimuth", [-30.0, 0.0, 30.0])
def test_a_camera_shows_a_thing_in_its_perspective_size(azimuth):
    plan = scene(thing(azimuth, size_m=0.8, picture=card()))
    left, top, width, height = boxes(plan, CAMERA, [0.0])[0, 0]
    x, y = CAMERA.to_pixels(to_vectors(azimuth, 0.0))
    # With 90 degrees of view the focal length is half the width; 0.8 m at 2 m.
    assert height == pytest.approx(0.4 * 160.0 / np.cos(np.deg2rad(azimuth)), rel=0.25)
    assert abs(left + width / 2 - x) <= 2.0 + 0.1 * width
    assert abs(top + height / 2 - y) <= 2.0


def test_a_panorama_stretches_what_is_high_up():
    low, high = (
        boxes(scene(thing(0.0, elevation, size_m=0.4, picture=card())), PANORAMA, [0.0])[0, 0]
        for elevation in (0.0, 60.0)
    )
    assert high[2] == pytest.approx(2.0 * low[2], rel=0.25)


def test_a_thing_on_the_seam_has_one_box_that_goes_on_at_the_left():
    plan = scene(thing(180.0, size_m=1.0, picture=card()))
    left, _, width, _ = boxes(plan, PANORAMA, [0.0])[0, 0]
    assert left < PANORAMA.width < left + width
    columns = next(masks(plan, PANORAMA, [0.0]))[0].any(axis=0)
    assert columns[[0, -1]].all()
    assert columns.sum() == width


def test_a_thing_on_the_pole_is_seen_all_around():
    shown = next(masks(scene(thing(0.0, 90.0, size_m=1.0)), PANORAMA, [0.0]))[0]
    assert shown[0].all()
    assert not shown[80:].any()


def test_boxes_are_the_bounds_of_masks_and_empty_where_nothing_shows():
    behind = thing(180.0)
    invisible = dataclasses.replace(thing(), is_visible=False)
    passing = SceneSource("thing", arc((40.0, 0.0), (-80.0, 10.0), 1.0), None)
    plan = scene(behind, invisible, passing, seed=2)
    times = np.arange(8) / 8.0
    found = boxes(plan, CAMERA, times)
    assert found.shape == (3, 8, 4)
    assert np.isnan(found[:2]).all()
    assert on_screen(plan, CAMERA, times).tolist()[:2] == [[False] * 8] * 2
    assert on_screen(plan, CAMERA, times)[2].tolist() == (~np.isnan(found[2, :, 0])).tolist()
    assert 0 < on_screen(plan, CAMERA, times)[2].sum() < 8
    for mask, (left, top, width, height) in zip(masks(plan, CAMERA, times), found[2], strict=True):
        rows, columns = np.nonzero(mask[2])
        if len(rows):
            assert (left, top) == (columns.min(), rows.min())
            assert (width, height) == (np.ptp(columns) + 1, np.ptp(rows) + 1)


def test_nearer_things_hide_farther_ones():
    red = thing(0.0, distance=2.0, size_m=0.5, picture=card((255, 0, 0)))
    blue = thing(0.0, distance=1.0, size_m=0.5, picture=card((0, 0, 255)))
    for sources in ((red, blue), (blue, red)):
        plan = scene(*sources)
        far, near = sources.index(red), sources.index(blue)
        assert np.isnan(boxes(plan, CAMERA, [0.0])[far]).all()
        shown = next(shown_sources(plan, CAMERA, [0.0]))
        assert set(np.unique(shown)) == {NOTHING, near}
        assert frames_of(plan, CAMERA)[0, :, 90, 160].tolist() == [0, 0, 255]


def test_a_users_picture_is_drawn_upright_and_through_its_transparency():
    picture = card((0, 255, 0), 60, 60)
    picture[:30, :, :3] = (255, 0, 0)  # red above green
    picture[:, :20, 3] = 0  # the left third is clear
    plan = scene(thing(size_m=1.0, picture=picture))
    frame = frames_of(plan, CAMERA, background="plain")[0]
    above, below = frame[:, 75, 165], frame[:, 105, 165]
    assert above.tolist() == [255, 0, 0]
    assert below.tolist() == [0, 255, 0]
    np.testing.assert_array_equal(frame[:, 90, 160 - 30], frame[:, 0, 0])


def test_a_thing_moves_when_it_sounds():
    sound = np.random.default_rng(0).normal(0.0, 0.2, RATE // 2).astype(np.float32)
    for seed in range(8):
        plan = scene(
            dataclasses.replace(thing(size_m=1.0, sound=sound), onset=1.0), duration=2.0, seed=seed
        )
        frames = frames_of(plan, CAMERA, fps=20.0).astype(float)
        change = np.abs(np.diff(frames, axis=0)).mean(axis=(1, 2, 3))
        resting, starting = change[:18].max(), change[18:24].max()
        assert starting > 3.0 * resting


@pytest.mark.parametrize("label", ["speech", "knock"])
def test_silent_things_move_too(label):
    source = SceneSource(label, still(0.0), None, size_m=1.0)
    frames = frames_of(ScenePlan((source,), 3.0, RATE, (label,)), CAMERA).astype(float)
    change = np.abs(np.diff(frames, axis=0)).mean(axis=(1, 2, 3))
    assert change.max() > 5.0 * change.min()


def test_sensor_noise_has_its_level():
    still_frames = frames_of(scene(), CAMERA, background="plain")
    noisy = frames_of(scene(), CAMERA, background="plain", sensor_noise=3.0)
    noise = noisy.astype(float) - still_frames
    assert noise.std() == pytest.approx(3.0, rel=0.03)
    assert abs(noise.mean()) < 0.02
    assert abs(np.corrcoef(noise[0].ravel(), noise[1].ravel())[0, 1]) < 0.02


def test_a_background_may_be_given():
    photo = np.random.default_rng(0).integers(0, 255, (3, 160, 320), dtype=np.uint8)
    np.testing.assert_array_equal(frames_of(scene(), PANORAMA, background=photo)[4], photo)


def test_a_panoramas_background_closes_at_the_seam():
    frame = frames_of(scene(seed=1), PANORAMA)[0].astype(int)
    seam = np.abs(frame[:, :, 0] - frame[:, :, -1]).mean()
    elsewhere = np.abs(np.diff(frame, axis=2)).mean()
    assert seam < 3.0 * elsewhere + 1.0


def test_a_path_through_the_camera_is_survived():
    path = arc((0.0, 0.0), (0.0, 0.0), 1.0)
    through = dataclasses.replace(
        path, times=np.array([0.0, 1.0]), positions=np.array([[1.0, 0, 0], [-1.0, 0, 0]])
    )
    frames = frames_of(scene(SceneSource("thing", through, None)), PANORAMA)
    assert len(frames) == 10


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"fps": 0.0}, "fps"),
        ({"background": "forest"}, "unknown background"),
        ({"background": np.zeros((3, 4, 5), dtype=np.uint8)}, "background must be"),
        ({"sensor_noise": -1.0}, "sensor noise"),
        ({"projection": Projection("perspective", 32, 18)}, "field of view"),
        ({"plan": scene(thing(picture=np.zeros((4, 4, 3), dtype=np.uint8)))}, "RGBA"),
    ],
)
def test_what_cannot_be_filmed_is_said_at_once(settings, message):
    arguments = {"plan": scene(), "projection": CAMERA, "fps": 10.0} | settings
    with pytest.raises(InputError, match=message):
        render_video(**arguments)
