"""Published networks for audio-visual events come in whole, or not at all."""

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from hearsight.errors import WeightsError
from hearsight.models.av_att import AvAttNet
from hearsight.models.dmrn import DmrnNet
from hearsight.models.psp import PspNet
from hearsight.weights.ave import ORIGINS, convert, import_published

SIZES = {"n_classes": 5, "n_video": 12, "n_audio": 6, "n_hidden": 4, "n_attention": 7}
SIZES |= {"n_regions": 9}
NETWORKS = {
    "av-att": (AvAttNet, {}),
    "av-att-weak": (AvAttNet, {}),
    "dmrn": (DmrnNet, {"n_blocks": 1}),
    "psp": (PspNet, {}),
    "psp-weak": (PspNet, {"is_weak": True}),
}


def linear(name, n_outputs, n_inputs, *, bias=True):
    shapes = {f"{name}.weight": (n_outputs, n_inputs)}
    return shapes | {f"{name}.bias": (n_outputs,)} if bias else shapes


def lstm(name, n_inputs):
    return {
        f"{name}.{kind}_l0{way}": shape
        for way in ("", "_reverse")
        for kind, shape in {
            "weight_ih": (16, n_inputs),
            "weight_hh": (16, 4),
            "bias_ih": (16,),
            "bias_hh": (16,),
        }.items()
    }


def body(attention="", lstms="", n_seen=12):
    return {
        **linear(f"{attention}affine_video", 7, 12),
        **linear(f"{attention}affine_audio", 7, 6),
        **linear(f"{attention}affine_v", 9, 7, bias=False),
        **linear(f"{attention}affine_g", 9, 7, bias=False),
        **linear(f"{attention}affine_h", 1, 9, bias=False),
        **lstm(f"{lstms}lstm_audio", 6),
        **lstm(f"{lstms}lstm_video", n_seen),
    }


def pairs(*names):
    shapes = {f"psp.{name}.weight": (8, 8) for name in ("v_L1", "v_L2", "a_L1", "a_L2", *names)}
    return shapes | {"psp.layer_norm.weight": (8,), "psp.layer_norm.bias": (8,)}


def head(n_inputs, *, bias):
    return linear("L1", 64, n_inputs, bias=bias) | linear("L2", 5, 64, bias=bias)


PSP = {**body("attention.", "lstm_a_v.", 6), **head(8, bias=False), **linear("linear_v", 6, 12)}
SHAPES = {
    "av-att": body() | head(16, bias=True),
    "dmrn": {
        **body(),
        **{
            key: shape
            for name in ("U_v.0", "U_v.2", "U_a.0", "U_a.2")
            for key, shape in linear(name, 8, 8).items()
        },
        **linear("L2", 5, 8),
    },
    "psp": {
        **PSP,
        **pairs("v_fc", "a_fc"),
        **{"fa.0.weight": (256, 6), "fa.1.weight": (6, 256)},
        **{"fv.0.weight": (256, 12), "fv.1.weight": (6, 256)},
        **{"v_classify.L1.weight": (64, 8), "a_classify.L2.weight": (4, 64)},
        **linear("L3", 64, 8),
        **linear("L4", 2, 64),
    },
    "psp-weak": {
        **PSP,
        **pairs(),
        **{"temperature": (1, 5), "W1.weight": (1, 8), "W2.weight": (1, 64), "W3.weight": (1, 5)},
    },
}
SHAPES["av-att-weak"] = SHAPES["av-att"]
DROPPED = {
    "psp": {"linear_v.weight", "linear_v.bias", "v_classify.L1.weight", "a_classify.L2.weight"}
    | {"L3.weight", "L3.bias", "L4.weight", "L4.bias"},
    "psp-weak": {"temperature", "W1.weight", "W2.weight"},
}


def published(origin):
    noise = torch.Generator().manual_seed(0)
    return {name: torch.randn(shape, generator=noise) for name, shape in SHAPES[origin].items()}


def saved(tmp_path, state):
    torch.save(state, tmp_path / "net.pth")
    return tmp_path / "net.pth"


def test_all_origins_are_tried():
    assert ORIGINS.keys() == NETWORKS.keys() == SHAPES.keys()


@pytest.mark.parametrize("origin", NETWORKS)
def test_a_state_dict_comes_in_whole(tmp_path, origin):
    state, (network, more) = published(origin), NETWORKS[origin]
    found = import_published(saved(tmp_path, state), origin)
    assert found.system == origin.removesuffix("-weak")
    assert dict(found.sizes) == SIZES | more
    assert set(found.dropped) == DROPPED.get(origin, set())
    assert len(found.state) == len(state) - len(found.dropped)
    used = {id(tensor) for name, tensor in state.items() if name not in found.dropped}
    assert {id(tensor) for tensor in convert(state, origin)[0].values()} == used
    network(**found.sizes).load_state_dict(dict(found.state), strict=True)


def test_safetensors_come_in_as_well(tmp_path):
    save_file(published("dmrn"), tmp_path / "net.safetensors")
    assert import_published(tmp_path / "net.safetensors", "dmrn").sizes["n_regions"] == 9


class Theirs(nn.Module):
    """A network of theirs, saved as it is: layers by their names."""

    def __init__(self, state, **settings):
        super().__init__()
        vars(self).update(settings)
        for name, tensor in state.items():
            *inner, last = name.split(".")
            layer = self
            for word in inner:
                if word not in layer._modules:
                    layer.add_module(word, nn.Module())
                layer = layer._modules[word]
            layer.register_parameter(last, nn.Parameter(tensor))


@pytest.mark.parametrize(("given", "n_blocks"), [(3, 3), (0, 1), ("many", 1), (None, 1)])
def test_a_whole_object_tells_its_number_of_blocks(tmp_path, given, n_blocks):
    state = published("dmrn")
    found = import_published(saved(tmp_path, Theirs(state, nb_block=given)), "dmrn")
    assert found.sizes["n_blocks"] == n_blocks
    for name, tensor in convert(state, "dmrn")[0].items():
        assert torch.equal(found.state[name], tensor)


def refused(tmp_path, state, origin, message):
    with pytest.raises(WeightsError, match=message) as caught:
        import_published(saved(tmp_path, state), origin)
    assert "\n" not in str(caught.value)
    assert str(tmp_path / "net.pth") in str(caught.value)


@pytest.mark.parametrize("origin", NETWORKS)
def test_every_missing_tensor_is_named(tmp_path, origin):
    state = published(origin)
    for name in state.keys() - DROPPED.get(origin, set()):
        [ours] = convert({name: state[name]}, origin)[0]
        rest = {other: tensor for other, tensor in state.items() if other != name}
        refused(tmp_path, rest, origin, f"{ours}|does not tell n_classes, .* is missing")


@pytest.mark.parametrize("origin", NETWORKS)
def test_every_misshapen_tensor_is_named(tmp_path, origin):
    state = published(origin)
    for name in state.keys() - DROPPED.get(origin, set()):
        if name == "L2.weight" and "L2.bias" not in state:
            continue  # of any number of classes
        wide = torch.cat([state[name], state[name]])
        # A tensor that tells a size may pass for right, and others for wrong.
        refused(tmp_path, state | {name: wide}, origin, r"size mismatch for \w+\.")


@pytest.mark.parametrize("origin", NETWORKS)
def test_unknown_names_are_refused(tmp_path, origin):
    state = published(origin)
    more = {"affine_h.bias": torch.ones(1), "gru.0": torch.ones(1)}
    refused(
        tmp_path, state | more, origin, rf"{origin} does not have: affine_h\.bias, gru\.0; give"
    )


def test_networks_are_not_taken_for_each_other(tmp_path):
    for given in ("av-att", "dmrn", "psp", "psp-weak"):
        same = {"av-att", "av-att-weak"} if given == "av-att" else {given}
        for origin in NETWORKS.keys() - same:
            refused(tmp_path, published(given), origin, "does not have|does not fit|not tell")


def test_what_is_not_finite_is_refused(tmp_path):
    state = published("av-att")
    state["L1.weight"][3, 2] = torch.nan
    refused(tmp_path, state, "av-att", "heads.0.hidden.weight is not finite")


def test_scalars_and_empty_tensors_are_refused(tmp_path):
    for wrong in (torch.tensor(1.0), torch.ones(7), torch.ones(7, 0)):
        state = published("av-att") | {"affine_video.weight": wrong}
        refused(tmp_path, state, "av-att", "does not tell n_video, .* missing or misshapen")


def test_unknown_origins_are_refused(tmp_path):
    with pytest.raises(WeightsError, match="did you mean dmrn"):
        import_published(saved(tmp_path, published("dmrn")), "dmrm")
