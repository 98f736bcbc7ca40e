"""Thirteen kinds of sound made by code, one for each class of STARSS23.

They are caricatures: nobody would take them for recordings, but each has what tells its class
apart (pitch and formants, rhythm, resonances, noise), starts and stops as such sounds do, and is
broad enough in frequency to be located. The same generator state gives the same sound.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from hearsight.errors import InputError, nearest
from hearsight.events.classes import DCASE_2022
from hearsight.scenes.synthesis import (
    Signal,
    band,
    burst,
    decay,
    glottis,
    partials,
    place,
    plucked,
    resonances,
    samples,
    swell,
)

SHORTEST_S = 0.1
"""Seconds; below it no class could be told."""

# First three formants in Hz of five vowels of a man's voice, after common phonetics tables.
_VOWELS = (
    (730, 1090, 2440),
    (270, 2290, 3010),
    (300, 870, 2240),
    (530, 1840, 2480),
    (570, 840, 2410),
)


def make_sound(
    label: str, rng: np.random.Generator, duration: float, sample_rate: int
) -> NDArray[np.float32]:
    """Make a sound of a class.

    Parameters
    ----------
    label : str
        One of `events.classes.DCASE_2022`.
    rng : numpy.random.Generator
        Decides about pitch, rhythm and noise.
    duration : float
        Seconds, at least `SHORTEST_S`.
    sample_rate : int
        Hz.

    Returns
    -------
    ndarray of float32, shape (samples,)
        At most `duration` long: silence at both ends is cut away, silence inside is part of the
        sound. The peak is 1; the ends fade within 2 ms.

    Raises
    ------
    InputError
        If the label is unknown or the duration too short.
    """
    if label not in _MAKERS:
        msg = f"no procedural sound for {label!r}; {nearest(label, _MAKERS)}"
        raise InputError(msg)
    if not duration >= SHORTEST_S:
        msg = f"a sound must last at least {SHORTEST_S} s, got {duration:g}"
        raise InputError(msg)
    sound = _MAKERS[label](rng, duration, sample_rate)
    sound = sound - np.mean(sound)
    return trimmed(sound, sample_rate)


def trimmed(sound: Signal, sample_rate: int) -> NDArray[np.float32]:
    """Cut silence (60 dB below the peak) off both ends, fade them and bring the peak to 1.

    Silence as a whole stays as it is.
    """
    peak = float(np.abs(sound).max(initial=0.0))
    if peak == 0.0:
        return sound.astype(np.float32)
    loud = np.flatnonzero(np.abs(sound) > 1e-3 * peak)
    cut = sound[loud[0] : loud[-1] + 1]
    cut = cut * swell(len(cut), 0.002, 0.002, sample_rate)
    return np.asarray(cut / max(float(np.abs(cut).max()), 1e-12), np.float32)


def _formants(tract: float, vowel: tuple[int, ...]) -> list[tuple[float, float, float]]:
    gains = (1.0, 0.6, 0.35, 0.2, 0.12)
    tones = (*vowel, 3500, 4700)
    return [(f * tract, 60.0 + 0.06 * f, g) for f, g in zip(tones, gains, strict=True)]


def _speech(
    rng: np.random.Generator, duration: float, sample_rate: int, pitch: float, tract: float
) -> Signal:
    """Speak phrases of syllables (fricative, vowel), the pitch falling towards their end."""
    out = np.zeros(samples(duration, sample_rate))
    now, left_in_phrase = 0.0, int(rng.integers(4, 8))
    while now < duration:
        fricative_s, vowel_s = rng.uniform(0.03, 0.09), rng.uniform(0.11, 0.24)
        if rng.random() < 0.6:
            n = samples(fricative_s, sample_rate)
            hiss = band(rng.standard_normal(n), 2500.0 * tract, 9000.0, sample_rate)
            place(out, now, 0.12 * hiss * swell(n, 0.02, 0.02, sample_rate), sample_rate)
            now += 0.8 * fricative_s
        n = samples(vowel_s, sample_rate)
        start = pitch * (0.85 + 0.06 * left_in_phrase) * rng.uniform(0.93, 1.07)
        voice = glottis(rng, np.linspace(start, 0.88 * start, n), sample_rate)
        breath = 0.004 * rng.standard_normal(n)
        vowel = _VOWELS[rng.integers(len(_VOWELS))]
        tone = resonances(voice + breath, _formants(tract, vowel), sample_rate)
        tone *= rng.uniform(0.6, 1.0) / max(float(np.abs(tone).max()), 1e-12)
        place(out, now, tone * swell(n, 0.025, 0.06, sample_rate), sample_rate)
        now += vowel_s
        left_in_phrase -= 1
        if left_in_phrase == 0:
            now, left_in_phrase = now + rng.uniform(0.15, 0.35), int(rng.integers(4, 8))
    return out


def _female_speech(rng: np.random.Generator, duration: float, sample_rate: int) -> Signal:
    return _speech(rng, duration, sample_rate, rng.uniform(195.0, 230.0), 1.17)


def _male_speech(rng: np.random.Generator, duration: float, sample_rate: int) -> Signal:
    return _speech(rng, duration, sample_rate, rng.uniform(95.0, 125.0), 1.0)


def _clapping(rng: np.random.Generator, duration: float, sample_rate: int) -> Signal:
    """Clap one pair of hands: short noise through the hollow between the palms."""
    out = np.zeros(samples(duration, sample_rate))
    rate, hollow = rng.uniform(3.2, 4.5), rng.uniform(1000.0, 1500.0)
    now = 0.0
    while now < duration:
        clap = burst(rng, 0.06, 0.007, sample_rate)
        clap += 1.5 * band(burst(rng, 0.06, 0.012, sample_rate), hollow, 2.2 * hollow, sample_rate)
        place(out, now, rng.uniform(0.7, 1.0) * clap, sample_rate)
        now += rng.uniform(0.93, 1.07) / rate
    return out


def _telephone(rng: np.random.Generator, duration: float, sample_rate: int) -> Signal:
    """Ring with a warble between two tones rich in odd partials."""
    low = rng.uniform(800.0, 1000.0)
    n = samples(duration, sample_rate)
    t = np.arange(n) / sample_rate
    odd = np.arange(1, 16, 2)
    tones = [
        partials(f * odd, 1.0 / np.sqrt(odd), n, sample_rate)
        for f in (low, low * rng.uniform(1.2, 1.3))
    ]
    warble = np.sin(2.0 * np.pi * rng.uniform(11.0, 14.0) * t) > 0.0
    ring_s, pause_s = rng.uniform(0.8, 1.0), rng.uniform(0.3, 0.5)
    inside = np.mod(t, ring_s + pause_s)
    ringing = np.clip(np.minimum(inside, ring_s - inside) / 0.004, 0.0, 1.0)
    return np.where(warble, tones[0], tones[1]) * ringing


def _laughter(rng: np.random.Generator, duration: float, sample_rate: int) -> Signal:
    """Make runs of breathy calls, each lower and weaker than the one before."""
    out = np.zeros(samples(duration, sample_rate))
    now = 0.0
    while now < duration:
        pitch, rate = rng.uniform(270.0, 380.0), rng.uniform(4.6, 5.6)
        calls = int(rng.integers(4, 8))
        for call in range(calls):
            n = samples(0.68 / rate, sample_rate)
            falling = pitch * (1.0 - 0.05 * call) * np.linspace(1.12, 0.8, n)
            breath = 0.035 * rng.standard_normal(n) * np.linspace(1.0, 0.2, n)
            tone = resonances(
                glottis(rng, falling, sample_rate) + breath, _formants(1.1, _VOWELS[0]), sample_rate
            )
            tone *= (1.0 - 0.09 * call) / max(float(np.abs(tone).max()), 1e-12)
            place(out, now, tone * swell(n, 0.02, 0.07, sample_rate), sample_rate)
            now += rng.uniform(0.95, 1.05) / rate
        now += rng.uniform(0.25, 0.45)
    return out


def _domestic_sounds(rng: np.random.Generator, duration: float, sample_rate: int) -> Signal:
    """Make a vacuum cleaner: rushing air, the motor's whine, a brush that comes and goes."""
    n = samples(duration, sample_rate)
    t = np.arange(n) / sample_rate
    air = band(rng.standard_normal(n), 150.0, 1800.0, sample_rate)
    air += 0.25 * band(rng.standard_normal(n), 1800.0, 7000.0, sample_rate)
    motor = rng.uniform(210.0, 290.0)
    order = np.arange(1, 13)
    whine = partials(motor * order, 0.35 / order, n, sample_rate)
    stroke = 1.0 + 0.35 * np.sin(2.0 * np.pi * rng.uniform(0.5, 0.9) * t + rng.uniform(0.0, 6.0))
    return (air * stroke + whine) * swell(
        n, min(0.15, duration / 4), min(0.2, duration / 4), sample_rate
    )


def _footsteps(rng: np.random.Generator, duration: float, sample_rate: int) -> Signal:
    """Set down heel and sole on a wooden floor, left and right not quite alike."""
    out = np.zeros(samples(duration, sample_rate))
    pace, now, side = rng.uniform(1.7, 2.2), 0.0, 0
    while now < duration:
        heel = resonances(
            burst(rng, 0.16, 0.012, sample_rate),
            [(90.0 + 15.0 * side, 30.0, 2.5), (240.0, 60.0, 1.2), (520.0, 120.0, 0.7)],
            sample_rate,
        )
        heel *= 1.0 / max(float(np.abs(heel).max()), 1e-12)
        place(out, now, rng.uniform(0.8, 1.0) * heel, sample_rate)
        place(out, now, 0.12 * burst(rng, 0.02, 0.002, sample_rate), sample_rate)
        sole = band(burst(rng, 0.09, 0.03, sample_rate), 900.0, 3500.0, sample_rate)
        place(out, now + 0.09, 0.18 * sole, sample_rate)
        now, side = now + rng.uniform(0.96, 1.04) / pace, 1 - side
    return out


def _door(rng: np.random.Generator, duration: float, sample_rate: int) -> Signal:
    """Make a latch, a creaking hinge, and the slam; again while there is time."""
    out = np.zeros(samples(duration, sample_rate))
    now = 0.0
    while now < duration:
        creak_s = float(min(rng.uniform(0.7, 1.1), 0.5 * duration))
        place(out, now, 0.3 * burst(rng, 0.04, 0.004, sample_rate), sample_rate)
        n = samples(creak_s, sample_rate)
        stick = np.linspace(rng.uniform(35.0, 50.0), rng.uniform(75.0, 100.0), n)
        hinge = [(rng.uniform(550.0, 700.0) * k, 50.0 * k, 1.0 / k) for k in (1.0, 1.9, 3.1, 5.2)]
        creak = resonances(glottis(rng, stick, sample_rate), hinge, sample_rate)
        creak *= 0.35 / max(float(np.abs(creak).max()), 1e-12)
        place(out, now + 0.05, creak * swell(n, 0.08, 0.05, sample_rate), sample_rate)
        slam = resonances(
            burst(rng, 0.4, 0.025, sample_rate),
            [(70.0, 14.0, 3.0), (130.0, 30.0, 2.0), (310.0, 70.0, 1.0), (900.0, 300.0, 0.6)],
            sample_rate,
        )
        slam *= 1.0 / max(float(np.abs(slam).max()), 1e-12)
        place(out, now + creak_s, slam, sample_rate)
        place(out, now + creak_s, 0.2 * burst(rng, 0.1, 0.012, sample_rate), sample_rate)
        now += creak_s + rng.uniform(0.6, 0.9)
    return out


def _music(rng: np.random.Generator, duration: float, sample_rate: int) -> Signal:
    """Make a band play: bass drum, snare, hi-hat, bass and chords in four-four time."""
    out = np.zeros(samples(duration, sample_rate))
    beat = 60.0 / rng.uniform(100.0, 130.0)
    root = 55.0 * 2.0 ** (rng.integers(0, 8) / 12.0)
    overtones = np.arange(1, 25)
    n = samples(beat, sample_rate)
    t = np.arange(n) / sample_rate
    thump = np.sin(2.0 * np.pi * (50.0 * t + 6.0 * (1.0 - np.exp(-t / 0.03)))) * decay(
        n, 0.12, sample_rate
    )
    for step in range(int(duration / beat) + 1):
        now = step * beat
        chord = root * 2.0 ** ((0, 5, 7, 0)[(step // 4) % 4] / 12.0)
        bass = partials(chord * overtones, 0.4 / overtones, n, sample_rate)
        place(out, now, bass * decay(n, 0.3, sample_rate), sample_rate)
        for third in (0, 4, 7):
            pitch = 4.0 * chord * 2.0 ** (third / 12.0)
            tone = partials(pitch * overtones, 0.1 / overtones, n, sample_rate)
            place(out, now, tone * swell(n, 0.01, 0.1, sample_rate), sample_rate)
        if step % 2 == 0:
            place(out, now, 0.9 * thump, sample_rate)
        else:
            place(out, now, 0.35 * burst(rng, 0.2, 0.05, sample_rate), sample_rate)
        for half in (0.0, 0.5):
            hat = band(burst(rng, 0.08, 0.02, sample_rate), 6000.0, 11000.0, sample_rate)
            place(out, now + half * beat, 0.4 * hat, sample_rate)
    return out


def _musical_instrument(rng: np.random.Generator, duration: float, sample_rate: int) -> Signal:
    """Make a guitar's melody: plucked strings of a pentatonic scale that ring into one another."""
    out = np.zeros(samples(duration, sample_rate))
    scale = rng.uniform(190.0, 260.0) * 2.0 ** (np.array([0, 2, 4, 7, 9, 12]) / 12.0)
    now, note = 0.0, int(rng.integers(len(scale)))
    while now < duration:
        string = plucked(rng, float(scale[note]), 1.4, sample_rate)
        string *= swell(len(string), 0.001, 0.3, sample_rate)
        place(out, now, rng.uniform(0.6, 1.0) * string, sample_rate)
        note = int(np.clip(note + rng.integers(-2, 3), 0, len(scale) - 1))
        now += float(rng.choice([0.25, 0.25, 0.5]))
    return out


def _water_tap(rng: np.random.Generator, duration: float, sample_rate: int) -> Signal:
    """Make a jet into a basin: hiss with bubbles that rise in pitch."""
    n = samples(duration, sample_rate)
    out = 0.5 * band(rng.standard_normal(n), 3000.0, 10000.0, sample_rate)
    out += 0.25 * band(rng.standard_normal(n), 700.0, 3000.0, sample_rate)
    length = samples(0.03, sample_rate)
    t = np.arange(length) / sample_rate
    for start in rng.uniform(0.0, duration, round(60 * duration)):
        phase = rng.uniform(900.0, 2600.0) * (t + 8.0 * t**2)
        bubble = np.sin(2.0 * np.pi * phase) * decay(length, 0.006, sample_rate)
        place(out, float(start), rng.uniform(0.1, 0.5) * bubble, sample_rate)
    return out * swell(n, min(0.08, duration / 4), min(0.12, duration / 4), sample_rate)


def _bell(rng: np.random.Generator, duration: float, sample_rate: int) -> Signal:
    """Strike a bell: partials that are no multiples of one another, the high ones short."""
    out = np.zeros(samples(duration, sample_rate))
    strike = rng.uniform(500.0, 800.0)
    ratios = np.array([0.5, 1.0, 1.19, 1.56, 2.0, 2.51, 2.66, 3.01, 4.1, 5.43, 6.79, 8.21])
    n = samples(2.5, sample_rate)
    tone = np.zeros(n)
    for ratio in ratios:
        partial = partials([strike * ratio], [1.0 / np.sqrt(ratio)], n, sample_rate)
        tone += partial * decay(n, 0.9 / np.sqrt(ratio), sample_rate)
    now = 0.0
    while now < duration:
        place(out, now, rng.uniform(0.8, 1.0) * tone, sample_rate)
        place(out, now, 1.5 * burst(rng, 0.02, 0.003, sample_rate), sample_rate)
        now += rng.uniform(0.75, 1.1)
    return out * swell(len(out), 0.001, min(0.1, duration / 4), sample_rate)


def _knock(rng: np.random.Generator, duration: float, sample_rate: int) -> Signal:
    """Set knuckles on a wooden door, three or four times, a pause, again."""
    out = np.zeros(samples(duration, sample_rate))
    panel = rng.uniform(330.0, 450.0)
    now = 0.0
    while now < duration:
        for _ in range(int(rng.integers(3, 5))):
            wood = resonances(
                burst(rng, 0.12, 0.003, sample_rate),
                [(panel, 35.0, 2.0), (2.3 * panel, 60.0, 1.2), (4.4 * panel, 130.0, 0.7)],
                sample_rate,
            )
            wood *= rng.uniform(0.8, 1.0) / max(float(np.abs(wood).max()), 1e-12)
            place(out, now, wood, sample_rate)
            place(out, now, 0.15 * burst(rng, 0.01, 0.001, sample_rate), sample_rate)
            now += rng.uniform(0.16, 0.2)
        now += rng.uniform(0.4, 0.6)
    return out


_MAKERS: dict[str, Callable[[np.random.Generator, float, int], Signal]] = dict(
    zip(
        DCASE_2022,
        (
            _female_speech,
            _male_speech,
            _clapping,
            _telephone,
            _laughter,
            _domestic_sounds,
            _footsteps,
            _door,
            _music,
            _musical_instrument,
            _water_tap,
            _bell,
            _knock,
        ),
        strict=True,
    )
)
