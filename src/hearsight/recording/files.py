"""Writing files so that they are whole or absent: a temporary name first, then a rename."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from hearsight.errors import InputError, MediaError


@contextlib.contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Give a temporary path beside `path` that takes its place when the block ends well.

    Parameters
    ----------
    path : str or Path
        Where the file shall be. Its folder is made.

    Yields
    ------
    Path
        A fresh name in the same folder with the same suffix, for the block to write.

    Raises
    ------
    MediaError
        If the folder or file cannot be written (full disk, no permission). The temporary file is
        removed, whatever stood at `path` stays.
    """
    target = Path(path)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(
            prefix=f".{target.stem}.", suffix=f".part{target.suffix}", dir=target.parent
        )
        os.close(handle)
    except OSError as error:
        raise _cannot_write(target, error) from error
    temporary = Path(name)
    try:
        yield temporary
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        temporary.replace(target)
    except OSError as error:
        raise _cannot_write(target, error) from error
    finally:
        temporary.unlink(missing_ok=True)


def write_json(path: str | Path, content: object) -> None:
    """Write plain values as JSON, whole or not at all.

    Parameters
    ----------
    path : str or Path
    content : object
        What JSON can hold: numbers must be finite.

    Raises
    ------
    MediaError
        If the file cannot be written.
    """
    with replacing(path) as temporary:
        text = json.dumps(content, indent=2, allow_nan=False)
        temporary.write_text(f"{text}\n", encoding="utf-8")


def write_csv(path: str | Path, rows: Iterable[Sequence[object]]) -> None:
    """Write a table as comma-separated values, whole or not at all.

    Parameters
    ----------
    path : str or Path
    rows : iterable of sequences
        The names of the columns first.

    Raises
    ------
    MediaError
        If the file cannot be written.
    """
    with (
        replacing(path) as temporary,
        temporary.open("w", encoding="utf-8", newline="") as file,
    ):
        csv.writer(file, lineterminator="\n").writerows(rows)


def claim_folder(path: str | Path, settings: Mapping[str, object]) -> None:
    """Note what the files beside `path` are made with, or check that they are made with the same.

    Parameters
    ----------
    path : str or Path
        A JSON file in the folder to fill.
    settings : mapping
        Everything that decides what the files hold.

    Raises
    ------
    InputError
        If the folder was filled with other settings.
    MediaError
        If `path` cannot be read or written.
    """
    note = Path(path)
    wanted = json.loads(json.dumps(settings))  # as it is read back: tuples become lists
    if not note.exists():
        write_json(note, wanted)
        return
    try:
        found = json.loads(note.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        msg = f"{note}: not readable; remove it or choose another folder"
        raise MediaError(msg) from error
    if found != wanted:
        kept = found if isinstance(found, dict) else {}
        keys = [key for key in {**wanted, **kept} if kept.get(key) != wanted.get(key)]
        msg = (
            f"{note.parent}: holds a corpus made with other settings ({', '.join(keys)}); "
            "repeat those or choose another folder"
        )
        raise InputError(msg)


def _cannot_write(target: Path, error: OSError) -> MediaError:
    return MediaError(
        f"{target}: cannot be written ({error.strerror or error}); free space or choose another "
        "place"
    )
