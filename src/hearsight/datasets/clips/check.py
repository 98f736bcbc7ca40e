"""What a corpus of clips holds, and what is missing or wrong in it, a line each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from hearsight.datasets.clips.corpus import ClipSet
from hearsight.datasets.clips.files import AUDIO, AUDIO_NEGATIVES, VISUAL, VISUAL_NEGATIVES
from hearsight.datasets.clips.hdf5 import read_array
from hearsight.datasets.clips.opening import located
from hearsight.datasets.pairs.check import spread
from hearsight.datasets.pairs.reader import each_made
from hearsight.errors import DatasetError, HearsightError, MediaError
from hearsight.recording.audio import read_audio
from hearsight.recording.media import probe

SLACK_S = 0.5
"""How much a clip may lack of its seconds before that is told; those of AVE vary by a tenth."""

_SHOWN_ROWS = 5
_LOOKED_AT = 32


@dataclass(frozen=True)
class Watched:
    """What reading a clip has shown.

    Parameters
    ----------
    duration : float
        Seconds.
    is_silent : bool
        Whether all samples of its sound are 0.
    """

    duration: float
    is_silent: bool


def describe_clips(clips: ClipSet) -> tuple[str, ...]:
    """Say what a corpus holds, a line each."""
    n_rows, n_clips = len(clips.annotations), Counter(row.name for row in clips.annotations)
    of_classes = Counter(row.category for row in clips.annotations)
    fewest, most = min(of_classes, key=of_classes.__getitem__), of_classes.most_common(1)[0][0]
    n_shared = sum(count > 1 for count in n_clips.values())
    n_there = len(n_clips.keys() & clips.videos.keys())
    files = clips.features
    return (
        f"{clips.root}: {n_rows} rows of {len(n_clips)} clips of {clips.n_segments} s"
        + (f"; clips with several rows: {n_shared}" if n_shared else ""),
        f"{len(of_classes)} classes: {of_classes[fewest]} ({fewest}) to {of_classes[most]} "
        f"({most}) rows each",
        f"learned: {len(clips.train)}, to choose weights by: {len(clips.validation)}, judged: "
        f"{len(clips.test)}; without any event: {len(clips.negatives)}",
        f"videos: {n_there} of {len(n_clips)} clips",
        f"stored features: maps of {files.video_shape} and sounds of {files.audio_shape} a row"
        if files
        else "stored features: none",
    )


def check_clips(clips: ClipSet) -> tuple[str, ...]:
    """Say what is missing or wrong, without decoding anything.

    Returns
    -------
    tuple of str
        A class that is called as the background, clips that are said to be without any event and
        are annotated with one, rows whose event lasts no second, rows that come twice, rows in no
        part of the split, clips in two of them, classes that are judged but not learned, HDF5 files
        that are not used or say something else than the annotations, stored features that are not
        like the published ones;
        at last the videos that are missing, if there are any.
    """
    return (
        *_odd_names(clips),
        *_odd_rows(clips),
        *_odd_split(clips),
        *_unused(clips),
        *_odd_labels(clips),
        *_odd_features(clips),
        *_missing(clips),
    )


def watch_clips(
    clips: ClipSet, names: Sequence[str], threads: int = 0
) -> Iterator[tuple[str, Watched | HearsightError]]:
    """Decode the sound of clips, look at their pictures, and yield what was found, or the fault.

    Parameters
    ----------
    clips : ClipSet
    names : sequence of str
        Of clips that have a video.
    threads : int
        See `each_made`.
    """

    def watch(name: str) -> Watched:
        path = clips.videos[name]
        media = probe(path)
        if media.chosen_video is None or media.chosen_audio is None:
            lacks = "picture" if media.chosen_video is None else "sound"
            msg = f"{path}: has no {lacks}; events are both seen and heard"
            raise MediaError(msg)
        waveform, _ = read_audio(path)
        return Watched(media.duration, not waveform.any())

    return each_made(watch, names, threads)


def watched_problems(
    clips: ClipSet, watched: Iterable[tuple[str, Watched | HearsightError]]
) -> Iterator[str]:
    """Say what is wrong with clips that were read, a line each."""
    for name, found in watched:
        if isinstance(found, HearsightError):
            yield f"{name}: {found}"
        elif found.duration < clips.n_segments - SLACK_S:
            yield f"{name}: lasts {found.duration:.1f} s of {clips.n_segments}"
        elif found.is_silent:
            yield f"{name}: its sound is silent"


def _odd_names(clips: ClipSet) -> Iterator[str]:
    if "background" in clips.classes:
        yield f"{clips.root}: a class is called background, as seconds without event are; rename it"
    annotated = {row.name for row in clips.annotations}
    for name in clips.negatives:
        if name in annotated:
            yield f"{name}: is said to be without any event, and annotated with one"


def _odd_rows(clips: ClipSet) -> Iterator[str]:
    for row, event in enumerate(clips.annotations):
        if event.duration == 0:
            yield f"row {row}, {event.name}: its event ({event.category}) lasts no second"
    for event, count in Counter(clips.annotations).items():
        if count > 1:
            yield f"{event.name}: the same row ({event.category}) comes {count} times"


def _odd_split(clips: ClipSet) -> Iterator[str]:
    parts = {"learned": clips.train, "to choose by": clips.validation, "judged": clips.test}
    used = {row for rows in parts.values() for row in rows}
    if unused := set(range(len(clips.annotations))) - used:
        yield f"in no part of the split: {_counted(unused)}"
    for (first, rows), (second, others) in combinations(parts.items(), 2):
        if both := set(rows) & set(others):
            yield f"both {first} and {second}: {_counted(both)}"
        later = {clips.name(row): row for row in others}
        for row in rows:
            other = later.get(clips.name(row), row)
            if other != row:
                told = [f"{clips.annotations[each].category} (row {each})" for each in (row, other)]
                yield f"{clips.name(row)}: {first} as {told[0]}, {second} as {told[1]}"
    learned = {clips.video_label(row) for row in clips.train}
    for index in sorted({clips.video_label(row) for row in clips.test} - learned):
        yield f"{clips.classes[index]}: is judged, but no row of it is learned"


def _unused(clips: ClipSet) -> Iterator[str]:
    """Name files of features that lack what goes with them."""
    files = clips.features
    for one, other, is_read in (
        (VISUAL[0], AUDIO, files is not None),
        (VISUAL_NEGATIVES, AUDIO_NEGATIVES, files is not None and files.n_negatives > 0),
    ):
        for name in (one, other):
            if not is_read and located(clips.root, (name,)):
                yield f"{name}: is not used; {one} and {other} of all rows belong together"


def _odd_labels(clips: ClipSet) -> Iterator[str]:
    for name, expected in _expected_labels(clips).items():
        for path in located(clips.root, (name,)):
            try:
                stored = read_array(path)
            except DatasetError as error:
                yield str(error)
                continue
            if stored.shape != expected.shape:
                yield f"{path}: has shape {stored.shape}, the annotations make {expected.shape}"
                continue
            is_wrong = (stored != expected).reshape(len(expected), -1).any(axis=1)
            if is_wrong.any():
                wrong = _counted(np.flatnonzero(is_wrong).tolist())
                yield f"{path}: differs from the annotations in {wrong}"


def _expected_labels(clips: ClipSet) -> dict[str, NDArray[np.float32]]:
    """Return what the released files of labels must hold."""
    rows = range(len(clips.annotations))
    seconds = clips.one_hot(rows)
    of_videos = np.eye(len(clips.classes) + 1, dtype=np.float32)
    expected = {
        "labels.h5": seconds,
        "mil_labels.h5": of_videos[[clips.video_label(row) for row in rows]],
        "labels_closs.h5": 1.0 - seconds[..., -1],
    }
    if clips.negatives:
        expected["labels_noisy.h5"] = of_videos[[clips.background] * len(clips.negatives)]
    return expected


def _odd_features(clips: ClipSet) -> Iterator[str]:
    """Look at some rows of features of the published sizes: those come out of a ReLU."""
    files = clips.features
    if files is None:
        return
    channels = {"pictures": (files.video_shape[-1], 512), "sounds": (files.audio_shape[-1], 128)}
    rows = spread(range(files.n_rows + files.n_negatives), _LOOKED_AT)
    try:
        read = {row: files.read(row) for row in rows}
    except DatasetError as error:
        yield str(error)
        return
    for index, (what, (found, published)) in enumerate(channels.items()):
        values = {row: features[index] for row, features in read.items()}
        if found == published and any((each < 0.0).any() for each in values.values()):
            yield (
                f"features of {what} are negative in places, unlike the published ones; weights "
                "learned on those need the network's last ReLU"
            )
        if empty := [row for row, each in values.items() if not each.any()]:
            yield f"features of {what} are all 0 in {_counted(empty)} of {len(rows)} looked at"


def _missing(clips: ClipSet) -> Iterator[str]:
    """Name clips without a video, unless there are none: then features are all there is."""
    if clips.videos:
        yield from (f"{name}: its video is missing" for name in clips.without_video)


def _counted(rows: Iterable[int]) -> str:
    """Return rows for a message: how many, and the first ones."""
    numbers = sorted(rows)
    shown = ", ".join(map(str, numbers[:_SHOWN_ROWS]))
    more = ", ..." if len(numbers) > _SHOWN_ROWS else ""
    return f"{len(numbers)} {'row' if len(numbers) == 1 else 'rows'} ({shown}{more})"
