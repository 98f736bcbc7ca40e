"""Sound through responses that change while it sounds.

What a source emits is shared between responses: at each moment the shares sum to one and change
smoothly, each part is convolved with its own response. This equals the convolution of short
windowed frames with responses interpolated frame by frame [1]_, without its frames.

References
----------
.. [1] I. R. Roman, C. Ick, S. Ding, A. S. Roman, B. McFee and J. P. Bello, "Spatial Scaper: a
   library to simulate and augment soundscapes for sound event localization and detection in
   realistic rooms", ICASSP 2024.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.signal import oaconvolve


def cross_fades(
    times: NDArray[np.float64], knots: NDArray[np.float64]
) -> Iterator[NDArray[np.float64]]:
    """Yield the share that each of several responses has in every sample.

    Parameters
    ----------
    times : ndarray, shape (samples,)
        Seconds of the samples.
    knots : ndarray, shape (n,)
        Seconds, increasing, at which the responses hold alone; before the first and after the last
        these two do.

    Yields
    ------
    ndarray, shape (samples,)
        One for each knot. They sum to one: linear cross-fades.
    """
    for index in range(len(knots)):
        yield np.interp(times, knots, np.arange(len(knots)) == index)


def moving_convolution(
    sound: NDArray[np.floating],
    shares: Iterable[NDArray[np.floating]],
    responses: Iterable[NDArray[np.floating]],
    n_samples: int,
) -> NDArray[np.float64]:
    """Convolve a sound with responses that take turns.

    Parameters
    ----------
    sound : ndarray, shape (samples,)
    shares : iterable of ndarray, each of shape (samples,)
        Which part of the sound each response gets.
    responses : iterable of ndarray, each of shape (channels, taps)
        As many as shares; taken one at a time.
    n_samples : int
        Length of the result; the rest is cut off.

    Returns
    -------
    ndarray, shape (channels, n_samples)

    Examples
    --------
    >>> one, other = np.array([[1.0]]), np.array([[10.0]])
    >>> fades = cross_fades(np.arange(3.0), np.array([0.0, 2.0]))
    >>> moving_convolution(np.ones(3), fades, [one, other], 4).tolist()
    [[1.0, 5.5, 10.0, 0.0]]
    """
    heard = np.zeros((0, n_samples))
    for share, response in zip(shares, responses, strict=True):
        if len(heard) == 0:
            heard = np.zeros((len(response), n_samples))
        used = np.flatnonzero(share)
        if len(used) == 0 or used[0] >= n_samples:
            continue
        part = slice(used[0], used[-1] + 1)
        tail = oaconvolve((sound[part] * share[part])[None], response, axes=1)
        length = min(tail.shape[1], n_samples - part.start)
        heard[:, part.start : part.start + length] += tail[:, :length]
    return heard
