"""What the generated sets of pairs and of clips have in common."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from hearsight.errors import InputError
from hearsight.events.classes import DCASE_2022
from hearsight.events.formats.lines import write_text


def check_numbers(*rows: tuple[str, float, float, float]) -> None:
    """Check settings, each given as what it is, its value, and the least and greatest allowed.

    Raises
    ------
    InputError
        If one is out of range or no number.
    """
    for what, value, low, high in rows:
        if not low <= value <= high:
            msg = f"{what} must be {low:g} to {high:g}, got {value:g}"
            raise InputError(msg)


def check_picture(n_things: tuple[int, int], size_px: int) -> None:
    """Check how many things a picture may hold, and its side in pixels.

    Raises
    ------
    InputError
        If it is not 1 to 5 things, or the side is odd or not 32 to 1024 pixels.
    """
    least, most = n_things
    if not 1 <= least <= most <= 5:
        msg = f"a picture may hold 1 to 5 things, got {least} to {most}"
        raise InputError(msg)
    check_numbers(("pixels a side", size_px, 32, 1024))
    if size_px % 2:
        msg = f"pixels a side must be even, got {size_px}"
        raise InputError(msg)


def draw_labels(
    seed: int, split: int, index: int, n_labels: tuple[int, int], least: int = 1
) -> tuple[list[str], np.random.Generator]:
    """Draw the classes of one member of a set.

    Parameters
    ----------
    seed, split, index : int
        Together they decide about everything.
    n_labels : (int, int)
        The range that their number is drawn from.
    least : int
        How many there are where fewer were drawn.

    Returns
    -------
    labels : list of str
        Different ones of `events.classes.DCASE_2022`. The first comes in shuffled rounds, so that
        classes are equally frequent in any set.
    rng : numpy.random.Generator
        For all else that is drawn for this member.
    """
    n_classes = len(DCASE_2022)
    turn, place = divmod(index, n_classes)
    first = np.random.default_rng([seed, split, 0, turn]).permutation(n_classes)[place]
    rng = np.random.default_rng([seed, split, 1, index])
    others = rng.permutation(np.delete(np.arange(n_classes), first))
    n = max(least, int(rng.integers(n_labels[0], n_labels[1] + 1)))
    return [DCASE_2022[i] for i in (first, *others[: n - 1])], rng


def write_rows(path: Path, rows: Iterable[Mapping[str, object]]) -> None:
    """Write a JSON list, one line for each of its members."""
    lines = ",\n".join(json.dumps(row) for row in rows)
    write_text(path, f"[\n{lines}\n]\n")
