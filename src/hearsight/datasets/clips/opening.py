"""`open_clips`: find out what a folder of clips holds.

An annotation file must be there; all else may:

    Annotations.txt                        see `annotations`
    train_order.h5 ..., trainSet.txt ...   see `splits`
    AVE/<name>.mp4, videos/<name>.mp4      the clips; they may also lie beside the annotation file
    noisy.txt, noisy/<name>.mp4            clips without any event: names, one a line, and videos
    visual_feature.h5, audio_feature.h5    see `files`

Lists and HDF5 files may lie in a folder `data`, as in the authors' repository.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from hearsight.datasets.clips.annotations import (
    Annotation,
    is_annotation_file,
    read_annotations,
    read_lines,
)
from hearsight.datasets.clips.corpus import ClipSet
from hearsight.datasets.clips.files import ClipFiles, find_files
from hearsight.datasets.clips.splits import (
    MATCHING_ORDERS,
    ORDERS,
    TEXT_LISTS,
    Split,
    drawn_split,
    read_orders,
    read_text_lists,
    without_shared_clips,
)
from hearsight.errors import DatasetError, InputError, nearest

ANNOTATIONS = "Annotations.txt"
NEGATIVES = "noisy"
PLACES = ("", "data")
VIDEO_FOLDERS = ("AVE", "videos", NEGATIVES, "")
VIDEO_SUFFIXES = (
    *(".mp4", ".mkv", ".mov", ".webm", ".avi"),
    *(".m4v", ".mpg", ".mpeg", ".flv", ".wmv", ".3gp"),
)


def open_clips(
    root: str | Path,
    *,
    annotations: str | Path | None = None,
    classes: Sequence[str] | None = None,
    n_segments: int | None = None,
    drop_shared_clips: bool = False,
    seed: int = 0,
) -> ClipSet:
    """Open a corpus of clips.

    Parameters
    ----------
    root : str or Path
        Holds an annotation file, and what else there is; see the module.
    annotations : str or Path, optional
        Default: `Annotations.txt`, else the only other text file with such lines, else the three
        split lists.
    classes : sequence of str, optional
        All classes there are, without the background, such as those a system has learned. Default:
        those of the annotations, in the order in which they are first named.
    n_segments : int, optional
        Seconds of a clip. Default: what the stored features have, else the end of the last event.
    drop_shared_clips : bool
        Whether to leave rows out of training, and of validation, whose clip is judged under another
        class; see `ClipSet.dropped`.
    seed : int
        Draws the split of a corpus without lists.

    Raises
    ------
    DatasetError
        If there are no annotations, or a file is not what it should be.
    InputError
        If a row is of no class of `classes`, an event ends after `n_segments`, or that is not what
        the stored features have.
    MissingExtraError
        If there are HDF5 files and h5py is not installed.
    """
    place = Path(root)
    rows = _annotated(place, annotations)
    features = next(filter(None, (find_files(place / folder) for folder in PLACES)), None)
    if features is not None and features.n_rows != len(rows):
        msg = (
            f"{features.audio}: holds {features.n_rows} rows, {len(rows)} are annotated; take the "
            "features and annotations of one release"
        )
        raise DatasetError(msg)
    given = _split(place, rows) or drawn_split(rows, seed)
    matching_lists = _located(place, MATCHING_ORDERS)
    matching = read_orders(matching_lists, len(rows)) if matching_lists else None
    kept = given
    if drop_shared_clips:
        kept = without_shared_clips(given, rows)
        matching = without_shared_clips(matching, rows) if matching else None
    negatives = _negatives(place, features)
    return ClipSet(
        root=place,
        annotations=rows,
        classes=_classes(rows, classes),
        n_segments=_length(rows, n_segments, features),
        train=kept.train,
        validation=kept.validation,
        test=kept.test,
        matching=matching,
        negatives=negatives,
        videos=dict(_videos(place, {*(row.name for row in rows), *negatives})),
        features=features,
        dropped=tuple(sorted({*given.train, *given.validation} - {*kept.train, *kept.validation})),
    )


def _annotated(root: Path, path: str | Path | None) -> tuple[Annotation, ...]:
    """Return the rows of the given file, or of what there is in the folder."""
    if not root.is_dir():
        state = "is a file" if root.exists() else "does not exist"
        msg = f"{root}: {state}; give a folder of clips"
        raise DatasetError(msg)
    if path is not None:
        return read_annotations(path)
    if usual := _located(root, (ANNOTATIONS,)):
        return read_annotations(usual[0])
    own = (*TEXT_LISTS, f"{NEGATIVES}.txt")
    others = [each for each in sorted(root.glob("*.txt")) if each.name not in own]
    fitting = [each for each in others if is_annotation_file(each)]
    if len(fitting) == 1:
        return read_annotations(fitting[0])
    lists = _located(root, TEXT_LISTS)
    if not fitting and lists:
        return tuple(row for path in lists for row in read_annotations(path))
    found = f"{len(fitting)} text files with lines like its" if fitting else "none"
    msg = f"{root}: has no {ANNOTATIONS}, and {found}; name the annotation file"
    raise DatasetError(msg)


def _classes(rows: tuple[Annotation, ...], given: Sequence[str] | None) -> tuple[str, ...]:
    named = tuple(dict.fromkeys(row.category for row in rows))
    if given is None:
        return named
    for category in named:
        if category not in given:
            msg = f"rows are of the class {category!r}; {nearest(category, given)}"
            raise InputError(msg)
    return tuple(given)


def _located(root: Path, names: tuple[str, ...]) -> tuple[Path, ...]:
    """Return the files of these names, all from one place; empty if there is none with them all."""
    for folder in PLACES:
        paths = tuple(root / folder / name for name in names)
        if all(path.is_file() for path in paths):
            return paths
    return ()


def _split(root: Path, rows: tuple[Annotation, ...]) -> Split | None:
    if orders := _located(root, ORDERS):
        return read_orders(orders, len(rows))
    lists = _located(root, TEXT_LISTS)
    return read_text_lists(lists, rows) if lists else None


def _length(rows: tuple[Annotation, ...], wanted: int | None, features: ClipFiles | None) -> int:
    """Return the seconds of a clip."""
    last = max(rows, key=lambda row: row.end)
    stored = features.n_segments if features else last.end
    length = stored if wanted is None else wanted
    if features and length != features.n_segments:
        msg = f"{features.audio}: has {features.n_segments} seconds a clip, not {length}"
        raise InputError(msg)
    if length < max(1, last.end):
        msg = f"{last.name}: its event ends at {last.end} s, but clips have {length} seconds"
        raise InputError(msg)
    return length


def _negatives(root: Path, features: ClipFiles | None) -> tuple[str, ...]:
    """Return names of the clips without event: listed, or of videos, or made up for features."""
    n_stored = features.n_negatives if features else 0
    listed = _located(root, (f"{NEGATIVES}.txt",))
    folder = root / NEGATIVES
    if listed:
        names = tuple(dict.fromkeys(filter(None, read_lines(listed[0]))))
    else:
        names = tuple(path.stem for path in _video_files(folder))
    if not names:
        return tuple(f"{NEGATIVES} {number}" for number in range(n_stored))
    if n_stored not in (0, len(names)):
        msg = (
            f"{root}: has features of {n_stored} clips without event, but names of {len(names)}; "
            f"mend {listed[0] if listed else folder}"
        )
        raise DatasetError(msg)
    return names


def _videos(root: Path, names: Collection[str]) -> Iterator[tuple[str, Path]]:
    """Find the video of each name; of several the one in the first folder."""
    for folder in reversed(VIDEO_FOLDERS):
        for path in _video_files(root / folder):
            yield from ((name, path) for name in (path.stem, path.name) if name in names)


def _video_files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    files = (path for path in folder.iterdir() if path.suffix.lower() in VIDEO_SUFFIXES)
    return sorted(path for path in files if path.is_file() and path.name[0] != ".")
