"""Pairs as batches to learn from."""

from __future__ import annotations

import dataclasses
import pickle

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from hearsight.events.sounding import SoundingBoxes
from hearsight.systems import find
from hearsight.systems.heatmap import HeatMapSystem
from hearsight.training.pairs.data import PairExamples

NAMES = ("a", "b", "c")


@dataclasses.dataclass(frozen=True)
class _Drawn:
    """A reader of pairs that are drawn when they are asked for."""

    names: tuple[str, ...] = NAMES

    def picture(self, name: str) -> NDArray[np.uint8]:
        rng = np.random.default_rng(self.names.index(name))
        return rng.integers(0, 256, (3, 90, 120), dtype=np.uint8)

    def sound(self, name: str, sample_rate: int | None = None) -> tuple[NDArray[np.float32], int]:
        rng = np.random.default_rng(self.names.index(name))
        return 0.1 * rng.standard_normal((1, 9000)).astype(np.float32), sample_rate or 8000

    def missing(self, name: str) -> tuple[str, ...]:
        return (name,)


def learning_from(boxes: str) -> HeatMapSystem:
    registration = find("slavc")
    small = dataclasses.replace(registration.small[0], boxes=boxes)
    system: HeatMapSystem = registration.build(small)
    return system


@pytest.mark.parametrize("boxes", ["none", "mended"])
def test_another_process_draws_the_same_batch(boxes: str) -> None:
    truth = {"b": SoundingBoxes(((0.1, 0.2, 0.6, 0.9),))}
    examples = PairExamples(learning_from(boxes), _Drawn(), NAMES, truth, seed=3)
    handed = pickle.dumps(examples)
    assert len(handed) < 10_000  # no network
    places = [0, 4, 8]
    here = examples.__getitems__(places)
    there = pickle.loads(handed).__getitems__(places)  # noqa: S301
    assert here.keys() == there.keys()
    assert ("truth" in here) == (boxes == "mended")
    for name, values in here.items():
        assert torch.equal(values, there[name])


def test_unusable_boxes_are_not_known() -> None:
    truth = {"a": SoundingBoxes(((0.1, 0.2, 0.6, 0.9),)), "b": SoundingBoxes(((0.5, 0, 0.2, 1),))}
    examples = PairExamples(learning_from("mended"), _Drawn(), NAMES, truth, seed=0)
    assert examples.__getitems__([0, 1, 2])["is_known"].tolist() == [True, False, False]
