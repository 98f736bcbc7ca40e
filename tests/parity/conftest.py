"""One test for each stem of the vectors of a test file's `SYSTEM`."""

import os

import pytest

from parity.reference import Reference, reference_root, stems_of


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "reference" not in metafunc.fixturenames:
        return
    system = metafunc.module.SYSTEM
    stems = stems_of(system)
    if stems:
        metafunc.parametrize("reference", [Reference(system, stem) for stem in stems], ids=stems)
        return
    # Another folder may hold a part of the systems; our own holds what is built.
    reason = f"no vectors of {system} in {reference_root()}"
    assert "HEARSIGHT_REFERENCE" in os.environ, reason
    nothing = pytest.param(None, marks=pytest.mark.skip(reason=reason), id="no vectors")
    metafunc.parametrize("reference", [nothing])
