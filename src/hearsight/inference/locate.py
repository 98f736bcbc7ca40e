"""`locate`: a recording in, a scene out.

Somebody hears it, with training or without; the picture is watched; both are brought together.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hearsight.errors import InputError, MediaError
from hearsight.events.events import Event, Events
from hearsight.events.heatmaps import HeatMap
from hearsight.events.scene import Scene
from hearsight.inference.hearing import Heard, hear_untrained
from hearsight.inference.watching import Seen, watch
from hearsight.inference.windows import FrameStore
from hearsight.models.fusion import (
    between_grids,
    boxes_of_track,
    combine,
    sphere_to_picture,
)
from hearsight.models.spectrum import GRID_HEIGHT, GRID_WIDTH
from hearsight.recording.findings import Findings, examine
from hearsight.recording.grid import LABEL_HOP_S, frame_count
from hearsight.recording.layout import ChannelLayout
from hearsight.recording.recording import MIN_SAMPLE_RATE
from hearsight.spatial.projection import Projection, ProjectionKind
from hearsight.systems.training_free import ArrayMethod

if TYPE_CHECKING:
    from hearsight.inference.trained import TrainedSystem

WINDOW_S = 20.0
"""Seconds heard at a time."""

_BLOCK = 512

Progress = Callable[[float], None]


def locate(
    path: str | Path,
    *,
    audio: str | Path | None = None,
    channels: str | None = None,
    geometry: str | Path | None = None,
    projection: ProjectionKind | None = None,
    fov_deg: float | None = None,
    method: ArrayMethod = "srp",
    system: str | Path | None = None,
    frame_rate: float | None = None,
    window_s: float = WINDOW_S,
    progress: Progress = lambda _: None,
) -> Scene:
    """Tell what is sounding in a recording, when, and where.

    Parameters
    ----------
    path : str or Path
        A recording, video, picture, or folder of numbered pictures.
    audio : str or Path, optional
        The sound, where it lies in another file.
    channels : str, optional
        What the channels are, such as "ambix", "fuma", "mic", "stereo" or "XYW-Z-:sn3d"; default:
        found out.
    geometry : str or Path, optional
        YAML file of a microphone array.
    projection : {"equirectangular", "perspective"}, optional
        How the picture shows directions; default: found out.
    fov_deg : float, optional
        Horizontal field of view of a perspective picture in degrees. Without it directions are
        not tied to the picture.
    method : {"srp", "music"}
        How arrays are heard without a system.
    system : str or Path, optional
        A folder with the weights of a trained system, or the name of a system that was trained
        into `runs/<name>`. It hears instead of the default, or looks at the picture. Default:
        sources are found without training, and have no names.
    frame_rate : float, optional
        Frames per second of a folder of pictures.
    window_s : float
        Seconds heard at a time; the result does not depend on it.
    progress : callable
        Told from time to time which part of the work is done, in [0, 1].

    Returns
    -------
    Scene
        Events, each with a direction every 100 ms where the channels tell directions; heat maps;
        and sentences about what was found and what could not be judged. Events are labelled
        "source 1", ...; their confidence is explained at `AcousticModel.confidence`, for mono it
        is the mean part of the sound that rises above the background. From a system that hears
        they have its labels, and distances if it tells them; their confidence is the median
        activity that the system gives them.

    Raises
    ------
    MediaError
        If a file cannot be read or holds no sound.
    InputError
        If an option does not fit the file, or the channels fit no layout, or none that the system
        hears, or it sees and there is no picture.
    WeightsError
        If the system's weights are damaged.
    """
    trained = None
    if system is not None:
        from hearsight.inference.trained import TrainedSystem  # brings all systems along

        trained = TrainedSystem.load(system)
    findings = examine(
        path,
        audio=audio,
        channels=channels,
        geometry=geometry,
        projection=projection,
        fov_deg=fov_deg,
        frame_rate=frame_rate,
    )
    return locate_examined(
        findings,
        method=method,
        system=trained,
        frame_rate=frame_rate,
        window_s=window_s,
        progress=progress,
    )


def locate_examined(
    findings: Findings,
    *,
    method: ArrayMethod = "srp",
    system: TrainedSystem | None = None,
    frame_rate: float | None = None,
    window_s: float = WINDOW_S,
    progress: Progress = lambda _: None,
) -> Scene:
    """Do the work of `locate` on a recording that was examined before, with a loaded system."""
    _check(findings, window_s)
    suit, hear, see = _choose(system, method, frame_rate)
    findings = suit(findings)
    told, findings = findings, _with_some_layout(findings)
    duration = findings.duration
    picture = findings.projection if findings.video is not None else None
    hear_share = 1.0 if picture is None else 0.4
    tell = _part(progress, 0.0, hear_share, duration)
    heard = hear(findings, window_s=window_s, progress=tell)
    notes = [*heard.notes]
    seen = None
    if picture is not None:
        tell = _part(progress, hear_share, 1.0 - hear_share, duration)
        seen = see(findings, heard.events, frame_rate=frame_rate, progress=tell)
        notes += [*seen.notes, *seen.method]
    notes.extend(heard.method)
    if picture is not None and not picture.has_directions and heard.has_directions:
        notes.append(
            "The field of view of the picture is not known, so directions are not drawn into it; "
            "give it with --fov."
        )
    notes.extend(told.sentences)
    events = [_in_picture(each, heard, picture, seen) for each in heard.events]
    heatmaps = tuple(_make_heatmaps(heard.heat, duration, picture, seen))
    progress(1.0)
    return Scene(
        Events(events, heard.events.labels, duration),
        layout=told.layout,
        projection=picture,
        heatmaps=heatmaps,
        notes=tuple(notes),
        media=findings.media.path,
        audio=None
        if findings.sound_media.path == findings.media.path
        else findings.sound_media.path,
    )


def _choose(
    system: TrainedSystem | None, method: ArrayMethod, frame_rate: float | None
) -> tuple[Callable[[Findings], Findings], Callable[..., Heard], Callable[..., Seen]]:
    """Return who says whether a recording suits, who hears it, and who looks at its picture."""

    def synchrony(findings: Findings, _: Events, **options: Any) -> Seen:
        return watch(findings, **options)

    untrained = partial(hear_untrained, method=method)
    if system is None:
        return lambda findings: findings, untrained, synchrony
    from hearsight.inference.hearing_trained import hear_trained, suited
    from hearsight.inference.labeling import Labeler
    from hearsight.inference.looking import look, with_picture
    from hearsight.systems.heatmap import HeatMapSystem
    from hearsight.systems.segments import SegmentSystem

    if isinstance(system.system, HeatMapSystem):
        return partial(with_picture, system), untrained, partial(look, system)
    if isinstance(system.system, SegmentSystem):
        labeler = Labeler(system, frame_rate)
        return labeler.suited, labeler.hear, labeler.look
    return partial(suited, system), partial(hear_trained, system), synchrony


def _part(progress: Progress, start: float, share: float, duration: float) -> Progress:
    """Return what is told the seconds done of a part of the work that begins at `start`."""
    return lambda seconds: progress(start + share * min(1.0, seconds / max(duration, 1e-9)))


def _check(findings: Findings, window_s: float) -> None:
    path = findings.media.path
    if findings.audio is None or findings.measured is None:
        msg = f"{path}: holds no sound to locate; give the sound that belongs to it with --audio"
        raise MediaError(msg)
    if findings.layout is None and not findings.measured.is_silent.all():
        reasons = findings.layout_evidence.reasons if findings.layout_evidence else ()
        msg = (
            f"{findings.sound_media.path}: its {findings.audio.n_channels} channels fit no known "
            f"layout ({'; '.join(reasons)}); say what they are with --channels or --geometry"
        )
        raise InputError(msg)
    if findings.audio.sample_rate < MIN_SAMPLE_RATE:
        msg = (
            f"{findings.sound_media.path}: sampled at {findings.audio.sample_rate} Hz, at least "
            f"{MIN_SAMPLE_RATE} Hz are needed; use a recording with a higher rate"
        )
        raise MediaError(msg)
    if findings.duration <= 0.0:
        msg = f"{findings.sound_media.path}: its sound has no length; use a longer recording"
        raise MediaError(msg)
    if not window_s >= 10 * LABEL_HOP_S:
        msg = f"window_s must be at least {10 * LABEL_HOP_S:g} seconds, got {window_s:g}"
        raise InputError(msg)


def _with_some_layout(findings: Findings) -> Findings:
    """Take silence whose channels cannot be told for mono: it has no directions in any layout."""
    if findings.layout is not None or findings.audio is None:
        return findings
    first = ChannelLayout("mono", (0,), findings.audio.n_channels)
    return dataclasses.replace(findings, layout=first)


def _in_picture(event: Event, heard: Heard, picture: Projection | None, seen: Seen | None) -> Event:
    """Find an event that was heard in the picture: a box, and whether on screen."""
    track = event.track
    if picture is None or track is None:
        return event
    boxes, on_screen = track.boxes, track.on_screen
    is_tied = heard.has_directions and picture.has_directions
    if seen is not None:
        frames = np.round(track.times / LABEL_HOP_S).astype(np.int64)
        directions = track.directions if is_tied else None
        boxes = boxes_of_track(frames, directions, seen.values, picture, threshold=seen.threshold)
    if is_tied:
        inside = picture.is_on_screen(track.directions).astype(float)
        on_screen = np.where(np.isnan(on_screen), inside, on_screen)
    if seen is not None and seen.on_screen is not None:
        looked = seen.on_screen[np.minimum(frames, len(seen.on_screen) - 1)]
        on_screen = np.where(np.isnan(on_screen), looked, on_screen)
    placed = dataclasses.replace(track, boxes=boxes, on_screen=on_screen)
    return dataclasses.replace(event, track=placed)


def _make_heatmaps(
    heat: NDArray[np.float16] | None,
    duration: float,
    picture: Projection | None,
    seen: Seen | None,
) -> Iterator[HeatMap]:
    times = np.round(np.arange(frame_count(duration)) * LABEL_HOP_S, 9)
    sphere = Projection("equirectangular", 10 * GRID_WIDTH, 10 * GRID_HEIGHT)
    if seen is not None and picture is not None:
        yield HeatMap(seen.values, times, seen.kind, picture)
    if heat is None:
        return
    if picture is None or not picture.has_directions:
        yield HeatMap(heat, times, "acoustic", sphere)
        return
    shape = (GRID_HEIGHT, GRID_WIDTH)
    if picture.kind == "perspective" and seen is not None:
        shape = seen.values.shape[1], seen.values.shape[2]
    to_picture = sphere_to_picture(picture, shape)
    acoustic, combined = FrameStore(), FrameStore()
    for start in range(0, len(times), _BLOCK):
        heard = to_picture(heat[start : start + _BLOCK])
        acoustic.append(heard)
        if seen is not None:
            visual = seen.values[start : start + _BLOCK]
            wraps = picture.kind == "equirectangular"
            resampled = between_grids((visual.shape[1], visual.shape[2]), shape, wraps=wraps)
            combined.append(combine(heard, resampled(visual)))
    yield HeatMap(acoustic.finish(), times, "acoustic", picture)
    if seen is not None and seen.values.any():
        yield HeatMap(combined.finish(), times, "combined", picture)
