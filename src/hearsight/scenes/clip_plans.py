"""What happens in a clip: in which seconds a thing is seen, in which it is heard.

An event is what is both seen and heard, so neither picture nor sound alone says when it is. Where
it begins or ends within a clip, that is the doing of the sound (a thing in view falls silent), of
the picture (a thing that goes on sounding leaves the view) or of both, equally often.

    whole      the event fills the clip
    part       it lasts some seconds
    unmatched  no event: things are in view, and something else is heard
    heard      no event: something is heard, nothing is in view
    seen       no event: things are in view, nothing is heard
    empty      no event: nothing is in view, nothing is heard
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

ClipKind = Literal["whole", "part", "unmatched", "heard", "seen", "empty"]
CLIP_KINDS: tuple[ClipKind, ...] = get_args(ClipKind)

SHORTEST = 2
"""Seconds of the shortest event."""

_ASIDE_SHARE = 0.5  # of the clips with an event have another sound, from off screen
_PASSING_SHARE = 0.5  # of the things that may come and go without their sound do so


@dataclass(frozen=True, eq=False)
class ClipPlan:
    """Which classes are seen and heard in each second of a clip.

    Parameters
    ----------
    labels : tuple of str
        Of the things that may come into view, all different. Only the first is ever heard.
    aside : str or None
        Class of a sound from off screen, none of `labels`, which goes on for the whole clip;
        quietly while the first thing sounds.
    is_seen : ndarray of bool, shape (things, seconds)
    is_heard : ndarray of bool, shape (seconds,)
        Whether the first thing sounds.
    """

    labels: tuple[str, ...]
    aside: str | None
    is_seen: NDArray[np.bool_]
    is_heard: NDArray[np.bool_]

    @property
    def n_seconds(self) -> int:
        """Length of the clip."""
        return len(self.is_heard)

    @property
    def is_event(self) -> NDArray[np.bool_]:
        """Whether the first thing is both seen and heard, shape (seconds,)."""
        return self.is_seen[0] & self.is_heard

    def seen(self, second: int) -> tuple[str, ...]:
        """Return the classes in view."""
        return tuple(
            label for label, seen in zip(self.labels, self.is_seen[:, second], strict=True) if seen
        )

    def heard(self, second: int) -> tuple[str, ...]:
        """Return the classes that sound, the event's first."""
        own = (self.labels[0],) if self.is_heard[second] else ()
        return own if self.aside is None else (*own, self.aside)


def draw_clip_plan(
    kind: ClipKind,
    labels: Sequence[str],
    aside: str,
    n_seconds: int,
    rng: np.random.Generator,
    *,
    passing: Sequence[int] = (),
) -> ClipPlan:
    """Draw what happens in a clip.

    Parameters
    ----------
    kind : str
        One of `CLIP_KINDS`.
    labels : sequence of str
        Of the things that may come into view; the first one's is the event's class.
    aside : str
        Class of the sound from off screen, if there is one.
    n_seconds : int
        Length of the clip, more than `SHORTEST`.
    rng : numpy.random.Generator
    passing : sequence of int
        Indices of silent things that may come and go as well.

    Returns
    -------
    ClipPlan
    """
    is_seen = np.ones((len(labels), n_seconds), dtype=bool)
    is_heard = np.zeros(n_seconds, dtype=bool)
    has_aside = kind in ("unmatched", "heard")
    if kind in ("whole", "part"):
        is_heard[:] = True
        has_aside = bool(rng.random() < _ASIDE_SHARE)
    if kind == "part":
        is_seen[0], is_heard = _part(n_seconds, rng)
    for index in passing:
        if rng.random() < _PASSING_SHARE:
            is_seen[index] = _within(n_seconds, *_draw_span(n_seconds, rng))
    if kind in ("heard", "empty"):
        is_seen[:] = False
    return ClipPlan(tuple(labels), aside if has_aside else None, is_seen, is_heard)


def _part(n_seconds: int, rng: np.random.Generator) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Draw in which seconds a thing is seen and heard, so that both happens in some only."""
    start, end = _draw_span(n_seconds, rng)
    # 0: the picture, 1: the sound makes the event begin (end); 2: both of them.
    begins, ends = rng.integers(3, size=2)
    seen, heard = (
        _within(n_seconds, 0 if begins == other else start, n_seconds if ends == other else end)
        for other in (1, 0)
    )
    return seen, heard


def _draw_span(n_seconds: int, rng: np.random.Generator) -> tuple[int, int]:
    """Draw the first second of something and the one after its last; it never fills the clip."""
    length = int(rng.integers(SHORTEST, n_seconds))
    start = int(rng.integers(n_seconds - length + 1))
    return start, start + length


def _within(n_seconds: int, start: int, end: int) -> NDArray[np.bool_]:
    second = np.arange(n_seconds)
    return np.asarray((start <= second) & (second < end))
