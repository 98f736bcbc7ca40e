"""Text files as numbered lines, and errors that name the file and the line."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from hearsight.errors import InputError, MediaError
from hearsight.recording.files import replacing


def read_text(path: str | Path) -> str:
    """Read a whole UTF-8 text file; a byte order mark is dropped, line ends become newlines.

    Raises
    ------
    MediaError
        If the file cannot be opened.
    InputError
        If it is not UTF-8 text.
    """
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except OSError as error:
        msg = f"{path}: cannot be read ({error.strerror or error}); check the path"
        raise MediaError(msg) from error
    except UnicodeDecodeError as error:
        msg = f"{path}: not a text file in UTF-8 (byte {error.start}); save it as UTF-8"
        raise InputError(msg) from error


def numbered_lines(path: str | Path) -> list[tuple[int, str]]:
    """Return the lines that are not blank, each with its number, counted from 1."""
    lines = enumerate(read_text(path).split("\n"), start=1)
    return [(number, line) for number, line in lines if line.strip()]


def write_text(path: str | Path, text: str) -> None:
    """Write a UTF-8 text file, whole or not at all.

    Raises
    ------
    MediaError
        If it cannot be written.
    """
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


@contextlib.contextmanager
def located(where: str) -> Iterator[None]:
    """Put the place (file and row) before the message of any `InputError` of the block."""
    try:
        yield
    except InputError as error:
        msg = f"{where}: {error}"
        raise InputError(msg) from error


def decimal(value: float) -> str:
    """Write a number so that it reads back exactly, without an exponent.

    Examples
    --------
    >>> decimal(0.1), decimal(3.0), decimal(1e-7)
    ('0.1', '3.0', '0.0000001')
    """
    return str(np.format_float_positional(float(value), trim="0"))


def parse_number(text: str, name: str) -> float:
    """Read a finite number.

    Raises
    ------
    InputError
        If the text is no number, NaN or infinite.
    """
    try:
        # float() takes 1_000 for a thousand; in a data file it is a slip.
        value = math.nan if "_" in text else float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        msg = f"{name} must be a finite number, got {text.strip()!r}"
        raise InputError(msg)
    return value


def parse_count(text: str, name: str, limit: int) -> int:
    """Read a whole number in [0, limit); `3.0` counts as 3.

    Raises
    ------
    InputError
        If the text is no whole number or out of range.
    """
    value = parse_number(text, name)
    if not value.is_integer() or not 0 <= value < limit:
        msg = f"{name} must be a whole number from 0 to {limit - 1}, got {text.strip()!r}"
        raise InputError(msg)
    return int(value)
