"""Pairs: a picture and the sound that goes with it, many of them, by name.

`PairSet` says what a corpus of pairs holds: which pairs teach, which are judged, and what is known
of where in the picture the sound comes from. Its `PairReader` gives one picture or sound at a time;
there is one for each way in which pairs are stored: folders of frames and sounds, videos, the LMDB
of the original code, shards.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from hearsight.errors import DatasetError
from hearsight.events.sounding import SoundingBoxes

_SHOWN_NAMES = 5


class PairReader(Protocol):
    """Gives pictures and sounds by name; may be handed to other processes, forked or spawned."""

    @property
    def names(self) -> tuple[str, ...]:
        """All pairs of which both the picture and the sound are there, sorted."""

    def picture(self, name: str) -> NDArray[np.uint8]:
        """Return the picture of a pair, RGB, shape (3, height, width).

        Raises
        ------
        DatasetError
            If it is not there.
        MediaError
            If it cannot be decoded.
        """

    def sound(self, name: str, sample_rate: int | None = None) -> tuple[NDArray[np.float32], int]:
        """Return the sound of a pair, shape (channels, samples), and its sample rate in Hz.

        Raises
        ------
        DatasetError
            If it is not there.
        MediaError
            If it cannot be decoded.
        """

    def missing(self, name: str) -> tuple[str, ...]:
        """Say of a pair that is not among `names` what is missing, a line each."""


class Truth(Protocol):
    """What is known of where in a picture the sound comes from: boxes, or a mask."""

    def to_map(self, size: int = ..., *, wrap_negative: bool = ...) -> NDArray[np.float32]:
        """Draw it into a square picture; see `SoundingBoxes.to_map`."""


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
            yield f"{counted(leaked)} both learned and judged; drop the test ids"


def overlap(train: Iterable[str], test: Collection[str]) -> tuple[str, ...]:
    """Return the names of a training list that are judged too, in its order.

    Examples
    --------
    >>> overlap(["a", "b", "c"], ["c", "d"])
    ('c',)
    """
    judged = frozenset(test)
    return tuple(name for name in train if name in judged)


def counted(names: Collection[str]) -> str:
    """Return names for a message: how many, and the first ones.

    Examples
    --------
    >>> counted(["a"]), counted(list("abcdefgh"))
    ('1 pair (a) is', '8 pairs (a, b, c, d, e, ...) are')
    """
    shown = ", ".join(list(names)[:_SHOWN_NAMES])
    more = ", ..." if len(names) > _SHOWN_NAMES else ""
    noun, verb = ("pair", "is") if len(names) == 1 else ("pairs", "are")
    return f"{len(names)} {noun} ({shown}{more}) {verb}"


def open_pairs(
    root: str | Path,
    *,
    annotations: str | Path | None = None,
    train_list: str | Path | None = None,
    test_list: str | Path | None = None,
    silent_list: str | Path | None = None,
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
    frame : str
        Which picture where there are several: its number, one a second counted from 1, or "center".
        The default is what the published code takes.
    drop_test_ids : bool
        Whether to leave names out of training that are judged; see `PairSet.dropped`.

    Raises
    ------
    DatasetError
        If `root` holds no pairs, or a list or annotation file is not what it should be.
    """
    msg = f"{root}: cannot be opened yet"
    raise DatasetError(msg)
