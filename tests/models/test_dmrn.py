"""The dual multimodal residual network, its variants, and where it starts from."""

import pytest
import torch

from hearsight.errors import InputError
from hearsight.models.av_att import AvAttNet
from hearsight.models.dmrn import DmrnNet, DualResidual

SMALL = {"n_classes": 5, "n_video": 12, "n_audio": 6, "n_hidden": 4, "n_attention": 7}
SMALL |= {"n_regions": 6}
VARIANTS = {
    "published": {},
    "three": {"n_blocks": 3},
    "apart": {"n_blocks": 3, "shares_blocks": False, "swaps_streams": False},
    "ensemble": {"n_members": 2},
    "hidden": {"audio_axis": "hidden"},
}


def built(seed=0, network=DmrnNet, **choices):
    torch.manual_seed(seed)
    return network(**{**SMALL, **choices})


def clips(n=3, segments=4, grid=(2, 3)):
    noise = torch.Generator().manual_seed(1)
    video = torch.randn(n, segments, *grid, 12, generator=noise)
    return video, torch.randn(n, segments, 6, generator=noise)


@pytest.mark.parametrize("name", VARIANTS)
def test_gradients_reach_every_parameter(name):
    network = built(**VARIANTS[name])
    output = network(*clips())
    assert output.logits.shape == (3, 4, 5)
    assert output.attention.shape == (3, 4, 2, 3)
    output.logits[..., 0].sum().backward()
    for key, parameter in network.named_parameters():
        assert parameter.grad.isfinite().all(), key
        assert parameter.grad.any(), key


@pytest.mark.parametrize("name", VARIANTS)
def test_a_batch_equals_its_clips_one_by_one(name):
    network, (video, audio) = built(**VARIANTS[name]).eval(), clips()
    with torch.no_grad():
        whole = network(video, audio).logits
        single = [network(video[[i]], audio[[i]]).logits for i in range(len(video))]
    torch.testing.assert_close(whole, torch.cat(single), rtol=1e-4, atol=1e-5)


def residual(n_blocks, *, swaps, shares, seed=0):
    torch.manual_seed(seed)
    return DualResidual(4, n_blocks, swaps_streams=swaps, shares_blocks=shares)


def test_swapping_matters_from_the_second_block_on():
    streams = torch.randn(2, 3, 4), torch.randn(2, 3, 4)
    for n_blocks, is_same in ((1, True), (2, False)):
        kept, swapped = (residual(n_blocks, swaps=s, shares=True) for s in (False, True))
        assert torch.allclose(kept(*streams), swapped(*streams)) == is_same


def test_blocks_share_their_weights_or_do_not():
    shared, apart = (residual(3, swaps=False, shares=s) for s in (True, False))
    assert len(list(apart.parameters())) == 3 * len(list(shared.parameters()))
    streams = torch.randn(2, 3, 4), torch.randn(2, 3, 4)
    assert not torch.allclose(shared(*streams), apart(*streams))
    for block in apart.blocks:
        block.load_state_dict(shared.blocks[0].state_dict())
    torch.testing.assert_close(shared(*streams), apart(*streams))


def test_a_block_by_hand():
    """What both have in common is added to each; identity but for a tanh where it is nothing."""
    fusion = residual(1, swaps=True, shares=True)
    video, audio = torch.randn(2, 3, 4), torch.randn(2, 3, 4)
    with torch.no_grad():
        for parameter in fusion.parameters():
            parameter.zero_()
        torch.testing.assert_close(fusion(video, audio), (video.tanh() + audio.tanh()) / 2)
        fusion.blocks[0].video[2].bias.fill_(0.6)
        fusion.blocks[0].audio[2].bias.fill_(-0.2)
    expected = ((video + 0.2).tanh() + (audio + 0.2).tanh()) / 2
    torch.testing.assert_close(fusion(video, audio), expected)


def test_an_ensemble_averages_probabilities():
    network = built(n_members=2)
    output = network(*clips()).logits.softmax(dim=-1)
    single = []
    for i in range(2):
        alone = built()
        alone.attention, alone.contexts = network.attention, network.contexts
        alone.members[0], alone.heads[0] = network.members[i], network.heads[i]
        single.append(alone(*clips()).logits.softmax(dim=-1))
    assert not torch.allclose(*single)
    torch.testing.assert_close(output, sum(single) / 2)


def test_starts_from_a_trained_network_and_says_what_it_takes():
    trained, network = built(1, AvAttNet), built(2)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    taken = network.start_from(trained)
    shared = {name for name in before if name.startswith(("attention.", "contexts."))}
    assert set(taken) == shared | {"heads.0.bias"}
    assert len(taken) == len(set(taken)) == 7 + 16 + 1
    given = trained.state_dict()
    for name, tensor in network.state_dict().items():
        source = given["heads.0.classes.bias"] if name == "heads.0.bias" else given.get(name)
        assert torch.equal(tensor, source if name in taken else before[name]), name


def test_starts_for_other_classes_and_in_an_ensemble():
    other = built(n_classes=9).start_from(built(1, AvAttNet))
    assert not any(name.startswith("heads") for name in other)
    taken = built(n_members=2).start_from(built(1, AvAttNet))
    assert {name for name in taken if name.startswith("heads")} == {"heads.0.bias", "heads.1.bias"}


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"n_hidden": 5}, r"no such contexts\.audio\.weight_ih_l0; build both"),
        ({"n_video": 11}, r"no such attention\.video\.weight"),
        ({"attends": False}, r"no such attention\.video\.weight"),
        ({"modalities": "video"}, r"no such contexts\.audio"),
        ({"fusion_at": "early"}, r"no such contexts\.audio"),
        ({"audio_axis": "hidden"}, "audio_axis='hidden', this another"),
    ],
)
def test_starts_from_no_other_network(choices, message):
    network = built()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    with pytest.raises(InputError, match=message):
        network.start_from(built(1, AvAttNet, **choices))
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())


@pytest.mark.parametrize("name", ["n_blocks", "n_members"])
def test_there_is_one_at_least(name):
    with pytest.raises(InputError, match=f"{name} must be 1 or more, got 0"):
        built(**{name: 0})


def test_other_shapes_are_refused():
    video, audio = clips()
    with pytest.raises(InputError, match="audio must"):
        built()(video, audio[:, :-1])
