"""Losses of pairs by their distance, by hand; the original's values, parity tests check."""

import math

import pytest
import torch

from hearsight.losses.contrastive import contrastive_loss, info_nce_loss


def test_together_pulls_and_apart_pushes_up_to_the_margin():
    distances, together = torch.tensor([3.0, 0.5, 2.5]), torch.tensor([1.0, 0.0, 0.0])
    assert contrastive_loss(distances, together).item() == pytest.approx((9 + 1.5**2 + 0) / 3)
    near_enough = contrastive_loss(distances, together.bool(), margin=0.5)
    assert near_enough.item() == pytest.approx(9 / 3)


def test_contrast_is_nothing_where_all_is_well():
    distances = torch.tensor([[0.0, 2.0], [5.0, 0.0]])
    assert contrastive_loss(distances, torch.eye(2)).item() == 0.0


def all_equal(n):
    return torch.ones(n, n)


def test_info_nce_of_equal_distances_is_a_guess_among_all():
    loss = info_nce_loss(all_equal(5), torch.ones(5, dtype=torch.bool))
    assert loss.item() == pytest.approx(math.log(5))


def test_background_asks_nothing_and_is_asked_for():
    is_event = torch.tensor([True, True, False, False])
    assert info_nce_loss(all_equal(4), is_event).item() == pytest.approx(math.log(4))
    # Its own distance does not matter.
    distances = all_equal(4)
    distances[3, 3] = 100.0
    assert info_nce_loss(distances, is_event).item() == pytest.approx(math.log(4))


def test_what_nobody_can_tell_apart_is_left_out():
    is_event = torch.ones(4, dtype=torch.bool)
    event = torch.tensor([0, 0, 1, 2])
    loss = info_nce_loss(all_equal(4), is_event, is_alike=event[:, None] == event)
    expected = (math.log(3) + math.log(3) + math.log(4) + math.log(4)) / 4
    assert loss.item() == pytest.approx(expected)


def test_right_pairs_that_are_near_cost_little_in_both_directions():
    is_event = torch.ones(3, dtype=torch.bool)
    right = 6.0 * (1.0 - torch.eye(3))
    assert info_nce_loss(right, is_event).item() < 1e-6
    # Each picture is nearest to its own sound, but all sounds to the first picture.
    one_sided = right.clone()
    one_sided[0] = torch.tensor([0.0, 0.1, 0.1])
    assert info_nce_loss(one_sided, is_event).item() > 0.3


def test_no_event_costs_nothing_and_stays_finite():
    distances = torch.ones(3, 3, requires_grad=True)
    loss = info_nce_loss(distances, torch.zeros(3, dtype=torch.bool), is_alike=torch.ones(3, 3) > 0)
    loss.backward()
    assert loss.item() == 0.0
    assert not distances.grad.any()


def test_the_order_of_pairs_does_not_matter():
    torch.manual_seed(0)
    distances, is_event = torch.rand(6, 6), torch.rand(6) > 0.3
    order = torch.randperm(6)
    mixed = info_nce_loss(distances[order][:, order], is_event[order])
    torch.testing.assert_close(mixed, info_nce_loss(distances, is_event))


def test_temperature_divides_squares():
    distances, is_event = 2 * torch.rand(4, 4), torch.ones(4, dtype=torch.bool)
    torch.testing.assert_close(
        info_nce_loss(2 * distances, is_event, temperature=4.0), info_nce_loss(distances, is_event)
    )
