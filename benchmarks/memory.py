"""Whether the memory of `hearsight locate` stays flat: the same minute of Ambisonics, repeated."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import soundfile

from benchmarks.locating import make_scene
from benchmarks.measuring import Row, run_python

MINUTES = (1, 5, 20)


def rows(folder: Path) -> Iterator[Row]:
    source = make_scene(folder) / "scene.wav"
    first = 0.0
    for minutes in MINUTES:
        path = folder / f"{minutes}-minutes.wav"
        _repeat(source, path, minutes)
        result = str(folder / path.stem)
        run = run_python(
            "-m", "hearsight", "locate", str(path), "--channels", "foa", "--out", result
        )
        path.unlink()
        first = first or run.peak_mb
        yield Row(
            f"locate, {minutes} min of FOA sound, largest memory",
            f"{run.peak_mb:.0f} MB, {run.seconds:.1f} s",
            f"{run.peak_mb / first:.2f} x one minute's",
            "" if minutes == 1 else "flat",
        )


def _repeat(source: Path, target: Path, times: int) -> None:
    minute, sample_rate = soundfile.read(source, dtype="int16")
    with soundfile.SoundFile(target, "w", sample_rate, minute.shape[1], "PCM_16") as file:
        for _ in range(times):
            file.write(minute)
