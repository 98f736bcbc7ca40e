"""Batch normalization in which some of a batch do not count."""

import pytest
import torch
from torch import nn

from hearsight.models.blocks.normalization import CountedBatchNorm2d, counting


@pytest.fixture
def maps():
    torch.manual_seed(0)
    return 3.0 * torch.randn(6, 2, 4, 5) + 1.0


@pytest.fixture
def norm():
    torch.manual_seed(1)
    norm = CountedBatchNorm2d(2)
    nn.init.normal_(norm.weight)
    nn.init.normal_(norm.bias)
    return norm


def test_where_all_count_it_is_that_of_pytorch(norm, maps):
    torchs = nn.BatchNorm2d(2)
    torchs.load_state_dict(norm.state_dict())
    for is_training in (True, False):
        norm.train(is_training)
        torchs.train(is_training)
        assert torch.equal(norm(maps), torchs(maps))
        with counting(norm, len(maps)):
            assert torch.equal(norm(maps), torchs(maps))
    assert norm.state_dict().keys() == torchs.state_dict().keys()


def test_what_does_not_count_changes_nothing_for_the_rest(norm, maps):
    before = {name: value.clone() for name, value in norm.state_dict().items()}
    alone = norm(maps[:4])
    after = {name: value.clone() for name, value in norm.state_dict().items()}
    norm.load_state_dict(before)
    with counting(norm, 4):
        found = norm(torch.cat([maps[:4], 100.0 * maps[4:]]))
    assert torch.equal(found[:4], alone)
    for name, value in norm.state_dict().items():
        assert torch.equal(value, after[name])


def test_it_is_normalized_as_the_rest(norm, maps):
    with counting(norm, 4):
        found = norm(torch.cat([maps[:4], maps[:2]]))
    torch.testing.assert_close(found[4:], found[:2])
    norm.eval()
    with counting(norm, 1):
        assert torch.equal(norm(maps)[3], norm(maps[3:4])[0])  # in use statistics are known


def test_gradients_know_that_the_statistics_move_along(norm, maps):
    """A shift of all that is heard changes nothing, and so must not be learned."""
    shift, stretch = torch.zeros(1, requires_grad=True), torch.ones(1, requires_grad=True)
    with counting(norm, 4):
        found = norm(stretch * maps + shift)[4:]
    found.square().sum().backward()
    assert shift.grad.item() == pytest.approx(0.0, abs=1e-3)
    assert stretch.grad.item() == pytest.approx(0.0, abs=1e-3)


def test_outside_of_the_block_all_count(norm, maps):
    with counting(nn.Sequential(norm), 2):
        assert norm.n_counted == 2
    with pytest.raises(ValueError, match="4D"), counting(norm, 2):
        norm(maps[0])
    assert norm.n_counted is None
