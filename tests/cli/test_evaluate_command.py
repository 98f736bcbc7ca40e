import json

import numpy as np
import pytest
import soundfile
import torch

from hearsight.cli import run
from hearsight.events.classes import DCASE_2022
from hearsight.events.events import Event, Events, Track
from hearsight.events.formats.dcase import read_dcase, write_dcase
from hearsight.features.normalize import FeatureStatistics
from hearsight.systems import find, names
from hearsight.systems.seldnet import SeldnetSettings
from hearsight.weights.store import save_system


def bell(azimuth):
    times = np.arange(20) / 10
    track = Track(times, np.full(20, azimuth), np.zeros(20), np.full(20, 2.0))
    return Events([Event("bell", 0.0, 2.0, track=track)], DCASE_2022, 2.0)


@pytest.fixture
def corpus(tmp_path):
    """Two recordings of noise, of which a bell is said to be in them."""
    root, random = tmp_path / "my [corpus]", np.random.default_rng(0)
    for room in (2, 10):
        name = f"dev-test-tau/fold4_room{room}_mix001"
        for kind in ("foa_dev", "metadata_dev"):
            (root / kind / "dev-test-tau").mkdir(parents=True, exist_ok=True)
        soundfile.write(root / f"foa_dev/{name}.wav", random.normal(0, 0.1, (48_000, 4)), 24_000)
        write_dcase(bell(40.0 * room), root / f"metadata_dev/{name}.csv")
    return root


@pytest.fixture
def predictions(tmp_path):
    for room in (2, 10):
        write_dcase(bell(40.0 * room + 10.0), tmp_path / f"said/fold4_room{room}_mix001.csv")
    return tmp_path / "said"


def test_a_folder_of_predictions_gets_a_table_and_a_file(corpus, predictions, capsys):
    assert run(["evaluate", str(predictions), "--data", str(corpus), "--year", "2024"]) == 0
    printed = capsys.readouterr().out
    lines = [" ".join(line.split()) for line in printed.splitlines()]
    assert lines[0] == (
        f"{predictions} on the test split of {corpus}: 2 recordings, by the rules of 2024, "
        "macro average"
    )
    assert "ER F LE LR distance RDE SELD" in lines
    assert f"{predictions} 0.000 100.0 % 10.0° 100.0 % 0.00 m 0.000 0.019" in lines
    assert "95 % from 0.000 100.0 % 10.0° 100.0 % 0.00 m 0.000 0.019" in lines
    assert "floor: nothing 1.000 0.0 % - 0.0 % - - 1.000" in lines
    assert "ceiling: oracle 3 tracks 0.000 100.0 % 0.0° 100.0 % 0.00 m 0.000 0.000" in lines
    assert "bell 100.0 % 10.0° 100.0 % 0.00 m 0.000 0.019" in lines
    assert "10 0.000 100.0 % 10.0° 100.0 % 0.00 m 0.000 0.019" in lines
    assert lines[-1] == f"everything in {predictions / 'evaluation-test.json'}"
    assert "\x1b" not in printed  # plain when it is no terminal
    said = json.loads((predictions / "evaluation-test.json").read_text())
    assert said["scores"]["overall"]["localization_error"] == pytest.approx(10.0)


def test_a_system_writes_what_it_heard(corpus, tmp_path, capsys):
    torch.manual_seed(0)
    small = SeldnetSettings(n_filters=4, rnn_size=8, fnn_size=8, n_heads=2, n_window=10)
    system = find("seldnet").build(small)
    statistics = FeatureStatistics.fit([system.feature(torch.randn(4, 48_000))])
    save_system(tmp_path / "weights", system.with_statistics(statistics))
    command = ["evaluate", str(tmp_path / "weights"), "--data", str(corpus)]
    out, heard = tmp_path / "new" / "out.json", tmp_path / "heard"
    assert run([*command, "--out", str(out), "--predictions", str(heard), "--device", "cpu"]) == 0
    captured = capsys.readouterr()
    assert captured.err.startswith("features of 2 of 2 recordings")
    assert "seldnet on the test split of" in captured.out
    assert json.loads(out.read_text())["system"] == "seldnet"
    assert sorted(file.stem for file in heard.iterdir()) == [
        "fold4_room10_mix001",
        "fold4_room2_mix001",
    ]
    for file in heard.iterdir():
        read_dcase(file, labels=DCASE_2022)
    assert not (tmp_path / "weights" / "evaluation-test.json").exists()


def test_bad_input_gets_one_line_and_leaves_nothing(corpus, predictions, tmp_path, capsys):
    for arguments, message in (
        (["seldnt", "--data", str(corpus)], "did you mean seldnet?"),
        ([str(predictions), "--data", str(tmp_path / "none")], "does not exist"),
        ([str(predictions), "--data", str(corpus), "--average", "mikro"], "did you mean micro?"),
        ([str(predictions), "--data", str(corpus), "--split", "train"], "no recordings in the"),
    ):
        assert run(["evaluate", *arguments]) == 2
        captured = capsys.readouterr()
        assert captured.out == ""
        assert captured.err.startswith("hearsight: ")
        assert captured.err.count("\n") == 1
        assert message in captured.err
    assert not (predictions / "evaluation-test.json").exists()


def test_a_wrong_row_is_named(corpus, predictions, capsys):
    file = predictions / "fold4_room2_mix001.csv"
    file.write_text("0,11,0,80,0,200\n1,99,0,80,0,200\n")
    assert run(["evaluate", str(predictions), "--data", str(corpus)]) == 2
    assert f"{file}: row 2: unknown class 99" in capsys.readouterr().err


def test_systems_are_listed(capsys):
    assert run(["systems"]) == 0
    printed = capsys.readouterr().out
    assert "(default)" in printed
    assert len(names()) >= 1
    for name in names():
        (row,) = [line for line in printed.splitlines() if f" {name} " in line]
        assert find(name).paper in row
