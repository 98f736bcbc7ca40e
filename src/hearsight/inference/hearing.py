"""Hearing without training: directions of whatever sounds, found window by window."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from hearsight.events.events import Event, Events, Track
from hearsight.events.tracking import (
    DirectionTrack,
    TrackingSettings,
    name_sources,
    track_directions,
)
from hearsight.inference.windows import FrameStore, arranged_blocks, hear
from hearsight.models.activity import activity, band_powers
from hearsight.models.spectrum import SILENCE
from hearsight.recording.audio import read_audio
from hearsight.recording.findings import Findings
from hearsight.recording.grid import LABEL_HOP_S, frame_count
from hearsight.spatial.directions import to_angles
from hearsight.systems.training_free import (
    SAMPLE_RATE,
    AcousticModel,
    ArrayMethod,
    acoustic_model,
    choose_stereo_cue,
)

_BLOCK = 512
"""Frames of heat maps that are worked on at a time."""

SILENT = "No events: the sound is silent."

_MONO_TRACKING = TrackingSettings(onset_share=0.5, offset_share=0.25, max_gap=5, min_length=2)


@dataclass(frozen=True)
class Heard:
    """What was heard in a recording, before anything of its picture is known.

    Parameters
    ----------
    events : Events
        Each with a track; where they are in the picture is not known, unless a system tells.
    has_directions : bool
        Whether the channels tell directions.
    notes : tuple of str
        Why there are no events.
    method : tuple of str
        How they were found, or would have been.
    heat : ndarray of float16, shape (label frames, rows, columns), optional
        The acoustic map on the grid of `hearsight.models.spectrum`, in which events reach 1.
    """

    events: Events
    has_directions: bool
    notes: tuple[str, ...] = ()
    method: tuple[str, ...] = ()
    heat: NDArray[np.float16] | None = None


def hear_untrained(
    findings: Findings,
    *,
    method: ArrayMethod = "srp",
    window_s: float = 20.0,
    progress: Callable[[float], None] = lambda _: None,
) -> Heard:
    """Find out from where something sounds, whatever it is.

    Parameters
    ----------
    findings : Findings
        With a layout.
    method : {"srp", "music"}
        How arrays are heard.
    window_s : float
        Seconds heard at a time; the result does not depend on it.
    progress : callable
        Told the seconds heard.

    Returns
    -------
    Heard
        Events are called "source 1", ...
    """
    model = _choose_model(findings, method)
    hearing = _Hearing(model)
    for n_labels in hearing.run(findings, round(window_s / LABEL_HOP_S)):
        progress(n_labels * LABEL_HOP_S)
    tracks = hearing.tracks()
    return Heard(
        Events(hearing.events(tracks, findings.duration), duration=findings.duration),
        has_directions=model is not None,
        notes=() if tracks else (hearing.why_nothing(),),
        method=(hearing.sentence,) if tracks or not hearing.is_silent else (),
        heat=hearing.heat(tracks, frame_count(findings.duration)),
    )


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

    def events(self, tracks: list[DirectionTrack], duration: float) -> Iterator[Event]:
        """Yield an event for each track."""
        is_tall = self.model is not None and self.model.has_elevation
        for track, source in zip(tracks, name_sources(tracks), strict=True):
            frames, directions = track.path()
            azimuth, elevation = to_angles(directions)
            yield Event(
                f"source {source + 1}",
                round(float(frames[0] * LABEL_HOP_S), 9),
                min(duration, round(float((frames[-1] + 1) * LABEL_HOP_S), 9)),
                confidence=self._confidence(track),
                track=Track(
                    np.round(frames * LABEL_HOP_S, 9),
                    azimuth if self.model is not None else None,
                    elevation if is_tall else None,
                ),
            )

    def _confidence(self, track: DirectionTrack) -> float:
        share = min(1.0, track.strength)
        return share if self.model is None else self.model.confidence(share)

    def heat(self, tracks: list[DirectionTrack], n_labels: int) -> NDArray[np.float16] | None:
        """Return the acoustic map on the directional grid, scaled to its events."""
        if self.model is None:
            return None
        heat = self._heat.finish()[:n_labels]
        _scale(heat, tracks, self.model.tracking.onset_share)
        return heat

    def why_nothing(self) -> str:
        """Say why there are no events."""
        if self.is_silent:
            return SILENT
        return (
            "No events: no direction stands out from the diffuse sound long enough. If the "
            "channels were read wrongly, say what they are with --channels."
        )


def _scale(heat: NDArray[np.float16], tracks: list[DirectionTrack], onset_share: float) -> None:
    """Scale an acoustic map in place so that its events reach 1; frames without events become 0.

    The square root keeps the weaker of two simultaneous sources visible.
    """
    is_active = np.zeros(len(heat), dtype=bool)
    for track in tracks:
        is_active[track.frames[0] : track.frames[-1] + 1] = True
    peaks = np.concatenate(
        [
            np.zeros(0),
            *(heat[s : s + _BLOCK].max(axis=(1, 2)) for s in range(0, len(heat), _BLOCK)),
        ]
    )
    full = float(np.quantile(peaks[is_active], 0.9)) if is_active.any() else 1.0
    full = max(full, 2.0 * onset_share)
    for start in range(0, len(heat), _BLOCK):
        block = heat[start : start + _BLOCK].astype(np.float32) / full
        active = is_active[start : start + _BLOCK, None, None]
        heat[start : start + _BLOCK] = np.where(active, np.sqrt(np.minimum(block, 1.0)), 0.0)
