"""Loaders of training examples, for one process and for several."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from hearsight.errors import InputError
from hearsight.systems import find
from hearsight.training.config import run_settings
from hearsight.training.examples import Batch, Examples
from hearsight.training.machine import make_loaders


class _Numbers(Examples):
    drops_rest = True

    def __len__(self) -> int:
        return 10

    def __getitems__(self, places: Sequence[int]) -> Batch:
        return {"place": torch.tensor(places)}


def loaders(n_ranks: int, batch_size: int) -> tuple[Any, Any]:
    settings = run_settings(find("lvs"), None, (f"training.batch_size={batch_size}",))
    trainer: Any = SimpleNamespace(global_rank=0, world_size=n_ranks, callbacks=[])
    return make_loaders(_Numbers(), settings, trainer, 3)


def test_what_does_not_fill_a_batch_is_left_out() -> None:
    training, validation = loaders(1, 4)
    assert [len(batch["place"]) for batch in training] == [4, 4]
    assert list(validation) == [0, 1, 2]


def test_each_process_must_fill_a_batch() -> None:
    training, _ = loaders(2, 5)
    assert len(training) == 1
    with pytest.raises(InputError, match="each of 3 processes has 4 examples"):
        loaders(3, 5)
