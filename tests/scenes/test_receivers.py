import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearsight.errors import InputError
from hearsight.recording.layout import array, parse_layout
from hearsight.scenes.receivers import receiver_for
from hearsight.spatial.ambisonics import encode_foa
from hearsight.spatial.arrays import tetrahedron
from hearsight.spatial.directions import to_vectors

ANGLES = st.tuples(st.floats(-180, 180), st.floats(-90, 90))


@pytest.mark.parametrize("name", ["foa", "fuma", "n3d", "XYW-Z-:sn3d", "ZYXW:fuma", "-W-YZX:n3d"])
@given(ANGLES)
def test_every_foa_layout_arranges_to_the_encoding_of_the_direction(name, angles):
    layout = parse_layout(name)
    gains = encode_foa(to_vectors(*angles))
    heard = (receiver_for(layout).patterns @ gains)[:, None].astype(np.float32)
    np.testing.assert_allclose(layout.arrange(heard)[:, 0], gains, atol=1e-6)


def test_unused_channels_are_silent():
    patterns = receiver_for(parse_layout("XYW-Z-")).patterns
    assert not patterns[[3, 5]].any()
    assert patterns[[0, 1, 2, 4]].any(axis=1).all()


@given(ANGLES)
def test_mid_side_gives_cardioids_to_both_sides(angles):
    layout = parse_layout("mid-side")
    direction = to_vectors(*angles)
    heard = (receiver_for(layout).patterns @ encode_foa(direction))[:, None].astype(np.float32)
    left, right = layout.arrange(heard)[:, 0]
    assert left == pytest.approx(1.0 + direction[1], abs=1e-6)
    assert right == pytest.approx(1.0 - direction[1], abs=1e-6)


def test_places_group_the_channels_that_share_one():
    foa = receiver_for(parse_layout("foa")).places()
    assert [members.tolist() for _, members in foa] == [[0, 1, 2, 3]]
    mic = receiver_for(parse_layout("mic"))
    places = sorted((int(members[0]), place.tolist()) for place, members in mic.places())
    np.testing.assert_allclose([place for _, place in places], tetrahedron())


@pytest.mark.parametrize(
    ("name", "channels"),
    [("foa", [0]), ("fuma", [0]), ("XYW-Z-", [2]), ("mid-side", [0]), ("mic", [0, 1, 2, 3])],
)
def test_pressure_channels(name, channels):
    assert receiver_for(parse_layout(name)).pressure_channels().tolist() == channels


def test_array_positions_follow_the_geometry():
    positions = np.array([[0.1, 0.0, 0.0], [0.0, 0.2, 0.0], [0.0, 0.0, 0.3]])
    np.testing.assert_allclose(receiver_for(array(positions)).positions, positions)


@pytest.mark.parametrize(("omni", "behind"), [(1.0, 1.0), (0.5, 0.0), (0.25, -0.5), (0.0, -1.0)])
def test_directional_microphones_face_away_from_the_array_s_origin(omni, behind):
    receiver = receiver_for(parse_layout("mic"), omni)
    outwards = tetrahedron() / 0.042
    np.testing.assert_allclose(np.diag(receiver.patterns @ encode_foa(outwards).T), 1.0)
    np.testing.assert_allclose(
        np.diag(receiver.patterns @ encode_foa(-outwards).T), behind, atol=1e-12
    )


@pytest.mark.parametrize(
    ("layout", "omni"), [("mic", 1.5), ("mic", -0.1), ("foa", 0.5), ("stereo", 0.5), ("mono", 0.0)]
)
def test_only_arrays_have_directional_microphones(layout, omni):
    with pytest.raises(InputError, match="directional microphones need"):
        receiver_for(parse_layout(layout), omni)
