"""Where the features of clips come from: the set's own files, or what encoders made of its videos.

    features/clips-3d0b51c2a0f1/video/<clip>.safetensors   (seconds, rows, columns, channels)
    features/clips-3d0b51c2a0f1/audio/<clip>.safetensors   (seconds, channels)

Beside either lies what made them. They are kept in half precision: a quarter of what AVE was
published in.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, Self

import numpy as np
import torch

from hearsight.datasets.clips import ClipSet
from hearsight.errors import DatasetError
from hearsight.features.clips import ClipFeatures
from hearsight.features.store import FeatureStore
from hearsight.systems.encoders import ClipEncoders


class ClipSource(Protocol):
    """Gives the features of clips; may be handed to other processes."""

    def read(self, row: int) -> ClipFeatures:
        """Return the features of a row, annotated or without any event."""


@dataclass(frozen=True)
class FileSource:
    """The features that lie with a set, as they were published.

    Parameters
    ----------
    clips : ClipSet
        With `features`.
    """

    clips: ClipSet

    def read(self, row: int) -> ClipFeatures:
        """Return the features of a row, annotated or without any event."""
        assert self.clips.features is not None
        return ClipFeatures(*self.clips.features.read(row))


@dataclass(frozen=True)
class StoredClips:
    """What encoders made of the videos of a set.

    Parameters
    ----------
    clips : ClipSet
    folder : Path
        Of all features of the set.
    about : str
        What made them, as JSON.
    """

    clips: ClipSet
    folder: Path
    about: str

    @classmethod
    def of(cls, clips: ClipSet, folder: Path, encoders: ClipEncoders) -> Self:
        """Return the features of some encoders, which may not be there yet."""
        about = {
            "sees": encoders.sees and encoders.sees.name,
            "hears": encoders.hears and encoders.hears.name,
            "frames_per_second": encoders.frames_per_segment,
            "seconds": clips.n_segments,
            "encoders": encoders.fingerprint,
        }
        return cls(clips, folder, json.dumps(about, sort_keys=True))

    def read(self, row: int) -> ClipFeatures:
        """Return the features of a row, annotated or without any event."""
        video, audio = (store.read(self.clips.name(row)) for store in self.stores)
        return ClipFeatures(video.float().numpy(), audio.float().numpy())

    def has(self, name: str) -> bool:
        """Tell whether the features of a clip are there, whole, and of its video as it is now."""
        source = self.clips.videos.get(name)
        try:
            return all(store.has(name, source) for store in self.stores)
        except DatasetError:  # damaged: made again
            return False

    def keep(self, name: str, features: ClipFeatures) -> None:
        """Store the features of a clip.

        Raises
        ------
        InputError
            If a number is not finite in half precision.
        MediaError
            If they cannot be written.
        """
        source = self.clips.videos[name]
        for store, part in zip(self.stores, (features.video, features.audio), strict=True):
            assert part is not None
            store.write(name, torch.from_numpy(part.astype(np.float16)), source)

    def n_bytes(self, names: Iterable[str]) -> int:
        """Return how many bytes the features of some clips take, as far as they are there."""
        paths = (store.path(name) for name in names for store in self.stores)
        return sum(path.stat().st_size for path in paths if path.is_file())

    @property
    def settings(self) -> dict[str, Any]:
        """What made them."""
        settings: dict[str, Any] = json.loads(self.about)
        return settings

    @property
    def place(self) -> Path:
        """The folder of those that were made so."""
        return self.folder / f"clips-{hashlib.sha256(self.about.encode()).hexdigest()[:12]}"

    @property
    def stores(self) -> tuple[FeatureStore, FeatureStore]:
        """Where pictures and sounds lie."""
        video, audio = (
            FeatureStore(self.place, each, self.settings) for each in ("video", "audio")
        )
        return video, audio
