from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest

from hearsight.errors import InputError
from hearsight.systems.settings import TrainingSettings, as_yaml, changed, read_changes


@dataclass(frozen=True)
class Ear:
    kind: Literal["foa", "mic"] = "foa"
    labels: tuple[str, ...] = ("bell", "knock")
    gain: float | None = None


@dataclass(frozen=True)
class Run:
    ear: Ear = field(default_factory=Ear)
    training: TrainingSettings = field(default_factory=TrainingSettings)


def test_texts_become_the_type_of_the_setting() -> None:
    changes = read_changes(None, ["training.epochs=5", "ear.labels=[a, b, c]", "ear.gain=2"])
    run = changed(Run(), changes)
    assert run.training.epochs == 5
    assert run.ear == Ear(labels=("a", "b", "c"), gain=2.0)
    assert run.training.batch_size == TrainingSettings().batch_size


def test_assignments_count_more_than_the_file(tmp_path: Path) -> None:
    path = tmp_path / "run.yaml"
    path.write_text("training:\n  epochs: 7\n  seed: 3\n")
    run = changed(Run(), read_changes(path, ["training.epochs=5"]))
    assert (run.training.epochs, run.training.seed) == (5, 3)


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    run = Run(Ear("mic", ("x",)), TrainingSettings(epochs=3))
    path = tmp_path / "run.yaml"
    path.write_text(as_yaml(run))
    assert changed(Run(), read_changes(path)) == run


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("training.epoch=5", "did you mean training.epochs"),
        ("trainin.epochs=5", "did you mean training.epochs"),
        ("training=5", "training is a section"),
        ("training.epochs=five", "training.epochs: Value 'five'"),
        ("training.epochs=1.5", "training.epochs: Value '1.5'"),
        ("training.epochs=", "training.epochs: Incompatible value"),
        ("training.epochs=0", "training.epochs must be at least 1"),
        ("training.learning_rate=nan", "learning_rate in"),
        ("ear.kind=fo", "ear.kind: Invalid value 'fo'"),
        ("ear.labels=bell", "ear.labels: Invalid value"),
        ("ear", "expected name=value"),
        ("=3", "expected name=value"),
        ("ear.labels=[a", "ear.labels=.a: "),
    ],
)
def test_wrong_assignments_are_named(assignment: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        changed(Run(), read_changes(None, [assignment]), "--set")


@pytest.mark.parametrize("text", ["- 1\n", "a: [\n", "a: b: c\n"])
def test_files_that_hold_no_settings(tmp_path: Path, text: str) -> None:
    path = tmp_path / "run.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match=r"run\.yaml: (cannot be read|holds no sections)"):
        read_changes(path)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"absent\.yaml: cannot be read"):
        read_changes(tmp_path / "absent.yaml")
