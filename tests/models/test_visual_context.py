"""Nodes of the visual-context network: what is foreground, and maps without a sound."""

import pytest
import torch

from hearsight.errors import InputError
from hearsight.models.visual_context import VisualContextNet, node_agreement


@pytest.fixture
def network():
    torch.manual_seed(0)
    return VisualContextNet(width=4, n_nodes=4, n_foreground=2)


@pytest.fixture
def pairs():
    torch.manual_seed(1)
    return torch.randn(3, 3, 64, 64), torch.randn(3, 1, 65, 50)


def test_published_size():
    network = VisualContextNet()
    assert network.nodes.weight.shape == (16, 512, 1, 1)
    assert network.scale.tolist() == [1.0]
    n_parameters = sum(parameter.numel() for parameter in network.parameters())
    # Two trunks of ResNet-18 without their classifiers, one with a stem of one channel.
    assert n_parameters == 2 * (11_689_512 - 513_000) - 2 * 64 * 49 + 16 * 512 + 1


def test_the_learned_scale_is_in_similarities_and_not_in_cosines(network, pairs):
    network.eval()
    with torch.no_grad():
        before = network(*pairs).similarities
        cosine = network.cosine(*pairs)
        network.scale.fill_(-30.0)
        assert torch.equal(network(*pairs).similarities, -30 * before)
        assert torch.equal(network.cosine(*pairs), cosine)


def test_agreement_is_the_cosine_with_the_pairs_own_sound():
    features, sounds = torch.randn(2, 5, 3), torch.nn.functional.normalize(torch.randn(2, 5))
    found = node_agreement(features, sounds)
    expected = torch.cosine_similarity(features[1, :, 2], sounds[1], dim=0)
    torch.testing.assert_close(found[1, 2], expected)


def test_training_notes_how_often_nodes_are_foreground(network, pairs):
    assert not network.foreground_frequency.any()
    agreement = network.train()(*pairs).nodes.agreement
    counts = torch.zeros(4)
    for row in agreement:
        counts[row.topk(2).indices] += 1
    torch.testing.assert_close(network.foreground_frequency, 0.01 * counts / len(agreement))
    before = network.foreground_frequency.clone()
    network.eval()(*pairs)
    assert torch.equal(network.foreground_frequency, before)
    assert "foreground_frequency" in network.state_dict()


def test_what_could_sound_is_the_mean_of_the_usual_foreground(network, pairs):
    network.eval()
    with torch.no_grad():
        maps = network(*pairs).nodes.maps
        torch.testing.assert_close(network.visual_map(pairs[0]), maps.mean(dim=1))
        network.foreground_frequency.copy_(torch.tensor([0.2, 0.9, 0.1, 0.8]))
        torch.testing.assert_close(network.visual_map(pairs[0]), maps[:, [1, 3]].mean(dim=1))


def test_without_nodes_there_is_no_map_without_a_sound(pairs):
    network = VisualContextNet(width=4, n_nodes=0)
    assert network(*pairs).nodes is None
    assert not any("node" in name or "foreground" in name for name in network.state_dict())
    with pytest.raises(InputError, match="has no nodes"):
        network.visual_map(pairs[0])


def test_a_map_without_a_sound_wants_pictures(network):
    with pytest.raises(InputError, match=r"pictures must have shape"):
        network.visual_map(torch.zeros(3, 64, 64))


@pytest.mark.parametrize("n_foreground", [0, 5])
def test_foreground_must_be_among_the_nodes(n_foreground):
    with pytest.raises(InputError, match="n_foreground must be 1 to n_nodes = 4"):
        VisualContextNet(n_nodes=4, n_foreground=n_foreground)


def test_dropout_acts_in_training_alone(pairs):
    torch.manual_seed(0)
    network = VisualContextNet(
        width=4, n_nodes=4, n_foreground=2, map_dropout=0.5, feature_dropout=0.5
    )
    assert (network.train()(*pairs).nodes.maps == 0).any()
    assert not (network.eval()(*pairs).nodes.maps == 0).any()


def test_sounds_of_no_picture_change_no_map(network, pairs):
    pictures, sounds = pairs
    network.eval()
    with torch.no_grad():
        alone, beside = (
            network(pictures, sounds),
            network(pictures, torch.cat([sounds, sounds[:2]])),
        )
    assert beside.others.shape[:2] == (3, 2)
    assert alone.others.shape[:2] == (3, 0)
    torch.testing.assert_close(beside.similarities, alone.similarities)
    torch.testing.assert_close(beside.others, alone.similarities[:, :2])
    torch.testing.assert_close(beside.embedding.own_cosines(), alone.embedding.own_cosines())
    torch.testing.assert_close(beside.nodes.agreement, alone.nodes.agreement)
    with pytest.raises(InputError, match="one for each of 3 pictures"):
        network(pictures, sounds[:2])


def test_sounds_of_no_picture_leave_the_statistics_of_a_batch_alone(network, pairs):
    pictures, sounds = pairs
    network.train()
    trunk = network.sound_trunk
    before = {name: value.clone() for name, value in trunk.state_dict().items()}
    alone = network(pictures, sounds).embedding.sounds.detach()
    after = {name: value.clone() for name, value in trunk.state_dict().items()}
    trunk.load_state_dict(before)
    loud = torch.cat([sounds, 100.0 * torch.randn_like(sounds[:1])])
    found = network(pictures, loud)
    torch.testing.assert_close(found.embedding.sounds.detach(), alone)
    for name, value in trunk.state_dict().items():
        torch.testing.assert_close(value, after[name])
    assert trunk.training


def test_from_sounds_of_no_picture_only_what_hears_learns(network, pairs):
    pictures, sounds = pairs
    network.train()
    network(pictures, torch.cat([sounds, sounds[:1]])).others.sum().backward()
    learns = {name for name, value in network.named_parameters() if value.grad is not None}
    assert learns
    assert all(name.startswith("sound_trunk.") for name in learns)
