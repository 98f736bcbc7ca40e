"""One test for each stem of the vectors of a test file's `SYSTEM`."""

import pytest

from parity.reference import Reference, stems_of


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "reference" in metafunc.fixturenames:
        system = metafunc.module.SYSTEM
        stems = stems_of(system)
        assert stems, f"no vectors of {system}"
        metafunc.parametrize("reference", [Reference(system, stem) for stem in stems], ids=stems)
