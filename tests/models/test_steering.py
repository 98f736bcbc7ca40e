import numpy as np
import pytest
import torch

from hearsight.models.spectrum import GRID_HEIGHT, GRID_WIDTH
from hearsight.models.steering import candidates_for
from hearsight.spatial.arrays import stereo_pair, tetrahedron
from hearsight.spatial.directions import angular_distance, to_vectors

CIRCLE = 0.1 * to_vectors(np.arange(6) * 60.0, np.zeros(6))


def test_an_upright_plane_hears_only_its_front():
    candidates = candidates_for(CIRCLE[:, [2, 0, 1]])  # in y and z
    assert candidates.dimensions == 2
    assert (candidates.directions[:, 0] >= -1e-9).all()


@pytest.mark.parametrize("positions", [tetrahedron(), CIRCLE, stereo_pair()])
def test_heat_shows_each_candidate_where_it_is(positions):
    candidates = candidates_for(positions)
    response = np.arange(1.0, len(candidates.directions) + 1.0, dtype=np.float32)[None]
    heat = candidates.to_heat(response)
    assert heat.shape == (1, GRID_HEIGHT, GRID_WIDTH)
    assert set(np.unique(heat)) - {0.0} == set(response[0])


def test_peaks_are_placed_between_cells():
    candidates = candidates_for(tetrahedron())
    true = to_vectors(21.0, 13.5)
    angle = angular_distance(candidates.directions, true)
    response = torch.from_numpy(np.exp(-0.5 * (angle / 15.0) ** 2).astype(np.float32))[None]
    refined = candidates.refine(response, response.argmax(dim=1))
    assert float(angular_distance(refined[0].numpy(), true)) < 0.7
