"""The rule that fills tensors, and that no vectors lie unread in the folder."""

import numpy as np
import pytest

from parity.not_built import NOT_BUILT
from parity.reference import (
    fill,
    fill_parameter,
    known_stem,
    reference_root,
    stems_of,
    systems,
)

BUILT = {"av-seld", "ave", "seld-core", "visual-context"}


def test_every_system_with_vectors_is_known() -> None:
    assert reference_root().is_dir(), f"no folder of vectors at {reference_root()}"
    assert systems()
    assert set(systems()) <= BUILT | set(NOT_BUILT)


@pytest.mark.parametrize("system", sorted(set(NOT_BUILT) - BUILT))
def test_vectors_of_systems_not_built_are_listed(system: str) -> None:
    unknown = [stem for stem in stems_of(system) if not known_stem(stem, NOT_BUILT[system])]
    assert not unknown, f"unknown vectors of {system}: {', '.join(unknown)}"
    pytest.skip(f"{system} is not built yet: {', '.join(stems_of(system)) or 'no vectors here'}")


def test_a_variant_belongs_to_the_longest_stem() -> None:
    assert known_stem("seldnet_2022_attention", {"seldnet", "seldnet_2022"}) == "seldnet_2022"
    assert known_stem("decoder", {"dec", "decode"}) is None


def test_filled_tensors_depend_on_salt_name_and_shape() -> None:
    noise = fill("input:audio", (2, 3), "v1")
    assert noise.dtype == np.float32
    assert np.array_equal(noise, fill("input:audio", [2, 3], "v1"))
    assert not np.array_equal(noise, fill("input:audio", (2, 3), "v2"))
    assert not np.array_equal(noise, fill("input:video", (2, 3), "v1"))


def test_filled_parameters_follow_their_names() -> None:
    assert fill_parameter("bn.num_batches_tracked", (), "v1") == 0
    assert (fill_parameter("bn.running_var", (50,), "v1") >= 1).all()
    assert abs(fill_parameter("bn.weight", (500,), "v1").mean() - 1) < 0.05
    assert abs(fill_parameter("fc.bias", (500,), "v1")).max() < 0.6
    kernel = fill_parameter("conv.weight", (64, 4, 3, 3), "v1")
    assert abs(kernel.std() - 1 / 6) < 0.02
