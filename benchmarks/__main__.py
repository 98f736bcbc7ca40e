"""Print the speed table: `python -m benchmarks`. Takes some minutes; all rows are of one run."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import locating, memory, start_up
from benchmarks.measuring import Row


def rows(folder: Path) -> Iterator[Row]:
    yield from start_up.rows()
    yield from locating.rows(folder)
    yield from memory.rows(folder)
    # Only now may this process grow (see `measuring.run_python`): these bring torch.
    from benchmarks import features, heatmaps, loading, losses, metrics, pairs, spectrogram

    yield from features.rows()
    yield from spectrogram.rows()
    yield from losses.rows()
    yield from metrics.rows()
    yield from heatmaps.rows()
    yield from loading.rows(folder)
    yield from pairs.rows(folder)


def main() -> None:
    console = Console()
    if not console.is_terminal:
        console.width = 120  # a file or pipe has no edge to wrap a table at
    table = Table("work", "measured", "ratio", "to reach")
    with (
        tempfile.TemporaryDirectory(prefix="hearsight-bench-") as name,
        console.status("measuring") as status,
    ):
        for row in rows(Path(name)):
            table.add_row(row.work, row.measured, row.ratio, row.to_reach)
            status.update(f"measured: {row.work}")
    console.print(table)


if __name__ == "__main__":
    main()
