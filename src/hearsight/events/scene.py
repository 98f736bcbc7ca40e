"""`Scene`: everything known about one recording - events, heat maps, and what could not be judged.

The same for truth (from the generator or annotations) and prediction (from `hearsight.locate`).
Its `to_...` methods hand on to `hearsight.events.formats`, whose modules say what each file holds;
they are imported when first used.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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

    def write(self, path: str | Path, format: str | None = None, **options: Any) -> None:  # noqa: A002
        """Write to a file whose format its suffix or `format` says (see `write_events`)."""
        from hearsight.events import formats

        formats.write_events(self, path, format, **options)

    def to_json(self, path: str | Path) -> None:
        """Write everything except heat maps as JSON; `from_json` reads it."""
        self.write(path, "json")

    @staticmethod
    def from_json(path: str | Path) -> Scene:
        """Read what `to_json` wrote.

        Raises
        ------
        InputError
            If the file is not such a document.
        MediaError
            If it cannot be read.
        """
        from hearsight.events.formats.structured import read_json

        return read_json(path)

    def to_jsonl(self, path: str | Path) -> None:
        """Write JSON Lines: a header, then one event per line."""
        self.write(path, "jsonl")

    def to_csv(self, path: str | Path, year: int = 2024) -> None:
        """Write the DCASE annotation file of a year, 2020 to 2025."""
        self.write(path, "dcase", year=year)

    def to_directions(self, path: str | Path) -> None:
        """Write a CSV table of the directions of all tracks every 100 ms."""
        self.write(path, "directions")

    def to_audacity(self, path: str | Path) -> None:
        """Write an Audacity label track."""
        self.write(path, "audacity")

    def to_webvtt(self, path: str | Path) -> None:
        """Write WebVTT captions with the direction in words."""
        self.write(path, "webvtt")

    def to_srt(self, path: str | Path) -> None:
        """Write SubRip captions with the direction in words."""
        self.write(path, "srt")

    def to_rttm(self, path: str | Path) -> None:
        """Write Rich Transcription Time Marked lines."""
        self.write(path, "rttm")

    def to_raven(self, path: str | Path, **options: float) -> None:
        """Write a Raven selection table; options: `low_freq_hz`, `high_freq_hz`."""
        self.write(path, "raven", **options)

    def to_coco(self, path: str | Path, **options: Any) -> None:
        """Write COCO boxes; options: `boxes`, `kind`, `threshold`."""
        self.write(path, "coco", **options)

    def to_npz(self, path: str | Path) -> None:
        """Write the heat maps as NPZ."""
        from hearsight.events.formats.arrays import write_heatmaps

        write_heatmaps(self, path)

    def _repr_html_(self) -> str:
        from hearsight.events.notebook import scene_html

        return scene_html(self)


def as_scene(scene: Scene | Events) -> Scene:
    """Return a scene as it is, and events as a scene of which nothing else is known."""
    return Scene(scene) if isinstance(scene, Events) else scene
