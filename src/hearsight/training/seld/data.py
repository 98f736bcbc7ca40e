"""What a system learns from, window by window, read from stored features.

Nothing is random here but the order of windows, which depends on the seed and the epoch alone: an
interrupted run goes on as if it had not been.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hearsight.augment.augmentation import Augmentation, Batch
from hearsight.datasets.listing import Listed
from hearsight.errors import DatasetError, InputError
from hearsight.features.store import FeatureStore
from hearsight.systems.seld import SeldSystem
from hearsight.training.examples import Examples
from hearsight.training.seld.settings import Order, SeldData


class SparseTarget:
    """The target of a recording, kept as what is not zero: most frames and classes are silent.

    Parameters
    ----------
    target : ndarray, shape (label frames, ...)
        As a codec encodes it.
    """

    def __init__(self, target: NDArray[np.float64]) -> None:
        self.n_frames, self.shape = len(target), target.shape[1:]
        flat = target.reshape(self.n_frames, -1)
        frames, places = np.nonzero(flat)
        self._values = flat[frames, places].astype(np.float32)
        self._starts = np.searchsorted(frames, np.arange(self.n_frames + 1))
        # Targets of a whole corpus are kept: numbers half as long are half of the memory.
        self._frames, self._places = frames.astype(np.int32), places.astype(np.int32)

    def fill(self, window: NDArray[np.float32], start: int) -> None:
        """Write the target from label frame `start` on into zeros of shape (frames, ...)."""
        stop = min(start + len(window), self.n_frames)
        rows = slice(self._starts[min(start, self.n_frames)], self._starts[stop])
        flat = window.reshape(len(window), -1)
        flat[self._frames[rows] - start, self._places[rows]] = self._values[rows]


@dataclass(frozen=True)
class Window:
    """A stretch of a recording.

    Parameters
    ----------
    recording : int
        Its place in the list.
    start : int
        Label frame from 0.
    """

    recording: int
    start: int


class Windows(Examples):
    """Training windows of a list of recordings.

    Each recording is cut from its beginning; what remains at its end, short of a window, is left
    out as the challenge's baselines do. A recording shorter than a window is followed by silence.

    Parameters
    ----------
    system : SeldSystem
        With statistics, if it needs them.
    recordings : sequence of Listed
    store : FeatureStore
        Holds the features of all of them.
    pictures : FeatureStore, optional
        Holds the maps of the pictures, if the system sees.
    hop : int
        Label frames between windows; 0 for one window length.
    order : {"shuffled", "files"}
        See `SeldData`.
    augmentations : sequence of callable
        Change a batch before it is normalized; see `hearsight.augment`.
    seed : int
        Of the augmentations.
    """

    def __init__(
        self,
        system: SeldSystem,
        recordings: Sequence[Listed],
        store: FeatureStore,
        pictures: FeatureStore | None = None,
        *,
        hop: int = 0,
        order: Order = "shuffled",
        augmentations: Sequence[Augmentation] = (),
        seed: int = 0,
    ) -> None:
        self._system, self._store, self._pictures = system, store, pictures
        self._augmentations, self._seed = tuple(augmentations), seed
        self._names = [recording.name for recording in recordings]
        n_labels = [system.n_labels(store.n_frames(name)) for name in self._names]
        self._targets = [
            SparseTarget(system.codec.encode(recording.events(system.labels), n))
            for recording, n in zip(recordings, n_labels, strict=True)
        ]
        self.windows = [
            Window(index, start)
            for index, n in enumerate(n_labels)
            for start in range(0, max(1, n - system.n_window + 1), hop or system.n_window)
        ]
        if order == "files":
            self.groups = np.array([window.recording for window in self.windows])

    def __len__(self) -> int:
        return len(self.windows)

    def __getitems__(self, places: Sequence[int]) -> Batch:
        """Return a batch.

        Parameters
        ----------
        places : sequence of int
            Window index + epoch * number of windows: each epoch is augmented in its own way.
        """
        chosen = [self.windows[place % len(self)] for place in places]
        target = torch.zeros(len(chosen), self._system.n_window, *self._targets[0].shape)
        for row, window in zip(target, chosen, strict=True):
            self._targets[window.recording].fill(row.numpy(), window.start)
        audio, n_known = self._heard(chosen)
        batch = {"audio": audio, "target": target}
        if self._augmentations:
            rng = np.random.default_rng([self._seed, *places])
            for augment in self._augmentations:
                batch = augment(batch, rng)
        batch["audio"] = self._system.normalize(batch["audio"])
        for row, n in zip(batch["audio"], n_known, strict=True):
            row[:, n:] = 0.0
        if self._pictures is not None:
            batch["video"] = self._seen(chosen, self._pictures)
        return batch

    def _heard(self, chosen: Sequence[Window]) -> tuple[Tensor, list[int]]:
        """Return features (batch, channels, frames, bins), and how many frames are known."""
        n_frames, ratio = self._system.n_window_frames, self._system.frames_per_label
        pieces = []
        for window in chosen:
            start = window.start * ratio
            pieces.append(self._store.read(self._names[window.recording], start, start + n_frames))
        channels, bins = pieces[0].shape[1:]
        audio = torch.zeros(len(chosen), channels, n_frames, bins)
        for row, piece in zip(audio, pieces, strict=True):
            row[:, : len(piece)] = piece.transpose(0, 1)
        return audio, [len(piece) for piece in pieces]

    def _seen(self, chosen: Sequence[Window], pictures: FeatureStore) -> Tensor:
        """Return the maps of the pictures, (batch, label frames, height, width)."""
        n_window = self._system.n_window
        pieces = []
        for window in chosen:
            name = self._names[window.recording]
            pieces.append(pictures.read(name, window.start, window.start + n_window).float())
        video = torch.zeros(len(chosen), n_window, *pieces[0].shape[1:])
        for row, piece in zip(video, pieces, strict=True):
            row[: len(piece)] = piece
        return video


@dataclass(frozen=True)
class Split:
    """Recordings to learn from and recordings to choose the best weights on."""

    train: tuple[Listed, ...]
    validation: tuple[Listed, ...]


def split(recordings: Sequence[Listed], settings: SeldData) -> Split:
    """Choose what is learned from and what the best weights are chosen on.

    Parameters
    ----------
    recordings : sequence of Listed
        Of a dataset; those without annotations are left out.
    settings : SeldData

    Raises
    ------
    DatasetError
        If one of the two would be empty.
    InputError
        If a room that shall be held out does not exist.
    """
    known = [each for each in recordings if each.metadata is not None]
    train = tuple(each for each in known if each.split == "train")
    if not train:
        msg = "no annotated recording is in the training split; give data with dev-train-* folders"
        raise DatasetError(msg)
    if settings.validation == "train":
        return Split(train, train)
    if settings.validation == "test":
        test = tuple(each for each in known if each.split == "test")
        if not test:
            msg = "no annotated recording is in the test split; set data.validation=rooms"
            raise DatasetError(msg)
        return Split(train, test)
    rooms = sorted({each.room for each in train})
    held = set(settings.validation_rooms or rooms[1::5])
    if held - set(rooms):
        wrong = ", ".join(map(str, sorted(held - set(rooms))))
        msg = f"data.validation_rooms: no room {wrong} in training; there are {rooms}"
        raise InputError(msg)
    if not held or held == set(rooms):
        msg = (
            f"of the training rooms {rooms} some must be held out for validation and some remain; "
            "set data.validation_rooms, or data.validation to test or train"
        )
        raise DatasetError(msg)
    return Split(
        tuple(each for each in train if each.room not in held),
        tuple(each for each in train if each.room in held),
    )
