import numpy as np
import pytest
import torch

from hearsight.errors import InputError
from hearsight.models.vggish import AudioSetCodes, Vggish


@pytest.fixture
def network():
    torch.manual_seed(0)
    return Vggish(2, 8, 5).eval()


def test_vectors_are_cut_off_at_zero_or_not(network):
    patches = torch.randn(4, 1, 96, 64)
    cut = network(patches)
    network.relu_last = False
    whole = network(patches)
    assert cut.shape == (4, network.n_channels) == (4, 5)
    assert (whole < 0).any()
    assert torch.equal(cut, whole.clamp_min(0))


def test_rows_run_over_time_then_bands_then_channels(network):
    patches = torch.randn(2, 1, 96, 64)
    maps = network.features(patches)
    assert maps.shape == (2, 16, 6, 4)
    row = network.flattened(patches)
    assert torch.equal(row.reshape(2, 6, 4, 16), maps.permute(0, 2, 3, 1))


@pytest.mark.parametrize("shape", [(96, 64), (1, 96, 64), (1, 1, 64, 96), (2, 3, 96, 64)])
def test_other_shapes_are_refused(network, shape):
    with pytest.raises(InputError, match="patches must have shape"):
        network(torch.zeros(shape))


def test_codes_round_down_or_to_the_nearest():
    codes = AudioSetCodes(np.eye(3), np.array([0.0, 1.0, 0.0]))
    vectors = np.array([[-5.0, 1.0, 5.0], [0.01, 1.006, -2.0]])
    # 63.75 levels for 1, 127.5 for 0.
    assert codes(vectors).tolist() == [[0, 127, 255], [128, 127, 0]]
    assert codes(vectors, rounds=True).tolist() == [[0, 128, 255], [128, 128, 0]]


@pytest.mark.parametrize("means", [np.zeros(3), np.zeros((2, 1))])
def test_codes_of_other_sizes_are_refused(means):
    with pytest.raises(InputError, match="directions must have shape"):
        AudioSetCodes(np.eye(2), means)
