import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from hearsight.errors import InputError
from hearsight.losses.accdoa import accdoa_loss, masked_accdoa_loss

seeds = st.integers(0, 2**32).map(torch.Generator().manual_seed)


def draw(generator, *shape):
    """An output and a target in which about half the classes sound."""
    directions = functional.normalize(torch.randn((*shape, 3), generator=generator), dim=-1)
    sounding = torch.rand((*shape, 1), generator=generator) < 0.5
    return torch.randn((*shape, 3), generator=generator), directions * sounding


@pytest.mark.parametrize("loss", [accdoa_loss, masked_accdoa_loss])
@given(generator=seeds)
def test_is_zero_at_the_target_and_a_batch_is_the_mean_of_its_items(loss, generator):
    output, target = draw(generator, 3, 4, 5)
    assert loss(target, target) == 0.0
    items = torch.stack([loss(one, other) for one, other in zip(output, target, strict=True)])
    torch.testing.assert_close(loss(output, target), items.mean())


@given(seeds)
def test_silence_is_not_asked_for_by_the_masked_loss(generator):
    output, target = draw(generator, 3, 4, 5)
    output.requires_grad_()
    (gradient,) = torch.autograd.grad(masked_accdoa_loss(output, target), output)
    is_silent = ~target.any(dim=-1)
    assert not gradient[is_silent].any()
    assert gradient[~is_silent].any(dim=-1).all()


def test_the_flag_counts_half():
    output, target = draw(torch.Generator().manual_seed(1), 3, 4, 5)
    output[..., -1], target[..., -1] = 0.5, 1.0
    expected = (functional.mse_loss(output[..., :2], target[..., :2]) + torch.tensor(2.0).log()) / 2
    torch.testing.assert_close(accdoa_loss(output, target, on_screen=True), expected)


def test_flags_are_compared_in_full_precision(monkeypatch):
    def as_on_a_gpu(output, target):
        assert not torch.is_autocast_enabled("cpu")
        assert output.dtype == torch.float32
        return cross_entropy(output, target)

    cross_entropy = functional.binary_cross_entropy
    monkeypatch.setattr(functional, "binary_cross_entropy", as_on_a_gpu)
    output, target = torch.rand(2, 4, 5, 3).bfloat16(), torch.ones(2, 4, 5, 3)
    with torch.autocast("cpu", torch.bfloat16):
        mixed = accdoa_loss(output, target, on_screen=True)
    torch.testing.assert_close(mixed, accdoa_loss(output.float(), target, on_screen=True))


@pytest.mark.parametrize("loss", [accdoa_loss, masked_accdoa_loss])
def test_wrong_shapes_are_told(loss):
    with pytest.raises(InputError, match="both have shape"):
        loss(torch.zeros(2, 3, 4, 3), torch.zeros(2, 3, 5, 3))
