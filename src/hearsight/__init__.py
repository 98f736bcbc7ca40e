"""hearsight: what is sounding in a recording, when, and where.

The folders show the way of the data::

    recording -> features -> models -> events -> pictures
    what we      numbers     maps      what,     what a
    hear                               when,     person
    and see                            where     sees

Beside it: `spatial` (geometry), `scenes` (synthetic recordings with exact labels), `systems`
(a model with its settings), `inference` (a file in, a scene out), `viewer` and `cli` (the doors).
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOMES = {
    "ChannelLayout": "hearsight.recording.layout",
    "DatasetError": "hearsight.errors",
    "Event": "hearsight.events.events",
    "Events": "hearsight.events.events",
    "HeatMap": "hearsight.events.heatmaps",
    "HearsightError": "hearsight.errors",
    "InputError": "hearsight.errors",
    "MediaError": "hearsight.errors",
    "Projection": "hearsight.spatial.projection",
    "Recording": "hearsight.recording.recording",
    "Scene": "hearsight.events.scene",
    "Track": "hearsight.events.events",
    "Video": "hearsight.recording.recording",
    "WeightsError": "hearsight.errors",
    "evaluate": "hearsight.training.evaluate",
    "examine": "hearsight.recording.findings",
    "locate": "hearsight.inference.locate",
    "random_plan": "hearsight.scenes.planner",
    "read_events": "hearsight.events.formats",
    "read_recording": "hearsight.recording.audio",
    "seld_scores": "hearsight.metrics.seld",
    "train": "hearsight.training.fit",
    "write_events": "hearsight.events.formats",
    "write_result": "hearsight.inference.results",
    "write_scene": "hearsight.scenes.folder",
}

__all__ = [
    "ChannelLayout",
    "DatasetError",
    "Event",
    "Events",
    "HearsightError",
    "HeatMap",
    "InputError",
    "MediaError",
    "Projection",
    "Recording",
    "Scene",
    "Track",
    "Video",
    "WeightsError",
    "__version__",
    "evaluate",
    "examine",
    "locate",
    "random_plan",
    "read_events",
    "read_recording",
    "seld_scores",
    "train",
    "write_events",
    "write_result",
    "write_scene",
]

if TYPE_CHECKING:
    from hearsight.errors import (
        DatasetError,
        HearsightError,
        InputError,
        MediaError,
        WeightsError,
    )
    from hearsight.events.events import Event, Events, Track
    from hearsight.events.formats import read_events, write_events
    from hearsight.events.heatmaps import HeatMap
    from hearsight.events.scene import Scene
    from hearsight.inference.locate import locate
    from hearsight.inference.results import write_result
    from hearsight.metrics.seld import seld_scores
    from hearsight.recording.audio import read_recording
    from hearsight.recording.findings import examine
    from hearsight.recording.layout import ChannelLayout
    from hearsight.recording.recording import Recording, Video
    from hearsight.scenes.folder import write_scene
    from hearsight.scenes.planner import random_plan
    from hearsight.spatial.projection import Projection
    from hearsight.training.evaluate import evaluate
    from hearsight.training.fit import train


def __getattr__(name: str) -> Any:  # any public object
    if name not in _HOMES:
        msg = f"module 'hearsight' has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
