"""Shards of a corpus of pairs: just what a system hears and sees, for many workers to read.

A corpus is learned from as it lies. Where its clips are long, its pictures large, or its files too
many for the disk, it pays to cut what is needed out of it once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from hearsight.datasets.pairs import PairSet
from hearsight.datasets.pairs.shards import ShardPairs
from hearsight.datasets.pairs.writing import ShardSettings, write_shards
from hearsight.errors import DatasetError
from hearsight.systems.heatmap import HeatMapSystem
from hearsight.training.material import Tell

_PREFIX = "pairs_"
_SHOWN_FAULTS = 20


def shard_settings(system: HeatMapSystem) -> ShardSettings:
    """Return what must be kept of pairs for a system to hear and see: 16 bits, and JPEG."""
    sound = system.sound_input
    from_start = sound.span_s is not None
    return ShardSettings(
        short_side_px=system.view.size_px * 11 // 10,
        # A rolled span depends on the length of the whole sound.
        start=0.0 if from_start and not sound.rolls else None,
        duration=None if sound.rolls else sound.span_s or sound.duration_s,
        sample_rate=sound.sample_rate,
    )


def shard_folder(folder: Path, system: HeatMapSystem, pairs: PairSet) -> Path:
    """Return where the shards of a system lie among all that is prepared of a corpus."""
    made_with = repr((shard_settings(system), pairs.frame))
    return folder / f"{_PREFIX}{hashlib.sha256(made_with.encode()).hexdigest()[:8]}"


def prepare_pairs(
    system: HeatMapSystem,
    pairs: PairSet,
    folder: Path,
    *,
    threads: int = 0,
    tell: Tell = lambda _: None,
    is_watched: bool = False,
) -> Path:
    """Write the shards of a system; goes on where an earlier call has stopped.

    Parameters
    ----------
    system : HeatMapSystem
    pairs : PairSet
    folder : Path
        Of all that is prepared of the corpus.
    threads : int
        That decode and encode; 0: none beside this one.
    tell : callable
        Gets lines of text.
    is_watched : bool
        Whether a progress bar is drawn.

    Returns
    -------
    Path
        The folder of the shards.

    Raises
    ------
    DatasetError
        At the end, if pairs could not be read, which are named first.
    MediaError
        If the folder cannot be written.
    """
    target, names = shard_folder(folder, system, pairs), _used(pairs)
    if _holds(target, names):  # perhaps with more, which have been removed since
        return target
    settings = shard_settings(system)
    with Progress(console=Console(stderr=True), disable=not is_watched) as progress:
        writing = write_shards(pairs.reader, names, target, settings, threads=threads)
        watched = progress.track(writing, total=len(names), description="pairs")
        faults = [stored.fault for stored in watched if stored.fault]
    for fault in faults[:_SHOWN_FAULTS]:
        tell(fault)
    if faults:
        msg = (
            f"{target}: {len(faults)} of {len(names)} pairs could not be read and are left out; "
            f"remove them, or mend them and remove {target.name}"
        )
        raise DatasetError(msg)
    return target


def read_prepared(
    system: HeatMapSystem, pairs: PairSet, folder: Path
) -> tuple[PairSet, tuple[str, ...]]:
    """Return pairs that are read from the shards of a system, if these hold all of them.

    Parameters
    ----------
    system : HeatMapSystem
    pairs : PairSet
    folder : Path
        Of all that is prepared of the corpus.

    Returns
    -------
    pairs : PairSet
        As they were given, if there are no such shards.
    notes : tuple of str
        A sentence on which shards are read, or that those in the folder are not; none without any.
    """
    place = shard_folder(folder, system, pairs)
    if _holds(place, _used(pairs)):
        notes = (f"Pairs are read from the shards in {place}.",)
        return replace(pairs, reader=ShardPairs(place)), notes
    if any(folder.glob(f"{_PREFIX}*/*.tar")):
        return pairs, (
            f"No shards in {folder} hold all of these pairs for {system.name} with these settings: "
            "pairs are read as they lie; hearsight prepare makes such shards.",
        )
    return pairs, ()


def _holds(place: Path, names: Sequence[str]) -> bool:
    return any(place.glob("*.tar")) and set(ShardPairs(place).names).issuperset(names)


def _used(pairs: PairSet) -> tuple[str, ...]:
    heard_or_seen = (name for pair in pairs.silent for name in pair)
    return tuple(dict.fromkeys((*pairs.train, *pairs.test, *heard_or_seen)))
