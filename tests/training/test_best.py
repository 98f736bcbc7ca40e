"""Which weights are kept: the best by one score, whatever the others say."""

from __future__ import annotations

import json
import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hearsight.systems import find
from hearsight.systems.settings import TrainingSettings
from hearsight.training.best import KeepBest
from hearsight.training.config import run_settings
from hearsight.training.material import seeded_system
from hearsight.training.module import SystemModule
from hearsight.training.seld.judge import SeldJudge
from training.conftest import SMALL

NAN = math.nan


@pytest.fixture
def module() -> SystemModule:
    system = seeded_system(find("seldnet"), run_settings(find("seldnet"), None, SMALL))
    return SystemModule(system, TrainingSettings(), SeldJudge(system, (), None))  # type: ignore[arg-type]


def validated(best: KeepBest, module: SystemModule, epoch: int, **scores: float) -> None:
    module.scores = scores
    trainer: Any = SimpleNamespace(current_epoch=epoch - 1, max_epochs=9, is_global_zero=True)
    best.on_validation_end(trainer, module)


@pytest.mark.parametrize(
    ("metric", "scores", "kept"),
    [
        ("f_score", [0.2, 0.5, 0.4], 2),
        ("seld_score", [0.5, 0.6, 0.4], 3),
        ("localization_error", [30.0, 10.0, 20.0], 2),
        ("f_score", [0.5, 0.5], 1),
        ("f_score", [NAN, 0.0, NAN], 2),
        ("seld_score", [NAN, NAN], 1),
        ("seld_score", [2.0, NAN], 1),
    ],
)
def test_the_best_by_its_own_sense_is_kept(
    module: SystemModule, tmp_path: Path, metric: str, scores: list[float], kept: int
) -> None:
    best = KeepBest(tmp_path, metric, {"data": "set"}, lambda _: None)
    for epoch, score in enumerate(scores, start=1):
        validated(best, module, epoch, **{metric: score, "other": -score})
    about = json.loads((tmp_path / "system.json").read_text())
    assert about["origin"] == {"data": "set", "epoch": kept, "metric": metric}
    written = scores[kept - 1]
    assert about["scores"][metric] == (None if math.isnan(written) else written)


def test_a_resumed_run_knows_what_was_best(module: SystemModule, tmp_path: Path) -> None:
    told: list[str] = []
    first = KeepBest(tmp_path, "f_score", {}, told.append)
    validated(first, module, 1, f_score=0.5)
    resumed = KeepBest(tmp_path, "f_score", {}, told.append)
    resumed.load_state_dict(first.state_dict())
    validated(resumed, module, 2, f_score=0.4)
    assert told == [
        "epoch 1 of 9: f_score 0.500 (best)",
        "epoch 2 of 9: f_score 0.400 (best 0.500)",
    ]
    assert json.loads((tmp_path / "system.json").read_text())["origin"]["epoch"] == 1
