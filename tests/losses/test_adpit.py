"""ADPIT against its definition, written out, and what it promises."""

import itertools

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hearsight.errors import InputError
from hearsight.losses.adpit import N_DUMMY_TRACKS, N_TRACKS, _rules, adpit_loss


def targets(generator, counts, n_components=3):
    """Draw coupled targets for numbers of instances of shape (..., classes)."""
    *leading, n_classes = counts.shape
    shape = (*leading, N_DUMMY_TRACKS, n_classes, n_components)
    group = torch.tensor([1, 2, 2, 3, 3, 3])[:, None, None]
    return torch.randn(shape, generator=generator) * (counts[..., None, :, None] == group)


@st.composite
def cases(draw):
    """Draw an output and a target of 0 to 3 instances for each class."""
    shape = (draw(st.integers(1, 3)), draw(st.integers(1, 4)), draw(st.integers(1, 5)))
    n_components = draw(st.integers(2, 5))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 2**32)))
    counts = torch.randint(0, 4, shape, generator=generator)
    output = torch.randn((*shape[:2], N_TRACKS, shape[2], n_components), generator=generator)
    return output, targets(generator, counts, n_components)


def written_out(output, target):
    """The definition: the nearest of all 13 ways, the other groups' targets added to each."""
    a, b0, b1, c0, c1, c2 = target.unbind(dim=-3)
    one, two, three = (a, a, a), (b0, b0, b1), (c0, c1, c2)
    ways = [(one, two, three)]
    ways += [
        (way, one, three)
        for way in itertools.product((b0, b1), repeat=3)
        if any(track is b0 for track in way) and any(track is b1 for track in way)
    ]
    ways += [(way, one, two) for way in itertools.permutations(three)]
    assert len(ways) == 13
    losses = []
    for groups in ways:
        wanted = torch.stack([sum(tracks) for tracks in zip(*groups, strict=True)], dim=-3)
        losses.append((output - wanted).square().mean(dim=(-3, -1)))
    return torch.stack(losses).amin(dim=0).mean()


def value_and_gradient(loss, output, *rest, **options):
    leaf = output.clone().requires_grad_()
    value = loss(leaf, *rest, **options)
    return value.detach(), torch.autograd.grad(value, leaf)[0]


@given(cases())
def test_is_what_its_definition_says(case):
    output, target = case
    found = value_and_gradient(adpit_loss, output, target)
    expected = value_and_gradient(written_out, output, target)
    torch.testing.assert_close(found, expected)


def filled(target, orders):
    """Give the instances of each cell to the three tracks, in one of the allowed ways."""
    group = torch.stack([target[..., 0, :, :]] * 3, dim=-3)
    pair, three = target[..., 1:3, :, :], target[..., 3:, :, :]
    return group + pair[..., orders[0], :, :] + three[..., orders[1], :, :]


@given(cases(), st.sampled_from([[0, 0, 1], [1, 0, 0], [1, 1, 0]]), st.permutations([0, 1, 2]))
def test_is_zero_at_the_target_in_any_order(case, pair, three):
    _, target = case
    assert adpit_loss(filled(target, (pair, three)), target) == 0.0


@given(cases(), st.permutations([0, 1, 2]))
def test_is_blind_to_the_order_of_tracks_and_instances(case, order):
    output, target = case
    expected = adpit_loss(output, target)
    torch.testing.assert_close(adpit_loss(output[:, :, order], target), expected)
    shuffled = target[:, :, [0, 2, 1, *(3 + i for i in order)]]
    torch.testing.assert_close(adpit_loss(output, shuffled), expected)


@given(cases())
def test_a_batch_is_the_mean_of_its_items(case):
    output, target = case
    items = [adpit_loss(one, other) for one, other in zip(output, target, strict=True)]
    torch.testing.assert_close(adpit_loss(output, target), torch.stack(items).mean())


@pytest.mark.parametrize("size", [0.0, 1e-20, 1.0, 1e15])
def test_gradients_are_finite(size):
    generator = torch.Generator().manual_seed(1)
    target = targets(generator, torch.randint(0, 4, (2, 5, 4), generator=generator))
    output = size * torch.randn((2, 5, N_TRACKS, 4, 3), generator=generator)
    value, gradient = value_and_gradient(adpit_loss, output, target)
    assert value.isfinite()
    assert gradient.isfinite().all()


def test_silence_asks_for_silence():
    output = torch.randn((2, 5, N_TRACKS, 4, 3), generator=torch.Generator().manual_seed(1))
    value = adpit_loss(output, torch.zeros(2, 5, N_DUMMY_TRACKS, 4, 3))
    torch.testing.assert_close(value, output.square().mean())


def on_screen_case():
    generator = torch.Generator().manual_seed(1)
    target = targets(generator, torch.randint(0, 4, (2, 5, 4), generator=generator))
    flags = (target[..., :1] > 0).float()
    output = torch.randn((2, 5, N_TRACKS, 4, 4), generator=generator)
    output[..., -1] = output[..., -1].sigmoid()
    return output, torch.cat([target, flags], dim=-1)


def test_the_flag_has_no_part_in_the_choice():
    output, target = on_screen_case()
    places = adpit_loss(output[..., :-1], target[..., :-1])
    whole, gradient = value_and_gradient(adpit_loss, output, target, on_screen=True)
    assert whole > places
    flipped = torch.cat([output[..., :-1], 1.0 - output[..., -1:]], dim=-1)
    other = value_and_gradient(adpit_loss, flipped, target, on_screen=True)[1]
    torch.testing.assert_close(gradient[..., :-1], other[..., :-1])


def test_a_masked_flag_is_not_asked_of_silence():
    output, target = on_screen_case()
    gradient = value_and_gradient(adpit_loss, output, target, on_screen=True, mask_on_screen=True)[
        1
    ]
    is_silent = ~target.any(dim=-1).any(dim=-2)
    assert is_silent.any()
    flags = gradient[..., -1].swapaxes(-1, -2)
    assert not flags[is_silent].any()
    assert flags[~is_silent].all()
    nothing = adpit_loss(output, torch.zeros_like(target), on_screen=True, mask_on_screen=True)
    torch.testing.assert_close(nothing, output[..., :-1].square().mean())


def test_half_precision_outputs():
    generator = torch.Generator().manual_seed(1)
    target = targets(generator, torch.randint(0, 4, (2, 5, 4), generator=generator))
    output = torch.randn((2, 5, N_TRACKS, 4, 3), generator=generator).bfloat16()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        value, gradient = value_and_gradient(adpit_loss, output, target)
    assert gradient.dtype == torch.bfloat16
    torch.testing.assert_close(value, adpit_loss(output.float(), target))


def test_an_output_of_any_memory_layout():
    generator = torch.Generator().manual_seed(1)
    target = targets(generator, torch.randint(0, 4, (2, 5, 4), generator=generator))
    flat = torch.randn((2, 5, N_TRACKS * 3 * 4), generator=generator)
    view = flat.view(2, 5, N_TRACKS, 3, 4).swapaxes(-1, -2)
    assert not view.is_contiguous()
    torch.testing.assert_close(adpit_loss(view, target), adpit_loss(view.contiguous(), target))


@given(cases())
def test_double_precision(case):
    output, target = (tensor.double() for tensor in case)
    value = adpit_loss(output, target)
    torch.testing.assert_close(value, written_out(output, target), rtol=1e-12, atol=1e-12)


def test_training_goes_on_after_validation_without_gradients():
    generator = torch.Generator().manual_seed(1)
    target = targets(generator, torch.randint(0, 4, (2, 5, 4), generator=generator))
    output = torch.randn((2, 5, N_TRACKS, 4, 3), generator=generator)
    kept = output.clone(), target.clone()
    _rules.cache_clear()
    with torch.inference_mode():
        expected = adpit_loss(output, target).item()
    value, gradient = value_and_gradient(adpit_loss, output, target)
    assert value == expected
    assert gradient.any()
    assert torch.equal(output, kept[0])
    assert torch.equal(target, kept[1])


@pytest.mark.parametrize("shape", [(1,), (1, 1), ()])
def test_arguments_stay_what_they_are_in_any_layout(shape):
    # One class, or one frame alone, is in memory already as the loss turns it.
    target = torch.ones((*shape, N_DUMMY_TRACKS, 1, 1))
    target[..., 1:, :, :] = 0.0
    kept = target.clone()
    assert adpit_loss(torch.ones((*shape, N_TRACKS, 1, 1)), target) == 0.0
    assert torch.equal(target, kept)


def test_wrong_shapes_are_told():
    with pytest.raises(InputError, match=r"output must have shape \(\.\.\., 3, "):
        adpit_loss(torch.zeros(2, 5, 6, 4, 3), torch.zeros(2, 5, 6, 4, 3))
    with pytest.raises(InputError, match=r"target must have shape \(2, 5, 6, 4, 3\)"):
        adpit_loss(torch.zeros(2, 5, 3, 4, 3), torch.zeros(2, 5, 6, 4, 4))


def test_an_empty_batch_has_no_mean():
    assert adpit_loss(torch.zeros(0, 5, 3, 4, 3), torch.zeros(0, 5, 6, 4, 3)).isnan()
