"""`Scene`: everything known about one recording - events, heat maps, and what could not be judged.

The same for truth (from the generator or annotations) and prediction (from `hearsight.locate`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hearsight.errors import InputError
from hearsight.events.events import Event, Events
from hearsight.events.heatmaps import HeatMap, HeatMapKind
from hearsight.recording.layout import ChannelLayout
from hearsight.spatial.projection import Projection


@dataclass(frozen=True, eq=False)
class Scene:
    """What is sounding in a recording, when, and where.

    Parameters
    ----------
    events : Events
        Its `duration` is that of the recording.
    layout : ChannelLayout, optional
        How the channels were read; None where there was no sound.
    projection : Projection, optional
        Of the picture, with its size in pixels; None where there was no picture.
    heatmaps : tuple of HeatMap
        At most one of each kind.
    notes : tuple of str
        Sentences for the person: what was found in the file, which doubts remain, why a map is
        empty.
    media : Path, optional
        The file the picture (or, without one, the sound) was read from.
    audio : Path, optional
        The file the sound was read from, where it is another one than `media`.
    """

    events: Events
    layout: ChannelLayout | None = None
    projection: Projection | None = None
    heatmaps: tuple[HeatMap, ...] = ()
    notes: tuple[str, ...] = ()
    media: Path | None = None
    audio: Path | None = None

    def __post_init__(self) -> None:
        kinds = [heatmap.kind for heatmap in self.heatmaps]
        if len(set(kinds)) != len(kinds):
            msg = f"a scene holds at most one heat map of each kind, got {', '.join(kinds)}"
            raise InputError(msg)

    def __iter__(self) -> Iterator[Event]:
        return iter(self.events)

    def __len__(self) -> int:
        return len(self.events)

    @property
    def duration(self) -> float:
        """Seconds; where the recording's length is unknown, the last event's offset."""
        if self.events.duration is not None:
            return self.events.duration
        return max((event.offset for event in self.events), default=0.0)

    def heatmap(self, kind: HeatMapKind) -> HeatMap | None:
        """Return the heat map of a kind, or None if the scene has none."""
        return next((heatmap for heatmap in self.heatmaps if heatmap.kind == kind), None)

    def to_dicts(self) -> list[dict[str, object]]:
        """Return one plain dictionary per event (see `Events.to_dicts`)."""
        return self.events.to_dicts()
