import numpy as np
import pytest
import torch

from hearsight.errors import InputError
from hearsight.features.vggish_input import (
    N_MELS,
    SAMPLE_RATE,
    VggishInput,
    log_mel,
    mel_matrix,
    patches,
    to_16_khz,
)

SILENCE = np.log(0.01)


def tone(frequency, rate, seconds=1.0, n_channels=1):
    sine = np.sin(2 * np.pi * frequency * np.arange(round(seconds * rate)) / rate)
    return np.tile(0.5 * sine, (n_channels, 1)).astype(np.float32)


@pytest.mark.parametrize("rate", [8000, 11_025, 16_000, 22_050, 44_100, 48_000])
def test_a_tone_is_heard_at_its_frequency_whatever_the_rate(rate):
    patch = VggishInput()(tone(1000, rate), rate)
    assert patch.shape == (1, 96, N_MELS)
    assert patch.dtype == torch.float32
    middle = mel_matrix()[1000 * 512 // SAMPLE_RATE].argmax()
    inside = patch[0, 2:-2]
    assert (inside.argmax(dim=1) == middle).all()
    reference = VggishInput()(tone(1000, SAMPLE_RATE), SAMPLE_RATE)[0, 2:-2, middle]
    torch.testing.assert_close(inside[:, middle], reference, rtol=0, atol=1e-3)


def test_what_16_khz_cannot_hold_is_not_heard():
    patch = VggishInput()(tone(9500, 44_100), 44_100)
    assert patch[0, 2:-2].max() < SILENCE + 0.1  # a tone that is heard has 4 and more


def test_silence_is_the_log_of_what_is_added():
    patch = VggishInput()(np.zeros((2, 44_100), np.float32), 44_100)
    torch.testing.assert_close(patch, torch.full((1, 96, N_MELS), SILENCE).float())


def test_channels_are_averaged():
    both = np.concatenate([tone(500, 16_000), -tone(500, 16_000)])
    assert VggishInput()(both, 16_000).max() == pytest.approx(SILENCE)


@pytest.mark.parametrize("rate", [16_000, 44_100])
@pytest.mark.parametrize("seconds", [0.0, 0.02, 0.4])
def test_a_short_second_ends_in_silence(rate, seconds):
    patch = VggishInput()(tone(1000, rate, seconds), rate)[0]
    n_sounding = round(100 * seconds)
    torch.testing.assert_close(
        patch[n_sounding + 1 :], torch.full_like(patch, SILENCE)[n_sounding + 1 :]
    )
    assert not n_sounding or patch[0].max() > 0


def test_no_more_than_a_second_counts():
    sound = np.random.default_rng(0).normal(0, 0.1, (1, 30_000)).astype(np.float32)
    assert torch.equal(VggishInput()(sound, 16_000), VggishInput()(sound[:, :16_000], 16_000))


@pytest.mark.parametrize(
    "waveform",
    [np.zeros(16_000, np.float32), np.zeros((1, 16_000), np.int16), np.zeros((0, 9), np.float32)],
)
def test_what_is_no_waveform_is_refused(waveform):
    with pytest.raises(InputError, match="waveform must hold floats"):
        VggishInput()(waveform, 16_000)


def test_resampling_keeps_length_and_level():
    for rate in (8000, 44_100, 48_000):
        found = to_16_khz(tone(440, rate, 2.0), rate)
        assert len(found) == 32_000
        expected = tone(440, 16_000, 2.0)[0]
        np.testing.assert_allclose(found[100:-100], expected[100:-100], atol=2e-4)


@pytest.mark.parametrize("n_samples", [0, 399])
def test_less_than_a_frame_is_none(n_samples):
    assert log_mel(torch.zeros(n_samples)).shape == (0, N_MELS)
    assert patches(log_mel(torch.zeros(n_samples))).shape == (0, 96, N_MELS)


def test_contiguous_patches_follow_each_other():
    frames = log_mel(torch.from_numpy(tone(440, 16_000, 3.0)[0]))
    cut = patches(frames)
    assert len(cut) == 3
    assert torch.equal(cut.flatten(0, 1), frames[: 3 * 96])


def test_bands_are_triangles_of_one_height():
    matrix = mel_matrix()
    assert matrix.shape == (257, N_MELS)
    assert (matrix[0] == 0).all()
    assert 0.9 < matrix.max() <= 1.0
    middle = matrix[8:230]  # between the middles of the first and the last band
    np.testing.assert_allclose(middle.sum(axis=1), 1.0, atol=1e-12)
