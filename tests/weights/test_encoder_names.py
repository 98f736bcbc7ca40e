import pytest
import torch
from safetensors.torch import save_file

from hearsight.errors import InputError, WeightsError
from hearsight.features.normalize import FeatureStatistics
from hearsight.features.picture_input import CaffeFit, PictureFit
from hearsight.features.vggish_input import VggishInput
from hearsight.models.blocks.resnet import resnet18, resnet50
from hearsight.models.vgg19 import Vgg19
from hearsight.models.vggish import Vggish
from hearsight.systems import find
from hearsight.weights.encoder_names import parse_encoders
from hearsight.weights.encoders import save_encoders
from hearsight.weights.store import save_system


@pytest.fixture
def folder(tmp_path):
    """Small weights of all kinds."""
    torch.manual_seed(0)
    for name, network in (
        ("vgg19", Vgg19(2)),
        ("vggish", Vggish(2, 8, 5)),
        ("resnet18", resnet18(7, n_filters=2)),
    ):
        save_file(network.state_dict(), tmp_path / f"{name}.safetensors")
    registration = find("lvs")
    save_system(tmp_path / "lvs", registration.build(registration.small[0]))
    return tmp_path


@pytest.mark.parametrize(
    ("name", "fit", "n_channels"),
    [
        ("vgg19", CaffeFit(), 16),
        ("vgg19-imagenet", PictureFit("squash"), 16),
        ("resnet18", PictureFit("squash"), 16),
    ],
)
def test_what_sees(folder, name, fit, n_channels):
    file = folder / f"{name.partition('-')[0]}.safetensors"
    encoders = parse_encoders([f"{name}:{file}"])
    assert encoders.hears is None
    assert (encoders.sees.name, encoders.sees.fit) == (name, fit)
    assert encoders.sees.n_channels == n_channels
    maps = encoders.sees([torch.zeros(3, 40, 60, dtype=torch.uint8).numpy()])
    assert maps.shape == (1, 7, 7, n_channels)


@pytest.mark.parametrize(("name", "relu_last"), [("vggish", True), ("vggish-no-relu", False)])
def test_what_hears(folder, name, relu_last):
    encoders = parse_encoders([f"{name}:{folder / 'vggish.safetensors'}"])
    assert encoders.sees is None
    assert (encoders.hears.name, encoders.hears.heard) == (name, VggishInput())
    assert encoders.hears.network.relu_last == relu_last
    assert encoders.hears.n_channels == 5


def test_one_of_each_and_both_at_once(folder):
    texts = [f"{name}:{folder / name}.safetensors" for name in ("vggish", "vgg19")]
    both = parse_encoders(texts)
    assert (both.sees.name, both.hears.name) == ("vgg19", "vggish")
    save_encoders(folder / "stored", both)
    assert parse_encoders([str(folder / "stored")]).fingerprint == both.fingerprint
    trunks = parse_encoders([str(folder / "lvs")])
    assert (trunks.sees.name, trunks.hears.name) == ("trunk", "trunk")
    with pytest.raises(InputError, match="several encoders hear; give one that sees"):
        parse_encoders([texts[0], str(folder / "lvs")])
    with pytest.raises(InputError, match="several encoders see; give one that sees"):
        parse_encoders([texts[1], texts[1]])


@pytest.mark.parametrize("text", ["vgg9:{}/vgg19.safetensors", "{}", "vgg19", "{}/nowhere", ""])
def test_unknown_names_are_refused(folder, text):
    with pytest.raises(InputError, match=r"no folder with weights, .* valid: vgg19,"):
        parse_encoders([text.format(folder)])


def test_nothing_is_refused():
    with pytest.raises(InputError, match="got neither"):
        parse_encoders([])


def test_wrong_files_are_refused(folder):
    with pytest.raises(WeightsError, match="holds no VGG-19"):
        parse_encoders([f"vgg19:{folder / 'resnet18.safetensors'}"])
    with pytest.raises(WeightsError, match=r"nowhere\.pth: cannot be read"):
        parse_encoders([f"vggish:{folder / 'nowhere.pth'}"])
    save_file(resnet50(2).state_dict(), folder / "resnet50.safetensors")
    with pytest.raises(WeightsError, match="holds another network than ResNet-18"):
        parse_encoders([f"resnet18:{folder / 'resnet50.safetensors'}"])
    system = find("seldnet").build(find("seldnet").small[0])
    noise = torch.randn(4, system.sample_rate)
    system = system.with_statistics(FeatureStatistics.of(system.feature(noise)))
    save_system(folder / "seldnet", system)
    with pytest.raises(WeightsError, match="seldnet draws no heat maps"):
        parse_encoders([str(folder / "seldnet")])
