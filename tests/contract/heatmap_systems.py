"""What systems that draw heat maps are given in tests."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from hearsight.scenes.pair_sets import PairSetSettings, write_pairs
from hearsight.systems.heatmap import HeatMapSystem

BY_HEART = (
    "training.batch_size=16",
    "training.learning_rate=0.003",
    "training.metric=matching",
)
EPOCHS = {"ez-vsl": 60, "fnac": 80, "slavc": 120}
"""To learn 16 pairs by heart, 40 for others: contrast losses and slow copies take longer."""


def metric(name: str) -> str:
    """Return the score by which a system has learned by heart."""
    del name
    return "matching"


def by_heart(name: str) -> tuple[str, ...]:
    """Return the settings by which a system learns the set of `write_set`."""
    epochs = EPOCHS.get(name, 40)
    return (*BY_HEART, f"training.epochs={epochs}", f"training.validate_every={epochs}")


def write_set(folder: Path) -> None:
    """Write a batch of pairs to learn."""
    for _ in write_pairs(folder, PairSetSettings(n_train=16, n_test=1, size_px=64)):
        pass


def batch_of(system: HeatMapSystem, n_examples: int = 2) -> dict[str, torch.Tensor]:
    """Return pictures with a bright spot each, and the noise of another spectrum that it makes."""
    rng = np.random.default_rng(0)
    rate = system.sound_input.sample_rate or 16000
    pictures, sounds = [], []
    for index in range(n_examples):
        picture = rng.integers(0, 90, (3, 80, 100), dtype=np.uint8)
        picture[index % 3, 20:50, 10 + 20 * index : 40 + 20 * index] = 250
        time = np.arange(2 * rate) / rate
        tone = np.sin(2 * np.pi * 300.0 * (index + 1) * time) + 0.1 * rng.standard_normal(2 * rate)
        pictures.append(system.picture_fit(picture))
        sounds.append(system.sound_input(0.3 * tone.astype(np.float32), rate))
    if system.rejects_from is not None:
        noise = rng.standard_normal(2 * rate).astype(np.float32)
        sounds += [system.sound_input(each, rate) for each in (0.0 * noise, noise)]
    truth = torch.zeros(n_examples, 224, 224)
    truth[:, 50:150, 50:150] = 1.0
    return {
        "picture": torch.stack(pictures),
        "sound": torch.stack(sounds),
        "truth": truth,
        "is_known": torch.ones(n_examples, dtype=torch.bool),
    }
