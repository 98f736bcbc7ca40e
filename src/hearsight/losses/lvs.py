"""The loss of LVS: places that fit surely, places that surely do not, and those left out between.

As the released code has it: other sounds count by the places that fit them, and one softmax goes
over all. The paper's formula takes their mean over all places.

References
----------
.. [1] H. Chen et al., "Localizing visual sounds the hard way", CVPR 2021 (arXiv:2104.02691).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

OwnSound = Literal["out", "reference"]
_REFERENCE_FACTOR = -99.0


@dataclass(frozen=True)
class LvsLogits:
    """What the softmax of a picture goes over, and the places that made it.

    Parameters
    ----------
    logits : Tensor, shape (batch, 1 + batch) or (batch, 2 + batch)
        Its own sound where it fits; each sound where that fits; its own where it does not.
    positive, negative : Tensor, shape (batch, height, width)
        How surely each place fits, or does not, in [0, 1].
    """

    logits: Tensor
    positive: Tensor
    negative: Tensor


def lvs_logits(
    cosines: Tensor,
    *,
    epsilon: float = 0.65,
    epsilon_negative: float = 0.4,
    tau: float = 0.03,
    temperature: float = 0.07,
    has_trimap: bool = True,
    has_hard_negatives: bool = True,
    own_sound: OwnSound = "out",
) -> LvsLogits:
    """Weigh places and gather what they say.

    Parameters
    ----------
    cosines : Tensor, shape (batch, batch, height, width)
        Of pictures (first) with sounds.
    epsilon : float
        Cosine above which a place fits.
    epsilon_negative : float
        Cosine below which a place does not.
    tau : float
        How soft these bounds are.
    temperature : float
        Of the logits.
    has_trimap : bool
        Whether places between the bounds are left out; otherwise what does not fit is the rest.
    has_hard_negatives : bool
        Whether the places of a picture that do not fit its own sound count as negatives.
    own_sound : {"out", "reference"}
        What becomes of the own sound among the others: it is left out, or as in the original
        multiplied by -99, which makes it a great logit where its mean is below zero.

    Returns
    -------
    LvsLogits
    """
    # A sigmoid this steep needs the range of 32 bits.
    cosines = cosines.float()
    own = cosines.diagonal().permute(2, 0, 1)
    positive = torch.sigmoid((own - epsilon) / tau)
    # Not 1 - sigmoid, which is 0 everywhere, with no mean, in a map that fits surely throughout.
    negative = torch.sigmoid(((epsilon_negative if has_trimap else epsilon) - own) / tau)
    others = _weighted_mean(cosines, torch.sigmoid((cosines - epsilon) / tau))
    is_own = torch.eye(len(others), dtype=torch.bool, device=others.device)
    if own_sound == "out":
        others = others.masked_fill(is_own, -torch.inf)
    else:
        others = torch.where(is_own, others * _REFERENCE_FACTOR, others)
    columns = [_weighted_mean(own, positive)[:, None], others]
    if has_hard_negatives:
        columns.append(_weighted_mean(own, negative)[:, None])
    return LvsLogits(torch.cat(columns, dim=1) / temperature, positive, negative)


def lvs_loss(logits: Tensor) -> Tensor:
    """Ask of each picture that its own sound where it fits wins.

    Parameters
    ----------
    logits : Tensor, shape (batch, columns)
        Of `lvs_logits`.

    Returns
    -------
    Tensor, shape ()
        Cross-entropy with the first column.
    """
    first = torch.zeros(len(logits), dtype=torch.long, device=logits.device)
    return functional.cross_entropy(logits, first)


def _weighted_mean(values: Tensor, weights: Tensor) -> Tensor:
    return (weights * values).sum(dim=(-2, -1)) / weights.sum(dim=(-2, -1))
