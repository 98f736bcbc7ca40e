"""Colors and names of events: the same on every picture, in the overlay and on the page.

Events that are the same source (equal label and source number) share a color, a name and a lane.
The colors are told apart with all common kinds of color blindness [1]_ and stand on white, black
and moving pictures. They are a help, never the only sign: names stand beside them everywhere.

References
----------
.. [1] P. Tol, "Colour schemes", technical note SRON/EPS/TN/09-002, 2021 (schemes "vibrant" and
   "muted").
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass

from hearsight.events.events import Event, Events

BASE_COLORS = (
    "#0077bb",
    "#ee7733",
    "#009988",
    "#ee3377",
    "#33bbee",
    "#cc3311",
    "#aa4499",
    "#999933",
)

MAX_NAMED_LANES = 40
"""More sources than this no longer get a lane each: events are then packed into free lanes."""

Rgb = tuple[int, int, int]


def to_rgb(color: str) -> Rgb:
    """Turn `#rrggbb` into three numbers from 0 to 255.

    Examples
    --------
    >>> to_rgb("#ff8000")
    (255, 128, 0)
    """
    red, green, blue = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    return red, green, blue


def source_color(index: int) -> str:
    """Return the color of the n-th source as `#rrggbb`.

    After the eight base colors come their lighter and then their darker tints; after 24 the
    colors repeat.
    """
    color = to_rgb(BASE_COLORS[index % len(BASE_COLORS)])
    target, share = ((0, 0.0), (255, 0.45), (0, 0.35))[index // len(BASE_COLORS) % 3]
    return "#" + "".join(f"{round(c + (target - c) * share):02x}" for c in color)


def event_colors(events: Events) -> list[str]:
    """Return one color per event, `#rrggbb`, in the order of the events.

    Sources get their colors in the order in which they are first heard.
    """
    first_heard = {key: i for i, key in enumerate(dict.fromkeys(map(_identity, events)))}
    return [source_color(first_heard[_identity(event)]) for event in events]


def event_names(events: Events) -> list[str]:
    """Return what each event is called in pictures, in the order of the events.

    The label; where several sources share a label, their number is added ("speech 2").
    """
    sources: dict[str, dict[int, int]] = {}
    for event in events:
        numbers = sources.setdefault(event.label, {})
        numbers.setdefault(event.source, len(numbers) + 1)
    return [
        f"{event.label} {sources[event.label][event.source]}"
        if len(sources[event.label]) > 1
        else event.label
        for event in events
    ]


@dataclass(frozen=True)
class Lanes:
    """Which row of a timeline each event is drawn in.

    Parameters
    ----------
    names : tuple of str
        One per lane from top to bottom; empty text where a lane holds events of several sources.
    index : tuple of int
        The lane of each event, in the order of the events.
    """

    names: tuple[str, ...]
    index: tuple[int, ...]

    @property
    def is_packed(self) -> bool:
        """Whether lanes hold events of several sources, so that bars must carry the names."""
        return any(not name for name in self.names)


def assign_lanes(events: Events, max_named: int = MAX_NAMED_LANES) -> Lanes:
    """Give each source a lane, or, where there are too many, each event a lane that is free.

    Parameters
    ----------
    events : Events
    max_named : int
        With more sources than this, events are packed into as few lanes as their overlaps allow.

    Returns
    -------
    Lanes
    """
    names = dict.fromkeys(event_names(events))
    if len(names) <= max_named:
        order = {name: i for i, name in enumerate(names)}
        return Lanes(tuple(names), tuple(order[name] for name in event_names(events)))
    index: list[int] = []
    busy: list[tuple[float, int]] = []  # (when it becomes free, lane)
    n_lanes = 0
    for event in events:  # in order of onset
        if busy and busy[0][0] <= event.onset:
            _, lane = heapq.heappop(busy)
        else:
            lane, n_lanes = n_lanes, n_lanes + 1
        heapq.heappush(busy, (event.offset, lane))
        index.append(lane)
    return Lanes(("",) * n_lanes, tuple(index))


def _identity(event: Event) -> tuple[str, int]:
    return event.label, event.source
