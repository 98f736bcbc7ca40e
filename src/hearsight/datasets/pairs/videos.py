"""Pairs straight from videos: a picture at a chosen second, and the sound of the file.

    videos/<name>.mp4

Nothing is converted or written; each picture costs the decoding from the key frame before it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hearsight.datasets.pairs.folders import published_name
from hearsight.errors import DatasetError, InputError, MediaError
from hearsight.recording.audio import read_audio
from hearsight.recording.media import probe
from hearsight.recording.video import iterate_frames

VIDEO_FOLDER = "videos"
SUFFIXES = (".mp4", ".mkv", ".mov", ".webm", ".avi")


@dataclass(frozen=True)
class VideoPairs:
    """A reader of videos; see `PairReader`.

    Parameters
    ----------
    root : Path
    videos : mapping of str to str
        The file of each name, from `root`.
    frame : str
        The number of the picture at one a second, counted from 1, or "center".

    Raises
    ------
    InputError
        If `frame` is neither.
    """

    root: Path
    videos: Mapping[str, str] = field(repr=False)
    frame: str = "007"

    def __post_init__(self) -> None:
        if self.frame != "center" and not (self.frame.isdecimal() and int(self.frame) > 0):
            msg = f"of a video the frame is a number from 1, or center, got {self.frame!r}"
            raise InputError(msg)

    @property
    def names(self) -> tuple[str, ...]:
        """All videos, sorted; whether they have sound is seen when they are read."""
        return tuple(sorted(self.videos))

    def picture(self, name: str) -> NDArray[np.uint8]:
        """Return the chosen picture, RGB, shape (3, height, width)."""
        path = self._path(name)
        media = probe(path)
        time = media.duration / 2 if self.frame == "center" else picture_time(int(self.frame))
        if media.duration <= time:
            msg = (
                f"{path}: lasts {media.duration:g} s, picture {self.frame} is at {time:g} s; "
                "choose an earlier one, or center"
            )
            raise MediaError(msg)
        for _, picture in iterate_frames(path, start=time):
            return picture
        msg = f"{path}: no picture could be decoded at {time:g} s; copy it again or remove it"
        raise MediaError(msg)

    def sound(self, name: str, sample_rate: int | None = None) -> tuple[NDArray[np.float32], int]:
        """Return the sound of the file, shape (channels, samples), and its rate in Hz."""
        return read_audio(self._path(name), sample_rate=sample_rate)

    def missing(self, name: str) -> tuple[str, ...]:
        """Say whether there is no such video."""
        return () if name in self.videos else (f"{name}: its video is missing",)

    def _path(self, name: str) -> Path:
        if name not in self.videos:
            msg = f"{self.root}: has no video of {name!r}; see hearsight check {self.root}"
            raise DatasetError(msg)
        return self.root / self.videos[name]


def find_videos(root: Path, frame: str) -> VideoPairs:
    """List the videos in `root/videos`, or in `root` if there is no such folder."""
    folder = root / VIDEO_FOLDER
    files = sorted((folder if folder.is_dir() else root).iterdir())
    return VideoPairs(
        root,
        {
            published_name(path.stem): str(path.relative_to(root))
            for path in files
            if path.suffix.lower() in SUFFIXES and path.is_file() and path.name[0] != "."
        },
        frame,
    )


def picture_time(number: int) -> float:
    """Return the second that FFmpeg's picture of a number shows, at one picture a second.

    Its rate filter takes the latest picture before the middle of each second.

    Examples
    --------
    >>> picture_time(7)
    6.5
    """
    return number - 0.5
