"""How long judging 5,000 heat maps takes: every threshold, floors, ceilings and intervals."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np

from benchmarks.measuring import Row
from hearsight.events.sounding import SoundingBoxes
from hearsight.metrics.heatmaps.judge import judge_maps

N_MAPS = 5000
CELLS = 14  # a side, as LVS and the network of visual context have them
MOST_SECONDS = 30.0


def measure(n_maps: int = N_MAPS) -> float:
    """Return the seconds in which one process judges maps of 14 x 14 cells at 224 x 224 pixels."""
    random = np.random.default_rng(0)
    corners = np.sort(random.random((n_maps, 2, 2)), axis=1)
    truths = {
        f"picture{index:05d}": SoundingBoxes(((*low, *high),))
        for index, (low, high) in enumerate(corners.tolist())
    }
    maps = ((name, random.uniform(-1.0, 1.0, (CELLS, CELLS))) for name in truths)
    begin = time.perf_counter()
    judge_maps(maps, truths, universal=0.5).to_dict()
    return time.perf_counter() - begin


def rows() -> Iterator[Row]:
    seconds = measure()
    yield Row(
        f"{N_MAPS:,} heat maps judged by all thresholds, with floors and intervals",
        f"{seconds:.1f} s",
        f"{1e3 * seconds / N_MAPS:.1f} ms a map",
        f"at most {MOST_SECONDS:.0f} s",
    )


def main() -> None:
    print(f"{N_MAPS:,} heat maps: {measure():.1f} s (at most {MOST_SECONDS:.0f})")


if __name__ == "__main__":
    main()
