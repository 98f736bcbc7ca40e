"""The losses of positive sample propagation: classes, and when what is heard is seen.

References
----------
.. [1] J. Zhou, L. Zheng, Y. Zhong, S. Hao and M. Wang, "Positive sample propagation along the
   audio-visual event line", CVPR 2021 (arXiv:2104.00239).
"""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from hearsight.losses.av_att import class_loss

_TINY = 1e-8


def psp_loss(
    logits: Tensor, similarity: Tensor, target: Tensor, *, pair_weight: float = 100.0
) -> Tensor:
    """Compare classes, and the similarity of both streams, with full labels.

    With weak labels the published loss is `class_loss` of the mean over segments alone.

    Parameters
    ----------
    logits : Tensor, shape (batch, segments, classes)
    similarity : Tensor, shape (batch, segments)
        As `PspOutput` has it.
    target : Tensor, shape (batch, segments, classes)
        One class in each segment, background last.
    pair_weight : float
        Of `pair_loss`.

    Returns
    -------
    Tensor, shape ()

    Raises
    ------
    InputError
        If the shapes do not agree.
    """
    return class_loss(logits, target) + pair_weight * pair_loss(similarity, pair_target(target))


def pair_loss(similarity: Tensor, target: Tensor) -> Tensor:
    """Ask what is heard and what is seen to be alike during the event, and only then.

    Parameters
    ----------
    similarity, target : Tensor, shape (batch, segments)
        Cosines, of which those above zero are compared as shares of their sum; and such shares.

    Returns
    -------
    Tensor, shape ()
        Mean squared difference.
    """
    positive = similarity.float().relu()
    shares = positive / (positive.sum(dim=1, keepdim=True) + _TINY)
    return functional.mse_loss(shares, target.float())


def pair_target(target: Tensor) -> Tensor:
    """Share the event's segments equally.

    Parameters
    ----------
    target : Tensor, shape (batch, segments, classes)
        Classes of segments, background last.

    Returns
    -------
    Tensor, shape (batch, segments)
        1 / n in the n segments of the event. All segments of a clip without event have equal
        shares, as in the original.
    """
    is_event = (target[..., :-1].amax(dim=-1) > 0).float()
    n_event = is_event.sum(dim=1, keepdim=True)
    return (is_event / n_event.clamp(min=1)).where(n_event > 0, 1 / is_event.shape[1])
