from __future__ import annotations

from pathlib import Path

import pytest

from hearsight.errors import InputError
from hearsight.systems import find
from hearsight.systems.settings import as_yaml
from hearsight.training.config import differences, run_settings

SELDNET = find("seldnet")


def test_published_training_follows_the_variant() -> None:
    assert run_settings(SELDNET).training.metric == "seld_score"
    later = run_settings(SELDNET, None, ["system.year=2025", "system.audio_format=stereo"])
    assert (later.training.epochs, later.training.batch_size) == (200, 256)
    assert later.training.metric == "f_score"
    mine = run_settings(SELDNET, None, ["system.year=2024", "training.epochs=3"])
    assert mine.training.epochs == 3


def test_settings_are_read_back(tmp_path: Path) -> None:
    settings = run_settings(SELDNET, None, ["data.validation_rooms=[4, 6]", "trainer.devices=2"])
    path = tmp_path / "settings.yaml"
    path.write_text(as_yaml(settings))
    again = run_settings(SELDNET, path)
    assert again == settings
    assert differences(again, settings) == []


def test_differences_are_named() -> None:
    changed = run_settings(SELDNET, None, ["training.epochs=5", "system.dropout=0.1"])
    assert differences(run_settings(SELDNET), changed) == ["system.dropout", "training.epochs"]


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("system.yeer=2024", "did you mean system.year"),
        ("trainer.device=2", "did you mean trainer.devices"),
        ("system.year=2021", "system.year: Invalid value '2021'"),
        ("system.year=2025", "does not go with"),
        ("system.sees=true", "has no eyes"),
        ("system.rnn_size=100", "no multiple of"),
        ("system.dropout=1", "must lie in"),
        ("system.n_filters=0", "must be at least 1"),
        ("system.n_heads=0", "must be at least 1"),
        ("data.workers=-1", "must not be negative"),
        ("data.validation=half", "data.validation: Invalid value"),
    ],
)
def test_what_cannot_be_is_named(assignment: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        run_settings(SELDNET, None, [assignment])
