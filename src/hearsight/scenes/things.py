"""How a thing of a scene looks, and how it moves with its sound.

A thing is a flat patch that faces the camera. Its own coordinates are u to the right and v up, in
halves of its height, so that an unmoved thing spans v in [-1, 1]. Everything about it is drawn
from a generator: shape, colors, spots, a mouth that opens, and how much of the sound goes into
swelling, opening, glowing and jerking.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hearsight.events.classes import DCASE_2022
from hearsight.recording.grid import sample_at
from hearsight.scenes.plan import ScenePlan, SceneSource
from hearsight.scenes.sounds import SHORTEST_S, make_sound

MOTION_RATE = 100
"""Steps per second in which motion is computed; pictures interpolate between them."""

MAX_SHIFT = 0.35
"""No thing is ever displaced farther than this, in halves of its height."""


@dataclass(frozen=True)
class Pose:
    """What a thing does at one moment.

    Parameters
    ----------
    opening : float
        In [0, 1]: how far it is driven by the sound.
    u, v : float
        Displacement in halves of its height.
    """

    opening: float
    u: float
    v: float


@dataclass(frozen=True, eq=False)
class Motion:
    """What a thing does over the whole scene, in steps of 1 / `MOTION_RATE` seconds.

    Parameters
    ----------
    opening : ndarray, shape (steps,)
        In [0, 1].
    shift : ndarray, shape (steps, 2)
        Displacement (u, v) in halves of the thing's height.
    """

    opening: NDArray[np.float64]
    shift: NDArray[np.float64]

    def at(self, time: float) -> Pose:
        """Return the pose at a time in seconds."""
        steps = np.arange(len(self.opening)) / MOTION_RATE
        u, v = (float(np.interp(time, steps, self.shift[:, axis])) for axis in range(2))
        return Pose(float(np.interp(time, steps, self.opening)), u, v)


def sound_envelope(
    sound: NDArray[np.float32], onset: float, duration: float, sample_rate: int
) -> NDArray[np.float64]:
    """Return the level of a sound over a scene, from 0 to 1.

    Parameters
    ----------
    sound : ndarray, shape (samples,)
    onset : float
        Seconds at which it begins.
    duration : float
        Seconds of the scene.
    sample_rate : int
        Hz.

    Returns
    -------
    ndarray, shape (round(duration * MOTION_RATE) + 1,)
        Root mean square per step, relative to the loud steps (95th percentile of those that
        sound), compressed by a square root as hearing does.
    """
    n_steps = round(duration * MOTION_RATE) + 1
    start = sample_at(onset, sample_rate)
    power = np.concatenate([[0.0], np.cumsum(sound.astype(np.float64) ** 2)])
    edges = np.round(np.arange(n_steps + 1) * sample_rate / MOTION_RATE).astype(np.int64)
    energy = np.diff(power[np.clip(edges - start, 0, len(power) - 1)])
    level = np.sqrt(np.maximum(energy, 0.0) * MOTION_RATE / sample_rate)
    sounding = level[level > 1e-3 * max(float(level.max()), 1e-12)]
    if len(sounding) == 0:
        return np.zeros(n_steps)
    return np.asarray(np.sqrt(np.minimum(level / np.percentile(sounding, 95), 1.0)))


def unrelated_envelope(
    label: str, plan: ScenePlan, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return the level of a sound that is not in the scene, but might be.

    Parameters
    ----------
    label : str
        Its class; for a class without a procedural sound, strokes at random times are made up.
    plan : ScenePlan
        Gives duration and sample rate.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray, shape (round(duration * MOTION_RATE) + 1,)
        In [0, 1].
    """
    if label in DCASE_2022 and plan.duration >= SHORTEST_S:
        sound = make_sound(label, rng, plan.duration, plan.sample_rate)
        onset = rng.uniform(0.0, max(plan.duration - len(sound) / plan.sample_rate, 0.0))
        return sound_envelope(sound, onset, plan.duration, plan.sample_rate)
    n_steps = round(plan.duration * MOTION_RATE) + 1
    attack, decay = rng.uniform(0.01, 0.08), rng.uniform(0.05, 0.3)
    level, steps = np.zeros(n_steps), np.arange(n_steps) / MOTION_RATE
    time = rng.uniform(0.0, 0.6)
    while time < plan.duration:
        since = steps - time
        rise = np.clip(since / attack, 0.0, 1.0)
        stroke = rise * np.exp(-np.maximum(since - attack, 0.0) / decay)
        level = np.maximum(level, rng.uniform(0.4, 1.0) * stroke)
        time += rng.uniform(0.15, 0.7) + (rng.random() < 0.15) * rng.uniform(0.3, 1.2)
    return np.asarray(np.sqrt(level))


def motion_of(source: SceneSource, plan: ScenePlan, rng: np.random.Generator) -> Motion:
    """Return how a thing moves: with its sound, or by an unrelated envelope if it is silent.

    The level is followed with a quick attack, a slow release and a delay of up to 60 ms either
    way (mouths open before the voice, strings swing after the stroke). Rises of the level throw
    the thing into a damped swing. A slow sway has nothing to do with the sound.

    Parameters
    ----------
    source : SceneSource
    plan : ScenePlan
    rng : numpy.random.Generator

    Returns
    -------
    Motion
    """
    if source.sound is None:
        level = unrelated_envelope(source.label, plan, rng)
    else:
        level = sound_envelope(source.sound, source.onset, plan.duration, plan.sample_rate)
    release = rng.uniform(0.05, 0.2)
    delay = round(rng.uniform(-0.06, 0.06) * MOTION_RATE)
    swing_hz, swing_decay = rng.uniform(2.5, 6.0), rng.uniform(0.08, 0.2)
    heading = rng.uniform(0.0, 2.0 * np.pi)
    jerk_size, sway_size = rng.uniform(0.05, 0.2), rng.uniform(0.0, 0.03)
    sway_hz, sway_phase = rng.uniform(0.1, 0.35, 2), rng.uniform(0.0, 2.0 * np.pi, 2)

    opening = _delayed(_followed(level, attack_s=0.02, release_s=release), delay)
    since = np.arange(round(5.0 * swing_decay * MOTION_RATE)) / MOTION_RATE
    swing = np.exp(-since / swing_decay) * np.sin(2.0 * np.pi * swing_hz * since)
    rises = np.maximum(np.diff(opening, prepend=opening[0]), 0.0)
    jerk = jerk_size * np.convolve(rises, swing)[: len(opening)]
    jerk = np.clip(jerk, sway_size - MAX_SHIFT, MAX_SHIFT - sway_size)
    steps = np.arange(len(opening)) / MOTION_RATE
    sway = sway_size * np.sqrt(0.5) * np.sin(2.0 * np.pi * sway_hz * steps[:, None] + sway_phase)
    return Motion(opening, jerk[:, None] * np.array([np.cos(heading), np.sin(heading)]) + sway)


def _followed(level: NDArray[np.float64], attack_s: float, release_s: float) -> NDArray[np.float64]:
    followed = np.empty_like(level)
    up = 1.0 - np.exp(-1.0 / (attack_s * MOTION_RATE))
    down = 1.0 - np.exp(-1.0 / (release_s * MOTION_RATE))
    state = 0.0
    for i, value in enumerate(level.tolist()):
        state += (up if value > state else down) * (value - state)
        followed[i] = state
    return followed


def _delayed(values: NDArray[np.float64], steps: int) -> NDArray[np.float64]:
    index = np.clip(np.arange(len(values)) - steps, 0, len(values) - 1)
    return np.asarray(values[index])


@dataclass(frozen=True, eq=False)
class Look:
    """The looks of a thing without a picture: a rounded body with spots, eyes and a mouth.

    Parameters
    ----------
    aspect : float
        Width over height.
    roundness : float
        Exponent of the outline: 2 is an ellipse, more is closer to a box.
    body, spots : ndarray, shape (3,)
        Colors in [0, 255].
    spot_waves : ndarray, shape (waves, 3)
        Wave numbers along u and v and a phase; their sum makes the pattern.
    swell : float
        Share by which the size grows when fully driven.
    mouth : float
        Half height of the fully open mouth, in halves of the height; 0 for none.
    glow : float
        Brightness gained when fully driven, in [0, 255].
    """

    aspect: float
    roundness: float
    body: NDArray[np.float64]
    spots: NDArray[np.float64]
    spot_waves: NDArray[np.float64]
    swell: float
    mouth: float
    glow: float

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Look:
        """Draw a look; each moves visibly in at least one way."""
        waves = rng.normal(0.0, 3.0, (3, 3))
        waves[:, 2] = rng.uniform(0.0, 2.0 * np.pi, 3)
        ways = rng.random(3) < 0.6
        ways[rng.integers(2)] = True
        return cls(
            aspect=rng.uniform(0.7, 1.2),
            roundness=rng.uniform(2.0, 4.0),
            body=rng.uniform(30.0, 225.0, 3),
            spots=rng.uniform(30.0, 225.0, 3),
            spot_waves=waves,
            swell=rng.uniform(0.1, 0.25) * ways[0],
            mouth=rng.uniform(0.2, 0.4) * ways[1],
            glow=rng.uniform(15.0, 45.0) * ways[2],
        )

    @property
    def reach(self) -> tuple[float, float]:
        """How far from its place any part may ever be along u and v, in halves of the height."""
        grown = 1.0 + self.swell
        return grown * self.aspect + MAX_SHIFT, grown + MAX_SHIFT

    def opacity(
        self, u: NDArray[np.float32], v: NDArray[np.float32], pose: Pose, pixel: float
    ) -> NDArray[np.float32]:
        """Return how much of each point is covered.

        Parameters
        ----------
        u, v : ndarray of float32, shape (points,)
            Coordinates of the unmoved thing.
        pose : Pose
        pixel : float
            Size of a pixel in halves of the height: the outline is that soft.

        Returns
        -------
        ndarray, shape (points,)
            In [0, 1]; one half on the outline.
        """
        grown = 1.0 + self.swell * pose.opening
        across = np.abs(u - pose.u) / (self.aspect * grown)
        along = np.abs(v - pose.v) / grown
        radius = (across**self.roundness + along**self.roundness) ** (1.0 / self.roundness)
        inside = (1.0 - radius) * grown * min(1.0, self.aspect)
        return np.asarray(np.clip(inside / pixel + 0.5, 0.0, 1.0), dtype=np.float32)

    def paint(
        self, u: NDArray[np.float32], v: NDArray[np.float32], pose: Pose
    ) -> NDArray[np.float32]:
        """Return the color of each point, shape (3, points), in [0, 255]."""
        grown = 1.0 + self.swell * pose.opening
        across, along = (u - pose.u) / (self.aspect * grown), (v - pose.v) / grown
        pattern = np.zeros_like(u)
        for wave_u, wave_v, phase in self.spot_waves:
            pattern += np.cos(wave_u * across + wave_v * along + phase)
        share = 0.5 + 0.5 * np.tanh(2.0 * pattern)
        body, spots = self.body.astype(np.float32), self.spots.astype(np.float32)
        color = body[:, None] * (1.0 - share) + spots[:, None] * share
        color = color + np.float32(self.glow * pose.opening)
        eyes = np.hypot(np.abs(across) - 0.4, along - 0.4) < 0.12
        color = np.where(eyes, np.float32(20.0), color)
        if self.mouth > 0.0:
            gape = 0.03 + self.mouth * pose.opening
            inside = (across / 0.5) ** 2 + ((along + 0.35) / gape) ** 2 < 1.0
            color = np.where(inside, np.array([90.0, 15.0, 20.0], dtype=np.float32)[:, None], color)
        return np.asarray(np.clip(color, 0.0, 255.0), dtype=np.float32)


@dataclass(frozen=True, eq=False)
class Portrait:
    """The looks of a thing that the user gave a picture of: it swells and jerks as others do.

    Parameters
    ----------
    picture : ndarray of uint8, shape (height, width, 4)
        RGBA.
    swell : float
        Share by which the size grows when fully driven.
    """

    picture: NDArray[np.uint8]
    swell: float

    @classmethod
    def draw(
        cls, picture: NDArray[np.uint8], height_px: float, rng: np.random.Generator
    ) -> Portrait:
        """Draw how a picture moves.

        Parameters
        ----------
        picture : ndarray of uint8, shape (height, width, 4)
            RGBA.
        height_px : float
            The largest height at which it will be seen. A much larger picture is made smaller, as
            it would flicker when points are picked from it.
        rng : numpy.random.Generator
        """
        from PIL import Image

        shrink = max(1, int(picture.shape[0] / max(1.5 * height_px, 8.0)))
        small = Image.fromarray(picture).reduce(shrink)
        return cls(np.asarray(small, dtype=np.uint8), swell=rng.uniform(0.12, 0.3))

    @functools.cached_property
    def _framed(self) -> NDArray[np.uint8]:
        # One transparent pixel all around lets the picture end softly.
        framed = np.pad(self.picture, ((1, 1), (1, 1), (0, 0)), mode="edge")
        framed[[0, -1], :, 3] = 0
        framed[:, [0, -1], 3] = 0
        return framed

    def _pixels(
        self, u: NDArray[np.float32], v: NDArray[np.float32], pose: Pose
    ) -> NDArray[np.float32]:
        height, width = self.picture.shape[:2]
        grown = 1.0 + self.swell * pose.opening
        x = (u - pose.u) / grown * height / 2.0 + width / 2.0 - 0.5
        y = (pose.v - v) / grown * height / 2.0 + height / 2.0 - 0.5
        left, top = np.floor(x).astype(np.int64), np.floor(y).astype(np.int64)
        total = np.zeros((*u.shape, 4), dtype=np.float32)
        for row, row_share in ((top, 1.0 - (y - top)), (top + 1, y - top)):
            for column, column_share in ((left, 1.0 - (x - left)), (left + 1, x - left)):
                corner = self._framed[
                    np.clip(row + 1, 0, height + 1), np.clip(column + 1, 0, width + 1)
                ]
                total += (row_share * column_share)[..., None] * corner
        return total

    @property
    def reach(self) -> tuple[float, float]:
        """How far from its place any part may ever be along u and v, in halves of the height."""
        height, width = self.picture.shape[:2]
        # The picture ends one pixel farther out, where it has faded.
        grown = (1.0 + self.swell) * (1.0 + 2.0 / min(height, width))
        return grown * width / height + MAX_SHIFT, grown + MAX_SHIFT

    def opacity(
        self, u: NDArray[np.float32], v: NDArray[np.float32], pose: Pose, pixel: float
    ) -> NDArray[np.float32]:
        """Return the picture's own opacity at each point, in [0, 1] (see `Look.opacity`)."""
        del pixel  # the picture's pixels are its softness
        return self._pixels(u, v, pose)[..., 3] / np.float32(255.0)

    def paint(
        self, u: NDArray[np.float32], v: NDArray[np.float32], pose: Pose
    ) -> NDArray[np.float32]:
        """Return the color of each point, shape (3, points), in [0, 255]."""
        return np.moveaxis(self._pixels(u, v, pose)[..., :3], -1, 0)
