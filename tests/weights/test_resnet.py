"""Residual networks from safetensors; what is something else is refused."""

import pickle

import pytest
import torch
from safetensors.torch import save_file

from hearsight.errors import WeightsError
from hearsight.models.blocks.resnet import BasicBlock, Bottleneck, ResNet
from hearsight.weights.resnet import load_resnet


@pytest.fixture
def network():
    torch.manual_seed(0)
    return ResNet(BasicBlock, (1, 2, 1, 1), n_classes=5).eval()


@pytest.mark.parametrize("block", [BasicBlock, Bottleneck])
def test_is_what_its_tensors_say(tmp_path, block):
    network = ResNet(block, (1, 2, 1, 1), n_classes=5).eval()
    save_file(network.state_dict(), tmp_path / "resnet.safetensors")
    loaded = load_resnet(tmp_path / "resnet.safetensors")
    pictures = torch.randn(1, 3, 64, 64)
    assert not loaded.training
    assert torch.equal(loaded.logits(pictures), network.logits(pictures))


@pytest.mark.parametrize("zipped", [True, False])
def test_a_pickle_is_refused_unread(tmp_path, network, zipped):
    file = tmp_path / "resnet.pth"
    torch.save(network.state_dict(), file, _use_new_zipfile_serialization=zipped)
    with pytest.raises(WeightsError, match=r"resnet.pth: is a pickle, .*save_file"):
        load_resnet(file)


def test_code_in_a_pickle_does_not_run(tmp_path):
    class Trap:
        def __reduce__(self):
            return (tmp_path / "sprung").write_text, ("",)

    file = tmp_path / "resnet.safetensors"
    file.write_bytes(pickle.dumps(Trap()))
    with pytest.raises(WeightsError, match="is a pickle"):
        load_resnet(file)
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("content", [b"", b"\x10", b"not tensors at all, and quite long"])
def test_a_damaged_file_is_refused(tmp_path, content):
    file = tmp_path / "resnet.safetensors"
    file.write_bytes(content)
    with pytest.raises(WeightsError, match="cannot be read as safetensors"):
        load_resnet(file)


def test_a_truncated_file_is_refused(tmp_path, network):
    file = tmp_path / "resnet.safetensors"
    save_file(network.state_dict(), file)
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(WeightsError, match="cannot be read as safetensors"):
        load_resnet(file)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(WeightsError, match=r"nowhere.safetensors: cannot be read"):
        load_resnet(tmp_path / "nowhere.safetensors")


def test_weights_of_something_else_are_refused(tmp_path):
    save_file({"gru.weight": torch.ones(2)}, tmp_path / "gru.safetensors")
    with pytest.raises(WeightsError, match="holds no ResNet"):
        load_resnet(tmp_path / "gru.safetensors")


def test_missing_and_unknown_tensors_are_named(tmp_path, network):
    state = network.state_dict()
    state["bn1.wait"] = state.pop("bn1.weight")
    save_file(state, tmp_path / "resnet.safetensors")
    with pytest.raises(WeightsError, match=r'does not fit ResNet: .*"bn1.weight".*"bn1.wait"'):
        load_resnet(tmp_path / "resnet.safetensors")
