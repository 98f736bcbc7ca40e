"""The sound and the pictures of a clip, made after its plan.

A thing moves all the time as if it sounded, whether it is heard or not, and sways a little about
its place: neither motion nor stillness tells whether it is heard.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d
from scipy.signal import fftconvolve

from hearsight.events.classes import DCASE_2022
from hearsight.scenes.clip_plans import ClipPlan
from hearsight.scenes.pair_pictures import PairPicture
from hearsight.scenes.pair_sounds import SAMPLE_RATE, colored_noise, room_response
from hearsight.scenes.plan import ScenePlan, SceneSource, still
from hearsight.scenes.sounds import make_sound
from hearsight.scenes.things import motion_of

_SPREAD_DB = 3.0  # by which a clip's levels differ from the mean
_FADE_S = 0.02  # in which a sound begins and ends
_LONGEST_PAUSE_S = 1.0  # a sound may end so much before its time
_LOUD = 3.0  # mean levels of a sound; where there is none, noise is not brought up to full scale


def steady_sound(label: str, rng: np.random.Generator, n_seconds: int) -> NDArray[np.float64]:
    """Make a sound that fills a clip, as if nothing ever interrupted it.

    Parameters
    ----------
    label : str
        One of `events.classes.DCASE_2022`.
    rng : numpy.random.Generator
    n_seconds : int

    Returns
    -------
    ndarray, shape (n_seconds * SAMPLE_RATE,)
        With a root mean square of 1.
    """
    n_samples = n_seconds * SAMPLE_RATE
    dry = make_sound(label, rng, n_seconds + _LONGEST_PAUSE_S, SAMPLE_RATE)[:n_samples]
    sound = np.zeros(n_samples)
    sound[: len(dry)] = dry
    return sound / np.sqrt(np.mean(sound**2))


def clip_sound(
    plan: ClipPlan,
    own: NDArray[np.float64],
    rng: np.random.Generator,
    snr_db: float,
    aside_db: float,
) -> NDArray[np.float32]:
    """Mix the sound of a clip: what its plan says, in a room, with noise.

    Parameters
    ----------
    plan : ClipPlan
    own : ndarray, shape (samples,)
        The first thing's sound, from `steady_sound`; heard only where the plan says so.
    rng : numpy.random.Generator
    snr_db : float
        Mean level of a sound against the noise.
    aside_db : float
        Mean level of a sound from off screen while the first thing sounds, against that one.
        While the first thing is silent, both are equally loud.

    Returns
    -------
    ndarray of float32, shape (1, samples)
        Within [-1, 1].
    """
    mix = _leveled(own, plan.is_heard)
    if plan.aside is not None:
        drowned = _gain(rng, aside_db)
        aside = steady_sound(plan.aside, rng, plan.n_seconds)
        mix += _leveled(aside, np.where(plan.is_heard, drowned, 1.0))
    mix = fftconvolve(mix, room_response(rng))[: len(mix)]
    noise = colored_noise(rng, len(mix))
    mix += _gain(rng, -snr_db) / np.std(noise) * noise
    peak = max(float(np.abs(mix).max()), _LOUD)
    return np.asarray(rng.uniform(0.3, 0.95) / peak * mix, np.float32)[None]


def clip_pictures(
    plan: ClipPlan,
    view: PairPicture,
    own: NDArray[np.float64],
    rng: np.random.Generator,
    fps: int,
) -> Iterator[NDArray[np.uint8]]:
    """Draw the pictures of a clip.

    Parameters
    ----------
    plan : ClipPlan
    view : PairPicture
        Its things are those of the plan.
    own : ndarray, shape (samples,)
        The first thing moves with it, heard or not.
    rng : numpy.random.Generator
    fps : int
        Pictures a second.

    Yields
    ------
    ndarray of uint8, shape (3, side, side)
    """
    scene = ScenePlan((), float(plan.n_seconds), SAMPLE_RATE, DCASE_2022)
    loud = (own / np.abs(own).max()).astype(np.float32)
    motions = [
        motion_of(SceneSource(label, still(0.0), None if index else loud), scene, rng)
        for index, label in enumerate(plan.labels)
    ]
    for number in range(plan.n_seconds * fps):
        is_seen = plan.is_seen[:, number // fps]
        yield view.frame(
            [
                motion.at(number / fps) if seen else None
                for motion, seen in zip(motions, is_seen, strict=True)
            ]
        )


def _gain(rng: np.random.Generator, mean_db: float) -> float:
    return float(10.0 ** (rng.normal(mean_db, _SPREAD_DB) / 20.0))


def _leveled(sound: NDArray[np.float64], levels: NDArray[np.generic]) -> NDArray[np.float64]:
    """Bring each second of a sound to a level, with fades in between."""
    steps = np.repeat(levels.astype(float), SAMPLE_RATE)
    return sound * uniform_filter1d(steps, round(_FADE_S * SAMPLE_RATE), mode="nearest")
