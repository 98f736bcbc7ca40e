"""HDF5 files of one array each, under whichever key it was stored."""

from __future__ import annotations

import contextlib
import types
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hearsight.errors import DatasetError, MissingExtraError

if TYPE_CHECKING:
    import h5py

KEYS = ("avadataset", "dataset", "order")
"""Of the released features and labels, of those that the authors' scripts extract, of the lists."""


@contextlib.contextmanager
def opened_array(path: Path) -> Iterator[h5py.Dataset]:
    """Open the array in a file, for reading parts of it; it is closed when the block ends.

    Raises
    ------
    DatasetError
        If the file is no HDF5, is cut off, or holds no array under one of `KEYS`.
    MissingExtraError
        If h5py is not installed.
    """
    h5py = import_h5py()
    try:
        with h5py.File(path, "r") as file:
            key = next((key for key in KEYS if key in file), None)
            if key is None or not isinstance(file[key], h5py.Dataset):
                found = ", ".join(file) or "nothing"
                msg = f"{path}: has no array {' or '.join(KEYS)}, found {found}"
                raise DatasetError(msg)
            yield file[key]
    except OSError as error:
        msg = f"{path}: cannot be read as HDF5 ({error}); copy it again"
        raise DatasetError(msg) from error


def read_array(path: Path) -> NDArray[np.generic]:
    """Read the whole array of a file; see `opened_array`."""
    with opened_array(path) as array:
        return np.asarray(array[()])


def import_h5py() -> types.ModuleType:
    """Return the package, or say how to get it."""
    try:
        import h5py
    except ImportError as error:
        msg = "HDF5 is read and written by the package h5py; pip install 'hearsight[legacy]'"
        raise MissingExtraError(msg) from error
    return h5py
