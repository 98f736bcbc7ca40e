"""Losses of pairs by their distance: those that belong together are near, others are far.

References
----------
.. [1] R. Hadsell, S. Chopra and Y. LeCun, "Dimensionality reduction by learning an invariant
   mapping", CVPR 2006.
.. [2] A. van den Oord et al., "Representation learning with contrastive predictive coding", 2018
   (arXiv:1807.03748): InfoNCE.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def contrastive_loss(distances: Tensor, is_together: Tensor, *, margin: float = 2.0) -> Tensor:
    """Pull pairs together, and push others apart until they are a margin apart, as in [1]_.

    Parameters
    ----------
    distances : Tensor, any shape
        Of each pair, not negative.
    is_together : Tensor, of the same shape
        True, or 1, where the pair belongs together.
    margin : float
        Pairs apart cost nothing from here on.

    Returns
    -------
    Tensor, shape ()
        Mean over all pairs.
    """
    distances, together = distances.float(), is_together.float()
    pull = together * distances.square()
    push = (1.0 - together) * (margin - distances).clamp(min=0.0).square()
    return (pull + push).mean()


def info_nce_loss(
    distances: Tensor,
    is_event: Tensor,
    *,
    is_alike: Tensor | None = None,
    temperature: float = 1.0,
) -> Tensor:
    """Ask of each picture which of all sounds is its own, and of each sound which picture, [2]_.

    The pairs apart are the mismatched ones, which the original never sees.

    Parameters
    ----------
    distances : Tensor, shape (n, n)
        From pictures (rows) to sounds; own pairs on the diagonal.
    is_event : Tensor of bool, shape (n,)
        Pairs that belong together. The others are background: nobody's own, but others may be
        mistaken for them.
    is_alike : Tensor of bool, shape (n, n), optional
        Which pictures and sounds nobody can tell from own pairs, such as those of one event; they
        are left out. The diagonal does not matter.
    temperature : float
        What squared distances are divided by.

    Returns
    -------
    Tensor, shape ()
        Mean cross-entropy of both questions over the pairs that belong together; 0 without any.
    """
    logits = -distances.float().square() / temperature
    own = torch.arange(len(logits), device=logits.device)
    if is_alike is not None:
        logits = logits.masked_fill(is_alike & (own[:, None] != own), -torch.inf)
    asked = own[is_event]
    answers = functional.cross_entropy(logits[asked], asked, reduction="sum")
    answers = answers + functional.cross_entropy(logits.T[asked], asked, reduction="sum")
    return answers / (2 * max(1, len(asked)))
