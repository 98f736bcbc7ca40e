"""Losses of SLAVC: which sound and which place, found apart; and boxes where there are some.

References
----------
.. [1] S. Mo and P. Morgado, "A closer look at weakly-supervised audio-visual source localization",
   NeurIPS 2022 (arXiv:2209.09634).
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

_STEEP = 1e-3
"""This close to 0 or 1 the slope of the cross-entropy says nothing but where the extremes are."""


def slavc_loss(picture_to_sound: Tensor, sound_to_picture: Tensor, *, tau: float = 0.03) -> Tensor:
    """Ask, over all places, which sound of the batch belongs to which picture.

    Parameters
    ----------
    picture_to_sound, sound_to_picture : Tensor, shape (2, batch, batch, height, width)
        Cosines of the two heads, of pictures (first) with sounds: of pictures with the slow copy's
        sounds, and of its pictures with sounds.
    tau : float
        Temperature.

    Returns
    -------
    Tensor, shape ()
        Sum of two cross-entropies, each over sounds; 0 for a batch of one.
    """
    return _cross_entropy(picture_to_sound, tau) + _cross_entropy(sound_to_picture, tau)


def _cross_entropy(cosines: Tensor, tau: float) -> Tensor:
    which, where = (cosines.float() / tau).flatten(3)
    fits = functional.log_softmax(which, dim=1) + functional.log_softmax(where, dim=2)
    logits = fits.logsumexp(dim=2)
    # reference quirk: these are logarithms of probabilities already, normalized here once more
    return functional.cross_entropy(logits, torch.arange(len(logits), device=logits.device))


def supervised_loss(
    maps: Tensor,
    truth: Tensor,
    has_truth: Tensor,
    *,
    stretch: Literal["batch", "sample"] = "batch",
    gradient: Literal["mended", "none"] = "mended",
) -> Tensor:
    """Compare maps with boxes, for the pairs that have some.

    Parameters
    ----------
    maps : Tensor, shape (batch, rows, columns)
        Any numbers; they are enlarged to the truth's size.
    truth : Tensor, shape (batch, height, width)
        In [0, 1].
    has_truth : Tensor, shape (batch,)
        Whether a pair has boxes; without, it counts with a loss of 0.
    stretch : {"batch", "sample"}
        Whether the least and greatest value, which become 0 and 1, are those of all maps of the
        batch, as published, or of each map.
    gradient : {"mended", "none"}
        "none": as in the original, whose term reaches no parameter.

    Returns
    -------
    Tensor, shape ()
        Mean of the binary cross-entropy over all pairs and places.
    """
    maps = (maps.detach() if gradient == "none" else maps)[:, None].float()
    size = (truth.shape[-2], truth.shape[-1])
    large = functional.interpolate(maps, size=size, mode="bicubic")[:, 0]
    axes = (-2, -1) if stretch == "sample" else (-3, -2, -1)
    least, greatest = large.amin(axes, keepdim=True), large.amax(axes, keepdim=True)
    stretched = (large - least) / (greatest - least).clamp(min=torch.finfo(large.dtype).tiny)
    # The extremes are 0 and 1 whatever the map; their slopes, of up to 1e12, would drown the rest.
    is_smooth = (stretched > _STEEP) & (stretched < 1 - _STEEP)
    stretched = torch.where(is_smooth, stretched, stretched.detach())
    # Autocast refuses this cross-entropy.
    with torch.autocast(maps.device.type, enabled=False):
        losses = functional.binary_cross_entropy(stretched, truth.float(), reduction="none")
    return (losses * has_truth.to(losses.dtype)[:, None, None]).mean()
