"""Small scenes to be drawn, and videos to draw upon."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from hearsight import Event, Events, HeatMap, Projection, Scene, Track
from hearsight.recording.layout import foa
from hearsight.recording.video import write_video

PANORAMA = Projection("equirectangular", 128, 64)


def moving_event(
    label: str, onset: float, offset: float, azimuth: tuple[float, float], source: int = 0
) -> Event:
    times = np.arange(round(onset * 10), round(offset * 10)) / 10
    angles = np.linspace(*azimuth, len(times))
    track = Track(times, angles, np.zeros(len(times)))
    return Event(label, onset, offset, 0.8, track, source)


@pytest.fixture
def scene() -> Scene:
    events = [
        moving_event("speech", 0.0, 1.0, (90.0, 90.0)),
        moving_event("knock", 0.2, 0.8, (170.0, 190.0)),
        moving_event("speech", 0.5, 1.0, (-40.0, 10.0), source=1),
    ]
    values = np.zeros((10, 8, 16), np.float16)
    values[:, 3:5, 4] = 1.0
    heatmap = HeatMap(values, np.arange(10) / 10, "acoustic", PANORAMA)
    return Scene(Events(events, duration=1.0), foa(), PANORAMA, (heatmap,), ("A note.",))


@pytest.fixture
def video(tmp_path: Path) -> Callable[..., Path]:
    """Makes one second of a gray picture with a tone."""

    def make(width: int = 128, height: int = 64, fps: float = 20.0, **options: object) -> Path:
        path = tmp_path / "source.mp4"
        gray = np.full((3, height, width), 110, np.uint8)
        tone = 0.2 * np.sin(2 * np.pi * 440 * np.arange(16_000) / 16_000)
        options.setdefault("audio", (np.tile(tone, (2, 1)).astype(np.float32), 16_000))
        write_video(path, [gray] * round(fps), fps, size=(width, height), **options)
        return path

    return make
