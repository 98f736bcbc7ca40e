"""Pictures and sounds in one space: what the networks that look for the source have in common.

A pair is a picture and the sound that goes with it. A trunk turns a picture into a map of vectors,
another a spectrogram into one vector. All vectors have length 1, so that products are cosines: how
well a place in the picture fits a sound.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from hearsight.errors import InputError
from hearsight.models.blocks.resnet import resnet18, scatter_gains

Pool = Literal["max", "mean"]


@dataclass(frozen=True)
class PairEmbedding:
    """Vectors of pictures and sounds, each of length 1.

    Parameters
    ----------
    pictures : Tensor, shape (..., batch, channels, height, width)
    sounds : Tensor, shape (..., sounds, channels)
        Leading axes, if any, are those of several heads.
    """

    pictures: Tensor
    sounds: Tensor

    def cosines(self) -> Tensor:
        """Compare every picture with every sound: (..., pictures, sounds, height, width)."""
        return exactly("...bchw,...nc->...bnhw", self.pictures, self.sounds)

    def own_cosines(self) -> Tensor:
        """Compare every picture with its own sound: (..., batch, height, width)."""
        return exactly("...bchw,...bc->...bhw", self.pictures, self.sounds)


def exactly(equation: str, *tensors: Tensor) -> Tensor:
    """Return `torch.einsum` in 32 bits or more, whatever the precision around it.

    In half precision many places of a map would be equal, and sums over places may overflow.
    """
    with torch.autocast(tensors[0].device.type, enabled=False):
        return torch.einsum(
            equation, *(each.to(torch.promote_types(each.dtype, torch.float32)) for each in tensors)
        )


def embedded(maps: Tensor, vectors: Tensor) -> PairEmbedding:
    """Give all vectors the length 1; maps (batch, channels, height, width), (batch, channels)."""
    return PairEmbedding(functional.normalize(maps, dim=-3), functional.normalize(vectors, dim=-1))


def pooled(maps: Tensor, pool: Pool = "max") -> Tensor:
    """Turn (..., height, width) into (...): the greatest value, or the mean."""
    return maps.amax(dim=(-2, -1)) if pool == "max" else maps.mean(dim=(-2, -1))


def check_pairs(pictures: Tensor, sounds: Tensor, *, may_be_more: bool = False) -> None:
    """Check that there is a spectrogram for each picture, and perhaps others that none belongs to.

    Raises
    ------
    InputError
        If pictures are not (batch, 3, height, width), sounds not (batch, 1, bins, frames), or they
        are not as many.
    """
    check_pictures(pictures)
    n_missing = len(pictures) - len(sounds)
    is_other = n_missing > 0 or (n_missing < 0 and not may_be_more)
    if sounds.ndim != 4 or sounds.shape[1] != 1 or is_other:
        msg = (
            f"sounds must have shape (batch, 1, bins, frames), one for each of {len(pictures)} "
            f"pictures, got {tuple(sounds.shape)}; see hearsight.features.sound_input"
        )
        raise InputError(msg)


def check_pictures(pictures: Tensor) -> None:
    """Raise `InputError` unless pictures are (batch, 3, height, width)."""
    if pictures.ndim != 4 or pictures.shape[1] != 3:
        msg = (
            f"pictures must have shape (batch, 3, height, width), got {tuple(pictures.shape)}; "
            "see hearsight.features.picture_input"
        )
        raise InputError(msg)


class ProjectedTrunks(nn.Module):
    """Two ResNet-18 and linear projections of what they give into a common space.

    Maps have a 32nd of the picture's height and width. The picture's trunk starts as torchvision's
    does without weights, all else as in [1]_.

    Parameters
    ----------
    n_heads : int
        Projections of each kind, each into a space of its own.
    n_embedding : int
        Dimensions of a space.
    width : int
        Filters of the trunks' first stages.
    picture_dropout, sound_dropout : float
        Before the projections.

    References
    ----------
    .. [1] S. Mo and P. Morgado, "Localizing visual sounds the easy way", ECCV 2022.
    """

    def __init__(
        self,
        n_heads: int,
        n_embedding: int,
        width: int,
        picture_dropout: float,
        sound_dropout: float,
    ) -> None:
        super().__init__()
        self.picture_trunk = resnet18(None, n_filters=width)
        self.sound_trunk = resnet18(None, n_inputs=1, n_filters=width)
        self.picture_dropout = nn.Dropout(picture_dropout)
        self.sound_dropout = nn.Dropout(sound_dropout)
        scatter_gains(self.sound_trunk)
        n_channels = self.picture_trunk.n_channels
        picture_heads = [nn.Conv2d(n_channels, n_embedding, kernel_size=1) for _ in range(n_heads)]
        sound_heads = [nn.Linear(n_channels, n_embedding) for _ in range(n_heads)]
        for picture_head, sound_head in zip(picture_heads, sound_heads, strict=True):
            nn.init.kaiming_normal_(picture_head.weight, mode="fan_out", nonlinearity="relu")
            nn.init.trunc_normal_(sound_head.weight, std=0.01)
        self.picture_heads = nn.ModuleList(picture_heads)
        self.sound_heads = nn.ModuleList(sound_heads)

    def forward(self, pictures: Tensor, sounds: Tensor) -> PairEmbedding:
        """Embed pictures and sounds.

        Parameters
        ----------
        pictures : Tensor, shape (batch, 3, height, width)
        sounds : Tensor, shape (batch, 1, bins, frames)

        Returns
        -------
        PairEmbedding
            Its leading axis is that of the heads.

        Raises
        ------
        InputError
            If the shapes are others.
        """
        check_pairs(pictures, sounds)
        maps = self.picture_dropout(self.picture_trunk(pictures))
        vectors = self.sound_dropout(pooled(self.sound_trunk(sounds)))
        return embedded(
            torch.stack([head(maps) for head in self.picture_heads]),
            torch.stack([head(vectors) for head in self.sound_heads]),
        )
