"""A plan becomes sound: all sources at the receiver, the room's answer, and noise.

Levels are kept: a source of level 1 at 1 m arrives with the gain 1 / distance. Only if the sum
would come above `CEILING` is all of it, noise included, brought down together; the factor is told.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hearsight.errors import InputError
from hearsight.recording.layout import ChannelLayout
from hearsight.recording.recording import Recording
from hearsight.scenes.measured import MeasuredRoom
from hearsight.scenes.noise import NoiseColor, NoiseField, ambient_noise
from hearsight.scenes.plan import ScenePlan, SceneSource
from hearsight.scenes.propagation import free_field, heard_interval
from hearsight.scenes.receivers import Receiver, receiver_for
from hearsight.scenes.room import Room, reverberation

CEILING = 0.95
"""The highest peak of a mix; full scale is 1."""


@dataclass(frozen=True)
class NoiseSettings:
    """The noise of a recording.

    Parameters
    ----------
    snr_db : float, optional
        Signal-to-noise ratio: the mean power of all sources together, room included, while at
        least one of them is heard, over the noise's mean power; both on the receiver's
        omnidirectional channels (all of an array's).
    level_db : float, optional
        Instead, the noise's root mean square in dB below full scale, for scenes without sources.
    color : {"white", "pink"}
    field : {"diffuse", "sensor"}
        From everywhere at once, or the microphones' own.
    """

    snr_db: float | None = None
    level_db: float | None = None
    color: NoiseColor = "pink"
    field: NoiseField = "diffuse"

    def __post_init__(self) -> None:
        given = [value for value in (self.snr_db, self.level_db) if value is not None]
        if len(given) != 1 or not np.isfinite(given[0]):
            msg = (
                "noise needs one finite number, its snr_db or its level_db, got "
                f"{self.snr_db} and {self.level_db}"
            )
            raise InputError(msg)


@dataclass(frozen=True, eq=False)
class Mix:
    """A rendered scene before its parts are added.

    Parameters
    ----------
    sources, noise : ndarray, shape (channels, samples)
        What the sources and what the noise contribute, already scaled.
    scale : float
        By how much both were brought down to stay below `CEILING`; 1 where they were not.
    """

    sources: NDArray[np.float64]
    noise: NDArray[np.float64]
    scale: float


def render_audio(
    plan: ScenePlan,
    layout: ChannelLayout,
    *,
    room: Room | MeasuredRoom | None = None,
    noise: NoiseSettings | None = None,
    omni: float = 1.0,
) -> Recording:
    """Render the sound of a scene.

    Parameters
    ----------
    plan : ScenePlan
        Its seed decides about the noise.
    layout : ChannelLayout
        The channels to make (see `receivers.receiver_for`).
    room : Room or MeasuredRoom, optional
        Default: the free field.
    noise : NoiseSettings, optional
        Default: none.
    omni : float
        Directivity of an array's microphones (see `receivers.receiver_for`); 1: omnidirectional.

    Returns
    -------
    Recording
        Of exactly `round(duration * sample_rate)` samples.

    Raises
    ------
    InputError
        If a source leaves the room or comes too near to a microphone, a measured room has other
        channels or places, or an SNR is asked for where nothing sounds.
    """
    mix = render_mix(plan, layout, room=room, noise=noise, omni=omni)
    waveform = np.asarray(mix.sources + mix.noise, np.float32)
    return Recording(waveform, plan.sample_rate, layout)


def render_mix(
    plan: ScenePlan,
    layout: ChannelLayout,
    *,
    room: Room | MeasuredRoom | None = None,
    noise: NoiseSettings | None = None,
    omni: float = 1.0,
) -> Mix:
    """Render the sound of a scene with sources and noise apart (see `render_audio`).

    Returns
    -------
    Mix
    """
    receiver = receiver_for(layout, omni)
    if room is not None:
        room.check(plan)
    if isinstance(room, MeasuredRoom) and room.layout != layout:
        msg = f"the room was measured as {room.layout.name}, not as {layout.name}; ask for the same"
        raise InputError(msg)
    sources = np.zeros((receiver.n_channels, round(plan.duration * plan.sample_rate)))
    for source in plan.sources:
        sources += _heard(source, plan, receiver, room)
    background = np.zeros_like(sources) if noise is None else _noise(plan, receiver, sources, noise)
    peak = float(np.abs(sources + background).max(initial=0.0))
    scale = CEILING / peak if peak > CEILING else 1.0
    return Mix(scale * sources, scale * background, scale)


def _heard(
    source: SceneSource, plan: ScenePlan, receiver: Receiver, room: Room | MeasuredRoom | None
) -> NDArray[np.float64]:
    if isinstance(room, MeasuredRoom):
        return room.heard(source, plan.duration)
    direct = free_field(source, receiver, plan.duration, plan.sample_rate)
    if room is None:
        return direct
    return direct + reverberation(source, room, receiver, plan.duration, plan.sample_rate)


def active_samples(plan: ScenePlan) -> NDArray[np.bool_]:
    """Tell in which samples at least one source is heard, shape (samples,)."""
    active = np.zeros(round(plan.duration * plan.sample_rate), bool)
    for source in plan.sources:
        interval = heard_interval(source, plan.duration, plan.sample_rate)
        if interval is not None:
            onset, offset = (round(time * plan.sample_rate) for time in interval)
            active[onset:offset] = True
    return active


def _noise(
    plan: ScenePlan, receiver: Receiver, sources: NDArray[np.float64], settings: NoiseSettings
) -> NDArray[np.float64]:
    noise = ambient_noise(
        np.random.default_rng([plan.seed, 3]),
        receiver,
        sources.shape[1],
        plan.sample_rate,
        color=settings.color,
        field=settings.field,
    )
    channels = receiver.pressure_channels()
    if settings.level_db is not None:
        wanted = 10.0 ** (settings.level_db / 10.0)
    else:
        active = active_samples(plan)
        power = float(np.mean(sources[channels][:, active] ** 2)) if active.any() else 0.0
        if power == 0.0 or settings.snr_db is None:
            msg = "a signal-to-noise ratio needs a source that sounds; give the noise a level_db"
            raise InputError(msg)
        wanted = power / 10.0 ** (settings.snr_db / 10.0)
    return np.asarray(noise * np.sqrt(wanted / np.mean(noise[channels] ** 2)))
