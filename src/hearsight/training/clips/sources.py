"""Where the features of clips come from: the set's own files, or what encoders made of its videos.

    features/clips-3d0b51c2a0f1/video/<clip>.safetensors   (seconds, rows, columns, channels)
    features/clips-3d0b51c2a0f1/audio/<clip>.safetensors   (seconds, channels)

Beside either lies what made them. They are kept in half precision: a quarter of what AVE was
published in.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self

import numpy as np
import torch
from rich.console import Console
from rich.progress import Progress

from hearsight.datasets.clips import ClipSet
from hearsight.errors import DatasetError, HearsightError
from hearsight.features.clips import ClipFeatures
from hearsight.features.store import FeatureStore
from hearsight.systems.encoders import ClipEncoders, encode_clip
from hearsight.training.material import Tell

_NAMED = 20


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
        """Tell whether the features of a clip are there, and of its video as it is now."""
        source = self.clips.videos.get(name)
        return all(store.has(name, source) for store in self.stores)

    @property
    def stores(self) -> tuple[FeatureStore, FeatureStore]:
        """Where pictures and sounds lie."""
        key = f"clips-{hashlib.sha256(self.about.encode()).hexdigest()[:12]}"
        about = json.loads(self.about)
        video, audio = (FeatureStore(self.folder / key, each, about) for each in ("video", "audio"))
        return video, audio


def prepare_clips(
    stored: StoredClips,
    rows: Sequence[int],
    encoders: ClipEncoders,
    *,
    tell: Tell = lambda _: None,
    is_watched: bool = False,
) -> None:
    """Encode the videos of some rows that have no features yet.

    Parameters
    ----------
    stored : StoredClips
    rows : sequence of int
        Their clips are there.
    encoders : ClipEncoders
        Those of `stored`.
    tell : callable
        Gets a line of text now and then.
    is_watched : bool
        Whether a progress bar is drawn.

    Raises
    ------
    DatasetError
        If some clips cannot be encoded; all others are there then.
    """
    clips = stored.clips
    missing = [name for name in dict.fromkeys(map(clips.name, rows)) if not stored.has(name)]
    if not missing:
        return
    tell(f"{len(missing)} videos to encode; features in {stored.stores[0].folder.parent}")
    faults = []
    for name in _shown(missing, is_watched=is_watched):
        path = clips.videos[name]
        try:
            _keep(stored, name, path, encode_clip(encoders, path, clips.n_segments))
        except HearsightError as error:
            faults.append(str(error))
    if faults:
        named = "; ".join(faults[:_NAMED])
        more = f"; and {len(faults) - _NAMED} more" * (len(faults) > _NAMED)
        msg = (
            f"{clips.root}: {len(faults)} of {len(missing)} videos cannot be encoded ({named}"
            f"{more}); mend them, or strike them from the annotations"
        )
        raise DatasetError(msg)


def with_video(clips: ClipSet, rows: Sequence[int], tell: Tell = lambda _: None) -> tuple[int, ...]:
    """Return those of some rows whose clips are there, and tell how many are not."""
    kept = tuple(row for row in rows if clips.name(row) in clips.videos)
    if len(kept) < len(rows):
        tell(f"{len(rows) - len(kept)} of {len(rows)} rows have no video and are left out")
    return kept


def _keep(stored: StoredClips, name: str, path: Path, found: ClipFeatures) -> None:
    for store, features, what in zip(
        stored.stores, (found.video, found.audio), ("picture", "sound"), strict=True
    ):
        if features is None:
            msg = f"{path}: has no {what}; events are both seen and heard"
            raise DatasetError(msg)
        store.write(name, torch.from_numpy(features.astype(np.float16)), path)


def _shown(names: list[str], *, is_watched: bool) -> Iterator[str]:
    with contextlib.ExitStack() as stack:
        if not is_watched:
            yield from names
            return
        progress = stack.enter_context(Progress(console=Console(stderr=True)))
        yield from progress.track(names, description="videos")
