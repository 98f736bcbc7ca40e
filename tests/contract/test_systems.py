"""What every registered system promises; a new one is covered the day it is registered."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import torch

from contract import clip_systems, heatmap_systems, seld_systems
from hearsight.errors import WeightsError
from hearsight.systems import find, names
from hearsight.systems.heatmap import HeatMapSystem
from hearsight.systems.matching import MatchingSystem
from hearsight.systems.registry import Registration
from hearsight.systems.segments import SegmentSystem
from hearsight.systems.seld import SeldSystem
from hearsight.systems.settings import as_yaml, changed, read_changes
from hearsight.training.config import RunSettings
from hearsight.training.fit import train
from hearsight.training.material import seeded_system
from hearsight.weights.store import load_system, save_system

Built = SeldSystem | HeatMapSystem | SegmentSystem | MatchingSystem

GIVEN: dict[Any, Any] = {
    SeldSystem: seld_systems,
    HeatMapSystem: heatmap_systems,
    SegmentSystem: clip_systems,
    MatchingSystem: clip_systems,
}
"""What each kind of system is given here."""


@dataclasses.dataclass(frozen=True)
class Run:
    """The section of a configuration that says what is trained."""

    system: Any


DOCS = Path(__file__).parents[2] / "docs" / "systems"

assert names()


KINDS = [(name, kind) for name in names() for kind in range(len(find(name).small))]


def of_kind(kind: type) -> list[Any]:
    """Return the small variants of all systems of a kind, for `parametrize`."""
    return [each for each in KINDS if find(each[0]).kind is kind]


def told(kind: tuple[str, int]) -> str:
    return f"{kind[0]}-{kind[1]}"


@pytest.fixture(params=names())
def registration(request: pytest.FixtureRequest) -> Registration:
    return find(request.param)


def built(name: str, kind: int) -> Built:
    registration = find(name)
    small = registration.small[kind]
    system: Built = seeded_system(registration, RunSettings.of(registration, small))
    if isinstance(system, SeldSystem):
        return seld_systems.prepared(system)
    return system


@pytest.fixture(params=KINDS, ids=told)
def system(request: pytest.FixtureRequest) -> Built:
    return built(*request.param)


@pytest.fixture(params=of_kind(SeldSystem), ids=told)
def seld_system(request: pytest.FixtureRequest) -> Built:
    return built(*request.param)


@pytest.fixture(params=of_kind(HeatMapSystem), ids=told)
def heatmap_system(request: pytest.FixtureRequest) -> Built:
    return built(*request.param)


def batch_of(system: Built, n_examples: int = 2) -> dict[str, torch.Tensor]:
    batch: dict[str, torch.Tensor] = GIVEN[type(system)].batch_of(system, n_examples)
    return batch


def output_of(system: Built, batch: dict[str, torch.Tensor]) -> torch.Tensor:
    if isinstance(system, SeldSystem):
        return system.output(batch)
    if isinstance(system, HeatMapSystem):
        return system.maps(batch["picture"], batch["sound"])
    if isinstance(system, SegmentSystem):
        return system.answer(batch["video"], batch["audio"]).probabilities
    return system.network(batch["video"], batch["audio"]).own()


def test_output_is_what_the_codec_decodes(seld_system: SeldSystem) -> None:
    output = seld_system.output(seld_systems.batch_of(seld_system, 3))
    assert output.shape[:2] == (3, seld_system.n_window)
    events = seld_system.codec.decode(output[0].detach().numpy())
    assert events.labels == seld_system.labels


def test_targets_are_decoded_to_the_truth(seld_system: SeldSystem) -> None:
    target = seld_system.codec.encode(seld_systems.truth(seld_system), seld_system.n_window)
    found = [(e.label, e.onset, e.offset) for e in seld_system.codec.decode(target)]
    assert sorted(found) == sorted(
        (e.label, e.onset, e.offset) for e in seld_systems.truth(seld_system)
    )


def test_finite_gradients_reach_every_weight(system: Built) -> None:
    system.network.train()
    system.loss(batch_of(system)).backward()
    for name, weight in system.network.named_parameters():
        if not weight.requires_grad:
            continue
        assert weight.grad is not None, name
        assert weight.grad.isfinite().all(), name
        assert weight.grad.any(), name


def test_predictions_do_not_depend_on_the_batch(system: Built) -> None:
    batch = batch_of(system, 3)
    system.network.eval()
    with torch.inference_mode():
        together, again = output_of(system, batch), output_of(system, batch)
        parts = [{k: v[i : i + 1] for k, v in batch.items()} for i in range(len(together))]
        alone = [output_of(system, part) for part in parts]
    assert torch.equal(together, again)
    torch.testing.assert_close(torch.cat(alone), together, rtol=1e-4, atol=1e-5)


def test_a_few_steps_lower_the_loss(system: Built) -> None:
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


def test_maps_lie_between_0_and_1(heatmap_system: HeatMapSystem) -> None:
    heatmap_system.network.eval()
    maps = output_of(heatmap_system, batch_of(heatmap_system, 3))
    assert len(maps) == 3
    assert maps.ndim == 3
    assert ((maps >= 0.0) & (maps <= 1.0)).all()


def test_saved_and_loaded_it_says_the_same(system: Built, tmp_path: Path) -> None:
    save_system(tmp_path / "w", system, scores={"f_score": 0.5}, origin={"data": "none"})
    loaded = load_system(tmp_path / "w")
    assert loaded.settings == system.settings
    assert loaded.labels == system.labels
    batch = batch_of(system)
    system.network.eval()
    with torch.inference_mode():
        assert torch.equal(output_of(loaded, batch), output_of(system, batch))


def test_weights_of_another_size_are_refused(system: Built, tmp_path: Path) -> None:
    save_system(tmp_path / "w", system)
    registration = find(system.name)
    other = registration.build(registration.settings())
    save_system(tmp_path / "other", other)
    (tmp_path / "other" / "weights.safetensors").replace(tmp_path / "w" / "weights.safetensors")
    with pytest.raises(WeightsError, match="does not fit"):
        load_system(tmp_path / "w")


def test_settings_are_read_back(system: Built, tmp_path: Path) -> None:
    path = tmp_path / "settings.yaml"
    path.write_text(as_yaml(system.settings))
    assert changed(find(system.name).settings(), read_changes(path)) == system.settings


def test_it_has_a_page(registration: Registration) -> None:
    page = DOCS / f"{registration.name}.md"
    assert registration.paper.split(";")[0].split(",")[0] in page.read_text(encoding="utf-8")


@pytest.mark.slow
def test_it_learns_a_scene_by_heart(registration: Registration, tmp_path: Path) -> None:
    kind = GIVEN[registration.kind]
    kind.write_set(tmp_path / "set")
    config = tmp_path / "small.yaml"
    config.write_text(as_yaml(Run(registration.small[0])))
    changes = (*kind.by_heart(registration.name), "data.validation=train")
    done = train(
        registration.name, tmp_path / "set", out=tmp_path / "run", config=config, changes=changes
    )
    score = done.scores[kind.metric(registration.name)]
    assert score is not None
    assert score > 0.9
