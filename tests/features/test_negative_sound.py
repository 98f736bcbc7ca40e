"""Sounds that do not belong to the picture."""

from collections import Counter

import numpy as np
import pytest

from hearsight.errors import InputError
from hearsight.features.negative_sound import noise, off_screen, silence
from hearsight.features.sound_input import SOUND_INPUTS

NAMES = ("bark 1", "bark 2", "bell 1", "bell 2", "bell 3", "drum 1")
LABELS = {name: name.split()[0] for name in NAMES}


def rng(seed=0):
    return np.random.default_rng(seed)


def test_silence_and_noise_are_as_long_and_of_the_same_type():
    excerpt = np.full(72000, 0.25, dtype=np.float32)
    quiet, loud = silence(excerpt), noise(excerpt, rng())
    assert quiet.dtype == loud.dtype == np.float32
    assert quiet.shape == loud.shape == (72000,)
    assert not quiet.any()
    assert loud.std() == pytest.approx(1.0, abs=0.02)
    assert np.abs(loud).max() > 3.0  # not clipped
    assert (excerpt == 0.25).all()


def test_noise_stays_unclipped_in_the_spectrogram():
    hearing = SOUND_INPUTS["ez-vsl"]
    excerpt = noise(np.zeros(48000), rng())
    level = hearing.spectrogram(excerpt, 16000).mean()
    assert level > hearing.spectrogram(excerpt.clip(-1, 1), 16000).mean() + 0.02


def test_off_screen_sounds_are_of_another_class():
    drawn = [off_screen(NAMES, LABELS, rng(seed)) for seed in range(300)]
    for own, *others in zip(NAMES, *drawn, strict=True):
        counts = Counter(others)
        assert set(counts) == {name for name in NAMES if LABELS[name] != LABELS[own]}
        even = 300 / len(counts)
        assert all(0.6 * even < count < 1.5 * even for count in counts.values())


def test_the_same_seed_draws_the_same_sounds():
    assert off_screen(NAMES, LABELS, rng(1)) == off_screen(NAMES, LABELS, rng(1))
    assert off_screen(NAMES, LABELS, rng(1)) != off_screen(NAMES, LABELS, rng(2))


def test_without_classes_it_is_another_clip():
    drawn = [off_screen(NAMES, {}, rng(seed)) for seed in range(100)]
    for own, *others in zip(NAMES, *drawn, strict=True):
        assert set(others) == set(NAMES) - {own}


def test_other_classes_in_view_are_left_out():
    in_view = {"bark 1": ["bell"]}
    drawn = [off_screen(NAMES, LABELS, rng(seed), in_view=in_view) for seed in range(50)]
    assert {others[0] for others in drawn} == {"drum 1"}
    assert len({others[1] for others in drawn}) == 4


def test_refuses_when_nothing_is_off_screen():
    with pytest.raises(InputError, match="off-screen sound of bell 1"):
        off_screen(NAMES[2:5], LABELS, rng())
