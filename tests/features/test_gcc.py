import pytest
import torch

from hearsight.features.gcc import microphone_pairs, phat_cross_spectra


@pytest.mark.parametrize("delay", [-7, 0, 3])
def test_the_correlation_of_delayed_noise_peaks_at_its_delay(delay):
    noise = torch.randn(512, generator=torch.Generator().manual_seed(1))
    spectra = torch.fft.rfft(torch.stack([noise, noise.roll(delay)]))[:, None]
    correlation = torch.fft.irfft(phat_cross_spectra(spectra, microphone_pairs(2)), n=512)[0, 0]
    assert int(correlation.argmax()) == delay % 512
    assert correlation.max() == pytest.approx(1.0, abs=1e-4)


def test_magnitudes_are_one_and_silence_gives_zero():
    spectra = 1e-3 * torch.randn(3, 4, 9, dtype=torch.complex64)
    spectra[2] = 0.0
    cross = phat_cross_spectra(spectra, microphone_pairs(3))
    torch.testing.assert_close(cross[0].abs(), torch.ones(4, 9))
    assert not cross[1:].any()


def test_pairs_come_in_order():
    assert microphone_pairs(3).tolist() == [[0, 1], [0, 2], [1, 2]]
