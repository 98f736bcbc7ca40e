"""Features of recordings of any length, in constant memory, equal to those of the whole.

Frames are measured as soon as all the samples they depend on are there. Floors must wait for the
loudest value of the recording: until then, what was measured waits on disk.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from hearsight.errors import InputError
from hearsight.features.extractor import Feature
from hearsight.features.store import FeatureStore, FrameFile

FRAMES_AT_ONCE = 1 << 10
"""Frames that are measured together: 20 s of a hop of 20 ms."""


def stream(feature: Feature, blocks: Iterable[NDArray[np.float32]]) -> Iterator[torch.Tensor]:
    """Compute the features of a recording that comes block by block.

    Parameters
    ----------
    feature : Feature
    blocks : iterable of ndarray, shape (channels, samples)
        That follow on one another, of any lengths.

    Yields
    ------
    Tensor, shape (frames, channels, bins)
        Pieces that follow on one another, at least one; frames first, as they are stored.

    Raises
    ------
    InputError
        If there is no block, the feature refuses the sound, or its values are not finite.
    """
    measuring = Measuring(feature)
    with tempfile.TemporaryFile() as file:
        frames = FrameFile(file, "the sound")
        for piece in measuring.pieces(blocks):
            frames.append(piece)
        yield from map(measuring.finish, frames.pieces())


def store_features(
    store: FeatureStore,
    name: str,
    feature: Feature,
    blocks: Iterable[NDArray[np.float32]],
    source: Path | None = None,
) -> None:
    """Compute the features of a recording that comes block by block, and keep them.

    Parameters
    ----------
    store : FeatureStore
    name : str
        The recording's.
    feature : Feature
    blocks : iterable of ndarray, shape (channels, samples)
    source : Path, optional
        The recording's file.

    Raises
    ------
    InputError
        As in `stream`; the message names the recording's file if values are not finite.
    MediaError
        If the features cannot be written.
    """
    measuring = Measuring(feature)
    with store.writing(name, source) as frames:
        for piece in measuring.pieces(blocks):
            frames.append(piece)
        frames.change(measuring.finish)


class Measuring:
    """Measures one recording piece by piece, and remembers its loudest value.

    Parameters
    ----------
    feature : Feature
    at_once : int
        Frames that are measured together.
    """

    def __init__(self, feature: Feature, at_once: int = FRAMES_AT_ONCE) -> None:
        self._feature, self._at_once = feature, at_once
        self._loudest = torch.full((1, 1, 1), -torch.inf)

    def pieces(self, blocks: Iterable[NDArray[np.float32]]) -> Iterator[torch.Tensor]:
        """Yield measured frames, shape (frames, channels, bins), still without a floor."""
        hop, reach = self._feature.hop_length, self._feature.reach
        held: list[NDArray[np.float32]] = []
        n_held = n_before = 0  # samples held, and how many of their first frames are done
        for block in blocks:
            held.append(block)
            n_held += block.shape[1]
            if reach is None or n_held < (n_before + self._at_once) * hop + reach:
                continue
            sound = np.concatenate(held, axis=1)
            # Frames before `n_ready` have all their samples, and one to spare that may be dropped
            # as the last; the next ones need what lies up to `reach` before them again.
            n_ready = (n_held - reach) // hop
            yield self._measured(sound, n_before, n_ready)
            n_before = min(n_ready, -(-reach // hop))
            sound = sound[:, (n_ready - n_before) * hop :]
            held, n_held = [sound], sound.shape[1]
        if not held:
            msg = "the recording has no sound; give at least one block of samples"
            raise InputError(msg)
        yield self._measured(np.concatenate(held, axis=1), n_before, None)

    def _measured(self, sound: NDArray[np.float32], first: int, end: int | None) -> torch.Tensor:
        values = self._feature.measure(torch.from_numpy(sound))[:, first:end]
        self._loudest = torch.maximum(self._loudest, self._feature.loudest(values))
        return values.transpose(0, 1)

    def finish(self, frames: torch.Tensor) -> torch.Tensor:
        """Set the floor of frames, (frames, channels, bins), once all have been measured."""
        return self._feature.finish(frames.transpose(0, 1), self._loudest).transpose(0, 1)
