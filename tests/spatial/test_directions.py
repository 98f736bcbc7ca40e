import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from hearsight.errors import InputError
from hearsight.spatial.directions import (
    angular_distance,
    equirectangular_grid,
    mean_direction,
    to_angles,
    to_vectors,
    wrap_azimuth,
)

azimuths = st.floats(-180.0, 180.0, exclude_min=True)
elevations = st.floats(-90.0, 90.0)
coordinates = st.floats(-1.0, 1.0)


@st.composite
def unit_vectors(draw):
    vector = draw(arrays(float, 3, elements=coordinates))
    length = np.linalg.norm(vector)
    return vector / length if length > 1e-3 else np.array([1.0, 0.0, 0.0])


@given(azimuths, elevations)
def test_vectors_are_of_unit_length_and_point_by_the_axes(azimuth, elevation):
    vector = to_vectors(azimuth, elevation)
    assert np.linalg.norm(vector) == pytest.approx(1.0)
    assert vector[2] == pytest.approx(np.sin(np.deg2rad(elevation)))
    assert vector[1] * azimuth >= -1e-12  # left is positive


@given(azimuths, st.floats(-89.9, 89.9))
def test_angles_come_back(azimuth, elevation):
    back = to_angles(to_vectors(azimuth, elevation))
    apart = (back[0] - azimuth + 180.0) % 360.0 - 180.0
    assert apart == pytest.approx(0.0, abs=1e-6)
    assert back[1] == pytest.approx(elevation, abs=1e-6)


@given(unit_vectors(), st.floats(1e-3, 1e3))
def test_vectors_of_any_length_come_back(vector, length):
    azimuth, elevation = to_angles(length * vector)
    assert -180.0 < azimuth <= 180.0
    assert -90.0 <= elevation <= 90.0
    np.testing.assert_allclose(to_vectors(azimuth, elevation), vector, atol=1e-9)


def test_angles_of_the_axes():
    axes = [[1, 0, 0], [0, 1, 0], [-1, 0, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1], [0, 0, 0]]
    azimuth, elevation = to_angles(axes)
    assert azimuth.tolist() == [0, 90, 180, -90, 0, 0, 0]
    assert elevation.tolist() == [0, 0, 0, 0, 90, -90, 0]


@given(st.floats(-1e5, 1e5))
def test_wrapped_azimuths_lie_in_the_half_open_circle(azimuth):
    wrapped = float(wrap_azimuth(azimuth))
    assert -180.0 < wrapped <= 180.0
    turns = (wrapped - azimuth) / 360.0
    assert turns == pytest.approx(round(turns), abs=1e-9)


@given(unit_vectors(), unit_vectors(), unit_vectors())
def test_angular_distance_is_a_metric(a, b, c):
    assert angular_distance(a, a) == 0.0
    assert 0.0 <= angular_distance(a, b) <= 180.0
    assert angular_distance(a, b) == angular_distance(b, a)
    assert angular_distance(a, c) <= angular_distance(a, b) + angular_distance(b, c) + 1e-6
    assert angular_distance(a, -a) == pytest.approx(180.0)
    assert np.cos(np.deg2rad(angular_distance(a, b))) == pytest.approx(a @ b, abs=1e-9)


@pytest.mark.parametrize("degrees", [1e-6, 1e-3, 179.999, 179.999999])
def test_angular_distance_is_exact_at_both_ends(degrees):
    assert angular_distance(to_vectors(0, 0), to_vectors(degrees, 0)) == pytest.approx(
        degrees, rel=1e-9
    )


def test_distances_broadcast_with_the_first_as_rows():
    first, second = to_vectors([0, 90], 0), to_vectors([0, 10, 180], 0)
    matrix = angular_distance(first[:, None], second[None])
    np.testing.assert_allclose(matrix, [[0, 10, 180], [90, 80, 90]], atol=1e-9)


def test_mean_direction_crosses_the_back_and_obeys_weights():
    pair = to_vectors([170.0, -170.0], 0.0)
    np.testing.assert_allclose(to_angles(mean_direction(pair))[0], 180.0)
    np.testing.assert_allclose(mean_direction(pair, [1.0, 0.0]), pair[0])
    opposite = to_vectors([0.0, 180.0], 0.0)
    np.testing.assert_array_equal(mean_direction(opposite), opposite[0])


def test_the_grid_begins_at_the_upper_left_and_is_read_only():
    azimuth, elevation = to_angles(equirectangular_grid(4, 8))
    np.testing.assert_allclose(azimuth[0], 180.0 - 22.5 - 45.0 * np.arange(8))
    np.testing.assert_allclose(elevation[:, 0], [67.5, 22.5, -22.5, -67.5])
    with pytest.raises(ValueError, match="read-only"):
        equirectangular_grid(4, 8)[0, 0] = 0.0


@pytest.mark.parametrize("wrong", [1.0, [1.0, 2.0], np.zeros((3, 4))])
def test_vectors_of_another_length_are_refused(wrong):
    for function in (to_angles, lambda v: angular_distance(v, [1, 0, 0]), mean_direction):
        with pytest.raises(InputError, match="last axis"):
            function(wrong)
