"""What all networks that look for the source of a sound hold to."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hearsight.errors import InputError
from hearsight.losses.ez_vsl import ez_vsl_loss
from hearsight.losses.lvs import lvs_logits, lvs_loss
from hearsight.losses.slavc import slavc_loss
from hearsight.losses.visual_context import (
    discrimination_loss,
    divergence_loss,
    localization_loss,
)
from hearsight.models.blocks.pairs import PairEmbedding, embedded
from hearsight.models.blocks.resnet import resnet18
from hearsight.models.ez_vsl import EzVslNet
from hearsight.models.lvs import LvsNet
from hearsight.models.slavc import SlavcNet
from hearsight.models.visual_context import VisualContextNet

BUILD = {
    "visual-context": lambda: VisualContextNet(width=4, n_nodes=4, n_foreground=2),
    "without-nodes": lambda: VisualContextNet(width=4, n_nodes=0, sound_pool="mean"),
    "lvs": lambda: LvsNet(width=4),
    "ez-vsl": lambda: EzVslNet(width=4, n_embedding=8),
    "slavc": lambda: SlavcNet(width=4, n_embedding=8, picture_dropout=0.0),
}


def built(name):
    torch.manual_seed(0)
    return BUILD[name]()


def pairs(n=3, size=(64, 80), sound=(65, 50)):
    noise = torch.Generator().manual_seed(1)
    return torch.randn(n, 3, *size, generator=noise), torch.randn(n, 1, *sound, generator=noise)


def loss_of(name, output):
    if name == "slavc":
        return slavc_loss(output.picture_to_sound(), output.sound_to_picture())
    if name == "lvs":
        return lvs_loss(lvs_logits(output.cosines()).logits)
    if name == "ez-vsl":
        return ez_vsl_loss(output.cosines())
    loss = localization_loss(output.similarities)
    if output.nodes is None:
        return loss
    agreement, own = output.nodes.agreement, output.similarities.diagonal().permute(2, 0, 1)
    alike = divergence_loss(output.nodes.maps, agreement, own, n_foreground=2)
    return loss + discrimination_loss(agreement, 2, 2) + alike


@pytest.mark.parametrize("name", BUILD)
@settings(max_examples=8, deadline=None)
@given(
    n=st.integers(1, 3),
    size=st.tuples(st.integers(1, 90), st.integers(1, 90)),
    sound=st.tuples(st.integers(1, 70), st.integers(1, 70)),
)
def test_takes_any_batch_and_size_and_gives_cosines(name, n, size, sound):
    network = built(name).eval()
    stride = 16 if name in {"visual-context", "without-nodes", "lvs"} else 32
    with torch.no_grad():
        cosine = network.cosine(*pairs(n, size, sound))
    assert cosine.shape == (n, *(-(-length // stride) for length in size))
    assert cosine.abs().max() <= 1


@pytest.mark.parametrize("name", BUILD)
def test_a_batch_equals_its_items_one_by_one(name):
    network, (pictures, sounds) = built(name).eval(), pairs()
    with torch.no_grad():
        whole = network.cosine(pictures, sounds)
        single = [
            network.cosine(pictures[i : i + 1], sounds[i : i + 1]) for i in range(len(pictures))
        ]
    torch.testing.assert_close(whole, torch.cat(single), rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", BUILD)
def test_finite_gradients_reach_every_parameter(name):
    network = built(name)
    loss_of(name, network(*pairs(4))).backward()
    for parameter_name, parameter in network.named_parameters():
        if not parameter.requires_grad:
            assert parameter_name.startswith("momentum.")
            continue
        assert parameter.grad.isfinite().all(), parameter_name
        assert parameter.grad.any(), parameter_name


@pytest.mark.parametrize("name", BUILD)
def test_the_output_is_of_one_type_in_training_and_evaluation(name):
    network = built(name)
    trained, evaluated = network.train()(*pairs()), network.eval()(*pairs())
    assert type(trained) is type(evaluated)
    assert torch.isfinite(loss_of(name, evaluated))


@pytest.mark.parametrize("name", BUILD)
def test_starts_from_a_network_that_knows_pictures(name):
    network, trained = built(name).eval(), resnet18(10, n_filters=4)
    network.start_from(trained)
    inside = {"ez-vsl": "trunks.", "slavc": "online."}.get(name, "")
    trunk = network.get_submodule(f"{inside}picture_trunk")
    theirs = trained.state_dict()
    assert trunk.state_dict()
    for key, tensor in trunk.state_dict().items():
        assert torch.equal(tensor, theirs[key])
    with pytest.raises(InputError, match=r"differs in conv1\.weight and \d+ more"):
        network.start_from(resnet18(10, n_filters=8))


@pytest.mark.parametrize("name", BUILD)
@pytest.mark.parametrize(
    ("picture_shape", "sound_shape", "message"),
    [
        ((2, 1, 64, 64), (2, 1, 65, 50), r"pictures .* got \(2, 1, 64, 64\)"),
        ((2, 3, 64, 64), (2, 2, 65, 50), r"sounds .* got \(2, 2, 65, 50\)"),
        ((2, 3, 64, 64), (1, 1, 65, 50), r"one for each of 2 pictures, got \(1, 1"),
        ((2, 3, 64, 64), (2, 65, 50), r"sounds .* got \(2, 65, 50\)"),
    ],
)
def test_other_shapes_are_refused(name, picture_shape, sound_shape, message):
    with pytest.raises(InputError, match=message):
        built(name)(torch.zeros(picture_shape), torch.zeros(sound_shape))


def test_every_picture_is_compared_with_every_sound():
    pictures, sounds = torch.randn(2, 5, 3, 4), torch.randn(3, 5)
    embedding = embedded(pictures, sounds)
    cosines = embedding.cosines()
    assert cosines.shape == (2, 3, 3, 4)
    place = torch.cosine_similarity(pictures[1, :, 2, 3], sounds[2], dim=0)
    torch.testing.assert_close(cosines[1, 2, 2, 3], place)


def test_own_cosines_are_those_of_pairs():
    embedding = embedded(torch.randn(2, 3, 5, 4, 4), torch.randn(2, 3, 5))
    diagonal = embedding.cosines().diagonal(dim1=1, dim2=2).movedim(-1, 1)
    torch.testing.assert_close(embedding.own_cosines(), diagonal)
    assert isinstance(embedding, PairEmbedding)


@pytest.mark.parametrize("name", BUILD)
def test_maps_keep_their_shades_in_half_precision(name):
    network = built(name).eval()
    pictures, sounds = pairs(n=4, size=(96, 96))
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        maps = network.cosine(pictures, sounds)
    assert maps.dtype == torch.float32
    assert len(maps.unique()) > 0.9 * maps.numel()


def test_nodes_of_loud_maps_do_not_overflow_in_half_precision():
    network = built("visual-context")
    torch.nn.init.constant_(network.nodes.weight, 300.0)
    with torch.no_grad(), torch.autocast("cpu", torch.float16):
        nodes = network(*pairs()).nodes
    assert nodes.maps.isfinite().all()
    assert nodes.features.amax() > torch.finfo(torch.float16).max
    assert nodes.agreement.isfinite().all()
