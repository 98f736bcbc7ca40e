"""How long a training step waits for its data: SELDnet with stored features, and with data at hand.

Features are read without processes of their own, one step after the other, single thread: what
`data.workers` takes off the step comes on top. The files are in the memory of the system, as those
of ten hours of sound (3.2 GB) are after the first epoch.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from benchmarks.measuring import Row
from hearsight.datasets.listing import Listed
from hearsight.features.store import FeatureStore
from hearsight.systems import find
from hearsight.systems.seld import SeldSystem
from hearsight.systems.system import System
from hearsight.training.examples import Batch, EpochOrder
from hearsight.training.seld.data import Windows
from hearsight.training.seld.prepare import fit_statistics, store_of

RECORDINGS, DURATION_S, BATCH = 32, 60, 32
MOST_TIMES_MEMORY = 1.1


@dataclass(frozen=True)
class Times:
    """Median seconds of loading a batch, of a step on it, and of reading all; and the ratio."""

    loading: float
    step: float
    ratio: float
    reading: float


def corpus(folder: Path, system: SeldSystem) -> tuple[list[Listed], FeatureStore]:
    """Write features and annotations of half an hour: two sources that are there all the time."""
    store, rng = store_of(folder / "features", system), np.random.default_rng(0)
    folder.mkdir(parents=True, exist_ok=True)
    n_channels, n_bins = 7, system.feature.n_bins
    recordings = []
    for number in range(RECORDINGS):
        name = f"fold3_room1_mix{number:03d}"
        shape = (DURATION_S * 50, n_channels, n_bins)
        store.write(name, torch.from_numpy(rng.standard_normal(shape, np.float32)))
        table = folder / f"{name}.csv"
        angles = rng.integers(-90, 90, (DURATION_S * 10, 2, 2))
        table.write_text(
            "".join(
                f"{frame},{source},{source},{azimuth},{elevation // 2},100\n"
                for frame, pair in enumerate(angles)
                for source, (azimuth, elevation) in enumerate(pair)
            )
        )
        recordings.append(Listed(name, folder / f"{name}.wav", table, None, "train", 1))
    return recordings, store


def seconds(work: Callable[[], object]) -> float:
    """Time one run."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def stepper(system: System) -> Callable[[Batch], None]:
    """Return what a training step does with a batch."""
    optimizer = torch.optim.Adam(system.network.parameters(), 1e-3)

    def step(batch: Batch) -> None:
        optimizer.zero_grad()
        system.loss(batch).backward()
        optimizer.step()

    return step


def measure(folder: Path, n_rounds: int = 7) -> Times:
    """Measure in turns steps on a batch at hand and steps whose batch is read first."""
    registration = find("seldnet")
    system = registration.build(registration.settings())
    recordings, store = corpus(folder, system)
    system = system.with_statistics(fit_statistics(recordings, store))
    windows = Windows(system, recordings, store)
    order = list(EpochOrder(windows, 0))
    batches = [order[start : start + BATCH] for start in range(0, len(order) - BATCH, BATCH)]
    at_hand, step = windows.__getitems__(batches[0]), stepper(system)

    def one_round(places: Sequence[int]) -> tuple[float, float, float]:
        in_memory = seconds(lambda: step(at_hand))
        with_loading = seconds(lambda: step(windows.__getitems__(places)))
        return seconds(lambda: windows.__getitems__(places)), in_memory, with_loading

    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        rounds = [one_round(batches[i % len(batches)]) for i in range(n_rounds + 1)][1:]
        reading = statistics.median(seconds(lambda: _read(store, recordings)) for _ in range(3))
    finally:
        torch.set_num_threads(n_threads)
    loading, in_memory, _ = (statistics.median(column) for column in zip(*rounds, strict=True))
    ratio = statistics.median(each[2] / each[1] for each in rounds)
    return Times(loading, in_memory, ratio, reading)


def _read(store: FeatureStore, recordings: Sequence[Listed]) -> None:
    """Read all windows of a corpus once, in no order."""
    rng = np.random.default_rng(0)
    for place in rng.permutation(RECORDINGS * DURATION_S // 5).tolist():
        recording, start = divmod(place, DURATION_S // 5)
        store.read(recordings[recording].name, start * 250, start * 250 + 250)


def rows(folder: Path) -> Iterator[Row]:
    times = measure(folder / "loading")
    yield Row(
        f"training step of SELDnet, {BATCH} windows of 5 s, with loading",
        f"{1e3 * times.step:.0f} ms and {1e3 * times.loading:.0f} ms of loading",
        f"{times.ratio:.2f} x",
        f"at most {MOST_TIMES_MEMORY:g} x data in memory",
    )
    total_mb = RECORDINGS * DURATION_S * 50 * 7 * 64 * 4 / 1e6
    yield Row(
        f"reading {RECORDINGS * DURATION_S // 60} min of stored features in windows of 5 s",
        f"{1e3 * times.reading:.0f} ms",
        f"{total_mb / times.reading / 1e3:.1f} GB/s",
        "",
    )
