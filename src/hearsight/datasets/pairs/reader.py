"""`PairReader`: what every way of storing pairs offers, and what writers of pairs share."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from hearsight.errors import HearsightError

_Made = TypeVar("_Made")


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


@dataclass(frozen=True)
class Stored:
    """A pair that a writer has dealt with.

    Parameters
    ----------
    name : str
    fault : str
        Why it was left out; empty if it was stored.
    """

    name: str
    fault: str = ""


def each_made(
    make: Callable[[str], _Made], names: Sequence[str], threads: int
) -> Generator[tuple[str, _Made | HearsightError]]:
    """Make something of each name, in order; what cannot be made comes as its error.

    Parameters
    ----------
    make : callable
    names : sequence of str
    threads : int
        Decoding and encoding run in that many; 0: in this one.
    """

    def attempt(name: str) -> _Made | HearsightError:
        try:
            return make(name)
        except HearsightError as error:
            return error

    if threads == 0:
        yield from ((name, attempt(name)) for name in names)
        return
    pool = ThreadPoolExecutor(threads)
    try:
        yield from zip(names, pool.map(attempt, names), strict=True)
    finally:
        pool.shutdown(cancel_futures=True)
