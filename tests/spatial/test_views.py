import numpy as np
import pytest

from hearsight.errors import InputError
from hearsight.spatial.directions import angular_distance, equirectangular_grid, to_vectors
from hearsight.spatial.projection import Projection
from hearsight.spatial.views import PanoramaView, Sampling

PANORAMA = (720, 360)


def spot(azimuth, elevation, radius=4.0):
    """A panorama that is white around one direction."""
    grid = equirectangular_grid(PANORAMA[1], PANORAMA[0])
    near = angular_distance(grid, to_vectors(azimuth, elevation)) < radius
    return np.broadcast_to((255 * near).astype(np.uint8), (3, *near.shape))


def centre(picture):
    """Where a picture is white, in the coordinates of `Projection`."""
    rows, columns = np.nonzero(picture[0] > 127)
    return np.array([columns.mean() + 0.5, rows.mean() + 0.5])


@pytest.mark.parametrize("looking", [0.0, 90.0, -137.0, 180.0])
@pytest.mark.parametrize(("left", "up"), [(0, 0), (30, 10), (-40, -20)])
def test_a_thing_is_where_the_projection_says(looking, left, up):
    view = PanoramaView(looking, 320, 180)
    seen = view.sampling(*PANORAMA)(spot(looking + left, up, 2.0))
    expected = Projection("perspective", 320, 180, 100.0).to_pixels(to_vectors(left, up))
    np.testing.assert_allclose(centre(seen), expected, atol=1.5)


def test_what_lies_outside_is_not_seen():
    sampling = PanoramaView(20.0, 64, 36).sampling(*PANORAMA)
    assert not sampling(spot(75, 0)).any()
    assert not sampling(spot(20, 45)).any()
    assert sampling(spot(65, 0)).any()


def test_the_outermost_pixels_look_along_the_edges():
    directions = PanoramaView(0.0, 64, 36).directions()
    np.testing.assert_allclose(np.linalg.norm(directions, axis=-1), 1.0)
    slope = directions / directions[..., :1]
    edge = np.tan(np.deg2rad(50.0))
    np.testing.assert_allclose(slope[:, [0, -1], 1], [[edge, -edge]] * 36)
    np.testing.assert_allclose(slope[[0, -1], :, 2].T, [[edge * 36 / 64, -edge * 36 / 64]] * 64)
    tall = PanoramaView(0.0, 64, 36, vertical_fov_deg=100.0).directions()
    np.testing.assert_allclose(tall[0, :, 2] / tall[0, :, 0], edge)


def test_the_seam_does_not_show():
    columns = 128 + 100 * np.sin(2 * np.pi * (np.arange(360) + 0.5) / 360)
    turned = np.roll(columns, 180)
    seam = PanoramaView(180.0, 320, 180).sampling(360, 180)
    front = PanoramaView(0.0, 320, 180).sampling(360, 180)
    for wave in (columns, turned):
        across = seam(np.broadcast_to(wave, (1, 180, 360)).astype(np.uint8))
        before = front(np.broadcast_to(np.roll(wave, 180), (1, 180, 360)).astype(np.uint8))
        np.testing.assert_array_equal(across, before)


def test_sampling_is_bilinear_and_goes_round():
    picture = np.arange(0, 240, 20, dtype=np.uint8).reshape(1, 3, 4)  # 3 rows of 4
    positions = np.array([[1.0, 1.0], [1.5, 1.0], [1.0, 0.25], [3.5, 0.0], [-0.25, 2.0], [0, -0.4]])
    sampled = Sampling.at(positions, 4, 3)(picture)[0]
    np.testing.assert_array_equal(sampled, [100, 110, 40, 30, 175, 0])


def test_what_a_view_cannot_be():
    with pytest.raises(InputError, match="2 x 2"):
        PanoramaView(0.0, 1, 36)
    with pytest.raises(InputError, match="180"):
        PanoramaView(0.0, fov_deg=180.0)
    with pytest.raises(InputError, match="180"):
        PanoramaView(0.0, vertical_fov_deg=0.0)
    with pytest.raises(InputError, match="azimuth"):
        PanoramaView(float("nan"))
    with pytest.raises(InputError, match="720 x 360"):
        PanoramaView(0.0).sampling(*PANORAMA)(np.zeros((3, 10, 20), np.uint8))
