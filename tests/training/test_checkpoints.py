"""Checkpoints are whole, old or new; damaged ones are refused without running what they hold."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import torch

from hearsight.errors import InputError, MediaError, WeightsError
from hearsight.training.checkpoints import WholeCheckpoints
from hearsight.training.fit import train
from training.conftest import SMALL

CHECKPOINT: dict[str, Any] = {"pytorch-lightning_version": "2.5.0", "epoch": 3}


class Evil:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.path),)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path, state = tmp_path / "checkpoints/last.ckpt", {"weight": torch.arange(3.0)}
    WholeCheckpoints().save_checkpoint({**CHECKPOINT, "state_dict": state}, path)
    read = WholeCheckpoints().load_checkpoint(path, weights_only=True)
    assert read["epoch"] == 3
    assert torch.equal(read["state_dict"]["weight"], state["weight"])
    assert [each.name for each in path.parent.iterdir()] == ["last.ckpt"]


def test_a_full_disk_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "last.ckpt"
    WholeCheckpoints().save_checkpoint(CHECKPOINT, path)

    def write_half(path: Path, content: memoryview) -> None:
        path.open("wb").close()
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(Path, "write_bytes", write_half)
    with pytest.raises(MediaError, match=r"last\.ckpt: cannot be written \(No space left"):
        WholeCheckpoints().save_checkpoint({**CHECKPOINT, "epoch": 4}, path)
    assert WholeCheckpoints().load_checkpoint(path, weights_only=True)["epoch"] == 3
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("damage", ["cut off", "empty", "noise", "other", "list", "code"])
def test_what_is_no_checkpoint_is_refused(tmp_path: Path, damage: str) -> None:
    path, ran = tmp_path / "last.ckpt", tmp_path / "ran"
    WholeCheckpoints().save_checkpoint({**CHECKPOINT, "weight": torch.zeros(9999)}, path)
    whole = path.read_bytes()
    contents = {"cut off": whole[: len(whole) // 2], "empty": b"", "noise": b"\x93\x01" * 999}
    objects = {"other": {"epoch": 3}, "list": [1, 2], "code": {**CHECKPOINT, "more": Evil(ran)}}
    if damage in contents:
        path.write_bytes(contents[damage])
    else:
        torch.save(objects[damage], path)
    with pytest.raises(WeightsError, match=r"last\.ckpt: is damaged or no checkpoint"):
        WholeCheckpoints().load_checkpoint(path, weights_only=True)
    assert not ran.exists()


def test_a_run_goes_on_from_a_whole_checkpoint_and_does_not_shrink(
    corpus: Path, tmp_path: Path
) -> None:
    settings, out = (*SMALL, "data.validation=train"), tmp_path / "run"
    train("seldnet", corpus, out=out, changes=(*settings, "training.epochs=2"))
    assert [each.name for each in (out / "checkpoints").iterdir()] == ["last.ckpt"]
    noted = (out / "settings.yaml").read_text()
    with pytest.raises(InputError, match=r"trained for 2 epochs; set training\.epochs"):
        train("seldnet", corpus, out=out, changes=(*settings, "training.epochs=1"))
    assert (out / "settings.yaml").read_text() == noted
    os.truncate(out / "checkpoints/last.ckpt", 5000)
    with pytest.raises(WeightsError, match="is damaged or no checkpoint"):
        train("seldnet", corpus, out=out, changes=(*settings, "training.epochs=3"))
