import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from hearsight.errors import InputError
from hearsight.spatial.directions import angular_distance, equirectangular_grid, to_vectors
from hearsight.spatial.projection import Projection

sizes = st.integers(1, 4000)
shares = st.floats(0.001, 0.999)
panoramas = st.builds(Projection, st.just("equirectangular"), sizes, sizes)
cameras = st.builds(Projection, st.just("perspective"), sizes, sizes, st.floats(5.0, 170.0))


@given(st.one_of(panoramas, cameras), shares, shares)
def test_pixels_come_back(projection, across, down):
    pixel = np.array([across * projection.width, down * projection.height])
    direction = projection.to_directions(pixel)
    assert np.linalg.norm(direction) == pytest.approx(1.0)
    np.testing.assert_allclose(projection.to_pixels(direction), pixel, rtol=1e-6, atol=1e-6)
    assert projection.is_on_screen(direction)


@given(panoramas, st.floats(-179.9, 179.9), st.floats(-89.0, 89.0))
def test_directions_come_back_from_a_panorama(projection, azimuth, elevation):
    direction = to_vectors(azimuth, elevation)
    back = projection.to_directions(projection.to_pixels(direction))
    assert angular_distance(back, direction) < 1e-6


@given(cameras, st.floats(-89.0, 89.0), st.floats(-89.0, 89.0))
def test_directions_before_a_camera_come_back(projection, azimuth, elevation):
    direction = to_vectors(azimuth, elevation)
    assume(direction[0] > 1e-3)
    back = projection.to_directions(projection.to_pixels(direction))
    assert angular_distance(back, direction) < 1e-6


def test_the_front_is_the_middle_and_left_is_left():
    for projection in (
        Projection("equirectangular", 200, 100),
        Projection("perspective", 200, 100, 90.0),
    ):
        np.testing.assert_allclose(projection.to_pixels([1, 0, 0]), [100, 50])
        assert projection.to_pixels(to_vectors(20, 0))[0] < 100
        assert projection.to_pixels(to_vectors(0, 20))[1] < 50


def test_the_field_of_view_reaches_from_edge_to_edge():
    camera = Projection("perspective", 640, 360, 70.0)
    np.testing.assert_allclose(camera.to_pixels(to_vectors(35, 0)), [0, 180], atol=1e-9)
    assert not camera.is_on_screen(to_vectors(35.1, 0))
    assert camera.is_on_screen(to_vectors(34.9, 0))


def test_behind_the_camera_there_is_no_pixel():
    camera = Projection("perspective", 640, 360, 70.0)
    behind = [[-1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
    assert np.isnan(camera.to_pixels(behind)).all()
    assert not camera.is_on_screen(behind).any()


def test_a_grid_samples_the_cells_centres():
    panorama = Projection("equirectangular", 640, 320)
    np.testing.assert_allclose(panorama.grid(8, 16), equirectangular_grid(8, 16), atol=1e-12)
    camera = Projection("perspective", 640, 320, 60.0)
    pixels = camera.to_pixels(camera.grid(4, 8))
    np.testing.assert_allclose(pixels[1, 2], [200.0, 120.0])


def test_without_a_field_of_view_there_are_no_directions():
    camera = Projection("perspective", 640, 360)
    assert not camera.has_directions
    with pytest.raises(InputError, match="--fov"):
        camera.to_pixels([1, 0, 0])
    with pytest.raises(InputError, match="--fov"):
        camera.to_directions([1, 1])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("equirectangle", 2, 1), "did you mean equirectangular"),
        (("perspective", 0, 1), "at least 1 x 1"),
        (("perspective", 2, 1, 180.0), "field of view"),
        (("perspective", 2, 1, float("nan")), "field of view"),
    ],
)
def test_other_projections_are_refused(arguments, words):
    with pytest.raises(InputError, match=words):
        Projection(*arguments)
