"""`hearsight locate` on a minute of 640 x 320 panorama with Ambisonics, all outputs written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmarks.measuring import Row, run_python

DURATION_S = 60.0


def make_scene(folder: Path) -> Path:
    """Make the scene in `folder` unless it is there; returns its own folder."""
    scene = folder / "scene"
    if not (scene / "truth.json").exists():
        options = ("--seed", "1", "--duration", f"{DURATION_S:g}", "--sources", "12")
        run_python("-m", "hearsight", "simulate", str(scene), *options)
    return scene


def rows(folder: Path) -> Iterator[Row]:
    scene = make_scene(folder)
    files = (str(scene / "scene.mp4"), "--audio", str(scene / "scene.wav"))
    run = run_python("-m", "hearsight", "locate", *files, "--out", str(folder / "result"))
    yield Row(
        f"locate, {DURATION_S:g} s of 640 x 320 panorama and FOA",
        f"{run.seconds:.1f} s, {run.peak_mb:.0f} MB",
        f"{run.seconds / DURATION_S:.2f} x real time",
        "under 0.5 x real time",
    )
