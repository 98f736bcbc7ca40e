"""JSON read strictly: every value is what it must be, or an `InputError` says what it is.

The readers take a value and its name for the message: `as_number(record.get("onset"), "onset")`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

from hearsight.errors import InputError

T = TypeVar("T")


def parse_json(text: str) -> object:
    """Parse strict JSON (no NaN, no Infinity).

    Raises
    ------
    InputError
        If the text is not JSON.
    """

    def refuse(constant: str) -> float:
        msg = f"{constant} is not JSON; unknown values are null"
        raise InputError(msg)

    try:
        return json.loads(text, parse_constant=refuse)
    except InputError:
        raise
    except (ValueError, RecursionError) as error:
        msg = f"not valid JSON ({error})"
        raise InputError(msg) from error


def optional(parse: Callable[[object, str], T], value: object, name: str) -> T | None:
    """Return None for null, otherwise what `parse` makes of the value."""
    return None if value is None else parse(value, name)


def as_record(value: object, name: str) -> dict[str, Any]:
    """Return an object, or raise InputError."""
    if not isinstance(value, dict):
        raise _refusal(value, name, "an object")
    return value


def as_list(value: object, name: str) -> list[Any]:
    """Return a list, or raise InputError."""
    if not isinstance(value, list):
        raise _refusal(value, name, "a list")
    return value


def as_text(value: object, name: str) -> str:
    """Return a text, or raise InputError."""
    if not isinstance(value, str):
        raise _refusal(value, name, "text")
    return value


def as_number(value: object, name: str) -> float:
    """Return a finite number, or raise InputError."""
    # An integer of 400 digits is valid JSON and no float; a boolean is an int to Python only.
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e300:
        raise _refusal(value, name, "a number")
    return float(value)


def as_whole(value: object, name: str) -> int:
    """Return a whole number of at most 31 bits, or raise InputError."""
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= 2**31:
        raise _refusal(value, name, "a whole number")
    return value


def as_numbers(value: object, name: str, length: int) -> list[float]:
    """Return a list of so many numbers, or raise InputError."""
    numbers = [as_number(item, name) for item in as_list(value, name)]
    if len(numbers) != length:
        msg = f"{name} must hold {length} numbers, got {len(numbers)}"
        raise InputError(msg)
    return numbers


def _refusal(value: object, name: str, expected: str) -> InputError:
    if isinstance(value, dict | list):
        got = "an object" if isinstance(value, dict) else "a list"
    else:
        got = "nothing" if value is None else repr(value)
    short = got if len(got) <= 40 else f"{got[:37]}..."
    return InputError(f"{name} must be {expected}, got {short}")
