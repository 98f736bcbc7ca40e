"""Stored features of clips in the published HDF5 layout, read a row at a time.

    visual_feature.h5  audio_feature.h5                a row for each of the annotation file
    visual_feature_noisy.h5  audio_feature_noisy.h5    clips without any event
    visual_feature_vec.h5                              means over the picture, in place of maps

Released are 10 seconds a row, maps of 7 x 7 cells and 512 channels, 128 channels of sound; any
sizes are read. Rows of clips without event are numbered on from the last annotated one.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hearsight.datasets.clips.hdf5 import opened_array
from hearsight.errors import DatasetError, InputError

Floats = NDArray[np.float32]

VISUAL = ("visual_feature.h5", "visual_feature_vec.h5")
AUDIO = "audio_feature.h5"
VISUAL_NEGATIVES = "visual_feature_noisy.h5"
AUDIO_NEGATIVES = "audio_feature_noisy.h5"


@dataclass(frozen=True)
class ClipFiles:
    """A reader of stored features. It holds no file open, so any process may use it.

    Parameters
    ----------
    visual, audio : Path
        Of the annotated rows.
    visual_negatives, audio_negatives : Path, optional
        Of clips without any event; both or neither.
    n_rows, n_negatives : int
        How many rows the files hold.
    video_shape : tuple of int
        Of a row: (T, rows, columns, channels).
    audio_shape : tuple of int
        Of a row: (T, channels).
    """

    visual: Path
    audio: Path
    visual_negatives: Path | None
    audio_negatives: Path | None
    n_rows: int
    n_negatives: int
    video_shape: tuple[int, int, int, int]
    audio_shape: tuple[int, int]

    @property
    def n_segments(self) -> int:
        """Seconds of a row."""
        return self.audio_shape[0]

    def read(self, row: int) -> tuple[Floats, Floats]:
        """Read the features of a clip.

        Parameters
        ----------
        row : int
            From 0; those from `n_rows` on are clips without event.

        Returns
        -------
        video : ndarray of float32, shape (T, rows, columns, channels)
            One cell, where only means over the picture are stored.
        audio : ndarray of float32, shape (T, channels)

        Raises
        ------
        InputError
            If there is no such row.
        DatasetError
            If a file cannot be read, or a number in the row is not finite.
        """
        if not 0 <= row < self.n_rows + self.n_negatives:
            msg = (
                f"no features of row {row}; {self.audio.parent} has {self.n_rows} annotated rows "
                f"and, after them, {self.n_negatives} clips without event"
            )
            raise InputError(msg)
        visual, audio, number = self.visual, self.audio, row
        if row >= self.n_rows and self.visual_negatives and self.audio_negatives:
            visual, audio, number = self.visual_negatives, self.audio_negatives, row - self.n_rows
        video = _read_row(visual, number).reshape(self.video_shape)
        return video, _read_row(audio, number)


def find_files(root: Path) -> ClipFiles | None:
    """Look for stored features in a folder.

    Returns
    -------
    ClipFiles or None
        None without `audio_feature.h5` and `visual_feature.h5`.

    Raises
    ------
    DatasetError
        If one of them cannot be read, or they do not fit together.
    MissingExtraError
        If they are there and h5py is not installed.
    """
    visual = next((root / name for name in VISUAL if (root / name).is_file()), None)
    audio = root / AUDIO
    if visual is None or not audio.is_file():
        return None
    n_rows, video_shape, audio_shape = _shapes(visual, audio)
    negatives = root / VISUAL_NEGATIVES, root / AUDIO_NEGATIVES
    if not all(path.is_file() for path in negatives):
        return ClipFiles(visual, audio, None, None, n_rows, 0, video_shape, audio_shape)
    n_negatives, *shapes = _shapes(*negatives)
    if shapes != [video_shape, audio_shape]:
        msg = (
            f"{root}: clips without event have features of shapes {shapes[0]} and {shapes[1]}, "
            f"annotated ones {video_shape} and {audio_shape}; make both with one encoder"
        )
        raise DatasetError(msg)
    return ClipFiles(visual, audio, *negatives, n_rows, n_negatives, video_shape, audio_shape)


def _shapes(visual: Path, audio: Path) -> tuple[int, tuple[int, int, int, int], tuple[int, int]]:
    """Return the number of rows of two files that belong together, and the shapes of a row."""
    with opened_array(visual) as maps, opened_array(audio) as sounds:
        seen, heard = maps.shape, sounds.shape
    if len(seen) not in (3, 5) or len(heard) != 3 or seen[:2] != heard[:2]:
        msg = (
            f"{visual.name} has shape {seen}, {audio} {heard}; expected (rows, seconds, rows, "
            "columns, channels) and (rows, seconds, channels) of the same rows and seconds"
        )
        raise DatasetError(msg)
    n_rows, n_segments, *cells, channels = seen
    down, across = cells or (1, 1)
    return n_rows, (n_segments, down, across, channels), (n_segments, heard[2])


def _read_row(path: Path, row: int) -> Floats:
    with opened_array(path) as array:
        values = np.asarray(array[row], dtype=np.float32)
    if not np.isfinite(values).all():
        msg = f"{path}: row {row} holds a number that is not finite; extract it again"
        raise DatasetError(msg)
    return values
