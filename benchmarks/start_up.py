"""How long it takes until anything happens."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.measuring import Row, median_seconds


def rows() -> Iterator[Row]:
    nothing, numpy, package, command = median_seconds(
        ("-c", "pass"),
        ("-c", "import numpy"),
        ("-c", "import hearsight"),
        ("-m", "hearsight", "--help"),
    )
    for work, seconds, to_reach in (
        ("python -c pass", nothing, ""),
        ("import numpy", numpy, ""),
        ("import hearsight", package, "under 0.5 s"),
        ("hearsight --help", command, "under 1 s"),
    ):
        yield Row(work, f"{seconds:.3f} s", f"{seconds / numpy:.2f} x import numpy", to_reach)
