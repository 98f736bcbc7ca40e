"""Sounds that nothing in a picture makes, as far as a set of pairs tells."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hearsight.datasets.pairs import PairSet
from hearsight.features.negative_sound import off_screen


def elsewhere(pairs: PairSet, names: Sequence[str], seed: int) -> tuple[str, ...]:
    """Choose for each picture a sound that nothing in it makes, as far as is known.

    That is the one which the set names, else one of another class than all that are heard in it.

    Parameters
    ----------
    pairs : PairSet
    names : sequence of str
        Of the pictures, and of those whose sounds are drawn from.
    seed : int

    Returns
    -------
    tuple of str, of the length of `names`

    Raises
    ------
    InputError
        If no sound fits a picture.
    """
    in_view = {
        name: {pairs.labels[each] for each in members}
        for members in groups_of(pairs, names).values()
        for name in members
    }
    drawn = off_screen(names, pairs.labels, np.random.default_rng(seed), in_view=in_view)
    named = {seen: heard for seen, heard in pairs.silent if seen != heard}
    return tuple(named.get(name, other) for name, other in zip(names, drawn, strict=True))


def groups_of(pairs: PairSet, names: Sequence[str]) -> dict[str, list[str]]:
    """Return the rows of each picture in which several things sound in turn."""
    groups: dict[str, list[str]] = {}
    for name in names if pairs.kind == "rows" else ():
        if name in pairs.labels:
            groups.setdefault(name.removesuffix(f"_{pairs.labels[name]}"), []).append(name)
    return {picture: members for picture, members in groups.items() if len(members) > 1}
