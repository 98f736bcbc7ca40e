"""Reading pairs of picture and sound: from folders, shards and an LMDB, as epochs do, in no order.

What is read is what a network is given: the decoded picture and its sound; then it is made into
squares and spectrograms, which `training.pairs` does in as many processes as are asked for.
"""

from __future__ import annotations

import multiprocessing
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.loading import MOST_TIMES_MEMORY, seconds, stepper
from benchmarks.measuring import Row
from hearsight.datasets.pairs import PairReader, open_pairs
from hearsight.datasets.pairs.writing import ShardSettings, write_shards
from hearsight.recording.audio import write_audio
from hearsight.systems import find
from hearsight.training.pairs.data import PairExamples

PAIRS, SECONDS, RATE = 400, 10, 16_000
BATCH, ROUNDS = 8, 3
WORKERS = (0, 2)


def corpus(root: Path) -> None:
    """Write pairs as published ones are: 640 x 360 pixels, ten seconds at 16 kHz."""
    rng = np.random.default_rng(0)
    time_s = np.arange(SECONDS * RATE) / RATE
    (root / "frames").mkdir(parents=True)
    for number in range(PAIRS):
        blotches = rng.integers(0, 255, (23, 40, 3), np.uint8)
        picture = Image.fromarray(blotches).resize((640, 360), Image.Resampling.BICUBIC)
        picture.save(root / f"frames/{number:04d}.jpg", quality=90)
        tone = 0.3 * np.sin(2 * np.pi * (200 + number) * time_s)
        noise = 0.05 * rng.standard_normal(len(tone))
        write_audio(root / f"audio/{number:04d}.wav", (tone + noise)[None].astype("f4"), RATE)


def read(reader: PairReader, names: list[str]) -> int:
    """Read pairs; return how many bytes were decoded."""
    return sum(reader.picture(name).nbytes + reader.sound(name)[0].nbytes for name in names)


def pairs_per_second(reader: PairReader, workers: int) -> float:
    """Read all pairs once, in no order, in this process or in others."""
    names = np.random.default_rng(0).permutation(reader.names).tolist()
    if workers == 0:
        begin = time.perf_counter()
        read(reader, names)
        return len(names) / (time.perf_counter() - begin)
    parts = [(reader, names[start::20]) for start in range(20)]
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        pool.starmap(read, [(reader, names[:1])] * workers)  # until all are up
        begin = time.perf_counter()
        pool.starmap(read, parts, chunksize=1)
        return len(names) / (time.perf_counter() - begin)


def waiting(reader: PairReader) -> tuple[float, float, float]:
    """Train visual context as published; return seconds of loading and of a step, and the ratio.

    The ratio is that of a step whose pairs are read first to one on pairs at hand, in turns. They
    are read by this process: what `data.workers` takes off comes on top.
    """
    registration = find("visual-context")
    system = registration.build(registration.settings())
    examples = PairExamples(system, reader, reader.names, {}, seed=0)
    at_hand, step = examples.__getitems__(range(BATCH)), stepper(system)
    step(at_hand)
    times = []
    for number in range(ROUNDS):
        places = range((number + 1) * BATCH, (number + 2) * BATCH)
        in_memory = seconds(lambda: step(at_hand))
        with_loading = seconds(lambda places=places: step(examples.__getitems__(places)))
        loading = seconds(lambda places=places: examples.__getitems__(places))
        times.append((loading, in_memory, with_loading / in_memory))
    loading, in_memory, ratio = (statistics.median(column) for column in zip(*times, strict=True))
    return loading, in_memory, ratio


def rows(folder: Path) -> Iterator[Row]:
    root = folder / "pairs"
    corpus(root)
    source = open_pairs(root).reader
    kinds = {
        "folders of .jpg and .wav": source,
        "shards, whole sounds": ShardSettings(),
        "shards, 3 s of each sound": ShardSettings(duration=3.0),
    }
    for place, (kind, stored) in enumerate(kinds.items()):
        reader = source
        if isinstance(stored, ShardSettings):
            list(write_shards(source, source.names, folder / f"shards{place}", stored))
            reader = open_pairs(folder / f"shards{place}").reader
        alone, together = (pairs_per_second(reader, workers) for workers in WORKERS)
        yield Row(
            f"reading {PAIRS} pairs from {kind}",
            f"{alone:.0f} pairs a second, {together:.0f} in {WORKERS[1]} processes",
            f"{together / alone:.1f} x",
            "",
        )
    loading, step, ratio = waiting(source)
    yield Row(
        f"training step of visual context as published, {BATCH} pairs from folders, with loading",
        f"{1e3 * step:.0f} ms and {1e3 * loading:.0f} ms of loading",
        f"{ratio:.2f} x",
        f"at most {MOST_TIMES_MEMORY:g} x data in memory",
    )
