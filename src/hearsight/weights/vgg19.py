"""Published weights of VGG-19, as torchvision and as Keras store them.

    torchvision      features.{0,2,5,...,34}.{weight,bias}       here the same
    Keras            block{1..5}_conv{1..4}: kernel, bias        in that order

The classifier is dropped. The two want pictures prepared in other ways, so their features differ.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from hearsight.errors import WeightsError
from hearsight.models.vgg19 import N_CONVOLUTIONS, Vgg19
from hearsight.weights.checkpoints import read_checkpoint
from hearsight.weights.files import load_strictly
from hearsight.weights.keras import Layers, read_keras

_log = logging.getLogger(__name__)

_KERAS_SUFFIXES = (".h5", ".hdf5")
_CLASSIFIER = ("classifier.", "fc", "predictions")


def load_vgg19(path: str | Path) -> Vgg19:
    """Read VGG-19; what was dropped is logged.

    Parameters
    ----------
    path : str or Path
        A state dict of torchvision, as safetensors or of `torch.save`; HDF5 of Keras (.h5, .hdf5).

    Returns
    -------
    Vgg19
        In evaluation mode, on the CPU.

    Raises
    ------
    MissingExtraError
        If HDF5 is given and h5py is not installed.
    WeightsError
        If the file is missing, damaged or unsafe, or is not that of VGG-19.
    """
    if Path(path).suffix.lower() in _KERAS_SUFFIXES:
        state, dropped = from_keras(read_keras(path), path)
    else:
        state, dropped = from_torchvision(read_checkpoint(path))
    if "features.0.weight" not in state:
        msg = (
            f"{path}: holds no VGG-19, for features.0.weight is missing; give weights with the "
            "names of torchvision or Keras"
        )
        raise WeightsError(msg)
    network = Vgg19(max(1, len(state["features.0.weight"])))
    load_strictly(network, state, path)
    if dropped:
        _log.info("%s: dropped %s", path, ", ".join(dropped))
    return network.eval()


def from_torchvision(state: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], tuple[str, ...]]:
    """Return the convolutions, and the names of what was dropped: the classifier."""
    dropped = tuple(name for name in state if name.startswith(_CLASSIFIER))
    return {name: state[name] for name in state if name not in dropped}, dropped


def from_keras(
    layers: Layers, source: str | Path = "these weights"
) -> tuple[dict[str, Tensor], tuple[str, ...]]:
    """Turn Keras' layers into a state dict.

    Parameters
    ----------
    layers : mapping of str to mapping of str to ndarray
        Arrays by layer, as `hearsight.weights.keras.read_keras` returns them.
    source : str or Path
        For messages.

    Returns
    -------
    dict of str to Tensor
        For `load_state_dict`, which finds what is missing.
    tuple of str
        Layers that were dropped: the classifier.

    Raises
    ------
    WeightsError
        If there are other layers, or a layer is no convolution.
    """
    dropped = tuple(name for name in layers if name.startswith(_CLASSIFIER))
    ours, state = _names(), {}
    for name in layers.keys() - dropped:
        # By their axes: Keras has called them in several ways.
        arrays = {array.ndim: torch.from_numpy(array) for array in layers[name].values()}
        if name not in ours or arrays.keys() != {1, 4}:
            msg = f"{source}: the layer {name} is none of VGG-19; give its weights of Keras"
            raise WeightsError(msg)
        state[f"{ours[name]}.weight"] = arrays[4].permute(3, 2, 0, 1).contiguous()
        state[f"{ours[name]}.bias"] = arrays[1]
    return state, dropped


def _names() -> dict[str, str]:
    """Return our names of Keras' layers."""
    modules = Vgg19(1).named_modules()
    ours = [name for name, module in modules if isinstance(module, nn.Conv2d)]
    theirs = [
        f"block{block + 1}_conv{number + 1}"
        for block, n_convolutions in enumerate(N_CONVOLUTIONS)
        for number in range(n_convolutions)
    ]
    return dict(zip(theirs, ours, strict=True))
