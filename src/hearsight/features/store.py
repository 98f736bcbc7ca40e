"""Features computed once and kept on disk, read back in slices.

    features/log-intensity-1f0c9a4e77d2/settings.json                 what made them
    features/log-intensity-1f0c9a4e77d2/fold3_room4_mix001.safetensors

A folder is named by the settings that made what is in it, so that features of other settings never
mix. Each recording has one file with one tensor, frames first: a stretch of time is one piece of
the file, and reading it costs a copy.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import hashlib
import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, Self

import torch
from safetensors import SafetensorError, safe_open

from hearsight.errors import DatasetError, InputError
from hearsight.recording.files import replacing, write_json

SETTINGS_NAME = "settings.json"

_FORMAT = "hearsight features 1"
_TENSOR = "features"
_TYPES = {torch.float32: "F32", torch.float16: "F16"}
_HEADER_BYTES = 1024  # fixed, for it is written last: the number of frames stands in it
_OPEN_FILES = 128
_ABANDONED_S = 3600.0
_AT_ONCE = 1 << 12  # frames that are changed at a time


class FeatureStore:
    """Features of many recordings, made with one set of settings.

    May be handed to other processes, forked or spawned.

    Parameters
    ----------
    folder : str or Path
        Of all features; those of these settings lie in `folder/key`.
    key : str
        The name of the settings.
    about : dict
        The settings, as they are written beside the features.
    """

    def __init__(self, folder: str | Path, key: str, about: dict[str, Any]) -> None:
        self.folder, self.key, self.about = Path(folder) / key, key, about

    @classmethod
    def of(cls, folder: str | Path, feature: object, **about: str | float) -> Self:
        """Return the store of a feature.

        Parameters
        ----------
        folder : str or Path
            Need not exist yet.
        feature : dataclass
            Its class and all its settings name the store: the fields that count when two are
            compared.
        **about : str or number
            What else makes a difference, such as the audio format.
        """
        settings = {"format": _FORMAT, **about, "feature": _described(feature)}
        text = json.dumps(settings, sort_keys=True)
        kind = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", type(feature).__name__).lower()
        return cls(folder, f"{kind}-{hashlib.sha256(text.encode()).hexdigest()[:12]}", settings)

    def path(self, name: str) -> Path:
        """Return where the features of a recording lie, whether or not they are there."""
        return self.folder / f"{name}.safetensors"

    def has(self, name: str, source: Path | None = None) -> bool:
        """Tell whether the features of a recording are there.

        Parameters
        ----------
        name : str
        source : Path, optional
            The recording's file; if its size has changed since, the features are out of date.

        Raises
        ------
        DatasetError
            If a source is given and the features are damaged.
        """
        if source is None or not self.path(name).is_file():
            return self.path(name).is_file()
        with _reading(self.path(name)), safe_open(self.path(name), "pt") as file:
            about = file.metadata() or {}
        return about.get("source_bytes") == str(source.stat().st_size)

    def n_frames(self, name: str) -> int:
        """Return how many frames a recording has.

        Raises
        ------
        DatasetError
            If its features are missing or damaged.
        """
        with _reading(self.path(name)):
            return int(_mapped(self.path(name)).get_shape()[0])

    def read(self, name: str, start: int = 0, stop: int | None = None) -> torch.Tensor:
        """Read some frames of a recording.

        Parameters
        ----------
        name : str
        start, stop : int
            From frame `start` up to, not including, frame `stop`; what lies beyond the end of the
            recording is left out. Default: all of it.

        Returns
        -------
        Tensor, shape (frames, ...)
            Of its own memory.

        Raises
        ------
        DatasetError
            If the features are missing or damaged.
        """
        with _reading(self.path(name)):
            tensor = _mapped(self.path(name))
            end = tensor.get_shape()[0]
            # The slice itself lies in the file's map, which others read as well.
            found: torch.Tensor = tensor[min(start, end) : end if stop is None else min(stop, end)]
            return found.clone()

    def write(self, name: str, array: torch.Tensor, source: Path | None = None) -> None:
        """Keep the features of a recording, whole or not at all.

        Parameters
        ----------
        name : str
        array : Tensor of float32 or float16, shape (frames, ...)
        source : Path, optional
            The recording's file.

        Raises
        ------
        InputError
            If a value is not finite; the message names the recording's file.
        MediaError
            If the file cannot be written.
        """
        with self.writing(name, source) as frames:
            frames.append(array)

    @contextlib.contextmanager
    def writing(self, name: str, source: Path | None = None) -> Iterator[FrameFile]:
        """Keep the features of a recording as they come; see `write`.

        Yields
        ------
        FrameFile
            Takes at least one piece. Nothing is kept if the block fails.
        """
        self.note_settings()
        about = {"format": _FORMAT, "key": self.key}
        if source is not None:
            about["source_bytes"] = str(source.stat().st_size)
        with replacing(self.path(name)) as temporary, temporary.open("w+b") as file:
            frames = FrameFile(file, str(source or name))
            yield frames
            frames.finish(about)

    def note_settings(self) -> None:
        """Write beside the features what they are made with, unless that is there.

        Raises
        ------
        MediaError
            If it cannot be written: then features cannot either.
        """
        if not (self.folder / SETTINGS_NAME).is_file():
            write_json(self.folder / SETTINGS_NAME, self.about)

    def remove_abandoned(self) -> None:
        """Remove what killed processes have left half-written."""
        for path in self.folder.glob(".*.part.safetensors"):
            # Another process may be writing right now; a file that none has touched for an hour
            # is abandoned.
            with contextlib.suppress(OSError):
                if time.time() - path.stat().st_mtime > _ABANDONED_S:
                    path.unlink()


class FrameFile:
    """The frames of one recording in a file that is being written, some at a time.

    Parameters
    ----------
    file : binary file
        Empty, open for writing and reading.
    source : str
        What the frames are made from, for messages.
    """

    def __init__(self, file: IO[bytes], source: str) -> None:
        self._file, self._source = file, source
        self._n_frames, self._like = 0, torch.empty(0)
        file.write(bytes(_HEADER_BYTES))

    def append(self, frames: torch.Tensor) -> None:
        """Write the next frames, float32 or float16, shape (frames, ...), all alike.

        Raises
        ------
        InputError
            If a value is not finite, or the type is another one.
        """
        if frames.dtype not in _TYPES:
            msg = f"{self._source}: features must be float32 or float16, got {frames.dtype}"
            raise InputError(msg)
        if not bool(frames.isfinite().all()):
            msg = f"{self._source}: its features are not finite; look for NaN in the recording"
            raise InputError(msg)
        self._file.write(_bytes(frames))
        self._n_frames += len(frames)
        self._like = frames[:0].clone()

    def pieces(self) -> Iterator[torch.Tensor]:
        """Read all frames written so far, some at a time; at least one piece."""
        for start in range(0, max(1, self._n_frames), _AT_ONCE):
            self._file.seek(self._place(start))
            piece = bytearray(self._file.read(self._place(_AT_ONCE) - self._place(0)))
            yield self._from_bytes(piece)

    def change(self, change: Callable[[torch.Tensor], torch.Tensor]) -> None:
        """Replace all frames written so far by what `change` makes of them, some at a time."""
        for index, piece in enumerate(self.pieces()):
            self._file.seek(self._place(index * _AT_ONCE))
            self._file.write(_bytes(change(piece)))

    def finish(self, about: dict[str, str]) -> None:
        """Write the header of a safetensors file: its length, then types and shapes in JSON."""
        entry = {
            "dtype": _TYPES[self._like.dtype],
            "shape": (self._n_frames, *self._like.shape[1:]),
            "data_offsets": (0, self._place(self._n_frames) - self._place(0)),
        }
        header = json.dumps({"__metadata__": about, _TENSOR: entry}).encode()
        length = _HEADER_BYTES - 8
        self._file.seek(0)
        self._file.write(length.to_bytes(8, "little") + header.ljust(length))

    def _place(self, frame: int) -> int:
        """Return where a frame begins in the file."""
        return _HEADER_BYTES + frame * self._like.shape[1:].numel() * self._like.dtype.itemsize

    def _from_bytes(self, piece: bytearray) -> torch.Tensor:
        if not piece:  # which torch does not take
            return self._like
        return torch.frombuffer(piece, dtype=self._like.dtype).reshape(-1, *self._like.shape[1:])


def _bytes(frames: torch.Tensor) -> bytes:
    return frames.cpu().contiguous().numpy().tobytes()


def _described(value: object) -> Any:
    """Return settings as JSON holds them, with the names of their classes."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        settings = (each.name for each in dataclasses.fields(value) if each.compare)
        fields = {name: getattr(value, name) for name in settings}
        return {"class": type(value).__name__} | {k: _described(v) for k, v in fields.items()}
    if isinstance(value, tuple | list):
        return [_described(each) for each in value]
    return value


def _mapped(path: Path) -> Any:
    """Return the tensor of a file, mapped into memory and not yet read."""
    found = path.stat()
    return _opened(path, found.st_ino, found.st_mtime_ns)


@functools.lru_cache(maxsize=_OPEN_FILES)
def _opened(path: Path, *version: int) -> Any:
    del version  # a file that has been replaced is another one
    file: Any = safe_open(path, "pt")
    return file.get_slice(_TENSOR)


@contextlib.contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        msg = f"{path}: no features there; make them with hearsight prepare"
        raise DatasetError(msg) from error
    except (OSError, SafetensorError) as error:
        reason = (str(error).splitlines() or ["unreadable"])[0]
        msg = f"{path}: cannot be read ({reason}); remove it and prepare again"
        raise DatasetError(msg) from error
