"""Positive sample propagation."""

import pytest
import torch

from hearsight.errors import InputError
from hearsight.losses.psp import psp_loss
from hearsight.models.psp import PairPropagation, PspNet

SMALL = {"n_classes": 5, "n_video": 12, "n_audio": 6, "n_hidden": 8, "n_attention": 7}
SMALL |= {"n_regions": 6, "dropout": 0.0}
VARIANTS = {"full": {}, "weak": {"is_weak": True}, "hidden": {"audio_axis": "hidden"}}


def built(**choices):
    torch.manual_seed(0)
    return PspNet(**{**SMALL, **choices})


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
    assert output.similarity.shape == (3, 4)
    assert (output.similarity.abs() <= 1 + 1e-6).all()
    target = torch.nn.functional.one_hot(torch.tensor([[0, 4, 1, 1]] * 3), 5)
    psp_loss(output.logits, output.similarity, target).backward()
    for key, parameter in network.named_parameters():
        assert parameter.grad.isfinite().all(), key
        assert parameter.grad.any(), key


@pytest.mark.parametrize("name", VARIANTS)
def test_a_batch_equals_its_clips_one_by_one(name):
    network, (video, audio) = built(**VARIANTS[name]).eval(), clips()
    with torch.no_grad():
        whole = network(video, audio)
        single = [network(video[[i]], audio[[i]]) for i in range(len(video))]
    for field in ("logits", "similarity"):
        expected = torch.cat([getattr(each, field) for each in single])
        torch.testing.assert_close(getattr(whole, field), expected, rtol=1e-4, atol=1e-5)


def propagation(threshold, *, is_weak):
    """Return a propagation that compares the streams as they are, and tells all of them."""
    pairs = PairPropagation(4, threshold, is_weak=is_weak, dropout=0.0)
    with torch.no_grad():
        for name, parameter in pairs.named_parameters():
            if name.endswith(("asks.weight", "tells.weight", "after.weight")):
                parameter.copy_(torch.eye(4))
    pairs.norm = torch.nn.Identity()
    return pairs


# Seconds of either stream: of one kind, of the other, and of a bit of both.
VIDEO = torch.tensor([[[1.0, 0, 0, 0], [0, 1, 0, 0]]])
AUDIO = torch.tensor([[[2.0, 0, 0, 0], [0, 2, 0, 0], [0.5, 1.5, 0, 0]]])


def test_segments_take_up_what_fits():
    """Of the sounds, the picture of the first kind has shares 0.8, 0 and 0.2; that of the other 0,
    4 / 7 and 3 / 7. What does not exceed the threshold counts nothing."""
    video = torch.cat([VIDEO, VIDEO[:, :1]], dim=1)
    heard = AUDIO[0]
    [found], _ = propagation(0.25, is_weak=False)(video, AUDIO)
    torch.testing.assert_close(found[0], video[0, 0] + heard[0])
    torch.testing.assert_close(found[1], video[0, 1] + (4 * heard[1] + 3 * heard[2]) / 7)
    [found], _ = propagation(0.25, is_weak=True)(video, AUDIO)
    torch.testing.assert_close(found[0], video[0, 0] + 0.8 * heard[0])
    [found], _ = propagation(0.1, is_weak=False)(video, AUDIO)
    torch.testing.assert_close(found[0], video[0, 0] + 0.8 * heard[0] + 0.2 * heard[2])
    _, [found] = propagation(0.25, is_weak=False)(video, AUDIO)
    torch.testing.assert_close(found[1], heard[1] + video[0, 1])


@pytest.mark.parametrize("is_weak", [True, False])
def test_nothing_that_fits_leaves_streams_alone(is_weak):
    pairs = propagation(0.1, is_weak=is_weak)
    video, audio = torch.eye(4)[None, :2], torch.eye(4)[None, 2:]
    seen, heard = pairs(video, audio)
    torch.testing.assert_close(seen, video)
    torch.testing.assert_close(heard, audio)
    seen, _ = pairs(video, torch.zeros_like(audio))
    torch.testing.assert_close(seen, video)


def test_weights_of_segments_lie_between_a_half_and_one():
    network = built(is_weak=True).eval()
    weighed = network(*clips()).logits
    network.weigh = None
    plain = network(*clips()).logits
    factors = weighed / plain
    assert ((factors > 0.4999) & (factors < 1)).all()
    torch.testing.assert_close(factors, factors[..., :1].expand_as(factors), rtol=1e-4, atol=0)


def test_dropout_acts_in_training_alone():
    network = built(dropout=0.5)
    assert not torch.equal(network(*clips()).logits, network(*clips()).logits)
    network.eval()
    assert torch.equal(network(*clips()).logits, network(*clips()).logits)


def test_other_shapes_are_refused():
    with pytest.raises(InputError, match="video must"):
        built()(torch.zeros(3, 4, 6, 12), torch.zeros(3, 4, 6))
