"""Folders of heat maps that any program may have made: `<name>.npy`, one for each picture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from numpy.lib.format import read_array
from numpy.typing import NDArray

from hearsight.errors import InputError
from hearsight.recording.files import replacing

SUFFIX = ".npy"


class SavedMaps(Mapping[str, NDArray[np.float32]]):
    """The maps in a folder by the names of their files, each read when it is asked for.

    Parameters
    ----------
    folder : str or Path

    Raises
    ------
    InputError
        If a file that is asked for is no array of numbers. Its shape and values are left to who
        asks.
    """

    def __init__(self, folder: str | Path) -> None:
        self._files = {file.stem: file for file in sorted(Path(folder).glob(f"*{SUFFIX}"))}

    def __getitem__(self, name: str) -> NDArray[np.float32]:
        file = self._files[name]
        try:
            with file.open("rb") as stream:
                # An array of objects would be unpickled, which could run anything.
                values = read_array(stream, allow_pickle=False)
        except (OSError, ValueError, MemoryError) as error:
            msg = f"{file}: cannot be read as a map ({error}); write it with numpy.save"
            raise InputError(msg) from error
        if values.dtype.kind not in "fiub":
            msg = f"{file}: a map must be an array of numbers (height, width), found {values.dtype}"
            raise InputError(msg)
        with np.errstate(over="ignore"):  # infinite is refused where maps are judged
            return values.astype(np.float32)

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)


def write_maps(folder: str | Path, maps: Mapping[str, NDArray[np.floating]]) -> None:
    """Write a file for each map.

    Parameters
    ----------
    folder : str or Path
        Is made.
    maps : mapping of str to ndarray, shape (height, width)

    Raises
    ------
    MediaError
        If a file cannot be written.
    """
    for name, map_ in maps.items():
        with replacing(Path(folder) / f"{name}{SUFFIX}") as temporary:
            np.save(temporary, map_)
