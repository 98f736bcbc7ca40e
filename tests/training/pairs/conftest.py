"""A small set of pairs, made once."""

from __future__ import annotations

from pathlib import Path

import pytest

from hearsight.scenes.pair_sets import PairSetSettings, write_pairs


@pytest.fixture(scope="session")
def pair_set(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """24 pairs to learn from and 6 to judge on, in the folders of VGGSound."""
    root = tmp_path_factory.mktemp("pairs") / "set"
    for _ in write_pairs(root, PairSetSettings(n_train=24, n_test=6, size_px=64)):
        pass
    return root
