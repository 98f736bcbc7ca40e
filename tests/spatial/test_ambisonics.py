import numpy as np
import pytest

from hearsight.errors import InputError
from hearsight.spatial.ambisonics import NORMALIZATIONS, encode_foa, gains_to_sn3d, turn_foa
from hearsight.spatial.directions import to_vectors

SPHERE = np.random.default_rng(0).standard_normal((20_000, 3))
SPHERE /= np.linalg.norm(SPHERE, axis=1, keepdims=True)


def test_gains_stand_in_acn_order():
    np.testing.assert_allclose(encode_foa([0, 0, 1]), [1, 0, 1, 0])
    np.testing.assert_allclose(encode_foa([1, 0, 0]), [1, 0, 0, 1])
    np.testing.assert_allclose(encode_foa(to_vectors(-90, 0)), [1, -1, 0, 0], atol=1e-12)


@pytest.mark.parametrize(("normalization", "ratio"), [("sn3d", 1.0), ("fuma", 2.0), ("n3d", 3.0)])
def test_normalizations_have_their_energies(normalization, ratio):
    stored = encode_foa(SPHERE) / gains_to_sn3d(normalization)
    np.testing.assert_allclose((stored[:, 1:] ** 2).sum(axis=1) / stored[:, 0] ** 2, ratio)


def test_n3d_channels_are_orthonormal_over_the_sphere():
    stored = encode_foa(SPHERE) / gains_to_sn3d("n3d")
    np.testing.assert_allclose(stored.T @ stored / len(SPHERE), np.eye(4), atol=0.03)


def test_every_normalization_has_gains():
    assert {name: gains_to_sn3d(name).shape for name in NORMALIZATIONS} == dict.fromkeys(
        ("sn3d", "n3d", "fuma"), (4,)
    )


@pytest.mark.parametrize("angle", [0.0, 1.0, 90.0, -137.0, 400.0])
def test_a_turned_field_comes_from_turned_directions(angle):
    before = encode_foa(to_vectors([10.0, -170.0, 90.0], [0.0, 40.0, -60.0]))
    after = encode_foa(to_vectors(np.array([10.0, -170.0, 90.0]) + angle, [0.0, 40.0, -60.0]))
    np.testing.assert_allclose(turn_foa(before.T, angle).T, after, atol=1e-12)
    assert turn_foa(before.T.astype(np.float32), angle).dtype == np.float32


def test_only_four_channels_are_turned():
    with pytest.raises(InputError, match=r"\(4, ...\)"):
        turn_foa(np.zeros((2, 100)), 10.0)
