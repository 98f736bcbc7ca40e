"""The labels of a synthetic scene, exact to the sample and to the pixel.

An event lasts from the first to the last sample of a source's sound as heard at the listener (the
way of the sound is included; silence inside the sound belongs to the event; what the room adds
does not). Its track has one point for each label frame of 100 ms that the event touches. Sound
tells where its source was when it left it: direction and distance are those at the emission of
what is heard at the frame's beginning, or at the event's onset if that is later. Light takes no
time: box and on_screen are what the camera shows at the frame's beginning.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from hearsight.events.events import Event, Events, Track
from hearsight.events.scene import Scene
from hearsight.recording.grid import frame_at, frame_count, frame_time
from hearsight.recording.layout import ChannelLayout
from hearsight.scenes.camera import boxes
from hearsight.scenes.plan import ScenePlan, SceneSource
from hearsight.scenes.propagation import emission_times, heard_interval
from hearsight.spatial.directions import to_angles
from hearsight.spatial.projection import Projection


def truth(
    plan: ScenePlan,
    *,
    projection: Projection | None = None,
    layout: ChannelLayout | None = None,
) -> Scene:
    """Return what sounds in a plan, when and where.

    Parameters
    ----------
    plan : ScenePlan
    projection : Projection, optional
        Of the camera; without one boxes and on_screen are unknown.
    layout : ChannelLayout, optional
        Of the recording, for the scene to remember.

    Returns
    -------
    Scene
        One event per source that is heard; `source` counts those of one label from 0. Its
        confidence is None. For masks see `camera.masks`.
    """
    n_frames = frame_count(plan.duration)
    views = None
    if projection is not None and plan.sources:
        views = boxes(plan, projection, [frame_time(frame) for frame in range(n_frames)])
    instances: Counter[str] = Counter()
    events = []
    for index, source in enumerate(plan.sources):
        interval = heard_interval(source, plan.duration, plan.sample_rate)
        if interval is None:
            continue
        onset, offset = interval
        track = _track(source, onset, offset, None if views is None else views[index])
        events.append(
            Event(source.label, onset, offset, track=track, source=instances[source.label])
        )
        instances[source.label] += 1
    return Scene(Events(events, plan.labels, plan.duration), layout, projection)


def _track(
    source: SceneSource, onset: float, offset: float, views: NDArray[np.float64] | None
) -> Track:
    frames = range(frame_at(onset), max(frame_count(offset), frame_at(onset) + 1))
    times = np.array([frame_time(frame) for frame in frames])
    heard = np.clip(times, onset, offset)
    positions = source.trajectory.at(emission_times(source.trajectory, heard))
    azimuth, elevation = to_angles(positions)
    seen = None if views is None else views[frames.start : frames.stop]
    return Track(
        times,
        azimuth,
        elevation,
        np.linalg.norm(positions, axis=-1),
        seen,
        None if seen is None else ~np.isnan(seen[:, 0]),
    )
