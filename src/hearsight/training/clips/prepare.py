"""Features of clips, made of their videos before anything is learned from them.

Videos are encoded one by one, or several at a time by threads: decoders and networks compute
outside Python, and threads share one copy of the networks. What is done is kept: an interrupted run
goes on where it stopped. A video that cannot be encoded is named at the end, and the others are
there all the same.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from hearsight.datasets.clips.writing import ClipFilesWriter
from hearsight.datasets.pairs.reader import each_made
from hearsight.errors import DatasetError, HearsightError, InputError
from hearsight.features.clips import ClipFeatures
from hearsight.features.normalize import file_list_hash
from hearsight.systems.encoders import ClipEncoders, encode_clip
from hearsight.training.clips.sources import StoredClips
from hearsight.training.material import Tell
from hearsight.training.threads import one_thread

_NAMED = 20


def prepare_clips(
    stored: StoredClips,
    rows: Sequence[int],
    encoders: ClipEncoders,
    *,
    threads: int = 0,
    tell: Tell = lambda _: None,
    is_watched: bool = False,
) -> None:
    """Encode the videos of some rows that have no features yet.

    Parameters
    ----------
    stored : StoredClips
    rows : sequence of int
        Their clips are there.
    encoders : ClipEncoders
        Those of `stored`.
    threads : int
        Videos encoded at a time, each by one thread; 0: one, by as many threads as PyTorch takes.
    tell : callable
        Gets a line of text now and then.
    is_watched : bool
        Whether a progress bar is drawn.

    Raises
    ------
    DatasetError
        If some clips cannot be encoded; all others are there then.
    MediaError
        If features cannot be written.
    """
    clips = stored.clips
    names = dict.fromkeys(map(clips.name, rows))
    missing = [name for name in names if not stored.has(name)]
    if not missing:
        return
    tell(f"{len(missing)} of {len(names)} videos to encode; features in {stored.place}")
    faults = []
    made = each_made(lambda name: _encoded(stored, name, encoders), missing, threads)
    with (
        one_thread() if threads else contextlib.nullcontext(),
        Progress(console=Console(stderr=True), disable=not is_watched) as progress,
        contextlib.closing(made),
    ):
        for name, found in progress.track(made, total=len(missing), description="videos"):
            if isinstance(found, HearsightError):
                faults.append(str(found))
                continue
            try:
                stored.keep(name, found)
            except InputError as error:
                faults.append(str(error))
    if faults:
        named = "; ".join(faults[:_NAMED])
        more = f"; and {len(faults) - _NAMED} more" * (len(faults) > _NAMED)
        msg = (
            f"{clips.root}: {len(faults)} of {len(missing)} videos cannot be encoded ({named}"
            f"{more}); mend them, or strike them from the annotations"
        )
        raise DatasetError(msg)


def begin_files(stored: StoredClips, folder: str | Path) -> ClipFilesWriter:
    """Begin to write the features of a set in the published HDF5 layout, or go on with it.

    Parameters
    ----------
    stored : StoredClips
    folder : str or Path

    Raises
    ------
    DatasetError
        If a row has no video: the files would lack it.
    InputError
        If the folder holds the features of other rows or encoders.
    MissingExtraError
        If h5py is not installed.
    """
    clips = stored.clips
    if missing := clips.without_video:
        more = f" and {len(missing) - _NAMED} more" * (len(missing) > _NAMED)
        msg = (
            f"{folder}: the published files hold every row, but videos are missing "
            f"({', '.join(missing[:_NAMED])}{more}); get these, or leave out --hdf5"
        )
        raise DatasetError(msg)
    listed = file_list_hash(f"{row} {clips.name(row)}" for row in clips.rows)
    settings = {**stored.settings, "clips": listed}
    return ClipFilesWriter(folder, len(clips.annotations), len(clips.negatives), settings)


def write_files(writer: ClipFilesWriter, stored: StoredClips, *, is_watched: bool = False) -> None:
    """Write all rows that are not there yet; features of all of them are stored.

    For errors see `ClipFilesWriter`.
    """
    with Progress(console=Console(stderr=True), disable=not is_watched) as progress:
        for row in progress.track(writer.pending, description="rows"):
            features = stored.read(row)
            assert features.video is not None
            assert features.audio is not None
            writer.write(row, features.video, features.audio)


def _encoded(stored: StoredClips, name: str, encoders: ClipEncoders) -> ClipFeatures:
    path = stored.clips.videos[name]
    features = encode_clip(encoders, path, stored.clips.n_segments)
    if features.video is None or features.audio is None:
        lacks = "picture" if features.video is None else "sound"
        msg = f"{path}: has no {lacks}; events are both seen and heard"
        raise DatasetError(msg)
    return features
