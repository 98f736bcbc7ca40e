"""`Recording` and `Video`: sound and picture in memory, checked once when built."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hearsight.errors import InputError
from hearsight.recording.layout import ChannelLayout
from hearsight.spatial.projection import Projection

MIN_SAMPLE_RATE = 8000
"""Hz; below it speech has no consonants and directions no bandwidth left."""


@dataclass(frozen=True, eq=False)
class Video:
    """Pictures at a constant rate.

    Parameters
    ----------
    frames : ndarray of uint8, shape (frames, 3, height, width)
        RGB; at least one frame.
    fps : float
        Frames per second, > 0. Frame i is shown from i / fps on.
    projection : Projection
        Of the same width and height as the frames.
    """

    frames: NDArray[np.uint8]
    fps: float
    projection: Projection

    def __post_init__(self) -> None:
        if self.frames.ndim != 4 or self.frames.shape[1] != 3 or self.frames.dtype != np.uint8:
            msg = (
                "frames must be uint8 of shape (frames, 3, height, width), got "
                f"{self.frames.dtype} {self.frames.shape}"
            )
            raise InputError(msg)
        if len(self.frames) == 0:
            msg = "a video needs at least one frame, got none"
            raise InputError(msg)
        if not (np.isfinite(self.fps) and self.fps > 0.0):
            msg = f"fps must be a positive number, got {self.fps}"
            raise InputError(msg)
        size = self.frames.shape[3], self.frames.shape[2]
        if size != (self.projection.width, self.projection.height):
            msg = (
                f"frames are {size[0]} x {size[1]} but the projection is of "
                f"{self.projection.width} x {self.projection.height}"
            )
            raise InputError(msg)

    @property
    def duration(self) -> float:
        """Seconds."""
        return len(self.frames) / self.fps


@dataclass(frozen=True, eq=False)
class Recording:
    """Sound with its channel layout and, perhaps, the picture that belongs to it.

    Parameters
    ----------
    waveform : ndarray of float32, shape (channels, samples)
        As in the file: `layout.arrange` brings the channels into order. All finite, at least one
        sample.
    sample_rate : int
        Hz, at least `MIN_SAMPLE_RATE`.
    layout : ChannelLayout
    video : Video, optional
    path : Path, optional
        Where it was read from.
    """

    waveform: NDArray[np.float32]
    sample_rate: int
    layout: ChannelLayout
    video: Video | None = None
    path: Path | None = None

    def __post_init__(self) -> None:
        if self.waveform.ndim != 2 or self.waveform.dtype != np.float32:
            msg = (
                "waveform must be float32 of shape (channels, samples), got "
                f"{self.waveform.dtype} {self.waveform.shape}"
            )
            raise InputError(msg)
        channels, samples = self.waveform.shape
        if channels != self.layout.n_channels:
            hint = "; transpose it" if samples == self.layout.n_channels else ""
            msg = (
                f"waveform has {channels} channels, layout {self.layout.name} has "
                f"{self.layout.n_channels}{hint}"
            )
            raise InputError(msg)
        if samples == 0:
            msg = "a recording needs at least one sample, got none"
            raise InputError(msg)
        if not np.isfinite(self.waveform).all():
            msg = "waveform holds NaN or infinite samples; replace them before analysis"
            raise InputError(msg)
        if self.sample_rate < MIN_SAMPLE_RATE:
            msg = f"sample rate {self.sample_rate} Hz is below {MIN_SAMPLE_RATE} Hz; record again"
            raise InputError(msg)

    @property
    def duration(self) -> float:
        """Seconds of sound."""
        return self.waveform.shape[1] / self.sample_rate

    def arranged(self) -> NDArray[np.float32]:
        """Return the channels in the layout's own order and scale (see `ChannelLayout.arrange`)."""
        return self.layout.arrange(self.waveform)
