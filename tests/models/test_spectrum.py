import math

import numpy as np
import pytest
import torch

from hearsight.models.spectrum import SpatialSpectrum, bin_weights, label_spectra


def test_the_clock_is_ten_frames_per_whole_100_ms_and_a_full_sine_has_amplitude_one():
    time = torch.arange(24000 + 1000) / 24000
    spectra, frequencies = label_spectra(
        torch.sin(2 * math.pi * 3000 * time)[None], 24000, (200.0, 6000.0)
    )
    assert spectra.shape == (1, 100, len(frequencies))
    assert frequencies.min() >= 200.0
    assert frequencies.max() <= 6000.0
    assert float(spectra[0, 50].abs().max()) == pytest.approx(1.0, rel=1e-3)


def test_loud_bins_count_more_but_less_than_by_their_power():
    weights = bin_weights(torch.tensor([[1.0, 1e-4]]))[0]
    assert 1.0 < weights[0] / weights[1] < 100.0


def test_a_part_of_a_spectrum_is_one_too():
    whole = SpatialSpectrum(np.zeros((5, 2, 4)), np.zeros((5, 3, 3)), np.arange(15.0).reshape(5, 3))
    part = whole[1:3]
    assert len(part) == 2
    assert part.shares.tolist() == [[3.0, 4.0, 5.0], [6.0, 7.0, 8.0]]
