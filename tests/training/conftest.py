"""Small corpora in the layout of STARSS23, made once."""

from __future__ import annotations

from pathlib import Path

import pytest

from hearsight.scenes.planner import SceneSettings
from hearsight.scenes.starss23 import Starss23Settings, write_starss23

SMALL = (
    "system.n_filters=8",
    "system.rnn_size=16",
    "system.fnn_size=16",
    "system.n_window=10",
    "training.batch_size=8",
)
"""A SELDnet that trains in seconds."""


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight Ambisonics recordings of four seconds, four of them to learn from, in four rooms."""
    root = tmp_path_factory.mktemp("corpus")
    scene = SceneSettings(duration=4.0, n_sources=3, max_polyphony=2, n_silent=0)
    for _ in write_starss23(root, 8, Starss23Settings(scene, kinds=("foa",))):
        pass
    return root
