import numpy as np
import pytest
from scipy.signal import stft

from hearsight.errors import InputError
from hearsight.events.classes import DCASE_2022
from hearsight.scenes.sounds import make_sound, trimmed

RATE = 24000


def made(label, seed=0, duration=3.0, rate=RATE):
    return make_sound(label, np.random.default_rng(seed), duration, rate)


def portrait(sound: np.ndarray) -> np.ndarray:
    """A few numbers: energy per octave, unsteadiness, noisiness."""
    power = np.abs(stft(sound, RATE, nperseg=1024)[2]) ** 2
    octaves = np.stack([power[2**k : 2 ** (k + 1)].sum() for k in range(2, 9)])
    level = power.sum(axis=0) / power.sum(axis=0).max()
    flatness = np.exp(np.log(power + 1e-12).mean(axis=0)) / (power.mean(axis=0) + 1e-12)
    unsteady = np.std(10.0 * np.log10(level + 1e-5)) / 10.0
    return np.array(
        [*np.log10(octaves / octaves.sum() + 1e-5), unsteady, 3.0 * flatness[level > 0.05].mean()]
    )


def test_classes_are_told_apart_by_a_nearest_mean():
    portraits = np.array(
        [[portrait(made(label, seed)) for seed in range(6)] for label in DCASE_2022]
    )
    means = portraits[:, :3].mean(axis=1)
    apart = np.linalg.norm(portraits[:, 3:, None] - means, axis=-1)
    right = apart.argmin(axis=-1) == np.arange(len(DCASE_2022))[:, None]
    assert right.mean() > 0.9  # chance is 1 / 13
    assert right.mean(axis=1).min() >= 0.5


@pytest.mark.parametrize("label", DCASE_2022)
def test_a_sound_is_normalized_tight_and_of_the_length_asked_for(label):
    for seed, duration in ((0, 0.1), (1, 0.7), (2, 4.0)):
        sound = made(label, seed, duration)
        assert sound.dtype == np.float32
        assert np.abs(sound).max() == pytest.approx(1.0)
        assert 0.3 * duration * RATE < len(sound) <= round(duration * RATE)
        assert np.abs(sound[:240]).max() > 1e-3
        assert np.abs(sound[-240:]).max() > 1e-3 / 2
        assert np.isfinite(sound).all()


@pytest.mark.parametrize("label", DCASE_2022)
def test_a_sound_is_broad_enough_to_be_located(label):
    sound = made(label, duration=4.0)
    power = np.abs(np.fft.rfft(sound)) ** 2
    frequency = np.fft.rfftfreq(len(sound), 1.0 / RATE)
    thirds = [
        power[(frequency >= f) & (frequency < 1.26 * f)].sum() / power.sum()
        for f in 100.0 * 1.26 ** np.arange(20)
    ]
    assert sum(share > 1e-3 for share in thirds) >= 6


@pytest.mark.parametrize("label", DCASE_2022)
def test_the_generator_decides(label):
    np.testing.assert_array_equal(made(label, 3, 1.0), made(label, 3, 1.0))
    assert not np.array_equal(made(label, 3, 1.0), made(label, 4, 1.0))


@pytest.mark.parametrize("rate", [8000, 16000, 48000])
def test_other_sample_rates_keep_the_length(rate):
    for label in DCASE_2022:
        sound = made(label, 0, 1.0, rate)
        assert 0.3 * rate < len(sound) <= rate


def test_unknown_classes_and_tiny_durations_are_refused():
    with pytest.raises(InputError, match="did you mean bell"):
        made("bel")
    with pytest.raises(InputError, match=r"at least 0\.1 s"):
        made("bell", duration=float("nan"))


def test_trimming_cuts_silence_at_the_ends_alone():
    sound = np.zeros(1000)
    sound[100:300] = 0.5
    sound[600:700] = -0.25
    cut = trimmed(sound, RATE)
    assert len(cut) == 600
    assert not cut[250:450].any()
    assert np.abs(cut).max() == pytest.approx(1.0)
    assert not trimmed(np.zeros(10), RATE).any()
