"""Pairs in folders: pictures here, sounds there, as all published code of this kind wants them.

    video_frames/<name>/007.jpg    audios/<name>.wav or .flac    visual context, training
    images/<name>.jpg              audios/<name>.wav             visual context, Flickr-SoundNet
    frames/<name>.jpg              audio/<name>.wav              LVS, EZ-VSL, SLAVC, FNAC
    <name>/image_050.jpg           audio/<name>.wav              SSLalignment, VGG-SS
    <name>.mp4/<any>.jpg           audio/<name>.wav              SSLalignment, Flickr-SoundNet
    Data/<digit>/...               Data/<digit>/...              Flickr-SoundNet as downloaded

Every place is looked through, and the first picture and the first sound of a name count. A clip
that SSLalignment calls by its first and last millisecond has the name that VGGSound gives it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hearsight.datasets.pairs.media import SOUND_SUFFIXES, read_picture, read_sound
from hearsight.errors import DatasetError
from hearsight.recording.media import PICTURE_SUFFIXES

PICTURE_FOLDERS = ("frames", "images", "video_frames")
SOUND_FOLDERS = ("audio", "audios", "audio_wav")

_MIDDLE = "image_050"  # of three seconds, as SSLalignment stores them
_CLIP = re.compile(r"(.{11})_(\d+)_(\d+)")


@dataclass(frozen=True)
class FolderPairs:
    """A reader of pictures and sounds that lie in files; see `PairReader`.

    Parameters
    ----------
    root : Path
    pictures, sounds : mapping of str to str
        The file of each name, from `root`.
    """

    root: Path
    pictures: Mapping[str, str] = field(repr=False)
    sounds: Mapping[str, str] = field(repr=False)

    @property
    def names(self) -> tuple[str, ...]:
        """All pairs of which both files are there, sorted."""
        return tuple(sorted(self.pictures.keys() & self.sounds.keys()))

    def picture(self, name: str) -> NDArray[np.uint8]:
        """Return a picture, RGB, shape (3, height, width)."""
        path = self._path(name, self.pictures)
        return read_picture(path, str(path))

    def sound(self, name: str, sample_rate: int | None = None) -> tuple[NDArray[np.float32], int]:
        """Return a sound, shape (channels, samples), and its sample rate in Hz."""
        return read_sound(self._path(name, self.sounds), sample_rate)

    def missing(self, name: str) -> tuple[str, ...]:
        """Say whether the picture or the sound of a pair is missing."""
        kinds = (("picture", self.pictures), ("sound", self.sounds))
        return tuple(f"{name}: its {kind} is missing" for kind, files in kinds if name not in files)

    def _path(self, name: str, files: Mapping[str, str]) -> Path:
        if name not in files:
            kind = "picture" if files is self.pictures else "sound"
            msg = f"{self.root}: has no {kind} of {name!r}; see hearsight check {self.root}"
            raise DatasetError(msg)
        return self.root / files[name]


def find_pairs(root: Path, frame: str) -> FolderPairs:
    """Look through the folders of a corpus.

    Parameters
    ----------
    root : Path
    frame : str
        Which picture of a folder of pictures: its name without suffix, or "center". A folder
        without it may hold `image_050` or a single picture instead.

    Returns
    -------
    FolderPairs
        May hold nothing.
    """
    pictures = _by_name(_places(root, PICTURE_FOLDERS), PICTURE_SUFFIXES, frame)
    sounds = _by_name(_places(root, SOUND_FOLDERS), SOUND_SUFFIXES, "audio")
    return FolderPairs(
        root,
        {name: str(path.relative_to(root)) for name, path in pictures.items()},
        {name: str(path.relative_to(root)) for name, path in sounds.items()},
    )


def _places(root: Path, folders: tuple[str, ...]) -> list[Path]:
    """Return where to look: the folders of these names, those as downloaded, else the root."""
    found = [root / name for name in folders if (root / name).is_dir()]
    return [*found, *sorted(root.glob("Data/?/"))] or [root]


def _by_name(places: list[Path], suffixes: tuple[str, ...], inner: str) -> dict[str, Path]:
    files: dict[str, Path] = {}
    for place in places:
        for name, path in _files(place, suffixes, inner):
            files.setdefault(name, path)
    return files


def _files(place: Path, suffixes: tuple[str, ...], inner: str) -> Iterator[tuple[str, Path]]:
    """Yield what a folder holds: files by their name, folders with a chosen file inside."""
    for path in sorted(place.iterdir()):
        if path.name.startswith("."):
            continue
        if path.suffix.lower() in suffixes:
            yield published_name(path.stem), path
        elif path.suffix in ("", ".mp4") and path.is_dir():
            chosen = _chosen(path, suffixes, inner)
            if chosen is not None:
                yield published_name(path.stem), chosen


def _chosen(folder: Path, suffixes: tuple[str, ...], inner: str) -> Path | None:
    """Return the file of a folder that counts, None if none does."""
    likely = folder / f"{inner}{suffixes[0]}"
    if likely.is_file():  # spares listing a hundred thousand folders
        return likely
    inside = sorted(each for each in folder.iterdir() if each.suffix.lower() in suffixes)
    if inner == "center" and inside:
        return inside[len(inside) // 2]
    by_stem = {each.stem: each for each in inside}
    only = inside[0] if len(inside) == 1 else None
    return by_stem.get(inner) or by_stem.get(_MIDDLE) or only


def published_name(stem: str) -> str:
    """Return what VGGSound calls a clip that is named by its milliseconds, others as they are.

    Examples
    --------
    >>> published_name("-0jeONf82dE_21000_31000"), published_name("-0jeONf82dE_000021")
    ('-0jeONf82dE_000021', '-0jeONf82dE_000021')
    """
    found = _CLIP.fullmatch(stem)
    if found is None or int(found[3]) - int(found[2]) != 10_000:
        return stem
    return f"{found[1]}_{int(found[2]) // 1000:06d}"
