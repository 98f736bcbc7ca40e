"""`LvsNet`: where in a picture a sound comes from, by the cosines of two trunks.

Both trunks are ResNet-18 whose last stage keeps the size, so that maps have a 16th of the picture's
height and width: 14 x 14 for 224 x 224. The models of SSLalignment are this network as well, with
other weights.

References
----------
.. [1] H. Chen et al., "Localizing visual sounds the hard way", CVPR 2021 (arXiv:2104.02691).
.. [2] A. Senocak et al., "Sound source localization is all about cross-modal alignment", ICCV 2023
   (arXiv:2309.10724).
"""

from __future__ import annotations

from torch import Tensor, nn

from hearsight.models.blocks.pairs import PairEmbedding, check_pairs, embedded, pooled
from hearsight.models.blocks.resnet import ResNet, resnet18, scatter_gains


class LvsNet(nn.Module):
    """Two trunks without projections.

    Parameters
    ----------
    width : int
        Filters of the trunks' first stages; their maps have eight times as many channels.
    """

    def __init__(self, *, width: int = 64) -> None:
        super().__init__()
        self.picture_trunk = resnet18(None, n_filters=width, last_stride=1)
        self.sound_trunk = resnet18(None, n_inputs=1, n_filters=width, last_stride=1)
        scatter_gains(self)

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
        check_pairs(pictures, sounds)
        return embedded(self.picture_trunk(pictures), pooled(self.sound_trunk(sounds)))

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
        self.picture_trunk.start_from(trained)
