"""What is known of where in a picture the sound comes from: the published annotation files.

Annotations/<name>.xml   Flickr-SoundNet: boxes by several annotators, in a 256-pixel frame
vggss.json               VGG-SS: class and boxes, as fractions of the frame
rows of boxes            IS3, VPO, AVSBench: picture, sound and box, in a 224-pixel frame
rows of masks            the same with a mask image instead of the box
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from hearsight.datasets.pairs.folders import PICTURE_FOLDERS, SOUND_FOLDERS, FolderPairs
from hearsight.datasets.pairs.media import SOUND_SUFFIXES, read_picture
from hearsight.errors import DatasetError, HearsightError
from hearsight.events.sounding import SIZE, SoundingBoxes
from hearsight.recording.media import PICTURE_SUFFIXES

FLICKR_FRAME = 256
_CORNERS = 4
_MIXED = re.compile(r"(.+)_(.+)_\d+_(\1|\2)")  # IS3: two things, a number, which of them sounds

_Kind = TypeVar("_Kind")
_KINDS: Mapping[type, str] = {str: "text", int: "a whole number", list: "a list"}


@dataclass(frozen=True)
class SoundingMask:
    """The mask of what sounds in one picture; stands where `SoundingBoxes` may stand.

    Parameters
    ----------
    path : Path
        A picture; what is not black sounds.
    offset : int
        As published: which second of the sound belongs to the picture.
    """

    path: Path
    offset: int

    def to_map(self, size: int = SIZE, *, wrap_negative: bool = False) -> NDArray[np.float32]:
        """Return the mask, shape (size, size): 1 where the sound comes from, 0 elsewhere.

        Raises
        ------
        MediaError
            If the picture cannot be read.
        """
        del wrap_negative  # masks have no coordinates
        mask = read_picture(self.path, str(self.path)).max(axis=0) > 0
        # The pixel in whose middle each of the wanted pixels has its middle.
        rows, columns = (((2 * np.arange(size) + 1) * n // (2 * size)) for n in mask.shape)
        return mask[np.ix_(rows, columns)].astype(np.float32)

    def is_usable(self, size: int = SIZE) -> tuple[bool, ...]:
        """Tell whether it marks a pixel; see `to_map`."""
        return (bool(self.to_map(size).any()),)


@dataclass(frozen=True)
class Annotated:
    """What an annotation file or folder says.

    Parameters
    ----------
    kind : str
        "flickr-soundnet", "vggsound" or "rows".
    truth : mapping
        By name.
    labels : mapping
        Classes by name, where known.
    files : mapping
        Rows only: the picture and the sound of each name, as written.
    faults : tuple of str
        What could not be read, a line each.
    """

    kind: str
    truth: Mapping[str, SoundingBoxes | SoundingMask]
    labels: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    faults: tuple[str, ...] = ()


def read_annotations(path: str | Path) -> Annotated:
    """Read annotations of any published kind.

    Parameters
    ----------
    path : str or Path
        A folder of .xml, or a .json.

    Raises
    ------
    DatasetError
        If it is neither, or a row is not what it should be.
    """
    place = Path(path)
    if place.is_dir():
        return _read_flickr(place)
    rows = _rows(place)
    if all("bbox" in row for row in rows):
        return _read_vggss(place, rows)
    if all("gt_box" in row for row in rows):
        return _read_rows(place, rows)
    msg = f"{place}: expected rows with bbox (VGG-SS) or gt_box (IS3, VPO, AVSBench)"
    raise DatasetError(msg)


def read_flickr_boxes(path: str | Path) -> SoundingBoxes:
    """Read the boxes of one Flickr-SoundNet pair.

    Names of elements other than `bbox` are not documented, so that everything is read by its place:
    the root holds annotators, these hold boxes (other things in them are skipped), a box holds
    something and then xmin, ymin, xmax, ymax.

    Raises
    ------
    DatasetError
        If the file is no such XML. One that declares entities is refused unread.
    """
    file = Path(path)
    try:
        text = file.read_text(encoding="utf-8-sig")
        # Entities, which can make a small file endless, can only be declared here. With zeros
        # between the letters it would be read as UTF-16.
        if "<!DOCTYPE" in text or "\0" in text:
            msg = f"{file}: declares a document type or is no UTF-8; no annotation is so, mend it"
            raise DatasetError(msg)
        root = ElementTree.fromstring(text)
        boxes = [box for annotator in root for box in annotator if box.tag == "bbox"]
        corners = [[int((each.text or "").strip()) for each in list(box)[1:5]] for box in boxes]
    except (OSError, ValueError, ElementTree.ParseError) as error:
        msg = f"{file}: cannot be read as annotation of Flickr-SoundNet ({error})"
        raise DatasetError(msg) from error
    if any(len(box) != _CORNERS for box in corners):
        msg = f"{file}: a bbox holds {_CORNERS + 1} elements, the last four its corners"
        raise DatasetError(msg)
    # Exact: 256 is a power of two.
    fractions = [tuple(value / FLICKR_FRAME for value in box) for box in corners]
    return _boxes(fractions, str(file), by_annotators=True)


def _read_flickr(folder: Path) -> Annotated:
    truth, faults = {}, []
    for file in sorted(folder.glob("*.xml")):
        try:
            truth[file.stem] = read_flickr_boxes(file)
        except DatasetError as error:
            faults.append(str(error))
    if not truth:
        msg = f"{folder}: holds no .xml that can be read; give the annotations of Flickr-SoundNet"
        raise DatasetError(faults[0] if faults else msg)
    return Annotated("flickr-soundnet", truth, faults=tuple(faults))


def _read_vggss(path: Path, rows: list[dict[str, Any]]) -> Annotated:
    truth, labels = {}, {}
    for where, row in _placed(path, rows):
        name = _taken(row, "file", str, where)
        if name in truth:
            msg = f"{where}: {name} comes twice; remove one"
            raise DatasetError(msg)
        labels[name] = _taken(row, "class", str, where)
        truth[name] = _boxes(_taken(row, "bbox", list, where), where)
    return Annotated("vggsound", truth, labels)


def _read_rows(path: Path, rows: list[dict[str, Any]]) -> Annotated:
    """Read rows of boxes or masks; a row is named by its picture, else by its sound."""
    files = [
        (_taken(row, "image", str, where), _taken(row, "audio", str, where))
        for where, row in _placed(path, rows)
    ]
    column = next((i for i in (0, 1) if len({_stem(pair[i]) for pair in files}) == len(rows)), None)
    if column is None:
        msg = f"{path}: neither its pictures nor its sounds differ from row to row"
        raise DatasetError(msg)
    names = [_stem(pair[column]) for pair in files]
    truth: dict[str, SoundingBoxes | SoundingMask] = {}
    for name, (where, row) in zip(names, _placed(path, rows), strict=True):
        given = row["gt_box"]
        if isinstance(given, str):
            truth[name] = SoundingMask(path.parent / given, _taken(row, "offset", int, where))
        else:
            truth[name] = _boxes([_fractions(given, where)], where)
    labels = {name: found[3] for name in names if (found := _MIXED.fullmatch(name))}
    return Annotated("rows", truth, labels, dict(zip(names, files, strict=True)))


def row_files(root: Path, files: Mapping[str, tuple[str, str]]) -> FolderPairs:
    """Find the pictures and sounds that rows name.

    Parameters
    ----------
    root : Path
        They lie in it, or in its folders of pictures and of sounds.
    files : mapping of str to (str, str)
        See `Annotated.files`; a missing suffix is found out.

    Returns
    -------
    FolderPairs
        Without what is not there.
    """
    found: tuple[dict[str, str], dict[str, str]] = {}, {}
    kinds = ((PICTURE_FOLDERS, PICTURE_SUFFIXES), (SOUND_FOLDERS, SOUND_SUFFIXES))
    for name, pair in files.items():
        for paths, given, (folders, suffixes) in zip(found, pair, kinds, strict=True):
            candidates = [
                PurePosixPath(folder, given + suffix)
                for folder in (*folders, "")
                for suffix in ("", *suffixes)
            ]
            here = next((path for path in candidates if (root / path).is_file()), None)
            if here is not None:
                paths[name] = str(here)
    return FolderPairs(root, *found)


def _fractions(box: object, where: str) -> list[float]:
    """Return a box of the 224-pixel frame as fractions that come back to the same pixels."""
    corners = _numbers(box, where)
    fractions = [corner / SIZE for corner in corners]
    return [
        math.nextafter(fraction, corner * math.inf)
        if int(SIZE * fraction) != int(corner)
        else fraction
        for fraction, corner in zip(fractions, corners, strict=True)
    ]


def _boxes(boxes: list[Any], where: str, *, by_annotators: bool = False) -> SoundingBoxes:
    corners = [_numbers(box, where) for box in boxes]
    try:
        return SoundingBoxes(
            tuple((box[0], box[1], box[2], box[3]) for box in corners), by_annotators
        )
    except HearsightError as error:
        msg = f"{where}: {error}"
        raise DatasetError(msg) from error


def _numbers(box: object, where: str) -> list[float]:
    if (
        not isinstance(box, list | tuple)
        or len(box) != _CORNERS
        or not all(isinstance(value, int | float) and math.isfinite(value) for value in box)
    ):
        msg = f"{where}: a box must be four finite numbers xmin, ymin, xmax, ymax, got {box!r:.80}"
        raise DatasetError(msg)
    return [float(value) for value in box]


def _rows(path: Path) -> list[dict[str, Any]]:
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        msg = f"{path}: cannot be read as annotations ({error}); give a .json or a folder of .xml"
        raise DatasetError(msg) from error
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        msg = f"{path}: expected a list of rows in braces"
        raise DatasetError(msg)
    return rows


def _placed(path: Path, rows: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    for number, row in enumerate(rows, start=1):
        yield f"{path}: row {number}", row


def _taken(row: dict[str, Any], key: str, kind: type[_Kind], where: str) -> _Kind:
    value = row.get(key)
    if not isinstance(value, kind):
        msg = f"{where}: {key} must be {_KINDS[kind]}, got {value!r:.80}"
        raise DatasetError(msg)
    return value


def _stem(given: str) -> str:
    """Return the last part of a path without the suffix of a picture or sound."""
    path = PurePosixPath(given)
    is_media = path.suffix.lower() in (*PICTURE_SUFFIXES, *SOUND_SUFFIXES)
    return path.stem if is_media else path.name
