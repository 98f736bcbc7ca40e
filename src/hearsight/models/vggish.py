"""`Vggish`: a vector of what is heard in about a second, and how AudioSet stores it.

References
----------
.. [1] S. Hershey et al., "CNN architectures for large-scale audio classification", ICASSP 2017.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from hearsight.errors import InputError

_N_CONVOLUTIONS = (1, 1, 2, 2)
"""Of each stage."""
_N_PLACES = 6 * 4
"""Of the last map of a patch of 96 frames and 64 bands."""
_CLIP = 2.0
_N_LEVELS = 255.0


class Vggish(nn.Module):
    """Four stages of convolutions and three full layers; `n_channels` has those of its vector.

    Parameters
    ----------
    n_filters : int
        Of the first stage; each has twice as many as the one before.
    n_hidden : int
        Outputs of the full layers but the last.
    n_channels : int
        Of the vector.
    relu_last : bool
        Whether the vector is cut off at zero, as in the published features of AVE. Later releases
        of VGGish leave it as it is.
    """

    def __init__(
        self,
        n_filters: int = 64,
        n_hidden: int = 4096,
        n_channels: int = 128,
        *,
        relu_last: bool = True,
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        n_before = 1
        for stage, n_convolutions in enumerate(_N_CONVOLUTIONS):
            n_inside = n_filters * 2**stage
            for _ in range(n_convolutions):
                layers += [nn.Conv2d(n_before, n_inside, 3, padding=1), nn.ReLU(inplace=True)]
                n_before = n_inside
            layers.append(nn.MaxPool2d(2))
        # Called and numbered as in published weights.
        self.features = nn.Sequential(*layers)
        self.embeddings = nn.Sequential(
            nn.Linear(_N_PLACES * n_before, n_hidden),
            nn.ReLU(inplace=True),
            nn.Linear(n_hidden, n_hidden),
            nn.ReLU(inplace=True),
            nn.Linear(n_hidden, n_channels),
        )
        self.n_channels = n_channels
        self.relu_last = relu_last

    def forward(self, patches: Tensor) -> Tensor:
        """Return the vectors of patches.

        Parameters
        ----------
        patches : Tensor, shape (batch, 1, 96, 64)
            See `hearsight.features.vggish_input`.

        Returns
        -------
        Tensor, shape (batch, n_channels)

        Raises
        ------
        InputError
            If the shape is another one.
        """
        vectors: Tensor = self.embeddings(self.flattened(patches))
        return vectors.relu() if self.relu_last else vectors

    def flattened(self, patches: Tensor) -> Tensor:
        """Return the last map as one row: time, then bands, then channels."""
        if patches.ndim != 4 or patches.shape[1:] != (1, 96, 64):
            msg = (
                f"patches must have shape (batch, 1, 96, 64), got {tuple(patches.shape)}; see "
                "hearsight.features.vggish_input"
            )
            raise InputError(msg)
        maps: Tensor = self.features(patches)
        return maps.permute(0, 2, 3, 1).flatten(1)


@dataclass(frozen=True, eq=False)
class AudioSetCodes:
    """Vectors of VGGish as AudioSet has published them: turned, and stored in bytes.

    Parameters
    ----------
    directions : ndarray of float64, shape (codes, channels)
        Principal directions.
    means : ndarray of float64, shape (channels,)
        Of vectors.

    Raises
    ------
    InputError
        If the shapes do not fit.
    """

    directions: NDArray[np.float64]
    means: NDArray[np.float64]

    def __post_init__(self) -> None:
        if self.directions.ndim != 2 or self.means.shape != self.directions.shape[1:]:
            msg = (
                "directions must have shape (codes, channels) and means (channels,), got "
                f"{self.directions.shape} and {self.means.shape}"
            )
            raise InputError(msg)

    def levels(self, vectors: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        """Return the codes before they are made whole, in [0, 255]; shape (batch, codes)."""
        turned = (vectors.astype(np.float64) - self.means) @ self.directions.T
        return (turned.clip(-_CLIP, _CLIP) + _CLIP) * (_N_LEVELS / (2.0 * _CLIP))

    def __call__(
        self, vectors: NDArray[np.floating[Any]], *, rounds: bool = False
    ) -> NDArray[np.uint8]:
        """Return the codes of vectors.

        Parameters
        ----------
        vectors : ndarray of floats, shape (batch, channels)
        rounds : bool
            Whether to the nearest level, as the PyTorch port does; else to the one below, as the
            original does.

        Returns
        -------
        ndarray of uint8, shape (batch, codes)
        """
        levels = self.levels(vectors)
        return (np.rint(levels) if rounds else levels).astype(np.uint8)
