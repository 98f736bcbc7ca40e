"""Which samples of a recording are heard, by published name and in variants."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from hearsight.errors import InputError
from hearsight.features.sound_input import SOUND_INPUTS, SoundInput

RATE = 16000
VISUAL_CONTEXT = SOUND_INPUTS["visual-context"]


def ramp(n_samples, n_channels=1):
    """Samples that tell their own number: sample k is k / 2 ** 20."""
    return np.tile(np.arange(n_samples, dtype=np.float32) / 2**20, (n_channels, 1))


def numbers(excerpt):
    """Which samples of a ramp were taken."""
    return np.rint(excerpt * 2**20).astype(int)


def heard(name, n_samples, rate=RATE):
    exact = replace(SOUND_INPUTS[name], rounds_to_pcm=False)  # 16 bits are too few for the ramp
    return numbers(exact.excerpt(ramp(n_samples), rate))


@pytest.mark.parametrize(
    ("name", "rate", "n_samples", "first", "n_heard"),
    [
        ("visual-context", 24000, 240000, 84000, 72000),
        ("visual-context", 24000, 240001, 84000, 72000),
        ("visual-context", 24000, 72000, 0, 72000),
        ("ez-vsl", 16000, 160000, 56000, 48000),
        ("ez-vsl", 44100, 441000, 154350, 132300),
        ("ez-vsl", 11025, 66150, 16537, 33075),  # int(max(6 / 2 - 1.5, 0) * 11025)
        ("lvs", 16000, 170000, 0, 160000),
        ("sslalign-lvs", 16000, 320000, 56000, 48000),
        ("sslalign-ez-vsl", 16000, 160000, 0, 160000),
    ],
)
def test_seconds_that_are_heard(name, rate, n_samples, first, n_heard):
    np.testing.assert_array_equal(heard(name, n_samples, rate), first + np.arange(n_heard))


@pytest.mark.parametrize("n_samples", [1, 20000, 47999])
def test_a_short_sound_is_repeated(n_samples):
    np.testing.assert_array_equal(heard("ez-vsl", n_samples), np.arange(48000) % n_samples)
    np.testing.assert_array_equal(heard("lvs", n_samples), np.arange(160000) % n_samples)
    middle = (np.arange(48000) + 56000) % n_samples
    np.testing.assert_array_equal(heard("sslalign-lvs", n_samples), middle)


def test_a_short_sound_is_rolled_until_its_middle_is_in_the_middle():
    rolled = heard("sslalign-ez-vsl", 100000)
    np.testing.assert_array_equal(rolled[30000:130000], np.arange(100000))
    assert rolled[0] == 30000  # the 160000 samples of the span go around


def test_the_reference_takes_the_end_of_a_short_sound():
    wrapping = replace(VISUAL_CONTEXT, wraps_short=True)
    taken = numbers(wrapping.excerpt(ramp(60000), 24000))
    np.testing.assert_array_equal(taken, np.arange(54000, 60000))
    np.testing.assert_array_equal(
        wrapping.excerpt(ramp(80000), 24000), VISUAL_CONTEXT.excerpt(ramp(80000), 24000)
    )


def test_samples_are_clipped_and_channels_mixed():
    waveform = np.array([[4.0, 0.5, -4.0], [-1.0, 0.0, 1.0]], dtype=np.float32)
    tiny = SoundInput(duration_s=1.0)
    np.testing.assert_array_equal(tiny.excerpt(waveform, 3), [1.0, 0.25, -1.0])
    left = replace(tiny, channel="left")
    np.testing.assert_array_equal(left.excerpt(waveform, 3), [1.0, 0.5, -1.0])


def test_integers_are_rounded_up_and_divided_by_the_largest():
    pcm = np.array([[3, -3, 32767, -32768], [4, -4, 32767, -32768]], dtype=np.float32) / 32768
    rounding = SoundInput(duration_s=1.0, rounds_to_pcm=True)
    expected = np.array([4, -3, 32767, -32767]) / 32767
    np.testing.assert_array_equal(rounding.excerpt(pcm, 4), expected)


@pytest.mark.parametrize(
    ("name", "rate", "n_frames"),
    [
        ("visual-context", 24000, 301),
        ("lvs", 16000, 671),
        ("ez-vsl", 16000, 200),
        ("ez-vsl", 44100, 554),
        ("sslalign-lvs", 16000, 299),
        ("sslalign-ez-vsl", 16000, 200),
        ("sslalign-ez-vsl", 44100, 200),
    ],
)
def test_published_shapes(name, rate, n_frames):
    waveform = ramp(10 * rate, n_channels=2)
    waveform.flags.writeable = False  # as memory of a database is
    picture = SOUND_INPUTS[name](waveform, rate)
    assert picture.shape == (1, 257, n_frames)
    assert picture.dtype == torch.float32


def test_smaller_variants():
    small = SoundInput(16000, duration_s=2.0, n_fft=256, hop_length=200)
    assert small(ramp(160000)[0], 16000).shape == (1, 129, (32000 - 256) // 200 + 1)


def test_frames_are_cut_from_the_middle():
    whole = SoundInput(duration_s=1.0)
    waveform = np.random.default_rng(0).normal(0.0, 0.1, RATE)
    cut = replace(whole, n_frames=20)(waveform, RATE)
    n_frames = whole(waveform, RATE).shape[-1]
    first = (n_frames - 20) // 2
    torch.testing.assert_close(cut, whole(waveform, RATE)[..., first : first + 20])


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"duration_s": 0.0}, "duration_s of a SoundInput must be above 0"),
        ({"sample_rate": -1}, "sample_rate of a SoundInput must be above 0"),
        ({"span_s": 2.0}, "span_s of 2 s is shorter than duration_s of 3 s"),
        ({"channel": "right"}, "no channel is called right"),
        ({"precision": "float16"}, "no precision is called float16"),
    ],
)
def test_refuses_settings(settings, words):
    with pytest.raises(InputError, match=words):
        SoundInput(**settings)


@pytest.mark.parametrize(
    ("waveform", "words"),
    [
        (np.zeros((2, 0)), "none of them 0"),
        (np.zeros((1, 2, 3)), "must have shape"),
        (np.zeros((1, 100), np.int16), "divide 16-bit by 32768"),
    ],
)
def test_refuses_what_is_no_waveform(waveform, words):
    with pytest.raises(InputError, match=words):
        VISUAL_CONTEXT.excerpt(waveform, 24000)


def test_refuses_another_rate():
    with pytest.raises(InputError, match="at 44100 Hz, this SoundInput needs 24000 Hz"):
        VISUAL_CONTEXT.excerpt(ramp(1000), 44100)


def test_refuses_fewer_frames_than_are_cut():
    with pytest.raises(InputError, match=r"has 1 frames, fewer than n_frames=2"):
        SoundInput(duration_s=0.04, n_frames=2)(ramp(16000), 16000)
