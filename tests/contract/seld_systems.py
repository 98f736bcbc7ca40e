"""What systems that hear events and directions are given in tests."""

from __future__ import annotations

from pathlib import Path

import torch

from hearsight.events.events import Event, Events, Track
from hearsight.features.normalize import FeatureStatistics
from hearsight.models.blocks.resnet import BasicBlock, ResNet
from hearsight.scenes.planner import SceneSettings
from hearsight.scenes.starss23 import Starss23Settings, write_starss23
from hearsight.systems.seld import N_CHANNELS, SeldSystem

BY_HEART = (
    "training.epochs=150",
    "training.batch_size=4",
    "training.learning_rate=0.01",
    "training.validate_every=50",
)


def metric(name: str) -> str:
    """Return the score by which a system has learned by heart."""
    del name
    return "f_score"


def by_heart(name: str) -> tuple[str, ...]:
    """Return the settings by which any system learns the set of `write_set`."""
    del name
    return BY_HEART


def write_set(folder: Path) -> None:
    """Write one recording to learn."""
    scene = SceneSettings(duration=4.0, n_sources=3, max_polyphony=2, n_silent=0)
    for _ in write_starss23(folder, 1, Starss23Settings(scene, kinds=("foa",))):
        pass


def prepared(system: SeldSystem) -> SeldSystem:
    """Return a system with statistics of noise, and eyes if it sees."""
    noise = torch.randn(4, N_CHANNELS[system.audio_format], system.sample_rate)
    known = system.with_statistics(FeatureStatistics.of(system.feature(0.1 * noise)))
    return known.with_eyes(ResNet(BasicBlock, (1, 1, 1, 1), 2).eval()) if system.sees else known


def truth(system: SeldSystem) -> Events:
    first, last = system.labels[0], system.labels[-1]
    return Events(
        [
            Event(first, 0.0, 0.5, track=Track([0.1 * k for k in range(5)], [30] * 5, [10] * 5)),
            Event(last, 0.2, 0.4, track=Track([0.2, 0.3], [-70, -70], [0, 0])),
        ],
        labels=system.labels,
    )


def batch_of(system: SeldSystem, n_examples: int = 2) -> dict[str, torch.Tensor]:
    n_samples = system.n_window * system.label_samples
    generator = torch.Generator().manual_seed(0)
    shape = (n_examples, N_CHANNELS[system.audio_format], n_samples)
    features = system.feature(0.1 * torch.randn(shape, generator=generator))
    audio = system.normalize(features)[:, :, : system.n_window_frames]
    target = torch.from_numpy(system.codec.encode(truth(system), system.n_window)).float()
    batch = {"audio": audio, "target": torch.stack([target] * n_examples)}
    if system.sees:
        batch["video"] = torch.randn(n_examples, system.n_window, 7, 7, generator=generator)
    return batch
