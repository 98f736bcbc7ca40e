"""Object guidance: what stands out in a picture, whatever sounds, and maps that are led by it.

A ResNet that knows ImageNet is most active where objects are. Mixed with the map of a sound this
locates better on pictures of one object, and hears less: a network may ignore the sound altogether.

References
----------
.. [1] S. Mo and P. Morgado, "Localizing visual sounds the easy way", ECCV 2022 (arXiv:2203.09324).
.. [2] S. Mo and P. Morgado, "A closer look at weakly-supervised audio-visual source localization",
   NeurIPS 2022 (arXiv:2209.09634).
"""

from __future__ import annotations

from torch import Tensor

from hearsight.models.blocks.resnet import ResNet

_HIGH_SALIENCY = 2.5
"""What counts as full saliency where maps keep an absolute scale."""


def saliency(network: ResNet, pictures: Tensor) -> Tensor:
    """Map how much stands out where.

    Parameters
    ----------
    network : ResNet
        Trained on ImageNet, in evaluation mode.
    pictures : Tensor, shape (batch, 3, height, width)

    Returns
    -------
    Tensor, shape (batch, height / 32, width / 32)
        Mean activity of the last map, not negative.
    """
    maps: Tensor = network(pictures)
    return maps.abs().mean(dim=1)


def fuse_relative(heard: Tensor, seen: Tensor, alpha: float = 0.4) -> Tensor:
    """Mix the map of a sound with saliency, each between its own least and greatest value.

    Parameters
    ----------
    heard, seen : Tensor, shape (..., height, width)
        Of one size: enlarge them first.
    alpha : float
        Share of what is heard.

    Returns
    -------
    Tensor, shape (..., height, width)
        In [0, 1], from 0 to 1 unless the mixture is constant.
    """
    return _min_max(alpha * _min_max(heard) + (1 - alpha) * _min_max(seen))


def fuse_absolute(cosine: Tensor, seen: Tensor, alpha: float = 0.9) -> Tensor:
    """Mix the cosines of a sound with saliency on fixed scales, so that maps can be compared.

    Parameters
    ----------
    cosine : Tensor, shape (..., height, width)
        In [-1, 1].
    seen : Tensor, shape (..., height, width)
    alpha : float
        Share of what is heard.

    Returns
    -------
    Tensor, shape (..., height, width)
        About [0, 1].
    """
    return alpha * (cosine + 1) / 2 + (1 - alpha) * seen / _HIGH_SALIENCY


def _min_max(maps: Tensor) -> Tensor:
    """Stretch each map to [0, 1]; one that is constant is left as it is."""
    least = maps.amin(dim=(-2, -1), keepdim=True)
    extent = maps.amax(dim=(-2, -1), keepdim=True) - least
    return (maps - least).div(extent).where(extent > 0, maps)
