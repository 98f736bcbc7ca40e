"""Encoders come back from a folder as they were; what is damaged is refused."""

import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from hearsight.errors import WeightsError
from hearsight.features.picture_input import CaffeFit, PictureFit
from hearsight.features.vggish_input import VggishInput
from hearsight.models.vgg19 import Vgg19
from hearsight.models.vggish import Vggish
from hearsight.systems import find
from hearsight.systems.encoders import ClipEncoders, SoundEncoder, VisualEncoder, trunk_encoders
from hearsight.weights.encoders import has_encoders, load_encoders, save_encoders

RATE = 8000
PICTURES = np.random.default_rng(0).integers(0, 256, (2, 3, 48, 64), np.uint8)
SOUNDS = np.random.default_rng(1).normal(0, 0.1, (2, 1, RATE)).astype(np.float32)


def vgg(seed=0, *, relu_last=True):
    torch.manual_seed(seed)
    return ClipEncoders(
        VisualEncoder("vgg19", Vgg19(2).eval(), CaffeFit(64)),
        SoundEncoder("vggish", Vggish(2, 8, 5, relu_last=relu_last).eval(), VggishInput()),
    )


def trunks(name):
    registration = find(name)
    return trunk_encoders(registration.build(registration.small[0]))


MAKERS = {
    "vgg": vgg,
    "no relu": lambda: vgg(relu_last=False),
    "lvs": lambda: trunks("lvs"),
    "visual-context": lambda: trunks("visual-context"),
    "ez-vsl": lambda: trunks("ez-vsl"),
    "sees alone": lambda: ClipEncoders(sees=vgg().sees),
    "hears alone": lambda: ClipEncoders(hears=vgg().hears),
    "torchvision": lambda: ClipEncoders(
        VisualEncoder("vgg19-imagenet", Vgg19(1).eval(), PictureFit("squash", 64))
    ),
}


@pytest.mark.parametrize("kind", MAKERS)
def test_encoders_come_back(tmp_path, kind):
    encoders = MAKERS[kind]()
    assert not has_encoders(tmp_path)
    save_encoders(tmp_path, encoders)
    assert has_encoders(tmp_path)
    loaded = load_encoders(tmp_path)
    assert loaded.fingerprint == encoders.fingerprint
    assert (loaded.sees is None, loaded.hears is None) == (
        encoders.sees is None,
        encoders.hears is None,
    )
    if encoders.sees:
        assert loaded.sees.name == encoders.sees.name
        assert loaded.sees.fit == encoders.sees.fit
        assert torch.equal(loaded.sees(PICTURES), encoders.sees(PICTURES))
    if encoders.hears:
        assert (loaded.hears.name, loaded.hears.heard) == (
            encoders.hears.name,
            encoders.hears.heard,
        )
        assert torch.equal(loaded.hears(SOUNDS, RATE), encoders.hears(SOUNDS, RATE))


def test_networks_are_written_again_only_if_they_are_others(tmp_path):
    save_encoders(tmp_path, vgg())
    files = [tmp_path / "sees.safetensors", tmp_path / "hears.safetensors"]
    first = [file.stat().st_ino for file in files]
    save_encoders(tmp_path, vgg())
    assert [file.stat().st_ino for file in files] == first
    save_encoders(tmp_path, vgg(seed=1))
    assert load_encoders(tmp_path).fingerprint == vgg(seed=1).fingerprint
    files[0].write_bytes(b"damaged")
    save_encoders(tmp_path, vgg(seed=1))
    assert load_encoders(tmp_path).fingerprint == vgg(seed=1).fingerprint


def change(path, **entries):
    about = json.loads(path.read_text())
    path.write_text(json.dumps(about | entries))


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"format": "another"}, "expected the format"),
        ({"sees": None, "hears": None}, "describes no encoders .*got neither"),
        ({"sees": {"name": "vgg19"}}, "describes no encoders"),
        ({"sees": "vgg19"}, "describes no encoders"),
        ({"hears": {"network": {"made": "lstm"}}}, "describes no encoders"),
        ({"hears": {"network": {"made": "vggish", "n_filters": -1}}}, "describes no encoders"),
        ({"hears": {"network": {"made": "vggish", "n_filters": 3}}}, "does not fit Vggish"),
    ],
)
def test_wrong_descriptions_are_refused(tmp_path, entries, message):
    save_encoders(tmp_path, vgg())
    change(tmp_path / "encoders.json", **entries)
    with pytest.raises(WeightsError, match=message) as caught:
        load_encoders(tmp_path)
    assert "\n" not in str(caught.value)


def test_damaged_files_are_refused(tmp_path):
    with pytest.raises(WeightsError, match=r"encoders\.json: cannot be read"):
        load_encoders(tmp_path)
    save_encoders(tmp_path, vgg())
    (tmp_path / "hears.safetensors").unlink()
    with pytest.raises(WeightsError, match=r"hears\.safetensors: cannot be read"):
        load_encoders(tmp_path)
    (tmp_path / "encoders.json").write_text("{")
    with pytest.raises(WeightsError, match=r"encoders\.json: cannot be read"):
        load_encoders(tmp_path)


def test_other_weights_than_described_are_refused(tmp_path):
    save_encoders(tmp_path, vgg())
    state = load_file(tmp_path / "sees.safetensors")
    state["features.0.bias"] += 1
    save_file(state, tmp_path / "sees.safetensors")
    with pytest.raises(WeightsError, match=r"sees\.safetensors: is not what encoders\.json"):
        load_encoders(tmp_path)
