"""The sound that goes with a picture: a file's own, or what was located, made for two ears."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hearsight.events.scene import Scene
from hearsight.recording.audio import iterate_audio
from hearsight.recording.layout import ChannelLayout
from hearsight.recording.media import probe
from hearsight.recording.rewriting import SoundBlocks

_BLOCK = 8192
_MAX_RATE = 48_000


def sound_of_scene(scene: Scene) -> Path | SoundBlocks | None:
    """Choose the sound of a scene's overlay.

    Parameters
    ----------
    scene : Scene

    Returns
    -------
    Path, SoundBlocks or None
        The video itself where it has sound of its own, which is then taken over untouched; else
        the located sound for two ears; None for a scene without sound.
    """
    if scene.media is not None and probe(scene.media).chosen_audio is not None:
        return scene.media
    return listenable_sound(scene)


def listenable_sound(scene: Scene) -> SoundBlocks | None:
    """Return the located sound in a form that any player plays: mono or stereo, up to 48 kHz.

    Parameters
    ----------
    scene : Scene

    Returns
    -------
    SoundBlocks or None
        None for a scene without sound.
    """
    path = scene.audio or scene.media
    stream = None if path is None else probe(path).chosen_audio
    if path is None or stream is None:
        return None
    rate = min(stream.sample_rate, _MAX_RATE)
    blocks = iterate_audio(path, stream=stream.index, block=_BLOCK, sample_rate=rate)
    layout = scene.layout
    if layout is not None and layout.n_channels != stream.n_channels:
        layout = None
    return SoundBlocks(
        (for_two_ears(block, layout) for block in blocks),
        n_ears(layout, stream.n_channels),
        rate,
    )


def n_ears(layout: ChannelLayout | None, n_channels: int) -> int:
    """Return how many channels `for_two_ears` gives: 1 for mono, else 2."""
    return 1 if n_channels == 1 or (layout is not None and layout.kind == "mono") else 2


def for_two_ears(
    waveform: NDArray[np.float32], layout: ChannelLayout | None
) -> NDArray[np.float32]:
    """Turn any channels into mono or stereo.

    Ambisonics becomes two cardioids to the left and right, (W +- Y) / 2. Of an array, the
    microphones that lie furthest to the left and right are taken; of unknown channels the first
    two.

    Parameters
    ----------
    waveform : ndarray of float32, shape (channels, samples)
        As in the file.
    layout : ChannelLayout, optional

    Returns
    -------
    ndarray of float32, shape (1 or 2, samples)
        Within [-1, 1].
    """
    if layout is None:
        return np.clip(waveform[:2], -1.0, 1.0)
    arranged = layout.arrange(waveform)
    if layout.kind == "foa":
        w, y = arranged[0], arranged[1]
        arranged = np.float32(0.5) * np.stack([w + y, w - y])
    elif layout.kind == "array" and layout.positions is not None:
        leftward = [position[1] for position in layout.positions]
        arranged = arranged[[int(np.argmax(leftward)), int(np.argmin(leftward))]]
    return np.clip(arranged, -1.0, 1.0).astype(np.float32, copy=False)
