from __future__ import annotations

from pathlib import Path

import pytest

from contract import clip_systems


@pytest.fixture(scope="session")
def clip_set(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a set of twelve clips with stored features."""
    folder = tmp_path_factory.mktemp("clips") / "set"
    clip_systems.write_set(folder)
    return folder


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    """Return settings by which systems learn in a second."""
    del tmp_path_factory
    return (
        "system.n_hidden=16",
        "training.epochs=2",
        "training.batch_size=4",
        "training.validate_every=1",
    )
