"""Published checkpoints are read without running anything in them."""

import pickle
import zipfile
from argparse import Namespace

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from hearsight.errors import WeightsError
from hearsight.weights.checkpoints import read_checkpoint

STATE = {"conv.weight": torch.arange(6.0).reshape(2, 3), "bn.num_batches_tracked": torch.tensor(4)}


def same(found):
    assert found.keys() == STATE.keys()
    return all(torch.equal(found[name], tensor) for name, tensor in STATE.items())


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("wrapper", [None, "model_state_dict", "state_dict", "model"])
def test_reads_what_torch_saves(tmp_path, zipped, wrapper):
    file = tmp_path / "net.pth"
    content = {wrapper: STATE, "epoch": 7, "optimizer": {"state": {}}} if wrapper else STATE
    torch.save(content, file, _use_new_zipfile_serialization=zipped)
    assert same(read_checkpoint(file))


def test_reads_safetensors(tmp_path):
    save_file(STATE, tmp_path / "net.safetensors")
    assert same(read_checkpoint(tmp_path / "net.safetensors"))


def test_the_prefix_of_parallel_training_is_taken_off(tmp_path):
    torch.save({f"module.{name}": tensor for name, tensor in STATE.items()}, tmp_path / "net.pth")
    assert same(read_checkpoint(tmp_path / "net.pth"))


def test_scores_as_numpy_numbers_beside_the_weights_do_not_matter(tmp_path):
    scores = {"best_cIoU": np.float64(0.8), "best_Auc": np.float32(0.6), "n": np.int64(3)}
    torch.save({"model": STATE, **scores}, tmp_path / "best.pth")
    assert same(read_checkpoint(tmp_path / "best.pth"))
    # The reader knows NumPy's numbers here alone.
    with pytest.raises(pickle.UnpicklingError):
        torch.load(tmp_path / "best.pth", weights_only=True)  # noqa: TID251


class Trap:
    """Writes a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return self.path.write_text, ("",)


@pytest.mark.parametrize("how", ["zip", "old", "bare"])
def test_code_in_a_checkpoint_does_not_run(tmp_path, how):
    file, sprung = tmp_path / "evil.pth", tmp_path / "sprung"
    content = {"model": STATE, "args": Trap(sprung)}
    if how == "bare":
        file.write_bytes(pickle.dumps({"args": Trap(sprung)}))
    else:
        torch.save(content, file, _use_new_zipfile_serialization=how == "zip")
    with pytest.raises(WeightsError, match=r"evil\.pth: .*nothing in it was run") as caught:
        read_checkpoint(file)
    assert "\n" not in str(caught.value)
    assert not sprung.exists()


@pytest.mark.parametrize("module", [torch.nn.Linear(2, 2), Namespace(epochs=3)])
def test_whole_modules_and_settings_are_refused(tmp_path, module):
    torch.save({"model": STATE, "args": module}, tmp_path / "net.pth")
    with pytest.raises(WeightsError, match="save the network's state dict alone"):
        read_checkpoint(tmp_path / "net.pth")


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("share", [0.01, 0.1, 0.5, 0.9, 0.99])
def test_truncated_files_are_refused(tmp_path, zipped, share):
    file = tmp_path / "net.pth"
    torch.save(STATE, file, _use_new_zipfile_serialization=zipped)
    whole = file.read_bytes()
    file.write_bytes(whole[: max(4, int(share * len(whole)))])
    with pytest.raises(WeightsError, match=r"net\.pth: .*copy .* again"):
        read_checkpoint(file)


def test_another_zip_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "net.pth", "w") as file:
        file.writestr("hello.txt", "hello")
    with pytest.raises(WeightsError, match=r"net\.pth: cannot be read"):
        read_checkpoint(tmp_path / "net.pth")


@pytest.mark.parametrize("content", [b"", b"no tensors at all, but quite long"])
def test_other_files_are_refused(tmp_path, content):
    (tmp_path / "net.pth").write_bytes(content)
    with pytest.raises(WeightsError, match=r"net\.pth: cannot be read"):
        read_checkpoint(tmp_path / "net.pth")


def test_missing_files_are_refused(tmp_path):
    with pytest.raises(WeightsError, match=r"nowhere\.pth: cannot be read"):
        read_checkpoint(tmp_path / "nowhere.pth")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([1, 2], "holds no tensors by name"),
        ({}, "holds no tensors by name"),
        ({"model": {}}, "holds no tensors by name"),
        ({"epoch": 3}, "'epoch' is int, no tensor"),
        ({3: torch.ones(1)}, "3 is Tensor"),
    ],
)
def test_what_holds_no_tensors_is_refused(tmp_path, content, message):
    torch.save(content, tmp_path / "net.pth")
    with pytest.raises(WeightsError, match=message):
        read_checkpoint(tmp_path / "net.pth")
