"""How often the synchrony map is right on filmed scenes: the table of docs/synchrony.md.

Run `pytest tests/models/test_synchrony_rates.py -m slow --log-cli-level=INFO` to see the rates.
"""

import functools
import logging
from dataclasses import dataclass

import numpy as np
import pytest

from hearsight.events.classes import DCASE_2022
from hearsight.events.heatmaps import boxes_above
from hearsight.features.motion import MotionMeter, shrink_to_gray
from hearsight.features.onsets import measure_onsets
from hearsight.models.synchrony import synchrony
from hearsight.scenes.camera import boxes, render_video
from hearsight.scenes.plan import ScenePlan, SceneSource, still
from hearsight.scenes.sounds import make_sound
from hearsight.spatial.projection import Projection

RATE = 16000
FPS = 25.0
CAMERA = Projection("perspective", 256, 144, 80.0)
STEADY = ("water tap", "domestic sounds")
"""Classes whose level hardly changes: nothing can be seen to move with them."""
LABELS = tuple(label for label in DCASE_2022 if label not in STEADY)
N_SEEDS = 50
FIRST_SEED = 1000
"""Settings of the map were chosen on smaller seeds; none was changed after looking at these."""
SEEDS = range(FIRST_SEED, FIRST_SEED + N_SEEDS)


@dataclass(frozen=True, eq=False)
class Trial:
    """One sounding and two silently moving things, filmed; what is measured of it."""

    label: str
    motion: np.ndarray
    own: np.ndarray
    foreign: np.ndarray
    shifted: np.ndarray
    box: np.ndarray


def sound_in(label, rng, duration):
    """A sound that begins and ends within the scene, as a waveform of the scene's length."""
    onset = rng.uniform(0.0, 1.5)
    sound = make_sound(label, rng, rng.uniform(3.0, duration - onset), RATE)
    waveform = np.zeros(round(duration * RATE), dtype=np.float32)
    start = round(onset * RATE)
    waveform[start : start + len(sound)] = sound[: len(waveform) - start]
    return sound, onset, waveform


@functools.cache
def trial(seed):
    rng = np.random.default_rng([11, seed])
    duration = rng.uniform(5.0, 8.0)
    label = LABELS[seed % len(LABELS)]
    sound, onset, waveform = sound_in(label, rng, duration)
    others = rng.choice(LABELS, 3)
    azimuths = rng.permutation([-26.0, 0.0, 26.0]) + rng.uniform(-5.0, 5.0, 3)
    paths = [still(azimuth, rng.uniform(-12.0, 12.0)) for azimuth in azimuths]
    sizes = rng.uniform(0.35, 0.8, 3)
    plan = ScenePlan(
        (
            SceneSource(label, paths[0], sound, onset, size_m=sizes[0]),
            SceneSource(str(others[0]), paths[1], None, size_m=sizes[1]),
            SceneSource(str(others[1]), paths[2], None, size_m=sizes[2]),
        ),
        duration,
        RATE,
        DCASE_2022,
        seed,
    )
    meter = MotionMeter()
    frames = render_video(plan, CAMERA, FPS, sensor_noise=rng.uniform(0.0, 4.0))
    motion = np.concatenate([meter.push(shrink_to_gray(frame[None]))[0] for frame in frames])
    own = measure_onsets(waveform, RATE, FPS, len(motion))
    foreign = sound_in(str(others[2]), rng, duration)[2]
    shift = round(rng.uniform(1.25, duration - 1.25) * FPS)
    return Trial(
        label,
        motion,
        own,
        measure_onsets(foreign, RATE, FPS, len(motion)),
        np.roll(own, shift, axis=0),
        np.median(boxes(plan, CAMERA, np.arange(0.1, duration, 0.5))[0], axis=0),
    )


def is_inside(row, column, shape, box):
    left, top, width, height = box
    x, y = (column + 0.5) / shape[1] * CAMERA.width, (row + 0.5) / shape[0] * CAMERA.height
    return left <= x <= left + width and top <= y <= top + height


def found_in(sound_of):
    return [
        not synchrony(trial(s).motion, sound_of(trial(s)), FPS).is_empty for s in range(N_SEEDS)
    ]


def log_rates(what, outcomes):
    logger = logging.getLogger(__name__)
    logger.info("%s: %d of %d", what, sum(outcomes), len(outcomes))
    for label in LABELS:
        own = [ok for seed, ok in zip(SEEDS, outcomes, strict=True) if trial(seed).label == label]
        logger.info("    %s: %d of %d", label, sum(own), len(own))


@pytest.mark.slow
def test_the_peak_lies_in_the_sounding_things_box():
    hits, overlaps = [], []
    for seed in SEEDS:
        scene = trial(seed)
        mean = synchrony(scene.motion, scene.own, FPS).values.mean(axis=0)
        row, column = np.unravel_index(mean.argmax(), mean.shape)
        hits.append(bool(mean.any()) and is_inside(row, column, mean.shape, scene.box))
        if hits[-1]:
            (found, _), *_ = boxes_above(mean / mean.max())
            to_pixels = np.tile([CAMERA.width / mean.shape[1], CAMERA.height / mean.shape[0]], 2)
            overlaps.append(overlap(np.array(found) * to_pixels, scene.box))
    log_rates("peak in the sounding thing's box", hits)
    logging.getLogger(__name__).info("mean overlap of the boxes: %.2f", np.mean(overlaps))
    assert sum(hits) >= 0.9 * N_SEEDS
    assert np.mean(overlaps) > 0.4


def overlap(first, second):
    """Intersection over union of two boxes."""
    low = np.maximum(first[:2], second[:2])
    high = np.minimum(first[:2] + first[2:], second[:2] + second[2:])
    shared = np.prod(np.maximum(high - low, 0.0))
    return shared / (np.prod(first[2:]) + np.prod(second[2:]) - shared)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["foreign", "shifted"])
def test_a_sound_that_does_not_belong_gives_an_empty_map(kind):
    empty = [not found for found in found_in(lambda scene: getattr(scene, kind))]
    log_rates(f"empty on {kind} sound", empty)
    assert sum(empty) >= 0.9 * N_SEEDS
