"""Writing features of clips in the published HDF5 layout, a row at a time.

Features are written in place into files that have their full size from the beginning, beside a
journal of the rows that are there. So neither a stop between rows nor within one does harm: what
is not in the journal is written again. The files get their names when the last row is there.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from hearsight.datasets.clips.files import (
    AUDIO,
    AUDIO_NEGATIVES,
    VISUAL,
    VISUAL_NEGATIVES,
    Floats,
)
from hearsight.datasets.clips.hdf5 import KEYS, import_h5py, opened_array
from hearsight.errors import InputError, MediaError
from hearsight.recording.files import claim_folder, replacing

if TYPE_CHECKING:
    from collections.abc import Iterator

SETTINGS_NAME = "features.json"
JOURNAL = "features.rows"
NAMES = ((VISUAL[0], AUDIO), (VISUAL_NEGATIVES, AUDIO_NEGATIVES))


class ClipFilesWriter:
    """Writes the features of all rows of a set; goes on where it was stopped.

    Parameters
    ----------
    folder : str or Path
        Is made.
    n_rows : int
        Annotated rows, at least 1.
    n_negatives : int
        Clips without any event; they are numbered on from the last row.
    settings : mapping
        What the features are made with: a folder holds those of one kind.

    Raises
    ------
    InputError
        If there are no rows, or the folder was begun with other settings or numbers of rows, or
        holds others' features.
    MissingExtraError
        If h5py is not installed.
    """

    def __init__(
        self, folder: str | Path, n_rows: int, n_negatives: int, settings: Mapping[str, object]
    ) -> None:
        import_h5py()
        self.folder = Path(folder)
        self.n_rows = n_rows
        self.n_negatives = n_negatives
        if n_rows < 1 or n_negatives < 0:
            msg = f"need a row or more, got {n_rows} and {n_negatives} without event"
            raise InputError(msg)
        note = self.folder / SETTINGS_NAME
        if self._is_finished and not note.exists():
            msg = f"{self.folder}: holds features that were not written here; give another folder"
            raise InputError(msg)
        about = {**settings, "n_rows": n_rows, "n_negatives": n_negatives}
        claim_folder(note, about)
        self._there = self._journal()
        if not self._is_finished and not self.pending:
            self._finish()

    @property
    def pending(self) -> tuple[int, ...]:
        """Rows that are not there yet."""
        if self._is_finished:
            return ()
        n_all = self.n_rows + self.n_negatives
        return tuple(row for row in range(n_all) if row not in self._there)

    def write(self, row: int, video: ArrayLike, audio: ArrayLike) -> None:
        """Store the features of a row; with the last one the files get their names.

        Parameters
        ----------
        row : int
            One of `pending`.
        video : array_like, shape (T, rows, columns, channels)
        audio : array_like, shape (T, channels)

        Raises
        ------
        InputError
            If there is no such row, shapes are not those of the rows before, or a number is not
            finite.
        MediaError
            If the files cannot be written.
        """
        if not 0 <= row < self.n_rows + self.n_negatives:
            msg = f"no row {row}; rows are 0 to {self.n_rows + self.n_negatives - 1}"
            raise InputError(msg)
        is_negative = row >= self.n_rows
        number = row - self.n_rows if is_negative else row
        for name, features in zip(NAMES[is_negative], (video, audio), strict=True):
            self._put(name, number, _checked(row, features))
        with _writing(self.folder / JOURNAL), (self.folder / JOURNAL).open("a") as journal:
            journal.write(f"{row}\n")
        self._there.add(row)
        if len(self._there) == self.n_rows + self.n_negatives:
            self._finish()

    @property
    def _is_finished(self) -> bool:
        return (self.folder / AUDIO).exists()  # takes its name last

    def _journal(self) -> set[int]:
        """Read which rows are there, and cut off what a stop has left of a line."""
        path = self.folder / JOURNAL
        if not path.exists():
            return set()
        whole, end, _ = path.read_text().rpartition("\n")
        with replacing(path) as temporary:
            temporary.write_text(whole + end)
        return set(map(int, whole.split()))

    def _put(self, name: str, number: int, features: Floats) -> None:
        n_rows = self.n_negatives if name in NAMES[1] else self.n_rows
        path = self.folder / f"{name}.part"
        if not path.exists():
            _create(path, (n_rows, *features.shape))
        with opened_array(path) as array:
            shape, start = array.shape, array.id.get_offset()
        if shape != (n_rows, *features.shape):
            msg = f"{path.stem}: rows have shape {shape[1:]}, got {features.shape}"
            raise InputError(msg)
        with _writing(path), path.open("r+b") as file:
            file.seek(start + number * features.nbytes)
            file.write(features.tobytes())

    def _finish(self) -> None:
        names = [name for pair in reversed(NAMES) for name in pair]
        with _writing(self.folder):
            for name in names:
                part = self.folder / f"{name}.part"
                if part.exists():
                    part.rename(self.folder / name)
            (self.folder / JOURNAL).unlink(missing_ok=True)


def _create(path: Path, shape: tuple[int, ...]) -> None:
    """Make a file of unwritten rows; none of its bookkeeping changes later."""
    h5py = import_h5py()
    with replacing(path) as temporary, h5py.File(temporary, "w") as file:
        create = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        create.set_layout(h5py.h5d.CONTIGUOUS)
        create.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
        create.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
        space, kind = h5py.h5s.create_simple(shape), h5py.h5t.IEEE_F32LE
        h5py.h5d.create(file.id, KEYS[0].encode(), kind, space, create)


def _checked(row: int, features: ArrayLike) -> Floats:
    values = np.ascontiguousarray(features, dtype="<f4")
    if not (math.prod(values.shape) and np.isfinite(values).all()):
        msg = f"row {row}: features of shape {values.shape} hold nothing, or a number not finite"
        raise InputError(msg)
    return values


@contextlib.contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        msg = f"{path}: cannot be written ({error.strerror or error}); free space and go on"
        raise MediaError(msg) from error
