"""The loss of EZ-VSL: pictures and sounds find each other by their best place.

References
----------
.. [1] S. Mo and P. Morgado, "Localizing visual sounds the easy way", ECCV 2022 (arXiv:2203.09324).
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def best_places(cosines: Tensor, tau: float = 0.03) -> Tensor:
    """Return how well each picture fits each sound where it fits best.

    Parameters
    ----------
    cosines : Tensor, shape (pictures, sounds, height, width)
    tau : float
        Temperature.

    Returns
    -------
    Tensor, shape (pictures, sounds)
        Greatest cosines, divided by `tau`.
    """
    return cosines.float().amax(dim=(-2, -1)) / tau


def ez_vsl_loss(cosines: Tensor, *, tau: float = 0.03) -> Tensor:
    """Ask of each picture which sound is its own, and of each sound which picture.

    Parameters
    ----------
    cosines : Tensor, shape (batch, batch, height, width)
        Of pictures (first) with sounds.
    tau : float
        Temperature.

    Returns
    -------
    Tensor, shape ()
        Sum of both cross-entropies; 0 for a batch of one.
    """
    logits = best_places(cosines, tau)
    own = torch.arange(len(logits), device=logits.device)
    return functional.cross_entropy(logits, own) + functional.cross_entropy(logits.T, own)
