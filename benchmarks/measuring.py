"""Running a command in a fresh process: how long it takes and how much memory it holds at most."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """A line of the table: absolute figure, ratio (machines differ), and what is promised."""

    work: str
    measured: str
    ratio: str
    to_reach: str


@dataclass(frozen=True)
class Run:
    """What a process needed: wall-clock seconds and its largest resident memory in MB."""

    seconds: float
    peak_mb: float


def run_python(*arguments: str) -> Run:
    """Run Python with `arguments`; fails with what the process said if it fails.

    The process that measures must stay smaller than those it measures: Linux hands a parent's
    peak on to its children.
    """
    with tempfile.TemporaryFile() as said:
        start = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, *arguments], stdout=subprocess.DEVNULL, stderr=said
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            said.seek(0)
            msg = f"{' '.join(arguments)}: {said.read().decode(errors='replace')}"
            raise RuntimeError(msg)
    unit = 1e6 if sys.platform == "darwin" else 1e3  # macOS counts bytes, Linux kilobytes
    return Run(seconds, usage.ru_maxrss / unit)


def median_seconds(*commands: tuple[str, ...], repeats: int = 7) -> list[float]:
    """Return the median time of each command, run in turns so that all meet the same machine."""
    for command in commands:
        run_python(*command)  # fills the caches of the disk
    times = [[run_python(*command).seconds for command in commands] for _ in range(repeats)]
    return [statistics.median(column) for column in zip(*times, strict=True)]
