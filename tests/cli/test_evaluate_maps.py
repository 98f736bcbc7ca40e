"""`hearsight evaluate` where heat maps are judged."""

import json

import numpy as np
import pytest
import torch

from hearsight.cli import run
from hearsight.datasets.pairs import open_pairs
from hearsight.scenes.pair_sets import PairSetSettings, write_pairs
from hearsight.systems import find
from hearsight.training.pairs.saved_maps import write_maps
from hearsight.weights.store import save_system


@pytest.fixture(scope="module")
def pair_set(tmp_path_factory):
    root = tmp_path_factory.mktemp("pairs") / "my [set]"
    list(write_pairs(root, PairSetSettings(n_train=2, n_test=6, duration=1.0, size_px=64)))
    return root


@pytest.fixture
def maps(pair_set, tmp_path):
    pairs = open_pairs(pair_set)
    write_maps(tmp_path / "maps", {name: pairs.truth[name].to_map(56) for name in pairs.test})
    return tmp_path / "maps"


def lines_of(printed):
    return [" ".join(line.split()) for line in printed.splitlines()]


def test_a_folder_of_maps_gets_a_table_and_files(pair_set, maps, capsys):
    assert run(["evaluate", str(maps), "--data", str(pair_set), "--threshold", "0.5"]) == 0
    printed = capsys.readouterr().out
    lines = lines_of(printed)
    assert lines[0] == (
        f"{maps} on the test split of {pair_set}: 6 pictures, in the style of hearsight"
    )
    assert "success mean cIoU AUC" in lines
    (row,) = [line for line in lines if line.startswith(f"{maps} 100.0 %")]
    assert row.endswith("%")
    for name in ("whole image", "centered disc", "chance", "saliency"):
        assert any(line.startswith(f"floor: {name} ") for line in lines)
    assert any(line.startswith("adaptive: as much as is annotated * 100.0 %") for line in lines)
    assert any(line.startswith("universal: above 0.500, where") for line in lines)
    assert any(line.startswith("The maps clear their floors") for line in lines)
    assert not any("with sounds out of view" in line for line in lines)
    assert lines[-1] == (
        f"everything in {maps / 'evaluation-test.json'}, each picture in "
        f"{maps / 'evaluation-test-pictures.csv'}"
    )
    assert "\x1b" not in printed  # plain when it is no terminal
    said = json.loads((maps / "evaluation-test.json").read_text())
    assert said["scores"]["scores"]["maps"]["adaptive"]["success"] == 1.0
    assert len((maps / "evaluation-test-pictures.csv").read_text().splitlines()) == 7
    # The files of the first time are not taken for predictions of another kind.
    assert run(["evaluate", str(maps), "--data", str(pair_set)]) == 0


def test_a_system_gets_all_tables_and_writes_its_maps(pair_set, tmp_path, capsys):
    torch.manual_seed(0)
    registration = find("visual-context")
    system = registration.build(registration.small[0]).with_threshold(0.6)
    save_system(tmp_path / "weights", system)
    command = ["evaluate", str(tmp_path / "weights"), "--data", str(pair_set), "--style", "lvs"]
    out, drawn = tmp_path / "new" / "out.json", tmp_path / "drawn"
    assert run([*command, "--out", str(out), "--predictions", str(drawn), "--device", "cpu"]) == 0
    lines = lines_of(capsys.readouterr().out)
    for start in (
        "visual-context on the test split of",
        "without any sound",
        "rank_half: half, to the upper middle value *",
        "sound success says nothing marks (pIA)",
        "of another picture",
        "silence - ",
        "all but its own - - ",
        "A map says something where it is above 0.600.",
        "with sounds out of view pictures AP max-F1 LocAcc",
        "visible 6 ",
        "several things in turn pictures IIoU IAUC",
        "class pictures success mean cIoU AUC",
        f"predictions in {drawn}",
    ):
        assert any(line.startswith(start) for line in lines), start
    assert json.loads(out.read_text())["system"] == "visual-context"
    files = sorted(drawn.iterdir())
    assert [file.stem for file in files] == sorted(open_pairs(pair_set).test)
    assert np.load(files[0]).ndim == 2
    assert not (tmp_path / "weights" / "evaluation-test.json").exists()


def test_bad_input_gets_one_line_and_leaves_nothing(pair_set, maps, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    (tmp_path / "seld" / "foa_dev").mkdir(parents=True)
    data = ["--data", str(pair_set)]
    for arguments, message in (
        ([str(maps), *data, "--style", "slavk"], "did you mean slavc"),
        ([str(maps), *data, "--year", "2024"], "year is no option for heat maps"),
        ([str(maps), *data, "--split", "train"], "has boxes to judge maps by"),
        ([str(maps), "--data", str(tmp_path / "none")], "does not exist"),
        ([str(maps), "--data", str(tmp_path / "seld")], "holds no pair of a picture and a sound"),
        ([str(tmp_path / "empty"), *data], "neither weights (system.json is missing) nor"),
        ([str(maps), *data, "--out", str(tmp_path)], "is a directory"),
        ([str(maps), *data, "--predictions", __file__], "is a file"),
        ([str(tmp_path / "none"), *data], "no folder with weights, nor a system"),
    ):
        assert run(["evaluate", *arguments]) == 2
        captured = capsys.readouterr()
        assert captured.out == ""
        assert captured.err.startswith("hearsight: ")
        assert captured.err.count("\n") == 1
        assert message in captured.err
    assert not (maps / "evaluation-test.json").exists()
