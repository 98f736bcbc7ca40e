"""The spectrogram of the visual-context family: against scipy, and against physics."""

import math

import numpy as np
import pytest
import scipy.signal
import torch

from hearsight.errors import InputError
from hearsight.features.spectrogram import log_density

RATE = 16000


def noise(*shape, dtype=torch.float64):
    return 0.1 * torch.randn(*shape, generator=torch.Generator().manual_seed(0), dtype=dtype)


@pytest.mark.parametrize(
    ("n_samples", "n_fft", "hop_length"),
    [(16000, 512, 238), (16001, 512, 159), (512, 512, 238), (749, 512, 238), (4000, 255, 100)],
)
def test_equals_scipy(n_samples, n_fft, hop_length):
    waveform = noise(n_samples) + 0.3
    _, _, density = scipy.signal.spectrogram(
        waveform.numpy(), RATE, nperseg=n_fft, noverlap=n_fft - hop_length
    )
    made = log_density(waveform, RATE, n_fft=n_fft, hop_length=hop_length)
    np.testing.assert_allclose(made, np.log(density + 1e-7) / 12, atol=1e-12)


def test_rows_are_frequencies_from_0_hz_upward():
    time = torch.arange(RATE, dtype=torch.float64) / RATE
    picture = log_density(0.5 * torch.sin(2 * math.pi * 3000 * time), RATE)
    assert picture.shape == (257, (RATE - 512) // 238 + 1)
    assert (picture.argmax(dim=0) == round(3000 / (RATE / 512))).all()


def test_densities_add_up_to_the_power():
    waveform = noise(20 * RATE)
    density = torch.exp(12 * log_density(waveform, RATE)) - 1e-7
    power = density.mean(dim=1).sum() * (RATE / 512)
    assert power == pytest.approx(float(waveform.square().mean()), rel=0.01)


def test_twice_the_rate_is_half_the_density():
    waveform = noise(4000)
    slow, fast = (torch.exp(12 * log_density(waveform, rate)) - 1e-7 for rate in (RATE, 2 * RATE))
    torch.testing.assert_close(slow, 2 * fast, rtol=1e-9, atol=1e-18)


def test_an_offset_is_not_heard():
    waveform = noise(4000)
    torch.testing.assert_close(log_density(waveform + 0.5, RATE), log_density(waveform, RATE))


def test_silence_is_the_floor():
    silence = log_density(torch.zeros(2000), RATE)
    assert silence.dtype == torch.float32
    torch.testing.assert_close(silence, torch.full_like(silence, math.log(1e-7) / 12))


def test_a_batch_equals_its_items_in_both_precisions():
    batch = noise(2, 3, 3000, dtype=torch.float32)
    together = log_density(batch, RATE)
    assert together.shape == (2, 3, 257, 11)
    torch.testing.assert_close(together[1, 2], log_density(batch[1, 2], RATE))
    exact = log_density(batch.double(), RATE).float()
    torch.testing.assert_close(together, exact, rtol=0.0, atol=1e-5)


def test_refuses_less_than_a_frame():
    with pytest.raises(InputError, match="511 samples, fewer than the 512"):
        log_density(torch.zeros(511), RATE)
