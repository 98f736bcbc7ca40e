"""Object-guided localization: the map of a sound, mixed with what stands out in the picture.

What stands out is the mean activity of a ResNet that knows ImageNet, `ResNet.saliency`. The mixture
scores better where pictures show one object, and hears less: see the floor `saliency`.

References
----------
.. [1] S. Mo and P. Morgado, "Localizing visual sounds the easy way", ECCV 2022.
.. [2] S. Mo and P. Morgado, "A closer look at weakly-supervised audio-visual source localization",
   NeurIPS 2022.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hearsight.metrics.heatmaps.styles import Style

Maps = NDArray[np.float32]

_FULL_SALIENCY = 2.5
_STRETCH = Style(normalization="min_max").normalize


def guided(heard: Maps, salient: Maps, alpha: float = 0.4) -> Maps:
    """Mix two maps, each between its least and its greatest value, as in [1]_.

    Parameters
    ----------
    heard, salient : ndarray of float32, shape (height, width)
        Up-sampled to the size at which they are judged.
    alpha : float
        Share of what is heard.

    Returns
    -------
    ndarray of float32, shape (height, width)
        From 0 to 1, unless all values are equal.
    """
    mixed = np.float32(alpha) * _STRETCH(heard) + np.float32(1 - alpha) * _STRETCH(salient)
    return _STRETCH(mixed)


def guided_absolutely(cosine: Maps, salient: Maps, alpha: float = 0.9) -> Maps:
    """Mix two maps on scales that are the same for all pictures, as in [2]_.

    Parameters
    ----------
    cosine : ndarray of float32, shape (height, width)
        In [-1, 1].
    salient : ndarray of float32, shape (height, width)
        2.5 counts as full.
    alpha : float
        Share of what is heard.

    Returns
    -------
    ndarray of float32, shape (height, width)
        About [0, 1].
    """
    heard, seen = (cosine + np.float32(1)) / np.float32(2), salient / np.float32(_FULL_SALIENCY)
    return np.float32(alpha) * heard + np.float32(1 - alpha) * seen
