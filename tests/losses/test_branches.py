import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from hearsight.errors import InputError
from hearsight.losses.branches import aggregated_loss, sed_doa_loss, track_loss

SURE = 50.0
"""A logit whose sigmoid is 1 in float32."""

seeds = st.integers(0, 2**32).map(torch.Generator().manual_seed)


def draw_tracks(generator, n_tracks=3, n_classes=4):
    """Draw an output and truth, some tracks of which are silent."""
    shape = (2, 5, n_tracks)
    classes = torch.randint(0, n_classes + 1, shape, generator=generator)
    activity = functional.one_hot(classes, n_classes + 1)[..., :-1].float()
    directions = functional.normalize(torch.randn((*shape, 3), generator=generator), dim=-1)
    directions = directions * activity.sum(dim=-1, keepdim=True)
    logits = torch.randn((*shape, n_classes), generator=generator)
    return logits, torch.randn((*shape, 3), generator=generator), activity, directions


def perfect(activity, directions):
    return SURE * (2.0 * activity - 1.0), directions


TRACK_LOSSES = [
    track_loss,
    lambda *tensors: track_loss(*tensors, choose_by="unweighted", detection_weight=0.2),
    aggregated_loss,
    lambda *tensors: aggregated_loss(*tensors, track_weight=0.3),
]


@pytest.mark.parametrize("loss", TRACK_LOSSES)
@pytest.mark.parametrize("n_tracks", [1, 2, 3])
@given(generator=seeds)
def test_track_losses_are_blind_to_track_order_and_zero_at_the_target(loss, n_tracks, generator):
    logits, directions, *truth = draw_tracks(generator, n_tracks)
    order = torch.randperm(n_tracks, generator=generator)
    expected = loss(logits, directions, *truth).total
    shuffled = loss(logits[:, :, order], directions[:, :, order], *truth).total
    torch.testing.assert_close(shuffled, expected)
    found = perfect(*(tensor[:, :, order] for tensor in truth))
    torch.testing.assert_close(loss(*found, *truth).total, torch.tensor(0.0), atol=1e-6, rtol=0)


@pytest.mark.parametrize("loss", [*TRACK_LOSSES])
@given(generator=seeds)
def test_a_batch_is_the_mean_of_its_items(loss, generator):
    tensors = draw_tracks(generator)
    items = [loss(*item).total for item in zip(*tensors, strict=True)]
    torch.testing.assert_close(loss(*tensors).total, torch.stack(items).mean())


@pytest.mark.parametrize("loss", TRACK_LOSSES)
def test_gradients_are_finite_for_silence_and_zeros(loss):
    logits = torch.zeros(2, 5, 3, 4, requires_grad=True)
    directions = torch.zeros(2, 5, 3, 3, requires_grad=True)
    total = loss(logits, directions, torch.zeros(2, 5, 3, 4), torch.zeros(2, 5, 3, 3)).total
    for gradient in torch.autograd.grad(total, [logits, directions]):
        assert gradient.isfinite().all()


def test_each_frame_has_its_own_permutation():
    _, _, activity, directions = draw_tracks(torch.Generator().manual_seed(3))
    found = [tensor.clone() for tensor in perfect(activity, directions)]
    for tensor in found:
        tensor[:, 1] = tensor[:, 1, [2, 0, 1]]
    assert track_loss(*found, activity, directions).total < 1e-6


def test_two_branches():
    generator = torch.Generator().manual_seed(1)
    activity = (torch.rand((2, 5, 4), generator=generator) < 0.5).float()
    true = functional.normalize(torch.randn((2, 5, 4, 3), generator=generator), dim=-1)
    assert sed_doa_loss(SURE * (2 * activity - 1), true, activity, true).total < 1e-6
    # What a silent class says about its direction does not count.
    noisy = true + (1.0 - activity)[..., None]
    assert sed_doa_loss(SURE * (2 * activity - 1), noisy, activity, true).direction == 0.0
    shifted = sed_doa_loss(SURE * (2 * activity - 1), true + 0.5, activity, true)
    torch.testing.assert_close(shifted.direction, torch.tensor(1.5))
    torch.testing.assert_close(shifted.total, torch.tensor(0.7 * 1.5))


def test_two_branches_in_silence():
    logits = torch.zeros(2, 5, 4, requires_grad=True)
    silence, nowhere = torch.zeros(2, 5, 4), torch.zeros(2, 5, 4, 3)
    loss = sed_doa_loss(logits, nowhere + 1.0, silence, nowhere)
    assert loss.direction == 0.0
    (gradient,) = torch.autograd.grad(loss.total, logits)
    assert gradient.isfinite().all()


def test_wrong_shapes_are_told():
    tensors = draw_tracks(torch.Generator().manual_seed(1))
    with pytest.raises(InputError, match="directions must have shape"):
        sed_doa_loss(*tensors)
    with pytest.raises(InputError, match="activity must have shape"):
        track_loss(*tensors[:2], tensors[2][..., :-1], tensors[3])
    with pytest.raises(InputError, match="true_directions must have shape"):
        aggregated_loss(*tensors[:3], tensors[3][..., :-1])
    with pytest.raises(InputError, match="valid: weighted, unweighted"):
        track_loss(*tensors, choose_by="best")
