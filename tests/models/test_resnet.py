"""Residual networks: published names and sizes, and blocks computed by hand."""

import pytest
import torch
from torch import nn

from hearsight.errors import InputError
from hearsight.models.blocks.resnet import (
    BasicBlock,
    Bottleneck,
    ResNet,
    resnet18,
    resnet50,
    scatter_gains,
)

PUBLISHED = {
    resnet18: {
        "conv1.weight": (64, 3, 7, 7),
        "bn1.running_var": (64,),
        "layer1.1.conv2.weight": (64, 64, 3, 3),
        "layer2.0.conv1.weight": (128, 64, 3, 3),
        "layer2.0.downsample.0.weight": (128, 64, 1, 1),
        "layer2.0.downsample.1.num_batches_tracked": (),
        "layer4.1.bn2.bias": (512,),
        "fc.weight": (1000, 512),
        "fc.bias": (1000,),
    },
    resnet50: {
        "conv1.weight": (64, 3, 7, 7),
        "layer1.0.conv1.weight": (64, 64, 1, 1),
        "layer1.0.conv3.weight": (256, 64, 1, 1),
        "layer1.0.downsample.0.weight": (256, 64, 1, 1),
        "layer1.2.conv1.weight": (64, 256, 1, 1),
        "layer3.5.conv2.weight": (256, 256, 3, 3),
        "layer4.0.downsample.1.running_mean": (2048,),
        "layer4.2.bn3.weight": (2048,),
        "fc.weight": (1000, 2048),
    },
}


@pytest.mark.parametrize(
    ("build", "n_parameters", "n_convolutions"),
    [(resnet18, 11_689_512, 20), (resnet50, 25_557_032, 53)],
)
def test_has_the_published_names_and_sizes(build, n_parameters, n_convolutions):
    network = build()
    state = network.state_dict()
    assert sum(parameter.numel() for parameter in network.parameters()) == n_parameters
    # A normalization with five tensors behind each convolution, and the classifier's two.
    assert len(state) == 6 * n_convolutions + 2
    assert {name: tuple(state[name].shape) for name in PUBLISHED[build]} == PUBLISHED[build]


def small(block):
    torch.manual_seed(0)
    return ResNet(block, (1, 2, 1, 1), n_classes=5).eval()


@pytest.mark.parametrize("block", [BasicBlock, Bottleneck])
def test_maps_have_a_32nd_of_the_size_rounded_up(block):
    network = small(block)
    n_channels = 512 * block.expansion
    assert network.n_channels == n_channels
    assert network(torch.randn(2, 3, 64, 97)).shape == (2, n_channels, 2, 4)
    assert network(torch.randn(1, 3, 32, 32)).shape == (1, n_channels, 1, 1)


def test_pools_and_classifies_the_last_map():
    network, pictures = small(BasicBlock), torch.randn(2, 3, 64, 96)
    pooled = network(pictures).flatten(2).mean(dim=-1)
    torch.testing.assert_close(network.pooled(pictures), pooled)
    logits = pooled @ network.fc.weight.T + network.fc.bias
    torch.testing.assert_close(network.logits(pictures), logits)


def test_stages_must_be_four():
    with pytest.raises(InputError, match=r"n_blocks .* got \[2, 2\]"):
        ResNet(BasicBlock, (2, 2))


def by_hand(block, **kernels):
    """Give a block of one channel kernels of one value, and take the noise of `eps` out."""
    for module in block.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eps = 0.0
    for name, kernel in kernels.items():
        convolution = block.downsample[0] if name == "downsample" else getattr(block, name)
        with torch.no_grad():
            convolution.weight.copy_(torch.as_tensor(kernel))
    return block.eval()


def center(value):
    """A 3 x 3 kernel that only scales."""
    kernel = torch.zeros(3, 3)
    kernel[1, 1] = value
    return kernel


def picture(rows):
    return torch.tensor(rows, dtype=torch.float32)[None, None]


def test_a_basic_block_adds_its_input_before_it_rectifies():
    block = by_hand(BasicBlock(1, 1, stride=1), conv1=center(2.0), conv2=center(-0.25))
    assert block.downsample is None
    # x + -0.25 * relu(2 x) for 4 and -4.
    assert torch.equal(block(picture([[4.0, -4.0]])), picture([[2.0, 0.0]]))


def test_a_basic_block_shrinks_its_input_along():
    block = BasicBlock(1, 1, stride=2)
    by_hand(block, conv1=torch.ones(3, 3), conv2=center(1.0), downsample=10.0)
    found = block(picture([[1, 2, 3], [4, 5, 6], [7, 8, 9]]))
    # At the corners: the four around, and ten times the pixel itself.
    assert torch.equal(found, picture([[12 + 10, 16 + 30], [24 + 70, 28 + 90]]))


def test_a_bottleneck_shrinks_in_its_middle():
    block = Bottleneck(1, 1, stride=2)
    quarters = torch.tensor([1.0, 0.0, -1.0, 2.0]).reshape(4, 1, 1, 1)
    zeros = torch.zeros(4, 1, 1, 1)
    by_hand(block, conv1=1.0, conv2=torch.ones(3, 3), conv3=quarters, downsample=zeros)
    found = block(picture([[1, 2, 3], [4, 5, 6], [7, 8, 9]]))
    # All nine pixels are seen, which they would not be if the first convolution skipped some.
    sums = torch.tensor([[12.0, 16.0], [24.0, 28.0]])
    assert torch.equal(found[0], torch.stack([sums, 0 * sums, 0 * sums, 2 * sums]))


def test_gradients_reach_every_parameter():
    network = small(Bottleneck)
    network.logits(torch.randn(2, 3, 64, 64)).square().mean().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad.any(), name


def test_the_last_stage_may_keep_the_size():
    network = resnet18(None, n_inputs=1, n_filters=4, last_stride=1).eval()
    assert network.n_channels == 32
    assert network(torch.randn(2, 1, 65, 90)).shape == (2, 32, 5, 6)
    # It changes the channels all the same.
    assert network.layer4[0].downsample[0].weight.shape == (32, 16, 1, 1)


def test_without_classes_there_is_no_classifier():
    network = resnet18(None, n_filters=4)
    assert not any(name.startswith("fc.") for name in network.state_dict())
    with pytest.raises(InputError, match="has no classifier"):
        network.logits(torch.randn(1, 3, 32, 32))


def test_saliency_is_the_mean_of_the_channels():
    network, pictures = small(BasicBlock), torch.randn(2, 3, 64, 96)
    torch.testing.assert_close(network.saliency(pictures), network(pictures).mean(dim=1))
    assert (network.saliency(pictures) >= 0).all()


def test_starts_from_another_but_keeps_its_classifier():
    network, trained = small(BasicBlock), ResNet(BasicBlock, (1, 2, 1, 1), n_classes=7).eval()
    classifier = network.fc.weight.clone()
    network.start_from(trained)
    pictures = torch.randn(1, 3, 64, 64)
    assert torch.equal(network(pictures), trained(pictures))
    assert torch.equal(network.fc.weight, classifier)


def test_starts_from_nothing_deeper():
    network = small(BasicBlock)
    with pytest.raises(InputError, match=r"differs in layer3\.1\.conv1\.weight and"):
        network.start_from(ResNet(BasicBlock, (1, 2, 2, 1)))


def test_gains_are_scattered_about_one():
    torch.manual_seed(0)
    network = resnet18(None, n_filters=16)
    scatter_gains(network)
    gains = network.layer4[1].bn2.weight
    assert abs(gains.mean() - 1) < 0.01
    assert 0.01 < gains.std() < 0.03
