import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hearsight.errors import InputError
from hearsight.features.mel import LinearBands, MelBands, decibels, hz_to_mel, mel_to_hz
from hearsight.features.stft import Stft, continued, from_pcm16, spectrogram


def test_spectrum_is_the_sum_its_definition_says():
    waveform = torch.randn(2, 700, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    made = spectrogram(waveform, 64, 25, win_length=40, padding="none")
    frame, k = 7, 5
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(40) / 40)
    window = np.pad(window, 12)
    samples = waveform[:, frame * 25 : frame * 25 + 64].numpy()
    wave = np.exp(-2j * np.pi * k * np.arange(64) / 64)
    np.testing.assert_allclose(made[:, frame, k], (samples * window) @ wave, atol=1e-12)


@given(n_samples=st.integers(1, 40), half=st.integers(1, 20), seed=st.integers(0, 5))
def test_reflection_bounces_as_often_as_needed(n_samples, half, seed):
    values = np.random.default_rng(seed).normal(size=(2, n_samples))
    made = continued(torch.from_numpy(values), 2 * half, "reflect")
    np.testing.assert_array_equal(made, np.pad(values, ((0, 0), (half, half)), mode="reflect"))


@given(
    n_samples=st.integers(64, 900),
    hop_length=st.integers(1, 80),
    padding=st.sampled_from(["zeros", "reflect", "none"]),
    drops_last=st.booleans(),
)
def test_frames_are_counted_right(n_samples, hop_length, padding, drops_last):
    stft = Stft(64, 40, hop_length, padding, drops_last)
    spectra = stft(torch.zeros(1, n_samples))
    assert spectra.shape == (1, stft.n_frames(n_samples), stft.n_bins)
    by_block = torch.cat(list(stft.blocks(torch.zeros(1, n_samples))), dim=-2)
    assert by_block.shape == spectra.shape


def test_zeros_are_the_default_beyond_the_ends():
    waveform = torch.randn(1, 500, generator=torch.Generator().manual_seed(1))
    expected = torch.stft(
        waveform,
        128,
        50,
        window=torch.hann_window(128),
        center=True,
        pad_mode="constant",
        return_complex=True,
    )
    torch.testing.assert_close(spectrogram(waveform, 128, 50), expected.transpose(1, 2))


def test_bad_settings_and_waveforms_are_refused():
    with pytest.raises(InputError, match="window within the transform"):
        Stft(512, 600, 240)
    with pytest.raises(InputError, match="did you mean reflect"):
        Stft(512, 512, 240, "reflected")
    with pytest.raises(InputError, match="fewer than the 512"):
        Stft(512, 512, 240, "none")(torch.zeros(1, 511))
    with pytest.raises(InputError, match="no samples"):
        Stft(512, 512, 240)(torch.zeros(1, 0))


@given(
    frequency=st.lists(st.floats(0.0, 24000.0), min_size=1, max_size=8),
    scale=st.sampled_from(["slaney", "htk"]),
)
def test_mel_scales_are_undone(frequency, scale):
    hz = np.sort(np.array(frequency))
    mel = hz_to_mel(hz, scale)
    assert (np.diff(mel) >= 0).all()
    np.testing.assert_allclose(mel_to_hz(mel, scale), hz, rtol=1e-9, atol=1e-9)


def test_mel_scales_at_their_anchors():
    assert hz_to_mel(np.array([1000.0]), "slaney")[0] == pytest.approx(15.0)
    assert hz_to_mel(np.array([6400.0]), "slaney")[0] == pytest.approx(15.0 + 27.0)
    assert hz_to_mel(np.array([1000.0]), "htk")[0] == pytest.approx(1000.0, abs=0.1)


@pytest.mark.parametrize("scale", ["slaney", "htk"])
def test_mel_bands_have_area_one(scale):
    bands = MelBands(24000, 16384, 40, 50.0, 11000.0, scale)
    area = bands.weights().sum(axis=0) * 24000 / 16384
    np.testing.assert_allclose(area, 1.0, rtol=0.02)


def test_linear_bands_take_bins_one_by_one_then_in_eights():
    bands = LinearBands(512)
    weights = bands.weights()
    assert weights.shape == (257, 200)
    assert (np.flatnonzero(weights[:, 0]) == [1]).all()
    assert (np.flatnonzero(weights[:, 191]) == [192]).all()
    assert (np.flatnonzero(weights[:, 192]) == np.arange(193, 201)).all()
    np.testing.assert_allclose(weights.sum(axis=0)[:-1], 1.0)
    assert weights.sum(axis=0)[-1] == 7 / 8
    assert LinearBands(256).n_bands == 100


def test_decibels_have_floors():
    power = torch.tensor([[[1.0, 1e-12]], [[1e-3, 1e-9]]], dtype=torch.float64)
    assert decibels(power).flatten().tolist() == pytest.approx([0.0, -100.0, -30.0, -90.0])
    own = decibels(power, "channel").flatten().tolist()
    assert own == pytest.approx([0.0, -80.0, -30.0, -90.0])
    common = decibels(power, "recording").flatten().tolist()
    assert common == pytest.approx([0.0, -80.0, -30.0, -80.0])
    assert decibels(power[:, :0], "recording").shape == (2, 0, 2)


@pytest.mark.parametrize(
    "make",
    [
        lambda: MelBands(24000, 512, 0, 0.0, 12000.0),
        lambda: MelBands(24000, 512, 64, 0.0, 12001.0),
        lambda: MelBands(24000, 512, 64, 500.0, 400.0),
        lambda: MelBands(24000, 512, 64, 0.0, 12000.0, "bark"),
        lambda: LinearBands(500),
    ],
)
def test_bands_that_cannot_be_are_refused(make):
    with pytest.raises(InputError, match=r"bands|scale"):
        make()


def test_sixteen_bits_become_floats_a_hair_above():
    loaded = from_pcm16(torch.tensor([-32768, 0, 16384], dtype=torch.int16))
    assert loaded.tolist() == [-1.0 + 1e-8, 1e-8, 0.5 + 1e-8]
