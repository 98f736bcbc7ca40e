"""How long SELD scores of fifty minutes take, beside reading the same files with the csv module."""

from __future__ import annotations

import csv
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from benchmarks.measuring import Row
from hearsight.events.classes import DCASE_2022
from hearsight.events.events import Event, Events, Track
from hearsight.events.formats.dcase import write_dcase
from hearsight.metrics.seld import seld_scores

N_RECORDINGS = 50
N_EVENTS = 34  # of 20 to 40 label frames: about 1,000 rows a minute
MOST_TIMES_CSV = 5.0


def minute(random: np.random.Generator) -> Events:
    """Return a minute of events that move, several of one class at once."""
    events = []
    for source in range(N_EVENTS):
        n = int(random.integers(20, 40))
        first = int(random.integers(0, 600 - n))
        azimuth = random.uniform(-180, 180) + np.cumsum(random.normal(0, 1, n))
        elevation = np.full(n, random.uniform(-40, 40))
        track = Track((first + np.arange(n)) / 10, azimuth, elevation, random.uniform(1, 4, n))
        label = DCASE_2022[random.integers(6)]
        events.append(Event(label, first / 10, (first + n) / 10, track=track, source=source))
    return Events(events, DCASE_2022, 60.0)


def misheard(events: Events, random: np.random.Generator) -> Events:
    """Return the events with gaps, and directions and distances that are somewhat off."""
    heard = []
    for event in events:
        track = event.track
        assert track is not None
        kept = random.random(len(track)) < 0.85
        kept[0] = True
        azimuth = track.azimuth[kept] + random.normal(0, 12, int(kept.sum()))
        moved = Track(track.times[kept], azimuth, track.elevation[kept], 1.1 * track.distance[kept])
        heard.append(
            Event(event.label, event.onset, event.offset, track=moved, source=event.source)
        )
    return Events(heard, events.labels, events.duration)


def read_all(files: list[Path]) -> list[list[list[str]]]:
    """Read tables as lists of fields, nothing more."""
    tables = []
    for path in files:
        with path.open(newline="") as stream:
            tables.append(list(csv.reader(stream)))
    return tables


def seconds(work: Callable[[], object], n_rounds: int) -> float:
    """Return the shortest of several runs."""
    times = []
    for _ in range(n_rounds):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return min(times)


def measure(n_rounds: int = 5) -> dict[str, float]:
    """Return the seconds of reading, and of scores with jackknife intervals by every year."""
    random = np.random.default_rng(0)
    truth = {f"fold4_room{i % 7}_mix{i:03d}": minute(random) for i in range(N_RECORDINGS)}
    heard = {name: misheard(events, random) for name, events in truth.items()}
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for side, recordings in (("truth", truth), ("heard", heard)):
            for name, events in recordings.items():
                files.append(Path(folder) / f"{side}_{name}.csv")
                write_dcase(events, files[-1], year=2024)
        times = {"csv module": seconds(lambda: read_all(files), n_rounds)}

    def score(year: int) -> Callable[[], object]:
        return lambda: seld_scores(truth, heard, year=year, interval="jackknife")

    times |= {f"scores of {year}": seconds(score(year), n_rounds) for year in range(2019, 2026)}
    return times


def rows() -> Iterator[Row]:
    times = measure()
    reading, scoring = times["csv module"], times["scores of 2024"]
    yield Row(
        "SELD scores of 50 minutes with jackknife intervals (2024)",
        f"{1e3 * scoring:.0f} ms (reading {1e3 * reading:.0f} ms)",
        f"{scoring / reading:.1f} x",
        f"at most {MOST_TIMES_CSV} x reading by csv",
    )


def main() -> None:
    times = measure()
    reading = times["csv module"]
    for work, spent in times.items():
        print(
            f"{work:16} {1000 * spent:7.1f} ms  {spent / reading:5.2f} x (at most {MOST_TIMES_CSV})"
        )


if __name__ == "__main__":
    main()
