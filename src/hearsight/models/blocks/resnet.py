"""`ResNet`: residual networks for pictures, under the published names of their parameters.

Pictures are (batch, channels, height, width), normalized as the weights want them; for ImageNet's
see `hearsight.features.frames`. Maps have a 32nd of their height and width, rounded up, or a 16th.
Spectrograms are pictures of one channel.

References
----------
.. [1] K. He, X. Zhang, S. Ren and J. Sun, "Deep residual learning for image recognition", CVPR
   2016. The stride of a bottleneck lies on its 3 x 3 convolution, as in the weights of torchvision.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, cast

import torch
from torch import Tensor, nn

from hearsight.errors import InputError
from hearsight.models.blocks.normalization import CountedBatchNorm2d

_N_STAGES = 4
"""Each has twice the filters of the one before."""


class BasicBlock(nn.Module):
    """Two 3 x 3 convolutions, and the input added to what they give.

    Parameters
    ----------
    n_inputs : int
        Channels.
    n_filters : int
        Channels of the output.
    stride : int
        What height and width are divided by.
    """

    expansion: ClassVar[int] = 1

    def __init__(self, n_inputs: int, n_filters: int, stride: int) -> None:
        super().__init__()
        self.conv1 = _convolution(n_inputs, n_filters, 3, stride)
        self.bn1 = CountedBatchNorm2d(n_filters)
        self.conv2 = _convolution(n_filters, n_filters, 3)
        self.bn2 = CountedBatchNorm2d(n_filters)
        self.downsample = _shortcut(n_inputs, n_filters, stride)

    def forward(self, maps: Tensor) -> Tensor:
        """Turn (batch, inputs, height, width) into (batch, filters, ...)."""
        found = torch.relu(self.bn1(self.conv1(maps)))
        found = self.bn2(self.conv2(found))
        return torch.relu(found + (maps if self.downsample is None else self.downsample(maps)))


class Bottleneck(nn.Module):
    """A 3 x 3 convolution between two of 1 x 1, and the input added to what they give.

    Parameters
    ----------
    n_inputs : int
        Channels.
    n_filters : int
        Channels of the 3 x 3 convolution, a quarter of those of the output.
    stride : int
        What height and width are divided by.
    """

    expansion: ClassVar[int] = 4

    def __init__(self, n_inputs: int, n_filters: int, stride: int) -> None:
        super().__init__()
        n_outputs = self.expansion * n_filters
        self.conv1 = _convolution(n_inputs, n_filters, 1)
        self.bn1 = CountedBatchNorm2d(n_filters)
        self.conv2 = _convolution(n_filters, n_filters, 3, stride)
        self.bn2 = CountedBatchNorm2d(n_filters)
        self.conv3 = _convolution(n_filters, n_outputs, 1)
        self.bn3 = CountedBatchNorm2d(n_outputs)
        self.downsample = _shortcut(n_inputs, n_outputs, stride)

    def forward(self, maps: Tensor) -> Tensor:
        """Turn (batch, inputs, height, width) into (batch, 4 * filters, ...)."""
        found = torch.relu(self.bn1(self.conv1(maps)))
        found = torch.relu(self.bn2(self.conv2(found)))
        found = self.bn3(self.conv3(found))
        return torch.relu(found + (maps if self.downsample is None else self.downsample(maps)))


class ResNet(nn.Module):
    """A residual network of four stages; `n_channels` has the channels of its map.

    Parameters
    ----------
    block : type
        `BasicBlock` or `Bottleneck`.
    n_blocks : sequence of four int
        In each stage.
    n_classes : int or None
        1000 for ImageNet; None: the network has no classifier.
    n_inputs : int
        Channels of the pictures.
    n_filters : int
        Of the first stage.
    last_stride : {1, 2}
        What the last stage divides height and width by; 1 leaves maps of a 16th of the picture.

    Raises
    ------
    InputError
        If the stages are not four.
    """

    def __init__(
        self,
        block: type[BasicBlock | Bottleneck],
        n_blocks: Sequence[int],
        n_classes: int | None = 1000,
        *,
        n_inputs: int = 3,
        n_filters: int = 64,
        last_stride: int = 2,
    ) -> None:
        super().__init__()
        if len(n_blocks) != _N_STAGES:
            msg = f"n_blocks must have one number for each of four stages, got {list(n_blocks)}"
            raise InputError(msg)
        self.conv1 = _convolution(n_inputs, n_filters, 7, stride=2)
        self.bn1 = CountedBatchNorm2d(n_filters)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        n_before, strides = n_filters, (1, 2, 2, last_stride)
        for stage, (n, stride) in enumerate(zip(n_blocks, strides, strict=True)):
            n_inside = n_filters * 2**stage
            first = block(n_before, n_inside, stride)
            n_before = block.expansion * n_inside
            others = (block(n_before, n_inside, stride=1) for _ in range(n - 1))
            self.add_module(f"layer{stage + 1}", nn.Sequential(first, *others))
        self.n_channels = n_before
        self.fc = None if n_classes is None else nn.Linear(n_before, n_classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, pictures: Tensor) -> Tensor:
        """Return the last map.

        Parameters
        ----------
        pictures : Tensor, shape (batch, inputs, height, width)

        Returns
        -------
        Tensor, shape (batch, channels, height / 32, width / 32)
            Not negative; 7 x 7 for pictures of 224 x 224. With `last_stride=1` a 16th: 14 x 14.
        """
        maps: Tensor = self.maxpool(torch.relu(self.bn1(self.conv1(pictures))))
        for stage in range(_N_STAGES):
            maps = self.get_submodule(f"layer{stage + 1}")(maps)
        return maps

    def start_from(self, trained: ResNet) -> None:
        """Take over the weights of another network, all but those of its classifier.

        Raises
        ------
        InputError
            If it has other blocks, filters or inputs.
        """
        own, theirs = _body(self), _body(trained)
        shapes = [{name: value.shape for name, value in body.items()} for body in (own, theirs)]
        other = [name for name in own | theirs if shapes[0].get(name) != shapes[1].get(name)]
        if other:
            msg = (
                f"trained must be like the network that starts from it, but differs in {other[0]} "
                f"and {len(other) - 1} more; published ResNet-18 fits where the width is 64"
            )
            raise InputError(msg)
        self.load_state_dict(theirs, strict=False)  # its own classifier stays

    def pooled(self, pictures: Tensor) -> Tensor:
        """Return the mean of the last map over the picture, shape (batch, channels)."""
        return cast("Tensor", self(pictures)).mean(dim=(-2, -1))

    def saliency(self, pictures: Tensor) -> Tensor:
        """Return where it is active: the mean of the last map's channels, (batch, height, width).

        Not negative. Of a network that knows ImageNet, where objects are, whatever sounds.
        """
        return cast("Tensor", self(pictures)).mean(dim=1)

    def logits(self, pictures: Tensor) -> Tensor:
        """Return the scores of the classes before the softmax, shape (batch, classes)."""
        if self.fc is None:
            msg = "this network has no classifier; build it with n_classes"
            raise InputError(msg)
        return cast("Tensor", self.fc(self.pooled(pictures)))


def resnet18(
    n_classes: int | None = 1000, *, n_inputs: int = 3, n_filters: int = 64, last_stride: int = 2
) -> ResNet:
    """Build ResNet-18 with random weights: maps of 512 channels, or of eight times `n_filters`."""
    return ResNet(
        BasicBlock,
        (2, 2, 2, 2),
        n_classes,
        n_inputs=n_inputs,
        n_filters=n_filters,
        last_stride=last_stride,
    )


def resnet50(n_classes: int = 1000) -> ResNet:
    """Build ResNet-50 with random weights: maps of 2048 channels."""
    return ResNet(Bottleneck, (3, 4, 6, 3), n_classes)


def _body(network: ResNet) -> dict[str, Tensor]:
    """Return all parameters and buffers but those of the classifier."""
    state = network.state_dict()
    return {name: value for name, value in state.items() if not name.startswith("fc.")}


def scatter_gains(network: nn.Module) -> None:
    """Draw the gains of all batch normalizations about 1, with a deviation of 0.02."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight, mean=1.0, std=0.02)


def _convolution(n_inputs: int, n_outputs: int, size: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(n_inputs, n_outputs, size, stride, padding=size // 2, bias=False)


def _shortcut(n_inputs: int, n_outputs: int, stride: int) -> nn.Sequential | None:
    """Return what leads the input around a block, where its shape changes."""
    if stride == 1 and n_inputs == n_outputs:
        return None
    return nn.Sequential(
        _convolution(n_inputs, n_outputs, 1, stride), CountedBatchNorm2d(n_outputs)
    )
