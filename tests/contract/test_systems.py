"""What every registered system promises; a new one is covered the day it is registered."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import torch

from hearsight.errors import WeightsError
from hearsight.events.events import Event, Events, Track
from hearsight.features.normalize import FeatureStatistics
from hearsight.models.blocks.resnet import BasicBlock, ResNet
from hearsight.scenes.planner import SceneSettings
from hearsight.scenes.starss23 import Starss23Settings, write_starss23
from hearsight.systems import find, names
from hearsight.systems.registry import Registration
from hearsight.systems.seld import N_CHANNELS, SeldSystem
from hearsight.systems.settings import as_yaml, changed, read_changes
from hearsight.training.config import RunSettings
from hearsight.training.fit import train
from hearsight.training.material import seeded_system
from hearsight.weights.store import load_system, save_system


@dataclasses.dataclass(frozen=True)
class Run:
    """The section of a configuration that says what is trained."""

    system: Any


DOCS = Path(__file__).parents[2] / "docs" / "systems"

assert names()


KINDS = [(name, kind) for name in names() for kind in range(len(find(name).small))]


@pytest.fixture(params=names())
def registration(request: pytest.FixtureRequest) -> Registration:
    return find(request.param)


@pytest.fixture(params=KINDS, ids=lambda kind: f"{kind[0]}-{kind[1]}")
def system(request: pytest.FixtureRequest) -> SeldSystem:
    name, kind = request.param
    registration = find(name)
    small = registration.small[kind]
    built = seeded_system(registration, RunSettings(small, registration.training(small)))
    noise = torch.randn(4, N_CHANNELS[built.audio_format], built.sample_rate)
    known = built.with_statistics(FeatureStatistics.of(built.feature(0.1 * noise)))
    return known.with_eyes(ResNet(BasicBlock, (1, 1, 1, 1), 2).eval()) if built.sees else known


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


def test_output_is_what_the_codec_decodes(system: SeldSystem) -> None:
    output = system.output(batch_of(system, 3))
    assert output.shape[:2] == (3, system.n_window)
    events = system.codec.decode(output[0].detach().numpy())
    assert events.labels == system.labels


def test_targets_are_decoded_to_the_truth(system: SeldSystem) -> None:
    target = system.codec.encode(truth(system), system.n_window)
    found = [(e.label, e.onset, e.offset) for e in system.codec.decode(target)]
    assert sorted(found) == sorted((e.label, e.onset, e.offset) for e in truth(system))


def test_finite_gradients_reach_every_weight(system: SeldSystem) -> None:
    system.network.train()
    system.loss(batch_of(system)).backward()
    for name, weight in system.network.named_parameters():
        assert weight.grad is not None, name
        assert weight.grad.isfinite().all(), name
        assert weight.grad.any(), name


def test_predictions_do_not_depend_on_the_batch(system: SeldSystem) -> None:
    batch = batch_of(system, 3)
    system.network.eval()
    with torch.inference_mode():
        together, again = system.output(batch), system.output(batch)
        alone = [system.output({k: v[i : i + 1] for k, v in batch.items()}) for i in range(3)]
    assert torch.equal(together, again)
    torch.testing.assert_close(torch.cat(alone), together, rtol=1e-4, atol=1e-5)


def test_a_few_steps_lower_the_loss(system: SeldSystem) -> None:
    batch = batch_of(system)
    optimizer = torch.optim.Adam(system.network.parameters(), 3e-3)
    losses = []
    for _ in range(20):
        optimizer.zero_grad()
        loss = system.loss(batch)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.7 * losses[0]


def test_saved_and_loaded_it_says_the_same(system: SeldSystem, tmp_path: Path) -> None:
    save_system(tmp_path / "w", system, scores={"f_score": 0.5}, origin={"data": "none"})
    loaded = load_system(tmp_path / "w")
    assert loaded.settings == system.settings
    assert loaded.labels == system.labels
    batch = batch_of(system)
    system.network.eval()
    with torch.inference_mode():
        assert torch.equal(loaded.output(batch), system.output(batch))


def test_weights_of_another_size_are_refused(system: SeldSystem, tmp_path: Path) -> None:
    save_system(tmp_path / "w", system)
    registration = find(system.name)
    other = registration.build(registration.settings())
    save_system(tmp_path / "other", other)
    (tmp_path / "other" / "weights.safetensors").replace(tmp_path / "w" / "weights.safetensors")
    with pytest.raises(WeightsError, match="does not fit"):
        load_system(tmp_path / "w")


def test_settings_are_read_back(system: SeldSystem, tmp_path: Path) -> None:
    path = tmp_path / "settings.yaml"
    path.write_text(as_yaml(system.settings))
    assert changed(find(system.name).settings(), read_changes(path)) == system.settings


def test_it_has_a_page(registration: Registration) -> None:
    page = DOCS / f"{registration.name}.md"
    assert registration.paper.split(";")[0].split(",")[0] in page.read_text(encoding="utf-8")


@pytest.mark.slow
def test_it_learns_a_scene_by_heart(registration: Registration, tmp_path: Path) -> None:
    scene = SceneSettings(duration=4.0, n_sources=3, max_polyphony=2, n_silent=0)
    for _ in write_starss23(tmp_path / "set", 1, Starss23Settings(scene, kinds=("foa",))):
        pass
    config = tmp_path / "small.yaml"
    config.write_text(as_yaml(Run(registration.small[0])))
    changes = ["training.epochs=150", "training.batch_size=4", "training.learning_rate=0.01"]
    changes += ["training.validate_every=50", "data.validation=train"]
    done = train(
        registration.name,
        tmp_path / "set",
        out=tmp_path / "run",
        config=config,
        changes=tuple(changes),
    )
    assert done.scores["f_score"] > 0.9
