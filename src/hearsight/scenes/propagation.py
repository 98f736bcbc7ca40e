"""How sound travels from a source to a receiver in the free field.

A source's level falls with 1 / distance, relative to 1 m. Each capsule hears a moving source as it
was when the sound left it (the retarded time), so delays, gains and Doppler shift are those of
physics and change without steps. Delays between samples are interpolated with a windowed sinc that
is exact to 2e-4 up to 0.42 of the sample rate; in time that is a few nanoseconds.
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from hearsight.errors import InputError
from hearsight.scenes.plan import SceneSource, Trajectory
from hearsight.scenes.receivers import Receiver
from hearsight.spatial.ambisonics import encode_foa
from hearsight.spatial.arrays import SPEED_OF_SOUND

TAPS = 32
"""Length of the interpolating sinc in samples."""

_PHASES = 1024
# 80 dB of stop band; with 32 taps the passband then ends at 0.42 of the sample rate.
_KAISER_BETA = 7.86
_BLOCK = 16384


@functools.cache
def _sinc_table() -> NDArray[np.float64]:
    offsets = np.arange(_PHASES + 1)[:, None] / _PHASES - np.arange(1 - TAPS // 2, TAPS // 2 + 1)
    inside = np.clip(1.0 - (2.0 * offsets / TAPS) ** 2, 0.0, None)
    table = np.sinc(offsets) * np.i0(_KAISER_BETA * np.sqrt(inside)) / np.i0(_KAISER_BETA)
    table.flags.writeable = False
    return table


def sinc_kernels(fractions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the weights of the samples around points that lie between samples.

    Parameters
    ----------
    fractions : ndarray, shape (n,)
        How far each point lies behind a sample, in [0, 1) samples.

    Returns
    -------
    ndarray, shape (n, TAPS)
        Weights of the samples at 1 - TAPS / 2 ... TAPS / 2 relative to that sample.
    """
    table = _sinc_table()
    phase = fractions * _PHASES
    lower = np.minimum(phase.astype(np.intp), _PHASES - 1)
    return table[lower] + (phase - lower)[:, None] * (table[lower + 1] - table[lower])


def interpolate(
    signal: NDArray[np.floating], positions: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Read a signal between its samples.

    Parameters
    ----------
    signal : ndarray, shape (samples,)
        Zero before its beginning and after its end.
    positions : ndarray, shape (n,)
        Places in samples, fractional, in any order.

    Returns
    -------
    ndarray, shape (n,)
    """
    windows = sliding_window_view(np.pad(np.asarray(signal, float), TAPS), TAPS)
    values = np.zeros(len(positions))
    audible = np.flatnonzero((positions > -TAPS // 2) & (positions < len(signal) + TAPS // 2))
    for start in range(0, len(audible), _BLOCK):
        block = audible[start : start + _BLOCK]
        whole = np.floor(positions[block]).astype(np.intp)
        kernels = sinc_kernels(positions[block] - whole)
        values[block] = np.einsum("nt,nt->n", windows[whole + 1 + TAPS // 2], kernels)
    return values


def emission_times(
    trajectory: Trajectory, heard: NDArray[np.float64], place: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """Return when the sound that is heard at given times left the source.

    Parameters
    ----------
    trajectory : Trajectory
        Of the source; slower than half the speed of sound.
    heard : ndarray, shape (n,)
        Seconds.
    place : ndarray, shape (3,), optional
        Where it is heard, metres from the listener; default: at the listener.

    Returns
    -------
    ndarray, shape (n,)
        Seconds, accurate to far below a nanosecond for anything slower than 30 m/s.

    Raises
    ------
    InputError
        If the source is too fast.
    """
    origin = np.zeros(3) if place is None else place
    if len(trajectory.times) > 1:
        steps = np.linalg.norm(np.diff(trajectory.positions, axis=0), axis=1)
        fastest = float((steps / np.diff(trajectory.times)).max())
        if fastest > 0.5 * SPEED_OF_SOUND:
            msg = f"a source moves at {fastest:.0f} m/s; give it more time for its way"
            raise InputError(msg)
    if not trajectory.is_moving:
        distance = np.linalg.norm(trajectory.positions[0] - origin)
        return np.asarray(heard - distance / SPEED_OF_SOUND)
    emitted = heard
    for _ in range(6):  # each round divides the error by the speed of sound over the source's
        emitted = heard - _distances(trajectory, emitted, origin) / SPEED_OF_SOUND
    return np.asarray(emitted)


def arrival_time(
    trajectory: Trajectory, emitted: float, place: NDArray[np.float64] | None = None
) -> float:
    """Return when a sound that leaves the source at a time is heard, in seconds."""
    origin = np.zeros(3) if place is None else place
    return emitted + float(_distances(trajectory, np.array(emitted), origin)) / SPEED_OF_SOUND


def _distances(
    trajectory: Trajectory, times: NDArray[np.float64], origin: NDArray[np.float64]
) -> NDArray[np.float64]:
    return np.asarray(np.linalg.norm(trajectory.at(times) - origin, axis=-1))


def emitted_sound(source: SceneSource, duration: float, sample_rate: int) -> NDArray[np.float64]:
    """Return what a source emits at 1 m: its sound with its gain, cut at the scene's end.

    Returns
    -------
    ndarray, shape (samples,)
        Beginning at the source's onset; empty for a silent source.
    """
    if source.sound is None:
        return np.zeros(0)
    room_left = max(0, round((duration - source.onset) * sample_rate))
    return np.asarray(source.sound[:room_left], float) * 10.0 ** (source.gain_db / 20.0)


def heard_interval(
    source: SceneSource, duration: float, sample_rate: int
) -> tuple[float, float] | None:
    """Return when a source's sound begins and ends at the listener.

    Returns
    -------
    (float, float) or None
        Seconds: its first and last sample's way taken into account, cut at the scene's end; None
        for a source that is silent or not heard before the scene ends.
    """
    n_samples = len(emitted_sound(source, duration, sample_rate))
    onset = arrival_time(source.trajectory, source.onset)
    if n_samples == 0 or onset >= duration:
        return None
    offset = arrival_time(source.trajectory, source.onset + n_samples / sample_rate)
    return onset, min(offset, duration)


def free_field(
    source: SceneSource, receiver: Receiver, duration: float, sample_rate: int
) -> NDArray[np.float64]:
    """Render one source to all channels of a receiver, without a room.

    Parameters
    ----------
    source : SceneSource
    receiver : Receiver
    duration : float
        Seconds of the scene.
    sample_rate : int
        Hz.

    Returns
    -------
    ndarray, shape (channels, samples)

    Raises
    ------
    InputError
        If the source comes nearer than 1 cm to a capsule, or is too fast.
    """
    n_samples = round(duration * sample_rate)
    channels = np.zeros((receiver.n_channels, n_samples))
    emitted = emitted_sound(source, duration, sample_rate)
    if len(emitted) == 0:
        return channels
    end = source.onset + len(emitted) / sample_rate
    for place, members in receiver.places():
        margin = TAPS / sample_rate
        first = arrival_time(source.trajectory, source.onset, place) - margin
        last = arrival_time(source.trajectory, end, place) + margin
        span = slice(max(0, int(first * sample_rate)), min(n_samples, int(last * sample_rate) + 1))
        heard = np.arange(span.start, max(span.start, span.stop)) / sample_rate
        times = emission_times(source.trajectory, heard, place)
        vectors = source.trajectory.at(times) - place
        distances = np.linalg.norm(vectors, axis=-1, keepdims=True)
        if (distances < 0.01).any():
            msg = f"{source.label} passes through a microphone; keep sources 1 cm away"
            raise InputError(msg)
        sound = interpolate(emitted, (times - source.onset) * sample_rate)
        gains = encode_foa(vectors / distances) / distances @ receiver.patterns[members].T
        channels[members, span.start : span.start + len(heard)] = (sound[:, None] * gains).T
    return channels
