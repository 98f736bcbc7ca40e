"""The matching network of Keras: layers, branches, and what is refused."""

import sys

import h5py
import numpy as np
import pytest
import torch

from hearsight.errors import MissingExtraError, WeightsError
from hearsight.models.matching import MatchingNet
from hearsight.weights.keras import read_keras
from hearsight.weights.matching import import_matching

SIZES = {"n_video": 6, "n_audio": 5, "n_hidden": 4, "n_embedding": 3}
SHAPES = {"dense_1": (6, 4), "dense_3": (5, 4), "dense_2": (4, 3), "dense_4": (4, 3)}


def layers(shapes=SHAPES, first=1):
    """Return layers in the order of the graph, the first of which has another number."""
    noise = np.random.default_rng(0)
    return {
        f"dense_{int(name[-1]) - 1 + first}": {
            "kernel": noise.standard_normal(shape, dtype=np.float32),
            "bias": noise.standard_normal(shape[-1:], dtype=np.float32),
        }
        for name, shape in shapes.items()
    }


def write(path, content, group=""):
    with h5py.File(path, "w") as file:
        root = file.require_group(group) if group else file
        names = ["input_1", *content, "lambda_1"]
        root.attrs["layer_names"] = [name.encode() for name in names]
        for name in names:
            inside = [f"{name}/{array}:0" for array in content.get(name, {})]
            root.create_group(name).attrs["weight_names"] = [one.encode() for one in inside]
            for one, array in zip(inside, content.get(name, {}).values(), strict=True):
                root[name][one] = array
    return path


@pytest.mark.parametrize("group", ["", "model_weights"])
def test_layers_come_in_the_order_of_the_file(tmp_path, group):
    content = layers()
    found = read_keras(write(tmp_path / "net.h5", content, group))
    assert list(found) == ["dense_1", "dense_3", "dense_2", "dense_4"]
    np.testing.assert_array_equal(found["dense_3"]["kernel"], content["dense_3"]["kernel"])
    np.testing.assert_array_equal(found["dense_3"]["bias"], content["dense_3"]["bias"])


@pytest.mark.parametrize("first", [1, 8])  # 8: the numbers go over ten
def test_the_network_computes_what_keras_does(tmp_path, first):
    content = layers(first=first)
    published = import_matching(write(tmp_path / "net.h5", content))
    assert published.system == "avdln"
    assert published.sizes == SIZES
    network = MatchingNet(**published.sizes)
    network.load_state_dict(published.state)
    heard = np.random.default_rng(1).standard_normal((2, 5), dtype=np.float32)
    hidden = heard @ content[f"dense_{first + 2}"]["kernel"] + content[f"dense_{first + 2}"]["bias"]
    last = content[f"dense_{first + 3}"]
    expected = np.where(hidden < 0, 0.3 * hidden, hidden) @ last["kernel"] + last["bias"]
    found = network.embed_audio(torch.from_numpy(heard)).detach().numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    "shapes",
    [
        {name: SHAPES[name] for name in ("dense_1", "dense_2", "dense_3")},
        {**SHAPES, "dense_5": (3, 3)},
        {**SHAPES, "dense_2": (3, 3, 4, 3)},
        {},
    ],
)
def test_other_networks_are_refused(tmp_path, shapes):
    write(tmp_path / "net.h5", layers(shapes))
    with pytest.raises(WeightsError, match=r"net\.h5: holds the layers .*expected four dense"):
        import_matching(tmp_path / "net.h5")


def test_layers_that_do_not_fit_each_other_are_named(tmp_path):
    write(tmp_path / "net.h5", layers({**SHAPES, "dense_4": (7, 3)}))
    with pytest.raises(WeightsError, match=r"net\.h5: .*audio_branch\.2\.weight"):
        import_matching(tmp_path / "net.h5")


def test_what_is_not_finite_is_named(tmp_path):
    content = layers()
    content["dense_1"]["bias"][0] = np.nan
    write(tmp_path / "net.h5", content)
    with pytest.raises(WeightsError, match=r"video_branch\.0\.bias is not finite"):
        import_matching(tmp_path / "net.h5")


def test_what_cannot_be_read_is_said(tmp_path):
    with pytest.raises(WeightsError, match="No such file"):
        read_keras(tmp_path / "nowhere.h5")
    (tmp_path / "text.h5").write_text("weights")
    with pytest.raises(WeightsError, match=r"text\.h5: cannot be read as weights of Keras"):
        read_keras(tmp_path / "text.h5")
    with h5py.File(tmp_path / "features.h5", "w") as file:
        file["avadataset"] = np.zeros((2, 10, 128))
    with pytest.raises(WeightsError, match=r"features\.h5: .*not of Keras's save_weights"):
        read_keras(tmp_path / "features.h5")
    whole = write(tmp_path / "net.h5", layers()).read_bytes()
    (tmp_path / "half.h5").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(WeightsError, match=r"half\.h5: "):
        read_keras(tmp_path / "half.h5")


def test_without_h5py_it_is_said_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(MissingExtraError, match=r"hearsight\[legacy\]"):
        read_keras(tmp_path / "net.h5")
