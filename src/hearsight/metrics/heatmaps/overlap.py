"""How well a marked area covers what sounds, and scores of many pictures.

Conventions: `ciou` is of one picture (consensus intersection over union); `success` is the share of
pictures whose ciou reaches 0.5, which papers call cIoU, AP50 or Success; `mean_ciou` is the mean;
`auc` is the area under the share of pictures that reach a threshold, over 21 thresholds from 0 to
1. A picture with nothing to find and nothing marked has a ciou of NaN; it fails at every threshold
and counts 0 in the mean. All are NaN without any picture.

References
----------
.. [1] A. Senocak et al., "Learning to localize sound source in visual scenes", CVPR 2018.
.. [2] H. Chen et al., "Localizing visual sounds the hard way", CVPR 2021.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

SUCCESS = 0.5
# In floating point, as in the published evaluations: 0.05 * 3 is more than 0.15, which so fails.
THRESHOLDS = 0.05 * np.arange(21)


def ciou(mask: NDArray[np.bool_], truth: NDArray[np.float32]) -> float:
    """Compute what mask and truth share over what either covers.

    Parameters
    ----------
    mask : ndarray of bool, shape (height, width)
        What is taken for the sounding area.
    truth : ndarray of float32, shape (height, width)
        From `SoundingBoxes.to_map`: 1, or 0.5 where annotators do not agree; such pixels count half
        where they are marked and where they are missed.

    Returns
    -------
    float
        In [0, 1]; NaN if both are empty.

    Examples
    --------
    >>> ciou(np.array([[True, True, False]]), np.array([[0, 1, 1]], dtype=np.float32))
    0.3333333333333333
    """
    shared = float(np.dot(mask.ravel(), truth.ravel()))  # exact: multiples of 0.5, below 2**23
    either = float(truth.sum() + np.count_nonzero(mask & (truth == 0.0)))
    return shared / either if either else float("nan")


def success(cious: ArrayLike, threshold: float = SUCCESS) -> float:
    """Compute the share of pictures whose ciou reaches a threshold.

    Parameters
    ----------
    cious : array_like, shape (pictures,)
        NaN fails.
    threshold : float
        In [0, 1].

    Examples
    --------
    >>> success([0.5, 0.7, 0.2, float("nan")])
    0.5
    """
    return _mean(np.asarray(cious, dtype=np.float64) >= threshold)


def mean_ciou(cious: ArrayLike) -> float:
    """Compute the mean ciou; NaN counts 0.

    Parameters
    ----------
    cious : array_like, shape (pictures,)
    """
    return _mean(np.nan_to_num(np.asarray(cious, dtype=np.float64)))


def auc(cious: ArrayLike) -> float:
    """Compute the area under the share of pictures that reach a threshold, by trapezoids.

    Parameters
    ----------
    cious : array_like, shape (pictures,)
        NaN fails at every threshold.

    Examples
    --------
    >>> round(auc([1.0, 0.0]), 4)  # also a ciou of 0 reaches the threshold of 0
    0.5125
    """
    return _mean(areas(cious))


def summary(cious: ArrayLike) -> dict[str, float]:
    """Compute `success`, `mean_ciou` and `auc` of a set of pictures.

    Parameters
    ----------
    cious : array_like, shape (pictures,)
    """
    return {"success": success(cious), "mean_ciou": mean_ciou(cious), "auc": auc(cious)}


def areas(cious: ArrayLike) -> Floats:
    """Compute what each picture gives to the area under the curve: `auc` is the mean of these.

    Parameters
    ----------
    cious : array_like, shape (pictures,)
        NaN fails at every threshold.

    Returns
    -------
    ndarray, shape (pictures,)
        In [0, 1].
    """
    reached = np.asarray(cious, dtype=np.float64)[:, None] >= THRESHOLDS
    return np.asarray(np.trapezoid(reached.astype(np.float64), THRESHOLDS, axis=1))


def _mean(values: NDArray[np.generic]) -> float:
    return float(values.mean()) if len(values) else float("nan")
