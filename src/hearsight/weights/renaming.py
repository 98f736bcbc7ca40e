"""Published names of tensors turned into ours, by patterns."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from hearsight.errors import WeightsError

Renamed = tuple[tuple[str, str], ...]
"""Patterns of published names and what they become; the first that fits counts."""

_N_NAMED = 8
"""Unknown names that a message lists."""


def rename(
    state: Mapping[str, Tensor],
    renamed: Renamed,
    unused: str,
    *,
    origin: str,
    mend: str,
    source: str | Path,
) -> tuple[dict[str, Tensor], tuple[str, ...]]:
    """Give tensors our names.

    Parameters
    ----------
    state : mapping of str to Tensor
        By published names.
    renamed : tuple
        What they become.
    unused : str
        A pattern of names that nothing uses.
    origin, mend : str
        For messages: whose names these are, and what to give instead.
    source : str or Path
        Where the tensors come from, for messages too.

    Returns
    -------
    dict of str to Tensor
    tuple of str
        Names that were left out.

    Raises
    ------
    WeightsError
        If there are names of neither kind.
    """
    dropped = tuple(name for name in state if re.fullmatch(unused, name))
    names = {name: _ours(name, renamed) for name in state if name not in set(dropped)}
    unknown = [name for name, ours in names.items() if ours is None]
    if unknown:
        more = f" and {len(unknown) - _N_NAMED} more" if len(unknown) > _N_NAMED else ""
        msg = (
            f"{source}: holds names that {origin} does not have: {', '.join(unknown[:_N_NAMED])}"
            f"{more}; {mend}"
        )
        raise WeightsError(msg)
    return {ours: state[name] for name, ours in names.items() if ours is not None}, dropped


def _ours(name: str, renamed: Renamed) -> str | None:
    matches = ((re.fullmatch(pattern, name), ours) for pattern, ours in renamed)
    return next((match.expand(ours) for match, ours in matches if match), None)
