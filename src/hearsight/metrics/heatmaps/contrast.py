"""What stands out in a picture by its color: a floor that needs no network.

References
----------
.. [1] R. Achanta et al., "Frequency-tuned salient region detection", CVPR 2009.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

CELLS = 28  # a side, as the finest maps of the published networks have them


def color_contrast(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Map how far colors are from the mean color of the picture, as in [1]_ but in RGB.

    Parameters
    ----------
    picture : ndarray of uint8, shape (3, height, width)

    Returns
    -------
    ndarray of float32, shape (28, 28)
        In [0, 442], the distance between black and white; smaller where the picture is.

    Examples
    --------
    >>> picture = np.zeros((3, 56, 56), dtype=np.uint8)
    >>> picture[0, 10:20, 30:40] = 255
    >>> row, column = np.unravel_index(color_contrast(picture).argmax(), (28, 28))
    >>> int(row), int(column)
    (5, 15)
    """
    cells = np.asarray(picture, dtype=np.float64)
    for axis in (1, 2):
        length = picture.shape[axis]
        starts = np.arange(min(CELLS, length)) * length // min(CELLS, length)
        counts = np.diff(starts, append=length)
        sums = np.add.reduceat(cells, starts, axis=axis)
        cells = sums / np.expand_dims(counts, tuple({0, 1, 2} - {axis}))
    mean = cells.mean(axis=(1, 2), keepdims=True)
    return np.asarray(np.linalg.norm(cells - mean, axis=0), dtype=np.float32)
