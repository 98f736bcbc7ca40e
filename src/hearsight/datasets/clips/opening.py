"""`open_clips`: find out what a folder of clips holds.

An annotation file must be there; all else may:

    Annotations.txt                        see `annotations`
    train_order.h5 ..., trainSet.txt ...   see `splits`
    AVE/<name>.mp4, videos/<name>.mp4      the clips; they may also lie beside the annotation file
    noisy.txt, noisy/<name>.mp4            clips without any event: names, one a line, and videos
    visual_feature.h5, audio_feature.h5    see `files`
    truth.json                             see `truth`

Lists and HDF5 files may lie in a folder `data`, as in the authors' repository.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from hearsight.datasets.clips.annotations import (
    FIELDS,
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
from hearsight.datasets.clips.truth import read_boxes
from hearsight.errors import DatasetError, InputError, nearest

ANNOTATIONS = "Annotations.txt"
NEGATIVES = "noisy"
TRUTH = "truth.json"
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
    features = _features(place, len(rows))
    given, matching = _splits(place, rows, seed)
    kept = without_shared_clips(given, rows) if drop_shared_clips else given
    if matching and drop_shared_clips:
        matching = without_shared_clips(matching, rows)
    negatives = _negatives(place, features)
    length = _length(rows, n_segments, features)
    boxes = place / TRUTH
    return ClipSet(
        root=place,
        annotations=rows,
        classes=_classes(rows, classes),
        n_segments=length,
        train=kept.train,
        validation=kept.validation,
        test=kept.test,
        matching=matching,
        negatives=negatives,
        videos=dict(_videos(place, {*(row.name for row in rows), *negatives})),
        features=features,
        boxes=read_boxes(boxes, length) if boxes.is_file() else None,
        dropped=tuple(sorted({*given.train, *given.validation} - {*kept.train, *kept.validation})),
    )


def holds_clips(root: str | Path) -> bool:
    """Tell whether a folder has an annotation file of clips."""
    return bool(_annotation_files(Path(root)))


def _annotated(root: Path, path: str | Path | None) -> tuple[Annotation, ...]:
    """Return the rows of the given file, or of what there is in the folder."""
    if not root.is_dir():
        state = "is a file" if root.exists() else "does not exist"
        msg = f"{root}: {state}; give a folder of clips"
        raise DatasetError(msg)
    files = _annotation_files(root) if path is None else (Path(path),)
    if not files:
        msg = f"{root}: has no {ANNOTATIONS}, and no other text file of lines {FIELDS}"
        raise DatasetError(msg)
    if len(files) > 1 and files != located(root, TEXT_LISTS):
        names = ", ".join(file.name for file in files)
        msg = f"{root}: {names} all hold lines {FIELDS}; name the one that counts {ANNOTATIONS}"
        raise DatasetError(msg)
    rows = tuple(row for file in files for row in read_annotations(file))
    if not rows:
        msg = f"{files[0]}: holds no row; expected lines of {FIELDS}"
        raise DatasetError(msg)
    return rows


def _annotation_files(root: Path) -> tuple[Path, ...]:
    """Return `Annotations.txt`, else all text files with such lines, else the three lists."""
    if usual := located(root, (ANNOTATIONS,)):
        return usual
    own = (*TEXT_LISTS, f"{NEGATIVES}.txt")
    others = (path for path in sorted(root.glob("*.txt")) if path.name not in own)
    return tuple(filter(is_annotation_file, others)) or located(root, TEXT_LISTS)


def _features(root: Path, n_rows: int) -> ClipFiles | None:
    """Return the stored features, of as many rows as are annotated."""
    files = next(filter(None, (find_files(root / folder) for folder in PLACES)), None)
    if files is not None and files.n_rows != n_rows:
        msg = (
            f"{files.audio}: holds {files.n_rows} rows, {n_rows} are annotated; take the features "
            "and annotations of one release"
        )
        raise DatasetError(msg)
    return files


def _classes(rows: tuple[Annotation, ...], given: Sequence[str] | None) -> tuple[str, ...]:
    named = tuple(dict.fromkeys(row.category for row in rows))
    if given is None:
        return named
    for category in named:
        if category not in given:
            msg = f"rows are of the class {category!r}; {nearest(category, given)}"
            raise InputError(msg)
    return tuple(given)


def located(root: Path, names: tuple[str, ...]) -> tuple[Path, ...]:
    """Return files of a corpus, all from one of `PLACES`; empty if none of those has them all."""
    for folder in PLACES:
        paths = tuple(root / folder / name for name in names)
        if all(path.is_file() for path in paths):
            return paths
    return ()


def _splits(root: Path, rows: tuple[Annotation, ...], seed: int) -> tuple[Split, Split | None]:
    """Return the split, and that of the matching task if there are lists for it."""
    if orders := _lists(root, ORDERS):
        split = read_orders(orders, len(rows))
    elif lists := _lists(root, TEXT_LISTS):
        split = read_text_lists(lists, rows)
    else:
        split = drawn_split(rows, seed)
    matching = _lists(root, MATCHING_ORDERS)
    return split, read_orders(matching, len(rows)) if matching else None


def _lists(root: Path, names: tuple[str, ...]) -> tuple[Path, ...]:
    """Return the three lists of these names, none where there is none of them."""
    paths = located(root, names)
    found = [name for name in names if located(root, (name,))]
    if found and not paths:
        msg = f"{root}: has {' and '.join(found)}, but a split is {', '.join(names)} in one folder"
        raise DatasetError(msg)
    return paths


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
    listed = located(root, (f"{NEGATIVES}.txt",))
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
