from __future__ import annotations

import numpy as np
import pytest
import torch

from hearsight.models.activity import activity, band_powers
from hearsight.models.fusion import (
    UNSEEN,
    between_grids,
    boxes_of_track,
    combine,
    sphere_to_picture,
)
from hearsight.models.spectrum import GRID_HEIGHT, GRID_WIDTH
from hearsight.spatial.directions import to_vectors
from hearsight.spatial.projection import Projection

PANORAMA = Projection("equirectangular", 640, 320)
CAMERA = Projection("perspective", 640, 360, 90.0)


def spot(shape: tuple[int, int], row: int, column: int) -> np.ndarray:
    values = np.zeros((1, *shape), dtype=np.float32)
    values[0, row, column] = 1.0
    return values


def test_a_panorama_on_the_same_grid_is_the_sphere_itself():
    maps = np.random.default_rng(0).random((2, GRID_HEIGHT, GRID_WIDTH), dtype=np.float32)
    same = sphere_to_picture(PANORAMA, (GRID_HEIGHT, GRID_WIDTH))(maps)
    np.testing.assert_allclose(same, maps, atol=1e-5)


@pytest.mark.parametrize(("azimuth", "elevation"), [(0, 0), (30, 10), (-35, -15)])
def test_a_spot_on_the_sphere_appears_where_the_camera_sees_it(azimuth, elevation):
    row, column = round((90 - elevation) / 5 - 0.5), round((180 - azimuth) / 5 - 0.5)
    seen = sphere_to_picture(CAMERA, (36, 64))(spot((GRID_HEIGHT, GRID_WIDTH), row, column))[0]
    y, x = np.unravel_index(seen.argmax(), seen.shape)
    pixel = CAMERA.to_pixels(to_vectors(azimuth, elevation))
    # Within one cell of the sphere, 5 degrees, which a camera of 90 degrees shows 20 to 60 px wide.
    assert abs((x + 0.5) * 10 - pixel[0]) < 60
    assert abs((y + 0.5) * 10 - pixel[1]) < 60


def test_what_lies_behind_the_camera_is_not_in_the_picture():
    behind = sphere_to_picture(CAMERA, (36, 64))(spot((GRID_HEIGHT, GRID_WIDTH), 18, 0))
    assert behind.max() == 0.0


def test_maps_keep_their_mean_between_grids_and_wrap():
    maps = spot((4, 8), 1, 0)
    finer = between_grids((4, 8), (8, 16), wraps=True)(maps)
    assert finer.mean() == pytest.approx(maps.mean())
    assert finer[0, :, -1].max() > 0.0
    assert between_grids((4, 8), (8, 16), wraps=False)(maps)[0, :, -1].max() == 0.0


def test_the_acoustic_map_counts_fully_where_both_agree_and_less_elsewhere():
    acoustic = np.full((2, 2, 2), 0.8, dtype=np.float32)
    synchrony = np.zeros((2, 2, 2), dtype=np.float32)
    synchrony[0, 0, 0] = 0.4
    together = combine(acoustic, synchrony)
    assert together[0, 0, 0] == pytest.approx(0.8)
    assert together[0, 1, 1] == pytest.approx(0.8 * UNSEEN)
    np.testing.assert_array_equal(together[1], acoustic[1])


def test_a_track_gets_the_box_of_what_moves_at_its_direction():
    synchrony = np.zeros((20, 20, 40), dtype=np.float32)
    synchrony[:, 9:11, 9:11] = 0.8  # azimuth +90
    synchrony[:, 9:11, 29:31] = 1.0  # azimuth -90
    frames = np.arange(3, 15)
    left = np.broadcast_to(to_vectors(90.0, 0.0), (12, 3))
    boxes = boxes_of_track(frames, left, synchrony, PANORAMA)
    np.testing.assert_allclose(boxes, [[144, 144, 32, 32]] * 12)
    front = np.broadcast_to(to_vectors(0.0, 0.0), (12, 3))
    assert np.isnan(boxes_of_track(frames, front, synchrony, PANORAMA)).all()
    strongest = boxes_of_track(frames, None, synchrony, PANORAMA)
    np.testing.assert_allclose(strongest, [[464, 144, 32, 32]] * 12)


def test_a_box_across_the_seam_belongs_to_both_of_its_sides():
    synchrony = np.zeros((5, 20, 40), dtype=np.float32)
    synchrony[:, 9:11, [38, 39, 0, 1]] = 1.0
    for azimuth in (179.0, -179.0, 172.0, -172.0):
        direction = np.broadcast_to(to_vectors(azimuth, 0.0), (5, 3))
        boxes = boxes_of_track(np.arange(5), direction, synchrony, PANORAMA)
        np.testing.assert_allclose(boxes, [[608, 144, 64, 32]] * 5)


def test_bursts_rise_above_steady_noise_and_steady_noise_does_not():
    generator = np.random.default_rng(0)
    sound = 0.01 * generator.standard_normal(24000 * 6)
    steady = activity(band_powers(torch.from_numpy(sound[None].astype(np.float32)), 24000))
    assert steady.mean() < 0.1
    sound[48000:72000] += 0.2 * generator.standard_normal(24000)
    risen = activity(band_powers(torch.from_numpy(sound[None].astype(np.float32)), 24000))
    assert risen[21:29].min() > 0.8
    assert np.delete(risen, range(19, 31)).max() < 0.3


def test_silence_is_inactive():
    powers = band_powers(torch.zeros(1, 24000), 24000)
    assert powers.shape == (10, 7)
    assert activity(powers).max() == 0.0
    assert len(activity(powers[:0])) == 0
