"""Pairs in the two LMDB environments of the original visual-context code.

    <mode>_images.lmdb   <name>/007.jpg -> 256 x 256 pixels, BGR, uint8, rows of columns of colors
    <mode>_audios.lmdb   <name> -> mono sound at 24 kHz, little-endian float32

Modes are train and eval; both are read as one. A `meta_info.pkl` beside the records, which nothing
needs, is never opened; we write `meta_info.json` instead.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hearsight.datasets.pairs.media import resampled
from hearsight.datasets.pairs.reader import PairReader, Stored, each_made
from hearsight.errors import (
    DatasetError,
    HearsightError,
    InputError,
    MediaError,
    MissingExtraError,
    nearest,
)
from hearsight.recording.files import replacing
from hearsight.recording.resizing import resize_bilinear

if TYPE_CHECKING:
    import lmdb

SAMPLE_RATE = 24_000
SIDE_PX = 256
META_NAME = "meta_info.json"

MODES = ("train", "eval")
_PICTURE_BYTES = SIDE_PX * SIDE_PX * 3
_FIRST_MAP = 1 << 24
_AT_ONCE = 100  # records of a transaction


@dataclass(frozen=True)
class LmdbPairs:
    """A reader of LMDB environments; see `PairReader`.

    Parameters
    ----------
    root : Path
        Holds the environments.
    modes : mapping of str to str
        In which of them, "train" or "eval", each pair is.
    frame : str
        Which picture of a pair: its name without suffix, or "center".
    """

    root: Path
    modes: Mapping[str, str] = field(repr=False)
    frame: str = "007"

    @property
    def names(self) -> tuple[str, ...]:
        """All pairs of which both records are there, sorted."""
        return tuple(sorted(self.modes))

    def picture(self, name: str) -> NDArray[np.uint8]:
        """Return a picture, RGB, shape (3, 256, 256)."""
        path = images_path(self.root, self._mode(name))
        with _reading(path) as transaction:
            key = _picture_key(transaction, name, self.frame)
            stored = b"" if key is None else transaction.get(key) or b""
        if len(stored) != _PICTURE_BYTES:
            msg = f"{path}: {name}: has {len(stored)} bytes, expected {_PICTURE_BYTES}; write again"
            raise MediaError(msg)
        pixels = np.frombuffer(stored, np.uint8).reshape(SIDE_PX, SIDE_PX, 3)
        return np.ascontiguousarray(pixels[:, :, ::-1].transpose(2, 0, 1))

    def sound(self, name: str, sample_rate: int | None = None) -> tuple[NDArray[np.float32], int]:
        """Return a sound, shape (1, samples), and its sample rate in Hz."""
        path = audios_path(self.root, self._mode(name))
        with _reading(path) as transaction:
            stored = transaction.get(name.encode()) or b""
        if not stored or len(stored) % 4:
            msg = f"{path}: {name}: {len(stored)} bytes are no samples of float32; write it again"
            raise MediaError(msg)
        waveform = np.frombuffer(stored, "<f4").astype(np.float32)
        return resampled(waveform[None], SAMPLE_RATE, sample_rate)

    def missing(self, name: str) -> tuple[str, ...]:
        """Say whether a pair has not both its records."""
        return () if name in self.modes else (f"{name}: its picture or sound is not in the LMDB",)

    def _mode(self, name: str) -> str:
        if name not in self.modes:
            msg = f"{self.root}: its LMDB does not hold {name!r}; see hearsight check {self.root}"
            raise DatasetError(msg)
        return self.modes[name]


def open_lmdb(root: Path, frame: str) -> LmdbPairs:
    """Find out which pairs the LMDB environments in a folder hold.

    Parameters
    ----------
    root : Path
    frame : str
        See `LmdbPairs`.

    Raises
    ------
    MissingExtraError
        If lmdb is not installed.
    DatasetError
        If an environment cannot be opened.
    """
    modes: dict[str, str] = {}
    for mode in MODES:
        if not images_path(root, mode).exists():
            continue
        with (
            _reading(images_path(root, mode)) as pictures,
            _reading(audios_path(root, mode)) as sounds,
        ):
            for key in sounds.cursor().iternext(keys=True, values=False):
                name = bytes(key).decode()
                if _picture_key(pictures, name, frame) is not None:
                    modes.setdefault(name, mode)
    return LmdbPairs(root, modes, frame)


def write_lmdb(
    reader: PairReader,
    names: Sequence[str],
    folder: str | Path,
    *,
    mode: str = "train",
    frame: str = "007",
    threads: int = 0,
) -> Iterator[Stored]:
    """Write pairs as the original code reads them, one picture each; goes on where it was stopped.

    Parameters
    ----------
    reader : PairReader
    names : sequence of str
        Pairs that are stored already are kept.
    folder : str or Path
    mode : {"train", "eval"}
    frame : str
        What the picture is called.
    threads : int
        That decode; 0: this one alone.

    Yields
    ------
    Stored
        Each pair; those that cannot be read are left out and say why.

    Raises
    ------
    InputError
        At once, if there is no such mode.
    MissingExtraError
        At once, if lmdb is not installed.
    MediaError
        If the folder cannot be written.
    """
    if mode not in MODES:
        msg = f"no LMDB mode is called {mode!r}; {nearest(mode, MODES)}"
        raise InputError(msg)
    _lmdb()
    return _write_all(reader, names, Path(folder), mode, frame, threads)


def images_path(root: Path, mode: str) -> Path:
    """Return the environment of pictures."""
    return root / f"{mode}_images.lmdb"


def audios_path(root: Path, mode: str) -> Path:
    """Return the environment of sounds."""
    return root / f"{mode}_audios.lmdb"


def _write_all(
    reader: PairReader, names: Sequence[str], folder: Path, mode: str, frame: str, threads: int
) -> Iterator[Stored]:
    paths = images_path(folder, mode), audios_path(folder, mode)
    with _writing(paths[0]) as images, _writing(paths[1]) as audios:
        for first in range(0, len(names), _AT_ONCE):
            some = names[first : first + _AT_ONCE]
            with audios.begin() as transaction:  # written last
                todo = [name for name in some if transaction.get(name.encode()) is None]
            pictures, sounds, faults = {}, {}, {}
            for name, made in each_made(functools.partial(_records, reader), todo, threads):
                if isinstance(made, HearsightError):
                    faults[name] = f"{name}: {made}"
                else:
                    pictures[f"{name}/{frame}.jpg".encode()], sounds[name.encode()] = made
            _put(images, pictures)
            _put(audios, sounds)
            yield from (Stored(name, faults.get(name, "")) for name in some)
        for path, environment in zip(paths, (images, audios), strict=True):
            _write_meta(path, environment)


def _records(reader: PairReader, name: str) -> tuple[bytes, bytes]:
    picture = resize_bilinear(reader.picture(name), SIDE_PX, SIDE_PX)
    waveform, _ = reader.sound(name, SAMPLE_RATE)
    pixels = np.ascontiguousarray(picture.transpose(1, 2, 0)[:, :, ::-1])
    return pixels.tobytes(), waveform.mean(axis=0, dtype=np.float32).astype("<f4").tobytes()


def _put(environment: lmdb.Environment, records: Mapping[bytes, bytes]) -> None:
    """Store records, all or none, in a map that grows when it is full."""
    while True:
        try:
            with environment.begin(write=True) as transaction:
                for key, value in records.items():
                    transaction.put(key, value)
        except _lmdb().MapFullError:
            environment.set_mapsize(2 * environment.info()["map_size"])
        else:
            return


def _write_meta(path: Path, environment: lmdb.Environment) -> None:
    with environment.begin() as transaction:
        keys = [key.decode() for key in transaction.cursor().iternext(keys=True, values=False)]
    about: dict[str, object] = {"name": path.stem, "keys": keys}
    if path.stem.endswith("_images"):
        about["resolution"] = [f"3_{SIDE_PX}_{SIDE_PX}"]
    with replacing(path / META_NAME) as temporary:
        temporary.write_text(json.dumps(about) + "\n", encoding="utf-8")


def _picture_key(transaction: lmdb.Transaction, name: str, frame: str) -> bytes | None:
    """Return the key of a pair's picture, None if it is not there."""
    prefix = f"{name}/".encode()
    if frame != "center":
        key = prefix + f"{frame}.jpg".encode()
        return key if transaction.get(key) is not None else None
    cursor, keys = transaction.cursor(), []
    is_more = cursor.set_range(prefix)
    while is_more and (key := bytes(cursor.key())).startswith(prefix):
        keys.append(key)
        is_more = cursor.next()
    return keys[len(keys) // 2] if keys else None


@contextlib.contextmanager
def _reading(path: Path) -> Iterator[lmdb.Transaction]:
    lmdb = _lmdb()
    try:
        with _opened(path).begin() as transaction:
            yield transaction
    except lmdb.Error as error:
        msg = f"{path}: cannot be read as LMDB ({error}); copy it again or write it anew"
        raise DatasetError(msg) from error


@functools.cache  # LMDB wants to be opened once in a process
def _opened(path: Path) -> lmdb.Environment:
    return _lmdb().open(str(path), readonly=True, lock=False, readahead=False)


if hasattr(os, "register_at_fork"):
    # What is open where a process is forked could be used, and opened, in neither of the two.
    os.register_at_fork(before=_opened.cache_clear)


@contextlib.contextmanager
def _writing(path: Path) -> Iterator[lmdb.Environment]:
    lmdb = _lmdb()
    try:
        path.mkdir(parents=True, exist_ok=True)
        _opened.cache_clear()  # of readers in this process
        with lmdb.open(str(path), map_size=_FIRST_MAP) as environment:
            yield environment
    except (lmdb.Error, OSError) as error:
        msg = f"{path}: cannot be written as LMDB ({error}); free space or choose another place"
        raise MediaError(msg) from error


def _lmdb() -> types.ModuleType:
    try:
        import lmdb
    except ImportError as error:
        msg = "LMDB is read and written by the package lmdb; pip install 'hearsight[legacy]'"
        raise MissingExtraError(msg) from error
    return lmdb
