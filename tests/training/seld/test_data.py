from __future__ import annotations

import itertools
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from hearsight.augment.swaps import FoaSwaps
from hearsight.datasets import open_dataset
from hearsight.errors import DatasetError, InputError
from hearsight.features.intensity import LogIntensity
from hearsight.features.store import FeatureStore
from hearsight.systems import find
from hearsight.systems.seld import SeldSystem
from hearsight.training.config import run_settings
from hearsight.training.examples import EpochOrder
from hearsight.training.machine import make_loaders
from hearsight.training.material import seeded_system
from hearsight.training.seld.data import SparseTarget, Windows, split
from hearsight.training.seld.prepare import fit_statistics, prepare, store_of
from hearsight.training.seld.settings import Order, SeldData
from training.conftest import SMALL


@pytest.fixture(scope="module")
def system_and_store(corpus: Path) -> tuple[SeldSystem, FeatureStore]:
    system = seeded_system(find("seldnet"), run_settings(find("seldnet"), None, SMALL))
    recordings = open_dataset(corpus, "foa").recordings
    store = store_of(corpus / "features", system)
    prepare(system, recordings, store)
    return system.with_statistics(fit_statistics(recordings, store)), store


def test_a_sparse_target_is_the_target() -> None:
    rng = np.random.default_rng(0)
    target = rng.standard_normal((20, 2, 3)) * (rng.random((20, 2, 3)) < 0.3)
    sparse = SparseTarget(target)
    for start in (0, 3, 15, 19, 25):
        window = np.zeros((8, 2, 3), np.float32)
        sparse.fill(window, start)
        expected = np.zeros((8, 2, 3), np.float32)
        known = target[start : start + 8]
        expected[: len(known)] = known
        assert np.array_equal(window, expected)


def test_windows_hold_what_is_stored(
    corpus: Path, system_and_store: tuple[SeldSystem, FeatureStore]
) -> None:
    system, store = system_and_store
    recordings = open_dataset(corpus, "foa").recordings
    windows = Windows(system, recordings, store)
    assert len(windows) == 8 * 4  # 4 s in windows of 1 s
    batch = windows.__getitems__([1, 30])
    assert batch["audio"].shape == (2, 7, 50, 64)
    for row, index in enumerate((1, 30)):
        window = windows.windows[index]
        listed = recordings[window.recording]
        features = store.read(listed.name).transpose(0, 1)
        piece = features[:, 5 * window.start : 5 * window.start + 50]
        assert torch.equal(batch["audio"][row], system.normalize(piece))
        target = system.codec.encode(listed.events(system.labels), 40)
        wanted = torch.from_numpy(target[window.start : window.start + 10]).float()
        assert torch.equal(batch["target"][row], wanted)
    assert torch.equal(windows[30]["audio"], batch["audio"][1])


def test_a_recording_shorter_than_a_window_is_followed_by_silence(
    corpus: Path, system_and_store: tuple[SeldSystem, FeatureStore]
) -> None:
    system, store = system_and_store
    long = seeded_system(find("seldnet"), run_settings(find("seldnet"), None, [*SMALL[:3]]))
    assert system.statistics is not None
    windows = Windows(
        long.with_statistics(system.statistics), open_dataset(corpus, "foa").recordings, store
    )
    assert len(windows) == 8
    batch = windows[0]
    assert batch["audio"].shape == (7, 250, 64)
    assert not batch["audio"][:, 200:].any()
    assert not batch["target"][40:].any()
    assert batch["audio"][:, :200].any()


def test_hops_shorter_than_a_window(
    corpus: Path, system_and_store: tuple[SeldSystem, FeatureStore]
) -> None:
    windows = Windows(
        system_and_store[0], open_dataset(corpus, "foa").recordings[:1], system_and_store[1], hop=4
    )
    assert [window.start for window in windows.windows] == [0, 4, 8, 12, 16, 20, 24, 28]


def test_swaps_are_another_in_each_epoch_and_the_same_when_repeated(
    corpus: Path, system_and_store: tuple[SeldSystem, FeatureStore]
) -> None:
    system, store = system_and_store
    assert isinstance(system.feature, LogIntensity)
    windows = Windows(
        system,
        open_dataset(corpus, "foa").recordings,
        store,
        augmentations=[FoaSwaps(system.feature)],
    )
    places = list(range(8))
    first, again = windows.__getitems__(places), windows.__getitems__(places)
    later = windows.__getitems__([place + len(windows) for place in places])
    assert torch.equal(first["audio"], again["audio"])
    assert not torch.equal(first["audio"], later["audio"])
    assert not torch.equal(first["target"], later["target"])
    assert torch.allclose(first["target"].square().sum(), later["target"].square().sum())


def order_of(windows: Windows, epoch: int, rank: int = 0, n: int = 1) -> list[int]:
    sampler = EpochOrder(windows, 3, rank, n)
    sampler.set_epoch(epoch)
    return list(sampler)


@pytest.mark.parametrize("order", ["shuffled", "files"])
def test_each_epoch_sees_every_window_once(
    corpus: Path, system_and_store: tuple[SeldSystem, FeatureStore], order: Order
) -> None:
    system, store = system_and_store
    windows = Windows(system, open_dataset(corpus, "foa").recordings, store, order=order)
    n = len(windows)
    first, second = order_of(windows, 0), order_of(windows, 1)
    assert sorted(first) == list(range(n))
    assert sorted(second) == list(range(n, 2 * n))
    assert [place % n for place in second] != first
    assert order_of(windows, 1) == second
    if order == "files":
        recordings = [windows.windows[place].recording for place in first]
        assert sum(a != b for a, b in itertools.pairwise(recordings)) == 7
        starts = [windows.windows[place].start for place in first]
        assert starts == [0, 10, 20, 30] * 8


def test_processes_share_the_windows(
    corpus: Path, system_and_store: tuple[SeldSystem, FeatureStore]
) -> None:
    windows = Windows(
        system_and_store[0], open_dataset(corpus, "foa").recordings, system_and_store[1]
    )
    shares = [order_of(windows, 2, rank, 3) for rank in range(3)]
    assert {len(share) for share in shares} == {11}
    n = len(windows)
    assert {place % n for share in shares for place in share} == set(range(n))


@pytest.mark.parametrize(("n_validation", "n_ranks"), [(5, 2), (2, 3), (4, 1)])
def test_loaders_give_each_process_its_share(
    corpus: Path,
    system_and_store: tuple[SeldSystem, FeatureStore],
    n_validation: int,
    n_ranks: int,
) -> None:
    windows = Windows(
        system_and_store[0], open_dataset(corpus, "foa").recordings, system_and_store[1]
    )
    settings = run_settings(find("seldnet"), None, SMALL)
    learned, judged = [], []
    for rank in range(n_ranks):
        trainer: Any = SimpleNamespace(global_rank=rank, world_size=n_ranks, callbacks=[])
        training, validation = make_loaders(windows, settings, trainer, n_validation)
        assert sum(len(batch["audio"]) for batch in training) == -(-len(windows) // n_ranks)
        learned.extend(training.sampler)
        judged.append(list(validation))
    assert set(learned) == set(range(len(windows)))
    assert all(judged)
    assert {place for share in judged for place in share} == set(range(n_validation))


def test_rooms_are_held_out(corpus: Path) -> None:
    recordings = open_dataset(corpus, "foa").recordings
    parts = split(recordings, SeldData())
    held = {each.room for each in parts.validation}
    assert held
    assert not held & {each.room for each in parts.train}
    assert {each.split for each in (*parts.train, *parts.validation)} == {"train"}
    chosen = split(recordings, SeldData(validation_rooms=(22,)))
    assert {each.room for each in chosen.validation} == {22}
    official = split(recordings, SeldData(validation="test"))
    assert {each.split for each in official.validation} == {"test"}
    same = split(recordings, SeldData(validation="train"))
    assert same.train == same.validation


def test_rooms_that_cannot_be_held_out(corpus: Path) -> None:
    recordings = open_dataset(corpus, "foa").recordings
    with pytest.raises(InputError, match="no room 99"):
        split(recordings, SeldData(validation_rooms=(99,)))
    rooms = tuple({each.room for each in recordings if each.split == "train"})
    with pytest.raises(DatasetError, match="some must be held out"):
        split(recordings, SeldData(validation_rooms=rooms))
    only_test = [each for each in recordings if each.split == "test"]
    with pytest.raises(DatasetError, match="training split"):
        split(only_test, SeldData())
    only_train = [each for each in recordings if each.split == "train"]
    with pytest.raises(DatasetError, match=r"data\.validation=rooms"):
        split(only_train, SeldData(validation="test"))
