"""The known corpora by name: what each is, and how one is told from its folders."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hearsight.datasets.dcase2025 import Dcase2025
from hearsight.datasets.listing import AudioFormat, ChallengeFolders
from hearsight.datasets.starss23 import Starss23
from hearsight.errors import InputError, nearest


@dataclass(frozen=True)
class Known:
    """A corpus that can be read.

    Parameters
    ----------
    name : str
        On the command line.
    holds : str
        What is in it.
    paper : str
    size : str
        Of the published corpus.
    license : str
    place : str
        Where to get it.
    open : type
        Reads it.
    """

    name: str
    holds: str
    paper: str
    size: str
    license: str
    place: str
    open: type[ChallengeFolders]


CATALOG: tuple[Known, ...] = (
    Known(
        "starss23",
        "scenes in real rooms; FOA and tetrahedral array, 360-degree pictures, distances",
        "Shimada et al., NeurIPS 2023",
        "168 annotated recordings",
        "MIT",
        "https://zenodo.org/records/7880637",
        Starss23,
    ),
    Known(
        "dcase2025",
        "clips of 5 s out of STARSS23: stereo, perspective pictures, distances, on-screen flags",
        "DCASE 2025 challenge task 3, arXiv:2507.12042",
        "41.7 h, 30,000 clips",
        "see its page",
        "https://dcase.community/challenge2025; or hearsight simulate --layout dcase2025",
        Dcase2025,
    ),
)


def find(name: str) -> Known:
    """Return what is known of a corpus.

    Raises
    ------
    InputError
        If none is called so.
    """
    for known in CATALOG:
        if known.name == name:
            return known
    msg = f"no dataset is called {name!r}; {nearest(name, [known.name for known in CATALOG])}"
    raise InputError(msg)


def open_dataset(root: str | Path, format: AudioFormat = "foa") -> ChallengeFolders:  # noqa: A002
    """Open the corpus in a folder by the sound asked for.

    Parameters
    ----------
    root : str or Path
        The folder that holds `foa_dev` and the like.
    format : {"foa", "mic", "stereo"}

    Raises
    ------
    DatasetError
        If the folder holds no corpus with that sound; the message says what was looked for.
    InputError
        If no corpus has such a format.
    """
    for known in CATALOG:
        if format in known.open.formats:
            return known.open(root, format)
    formats = [each for known in CATALOG for each in known.open.formats]
    msg = f"no dataset has the format {format!r}; {nearest(format, formats)}"
    raise InputError(msg)
