"""The published systems that can be trained, by name: the only place that knows them all.

A system is registered by a function that builds it from its settings. Whoever asks for a system by
name, the command line, a weights directory or the contract tests, finds it here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from hearsight.errors import InputError, nearest
from hearsight.systems.settings import TrainingSettings
from hearsight.systems.system import System

S = TypeVar("S")
B = TypeVar("B", bound=System)
Builder = Callable[[S], B]


@dataclass(frozen=True)
class Registration:
    """What is known of a system before it is built.

    Parameters
    ----------
    name : str
        On the command line, as "seldnet".
    kind : type
        Of the system: what it makes of what.
    title : str
        What it is, in a line.
    paper : str
        Where it was published.
    settings : type
        The frozen dataclass of its settings, whose defaults are the published ones.
    build : callable
        From settings to the system, with random weights.
    training : callable
        From settings to the published training settings.
    small : tuple of frozen dataclass
        Settings of a size that learns in seconds, one for each kind of the system.
    """

    name: str
    kind: type[System]
    title: str
    paper: str
    settings: type[Any]
    build: Callable[[Any], Any]
    training: Callable[[Any], TrainingSettings]
    small: tuple[Any, ...]


_SYSTEMS: dict[str, Registration] = {}


def register(
    name: str,
    kind: type[B],
    settings: type[S],
    training: Callable[[S], TrainingSettings],
    *,
    title: str,
    paper: str,
    small: tuple[S, ...],
) -> Callable[[Builder[S, B]], Builder[S, B]]:
    """Register the function below as the builder of a system; see `Registration`."""

    def keep(build: Builder[S, B]) -> Builder[S, B]:
        assert name not in _SYSTEMS, f"{name} is registered twice"
        _SYSTEMS[name] = Registration(name, kind, title, paper, settings, build, training, small)
        return build

    return keep


def names() -> tuple[str, ...]:
    """Return the names of all systems, sorted."""
    return tuple(sorted(_SYSTEMS))


def find(name: str) -> Registration:
    """Return what is known of a system.

    Raises
    ------
    InputError
        If no system is called so.
    """
    if name not in _SYSTEMS:
        msg = f"no system is called {name!r}; {nearest(name, names())}"
        raise InputError(msg)
    return _SYSTEMS[name]
