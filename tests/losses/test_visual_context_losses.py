"""Losses of the visual-context system by hand; what the originals computed, parity tests check."""

import math

import pytest
import torch

from hearsight.errors import InputError
from hearsight.losses.visual_context import (
    discrimination_loss,
    divergence_loss,
    localization_loss,
    rejection_loss,
)


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


def test_sounds_are_told_apart_for_each_picture():
    similarities = torch.zeros(2, 2, 1, 2)
    similarities[0, 1, 0, 1] = 3.0  # the first picture has a place that fits the other's sound
    expected = (math.log(1 + math.exp(3)) + math.log(2)) / 2
    assert localization_loss(similarities).item() == pytest.approx(expected)
    expected = (math.log(1 + math.exp(1.5)) + math.log(2)) / 2
    assert localization_loss(similarities, "mean").item() == pytest.approx(expected)


def test_where_all_is_told_apart_nothing_is_lost():
    similarities = 100 * torch.eye(3)[..., None, None]
    assert localization_loss(similarities).item() == pytest.approx(0, abs=1e-6)
    assert localization_loss(torch.randn(1, 1, 4, 4)).item() == 0


def test_sounds_of_no_picture_must_fit_less_than_any_own() -> None:
    similarities = torch.full((2, 2, 5, 6), -9.0)
    similarities[:, :, 1, 2] = torch.tensor([[3.0, 0.0], [0.0, 2.0]])
    others = torch.full((2, 2, 5, 6), -9.0)
    others[:, :, 4, 0] = torch.tensor([[1.0, -1.0], [0.5, 4.0]])
    similarities.requires_grad_()
    others.requires_grad_()
    apart = [other - own for other in (1.0, -1.0, 0.5, 4.0) for own in (3.0, 2.0)]
    loss = rejection_loss(similarities, others)
    assert loss.item() == pytest.approx(sum(math.log1p(math.exp(each)) for each in apart) / 8)
    loss.backward()
    assert (others.grad[:, :, 4, 0] > 0).all()
    assert similarities.grad is None
    assert rejection_loss(similarities, others[:, :0]).item() == 0.0


def test_the_best_nodes_are_told_from_the_least():
    agreement = torch.tensor([[0.1, 0.9, -0.5, 0.3, 0.7]])
    expected = math.log(1 + math.exp((0.1 - 0.5) / 2 - (0.9 + 0.7 + 0.3) / 3))
    assert discrimination_loss(agreement, 3, 2).item() == pytest.approx(expected)
    order = torch.tensor([4, 2, 0, 1, 3])
    assert discrimination_loss(agreement[:, order], 3, 2).item() == pytest.approx(expected)
    equal = discrimination_loss(torch.full((2, 16), 0.3))
    assert equal.item() == pytest.approx(math.log(2))


@pytest.mark.parametrize("kind", ["js", "kl"])
def test_the_foreground_shall_look_like_the_sounds_map(kind):
    node_maps, agreement = torch.randn(2, 4, 3, 5), torch.randn(2, 4)
    best = agreement.topk(2, dim=1).indices
    own = torch.stack([node_maps[i, best[i]].mean(dim=0) for i in range(2)])
    alike = divergence_loss(node_maps, agreement, own, n_foreground=2, kind=kind)
    assert alike.item() == pytest.approx(0, abs=1e-6)
    other = divergence_loss(node_maps, agreement, own.flip(-1), n_foreground=2, kind=kind)
    assert other.item() > 0.01


def test_divergences_by_hand():
    # Foreground (1/2, 1/2), sound (1/4, 3/4).
    maps, own = torch.zeros(1, 1, 1, 2), torch.tensor([[[1.0, 3.0]]]).log()
    agreement = torch.ones(1, 1)
    kl = math.log(1 / 2) / 4 + 3 * math.log(3 / 2) / 4
    found = divergence_loss(maps, agreement, own, n_foreground=1, kind="kl").item()
    assert found == pytest.approx(kl, rel=1e-5)
    middle = (3 / 8, 5 / 8)
    seen = sum(0.5 * math.log(0.5 / m) for m in middle)
    heard = sum(q * math.log(q / m) for q, m in zip((0.25, 0.75), middle, strict=True))
    found = divergence_loss(maps, agreement, own, n_foreground=1).item()
    assert found == pytest.approx((seen + heard) / 2, rel=1e-5)


def test_both_maps_learn():
    node_maps = torch.randn(2, 4, 3, 3, requires_grad=True)
    own = torch.randn(2, 3, 3, requires_grad=True)
    divergence_loss(node_maps, torch.randn(2, 4), own, n_foreground=2).backward()
    assert node_maps.grad.any()
    assert own.grad.any()


def test_counts_must_be_among_the_nodes():
    agreement = torch.zeros(2, 4)
    with pytest.raises(InputError, match="must be 1 to 4 nodes each, got 5"):
        discrimination_loss(agreement, 2, 5)
    with pytest.raises(InputError, match="must be 1 to 4 nodes each, got 0"):
        divergence_loss(torch.zeros(2, 4, 1, 1), agreement, torch.zeros(2, 1, 1), n_foreground=0)
