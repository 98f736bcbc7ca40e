"""`locate`: a recording in, a scene out."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from hearsight.errors import InputError, MediaError
from hearsight.events.events import Event, Events, Track
from hearsight.events.heatmaps import HeatMap
from hearsight.events.scene import Scene
from hearsight.events.tracking import (
    DirectionTrack,
    TrackingSettings,
    name_sources,
    track_directions,
)
from hearsight.inference.watching import watch
from hearsight.inference.windows import FrameStore, arranged_blocks, hear
from hearsight.models.activity import activity, band_powers
from hearsight.models.fusion import (
    between_grids,
    boxes_of_track,
    combine,
    sphere_to_picture,
)
from hearsight.models.spectrum import GRID_HEIGHT, GRID_WIDTH, SILENCE
from hearsight.recording.audio import read_audio
from hearsight.recording.findings import Findings, examine
from hearsight.recording.grid import LABEL_HOP_S, frame_count
from hearsight.recording.layout import ChannelLayout
from hearsight.recording.recording import MIN_SAMPLE_RATE
from hearsight.spatial.directions import to_angles
from hearsight.spatial.projection import Projection, ProjectionKind
from hearsight.systems.training_free import (
    SAMPLE_RATE,
    AcousticModel,
    ArrayMethod,
    acoustic_model,
    choose_stereo_cue,
)

WINDOW_S = 20.0
"""Seconds heard at a time."""

_BLOCK = 512
_MONO_TRACKING = TrackingSettings(onset_share=0.5, offset_share=0.25, max_gap=5, min_length=2)

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
        How arrays are heard.
    frame_rate : float, optional
        Frames per second of a folder of pictures.
    window_s : float
        Seconds heard at a time; the result does not depend on it.
    progress : callable
        Told from time to time which part of the work is done, in [0, 1].

    Returns
    -------
    Scene
        Events labelled "source 1", ..., each with a direction every 100 ms where the channels
        tell directions; heat maps; and sentences about what was found and what could not be
        judged. An event's confidence is explained at `AcousticModel.confidence`; for mono it is
        the mean part of the sound that rises above the background.

    Raises
    ------
    MediaError
        If a file cannot be read or holds no sound.
    InputError
        If an option does not fit the file, or the channels fit no layout.
    """
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
        findings, method=method, frame_rate=frame_rate, window_s=window_s, progress=progress
    )


def locate_examined(
    findings: Findings,
    *,
    method: ArrayMethod = "srp",
    frame_rate: float | None = None,
    window_s: float = WINDOW_S,
    progress: Progress = lambda _: None,
) -> Scene:
    """Do the work of `locate` on a recording that was examined before."""
    _check(findings, window_s)
    told, findings = findings, _with_some_layout(findings)
    duration = findings.duration
    is_watched = findings.video is not None
    heard_share = 0.4 if is_watched else 1.0
    model = _choose_model(findings, method)
    hearing = _Hearing(model)
    window = round(window_s / LABEL_HOP_S)
    for n_labels in hearing.run(findings, window):
        progress(heard_share * min(1.0, n_labels * LABEL_HOP_S / max(duration, 1e-9)))
    tracks = hearing.tracks()
    notes = [] if tracks else [hearing.why_nothing()]
    synchrony = None
    if is_watched:
        synchrony, explanation = watch(
            findings,
            frame_rate=frame_rate,
            progress=lambda seconds: progress(0.4 + 0.6 * min(1.0, seconds / max(duration, 1e-9))),
        )
        notes.append(explanation)
    pictured = findings.projection if findings.video is not None else None
    if tracks or not hearing.is_silent:
        notes.append(hearing.sentence)
    if pictured is not None and not pictured.has_directions and model is not None:
        notes.append(
            "The field of view of the picture is not known, so directions are not drawn into it; "
            "give it with --fov."
        )
    notes.extend(told.sentences)
    events = _make_events(tracks, hearing, duration, pictured, synchrony)
    heatmaps = _make_heatmaps(hearing, tracks, duration, pictured, synchrony)
    progress(1.0)
    return Scene(
        Events(events, duration=duration),
        layout=told.layout,
        projection=pictured,
        heatmaps=tuple(heatmaps),
        notes=tuple(notes),
        media=findings.media.path,
        audio=None
        if findings.sound_media.path == findings.media.path
        else findings.sound_media.path,
    )


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


def _choose_model(findings: Findings, method: ArrayMethod) -> AcousticModel | None:
    layout = findings.layout
    assert layout is not None
    if layout.kind != "stereo":
        return acoustic_model(layout, method=method)
    assert findings.audio is not None
    sound, _ = read_audio(
        findings.sound_media.path,
        stream=findings.audio.index,
        duration=60.0,
        sample_rate=SAMPLE_RATE,
    )
    cue = choose_stereo_cue(layout.arrange(np.nan_to_num(sound, posinf=0.0, neginf=0.0)))
    return acoustic_model(layout, method=method, stereo_cue=cue)


class _Hearing:
    """What one recording's sound gives, collected window by window."""

    def __init__(self, model: AcousticModel | None) -> None:
        self.model = model
        self._heat = FrameStore()
        self._directions = FrameStore(np.float32)
        self._shares = FrameStore(np.float32)
        self._powers = FrameStore(np.float32)

    @property
    def sentence(self) -> str:
        """How directions were found."""
        return self.model.sentence if self.model else "One channel has no directions, only times."

    @property
    def is_silent(self) -> bool:
        """Whether nothing was to be heard in any window."""
        return bool((self._powers.finish().mean(axis=1) <= SILENCE**2).all())

    def run(self, findings: Findings, window: int) -> Iterator[int]:
        """Hear everything; yields the label frames done after each window."""
        blocks = arranged_blocks(findings, window * round(SAMPLE_RATE * LABEL_HOP_S))
        n_labels = 0
        for found in hear(blocks, self._hear, window):
            powers, *spectrum = found
            self._powers.append(powers)
            if spectrum:
                heat, directions, shares = spectrum
                self._heat.append(heat)
                self._directions.append(directions)
                self._shares.append(shares)
            n_labels += len(powers)
            yield n_labels

    def _hear(self, sound: NDArray[np.float32]) -> tuple[NDArray[np.float32], ...]:
        waveform = torch.from_numpy(sound)
        powers = band_powers(waveform, SAMPLE_RATE)
        if self.model is None:
            return (powers,)
        found = self.model.find(waveform)
        return powers, found.heat, found.directions, found.shares

    def tracks(self) -> list[DirectionTrack]:
        """Link what was heard over time; for mono all tracks lie in front."""
        if self.model is not None:
            directions, shares = self._directions.finish(), self._shares.finish()
            return track_directions(directions, shares, self.model.tracking)
        powers = self._powers.finish()
        risen = activity(powers)[:, None]
        front = np.broadcast_to([1.0, 0.0, 0.0], (len(risen), 1, 3))
        tracks = track_directions(front, risen, _MONO_TRACKING)
        sounding = np.flatnonzero(powers.mean(axis=1) > SILENCE**2)
        if not tracks and len(sounding):
            # A steady sound has no beginning; it is one event, of which little is sure.
            steady = DirectionTrack()
            for frame in sounding:
                steady.add(int(frame), np.array([1.0, 0.0, 0.0]), float(risen[frame, 0]))
            return [steady]
        return tracks

    def heat(self) -> NDArray[np.float16] | None:
        """Return the acoustic map on the directional grid, for writing."""
        return None if self.model is None else self._heat.finish()

    def confidence(self, track: DirectionTrack) -> float:
        """Return an event's confidence."""
        share = min(1.0, track.strength)
        return share if self.model is None else self.model.confidence(share)

    def why_nothing(self) -> str:
        """Say why there are no events."""
        if self.is_silent:
            return "No events: the sound is silent."
        return (
            "No events: no direction stands out from the diffuse sound long enough. If the "
            "channels were read wrongly, say what they are with --channels."
        )


def _make_events(
    tracks: list[DirectionTrack],
    hearing: _Hearing,
    duration: float,
    picture: Projection | None,
    synchrony: NDArray[np.float16] | None,
) -> Iterator[Event]:
    has_directions = hearing.model is not None
    tied = has_directions and picture is not None and picture.has_directions
    for track, source in zip(tracks, name_sources(tracks), strict=True):
        frames, directions = track.path()
        azimuth, elevation = to_angles(directions)
        boxes = on_screen = None
        if picture is not None and synchrony is not None and len(synchrony):
            boxes = boxes_of_track(frames, directions if tied else None, synchrony, picture)
        if tied and picture is not None:
            on_screen = picture.is_on_screen(directions).astype(float)
        is_tall = hearing.model is not None and hearing.model.has_elevation
        yield Event(
            f"source {source + 1}",
            round(float(frames[0] * LABEL_HOP_S), 9),
            min(duration, round(float((frames[-1] + 1) * LABEL_HOP_S), 9)),
            confidence=hearing.confidence(track),
            track=Track(
                np.round(frames * LABEL_HOP_S, 9),
                azimuth if has_directions else None,
                elevation if is_tall else None,
                boxes=boxes,
                on_screen=on_screen,
            ),
        )


def _make_heatmaps(
    hearing: _Hearing,
    tracks: list[DirectionTrack],
    duration: float,
    picture: Projection | None,
    synchrony: NDArray[np.float16] | None,
) -> Iterator[HeatMap]:
    times = np.round(np.arange(frame_count(duration)) * LABEL_HOP_S, 9)
    sphere = Projection("equirectangular", 10 * GRID_WIDTH, 10 * GRID_HEIGHT)
    heat = hearing.heat()
    if heat is not None and hearing.model is not None:
        heat = heat[: len(times)]
        _scale(heat, tracks, hearing.model.tracking.onset_share)
    if synchrony is not None and picture is not None:
        yield HeatMap(synchrony, times, "synchrony", picture)
    if heat is None:
        return
    if picture is None or not picture.has_directions:
        yield HeatMap(heat, times, "acoustic", sphere)
        return
    shape = (GRID_HEIGHT, GRID_WIDTH)
    if picture.kind == "perspective" and synchrony is not None:
        shape = synchrony.shape[1], synchrony.shape[2]
    to_picture = sphere_to_picture(picture, shape)
    acoustic, combined = FrameStore(), FrameStore()
    for start in range(0, len(times), _BLOCK):
        heard = to_picture(heat[start : start + _BLOCK])
        acoustic.append(heard)
        if synchrony is not None:
            seen = synchrony[start : start + _BLOCK]
            wraps = picture.kind == "equirectangular"
            resampled = between_grids((seen.shape[1], seen.shape[2]), shape, wraps=wraps)(seen)
            combined.append(combine(heard, resampled))
    yield HeatMap(acoustic.finish(), times, "acoustic", picture)
    if synchrony is not None and synchrony.any():
        yield HeatMap(combined.finish(), times, "combined", picture)


def _scale(heat: NDArray[np.float16], tracks: list[DirectionTrack], onset_share: float) -> None:
    """Scale an acoustic map in place so that its events reach 1; frames without events become 0.

    The square root keeps the weaker of two simultaneous sources visible.
    """
    is_active = np.zeros(len(heat), dtype=bool)
    for track in tracks:
        is_active[track.frames[0] : track.frames[-1] + 1] = True
    peaks = np.concatenate(
        [np.zeros(0), *(heat[s : s + _BLOCK].max(axis=(1, 2)) for s in range(0, len(heat), _BLOCK))]
    )
    full = float(np.quantile(peaks[is_active], 0.9)) if is_active.any() else 1.0
    full = max(full, 2.0 * onset_share)
    for start in range(0, len(heat), _BLOCK):
        block = heat[start : start + _BLOCK].astype(np.float32) / full
        active = is_active[start : start + _BLOCK, None, None]
        heat[start : start + _BLOCK] = np.where(active, np.sqrt(np.minimum(block, 1.0)), 0.0)
