from __future__ import annotations

import contextlib
import json
import math
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from hearsight.datasets.dcase2025 import write_dcase2025
from hearsight.datasets.starss23 import Starss23
from hearsight.errors import HearsightError, InputError
from hearsight.scenes.planner import SceneSettings
from hearsight.scenes.starss23 import Starss23Settings, write_starss23
from hearsight.systems import find
from hearsight.systems.seld import SeldSystem
from hearsight.training.config import run_settings
from hearsight.training.evaluate import evaluate
from hearsight.training.fit import Trained, train
from hearsight.training.material import seeded_system
from hearsight.training.seld.evaluation import Evaluation
from hearsight.weights.store import load_system
from training.conftest import SMALL

QUICK = (*SMALL, "data.validation=train", "data.swaps=true", "training.epochs=2")
LONGER = (*QUICK, "training.epochs=6")


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "weights.safetensors")


def same(a: Path, b: Path) -> bool:
    one, other = weights(a), weights(b)
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def told(judged: Evaluation) -> dict[str, float | None]:
    scores = judged.scores.overall
    return {name: None if math.isnan(value) else value for name, value in scores.items()}


def command(corpus: Path, out: Path, *changes: str) -> list[str]:
    options = [option for change in changes for option in ("--set", change)]
    program = [sys.executable, "-m", "hearsight", "train", "seldnet"]
    return [*program, "--data", str(corpus), "--out", str(out), *options]


@pytest.fixture(scope="module")
def run(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    return train("seldnet", corpus, out=tmp_path_factory.mktemp("run") / "run", changes=QUICK)


def test_a_run_leaves_weights_settings_scores_and_a_log(run: Trained) -> None:
    system = load_system(run.folder)
    assert not system.network.training
    assert system.settings == run_settings(find("seldnet"), None, QUICK).system
    assert system.statistics is not None
    about = json.loads((run.folder / "system.json").read_text())
    assert about["scores"] == run.scores
    assert about["origin"]["epoch"] == run.epoch
    assert about["origin"]["train"]["recordings"] == 4
    assert list((run.folder / "log").glob("events.out.tfevents.*"))
    first = seeded_system(find("seldnet"), run_settings(find("seldnet"), None, QUICK))
    learned = system.network.state_dict()
    assert any(
        not torch.equal(value, learned[name]) for name, value in first.network.state_dict().items()
    )


def test_the_same_settings_give_the_same_weights(
    run: Trained, corpus: Path, tmp_path: Path
) -> None:
    again = train("seldnet", corpus, out=tmp_path / "again", changes=QUICK)
    assert same(run.folder, again.folder)
    other = train("seldnet", corpus, out=tmp_path / "o", changes=(*QUICK, "training.seed=1"))
    assert not same(run.folder, other.folder)


def test_a_finished_run_is_left_as_it_is(run: Trained, corpus: Path) -> None:
    before = (run.folder / "weights.safetensors").stat().st_mtime_ns
    again = train("seldnet", corpus, out=run.folder, changes=QUICK)
    assert again == run
    assert (run.folder / "weights.safetensors").stat().st_mtime_ns == before


def test_another_run_is_not_written_over(run: Trained, corpus: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"other settings \(training.learning_rate\)"):
        train("seldnet", corpus, out=run.folder, changes=(*QUICK, "training.learning_rate=0.1"))
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match="is no folder of a training run"):
        train("seldnet", corpus, out=tmp_path, changes=QUICK)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_run_stays_with_its_data(run: Trained, corpus: Path, tmp_path: Path) -> None:
    shutil.copytree(corpus, tmp_path / "other")
    with pytest.raises(InputError, match=r"other data than other \(different: data\)"):
        train("seldnet", tmp_path / "other", out=run.folder, changes=QUICK)


def test_where_it_runs_may_change_but_not_what_it_computes(run: Trained, corpus: Path) -> None:
    elsewhere = (*QUICK, "trainer.accelerator=cpu", "trainer.devices=1", "data.workers=1")
    assert train("seldnet", corpus, out=run.folder, changes=elsewhere) == run
    with pytest.raises(InputError, match=r"other settings \(trainer.precision\)"):
        train("seldnet", corpus, out=run.folder, changes=(*QUICK, "trainer.precision=bf16-mixed"))


@pytest.mark.parametrize("every", [2, 5])
def test_the_last_epoch_is_always_validated(corpus: Path, tmp_path: Path, every: int) -> None:
    changes = (*QUICK, "training.epochs=3", f"training.validate_every={every}")
    lines: list[str] = []
    train("seldnet", corpus, out=tmp_path / "run", changes=changes, tell=lines.append)
    epochs = [line.split(":")[0] for line in lines if line.startswith("epoch")]
    assert epochs == [f"epoch {n} of 3" for n in (2, 3) if n % every == 0 or n == 3]


def test_a_run_that_goes_astray_is_stopped(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        SeldSystem, "loss", lambda system, batch, _: math.nan * system.output(batch).sum()
    )
    with pytest.raises(HearsightError, match="the loss is nan after epoch 1"):
        train("seldnet", corpus, out=tmp_path / "run", changes=QUICK)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("training.metric=fscore", "did you mean f_score"),
        ("trainer.strategy=ddp_spawn", "not copied as in notebooks"),
        ("trainer.precision=12", "trainer: .*precision"),
        ("system.labels=[bell]", "its classes are"),
    ],
)
def test_what_cannot_be_is_said_before_anything_is_computed(
    corpus: Path, tmp_path: Path, change: str, message: str
) -> None:
    changes = (*QUICK, "trainer.accelerator=cpu", "trainer.devices=2", change)
    with pytest.raises(InputError, match=message):
        train("seldnet", corpus, out=tmp_path / "run", changes=changes, features=tmp_path / "f")
    assert list(tmp_path.iterdir()) == []


def test_a_corpus_that_notes_no_classes_has_those_of_the_system(
    corpus: Path, tmp_path: Path
) -> None:
    shutil.copytree(corpus, tmp_path / "mine")
    (tmp_path / "mine" / "simulation.json").unlink()
    mine = tuple(f"class {i}" for i in range(13))
    changes = (*QUICK, "training.epochs=1", f"system.labels=[{','.join(mine)}]")
    done = train("seldnet", tmp_path / "mine", out=tmp_path / "run", changes=changes)
    assert evaluate(done.folder, tmp_path / "mine").scores.labels == mine
    few = (*QUICK, "system.labels=[bell]")
    with pytest.raises(InputError, match=r"\.csv: row \d+: .*class"):
        train("seldnet", tmp_path / "mine", out=tmp_path / "few", changes=few)


@pytest.mark.parametrize("feature", ["gcc", "salsa_lite"])
def test_arrays_are_learned_from_and_judged(tmp_path: Path, feature: str) -> None:
    scene = SceneSettings(duration=2.0, n_sources=1, n_silent=0)
    for _ in write_starss23(tmp_path / "mic", 2, Starss23Settings(scene, kinds=("mic",))):
        pass
    changes = (*QUICK, "system.audio_format=mic", f"system.mic_feature={feature}")
    done = train("seldnet", tmp_path / "mic", out=tmp_path / "run", changes=changes)
    assert load_system(done.folder).audio_format == "mic"
    judged = evaluate(done.folder, tmp_path / "mic", split="train")
    assert told(judged) == pytest.approx(done.scores)


def test_stereo_clips_are_learned_from_and_judged(tmp_path: Path) -> None:
    scene = SceneSettings(duration=6.0, n_sources=2, n_silent=0)
    for _ in write_starss23(tmp_path / "foa", 1, Starss23Settings(scene, kinds=("foa",))):
        pass
    for _ in write_dcase2025(tmp_path / "stereo", Starss23(tmp_path / "foa"), 3):
        pass
    changes = (*SMALL, "data.validation=train", "training.epochs=1", "system.year=2025")
    changes = (*changes, "system.audio_format=stereo")
    done = train("seldnet", tmp_path / "stereo", out=tmp_path / "run", changes=changes)
    assert load_system(done.folder).statistics is None
    judged = evaluate(done.folder, tmp_path / "stereo", split="train")
    assert told(judged) == pytest.approx(done.scores)


def test_more_epochs_go_on_with_a_run(corpus: Path, tmp_path: Path) -> None:
    straight = train("seldnet", corpus, out=tmp_path / "straight", changes=LONGER)
    train("seldnet", corpus, out=tmp_path / "parts", changes=QUICK)
    lines: list[str] = []
    resumed = train("seldnet", corpus, out=tmp_path / "parts", changes=LONGER, tell=lines.append)
    assert any(line.startswith("epoch 3 of 6") for line in lines)
    assert not any(line.startswith("epoch 2 of 6") for line in lines)
    assert same(straight.folder, resumed.folder)
    assert straight.scores == resumed.scores


def test_statistics_of_all_recordings_take_the_test_split_in(
    corpus: Path, tmp_path: Path, run: Trained
) -> None:
    features, changes = tmp_path / "features", (*QUICK, "data.statistics=all", "training.epochs=1")
    done = train("seldnet", corpus, out=tmp_path / "run", changes=changes, features=features)
    measured, learned_from = load_system(done.folder).statistics, load_system(run.folder).statistics
    assert measured is not None
    assert learned_from is not None
    assert measured.count == 2 * learned_from.count


def wait_for_an_epoch(process: subprocess.Popen[str], out: Path) -> None:
    deadline = time.monotonic() + 120.0
    while not (out / "checkpoints" / "last.ckpt").exists():
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.01)


@pytest.mark.slow
def test_a_run_is_interrupted_with_a_word(corpus: Path, tmp_path: Path) -> None:
    endless = command(corpus, tmp_path / "run", *QUICK, "training.epochs=100000")
    process = subprocess.Popen(endless, stderr=subprocess.PIPE, text=True)
    wait_for_an_epoch(process, tmp_path / "run")
    try:
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=20)
        # On a busy machine one was lost now and then; a person presses again.
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130
    assert errors.splitlines()[-1].endswith("finished outputs are whole, run again to go on")
    assert load_system(tmp_path / "run").statistics is not None


@pytest.mark.slow
def test_a_killed_run_goes_on_to_the_same_weights(corpus: Path, tmp_path: Path) -> None:
    straight = train("seldnet", corpus, out=tmp_path / "straight", changes=LONGER)
    out = tmp_path / "killed"
    environment = {**os.environ, "OMP_NUM_THREADS": str(torch.get_num_threads())}
    process = subprocess.Popen(command(corpus, out, *LONGER), env=environment, text=True)
    wait_for_an_epoch(process, out)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    subprocess.run(command(corpus, out, *LONGER), env=environment, check=True)
    assert same(straight.folder, out)


@pytest.mark.slow
def test_two_processes_train_together(corpus: Path, tmp_path: Path) -> None:
    changes = (*QUICK, "trainer.devices=2", "trainer.accelerator=cpu", "trainer.strategy=ddp")
    runs = [tmp_path / "one", tmp_path / "other"]
    for out in runs:
        done = subprocess.run(
            command(corpus, out, *changes), check=True, capture_output=True, text=True
        )
        assert done.stdout.count("epoch 2 of 2") == 1
        assert done.stdout.count("weights in") == 1
    assert same(*runs)
    load_system(runs[0])


def test_mixed_precision(corpus: Path, tmp_path: Path, run: Trained) -> None:
    changes = (*QUICK, "trainer.precision=bf16-mixed")
    done = train("seldnet", corpus, out=tmp_path / "mixed", changes=changes)
    assert not same(run.folder, done.folder)
    assert {value.dtype for value in weights(done.folder).values()} == {
        value.dtype for value in weights(run.folder).values()
    }


@pytest.mark.slow
def test_it_learns_what_it_is_shown(corpus: Path, tmp_path: Path) -> None:
    changes = (
        *("system.n_filters=16", "system.rnn_size=32", "system.fnn_size=32"),
        *("system.n_window=10", "system.n_heads=4", "system.dropout=0.0"),
        *("training.batch_size=4", "training.epochs=80", "training.learning_rate=0.003"),
        *("training.validate_every=20", "data.validation=train"),
    )
    done = train("seldnet", corpus, out=tmp_path / "run", changes=changes)
    assert done.scores["f_score"] > 0.8
