"""Background noise as microphones hear it: from everywhere at once, or of the microphones' own.

Diffuse noise is spherically isotropic: independent plane waves from all over the sphere. Their sum
is Gaussian, so it is fully described by the covariance of the channels at each frequency; that
covariance is summed over many plane waves once, and noise of it is drawn block by block.
"""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from hearsight.errors import InputError, nearest
from hearsight.scenes.receivers import Receiver
from hearsight.spatial.ambisonics import encode_foa
from hearsight.spatial.arrays import far_field_delays

NoiseColor = Literal["white", "pink"]
NOISE_COLORS: tuple[NoiseColor, ...] = get_args(NoiseColor)

NoiseField = Literal["diffuse", "sensor"]
NOISE_FIELDS: tuple[NoiseField, ...] = get_args(NoiseField)

_PLANE_WAVES = 400
"""Enough for arrays of 20 cm up to 12 kHz: (2 pi f / c * radius + 1) squared."""

_BLOCK = 4096


def fibonacci_sphere(n: int) -> NDArray[np.float64]:
    """Return n directions spread evenly over the sphere.

    Parameters
    ----------
    n : int
        At least 1.

    Returns
    -------
    ndarray, shape (n, 3)
        Unit vectors along a spiral in which neighbours turn by the golden angle.
    """
    index = np.arange(n)
    z = 1.0 - (2.0 * index + 1.0) / n
    turn = index * np.pi * (3.0 - np.sqrt(5.0))
    radius = np.sqrt(1.0 - z**2)
    return np.stack([radius * np.cos(turn), radius * np.sin(turn), z], axis=-1)


def ambient_noise(
    rng: np.random.Generator,
    receiver: Receiver,
    n_samples: int,
    sample_rate: int,
    *,
    color: NoiseColor = "pink",
    field: NoiseField = "diffuse",
) -> NDArray[np.float64]:
    """Draw stationary Gaussian noise for all channels of a receiver.

    Parameters
    ----------
    rng : numpy.random.Generator
    receiver : Receiver
    n_samples : int
    sample_rate : int
        Hz.
    color : {"white", "pink"}
        Pink falls by 3 dB per octave above 50 Hz and is flat below.
    field : {"diffuse", "sensor"}
        "diffuse": plane waves from all directions. "sensor": the microphones' own noise,
        independent and equally strong in all channels in use.

    Returns
    -------
    ndarray, shape (channels, samples)
        With power 1 on the average over the receiver's pressure channels, in expectation.

    Raises
    ------
    InputError
        If the color or field is unknown.
    """
    if color not in NOISE_COLORS:
        msg = f"unknown noise color {color!r}; {nearest(str(color), NOISE_COLORS)}"
        raise InputError(msg)
    if field not in NOISE_FIELDS:
        msg = f"unknown noise field {field!r}; {nearest(str(field), NOISE_FIELDS)}"
        raise InputError(msg)
    frequencies = np.linspace(0.0, 0.5 * sample_rate, _BLOCK + 1)
    mixing = _mixing(receiver, frequencies, field) * _amplitudes(frequencies, color)[:, None, None]
    n_blocks = -(-n_samples // _BLOCK) + 1
    # Half-overlapping sine windows: their squares sum to one, so the power does not fluctuate.
    window = np.sin(np.pi * (np.arange(2 * _BLOCK) + 0.5) / (2 * _BLOCK))
    noise = np.zeros((receiver.n_channels, (n_blocks + 1) * _BLOCK))
    for block in range(n_blocks):
        gaussian = rng.standard_normal((2, len(frequencies), receiver.n_channels))
        spectrum = np.einsum("fcd,fd->cf", mixing, gaussian[0] + 1j * gaussian[1])
        start = block * _BLOCK
        noise[:, start : start + 2 * _BLOCK] += window * np.fft.irfft(spectrum, 2 * _BLOCK)
    power = np.mean((np.abs(mixing) ** 2).sum(axis=2)[:, receiver.pressure_channels()].sum(axis=0))
    # irfft of unit complex noise in K bins has the variance 4 K / (2 block) ** 2, in each channel.
    return noise[:, _BLOCK : _BLOCK + n_samples] / np.sqrt(power / _BLOCK**2)


def _amplitudes(frequencies: NDArray[np.float64], color: NoiseColor) -> NDArray[np.float64]:
    shape = np.ones_like(frequencies)
    if color == "pink":
        shape = 1.0 / np.sqrt(np.maximum(frequencies, 50.0))
    shape[0] = shape[-1] = 0.0  # constant offset and the half-bins' edge carry no sound
    return np.asarray(shape)


def _mixing(
    receiver: Receiver, frequencies: NDArray[np.float64], field: NoiseField
) -> NDArray[np.complex128]:
    """Return matrices (frequencies, channels, channels) that give white noise its covariance."""
    if field == "sensor":
        audible = np.diag(receiver.patterns.any(axis=1).astype(np.complex128))
        return np.broadcast_to(audible, (len(frequencies), *audible.shape)).copy()
    directions = fibonacci_sphere(_PLANE_WAVES)
    gains = encode_foa(directions) @ receiver.patterns.T
    delays = far_field_delays(receiver.positions, directions)
    covariance = np.empty((len(frequencies), gains.shape[1], gains.shape[1]), np.complex128)
    for start in range(0, len(frequencies), 256):
        turn = -2j * np.pi * frequencies[start : start + 256, None, None] * delays
        waves = gains * np.exp(turn)
        covariance[start : start + 256] = np.swapaxes(waves, 1, 2) @ waves.conj() / len(directions)
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray(vectors * np.sqrt(np.clip(values, 0.0, None))[:, None, :])
