import pytest
import torch

from hearsight.models.votes import Votes, ownership, pursue

N_CELLS = 12
ANGLES = 2.0 * torch.pi * torch.arange(N_CELLS) / N_CELLS
CIRCLE = torch.stack([ANGLES.cos(), ANGLES.sin(), torch.zeros(N_CELLS)], dim=1)
APART = torch.rad2deg(torch.arccos((CIRCLE @ CIRCLE.T).clamp(-1.0, 1.0)))
SMOOTHING = torch.exp(-0.5 * (APART / 15.0).square())
REACH = ownership(APART, 20.0, 50.0)


def planted(*sources: tuple[int, float]) -> Votes:
    """Five label frames in which all votes lie in a few cells; a tenth of the sound is diffuse."""
    weights = torch.zeros(5, N_CELLS)
    for cell, weight in sources:
        weights[:, cell] = weight
    vectors = weights[..., None] * CIRCLE
    total = weights.sum(dim=1) / 0.9
    return Votes(weights, vectors, total, torch.zeros(5, dtype=torch.bool))


def test_ownership_falls_from_all_to_none():
    assert ownership(torch.tensor([0.0, 20.0, 35.0, 50.0, 180.0]), 20.0, 50.0).tolist() == [
        1.0,
        1.0,
        0.5,
        0.0,
        0.0,
    ]


def test_planted_sources_are_taken_strongest_first():
    heat, found, shares = pursue(planted((2, 2.0), (7, 6.0)), SMOOTHING, REACH, 3)
    assert heat.argmax(dim=1).tolist() == [7] * 5
    torch.testing.assert_close(found[:, 0], CIRCLE[7].expand(5, 3))
    torch.testing.assert_close(found[:, 1], CIRCLE[2].expand(5, 3))
    assert found[:, 2].isnan().all()
    # Of what the other leaves unexplained: 0.675 / (0.675 + 0.1) and 0.225 / (0.225 + 0.1).
    torch.testing.assert_close(shares[2], torch.tensor([0.675 / 0.775, 0.225 / 0.325, 0.0]))


def test_silent_frames_hold_nothing():
    votes = planted((2, 1.0))
    silent = torch.tensor([False, True, True, True, True])
    heat, found, shares = pursue(
        Votes(votes.weights, votes.vectors, votes.total, silent), SMOOTHING, REACH, 2
    )
    assert not heat[1:].any()
    assert not shares[1:].any()
    assert found[1:].isnan().all()


def test_a_source_that_sounds_only_in_the_frames_beside_is_not_in_this():
    votes = planted((2, 1.0), (7, 1.0))
    votes.weights[2, 7] = 0.0
    votes.vectors[2, 7] = 0.0
    _, _, shares = pursue(votes, SMOOTHING, REACH, 2)
    assert (shares[2] > 0.0).sum() == 1
    assert (shares[1] > 0.0).sum() == 2


def test_no_sound_at_all():
    nothing = Votes(
        torch.zeros(3, N_CELLS),
        torch.zeros(3, N_CELLS, 3),
        torch.zeros(3),
        torch.ones(3, dtype=torch.bool),
    )
    heat, found, shares = pursue(nothing, SMOOTHING, REACH, 2)
    assert float(heat.abs().max()) == pytest.approx(0.0)
    assert found.isnan().all()
    assert not shares.any()
