"""The network of audio-guided attention, its baselines and its ways of fusion."""

from typing import get_args

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hearsight.errors import InputError
from hearsight.models.av_att import AvAttNet
from hearsight.models.blocks.stream_fusion import FusionKind

SMALL = {"n_classes": 5, "n_video": 12, "n_audio": 6, "n_hidden": 4, "n_attention": 7}
VARIANTS = {
    "A": {"modalities": "audio"},
    "V": {"modalities": "video", "attends": False},
    "V-att": {"modalities": "video"},
    "A+V": {"attends": False},
    "A+V-att": {},
    "hidden": {"audio_axis": "hidden"},
    "decision": {"fusion_at": "decision"},
    **{
        f"{kind}-{place}": {"fusion": kind, "fusion_at": place}
        for kind in get_args(FusionKind)
        for place in ("early", "late")
    },
}


def built(seed=0, **choices):
    torch.manual_seed(seed)
    return AvAttNet(**{**SMALL, "n_regions": 6, **choices})


def clips(n=3, segments=4, grid=(2, 3)):
    noise = torch.Generator().manual_seed(1)
    video = torch.randn(n, segments, *grid, 12, generator=noise)
    return video, torch.randn(n, segments, 6, generator=noise)


@pytest.mark.parametrize("name", VARIANTS)
def test_gives_logits_and_attention_of_every_segment(name):
    network = built(**VARIANTS[name])
    output = network(*clips())
    assert output.logits.shape == (3, 4, 5)
    if name in ("A", "V", "A+V"):
        assert output.attention is None
    else:
        assert output.attention.shape == (3, 4, 2, 3)
        torch.testing.assert_close(output.attention.sum((2, 3)), torch.ones(3, 4))


@pytest.mark.parametrize("name", VARIANTS)
def test_gradients_reach_every_parameter(name):
    network = built(**VARIANTS[name])
    network(*clips()).logits.logsumexp(-1).sum().backward()
    for key, parameter in network.named_parameters():
        assert parameter.grad is not None, key
        assert parameter.grad.isfinite().all(), key
        assert parameter.grad.any(), key


@pytest.mark.parametrize("name", VARIANTS)
@settings(max_examples=5, deadline=None)
@given(n=st.integers(1, 4), segments=st.integers(1, 12))
def test_a_batch_equals_its_clips_one_by_one(name, n, segments):
    network, (video, audio) = built(**VARIANTS[name]).eval(), clips(n, segments)
    with torch.no_grad():
        whole = network(video, audio).logits
        single = [network(video[[i]], audio[[i]]).logits for i in range(n)]
    torch.testing.assert_close(whole, torch.cat(single), rtol=1e-4, atol=1e-5)


def test_no_modality_is_read_that_is_not_asked_for():
    video, audio = clips()
    alone = built(modalities="audio")
    assert torch.equal(alone(video, audio).logits, alone(video + 1, audio).logits)
    alone = built(modalities="video", attends=False)
    assert torch.equal(alone(video, audio).logits, alone(video, audio + 1).logits)
    guided = built(modalities="video")
    assert not torch.equal(guided(video, audio).logits, guided(video, audio + 1).logits)


def test_every_kind_of_fusion_is_another():
    found = []
    for kind in get_args(FusionKind)[1:]:
        network = built(fusion=kind)
        with torch.no_grad():
            for name, parameter in network.named_parameters():
                parameter.fill_(0.1 + 0.01 * len(name) % 0.07)
                if name.endswith(("audio.bias", "gate.bias")):
                    parameter.fill_(-0.3)
            found.append(network(*clips()).logits)
    assert len(found) == 6
    for i, one in enumerate(found):
        assert not any(torch.allclose(one, other) for other in found[:i])


def test_decisions_are_averaged():
    video, audio = clips()
    network = built(fusion_at="decision")
    heard, seen = built(modalities="audio"), built(modalities="video")
    heard.contexts["audio"], heard.heads[0] = network.contexts["audio"], network.heads[0]
    seen.contexts["video"], seen.heads[0] = network.contexts["video"], network.heads[1]
    seen.attention = network.attention
    expected = (heard(video, audio).logits + seen(video, audio).logits) / 2
    torch.testing.assert_close(network(video, audio).logits, expected)


@pytest.mark.parametrize("axis", ["region", "hidden"])
def test_attends_to_the_only_region(axis):
    network = built(audio_axis=axis, n_regions=1)
    video, audio = clips(grid=(1, 1))
    output = network(video, audio)
    assert (output.attention == 1).all()
    unattended = built(attends=False)
    unattended.contexts, unattended.heads = network.contexts, network.heads
    torch.testing.assert_close(output.logits, unattended(video, audio).logits)


def test_attention_along_the_hidden_axis_takes_any_grid():
    network = built(audio_axis="hidden")
    assert network(*clips(grid=(5, 9))).attention.shape == (3, 4, 5, 9)


def test_attention_along_the_hidden_axis_moves_with_the_picture():
    network, (video, audio) = built(audio_axis="hidden"), clips(grid=(4, 5))
    found = network(video.flip(3), audio)
    torch.testing.assert_close(found.attention.flip(3), network(video, audio).attention)


def test_attention_along_the_region_axis_has_a_fixed_grid():
    with pytest.raises(InputError, match=r"4 x 5 regions, .* made for 6; .*hidden"):
        built()(*clips(grid=(4, 5)))


def test_starts_as_published():
    torch.manual_seed(0)
    network = AvAttNet()
    attention, head = network.attention, network.heads[0]
    for layer in (attention.video, attention.from_audio, head.hidden, head.classes):
        bound = (6 / sum(layer.weight.shape)) ** 0.5
        assert 0.95 * bound < layer.weight.abs().max() <= bound
    assert network.contexts["audio"].weight_ih_l0.abs().max() <= 128**-0.5
    assert 0.9 * 512**-0.5 < attention.video.bias.abs().max() <= 512**-0.5


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"modalities": "vido"}, "modalities .* did you mean video"),
        ({"fusion": "gate"}, "did you mean gated"),
        ({"fusion_at": "soon"}, "fusion_at .*early, late"),
        ({"audio_axis": "regions"}, "region or hidden"),
        ({"modalities": "audio", "fusion": "gmu"}, "audio alone has none"),
        ({"modalities": "video", "fusion_at": "early"}, "video alone has none"),
        ({"fusion_at": "decision", "fusion": "sum"}, "'sum' .*a head each has none"),
    ],
)
def test_choices_that_do_not_go_are_refused(choices, message):
    with pytest.raises(InputError, match=message):
        built(**choices)


@pytest.mark.parametrize(
    ("video", "audio", "message"),
    [
        ((3, 4, 12, 2, 3), (3, 4, 6), "video must .* channels come last"),
        ((3, 4, 2, 12), (3, 4, 6), "video must"),
        ((3, 0, 2, 3, 12), (3, 0, 6), "video must"),
        ((3, 4, 2, 3, 12), (3, 5, 6), r"audio must have shape \(3, 4, 6\)"),
        ((3, 4, 2, 3, 12), (3, 4, 128), "audio must"),
    ],
)
def test_other_shapes_are_refused(video, audio, message):
    with pytest.raises(InputError, match=message):
        built()(torch.zeros(video), torch.zeros(audio))
