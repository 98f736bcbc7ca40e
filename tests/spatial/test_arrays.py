import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from hearsight.errors import InputError
from hearsight.spatial.arrays import (
    SPEED_OF_SOUND,
    check_positions,
    far_field_delays,
    read_geometry,
    stereo_pair,
    tetrahedron,
)
from hearsight.spatial.directions import to_angles, to_vectors


def test_the_tetrahedron_is_regular_and_stands_as_in_starss23():
    capsules = tetrahedron()
    np.testing.assert_allclose(np.linalg.norm(capsules, axis=1), 0.042)
    azimuth, elevation = to_angles(capsules)
    np.testing.assert_allclose(azimuth, [45, -45, 135, -135])
    np.testing.assert_allclose(elevation, [35, -35, -35, 35])
    apart = np.linalg.norm(capsules[:, None] - capsules, axis=-1)[np.triu_indices(4, 1)]
    np.testing.assert_allclose(apart, apart[0], rtol=0.01)


def test_the_left_microphone_of_a_pair_hears_the_left_first():
    delays = far_field_delays(stereo_pair(0.2), to_vectors([90, 0, -90], 0))
    assert delays.shape == (3, 2)
    np.testing.assert_allclose(delays[0], [-0.1 / SPEED_OF_SOUND, 0.1 / SPEED_OF_SOUND])
    np.testing.assert_allclose(delays[1], 0.0, atol=1e-12)
    np.testing.assert_allclose(delays[2], -delays[0])


@given(arrays(float, (4, 3), elements=st.floats(-1, 1)), st.floats(-180, 180), st.floats(-90, 90))
def test_delays_never_exceed_the_way(positions, azimuth, elevation):
    delays = far_field_delays(positions, to_vectors(azimuth, elevation))
    apart = np.linalg.norm(positions[:, None] - positions, axis=-1)
    assert (np.abs(delays[:, None] - delays) <= apart / SPEED_OF_SOUND + 1e-12).all()


def test_geometry_is_read(tmp_path):
    file = tmp_path / "array.yaml"
    file.write_text("name: mine\nmicrophones:\n  - [0.1, 0, 0]\n  - [0, 2e-1, 0]\n  - [0, 0, .3]\n")
    np.testing.assert_allclose(read_geometry(file), np.diag([0.1, 0.2, 0.3]))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("microphones: [[0, 0, 0]]", "microphones >= 2"),
        ("microphones: [[0, 0, 0], [1, 2]]", "three numbers"),
        ("microphones: [[0, 0, 0], [1, 2, up]]", "three numbers"),
        ("microphones: [[0, 0, 0], [0, 0, 0]]", "same position"),
        ("microphones: [[0, 0, 0], [0, 0, .nan]]", "not finite"),
        ("microphones: [[0, 0, 0], [0, 42, 0]]", "42 m apart"),
        ("microphones: {a: 1}", "no list named microphones"),
        ("[[0, 0, 0], [1, 0, 0]]", "no list named microphones"),
        ("", "no list named microphones"),
        ("microphones: [[", "not a readable YAML file"),
        ("\x00", "not a readable YAML file"),
    ],
)
def test_bad_geometries_are_refused_by_name(tmp_path, text, words):
    file = tmp_path / "array.yaml"
    file.write_text(text)
    with pytest.raises(InputError, match=words) as caught:
        read_geometry(file)
    assert str(caught.value).startswith(f"{file}: ")


def test_missing_and_binary_geometries_are_refused(tmp_path):
    with pytest.raises(InputError, match="no such geometry file"):
        read_geometry(tmp_path / "missing.yaml")
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\xfa")
    with pytest.raises(InputError, match="not a readable YAML file"):
        read_geometry(tmp_path / "binary.yaml")
    with pytest.raises(InputError, match="not a readable YAML file"):
        read_geometry(tmp_path)


def test_positions_need_the_right_shape():
    with pytest.raises(InputError, match=r"got \(3,\)"):
        check_positions([1.0, 2.0, 3.0])
