"""The parts that procedural sounds are made of: bands, resonances, bursts, voices, strings.

All signals are float64 of shape (samples,); times in seconds, frequencies in Hz.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, lfilter, sosfilt

Signal = NDArray[np.float64]


def samples(duration: float, sample_rate: int) -> int:
    """Return how many samples cover a duration, at least one."""
    return max(1, round(duration * sample_rate))


def band(signal: Signal, low: float, high: float, sample_rate: int) -> Signal:
    """Keep what lies between two frequencies; bounds are brought below half the sample rate."""
    top = min(high, 0.45 * sample_rate)
    edges = [min(low, 0.5 * top), top]
    return np.asarray(sosfilt(butter(2, edges, "band", fs=sample_rate, output="sos"), signal))


def resonances(
    signal: Signal, tones: Iterable[tuple[float, float, float]], sample_rate: int
) -> Signal:
    """Excite resonances in parallel.

    Parameters
    ----------
    signal : ndarray, shape (samples,)
    tones : iterable of (frequency, bandwidth, gain)
        Those above 0.45 of the sample rate are left out.
    sample_rate : int
    """
    total = np.zeros_like(signal)
    for frequency, bandwidth, gain in tones:
        if frequency < 0.45 * sample_rate:
            radius = np.exp(-np.pi * bandwidth / sample_rate)
            turn = 2.0 * np.pi * frequency / sample_rate
            poles = [1.0, -2.0 * radius * np.cos(turn), radius**2]
            scale = gain * (1.0 - radius) * np.sqrt(1.0 - 2.0 * radius * np.cos(2.0 * turn) + 1.0)
            total += lfilter([scale], poles, signal)
    return total


def decay(n: int, falling_s: float, sample_rate: int) -> Signal:
    """Return an envelope that rises in 1 ms and falls to 1/e in a time."""
    t = np.arange(n) / sample_rate
    return np.minimum(1.0, t / 0.001) * np.exp(-t / falling_s)


def swell(n: int, attack_s: float, release_s: float, sample_rate: int) -> Signal:
    """Return an envelope that rises, stays at one and falls, along half cosines."""
    t = np.arange(n) / sample_rate
    rise = np.clip(t / attack_s, 0.0, 1.0)
    fall = np.clip((n / sample_rate - t) / release_s, 0.0, 1.0)
    return np.asarray(np.sin(0.5 * np.pi * rise) ** 2 * np.sin(0.5 * np.pi * fall) ** 2)


def burst(rng: np.random.Generator, length_s: float, falling_s: float, sample_rate: int) -> Signal:
    """Return white noise that falls to 1/e in a time."""
    n = samples(length_s, sample_rate)
    return rng.standard_normal(n) * decay(n, falling_s, sample_rate)


def place(target: Signal, start_s: float, part: Signal, sample_rate: int) -> None:
    """Add a part to a signal at a time; what runs over the end is cut."""
    start = round(start_s * sample_rate)
    length = min(len(part), len(target) - start)
    if length > 0:
        target[start : start + length] += part[:length]


def glottis(rng: np.random.Generator, pitch: Signal, sample_rate: int) -> Signal:
    """Return the pulses of a voice whose pitch in Hz is given for every sample.

    A pulse stands where the phase completes a turn; the spectrum falls as that of a voice at the
    lips does.
    """
    flutter = 1.0 + 0.01 * rng.standard_normal(1 + len(pitch) // 256).repeat(256)[: len(pitch)]
    phase = np.cumsum(pitch * flutter) / sample_rate
    pulses = np.diff(np.floor(phase), prepend=0.0)
    smoothing = np.exp(-2.0 * np.pi * 700.0 / sample_rate)
    return np.asarray(lfilter([1.0 - smoothing], [1.0, -smoothing], pulses))


def partials(
    frequencies: Iterable[float], levels: Iterable[float], n: int, sample_rate: int
) -> Signal:
    """Return steady sinusoids that begin at zero; those above 0.45 of the sample rate are left out.

    Parameters
    ----------
    frequencies, levels : iterable of float
        Hz and amplitude of each, equally many.
    n : int
        Samples.
    sample_rate : int
    """
    t = np.arange(n) / sample_rate
    total = np.zeros(n)
    for frequency, level in zip(frequencies, levels, strict=True):
        if frequency < 0.45 * sample_rate:
            total += level * np.sin(2.0 * np.pi * frequency * t)
    return total


def plucked(
    rng: np.random.Generator, frequency: float, duration: float, sample_rate: int
) -> Signal:
    """Return a plucked string: noise that runs round a delay line and loses its high partials."""
    n = samples(duration, sample_rate)
    period = max(2, round(sample_rate / frequency))
    excitation = np.zeros(n)
    excitation[: min(period, n)] = rng.uniform(-1.0, 1.0, min(period, n))
    feedback = np.zeros(period + 2)
    feedback[0] = 1.0
    feedback[period : period + 2] = -0.498
    return np.asarray(lfilter([1.0], feedback, excitation))
