"""Pairs in shards: tar files of a thousand pairs, in the convention of WebDataset.

    pairs-00000.tar            <key>.jpg, <key>.flac, <key>.json, one pair after the other
    pairs-00000.tar.index.npz  where each of them begins; made when the tar is first opened

Reading is by random access: an epoch is shuffled exactly, any number of threads and processes read
at once, and nothing but the index is held in memory, 32 bytes a pair beside the name. A key is the
name of the pair, with what would end it (a dot, a slash) written as in addresses of the web.
"""

from __future__ import annotations

import contextlib
import re
import tarfile
from pathlib import Path
from urllib.parse import quote, unquote

import numpy as np
from numpy.typing import NDArray

from hearsight.datasets.pairs.media import SOUND_SUFFIXES, decode_sound, read_picture, resampled
from hearsight.errors import DatasetError, MediaError
from hearsight.recording.files import replacing
from hearsight.recording.media import PICTURE_SUFFIXES

_END_BYTES = 1024
_KEY = re.compile(r"((?:.*/)?[^./]+)(\.[^/]*)")


class ShardPairs:
    """A reader of shards; see `PairReader`. Handed to another process, it opens the folder there.

    Parameters
    ----------
    root : str or Path
        Holds the .tar files.

    Raises
    ------
    DatasetError
        If a tar is damaged, or two pairs have one name.
    """

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root)
        self._shards = sorted(self.root.glob("*.tar"))
        indexes = [read_index(path) for path in self._shards]
        names = np.concatenate([np.zeros(0, "S1"), *(names for names, _ in indexes)])
        order = np.argsort(names, kind="stable")
        self._names = names[order]
        self._places = np.concatenate([np.zeros((0, 4), int), *(p for _, p in indexes)])[order]
        lengths = [len(names) for names, _ in indexes]
        self._shard = np.repeat(np.arange(len(lengths)), lengths)[order]
        twice = np.flatnonzero(self._names[1:] == self._names[:-1])
        if len(twice):
            first, second = (self._shards[self._shard[twice[0] + i]] for i in (0, 1))
            name = self._names[twice[0]].decode()
            msg = f"{first}: holds {name!r}, and so does {second.name}; remove one of the two"
            raise DatasetError(msg)

    def __reduce__(self) -> tuple[type[ShardPairs], tuple[Path]]:
        return type(self), (self.root,)

    @property
    def names(self) -> tuple[str, ...]:
        """All pairs, sorted."""
        return tuple(sorted(name.decode() for name in self._names.tolist()))

    def picture(self, name: str) -> NDArray[np.uint8]:
        """Return a picture, RGB, shape (3, height, width)."""
        row, where = self._row(name)
        return read_picture(self._bytes(row, 0), f"{where}: picture of {name}")

    def sound(self, name: str, sample_rate: int | None = None) -> tuple[NDArray[np.float32], int]:
        """Return a sound, shape (channels, samples), and its sample rate in Hz."""
        row, where = self._row(name)
        waveform, rate = decode_sound(self._bytes(row, 2), f"{where}: sound of {name}")
        return resampled(waveform, rate, sample_rate)

    def missing(self, name: str) -> tuple[str, ...]:
        """Say whether a pair is in no shard."""
        return () if self._find(name) is not None else (f"{name}: is in no shard",)

    def _find(self, name: str) -> int | None:
        key = name.encode()
        row = int(np.searchsorted(self._names, np.bytes_(key)))
        return row if row < len(self._names) and self._names[row] == key else None

    def _row(self, name: str) -> tuple[int, Path]:
        row = self._find(name)
        if row is None:
            msg = f"{self.root}: no shard holds {name!r}; see hearsight check {self.root}"
            raise DatasetError(msg)
        return row, self._shards[self._shard[row]]

    def _bytes(self, row: int, column: int) -> bytes:
        """Read a member whose offset and size stand in two columns of the index."""
        path = self._shards[self._shard[row]]
        offset, size = self._places[row, column : column + 2].tolist()
        try:
            with path.open("rb") as file:
                file.seek(offset)
                stored = file.read(size)
        except OSError as error:
            msg = f"{path}: cannot be read ({error.strerror}); copy it again"
            raise MediaError(msg) from error
        if len(stored) < size:
            msg = f"{path}: is shorter than when it was opened; copy it again"
            raise MediaError(msg)
        return stored


def read_index(path: Path) -> tuple[NDArray[np.bytes_], NDArray[np.int64]]:
    """Return where the pairs of a tar are, from the file beside it if that fits.

    Parameters
    ----------
    path : Path
        The tar. Its index is written beside it, where that is allowed.

    Returns
    -------
    names : ndarray of bytes, shape (pairs,)
        UTF-8, in the order of the tar.
    places : ndarray of int64, shape (pairs, 4)
        Offset and size of the picture, offset and size of the sound, in bytes.

    Raises
    ------
    DatasetError
        If the tar is damaged.
    """
    beside = path.with_name(f"{path.name}.index.npz")
    with contextlib.suppress(OSError, ValueError, KeyError, EOFError), np.load(beside) as index:
        if index["tar_bytes"] == path.stat().st_size:
            return index["names"], index["places"]
    names, places = _scan(path)
    with contextlib.suppress(MediaError), replacing(beside) as temporary:
        np.savez(temporary, names=names, places=places, tar_bytes=path.stat().st_size)
    return names, places


def _scan(path: Path) -> tuple[NDArray[np.bytes_], NDArray[np.int64]]:
    pictures: dict[str, tuple[int, int]] = {}
    sounds: dict[str, tuple[int, int]] = {}
    try:
        with tarfile.open(path, "r:") as tar:
            for member in tar:
                if found := _KEY.fullmatch(member.name):
                    name, suffix = unquote(found[1]), found[2].lower()
                    kind = pictures if suffix in PICTURE_SUFFIXES else sounds
                    if suffix in (*PICTURE_SUFFIXES, *SOUND_SUFFIXES):
                        kind[name] = member.offset_data, member.size
            end = tar.offset
        with path.open("rb") as file:
            file.seek(end)
            # tarfile takes a damaged header within for the end; the true end is zeros.
            is_whole = file.read(_END_BYTES) == bytes(_END_BYTES)
    except (OSError, tarfile.TarError) as error:
        msg = f"{path}: cannot be read as a tar ({error}); write or copy it again"
        raise DatasetError(msg) from error
    if not is_whole:
        msg = f"{path}: is cut off or damaged after {end} bytes; write or copy it again"
        raise DatasetError(msg)
    names = [name for name in pictures if name in sounds]
    places = [(*pictures[name], *sounds[name]) for name in names]
    keys = np.array([name.encode() for name in names], dtype=np.bytes_)
    return keys, np.array(places, dtype=np.int64).reshape(-1, 4)


def shard_key(name: str) -> str:
    """Return what the files of a pair are called within a tar, before the suffix.

    Examples
    --------
    >>> shard_key("-0jeONf82dE_000021"), shard_key("a/b.c")
    ('-0jeONf82dE_000021', 'a%2Fb%2Ec')
    """
    return quote(name, safe="").replace(".", "%2E")
