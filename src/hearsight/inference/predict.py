"""What a trained system says to whole recordings of any length.

A recording is heard as the challenge's baselines hear it when they are judged: in consecutive
windows, each by itself, the last one filled up with next to nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import pad

from hearsight.features.store import FeatureStore
from hearsight.systems.seld import SeldSystem

WINDOWS_AT_ONCE = 16
"""So many windows are in memory at a time, however long the recording."""

_NEXT_TO_NOTHING = 1e-6
"""What the baselines write, in normalized features, where a recording has ended."""


def predict_stored(
    system: SeldSystem, store: FeatureStore, name: str, *, pictures: FeatureStore | None = None
) -> NDArray[np.float32]:
    """Say what a system hears in a recording whose features are stored.

    Parameters
    ----------
    system : SeldSystem
        With statistics, if it needs them.
    store : FeatureStore
        Of the system's feature.
    name : str
        The recording's.
    pictures : FeatureStore, optional
        Of the maps of the pictures, if the system sees.

    Returns
    -------
    ndarray, shape (label frames, ...)
        As the codec decodes.
    """
    n_frames = store.n_frames(name)
    step = WINDOWS_AT_ONCE * system.n_window * system.frames_per_label
    pieces = (store.read(name, start, start + step) for start in range(0, n_frames, step))
    seen = None if pictures is None else pictures.read(name, 0, pictures.n_frames(name))
    return predict(system, pieces, seen)


def predict(
    system: SeldSystem, pieces: Iterable[Tensor], pictures: Tensor | None = None
) -> NDArray[np.float32]:
    """Say what a system hears in a recording whose features come piece by piece.

    Parameters
    ----------
    system : SeldSystem
        With statistics, if it needs them.
    pieces : iterable of Tensor, shape (frames, channels, bins)
        Features that follow on one another, such as `features.streaming.stream` yields.
    pictures : Tensor, shape (label frames, height, width), optional
        Maps of the pictures, if the system sees. Missing ones are taken to be empty.

    Returns
    -------
    ndarray, shape (label frames, ...)
        As the codec decodes; all whole label frames of the recording, at least one.
    """
    outputs, n_frames = [], 0

    def counted() -> Iterator[Tensor]:
        nonlocal n_frames
        for piece in pieces:
            n_frames += len(piece)
            yield piece

    for windows in cut_windows(system, counted()):
        video = None
        if pictures is not None:
            n_shown = system.n_window * len(windows)
            shown, pictures = pictures[:n_shown].float(), pictures[n_shown:]
            shown = pad(shown, (0, 0, 0, 0, 0, n_shown - len(shown)))
            video = shown.reshape(len(windows), system.n_window, *shown.shape[1:])
        outputs.append(predict_windows(system, windows, video))
    return np.concatenate(outputs)[: max(1, system.n_labels(n_frames))]


def cut_windows(system: SeldSystem, pieces: Iterable[Tensor]) -> Iterator[Tensor]:
    """Cut features into the windows that a system hears, one after the other.

    Parameters
    ----------
    system : SeldSystem
    pieces : iterable of Tensor, shape (frames, channels, bins)
        Features that follow on one another; at least one piece.

    Yields
    ------
    Tensor, shape (windows, channels, frames, bins)
        Normalized. The last window is filled up; a recording shorter than a label frame is one
        window too.
    """
    hop, length = system.n_window * system.frames_per_label, system.n_window_frames
    rest: Tensor | None = None
    is_first = True
    for piece in pieces:
        rest = piece.float() if rest is None else torch.cat([rest, piece.float()])
        n_whole = (len(rest) - system.overhang) // hop
        if n_whole > 0:
            # `unfold` puts the frames of a window last: windows, channels, bins, frames.
            whole = rest[: n_whole * hop + system.overhang].unfold(0, length, hop)
            yield system.normalize(whole.transpose(2, 3))
            rest, is_first = rest[n_whole * hop :], False
    assert rest is not None, "a recording has at least one piece of features"
    if is_first or system.n_labels(len(rest)) > 0:
        last = system.normalize(rest.transpose(0, 1))
        missing = length - last.shape[1]
        yield pad(last, (0, 0, 0, missing), value=_NEXT_TO_NOTHING)[None]


def predict_windows(
    system: SeldSystem, windows: Tensor, video: Tensor | None = None
) -> NDArray[np.float32]:
    """Say what a system hears in windows that follow on one another.

    Parameters
    ----------
    system : SeldSystem
        Its network may be on any device; dropout and the like are off while it predicts.
    windows : Tensor, shape (windows, channels, frames, bins)
        Normalized.
    video : Tensor, shape (windows, label frames, height, width), optional
        Maps of the pictures, if the system sees.

    Returns
    -------
    ndarray, shape (windows * label frames, ...)
        As the codec decodes.
    """
    network, device = system.network, next(system.network.parameters()).device
    was_training = network.training
    network.eval()
    outputs = []
    try:
        with torch.inference_mode():
            for start in range(0, len(windows), WINDOWS_AT_ONCE):
                chosen = slice(start, start + WINDOWS_AT_ONCE)
                batch = {"audio": windows[chosen].to(device)}
                if video is not None:
                    batch["video"] = video[chosen].to(device)
                outputs.append(system.output(batch).flatten(0, 1).float().cpu().numpy())
    finally:
        network.train(was_training)
    return np.concatenate(outputs)
