"""The slow copy of SLAVC."""

import pytest
import torch

from hearsight.models.blocks.resnet import resnet18
from hearsight.models.ez_vsl import EzVslNet
from hearsight.models.slavc import SlavcNet


@pytest.fixture
def network():
    torch.manual_seed(0)
    return SlavcNet(
        width=4,
        n_embedding=8,
        picture_dropout=0.0,
        picture_momentum=0.75,
        sound_momentum=0.5,
    )


def pairs():
    return torch.randn(2, 3, 64, 64), torch.randn(2, 1, 65, 50)


def moved(network):
    """Move what learns away from its copy by one."""
    with torch.no_grad():
        for parameter in network.online.parameters():
            parameter.add_(1.0)


def distances(network):
    copies = dict(network.momentum.named_parameters())
    return {
        name: (parameter - copies[name]).detach()
        for name, parameter in network.online.named_parameters()
    }


def test_the_copy_follows_by_its_momentum_in_training(network):
    moved(network)
    network.train()(*pairs())
    for name, distance in distances(network).items():
        left = 0.75 if name.startswith("picture") else 0.5
        torch.testing.assert_close(distance, torch.full_like(distance, left), rtol=0, atol=1e-5)


def test_the_copy_rests_in_evaluation(network):
    moved(network)
    before = distances(network)
    network.eval()(*pairs())
    network.cosine(*pairs())
    for name, distance in distances(network).items():
        assert torch.equal(distance, before[name])


def test_the_copy_follows_before_it_gives_targets(network):
    moved(network)
    inputs = pairs()
    found = network.train()(*inputs).momentum
    with torch.no_grad():
        again = network.momentum(*inputs)
    torch.testing.assert_close(found.sounds, again.sounds)


def test_statistics_of_the_copy_come_from_its_own_forward(network):
    moved(network)
    network.train()(*pairs())
    own, copied = (
        trunks.sound_trunk.layer1[0].bn1.running_mean
        for trunks in (network.online, network.momentum)
    )
    assert copied.any()
    assert not torch.equal(own, copied)


def test_the_copy_has_no_gradient(network):
    output = network(*pairs())
    assert not output.momentum.pictures.requires_grad
    assert not any(parameter.requires_grad for parameter in network.momentum.parameters())


def test_maps_come_from_whom_is_asked(network):
    inputs = pairs()
    network.eval()
    moved(network)
    output = network(*inputs)
    network.uses_momentum = False
    torch.testing.assert_close(
        network.cosine(*inputs), output.online.own_cosines().mean(dim=0).clamp(-1, 1)
    )
    network.uses_momentum = True
    torch.testing.assert_close(
        network.cosine(*inputs), output.momentum.own_cosines().mean(dim=0).clamp(-1, 1)
    )


def test_the_copy_starts_where_what_it_follows_does(network):
    moved(network)
    network.start_from(resnet18(n_filters=4))
    assert not any(distance.any() for distance in distances(network).values())


def test_dropout_before_the_projection_acts_in_training_alone():
    torch.manual_seed(0)
    network, inputs = EzVslNet(width=4, n_embedding=8, picture_dropout=0.9), pairs()
    assert not torch.equal(network(*inputs).pictures, network(*inputs).pictures)
    network.eval()
    assert torch.equal(network(*inputs).pictures, network(*inputs).pictures)


def test_starts_as_published():
    torch.manual_seed(0)
    trunks = EzVslNet(width=16, n_embedding=64).trunks
    gains = torch.cat(
        [
            p.detach()
            for n, p in trunks.sound_trunk.named_parameters()
            if p.ndim == 1 and n.endswith("weight")
        ]
    )
    assert 0.01 < (gains - 1).std() < 0.03
    assert (trunks.picture_trunk.bn1.weight == 1).all()
    assert 0.009 < trunks.sound_heads[0].weight.std() < 0.011
    # Normal of deviation root(2 / 64).
    assert abs(trunks.picture_heads[0].weight.std() - (2 / 64) ** 0.5) < 0.01
