"""`Vgg19`: a map of what is in a picture.

References
----------
.. [1] K. Simonyan and A. Zisserman, "Very deep convolutional networks for large-scale image
   recognition", ICLR 2015.
"""

from __future__ import annotations

from torch import Tensor, nn

N_CONVOLUTIONS = (2, 2, 4, 4, 4)
"""Of each stage."""


class Vgg19(nn.Module):
    """The convolutions of VGG-19, up to the fifth pooling; `n_channels` has those of its map.

    Parameters
    ----------
    n_filters : int
        Of the first stage; each has twice as many as the one before, the last as many.
    """

    def __init__(self, n_filters: int = 64) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        n_before = 3
        for stage, n_convolutions in enumerate(N_CONVOLUTIONS):
            n_inside = n_filters * 2 ** min(stage, 3)
            for _ in range(n_convolutions):
                layers += [nn.Conv2d(n_before, n_inside, 3, padding=1), nn.ReLU(inplace=True)]
                n_before = n_inside
            layers.append(nn.MaxPool2d(2))
        # Called and numbered as in published weights.
        self.features = nn.Sequential(*layers)
        self.n_channels = n_before

    def forward(self, pictures: Tensor) -> Tensor:
        """Return the map.

        Parameters
        ----------
        pictures : Tensor, shape (batch, 3, height, width)
            Prepared as the weights want them; see `hearsight.features.picture_input`.

        Returns
        -------
        Tensor, shape (batch, channels, height // 32, width // 32)
            Not negative; 7 x 7 for pictures of 224 x 224.
        """
        maps: Tensor = self.features(pictures)
        return maps
