"""What VGGish hears: log-mel patches of 96 frames and 64 bands, about a second each.

Sound is brought to 16 kHz as the mean of its channels. Frames are 25 ms long, one every 10 ms, none
reaching beyond the ends; a patch is 96 of them. As in the published features of AVE, every second
is resampled by itself and gives one patch (`VggishInput`). Plain VGGish goes through the whole
sound in patches of 0.96 s instead (`patches` of its `log_mel`).

References
----------
.. [1] S. Hershey et al., "CNN architectures for large-scale audio classification", ICASSP 2017.
.. [2] Y. Tian, J. Shi, B. Li, Z. Duan and C. Xu, "Audio-visual event localization in unconstrained
   videos", ECCV 2018.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from hearsight.errors import InputError
from hearsight.features.clips import SEGMENT_S
from hearsight.features.mel import hz_to_mel

SAMPLE_RATE = 16_000
"""Hz."""

N_FRAMES = 96
"""Of a patch."""

N_MELS = 64

Samples = NDArray[np.floating[Any]]

_WIN_LENGTH, _HOP_LENGTH, _N_FFT = 400, 160, 512
_FMIN, _FMAX = 125.0, 7500.0
_OFFSET = 0.01

# The window of the resampler that made the published features (resampy 0.4, "kaiser_best").
_ZERO_CROSSINGS, _ROLLOFF, _BETA = 50, 0.917347, 12.9846
_TABLE = 8192


@dataclass(frozen=True)
class VggishInput:
    """One second of sound to one patch."""

    sample_rate: ClassVar[int | None] = None
    """Any: each second is resampled by itself."""
    duration_s: ClassVar[float] = SEGMENT_S

    def __call__(self, waveform: Samples, sample_rate: int) -> Tensor:
        """Compute the patch of a second.

        Parameters
        ----------
        waveform : ndarray of floats, shape (channels, samples)
            In [-1, 1]. Of more than a second, the first counts; less is continued by silence.
        sample_rate : int
            Hz.

        Returns
        -------
        Tensor of float32, shape (1, 96, 64)

        Raises
        ------
        InputError
            If the waveform has another shape or type.
        """
        second = to_16_khz(waveform[..., :sample_rate], sample_rate)
        silence = max(0, SAMPLE_RATE - len(second))
        return patches(log_mel(functional.pad(torch.from_numpy(second), (0, silence))))


def to_16_khz(waveform: Samples, sample_rate: int) -> NDArray[np.float64]:
    """Mix channels to one and resample it, as was done for the published features.

    Parameters
    ----------
    waveform : ndarray of floats, shape (channels, samples)
    sample_rate : int
        Hz.

    Returns
    -------
    ndarray of float64, shape (samples,)

    Raises
    ------
    InputError
        If the waveform has another shape or type.
    """
    from scipy.signal import resample_poly

    if waveform.ndim != 2 or not waveform.shape[0] or waveform.dtype.kind != "f":
        msg = (
            "waveform must hold floats in [-1, 1] of shape (channels, samples), got "
            f"{waveform.dtype} of {waveform.shape}; divide 16-bit by 32768, or transpose it"
        )
        raise InputError(msg)
    mono = waveform.mean(axis=0, dtype=np.float64)
    if sample_rate == SAMPLE_RATE or not mono.size:
        return mono
    common = math.gcd(sample_rate, SAMPLE_RATE)
    up, down = SAMPLE_RATE // common, sample_rate // common
    taps = _resampling_filter(up, down)
    return resample_poly(mono, up, down, window=taps)  # type: ignore[call-overload]


@functools.lru_cache(maxsize=8)
def _resampling_filter(up: int, down: int) -> NDArray[np.float64]:
    """Return a windowed sinc on the grid of `up` times the source's rate."""
    ratio = min(1.0, up / down)
    # Reference quirk: from one source sample to the next it goes whole entries of its table.
    step = math.floor(ratio * _TABLE) / _TABLE
    half = math.floor(_ZERO_CROSSINGS * up / step)
    places = np.arange(-half, half + 1) / up
    # Reference quirk: on the side of later samples whole distances are the end of a step.
    whole = np.where(places < 0, np.ceil(-places) - 1, np.floor(places))
    crossing = whole * step + (np.abs(places) - whole) * ratio
    edge = np.clip(1.0 - np.square(crossing / _ZERO_CROSSINGS), 0.0, None)
    taper = np.i0(_BETA * np.sqrt(edge)) / np.i0(_BETA)
    return _ROLLOFF * np.sinc(_ROLLOFF * crossing) * taper * ratio / up


def log_mel(samples: Tensor) -> Tensor:
    """Compute the log of magnitudes in mel bands.

    Parameters
    ----------
    samples : Tensor, shape (samples,)
        At 16 kHz, in [-1, 1].

    Returns
    -------
    Tensor of float32, shape (frames, 64)
        log(0.01), about -4.6, in silence; no frames of less than 25 ms.
    """
    exact = samples.double()
    if len(exact) < _WIN_LENGTH:
        return torch.empty(0, N_MELS)
    window = torch.hann_window(_WIN_LENGTH, dtype=exact.dtype)
    magnitudes = torch.fft.rfft(exact.unfold(0, _WIN_LENGTH, _HOP_LENGTH) * window, _N_FFT).abs()
    return torch.log(magnitudes @ torch.from_numpy(mel_matrix()) + _OFFSET).float()


def patches(frames: Tensor) -> Tensor:
    """Cut frames into patches one after the other.

    Parameters
    ----------
    frames : Tensor, shape (frames, 64)

    Returns
    -------
    Tensor, shape (frames // 96, 96, 64)
        What is left at the end is dropped.
    """
    whole = len(frames) // N_FRAMES
    return frames[: whole * N_FRAMES].reshape(whole, N_FRAMES, N_MELS)


@functools.cache
def mel_matrix() -> NDArray[np.float64]:
    """Return the weight of every bin in every band, shape (257, 64); not to be changed.

    Triangles over mel, not Hz, with a height of 1 and not of one area; 0 Hz has no weight.
    """
    frequency = np.arange(_N_FFT // 2 + 1, dtype=np.float64) * (SAMPLE_RATE / _N_FFT)
    mel, ends = hz_to_mel(frequency, "htk")[:, None], hz_to_mel(np.array([_FMIN, _FMAX]), "htk")
    edges = np.linspace(ends[0], ends[1], N_MELS + 2)
    rising = (mel - edges[:-2]) / np.diff(edges)[:-1]
    falling = (edges[2:] - mel) / np.diff(edges)[1:]
    return np.maximum(0.0, np.minimum(rising, falling))
