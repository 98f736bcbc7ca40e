"""`SlavcNet`: where in a picture a sound comes from, by two heads and slow copies of themselves.

The first head tells sounds apart, the second places. What they learn to agree with comes from a
copy whose parameters follow slowly, so that targets do not jump.

References
----------
.. [1] S. Mo and P. Morgado, "A closer look at weakly-supervised audio-visual source localization",
   NeurIPS 2022 (arXiv:2209.09634).
"""

from __future__ import annotations

import copy
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from hearsight.models.blocks.pairs import PairEmbedding, ProjectedTrunks
from hearsight.models.blocks.resnet import ResNet


@dataclass(frozen=True)
class SlavcOutput:
    """What the network that learns and its slow copy find.

    Parameters
    ----------
    online : PairEmbedding
        Leading axis: the two heads.
    momentum : PairEmbedding
        The same of the slow copy, without gradients.
    """

    online: PairEmbedding
    momentum: PairEmbedding

    def picture_to_sound(self) -> Tensor:
        """Compare pictures with the copy's sounds: (2, pictures, sounds, height, width)."""
        return PairEmbedding(self.online.pictures, self.momentum.sounds).cosines()

    def sound_to_picture(self) -> Tensor:
        """Compare the copy's pictures with sounds: (2, pictures, sounds, height, width)."""
        return PairEmbedding(self.momentum.pictures, self.online.sounds).cosines()


class SlavcNet(nn.Module):
    """Two trunks, each with two projections, and a slow copy of all.

    Maps have a 32nd of the picture's height and width: 7 x 7 for 224 x 224.

    Parameters
    ----------
    n_embedding : int
        Dimensions of each common space.
    width : int
        Filters of the trunks' first stages.
    picture_dropout, sound_dropout : float
        Before the projections, of the copy too.
    picture_momentum, sound_momentum : float
        How much of the copy stays at each training step.
    uses_momentum : bool
        Whether `cosine` asks the copy.
    """

    def __init__(
        self,
        *,
        n_embedding: int = 512,
        width: int = 64,
        picture_dropout: float = 0.9,
        sound_dropout: float = 0.0,
        picture_momentum: float = 0.999,
        sound_momentum: float = 0.999,
        uses_momentum: bool = False,
    ) -> None:
        super().__init__()
        self.online = ProjectedTrunks(2, n_embedding, width, picture_dropout, sound_dropout)
        self.momentum = copy.deepcopy(self.online).requires_grad_(requires_grad=False)
        self.picture_momentum, self.sound_momentum = picture_momentum, sound_momentum
        self.uses_momentum = uses_momentum

    def forward(self, pictures: Tensor, sounds: Tensor) -> SlavcOutput:
        """Embed pictures and sounds; in training the copy follows first.

        Parameters
        ----------
        pictures : Tensor, shape (batch, 3, height, width)
        sounds : Tensor, shape (batch, 1, bins, frames)

        Returns
        -------
        SlavcOutput

        Raises
        ------
        InputError
            If the shapes are others.
        """
        online = self.online(pictures, sounds)
        with torch.no_grad():
            if self.training:
                self._follow()
            return SlavcOutput(online, self.momentum(pictures, sounds))

    def cosine(self, pictures: Tensor, sounds: Tensor) -> Tensor:
        """Map where each picture fits its sound: mean of the heads, in [-1, 1].

        Shape (batch, height, width).
        """
        trunks = self.momentum if self.uses_momentum else self.online
        return trunks(pictures, sounds).own_cosines().mean(dim=0).clamp(-1, 1)

    def start_from(self, trained: ResNet) -> None:
        """Give what sees the weights of a ResNet-18 that knows ImageNet.

        Raises
        ------
        InputError
            If its filters are not those of this network.
        """
        self.online.picture_trunk.start_from(trained)
        self.momentum.load_state_dict(self.online.state_dict())

    def _follow(self) -> None:
        """Move the copy's parameters; its batch normalization keeps statistics of its own."""
        pairs = zip(self.momentum.named_parameters(), self.online.parameters(), strict=True)
        for (name, slow), parameter in pairs:
            kept = self.picture_momentum if name.startswith("picture") else self.sound_momentum
            slow.mul_(kept).add_(parameter, alpha=1 - kept)
