"""`EzVslNet`: where in a picture a sound comes from, by the cosines of projected trunks.

FNAC trains the same network, with much dropout before the picture's projection, by another loss.

References
----------
.. [1] S. Mo and P. Morgado, "Localizing visual sounds the easy way", ECCV 2022 (arXiv:2203.09324).
.. [2] W. Sun et al., "Learning audio-visual source localization via false negative aware
   contrastive learning", CVPR 2023 (arXiv:2303.11302).
"""

from __future__ import annotations

from torch import Tensor, nn

from hearsight.models.blocks.pairs import PairEmbedding, ProjectedTrunks
from hearsight.models.blocks.resnet import ResNet


class EzVslNet(nn.Module):
    """Two trunks, each with a projection into the common space.

    Maps have a 32nd of the picture's height and width: 7 x 7 for 224 x 224.

    Parameters
    ----------
    n_embedding : int
        Dimensions of the common space.
    width : int
        Filters of the trunks' first stages.
    picture_dropout : float
        Before the picture's projection; 0.9 for FNAC.
    """

    def __init__(
        self, *, n_embedding: int = 512, width: int = 64, picture_dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.trunks = ProjectedTrunks(1, n_embedding, width, picture_dropout, sound_dropout=0.0)

    def forward(self, pictures: Tensor, sounds: Tensor) -> PairEmbedding:
        """Embed pictures and sounds.

        Parameters
        ----------
        pictures : Tensor, shape (batch, 3, height, width)
        sounds : Tensor, shape (batch, 1, bins, frames)

        Returns
        -------
        PairEmbedding

        Raises
        ------
        InputError
            If the shapes are others.
        """
        heads = self.trunks(pictures, sounds)
        return PairEmbedding(heads.pictures[0], heads.sounds[0])

    def cosine(self, pictures: Tensor, sounds: Tensor) -> Tensor:
        """Map where each picture fits its sound, in [-1, 1]; shape (batch, height, width)."""
        return self(pictures, sounds).own_cosines().clamp(-1, 1)

    def start_from(self, trained: ResNet) -> None:
        """Give what sees the weights of a ResNet-18 that knows ImageNet.

        Raises
        ------
        InputError
            If its filters are not those of this network.
        """
        self.trunks.picture_trunk.start_from(trained)
