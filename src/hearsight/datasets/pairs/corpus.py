"""`PairSet`: what a corpus of pairs holds, and `open_pairs`, which finds that out.

Its `PairReader` gives one picture or sound at a time; there is one for each way in which pairs are
stored: folders of frames and sounds, videos, the LMDB of the original code, shards.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from hearsight.datasets.pairs.folders import PICTURE_FOLDERS, SOUND_FOLDERS, find_pairs
from hearsight.datasets.pairs.lists import (
    counted,
    overlap,
    read_classes,
    read_names,
    read_silent,
)
from hearsight.datasets.pairs.lmdb import open_lmdb
from hearsight.datasets.pairs.reader import PairReader
from hearsight.datasets.pairs.shards import ShardPairs
from hearsight.datasets.pairs.truth import Annotated, read_annotations, row_files
from hearsight.datasets.pairs.videos import VIDEO_FOLDER, find_videos
from hearsight.errors import DatasetError, InputError, nearest
from hearsight.events.sounding import SoundingBoxes, Truth

Storage = Literal["folders", "videos", "lmdb", "shards"]

_SHOWN_NAMES = 5


@dataclass(frozen=True)
class PairSet:
    """A corpus of pairs.

    Parameters
    ----------
    root : Path
    kind : str
        "flickr-soundnet", "vggsound", "rows" (box or mask rows as of IS3, VPO and AVSBench) or
        "pairs" (nothing is annotated).
    reader : PairReader
    train, test : tuple of str
        Names that the reader has, in the order of the lists. Every test pair has its truth.
    truth : mapping of str to Truth
        Boxes (or masks) by name; other names than those of `test` may have one too.
    labels : mapping of str to str
        The class by name, as far as known.
    silent : tuple of (str, str)
        Names of a picture and of a sound whose source it does not show.
    dropped : tuple of str
        Names of the training list that were left out, for they are judged.
    faults : tuple of str
        What opening met: listed pairs that are not there, annotations that cannot be read.
    frame : str
        Which picture of several the reader gives; see `open_pairs`.
    """

    root: Path
    kind: str
    reader: PairReader = field(repr=False)
    train: tuple[str, ...] = field(repr=False)
    test: tuple[str, ...] = field(repr=False)
    truth: Mapping[str, Truth] = field(repr=False)
    labels: Mapping[str, str] = field(repr=False)
    silent: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    dropped: tuple[str, ...] = field(default=(), repr=False)
    faults: tuple[str, ...] = field(default=(), repr=False)
    frame: str = "007"

    def problems(self) -> tuple[str, ...]:
        """Return what is missing or wrong, a line each, without decoding anything.

        That is `faults`, boxes that mark no pixel, and names that are both learned and judged.
        """
        return (*self.faults, *self._unusable(), *self._leaks())

    def _unusable(self) -> Iterator[str]:
        for name in self.test:
            truth = self.truth[name]
            if not isinstance(truth, SoundingBoxes):
                continue
            usable = truth.is_usable()
            if not any(usable):
                yield f"{name}: no usable box; every heat map fails on it"
            elif not all(usable):
                yield f"{name}: {usable.count(False)} of its {len(usable)} boxes mark no pixel"

    def _leaks(self) -> Iterator[str]:
        if leaked := overlap(self.train, self.test):
            yield f"both learned and judged: {counted(leaked)}; leave them out of training"


def open_pairs(
    root: str | Path,
    *,
    annotations: str | Path | None = None,
    train_list: str | Path | None = None,
    test_list: str | Path | None = None,
    silent_list: str | Path | None = None,
    stored: Storage | None = None,
    frame: str = "007",
    drop_test_ids: bool = True,
) -> PairSet:
    """Open a corpus of pairs, however it is stored.

    Parameters
    ----------
    root : str or Path
        Holds the pairs: folders of frames and sounds, `videos`, an LMDB, or shards.
    annotations : str or Path, optional
        A folder of Flickr-SoundNet's XML, `vggss.json`, or rows of boxes or masks. Default: what
        `root` has of `Annotations` and `vggss.json`.
    train_list : str or Path, optional
        Names, one a line, plain or .xz. Default: `train.txt` in `root`, else all pairs that are not
        judged.
    test_list : str or Path, optional
        Names, first column of a .csv. Default: `test.csv` in `root`, else all annotated ones.
    silent_list : str or Path, optional
        Pairs whose picture does not show what sounds. Default: `test_plus_silent.csv` in `root`,
        else none.
    stored : {"folders", "videos", "lmdb", "shards"}, optional
        How, where `root` holds several. Default: shards, else an LMDB, else folders, else videos.
    frame : str
        Which picture where there are several: its number, one a second counted from 1, or "center".
        The default is what the published code takes.
    drop_test_ids : bool
        Whether to leave names out of training that are judged; see `PairSet.dropped`.

    Raises
    ------
    DatasetError
        If `root` holds no pairs, a list or annotation file is not what it should be, or a list that
        was asked for names none of the pairs.
    InputError
        If pairs are not stored so, or a video has no such frame.
    MissingExtraError
        If they lie in an LMDB and lmdb is not installed.
    """
    place = Path(root)
    frame = f"{int(frame):03d}" if frame.isdecimal() else frame
    marks = _annotated(place, annotations)
    reader = _reader(place, stored, frame, marks)
    there = frozenset(reader.names)
    if not there:
        raise DatasetError(_nothing(place))
    judged = _listed(place, test_list, "test.csv", there) or tuple(marks.truth)
    learned = _listed(place, train_list, "train.txt", there) or tuple(sorted(there - {*judged}))
    dropped = overlap(learned, judged) if drop_test_ids else ()
    usable = there.difference(dropped)
    silent_file = _given(place, silent_list, "test_plus_silent.csv")
    silent = read_silent(silent_file) if silent_file else ()
    classes = place / "vggsound.csv"
    return PairSet(
        place,
        marks.kind,
        reader,
        tuple(name for name in learned if name in usable),
        tuple(name for name in judged if name in there and name in marks.truth),
        marks.truth,
        {**(read_classes(classes) if classes.is_file() else {}), **marks.labels},
        tuple(pair for pair in silent if there.issuperset(pair)),
        dropped,
        (
            *marks.faults,
            *_absent(reader, there, judged, learned, silent),
            *_unmarked(marks, judged),
        ),
        frame,
    )


def _given(root: Path, path: str | Path | None, default: str) -> Path | None:
    """Return the file that was asked for, else the usual one if it is there."""
    if path is not None:
        return Path(path)
    return root / default if (root / default).exists() else None


def _listed(
    root: Path, path: str | Path | None, default: str, there: frozenset[str]
) -> tuple[str, ...]:
    """Return the names in the list that was asked for, else in the usual one if it is there."""
    file = _given(root, path, default)
    names = () if file is None else read_names(file)
    if path is not None and there.isdisjoint(names):
        msg = (
            f"{file}: none of its names is a pair of {root} (first: {names[0]!r}); give a list of "
            f"names such as {min(there)!r}"
        )
        raise DatasetError(msg)
    return names


def _annotated(root: Path, path: str | Path | None) -> Annotated:
    for default in ("Annotations", "vggss.json"):
        if place := _given(root, path, default):
            return read_annotations(place)
    return Annotated("pairs", {})


def _reader(root: Path, stored: Storage | None, frame: str, marks: Annotated) -> PairReader:
    """Return the reader of what lies in a folder."""
    if not root.is_dir():
        state = "is a file" if root.exists() else "does not exist"
        msg = f"{root}: {state}; give a folder of pairs"
        raise DatasetError(msg)
    if stored not in (None, *get_args(Storage)):
        msg = f"pairs are not stored as {stored!r}; {nearest(str(stored), get_args(Storage))}"
        raise InputError(msg)
    if stored == "shards" or (stored is None and any(root.glob("*.tar"))):
        return ShardPairs(root)
    if stored == "lmdb" or (stored is None and any(root.glob("*_images.lmdb"))):
        return open_lmdb(root, frame)
    if stored == "videos":
        return find_videos(root, frame)
    folders = row_files(root, marks.files) if marks.files else find_pairs(root, frame)
    return folders if stored or folders.names else find_videos(root, frame)


def _nothing(root: Path) -> str:
    """Say what was looked for in a folder without pairs, and what is there."""
    there = ", ".join(sorted(path.name for path in root.iterdir())[:_SHOWN_NAMES]) or "nothing"
    return (
        f"{root}: holds no pair of a picture and a sound of one name; looked for pictures in "
        f"{', '.join(PICTURE_FOLDERS)}, sounds in {', '.join(SOUND_FOLDERS)}, for {VIDEO_FOLDER}, "
        f"*_images.lmdb and *.tar, found {there}"
    )


def _absent(
    reader: PairReader,
    there: Collection[str],
    judged: Iterable[str],
    learned: Iterable[str],
    silent: Iterable[tuple[str, str]],
) -> Iterator[str]:
    """Name what the lists name but is not there."""
    wanted = dict.fromkeys([*judged, *learned, *(name for pair in silent for name in pair)])
    for name in wanted:
        if name not in there:
            yield from reader.missing(name)


def _unmarked(marks: Annotated, judged: Iterable[str]) -> Iterator[str]:
    for name in judged:
        if name not in marks.truth:
            yield f"{name}: is to be judged, but has no annotation"
