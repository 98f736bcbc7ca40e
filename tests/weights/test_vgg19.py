"""VGG-19 as torchvision and as Keras store it; what is something else is refused."""

import logging
import sys

import h5py
import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from hearsight.errors import MissingExtraError, WeightsError
from hearsight.models.vgg19 import N_CONVOLUTIONS, Vgg19
from hearsight.weights.vgg19 import load_vgg19

PICTURES = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(1))


@pytest.fixture
def network():
    torch.manual_seed(0)
    return Vgg19(2).eval()


def published(network):
    return network.state_dict() | {"classifier.0.weight": torch.ones(3, 4)}


def write_keras(path, network, old_names):
    """Write as Keras 2 does, or as the published file of Keras 1 was written."""
    convolutions = iter(m for m in network.features if isinstance(m, torch.nn.Conv2d))
    layers = {"input_1": {}}
    for block, n_convolutions in enumerate(N_CONVOLUTIONS, 1):
        for number in range(1, n_convolutions + 1):
            name, convolution = f"block{block}_conv{number}", next(convolutions)
            kernel = convolution.weight.detach().permute(2, 3, 1, 0).numpy()
            names = (f"{name}_W_1:0", f"{name}_b_1:0")
            if not old_names:
                names = (f"{name}/kernel:0", f"{name}/bias:0")
            layers[name] = dict(
                zip(names, (kernel, convolution.bias.detach().numpy()), strict=True)
            )
    layers["fc1"] = {"fc1/kernel:0": np.ones((4, 2)), "fc1/bias:0": np.ones(2)}
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [name.encode() for name in layers]
        for name, arrays in layers.items():
            group = file.create_group(name)
            group.attrs["weight_names"] = [each.encode() for each in arrays]
            for each, array in arrays.items():
                group[each] = array


@pytest.mark.parametrize("kind", ["pth", "safetensors", "h5", "hdf5"])
def test_reads_published_files(tmp_path, caplog, network, kind):
    file = tmp_path / f"vgg19.{kind}"
    if kind == "pth":
        torch.save(published(network), file)
    elif kind == "safetensors":
        save_file(published(network), file)
    else:
        write_keras(file, network, old_names=kind == "h5")
    with caplog.at_level(logging.INFO):
        loaded = load_vgg19(file)
    assert not loaded.training
    assert torch.equal(loaded(PICTURES), network(PICTURES))
    assert "dropped classifier.0.weight" in caplog.text or "dropped fc1" in caplog.text


def test_other_layers_of_keras_are_refused(tmp_path, network):
    write_keras(tmp_path / "vgg.h5", network, old_names=False)
    with h5py.File(tmp_path / "vgg.h5", "a") as file:
        file.attrs["layer_names"] = [b"block1_conv1", b"block9_conv1"]
        file.copy("block1_conv1", "block9_conv1")
        file["block9_conv1"].attrs["weight_names"] = [b"block1_conv1/kernel:0"]
    with pytest.raises(WeightsError, match=r"vgg\.h5: the layer block9_conv1 is none"):
        load_vgg19(tmp_path / "vgg.h5")


def test_keras_needs_h5py(tmp_path, monkeypatch, network):
    write_keras(tmp_path / "vgg.h5", network, old_names=False)
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(MissingExtraError, match=r"hearsight\[legacy\]"):
        load_vgg19(tmp_path / "vgg.h5")


def test_missing_and_unknown_tensors_are_named(tmp_path, network):
    state = network.state_dict()
    state["features.3.weight"] = state.pop("features.34.bias")
    save_file(state, tmp_path / "net.safetensors")
    with pytest.raises(WeightsError, match=r'Vgg19: .*"features.34.bias".*"features.3.weight"'):
        load_vgg19(tmp_path / "net.safetensors")


def test_something_else_is_refused(tmp_path):
    save_file({"conv1.weight": torch.ones(2)}, tmp_path / "net.safetensors")
    with pytest.raises(WeightsError, match="holds no VGG-19"):
        load_vgg19(tmp_path / "net.safetensors")
    (tmp_path / "net.h5").write_bytes(b"nothing")
    with pytest.raises(WeightsError, match=r"net\.h5: cannot be read"):
        load_vgg19(tmp_path / "net.h5")
