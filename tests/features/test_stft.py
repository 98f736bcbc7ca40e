import math

import torch

from hearsight.features.stft import bin_frequencies, spectrogram


def test_shape_and_place_of_a_sine():
    time = torch.arange(4800) / 24000
    spectra = spectrogram(torch.sin(2 * math.pi * 3000 * time)[None], 512, 240)
    assert spectra.shape == (1, 21, 257)
    loudest = int(spectra[0, 10].abs().argmax())
    assert bin_frequencies(512, 24000)[loudest] == 3000.0
    # Full-scale sine: half the window's sum.
    assert torch.isclose(spectra[0, 10, loudest].abs(), torch.tensor(128.0), rtol=1e-3)


def test_frames_are_centred_on_their_sample():
    waveform = torch.zeros(1, 4800)
    waveform[0, 2400] = 1.0
    energy = spectrogram(waveform, 512, 240).abs().square().sum(dim=-1)[0]
    assert int(energy.argmax()) == 10
    assert energy[10 + 2] == 0.0
