"""Reading pairs to see whether they can be used: what is unreadable, and sample rates that differ.

What can be seen without decoding is told by `PairSet.problems`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from hearsight.datasets.pairs.lists import counted
from hearsight.datasets.pairs.media import check_finite
from hearsight.datasets.pairs.reader import PairReader, each_made
from hearsight.errors import HearsightError

_Item = TypeVar("_Item")

LEAST_RATE = 16_000
"""Hz; the lowest rate at which a published system of this kind hears."""


@dataclass(frozen=True)
class Heard:
    """What reading a pair has shown.

    Parameters
    ----------
    size : tuple of int
        Width and height of the picture in pixels.
    sample_rate : int
        Hz.
    n_channels : int
    duration : float
        Of the sound in seconds.
    is_silent : bool
        Whether all samples are 0.
    """

    size: tuple[int, int]
    sample_rate: int
    n_channels: int
    duration: float
    is_silent: bool


def read_pairs(
    reader: PairReader, names: Sequence[str], threads: int = 0
) -> Iterator[tuple[str, Heard | HearsightError]]:
    """Decode pairs, and yield of each what it holds, or why it cannot be read.

    Parameters
    ----------
    reader : PairReader
    names : sequence of str
    threads : int
        See `each_made`.
    """

    def read(name: str) -> Heard:
        _, height, width = reader.picture(name).shape
        waveform, rate = reader.sound(name)
        check_finite(waveform)
        n_channels, n_samples = waveform.shape
        return Heard((width, height), rate, n_channels, n_samples / rate, not waveform.any())

    return each_made(read, names, threads)


def spread(items: Sequence[_Item], n_at_most: int) -> tuple[_Item, ...]:
    """Return some items, evenly over the whole list.

    Examples
    --------
    >>> spread(list("abcdefg"), 3)
    ('a', 'c', 'e')
    """
    n_kept = min(len(items), n_at_most)
    return tuple(items[i * len(items) // n_kept] for i in range(n_kept))


def media_problems(read: Sequence[tuple[str, Heard | HearsightError]]) -> tuple[str, ...]:
    """Say what is wrong with pairs that were read, a line each.

    Parameters
    ----------
    read : sequence
        What `read_pairs` has yielded.

    Returns
    -------
    tuple of str
        Pairs that cannot be read, each; then silent sounds, sample rates below `LEAST_RATE`, and
        rates that differ from the usual one: the level and time scale of a spectrogram go with it.
    """
    heard = [(name, each) for name, each in read if isinstance(each, Heard)]
    unreadable = [f"{name}: {each}" for name, each in read if isinstance(each, HearsightError)]
    rates = Counter(each.sample_rate for _, each in heard)
    usual = rates.most_common(1)[0][0] if rates else 0

    def those(is_so: Callable[[Heard], bool], what: str) -> list[str]:
        found = [name for name, each in heard if is_so(each)]
        return [f"{what}: {counted(found)}"] if found else []

    return (
        *unreadable,
        *those(lambda each: each.is_silent, "sound is silent"),
        *those(lambda each: each.sample_rate < LEAST_RATE, f"sound below {LEAST_RATE} Hz"),
        *those(
            lambda each: each.sample_rate != usual,
            f"sound is not at {usual} Hz as most; convert it, or train a system that resamples",
        ),
    )
