"""The sound of a pair: one procedural sound in a room of its own, with noise."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.signal import fftconvolve, lfilter

from hearsight.scenes.sounds import make_sound
from hearsight.scenes.synthesis import place, samples

SAMPLE_RATE = 16000
"""Hz, as the sounds of the published sets are stored."""


def make_pair_sound(
    label: str, rng: np.random.Generator, duration: float, snr_db: float
) -> NDArray[np.float32]:
    """Make the sound of a clip.

    Parameters
    ----------
    label : str
        One of `events.classes.DCASE_2022`.
    rng : numpy.random.Generator
    duration : float
        Seconds of the clip. The sound fills at least 85 percent of it, always its middle.
    snr_db : float
        Mean signal-to-noise ratio; a clip's own differs by some 3 dB.

    Returns
    -------
    ndarray of float32, shape (1, round(duration * SAMPLE_RATE))
        Within [-1, 1].
    """
    filled = duration * rng.uniform(0.85, 1.0)
    clip = np.zeros(samples(duration, SAMPLE_RATE))
    dry = make_sound(label, rng, filled, SAMPLE_RATE).astype(np.float64)
    place(clip, rng.uniform(0.0, duration - filled), dry, SAMPLE_RATE)
    clip = fftconvolve(clip, room_response(rng))[: len(clip)]
    noise = colored_noise(rng, len(clip))
    ratio = 10.0 ** (-rng.normal(snr_db, 3.0) / 20.0)
    clip += ratio * np.std(clip) / np.std(noise) * noise
    return np.asarray(rng.uniform(0.3, 0.95) / np.abs(clip).max() * clip, np.float32)[None]


def colored_noise(rng: np.random.Generator, n_samples: int) -> NDArray[np.float64]:
    """Draw noise that is anything from white to a dull rumble."""
    pole = rng.uniform(0.0, 0.9)
    return np.asarray(lfilter([1.0], [1.0, -pole], rng.standard_normal(n_samples)))


def room_response(rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw how a room answers a pulse: the way straight on, then noise that dies away."""
    rt60_s = rng.uniform(0.1, 0.5)
    t = np.arange(samples(rt60_s, SAMPLE_RATE)) / SAMPLE_RATE
    tail = rng.standard_normal(len(t)) * 10.0 ** (-3.0 * t / rt60_s)
    tail *= rng.uniform(0.1, 0.5) / np.sqrt((tail**2).sum())
    tail[0] = 1.0
    return np.asarray(tail)
