import numpy as np
import pytest

from hearsight.recording import measurements
from hearsight.recording.audio import write_audio
from hearsight.recording.measurements import measure
from hearsight.recording.media import probe


def measured(tmp_path, sound, rate=16_000, encoding="float"):
    path = tmp_path / "a.wav"
    write_audio(path, sound.astype(np.float32), rate, encoding=encoding)
    stream = probe(path).chosen_audio
    assert stream is not None
    return measure(path, stream)


def test_levels_are_those_of_the_samples(tmp_path, noise):
    sound = noise(3, 40_001)
    sound[1] += 0.1
    sound[2] = 0.0
    found = measured(tmp_path, sound)
    exact = sound.astype(np.float64)
    assert found.n_samples == 40_001
    assert found.duration == pytest.approx(40_001 / 16_000)
    np.testing.assert_allclose(found.peak, np.abs(exact).max(axis=1))
    np.testing.assert_allclose(found.mean, exact.mean(axis=1), atol=1e-12)
    np.testing.assert_allclose(found.power, np.mean(exact**2, axis=1))
    np.testing.assert_allclose(found.gram, exact @ exact.T / 40_001)
    assert found.is_silent.tolist() == [False, False, True]


def test_samples_that_are_not_finite_are_counted_and_left_out(tmp_path, noise):
    sound = noise(2, 20_000)
    bad = sound.copy()
    bad[0, 100], bad[0, 200], bad[1, 300] = np.nan, np.inf, -np.inf
    found = measured(tmp_path, bad)
    assert found.n_bad.tolist() == [2, 1]
    rest = np.delete(sound[0].astype(np.float64), [100, 200])
    assert found.mean[0] == pytest.approx(rest.mean())
    assert found.power[0] == pytest.approx(np.mean(rest**2))


def test_only_runs_at_full_scale_count_as_clipped(tmp_path):
    sound = np.zeros((2, 1000))
    sound[0, 10:12] = 1.0  # two are not yet a run
    sound[0, 20:25] = 1.0
    sound[0, 30:33] = -1.0
    sound[0, 40:43] = 1.0, -1.0, 1.0
    found = measured(tmp_path, sound, encoding="pcm16")
    assert found.n_clipped.tolist() == [8, 0]


def test_energy_lies_in_the_band_of_the_tone(tmp_path):
    time = np.arange(32_000) / 16_000
    for frequency in (150.0, 700.0, 3000.0):
        found = measured(tmp_path, 0.5 * np.sin(2 * np.pi * frequency * time)[None])
        energies = np.real(found.covariances[:, 0, 0])
        band = int(np.argmax(energies))
        assert found.band_edges[band] * 0.8 < frequency < found.band_edges[band + 1] * 1.25
        per_band = np.bincount(found.patch_bands, found.patches[:, 0], minlength=len(energies))
        np.testing.assert_allclose(per_band, energies, rtol=0.1)


def test_coherence_knows_phase(tmp_path, noise):
    first = noise(1, 32_000)[0]
    found = measured(tmp_path, np.stack([first, -0.5 * first, noise(1, 32_000, seed=1)[0]]))
    coherence = found.coherence(8)
    assert coherence[0, 1].real == pytest.approx(-1.0, abs=1e-4)
    assert abs(coherence[0, 2]) < 0.2
    assert (found.crossings < 0.0).all()


def test_long_files_are_sampled_for_spectra_alone(tmp_path, noise, monkeypatch):
    monkeypatch.setattr(measurements, "MAX_SPECTRAL_BLOCKS", 4)
    sound = noise(1, 160_000)
    found = measured(tmp_path, sound)
    assert found.n_samples == 160_000
    assert found.power[0] == pytest.approx(np.mean(sound.astype(np.float64) ** 2))
    short = measured(tmp_path, sound[:, :64_000])
    assert len(found.patches) == len(short.patches)
