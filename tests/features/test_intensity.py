import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hearsight.features.intensity import active_intensity, energy_density
from hearsight.spatial.ambisonics import encode_foa
from hearsight.spatial.directions import to_vectors


@given(st.floats(-180, 180), st.floats(-90, 90), st.integers(0, 2**31))
def test_a_plane_wave_flows_from_its_source(azimuth, elevation, seed):
    direction = to_vectors(azimuth, elevation)
    wave = torch.randn(6, 5, dtype=torch.complex128, generator=torch.Generator().manual_seed(seed))
    gains = torch.from_numpy(np.asarray(encode_foa(direction), float))
    spectra = gains[:, None, None] * wave
    power = wave.abs().square()
    expected = torch.from_numpy(direction)[:, None, None] * power
    torch.testing.assert_close(active_intensity(spectra), expected)
    torch.testing.assert_close(energy_density(spectra), power)


def test_in_a_diffuse_field_intensity_averages_to_nothing():
    rng = np.random.default_rng(0)
    directions = rng.standard_normal((2000, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    waves = rng.standard_normal((2000, 50)) + 1j * rng.standard_normal((2000, 50))
    spectra = torch.from_numpy(encode_foa(directions).T @ waves)[:, None]
    mean = active_intensity(spectra).mean(dim=(1, 2)).norm()
    assert mean / energy_density(spectra).mean() == pytest.approx(0.0, abs=0.15)
