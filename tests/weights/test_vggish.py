"""VGGish as its port and as TensorFlow store it; what is something else is refused."""

import logging

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from hearsight.errors import WeightsError
from hearsight.models.vggish import Vggish
from hearsight.weights.vggish import load_audioset_codes, load_vggish

PATCHES = torch.randn(3, 1, 96, 64, generator=torch.Generator().manual_seed(1))
LAYERS = {
    "features.0": "vggish/conv1",
    "features.3": "vggish/conv2",
    "features.6": "vggish/conv3/conv3_1",
    "features.8": "vggish/conv3/conv3_2",
    "features.11": "vggish/conv4/conv4_1",
    "features.13": "vggish/conv4/conv4_2",
    "embeddings.0": "vggish/fc1/fc1_1",
    "embeddings.2": "vggish/fc1/fc1_2",
    "embeddings.4": "vggish/fc2",
}


@pytest.fixture
def network():
    torch.manual_seed(0)
    return Vggish(2, 8, 5).eval()


def tensorflow(network, ending=""):
    """Return variables as TensorFlow has them: outputs last."""
    variables = {}
    for name, layer in LAYERS.items():
        weight = network.get_submodule(name).weight.detach().numpy()
        axes = (2, 3, 1, 0) if weight.ndim == 4 else (1, 0)
        variables[f"{layer}/weights{ending}"] = weight.transpose(axes)
        variables[f"{layer}/biases{ending}"] = network.get_submodule(name).bias.detach().numpy()
    return variables


@pytest.mark.parametrize("kind", ["pth", "safetensors", "npz", "npz with :0"])
@pytest.mark.parametrize("relu_last", [True, False])
def test_reads_published_files(tmp_path, network, kind, relu_last):
    file = tmp_path / f"vggish.{kind.partition(' ')[0]}"
    if kind == "pth":
        torch.save(network.state_dict(), file)
    elif kind == "safetensors":
        save_file(network.state_dict(), file)
    else:
        np.savez(file, **tensorflow(network, kind.partition("with ")[2]))
    loaded = load_vggish(file, relu_last=relu_last)
    network.relu_last = relu_last
    assert not loaded.training
    assert torch.equal(loaded(PATCHES), network(PATCHES))


def test_the_codes_of_the_port_are_dropped_and_named(tmp_path, caplog, network):
    codes = {"pproc.pca_means": torch.ones(5, 1)}
    torch.save(network.state_dict() | codes, tmp_path / "vggish.pth")
    with caplog.at_level(logging.INFO):
        load_vggish(tmp_path / "vggish.pth")
    assert "dropped pproc.pca_means" in caplog.text


def test_missing_and_unknown_names_are_refused(tmp_path, network):
    variables = tensorflow(network)
    np.savez(tmp_path / "a.npz", **variables, **{"vggish/fc3/weights": np.ones(2)})
    with pytest.raises(WeightsError, match=r"a\.npz: the variable vggish/fc3/weights is none"):
        load_vggish(tmp_path / "a.npz")
    del variables["vggish/fc1/fc1_2/weights"]
    np.savez(tmp_path / "b.npz", **variables)
    with pytest.raises(WeightsError, match=r'Vggish: Missing .*"embeddings.2.weight"'):
        load_vggish(tmp_path / "b.npz")
    save_file({"conv1.weight": torch.ones(2)}, tmp_path / "c.safetensors")
    with pytest.raises(WeightsError, match=r"c\.safetensors: holds no VGGish"):
        load_vggish(tmp_path / "c.safetensors")


def test_pickles_in_npz_are_not_run(tmp_path):
    class Trap:
        def __reduce__(self):
            return (tmp_path / "sprung").write_text, ("",)

    np.savez(tmp_path / "a.npz", **{"vggish/conv1/weights": np.array([Trap()], dtype=object)})
    with pytest.raises(WeightsError, match=r"a\.npz: cannot be read as \.npz"):
        load_vggish(tmp_path / "a.npz")
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"nothing at all"])
def test_damaged_files_are_refused(tmp_path, content):
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(WeightsError, match=r"a\.npz: cannot be read as \.npz"):
        load_vggish(tmp_path / "a.npz")


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(WeightsError, match=r"nowhere\.npz: cannot be read as \.npz \(No such file"):
        load_vggish(tmp_path / "nowhere.npz")


def test_reads_codes(tmp_path):
    np.savez(tmp_path / "pca.npz", pca_eigen_vectors=np.eye(3), pca_means=np.ones((3, 1)))
    codes = load_audioset_codes(tmp_path / "pca.npz")
    assert codes(np.ones((1, 3))).tolist() == [[127, 127, 127]]
    np.savez(tmp_path / "other.npz", pca_eigen_vectors=np.eye(3))
    with pytest.raises(WeightsError, match=r"other\.npz: has no proper pca_eigen_vectors"):
        load_audioset_codes(tmp_path / "other.npz")
    np.savez(tmp_path / "odd.npz", pca_eigen_vectors=np.eye(3), pca_means=np.ones(2))
    with pytest.raises(WeightsError, match=r"odd\.npz: has no proper pca_eigen_vectors"):
        load_audioset_codes(tmp_path / "odd.npz")
