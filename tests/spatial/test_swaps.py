import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearsight.errors import InputError
from hearsight.recording.layout import parse_layout
from hearsight.scenes.plan import SceneSource, Trajectory
from hearsight.scenes.propagation import free_field
from hearsight.scenes.receivers import receiver_for
from hearsight.spatial.ambisonics import encode_foa
from hearsight.spatial.arrays import stereo_pair
from hearsight.spatial.directions import equirectangular_grid, to_vectors, wrap_azimuth
from hearsight.spatial.swaps import AXIS_SWAPS, FOA_SWAPS, MIC_SWAPS, Swap

RATE = 24000
swaps = st.sampled_from(AXIS_SWAPS)
vectors = st.tuples(*3 * [st.floats(-1.0, 1.0)])


def test_there_are_as_many_as_the_groups_have():
    assert len(set(AXIS_SWAPS)) == 48
    assert len(set(FOA_SWAPS)) == 16
    assert len(set(MIC_SWAPS)) == 8
    assert AXIS_SWAPS[0] == FOA_SWAPS[0] == MIC_SWAPS[0] == Swap()


@pytest.mark.parametrize("group", [AXIS_SWAPS, FOA_SWAPS, MIC_SWAPS])
def test_they_are_groups(group):
    assert {a @ b for a in group for b in group} == set(group)
    assert {swap.inverse for swap in group} == set(group)


@given(swaps, swaps, vectors)
def test_a_product_is_one_after_the_other(a, b, vector):
    np.testing.assert_array_equal(
        (a @ b).directions(vector), a.directions(b.directions(np.array(vector)))
    )


@given(swaps, swaps, swaps)
def test_grouping_does_not_matter_and_inverses_undo(a, b, c):
    assert (a @ b) @ c == a @ (b @ c)
    assert a.inverse @ a == a @ a.inverse == Swap()


@given(swaps, vectors)
def test_distances_between_directions_stay(swap, vector):
    other = np.array([0.3, -0.5, 0.8])
    apart = np.linalg.norm(swap.directions(other) - swap.directions(vector))
    assert apart == pytest.approx(np.linalg.norm(other - vector))


@given(swaps, vectors)
def test_ambisonics_agrees_with_directions(swap, vector):
    heard = swap.foa(encode_foa(vector)[:, None])[:, 0]
    np.testing.assert_array_equal(heard, encode_foa(swap.directions(vector)))


def test_a_waveform_keeps_its_type_and_leading_axes():
    waveform = np.ones((2, 4, 5), np.float32)
    assert AXIS_SWAPS[17].foa(waveform).dtype == np.float32
    assert AXIS_SWAPS[17].foa(waveform).shape == waveform.shape


@pytest.mark.parametrize("swap", MIC_SWAPS)
def test_microphones_hear_what_they_would_from_the_swapped_place(swap):
    sound = np.random.default_rng(0).standard_normal(400).astype(np.float32)
    mic = receiver_for(parse_layout("mic"))

    def heard(place):
        source = SceneSource("a", Trajectory(np.zeros(1), np.array([place])), sound)
        return free_field(source, mic, 0.05, RATE)

    place = np.array([0.9, -0.4, 0.6])
    order = swap.microphone_order()
    np.testing.assert_allclose(heard(swap.directions(place)), heard(place)[order], atol=1e-9)


@pytest.mark.parametrize("swap", sorted(set(AXIS_SWAPS) - set(MIC_SWAPS), key=str))
def test_only_the_eight_map_the_tetrahedron_onto_itself(swap):
    with pytest.raises(InputError, match="does not map the microphones"):
        swap.microphone_order()


def test_a_pair_is_mirrored_by_changing_sides():
    assert Swap(signs=(1, -1, 1)).microphone_order(stereo_pair()).tolist() == [1, 0]


@pytest.mark.parametrize("swap", FOA_SWAPS)
def test_panoramas_agree_with_directions(swap):
    grid = equirectangular_grid(6, 12)
    rows, columns = swap.panorama(6, 12)
    turned = grid[rows, columns]
    # What a pixel shows afterwards is what came from elsewhere to its direction.
    np.testing.assert_allclose(swap.directions(turned), grid, atol=1e-12)


@pytest.mark.parametrize(
    ("swap", "azimuth", "elevation"),
    [
        (Swap((1, 0, 2), (1, -1, -1)), lambda a: a - 90, -1),
        (Swap((1, 0, 2), (-1, -1, 1)), lambda a: -a - 90, 1),
        (Swap((1, 0, 2), (-1, 1, -1)), lambda a: a + 90, -1),
        (Swap((1, 0, 2), (1, 1, 1)), lambda a: -a + 90, 1),
        (Swap((0, 1, 2), (-1, -1, 1)), lambda a: a + 180, 1),
        (Swap((0, 1, 2), (-1, 1, -1)), lambda a: -a + 180, -1),
        (Swap((0, 1, 2), (1, -1, -1)), lambda a: -a, -1),
    ],
)
def test_published_rules_of_angles(swap, azimuth, elevation):
    azimuths = np.arange(-170.0, 180.0, 20.0)
    found = swap.angles(azimuths, 35.0)
    expected = to_vectors(azimuth(azimuths), elevation * 35.0)
    np.testing.assert_allclose(to_vectors(*found), expected, atol=1e-12)
    assert (wrap_azimuth(found[0]) == found[0]).all()
    assert swap in MIC_SWAPS


def test_nothing_heard_stays_without_direction():
    assert [float(angle) for angle in FOA_SWAPS[-1].angles(0.0, 90.0)][1] == -90.0
    np.testing.assert_array_equal(FOA_SWAPS[-1].directions([0, 0, 0]), [0, 0, 0])
    assert not np.signbit(FOA_SWAPS[-1].directions([0, 0, 0])).any()


def test_what_is_no_swap_is_refused():
    with pytest.raises(InputError, match="permute 0, 1, 2"):
        Swap((0, 1, 1), (1, 1, 1))
    with pytest.raises(InputError, match="signs of 1 or -1"):
        Swap((0, 1, 2), (1, 1, 0))
    with pytest.raises(InputError, match="multiple of 4"):
        Swap().panorama(10, 30)
    with pytest.raises(InputError, match="keeps the vertical axis"):
        Swap((2, 1, 0)).panorama(8, 16)
