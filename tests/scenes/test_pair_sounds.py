from itertools import pairwise

import numpy as np
import pytest
from scipy.signal import stft

from hearsight.events.classes import DCASE_2022
from hearsight.scenes.pair_sounds import SAMPLE_RATE, make_pair_sound


def made(label, seed=0, duration=3.0, snr_db=25.0):
    return make_pair_sound(label, np.random.default_rng(seed), duration, snr_db)


def portrait(sound):
    """How the level in bands is distributed over a clip: its mean and its unsteadiness."""
    power = np.abs(stft(sound[0], SAMPLE_RATE, nperseg=512)[2]) ** 2
    edges = [2, 4, 8, 12, 18, 26, 40, 60, 90, 130, 190, 257]
    bands = np.stack([power[a:b].mean(axis=0) for a, b in pairwise(edges)])
    levels = np.log(bands / bands.mean() + 1e-3)
    return np.concatenate([levels.mean(axis=1), levels.std(axis=1), np.diff(levels).std(axis=1)])


def test_classes_are_told_apart_by_a_nearest_mean():
    points = np.array([[portrait(made(label, s)) for s in range(15)] for label in DCASE_2022])
    points /= points.std(axis=(0, 1))
    means = points[:, :10].mean(axis=1)
    apart = np.linalg.norm(points[:, 10:, None] - means, axis=-1)
    right = apart.argmin(axis=-1) == np.arange(len(DCASE_2022))[:, None]
    assert right.mean() > 0.85  # chance is 1 / 13


@pytest.mark.parametrize("label", DCASE_2022)
@pytest.mark.parametrize("duration", [3.0, 10.0])
def test_the_middle_three_seconds_hold_sound(label, duration):
    for seed in range(2):
        sound = made(label, seed, duration, snr_db=60.0)
        n_samples = round(duration * SAMPLE_RATE)
        assert sound.shape == (1, n_samples)
        assert sound.dtype == np.float32
        assert 0.29 < np.abs(sound).max() < 0.96
        middle = sound[0, n_samples // 2 - 24000 : n_samples // 2 + 24000]
        assert np.std(middle) > 0.3 * np.std(sound)
        seconds = np.abs(middle.reshape(6, 8000)).max(axis=1)
        assert (seconds > 0.05 * np.abs(sound).max()).sum() >= 5


def test_noise_is_as_loud_as_asked_for():
    # Between knocks there is nothing but noise.
    pauses = {
        snr_db: [np.percentile(np.abs(made("knock", seed, 3.0, snr_db)), 20) for seed in range(10)]
        for snr_db in (10.0, 60.0)
    }
    assert np.median(pauses[10.0]) > 10.0 * np.median(pauses[60.0])
