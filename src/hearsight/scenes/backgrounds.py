"""What stands behind the things of a scene, and the noise of the camera's sensor."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from hearsight.errors import InputError, nearest
from hearsight.spatial.projection import Projection

Background = Literal["gradient", "texture", "plain"]
BACKGROUNDS: tuple[Background, ...] = get_args(Background)


def draw_background(
    kind: Background, projection: Projection, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Draw a still background.

    It is a function of direction, so that a panorama closes at its seam.

    Parameters
    ----------
    kind : {"gradient", "texture", "plain"}
        From one color below to another above; the same with a random texture; one color.
    projection : Projection
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of uint8, shape (3, height, width)

    Raises
    ------
    InputError
        If the kind is unknown, or the projection is perspective without a field of view.
    """
    if kind not in BACKGROUNDS:
        msg = f"unknown background {kind!r}; {nearest(str(kind), BACKGROUNDS)}"
        raise InputError(msg)
    directions = projection.grid(projection.height, projection.width).astype(np.float32)
    below, above = rng.uniform(60.0, 200.0, (2, 3)).astype(np.float32)
    share = np.zeros_like(directions[..., 2]) if kind == "plain" else 0.5 + 0.5 * directions[..., 2]
    picture = below[:, None, None] + (above - below)[:, None, None] * share
    if kind == "texture":
        for scale in (2.0, 4.0, 8.0, 16.0, 32.0):
            for _ in range(4):
                wave = rng.normal(0.0, scale, 3).astype(np.float32)
                ripple = np.cos(directions @ wave + np.float32(rng.uniform(0.0, 2.0 * np.pi)))
                tint = rng.normal(0.0, 14.0 / np.sqrt(scale), 3).astype(np.float32)
                picture = picture + tint[:, None, None] * ripple
    return np.clip(picture, 0.0, 255.0).astype(np.uint8)


class SensorNoise:
    """Noise of a camera's sensor: independent, normal, added to every value of every frame.

    Parameters
    ----------
    level : float
        Standard deviation in steps of 8-bit values, >= 0; 2 to 4 is a telephone indoors.
    rng : numpy.random.Generator
    """

    def __init__(self, level: float, rng: np.random.Generator) -> None:
        if not 0.0 <= level <= 40.0:
            msg = f"sensor noise must lie in [0, 40] 8-bit steps, got {level}"
            raise InputError(msg)
        self._rng = rng
        # One random byte per value chooses from a shuffled normal sample: many times faster than
        # drawing normal numbers. Sampling all its quantiles keeps mean and variance exact.
        erf_inverse = _normal_quantiles(256)
        self._table = np.rint(level * erf_inverse).astype(np.int16)

    def add(self, frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return a noisy copy of a frame."""
        if not self._table.any():
            return frame.copy()
        index = np.frombuffer(self._rng.bytes(frame.size), dtype=np.uint8).reshape(frame.shape)
        return np.clip(frame + self._table[index], 0, 255).astype(np.uint8)


def _normal_quantiles(n: int) -> NDArray[np.float64]:
    from statistics import NormalDist

    return np.array([NormalDist().inv_cdf((i + 0.5) / n) for i in range(n)])
