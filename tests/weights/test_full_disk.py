"""A disk that fills up while weights are written: one line, and what was there stays."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch
from torch import nn

from hearsight.errors import MediaError
from hearsight.features.normalize import FeatureStatistics
from hearsight.systems import find
from hearsight.systems.seldnet import SeldnetSettings
from hearsight.weights.store import save_system


@pytest.mark.parametrize("name", ["weights", "statistics"])
def test_what_was_there_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    system = find("seldnet").build(SeldnetSettings(n_window=10, n_filters=4, rnn_size=8))
    noise = torch.randn(4, system.sample_rate)
    system = system.with_statistics(FeatureStatistics.of(system.feature(noise)))
    save_system(tmp_path, system)
    path = tmp_path / f"{name}.safetensors"
    before, write = path.read_bytes(), Path.write_bytes

    def write_half(place: Path, content: bytes) -> int:
        if name not in place.name:
            return write(place, content)
        write(place, content[:100])
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(Path, "write_bytes", write_half)
    nn.init.zeros_(next(system.network.parameters()))
    with pytest.raises(MediaError, match=rf"{name}\.safetensors: cannot be written \(No space"):
        save_system(tmp_path, system)
    assert path.read_bytes() == before
    assert not list(tmp_path.glob(".*"))
