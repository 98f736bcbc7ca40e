"""Lists of pairs: which are learned, which are judged, of what class they are.

Training lists are text, one name a line, plain or compressed as .xz. Test lists are tables whose
first column is the name. Tables of pairs whose picture does not show what sounds have the columns
video, audio, label. VGGSound's own table has video id, start second, class, split.
"""

from __future__ import annotations

import csv
import io
import lzma
from collections.abc import Collection, Iterable
from pathlib import Path

from hearsight.errors import DatasetError

_SILENT_HEADER = ["video", "audio", "label"]
_SHOWN_NAMES = 5


def read_names(path: str | Path) -> tuple[str, ...]:
    """Read a list of names: .txt, .csv or either as .xz.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    tuple of str
        The first column, each name once, in the order of the file.

    Raises
    ------
    DatasetError
        If the file cannot be read or names nothing.
    """
    names = tuple(dict.fromkeys(row[0].strip() for row in _rows(path) if row and row[0].strip()))
    if not names:
        msg = f"{path}: names no pair; expected a name a line"
        raise DatasetError(msg)
    return names


def read_silent(path: str | Path) -> tuple[tuple[str, str], ...]:
    """Read a table of pairs whose picture does not show what sounds.

    Parameters
    ----------
    path : str or Path
        A .csv with the columns video, audio, label, such as `vggss_test_plus_silent.csv`.

    Returns
    -------
    tuple of (str, str)
        Names of picture and sound. They are the same where a clip's own sound has no visible
        source.

    Raises
    ------
    DatasetError
        If the file cannot be read or has other columns.
    """
    header, *rows = _rows(path) or [[]]
    if header != _SILENT_HEADER or any(len(row) != len(header) for row in rows):
        msg = f"{path}: expected the columns {', '.join(_SILENT_HEADER)} in every row"
        raise DatasetError(msg)
    return tuple((video, audio) for video, audio, _ in rows)


def read_classes(path: str | Path) -> dict[str, str]:
    """Read the classes of VGGSound's own table.

    Parameters
    ----------
    path : str or Path
        `vggsound.csv`: video id, start second, class, split; no header.

    Returns
    -------
    dict of str to str
        The class by name, such as "---g-f_I2yQ_000001".

    Raises
    ------
    DatasetError
        If the file cannot be read or has other columns.
    """
    classes = {}
    for number, row in enumerate(_rows(path), start=1):
        if len(row) != 4 or not row[1].isdecimal():
            msg = f"{path}: row {number}: expected video id, start second, class and split"
            raise DatasetError(msg)
        classes[f"{row[0]}_{int(row[1]):06d}"] = row[2]
    return classes


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
    ('1 pair (a)', '8 pairs (a, b, c, d, e, ...)')
    """
    shown = ", ".join(list(names)[:_SHOWN_NAMES])
    more = ", ..." if len(names) > _SHOWN_NAMES else ""
    return f"{len(names)} {'pair' if len(names) == 1 else 'pairs'} ({shown}{more})"


def _rows(path: str | Path) -> list[list[str]]:
    file = Path(path)
    try:
        stored = file.read_bytes()
        text = (lzma.decompress(stored) if file.suffix == ".xz" else stored).decode("utf-8-sig")
        return [row for row in csv.reader(io.StringIO(text), strict=True) if row]
    except (OSError, EOFError, lzma.LZMAError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or error
        msg = f"{file}: cannot be read as a list of pairs ({reason}); give text or .xz of text"
        raise DatasetError(msg) from error
