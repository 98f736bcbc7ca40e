"""Published weights of residual networks, read from safetensors.

The names of their parameters are those of torchvision, which `ResNet` has as well; so nothing is
renamed. What the network is, its tensors tell.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from hearsight.errors import WeightsError
from hearsight.models.blocks.resnet import BasicBlock, Bottleneck, ResNet
from hearsight.weights.files import load_strictly, read_tensors

_N_STAGES = 4


def load_resnet(path: str | Path) -> ResNet:
    """Read a residual network, ResNet-18 and ResNet-50 among others.

    Parameters
    ----------
    path : str or Path
        Safetensors with the published names.

    Returns
    -------
    ResNet
        In evaluation mode, on the CPU.

    Raises
    ------
    WeightsError
        If the file is missing or damaged, holds no safetensors, or is not that of a ResNet.
    """
    state = read_tensors(path)
    if "fc.weight" not in state or "layer1.0.conv1.weight" not in state:
        msg = (
            f"{path}: holds no ResNet, for fc.weight or layer1.0.conv1.weight is missing; give "
            "weights with the names of torchvision"
        )
        raise WeightsError(msg)
    block = Bottleneck if "layer1.0.conv3.weight" in state else BasicBlock
    n_blocks = [_n_blocks(state, stage + 1) for stage in range(_N_STAGES)]
    n_filters = len(state.get("conv1.weight", ()))
    network = ResNet(block, n_blocks, len(state["fc.weight"]), n_filters=max(1, n_filters))
    load_strictly(network, state, path)
    return network.eval()


def _n_blocks(state: Mapping[str, Tensor], stage: int) -> int:
    return sum(bool(re.fullmatch(rf"layer{stage}\.\d+\.conv1\.weight", name)) for name in state)
