"""What all acoustic models promise alike: shapes, ranges, windows; and arrays of odd sizes."""

import numpy as np
import pytest
import torch

from hearsight.models.intensity_map import IntensityMap
from hearsight.models.level_map import LevelMap
from hearsight.models.music import Music
from hearsight.models.spectrum import GRID_HEIGHT, GRID_WIDTH
from hearsight.models.steered_response import SteeredResponse
from hearsight.spatial.arrays import far_field_delays, stereo_pair, tetrahedron
from hearsight.spatial.directions import angular_distance, to_vectors

RATE = 24000
MODELS = {
    "intensity": (IntensityMap(), 4),
    "level": (LevelMap(), 2),
    "steered response": (SteeredResponse(tetrahedron()), 4),
    "steered response of a pair": (SteeredResponse(stereo_pair()), 2),
    "music": (Music(tetrahedron()), 4),
}
each_model = pytest.mark.parametrize(("model", "n_channels"), MODELS.values(), ids=MODELS.keys())


def noise(n_channels: int, seconds: float = 1.0, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return 0.1 * rng.standard_normal((n_channels, round(seconds * RATE))).astype(np.float32)


def plane_wave(positions: np.ndarray, direction: np.ndarray, seconds: float = 1.0) -> torch.Tensor:
    """Delay noise to each microphone, exactly, by its spectrum."""
    spectrum = np.fft.rfft(noise(1, seconds)[0])
    frequency = np.fft.rfftfreq(round(seconds * RATE), 1.0 / RATE)
    delays = far_field_delays(positions, direction)
    shifted = spectrum * np.exp(-2j * np.pi * frequency * delays[:, None])
    return torch.from_numpy(np.fft.irfft(shifted, n=round(seconds * RATE)).astype(np.float32))


@each_model
@pytest.mark.parametrize("seconds", [0.1, 1.23])
def test_shapes_and_ranges(model, n_channels, seconds):
    found = model(torch.from_numpy(noise(n_channels, seconds)))
    n_labels = int(seconds * 10)
    assert found.heat.shape == (n_labels, GRID_HEIGHT, GRID_WIDTH)
    assert found.directions.shape == (n_labels, model.n_sources, 3)
    assert found.shares.shape == (n_labels, model.n_sources)
    assert ((found.heat >= 0.0) & (found.heat <= 1.0)).all()
    assert ((found.shares >= 0.0) & (found.shares <= 1.0)).all()
    has_place = np.isfinite(found.directions).all(axis=-1)
    np.testing.assert_array_equal(has_place, found.shares > 0.0)
    lengths = np.linalg.norm(found.directions[has_place], axis=-1)
    np.testing.assert_allclose(lengths, 1.0, atol=1e-5)


@each_model
def test_a_part_heard_with_context_equals_the_whole(model, n_channels):
    sound = noise(n_channels, 3.0)
    sound[1:] += 0.5 * sound[0]
    whole = model(torch.from_numpy(sound))[10:20]
    part = model(torch.from_numpy(sound[:, 5 * 2400 : 25 * 2400]))[5:15]
    np.testing.assert_allclose(part.heat, whole.heat, atol=1e-4)
    np.testing.assert_allclose(part.shares[:, 0], whole.shares[:, 0], atol=1e-4)


def test_a_large_array_is_heard_too():
    """More pairs than are used, and lags longer than the usual window."""
    rng = np.random.default_rng(3)
    positions = rng.uniform(-1.5, 1.5, (17, 3))
    found = SteeredResponse(positions)(plane_wave(positions, to_vectors(62.5, 12.5)))
    assert np.median(angular_distance(found.directions[:, 0], to_vectors(62.5, 12.5))) < 2.5


@pytest.mark.parametrize("azimuth", [-70.0, 0.0, 45.0])
def test_a_pair_tells_the_azimuth_in_front(azimuth):
    sound = plane_wave(stereo_pair(), to_vectors(azimuth, 0.0))
    found = SteeredResponse(stereo_pair())(sound)
    assert angular_distance(found.directions[2:-2, 0], to_vectors(azimuth, 0.0)).max() < 5.0


def test_diffuse_sound_has_hardly_any_direction():
    sound = noise(4, 2.0) * np.array([[1.0], [0.577], [0.577], [0.577]], np.float32)
    assert np.median(IntensityMap()(torch.from_numpy(sound)).shares[:, 0]) < 0.05
