"""The annotation file of audio-visual events: a line for each event that is both seen and heard.

    Church bell&RUhOCu3LNXM&good&0&10

Category, name of the clip, quality, first second, second after the last. A first line of column
names and empty lines are passed over. The order of lines numbers the rows that all other files of a
corpus go by.

References
----------
.. [1] Y. Tian et al., "Audio-visual event localization in unconstrained videos", ECCV 2018.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hearsight.errors import DatasetError

FIELDS = "category&name&quality&start&end"
SEPARATOR = "&"
LONGEST_S = 86_400
"""A day: what ends later is a slip."""


@dataclass(frozen=True)
class Annotation:
    """A row: one event of a clip.

    Parameters
    ----------
    category : str
    name : str
        Of the clip; AVE has YouTube's 11 characters. Several rows may share a clip.
    quality : str
        As the annotators rated it; always "good" in AVE.
    start, end : int
        Seconds, 0 <= start <= end; the event lasts from `start` up to, not including, `end`. Where
        they are equal nothing is both seen and heard.
    """

    category: str
    name: str
    quality: str
    start: int
    end: int

    @property
    def duration(self) -> int:
        """Seconds that the event lasts."""
        return self.end - self.start


def read_annotations(path: str | Path) -> tuple[Annotation, ...]:
    """Read an annotation file, or a list of lines of one.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    tuple of Annotation
        In the order of the file; may be empty.

    Raises
    ------
    DatasetError
        If the file cannot be read, or a line is not what it must be.
    """
    file = Path(path)
    lines = enumerate(read_lines(file), start=1)
    return tuple(
        _parsed(line, f"{file}: line {number}")
        for number, line in lines
        if line and not _is_header(line)
    )


def read_lines(path: Path) -> list[str]:
    """Return the lines of a text file without the blanks around them.

    Raises
    ------
    DatasetError
        If the file cannot be read as UTF-8.
    """
    try:
        return [line.strip() for line in path.read_text(encoding="utf-8-sig").split("\n")]
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        msg = f"{path}: cannot be read as text ({reason}); copy it again"
        raise DatasetError(msg) from error


def is_annotation_file(path: Path) -> bool:
    """Tell whether the first line that is not empty has the fields of a row."""
    with path.open(encoding="utf-8-sig", errors="replace") as lines:
        first = next((line for line in lines if line.strip()), "")
    return first.count(SEPARATOR) >= FIELDS.count(SEPARATOR)


def _is_header(line: str) -> bool:
    return line.lower().endswith("&starttime&endtime")


def _parsed(line: str, where: str) -> Annotation:
    fields = [field.strip() for field in line.rsplit(SEPARATOR, FIELDS.count(SEPARATOR))]
    if len(fields) != len(FIELDS.split(SEPARATOR)):
        msg = f"{where}: has {len(fields)} fields, expected {FIELDS}"
        raise DatasetError(msg)
    category, name, quality, *times = fields
    if not category or not name:
        msg = f"{where}: category and name must not be empty, got {line!r}"
        raise DatasetError(msg)
    if "/" in name or "\\" in name or name in {".", ".."}:
        msg = f"{where}: clips are named without folders, got {name!r}; strike the folder"
        raise DatasetError(msg)
    if not all(time.isascii() and time.isdigit() for time in times):
        msg = f"{where}: start and end must be whole seconds, got {' and '.join(times)}"
        raise DatasetError(msg)
    if max(map(len, times)) > len(str(LONGEST_S)) or max(map(int, times)) > LONGEST_S:
        msg = f"{where}: lasts to {times[-1]} s, but clips last {LONGEST_S} s at most; mend it"
        raise DatasetError(msg)
    start, end = map(int, times)
    if end < start:
        msg = f"{where}: ends at {end} s, before it starts at {start} s; swap them"
        raise DatasetError(msg)
    return Annotation(category, name, quality, start, end)
