"""Published names of tensors turned into ours, by patterns."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from torch import Tensor, nn

from hearsight.errors import WeightsError, nearest

Renamed = tuple[tuple[str, str], ...]
"""Patterns of published names and what they become; the first that fits counts."""

_N_NAMED = 8
"""Unknown names that a message lists."""


@dataclass(frozen=True)
class Origin:
    """A published network.

    Parameters
    ----------
    system : str
        The name of our system.
    network : type
        Ours.
    renamed : tuple
        What its tensors are called here.
    unused : str
        A pattern of names that nothing uses; default: none.
    fixed : mapping of str to int
        Arguments of our network that make it the published one.
    """

    system: str
    network: type[nn.Module]
    renamed: Renamed
    unused: str = r"(?!)"
    fixed: Mapping[str, int] = field(default_factory=dict)


def rename(
    state: Mapping[str, Tensor],
    origins: Mapping[str, Origin],
    origin: str,
    source: str | Path = "these weights",
) -> tuple[dict[str, Tensor], tuple[str, ...]]:
    """Turn the state dict of a published network into one of ours.

    Parameters
    ----------
    state : mapping of str to Tensor
        By published names.
    origins : mapping of str to Origin
        All that it could be.
    origin : str
        The one that it is.
    source : str or Path
        Where it comes from, for messages.

    Returns
    -------
    dict of str to Tensor
        For `load_state_dict`, which finds what is missing.
    tuple of str
        Names that were dropped.

    Raises
    ------
    WeightsError
        If nothing is called so, or there are names that the origin does not have.
    """
    if origin not in origins:
        msg = f"origin: no published code is called {origin}; {nearest(origin, origins)}"
        raise WeightsError(msg)
    renamed, unused = origins[origin].renamed, origins[origin].unused
    dropped = tuple(name for name in state if re.fullmatch(unused, name))
    names = {name: _ours(name, renamed) for name in state if name not in set(dropped)}
    unknown = [name for name, ours in names.items() if ours is None]
    if unknown:
        more = f" and {len(unknown) - _N_NAMED} more" if len(unknown) > _N_NAMED else ""
        msg = (
            f"{source}: holds names that {origin} does not have: {', '.join(unknown[:_N_NAMED])}"
            f"{more}; give weights of {origin}, or another origin: {', '.join(origins)}"
        )
        raise WeightsError(msg)
    return {ours: state[name] for name, ours in names.items() if ours is not None}, dropped


def _ours(name: str, renamed: Renamed) -> str | None:
    matches = ((re.fullmatch(pattern, name), ours) for pattern, ours in renamed)
    return next((match.expand(ours) for match, ours in matches if match), None)
