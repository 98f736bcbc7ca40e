"""Losses of networks that label the segments of clips."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from hearsight.errors import InputError
from hearsight.losses.av_att import class_loss, pool_segments, soft_margin
from hearsight.losses.psp import pair_loss, pair_target, psp_loss

KINDS = ("cross_entropy", "softmargin_on_probs", "bce")


def segments(seed=0, n_classes=5):
    noise = torch.Generator().manual_seed(seed)
    logits = torch.randn(2, 3, n_classes, generator=noise)
    classes = torch.randint(n_classes, (2, 3), generator=noise)
    return logits, functional.one_hot(classes, n_classes)


def test_cross_entropy_is_that_of_single_classes():
    logits, target = segments()
    expected = functional.cross_entropy(logits.flatten(0, 1), target.argmax(-1).flatten())
    torch.testing.assert_close(class_loss(logits, target), expected)


def test_a_row_without_classes_counts_nothing():
    logits, target = segments()
    target[0, 0] = 0
    changed = logits.clone()
    changed[0, 0] += torch.arange(5)
    torch.testing.assert_close(class_loss(logits, target), class_loss(changed, target))


@pytest.mark.parametrize("kind", KINDS)
def test_segments_and_classes_may_come_in_any_order(kind):
    logits, target = segments()
    loss = class_loss(logits, target, kind)
    torch.testing.assert_close(loss, class_loss(logits.flip(1), target.flip(1), kind))
    torch.testing.assert_close(loss, class_loss(logits.flip(-1), target.flip(-1), kind))
    torch.testing.assert_close(
        loss, class_loss(logits.flatten(0, 1), target.flatten(0, 1).float(), kind)
    )


@pytest.mark.parametrize("kind", KINDS)
def test_right_logits_have_the_least_loss(kind):
    _, target = segments()
    right, wrong = 50.0 * target, 50.0 * target.roll(1, dims=-1)
    floor = 0.0
    if kind == "softmargin_on_probs":
        # One right class and four others, in probabilities: log(1 + 1 / e) and log 2.
        floor = (np.log1p(np.exp(-1)) + 4 * np.log(2)) / 5
    centred = right - 25 if kind == "bce" else right
    np.testing.assert_allclose(
        class_loss(centred, target, kind).item(), floor, rtol=1e-5, atol=1e-8
    )
    assert class_loss(wrong, target, kind) > floor + 0.1


def test_the_published_floor():
    target = functional.one_hot(torch.arange(29), 29)
    np.testing.assert_allclose(soft_margin(target.float(), target.float()), 0.680048, rtol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_half_precision_is_compared_in_full(kind):
    logits, target = segments()
    loss = class_loss(logits.half(), target, kind)
    assert loss.dtype == torch.float32
    torch.testing.assert_close(loss, class_loss(logits.half().float(), target, kind))


def test_pools():
    logits = torch.tensor([[[1.0, 5.0], [3.0, -1.0]]])
    assert pool_segments(logits).tolist() == [[3.0, 5.0]]
    assert pool_segments(logits, "mean").tolist() == [[2.0, 2.0]]
    with pytest.raises(InputError, match="max or mean, got 'topk'"):
        pool_segments(logits, "topk")


def test_unknown_kinds_and_other_shapes_are_refused():
    logits, target = segments()
    with pytest.raises(InputError, match="did you mean bce"):
        class_loss(logits, target, "bced")
    with pytest.raises(InputError, match=r"shape of the logits, \(2, 3, 5\), got \(2, 3\)"):
        class_loss(logits, target.argmax(-1))


TARGET = functional.one_hot(torch.tensor([[2, 0, 0, 2], [2, 2, 2, 2], [1, 1, 1, 1]]), 3)
SHARES = [[0, 0.5, 0.5, 0], [0.25] * 4, [0.25] * 4]


def test_the_segments_of_an_event_have_equal_shares():
    torch.testing.assert_close(pair_target(TARGET), torch.tensor(SHARES))


def test_similarity_is_right_in_any_scale_and_below_zero():
    target = pair_target(TARGET)
    similarity = torch.where(target > 0, target, -0.7)
    for scale in (0.01, 1.0):
        assert pair_loss(scale * similarity, target) < 1e-10
    assert pair_loss(similarity.flip(1)[:1], target[:1]) < 1e-10
    assert pair_loss(similarity.roll(1, dims=1)[:1], target[:1]) > 0.1


def test_similarity_by_hand():
    found = pair_loss(torch.tensor([[0.3, 0.1, -0.5]]), torch.tensor([[0.0, 1.0, 0.0]]))
    np.testing.assert_allclose(found, (0.75**2 + 0.75**2) / 3, rtol=1e-6)


def test_no_similarity_at_all_stays_finite():
    similarity = torch.full((3, 4), -0.1, requires_grad=True)
    loss = psp_loss(torch.zeros(3, 4, 3), similarity, TARGET)
    loss.backward()
    assert loss.isfinite()
    assert similarity.grad.isfinite().all()


def test_both_losses_are_added():
    logits, similarity = torch.randn(3, 4, 3), torch.rand(3, 4)
    classes, pairs = class_loss(logits, TARGET), pair_loss(similarity, pair_target(TARGET))
    torch.testing.assert_close(psp_loss(logits, similarity, TARGET), classes + 100 * pairs)
    torch.testing.assert_close(psp_loss(logits, similarity, TARGET, pair_weight=0.0), classes)
