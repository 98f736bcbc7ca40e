"""The acoustic models on plane waves made here, without rooms or files."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hearsight.models.intensity_map import IntensityMap
from hearsight.models.level_map import LevelMap
from hearsight.models.music import Music
from hearsight.models.spectrum import (
    GRID_HEIGHT,
    GRID_WIDTH,
    SpatialSpectrum,
    is_silent,
    over_neighbors,
)
from hearsight.models.steered_response import SteeredResponse
from hearsight.models.steering import candidates_for
from hearsight.models.votes import collect_votes, ownership, pursue
from hearsight.spatial.ambisonics import encode_foa
from hearsight.spatial.arrays import far_field_delays, stereo_pair, tetrahedron
from hearsight.spatial.directions import angular_distance, to_angles, to_vectors

RATE = 24000
CUBE = 0.1 * np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], float)
CIRCLE = 0.1 * to_vectors(np.arange(8) * 45.0, 0.0)


def noise(seed: int = 0, duration: float = 1.0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(round(duration * RATE))


def foa_wave(azimuth: float, elevation: float, sound: np.ndarray) -> torch.Tensor:
    gains = encode_foa(to_vectors(azimuth, elevation))
    return torch.from_numpy((gains[:, None] * sound).astype(np.float32))


def array_wave(positions, azimuth: float, elevation: float, sound: np.ndarray) -> torch.Tensor:
    delays = far_field_delays(positions, to_vectors(azimuth, elevation))
    spectrum = np.fft.rfft(sound, 2 * len(sound))
    frequencies = np.fft.rfftfreq(2 * len(sound), 1.0 / RATE)
    shifted = spectrum * np.exp(-2j * np.pi * frequencies * delays[:, None])
    return torch.from_numpy(np.fft.irfft(shifted)[:, : len(sound)].astype(np.float32))


def strongest(found: SpatialSpectrum) -> np.ndarray:
    return found.directions[2:-2, 0]


@given(st.floats(-180, 180), st.floats(-80, 80))
@settings(max_examples=20)
def test_a_plane_wave_is_found_where_it_comes_from_and_explains_everything(azimuth, elevation):
    found = IntensityMap(RATE)(foa_wave(azimuth, elevation, noise()))
    assert angular_distance(strongest(found), to_vectors(azimuth, elevation)).max() < 0.5
    assert found.shares[2:-2, 0].min() > 0.99
    assert found.shares[2:-2, 1:].max() < 0.01


@pytest.mark.parametrize("turn", [5, 90, 175])
def test_turning_the_field_turns_the_map(turn):
    sound = noise(1)
    before = IntensityMap(RATE)(foa_wave(12.0, 17.0, sound) + foa_wave(100.0, -20.0, noise(2)))
    after = IntensityMap(RATE)(
        foa_wave(12.0 + turn, 17.0, sound) + foa_wave(100.0 + turn, -20.0, noise(2))
    )
    # Azimuth grows to the left, columns to the right.
    turned = np.roll(before.heat, -turn // 5, axis=2)
    np.testing.assert_allclose(after.heat, turned, atol=0.01)


@pytest.mark.parametrize("model", [SteeredResponse, Music])
@pytest.mark.parametrize(
    ("positions", "elevation"),
    [(tetrahedron(), -35.0), (tetrahedron(), 20.0), (CUBE, 40.0), (CIRCLE, 30.0)],
)
@pytest.mark.parametrize("azimuth", [-130.0, 3.0, 77.0])
def test_arrays_find_a_plane_wave_within_a_cell(model, positions, elevation, azimuth):
    found = model(positions, RATE)(array_wave(positions, azimuth, elevation, noise()))
    error = angular_distance(strongest(found), to_vectors(azimuth, elevation))
    assert np.median(error) < 5.0


def test_a_lone_wave_gives_nearly_the_whole_steered_response():
    found = SteeredResponse(CIRCLE, RATE)(array_wave(CIRCLE, 40.0, 10.0, noise()))
    assert found.shares[2:-2, 0].min() > 0.8


@pytest.mark.parametrize("azimuth", [-60.0, 0.0, 45.0])
def test_levels_of_left_and_right_give_the_azimuth(azimuth):
    side = np.sin(np.deg2rad(azimuth))
    sound = noise()
    both = np.stack([(1 + side) * sound, (1 - side) * sound]).astype(np.float32)
    found = LevelMap(RATE)(torch.from_numpy(both))
    angles, elevations = to_angles(strongest(found))
    np.testing.assert_allclose(angles, azimuth, atol=1.0)
    np.testing.assert_allclose(elevations, 0.0, atol=1e-6)


def test_a_sound_out_of_phase_has_no_place_between_left_and_right():
    sound = noise()
    both = np.stack([sound, -sound]).astype(np.float32)
    assert LevelMap(RATE)(torch.from_numpy(both)).shares.max() == 0.0


@pytest.mark.parametrize(
    ("model", "n_channels"),
    [
        (IntensityMap(RATE), 4),
        (LevelMap(RATE), 2),
        (SteeredResponse(tetrahedron(), RATE), 4),
        (Music(tetrahedron(), RATE), 4),
    ],
    ids=["intensity", "level", "srp", "music"],
)
@pytest.mark.parametrize("duration", [0.1, 1.0])
def test_silence_has_no_sources_and_no_heat(model, n_channels, duration):
    found = model(torch.zeros(n_channels, round(duration * RATE)))
    assert len(found) == round(10 * duration)
    assert found.heat.shape[1:] == (GRID_HEIGHT, GRID_WIDTH)
    assert found.shares.max() == 0.0
    assert np.isnan(found.directions).all()
    assert found.heat.max() == 0.0


def test_the_level_of_a_recording_does_not_matter():
    wave = foa_wave(30.0, 0.0, noise(3)) + foa_wave(-90.0, 20.0, noise(4))
    loud, quiet = IntensityMap(RATE)(wave), IntensityMap(RATE)(0.01 * wave)
    np.testing.assert_allclose(quiet.shares, loud.shares, atol=1e-4)


@pytest.mark.parametrize(
    ("positions", "dimensions"),
    [(tetrahedron(), 3), (CIRCLE, 2), (stereo_pair(), 1), (stereo_pair() * [[1, 3, 1]], 1)],
)
def test_arrays_tell_as_many_dimensions_as_they_span(positions, dimensions):
    candidates = candidates_for(positions)
    assert candidates.dimensions == dimensions
    np.testing.assert_allclose(np.linalg.norm(candidates.directions, axis=1), 1.0)
    shown = candidates.cells[candidates.cells >= 0]
    assert set(shown) == set(range(len(candidates.directions)))
    if dimensions == 1:
        assert (candidates.directions[:, 0] > 0.0).all()


def test_votes_of_one_pure_bin_go_to_its_cell():
    power = torch.ones(10, 1)
    directions = torch.tensor([0.0, 1.0, 0.0])[:, None, None].expand(3, 10, 1)
    cells = torch.full((10, 1), 7)
    votes = collect_votes(power, torch.ones(10, 1), directions, cells, 12)
    assert votes.weights[0].nonzero().flatten().tolist() == [7]
    np.testing.assert_allclose(votes.vectors[0, 7], votes.weights[0, 7] * directions[:, 0, 0])
    torch.testing.assert_close(votes.total[0], votes.weights[0, 7])
    unsure = collect_votes(power, torch.full((10, 1), 0.6), directions, cells, 12)
    assert unsure.weights.max() == 0.0
    torch.testing.assert_close(unsure.total, votes.total)


def test_pursuit_takes_planted_sources_by_their_strength():
    angle = torch.arange(36) * 10.0
    apart = (angle[:, None] - angle[None]).abs()
    apart = torch.minimum(apart, 360.0 - apart)
    unit = torch.stack([angle.deg2rad().cos(), angle.deg2rad().sin(), torch.zeros(36)], dim=-1)
    power = torch.ones(30, 4)
    cells = torch.tensor([3, 3, 20, 30]).expand(30, 4)
    directions = unit[cells].permute(2, 0, 1)
    votes = collect_votes(power, torch.ones(30, 4), directions, cells, 36)
    reach = ownership(apart, 20.0, 50.0)
    _, found, shares = pursue(votes, torch.exp(-((apart / 10.0) ** 2)), reach, 3)
    np.testing.assert_allclose(found[1, 0], unit[3], atol=1e-5)
    places = {int(torch.argmin((unit - each).norm(dim=1))) for each in found[1]}
    assert places == {3, 20, 30}
    # Together they explain everything, so of what the others leave each is all.
    np.testing.assert_allclose(shares[1], 1.0, atol=1e-5)


def test_neighbors_count_half():
    frames = torch.tensor([[0.0], [2.0], [0.0], [0.0]])
    assert over_neighbors(frames).flatten().tolist() == [1.0, 2.0, 1.0, 0.0]


def test_silence_is_told_per_label_frame():
    power = torch.zeros(20, 3)
    power[10:] = 1e-6
    assert is_silent(power).tolist() == [True, False]
