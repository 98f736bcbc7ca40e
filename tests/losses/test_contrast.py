"""Losses of LVS, EZ-VSL, SLAVC and FNAC by hand; the originals' values, parity tests check."""

import math

import pytest
import torch

from hearsight.losses.ez_vsl import ez_vsl_loss
from hearsight.losses.fnac import fnac_terms
from hearsight.losses.lvs import lvs_logits, lvs_loss
from hearsight.losses.slavc import slavc_loss, supervised_loss


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


def unit(*shape):
    return torch.nn.functional.normalize(torch.randn(*shape), dim=1)


def test_lvs_leaves_the_own_sound_out_of_the_others():
    cosines = torch.rand(3, 3, 4, 4) * 2 - 1
    found = lvs_logits(cosines).logits
    assert found.shape == (3, 5)
    assert (found[:, 1:4].diagonal() == -torch.inf).all()
    assert lvs_loss(found).isfinite()


def test_lvs_as_published_is_led_astray_by_own_sounds_below_zero():
    cosines = torch.full((2, 2, 3, 3), -0.5)
    mended, original = (
        lvs_loss(lvs_logits(cosines, own_sound=way).logits) for way in ("out", "reference")
    )
    # Mended: its own sound, the other's and its own where it does not fit are all the same.
    assert mended.item() == pytest.approx(math.log(3), rel=1e-4)
    assert original.item() == pytest.approx((99 + 1) * 0.5 / 0.07, rel=1e-4)


def test_lvs_weighs_places_by_how_surely_they_fit():
    cosines = torch.tensor([[[[0.95, 0.5, 0.0]]]])
    found = lvs_logits(cosines, temperature=1.0)
    assert found.logits[0, 0].item() == pytest.approx(0.95, abs=0.01)
    assert found.logits[0, 2].item() == pytest.approx(0.0, abs=0.02)
    # The place between the bounds is neither.
    assert found.positive[0, 0, 1] < 0.01
    assert found.negative[0, 0, 1] < 0.05
    assert lvs_logits(cosines, has_trimap=False).negative[0, 0, 1] > 0.99
    assert lvs_logits(cosines, has_hard_negatives=False).logits.shape == (1, 2)


def test_lvs_stays_finite_where_nothing_fits_at_all():
    cosines = torch.full((2, 2, 3, 3), -1.0, dtype=torch.bfloat16, requires_grad=True)
    lvs_loss(lvs_logits(cosines).logits).backward()
    assert cosines.grad.isfinite().all()


def test_lvs_stays_finite_where_everything_fits():
    cosines = torch.full((2, 2, 3, 3), 0.99, requires_grad=True)
    loss = lvs_loss(lvs_logits(cosines).logits)
    loss.backward()
    assert loss.item() == pytest.approx(math.log(3), rel=1e-4)
    assert cosines.grad.isfinite().all()


def test_ez_vsl_asks_pictures_and_sounds():
    cosines = torch.zeros(2, 2, 1, 2)
    cosines[0, 1, 0, 1] = 0.03
    # The first picture prefers the other's sound, and the second sound the other's picture.
    expected = 2 * (math.log(1 + math.e) + math.log(2)) / 2
    assert ez_vsl_loss(cosines, tau=0.03).item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("loss", [ez_vsl_loss, lambda cosines: slavc_loss(cosines, cosines)])
def test_a_batch_of_one_loses_nothing(loss):
    heads = torch.rand(2, 1, 1, 3, 3) if loss is not ez_vsl_loss else torch.rand(1, 1, 3, 3)
    assert loss(heads).item() == pytest.approx(0, abs=1e-6)


def test_slavc_normalizes_twice_as_published():
    cosines = torch.rand(2, 3, 3, 2, 2)
    which, where = cosines / 0.03
    shares = which.softmax(dim=1) * where.flatten(2).softmax(dim=2).unflatten(2, (2, 2))
    expected = -shares.sum(dim=(2, 3)).log().log_softmax(dim=1).diagonal().mean()
    torch.testing.assert_close(slavc_loss(cosines, cosines), 2 * expected)


def test_slavc_has_a_side_for_each_modality():
    one, other = torch.rand(2, 3, 3, 2, 2), torch.rand(2, 3, 3, 2, 2)
    separate = (slavc_loss(one, one) + slavc_loss(other, other)) / 2
    torch.testing.assert_close(slavc_loss(one, other), separate)


def boxes():
    truth = torch.zeros(3, 32, 32)
    truth[:, 8:20, 4:16] = 1.0
    return torch.randn(3, 7, 7, requires_grad=True), truth


def test_boxes_teach_and_as_published_do_not():
    maps, truth = boxes()
    mended = supervised_loss(maps, truth, torch.ones(3))
    published = supervised_loss(maps, truth, torch.ones(3), gradient="none")
    assert mended.item() == published.item()
    assert not published.requires_grad
    mended.backward()
    assert maps.grad.any()
    assert maps.grad.abs().max() < 1


@pytest.mark.parametrize("stretch", ["batch", "sample"])
def test_learning_from_boxes_finds_them(stretch):
    maps, truth = boxes()
    optimizer = torch.optim.Adam([maps], lr=0.1)
    for _ in range(60):
        loss = supervised_loss(maps, truth, torch.ones(3), stretch=stretch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    large = torch.nn.functional.interpolate(maps.detach()[None], (32, 32), mode="bicubic")[0]
    assert (large[truth > 0].mean() - large[truth == 0].mean()) > large.std()


def test_pairs_without_boxes_do_not_count():
    maps, truth = boxes()
    known = torch.tensor([True, False, False])
    loss = supervised_loss(maps, truth, known, stretch="sample")
    loss.backward()
    assert maps.grad[0].any()
    assert not maps.grad[1:].any()
    alone = supervised_loss(maps[:1], truth[:1], known[:1], stretch="sample")
    torch.testing.assert_close(loss, alone / 3)


def test_maps_are_stretched_over_the_batch_or_each():
    maps, truth = boxes()
    scaled = maps.detach() * torch.tensor([1.0, 0.1, 10.0])[:, None, None]
    ones = torch.ones(3)
    each = supervised_loss(maps, truth, ones, stretch="sample")
    torch.testing.assert_close(supervised_loss(scaled, truth, ones, stretch="sample"), each)
    assert supervised_loss(scaled, truth, ones).item() != pytest.approx(each.item(), rel=0.01)


def test_constant_maps_teach_nothing_but_break_nothing():
    maps = torch.zeros(2, 7, 7, requires_grad=True)
    supervised_loss(maps, torch.ones(2, 16, 16), torch.ones(2)).backward()
    assert maps.grad.isfinite().all()


def test_fnac_is_ez_vsl_and_three_more():
    pictures, sounds = unit(4, 6, 3, 3), unit(4, 6)
    terms = fnac_terms(pictures, sounds)
    cosines = torch.einsum("bchw,nc->bnhw", pictures, sounds)
    torch.testing.assert_close(terms.contrast, ez_vsl_loss(cosines))
    assert terms.total((0.0, 0.0, 0.0)).item() == pytest.approx(terms.contrast.item())
    expected = terms.contrast + 2 * terms.like_sounds + 3 * terms.like_sources
    torch.testing.assert_close(terms.total((2.0, 3.0, 0.0)), expected)


def test_fnac_is_the_same_in_half_precision():
    pictures, sounds = unit(8, 64, 3, 3), unit(8, 64)
    expected = fnac_terms(pictures, sounds).total()
    with torch.autocast("cpu", torch.bfloat16):
        found = fnac_terms(pictures, sounds).total()
    torch.testing.assert_close(found, expected)


def test_fnac_wants_pictures_alike_where_sounds_are():
    sounds = torch.eye(3)[torch.tensor([0, 0, 1])]
    alike = sounds[..., None, None].expand(-1, -1, 2, 2)
    terms = fnac_terms(alike, sounds)
    for term in (terms.like_sounds, terms.like_pictures):
        assert term.item() == pytest.approx(0, abs=1e-6)
    different = torch.eye(3)[..., None, None].expand(-1, -1, 2, 2)
    assert fnac_terms(different, sounds).like_sounds.item() > 0.1


def test_fnac_teaches_pictures_and_sounds():
    pictures, sounds = unit(4, 6, 3, 3).requires_grad_(), unit(4, 6).requires_grad_()
    fnac_terms(pictures, sounds).total().backward()
    for leaf in (pictures, sounds):
        assert leaf.grad.isfinite().all()
        assert leaf.grad.any()
