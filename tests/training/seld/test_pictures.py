"""A system that sees: from videos to weights and back."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from hearsight.datasets import open_dataset
from hearsight.errors import InputError, WeightsError
from hearsight.inference.predict import predict_stored
from hearsight.models.blocks.resnet import resnet18
from hearsight.scenes.planner import SceneSettings
from hearsight.scenes.starss23 import Starss23Settings, write_starss23
from hearsight.training.fit import train
from hearsight.training.seld.pictures import pictures_of
from hearsight.training.seld.prepare import store_of
from hearsight.weights.store import load_system
from training.conftest import SMALL

SEEING = (*SMALL, "system.year=2024", "system.sees=true", "training.epochs=1")


@pytest.fixture(scope="module")
def filmed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two recordings of two seconds with a panorama, both to learn from."""
    root = tmp_path_factory.mktemp("filmed")
    scene = SceneSettings(duration=2.0, n_sources=1, n_silent=0)
    settings = Starss23Settings(scene, width=64, kinds=("foa", "video"))
    for _ in write_starss23(root, 2, settings):
        pass
    return root


@pytest.fixture(scope="module")
def eyes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("eyes") / "resnet18.safetensors"
    torch.manual_seed(0)
    save_file(resnet18().state_dict(), path)
    return path


@pytest.mark.slow
def test_it_learns_from_pictures_and_keeps_its_eyes(
    filmed: Path, eyes: Path, tmp_path: Path
) -> None:
    changes = (*SEEING, f"data.eyes={eyes}", "data.validation=train")
    told: list[str] = []
    done = train("seldnet", filmed, out=tmp_path / "run", changes=changes, tell=told.append)
    assert any(line.startswith("maps of the pictures of 2 of 2") for line in told)
    system = load_system(done.folder)
    recording = next(r for r in open_dataset(filmed, "foa").recordings if r.split == "train")
    store, pictures = (
        store_of(filmed / "features", system),
        pictures_of(filmed / "features", system),
    )
    maps = pictures.read(recording.name)
    assert maps.shape == (len(maps), 7, 7)
    assert len(maps) in (20, 21)  # the last picture may end after the sound
    with_pictures = predict_stored(system, store, recording.name, pictures=pictures)
    assert with_pictures.shape == (20, 3, 13, 4)
    pictures.write(recording.name, torch.zeros_like(maps), recording.video)
    in_the_dark = predict_stored(system, store, recording.name, pictures=pictures)
    assert abs(with_pictures - in_the_dark).max() > 1e-4


def test_eyes_must_be_given(filmed: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"data\.eyes is not set"):
        train("seldnet", filmed, out=tmp_path / "run", changes=SEEING)
    (tmp_path / "eyes.safetensors").write_bytes(b"nothing")
    changes = (*SEEING, f"data.eyes={tmp_path / 'eyes.safetensors'}")
    with pytest.raises(WeightsError, match="cannot be read as safetensors"):
        train("seldnet", filmed, out=tmp_path / "run", changes=changes)
    assert not (tmp_path / "run").exists()
