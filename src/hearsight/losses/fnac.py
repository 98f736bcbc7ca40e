"""The loss of FNAC: pairs that are alike in one modality should be alike in the other.

Of two pairs with the same kind of source, contrast pushes the sound of one from the picture of the
other: a false negative. Sounds that resemble each other, and pictures, say which these are.

References
----------
.. [1] W. Sun et al., "Learning audio-visual source localization via false negative aware
   contrastive learning", CVPR 2023 (arXiv:2303.11302).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from hearsight.losses.ez_vsl import best_places, ez_vsl_loss


@dataclass(frozen=True)
class FnacTerms:
    """Four losses, each a Tensor of shape ().

    Parameters
    ----------
    contrast : Tensor
        Of EZ-VSL.
    like_sounds : Tensor
        Sounds that are alike fit the same pictures.
    like_sources : Tensor
        Sounds that are alike come from what looks alike.
    like_pictures : Tensor
        Pictures that are alike fit the same sounds.
    """

    contrast: Tensor
    like_sounds: Tensor
    like_sources: Tensor
    like_pictures: Tensor

    def total(self, weights: Sequence[float] = (100.0, 100.0, 100.0)) -> Tensor:
        """Add the contrast and the weighted others, in their order; see the paper for weights."""
        others = (self.like_sounds, self.like_sources, self.like_pictures)
        weighted = [weight * term for weight, term in zip(weights, others, strict=True)]
        return self.contrast + torch.stack(weighted).sum()


def fnac_terms(
    pictures: Tensor, sounds: Tensor, *, tau: float = 0.03, threshold: float = 0.6
) -> FnacTerms:
    """Compare pairs with each other, by sound, by picture and across.

    Parameters
    ----------
    pictures : Tensor, shape (batch, channels, height, width)
        Vectors of length 1.
    sounds : Tensor, shape (batch, channels)
        Vectors of length 1.
    tau : float
        Temperature.
    threshold : float
        Of the stretched map of the pair's own sound; above it is the source.

    Returns
    -------
    FnacTerms
        Mean absolute differences of softmaxes over the batch, and EZ-VSL's loss.
    """
    # Half precision would blur which pairs are alike.
    with torch.autocast(pictures.device.type, enabled=False):
        return _terms(pictures.float(), sounds.float(), tau, threshold)


def _terms(pictures: Tensor, sounds: Tensor, tau: float, threshold: float) -> FnacTerms:
    cosines = torch.einsum("bchw,nc->bnhw", pictures, sounds)
    own = cosines.diagonal().permute(2, 0, 1)
    least, greatest = own.amin((-2, -1), keepdim=True), own.amax((-2, -1), keepdim=True)
    is_source = (own - least) / (greatest - least) > threshold
    source = (pictures * is_source[:, None]).mean(dim=(-2, -1))
    like_sounds = _alike(sounds, tau)
    across = best_places(cosines, tau).softmax(dim=1)
    return FnacTerms(
        ez_vsl_loss(cosines, tau=tau),
        functional.l1_loss(like_sounds, across),
        functional.l1_loss(like_sounds, _alike(source, tau)),
        functional.l1_loss(_alike(pictures.mean(dim=(-2, -1)), tau), across),
    )


def _alike(vectors: Tensor, tau: float) -> Tensor:
    """Return how much each vector is like each, as shares; shape (batch, batch)."""
    return (vectors @ vectors.T / tau).softmax(dim=1)
