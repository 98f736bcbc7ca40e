"""A system's folder: what is written again, and what is not."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch

from hearsight.errors import WeightsError
from hearsight.features.normalize import FeatureStatistics
from hearsight.models.blocks.resnet import BasicBlock, ResNet
from hearsight.systems import find
from hearsight.systems.encoders import trunk_encoders
from hearsight.systems.segments import SegmentSystem
from hearsight.systems.seld import SeldSystem
from hearsight.systems.seldnet import SeldnetSettings
from hearsight.systems.system import System
from hearsight.weights.store import fingerprint, load_system, save_system


def seeing(seed: int) -> SeldSystem:
    torch.manual_seed(seed)
    settings = SeldnetSettings(
        2024, sees=True, n_window=10, n_filters=4, rnn_size=8, fnn_size=8, n_heads=2
    )
    system = find("seldnet").build(settings)
    noise = torch.randn(4, system.sample_rate)
    known = system.with_statistics(FeatureStatistics.of(system.feature(noise)))
    return known.with_eyes(ResNet(BasicBlock, (1, 1, 1, 1), 2).eval())


def eyes(system: System) -> str:
    assert system.eyes is not None
    return system.eyes.weights


def test_eyes_are_written_again_only_if_they_are_others(tmp_path: Path) -> None:
    one, other = seeing(0), seeing(1)
    assert eyes(one) != eyes(other)
    save_system(tmp_path, one)
    first = (tmp_path / "eyes.safetensors").stat().st_ino
    save_system(tmp_path, one, scores={"f_score": 0.5})
    assert (tmp_path / "eyes.safetensors").stat().st_ino == first
    save_system(tmp_path, other)
    assert eyes(load_system(tmp_path)) == eyes(other)
    (tmp_path / "eyes.safetensors").write_bytes(b"damaged")
    save_system(tmp_path, other)
    assert eyes(load_system(tmp_path)) == eyes(other)


def test_nothing_of_other_weights_is_taken_over(tmp_path: Path) -> None:
    registration = find("av-att")
    system = registration.build(registration.small[0])
    lvs = find("lvs")
    encoders = trunk_encoders(lvs.build(lvs.small[0]))
    save_system(tmp_path, system.with_encoders(encoders))
    loaded = load_system(tmp_path)
    assert isinstance(loaded, SegmentSystem)
    assert loaded.encoders is not None
    save_system(tmp_path, system)
    loaded = load_system(tmp_path)
    assert isinstance(loaded, SegmentSystem)
    assert loaded.encoders is None


def test_a_fingerprint_tells_weights_apart(tmp_path: Path) -> None:
    for name, seed in (("one", 0), ("other", 1)):
        save_system(tmp_path / name, seeing(seed))
    # Not written twice: safetensors puts what is noted beside the tensors in any order.
    shutil.copytree(tmp_path / "one", tmp_path / "same")
    assert fingerprint(tmp_path / "one") == fingerprint(tmp_path / "same")
    assert fingerprint(tmp_path / "one") != fingerprint(tmp_path / "other")


@pytest.mark.parametrize("name", ["weights", "statistics", "eyes"])
def test_damaged_or_missing_files_are_named(tmp_path: Path, name: str) -> None:
    save_system(tmp_path, seeing(0))
    path = tmp_path / f"{name}.safetensors"
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(WeightsError, match=f"{name}.safetensors: cannot be read"):
        load_system(tmp_path)
    path.unlink()
    with pytest.raises(WeightsError, match=f"{name}.safetensors: cannot be read"):
        load_system(tmp_path)


def test_weights_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    system = seeing(0)
    with torch.no_grad():
        next(system.network.parameters()).view(-1)[0] = torch.nan
    save_system(tmp_path, system)
    with pytest.raises(WeightsError, match=r"weights\.safetensors: .* is not finite"):
        load_system(tmp_path)
