from __future__ import annotations

from pathlib import Path

import pytest
import torch

from hearsight.datasets.pairs import open_pairs
from hearsight.errors import InputError, WeightsError
from hearsight.features.normalize import file_list_hash
from hearsight.systems.heatmap import HeatMapSystem
from hearsight.training.importing import import_weights
from hearsight.training.pairs.evaluate import about_learning
from hearsight.weights.store import load_system, read_about


def published(path: Path, *, n_classes: int = 5) -> Path:
    """Write an LVS checkpoint of width 8 as its code does, stems and classifiers included."""
    from hearsight.systems import find
    from hearsight.systems.lvs import LvsSettings

    network = find("lvs").build(LvsSettings(width=8)).network
    state = {}
    for name, value in network.state_dict().items():
        theirs = name.replace("picture_trunk", "imgnet").replace("sound_trunk", "audnet")
        if theirs == "audnet.conv1.weight":
            theirs = "audnet.conv1_a.weight"
            state["module.audnet.conv1.weight"] = torch.zeros(8, 3, 7, 7)
        state[f"module.{theirs}"] = value
    for trunk in ("imgnet", "audnet"):
        state[f"module.{trunk}.conv1_flow.weight"] = torch.zeros(8, 6, 7, 7)
        state[f"module.{trunk}.fc.weight"] = torch.zeros(n_classes, 64)
        state[f"module.{trunk}.fc.bias"] = torch.zeros(n_classes)
    state["module.imgnet.conv1_a.weight"] = torch.zeros(8, 1, 7, 7)
    torch.save({"model_state_dict": state}, path)
    return path


def test_a_checkpoint_becomes_a_calibrated_system(tmp_path: Path, pair_set: Path) -> None:
    said: list[str] = []
    done = import_weights(
        published(tmp_path / "lvs.pth"),
        "lvs",
        out=tmp_path / "lvs",
        calibrate_on=pair_set,
        tell=said.append,
    )
    assert "imgnet.fc.weight" in said[0]
    assert "calibrated on 6 pairs" in said[1]
    system = load_system(done.folder)
    assert isinstance(system, HeatMapSystem)
    assert system.settings.width == 8
    assert system.threshold == done.system.threshold
    origin = read_about(done.folder)["origin"]
    assert (origin["imported"], origin["from"]) == ("lvs.pth", "lvs")
    pairs = open_pairs(pair_set)
    assert origin["validation"]["list"] == file_list_hash(pairs.test)
    assert "calibrated on these very pairs" in about_learning(origin, pairs, pairs.test, "test")[0]
    some = pairs.test[:2]
    assert "on pairs of this test split" in about_learning(origin, pairs, some, "test")[0]


def test_sslalignment_sees_and_hears_as_its_code(tmp_path: Path) -> None:
    done = import_weights(published(tmp_path / "ssl.pth"), "sslalignment", out=tmp_path / "ssl")
    assert done.system.picture_fit.kind == "tensor_squash"
    assert done.system.sound_input.sample_rate == 16000
    assert done.system.threshold is None


def test_nothing_is_replaced_and_nothing_half_left(tmp_path: Path) -> None:
    file = published(tmp_path / "lvs.pth")
    with pytest.raises(WeightsError, match="give whole weights of ez-vsl"):
        import_weights(file, "ez-vsl", out=tmp_path / "out")
    assert not (tmp_path / "out").exists()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match="is not empty"):
        import_weights(file, "lvs", out=tmp_path / "full")
