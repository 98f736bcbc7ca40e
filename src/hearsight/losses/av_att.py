"""Losses of networks that label the segments of clips, and how segments speak for a clip.

Targets are numbers per class, 1 for the class that holds. With full labels there is one target for
each segment. With weak labels there is one for each clip: `pool_segments` turns the logits of its
segments into one row of logits, and the same losses compare that.

References
----------
.. [1] Y. Tian, J. Shi, B. Li, Z. Duan and C. Xu, "Audio-visual event localization in unconstrained
   videos", ECCV 2018 (arXiv:1803.08842).
"""

from __future__ import annotations

from typing import Literal

from torch import Tensor
from torch.nn import functional

from hearsight.errors import InputError, nearest

ClassLoss = Literal["cross_entropy", "softmargin_on_probs", "bce"]
SegmentPool = Literal["max", "mean"]


def class_loss(logits: Tensor, target: Tensor, kind: ClassLoss = "cross_entropy") -> Tensor:
    """Compare logits with the classes that hold.

    Parameters
    ----------
    logits : Tensor, shape (..., classes)
        Of segments or of clips.
    target : Tensor, shape (..., classes)
        In [0, 1].
    kind : {"cross_entropy", "softmargin_on_probs", "bce"}
        "cross_entropy", as in the paper: exactly one class holds. A row without any counts 0.
        "softmargin_on_probs": what the original computes. "bce": each class holds or not by itself.

    Returns
    -------
    Tensor, shape ()
        Mean over rows, and over classes too but for the cross-entropy.

    Raises
    ------
    InputError
        If there is no such kind, or the shapes differ.
    """
    if logits.shape != target.shape:
        msg = (
            f"target must have the shape of the logits, {tuple(logits.shape)}, got "
            f"{tuple(target.shape)}; give a number for each class"
        )
        raise InputError(msg)
    logits, target = logits.float(), target.float()
    match kind:
        case "cross_entropy":
            return -(target * logits.log_softmax(dim=-1)).sum(dim=-1).mean()
        case "softmargin_on_probs":
            return soft_margin(logits.softmax(dim=-1), target)
        case "bce":
            return functional.binary_cross_entropy_with_logits(logits, target)
    kinds = ("cross_entropy", "softmargin_on_probs", "bce")
    msg = f"loss: no kind is called {kind!r}; {nearest(kind, kinds)}"
    raise InputError(msg)


def soft_margin(scores: Tensor, target: Tensor) -> Tensor:
    """Ask of each score the sign that its class should have.

    The original gives it probabilities, which have one sign only: it cannot fall below 0.680 for 29
    classes, begins at about 0.71, and its gradients are small.

    Parameters
    ----------
    scores : Tensor, shape (..., classes)
    target : Tensor, shape (..., classes)
        In [0, 1].

    Returns
    -------
    Tensor, shape ()
        Mean of -log sigmoid(score) where the class holds, of -log sigmoid(-score) elsewhere.
    """
    # The formula of a cross-entropy of independent classes, whatever the scores mean.
    return functional.binary_cross_entropy_with_logits(scores, target)


def pool_segments(logits: Tensor, pool: SegmentPool = "max") -> Tensor:
    """Make one row of logits for a clip of those of its segments.

    Parameters
    ----------
    logits : Tensor, shape (batch, segments, classes)
    pool : {"max", "mean"}
        "max": the greatest of each class, as in the original's code. "mean", as in its paper.

    Returns
    -------
    Tensor, shape (batch, classes)

    Raises
    ------
    InputError
        If there is no such pool.
    """
    if pool not in ("max", "mean"):
        msg = f"pool must be max or mean, got {pool!r}"
        raise InputError(msg)
    return logits.amax(dim=1) if pool == "max" else logits.mean(dim=1)
