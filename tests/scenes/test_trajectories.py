import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearsight.errors import InputError
from hearsight.scenes.trajectories import semicircle, straight

START, STOP = np.array([2.0, -1.0, 0.5]), np.array([1.0, 3.0, 1.0])


@pytest.mark.parametrize("path", [straight, semicircle])
def test_paths_lead_from_start_to_stop_at_constant_speed(path):
    trajectory = path(START, STOP, 3.0, onset=1.5)
    np.testing.assert_allclose(trajectory.at([0.0, 1.5]), [START, START])
    np.testing.assert_allclose(trajectory.at([4.5, 9.0]), [STOP, STOP])
    steps = np.linalg.norm(np.diff(trajectory.positions, axis=0), axis=1)
    assert len(steps) == 30
    np.testing.assert_allclose(steps, steps[0])


def test_a_half_circle_has_its_ends_as_diameter_and_is_as_level_as_it_can():
    path = semicircle(START, STOP, 2.0).positions
    middle, radius = 0.5 * (START + STOP), 0.5 * np.linalg.norm(STOP - START)
    np.testing.assert_allclose(np.linalg.norm(path - middle, axis=1), radius)
    # Of all half circles only one has its middle as high as the middle of its ends.
    np.testing.assert_allclose(path[10, 2], middle[2])


def test_it_turns_counter_clockwise_around_the_axis():
    path = semicircle([2.0, 0.0, 1.0], [-2.0, 0.0, 1.0], 1.0)
    np.testing.assert_allclose(path.at(0.5), [0.0, 2.0, 1.0], atol=1e-12)
    other = semicircle([2.0, 0.0, 1.0], [-2.0, 0.0, 1.0], 1.0, around=(0.0, -1.0, 0.0))
    np.testing.assert_allclose(other.at(0.5), [0.0, 0.0, 3.0], atol=1e-12)


@given(st.tuples(*3 * [st.floats(-3.0, 3.0)]).filter(lambda v: np.linalg.norm(v) > 0.1))
def test_whatever_the_axis_the_ends_stay(axis):
    if np.linalg.norm(np.cross(axis, STOP - START)) < 1e-6:
        return
    path = semicircle(START, STOP, 1.0, around=axis).positions
    np.testing.assert_allclose(path[[0, -1]], [START, STOP], atol=1e-9)


def test_paths_that_cannot_be_are_refused():
    with pytest.raises(InputError, match="longer than 0 s"):
        straight(START, STOP, 0.0)
    with pytest.raises(InputError, match="no half circle"):
        semicircle([1.0, 1.0, 0.0], [1.0, 1.0, 2.0], 1.0)
    with pytest.raises(InputError, match="5 cm"):
        straight([1.0, 0.0, 0.0], [-1.0, 0.0, 0.0], 1.0)
