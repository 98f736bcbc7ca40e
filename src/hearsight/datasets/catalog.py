"""The known corpora by name: what each is, and how one is told from its folders."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hearsight.datasets.dcase2025 import Dcase2025
from hearsight.datasets.listing import AudioFormat, ChallengeFolders
from hearsight.datasets.starss23 import Starss23
from hearsight.errors import InputError, nearest


@dataclass(frozen=True)
class About:
    """What a user wants to know of a corpus.

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
    """

    name: str
    holds: str
    paper: str
    size: str
    license: str
    place: str


@dataclass(frozen=True)
class Known(About):
    """A corpus of recordings with events in time and space.

    Parameters
    ----------
    open : type
        Reads it.
    """

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

PAIRS: tuple[About, ...] = (
    About(
        "vggsound",
        "clips of 10 s, one picture and the sound of each; boxes of what sounds (VGG-SS)",
        "Chen et al., ICASSP 2020; Chen et al., CVPR 2021",
        "144,000 pairs and more; 5158 with boxes",
        "see its page",
        "https://www.robots.ox.ac.uk/~vgg/data/vggsound; or hearsight simulate --layout vggsound",
    ),
    About(
        "flickr-soundnet",
        "pictures and sounds of videos; boxes by three annotators each",
        "Senocak et al., CVPR 2018",
        "144,000 pairs; 5000 with boxes",
        "see its page",
        "https://github.com/ardasnck/learning_to_localize_sound_source; or hearsight "
        "simulate --layout flickr-soundnet",
    ),
    About(
        "rows",
        "IS3, VPO, AVSBench: rows of picture, sound, and box or mask",
        "Senocak et al., ICCV 2023",
        "IS3: 6480 rows of 3240 pictures",
        "see its page",
        "https://github.com/kaistmm/SSLalignment",
    ),
)
"""Corpora of pairs of picture and sound; `open_pairs` reads them all."""

CLIPS: tuple[About, ...] = (
    About(
        "ave",
        "clips of 10 s; a class or background for each second",
        "Tian et al., ECCV 2018",
        "4143 rows of 4097 clips, 28 classes",
        "see its page",
        "https://github.com/YapengTian/AVE-ECCV18; or hearsight simulate --layout ave",
    ),
)
"""Corpora of clips with annotated seconds; `open_clips` reads them all."""


def find(name: str) -> Known:
    """Return what is known of a corpus of recordings.

    Raises
    ------
    InputError
        If none is called so; names of all kinds of corpora are suggested.
    """
    for known in CATALOG:
        if known.name == name:
            return known
    names = [each.name for each in (*CATALOG, *PAIRS, *CLIPS)]
    msg = f"no dataset is called {name!r}; {nearest(name, names)}"
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
