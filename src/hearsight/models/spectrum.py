"""What every acoustic model shares: its clock, its grid of directions, and what it returns.

Spectra have ten frames per 100 ms label frame. The map has one value per cell of an
equirectangular grid and per label frame. Each source found comes with its **share**: of the sound
in its frame that no other source explains, the part that arrives from its direction as one wave. 1
is a lone source in free field, a diffuse field gives values near 0, silence gives 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray

from hearsight.features.precedence import freshness
from hearsight.features.stft import bin_frequencies, spectrogram
from hearsight.spatial.directions import equirectangular_grid

GRID_HEIGHT, GRID_WIDTH = 36, 72
"""Cells of the directional grid: 5 degrees each way."""

FRAMES_PER_LABEL = 10
"""Spectral frames per label frame: a hop of 10 ms."""

SILENCE = 1e-5
"""Root mean square amplitude of a bin below which a frame is silent: a full-scale sine is 1."""

DECAY = 0.8
"""What is left of a bin's power after one spectral frame: 10 dB in 100 ms, the pace of a room
whose reverberation time is 0.6 s."""


def grid_directions() -> NDArray[np.float64]:
    """Return the unit vectors of the directional grid, shape (cells, 3), row by row."""
    return equirectangular_grid(GRID_HEIGHT, GRID_WIDTH).reshape(-1, 3)


@dataclass(frozen=True, eq=False)
class SpatialSpectrum:
    """Directions of sound, frame by frame.

    Parameters
    ----------
    heat : ndarray of float32, shape (frames, GRID_HEIGHT, GRID_WIDTH)
        Evidence per direction in [0, 1].
    directions : ndarray of float32, shape (frames, sources, 3)
        Unit vectors of the sources found, strongest first; NaN where there is none.
    shares : ndarray of float32, shape (frames, sources)
        In [0, 1]; 0 where there is none.
    """

    heat: NDArray[np.float32]
    directions: NDArray[np.float32]
    shares: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.shares)

    def __getitem__(self, frames: slice) -> Self:
        return type(self)(self.heat[frames], self.directions[frames], self.shares[frames])


def label_spectra(
    waveform: torch.Tensor, sample_rate: int, band: tuple[float, float], n_fft: int = 512
) -> tuple[torch.Tensor, torch.Tensor]:
    """Compute spectra on the clock of the labels.

    Parameters
    ----------
    waveform : Tensor, shape (channels, samples)
    sample_rate : int
        Hz, a multiple of 100.
    band : (float, float)
        Lowest and highest frequency kept, in Hz.
    n_fft : int
        Window length in samples.

    Returns
    -------
    spectra : Tensor, complex, shape (channels, labels * FRAMES_PER_LABEL, bins)
        For each whole 100 ms of the waveform. The amplitude of a full-scale sine is 1.
    frequencies : Tensor, shape (bins,)
        Hz.
    """
    hop = sample_rate // (10 * FRAMES_PER_LABEL)
    spectra = spectrogram(waveform, n_fft, hop) * (4.0 / n_fft)
    frequencies = bin_frequencies(n_fft, sample_rate)
    kept = (frequencies >= band[0]) & (frequencies <= band[1])
    n_frames = (spectra.shape[1] - 1) // FRAMES_PER_LABEL * FRAMES_PER_LABEL
    return spectra[:, :n_frames, kept], frequencies[kept]


def bin_weights(power: torch.Tensor) -> torch.Tensor:
    """Say how much each time-frequency bin counts.

    Loud bins count more, but far less than by their power, so that quiet sources and many bins
    have a say; what only reverberates counts little.

    Parameters
    ----------
    power : Tensor, shape (frames, bins)

    Returns
    -------
    Tensor, shape (frames, bins)
    """
    return power.clamp_min(1e-20) ** 0.25 * freshness(power, DECAY)


def is_silent(power: torch.Tensor) -> torch.Tensor:
    """Tell which label frames hold no sound.

    Parameters
    ----------
    power : Tensor, shape (labels * FRAMES_PER_LABEL, bins)

    Returns
    -------
    Tensor of bool, shape (labels,)
    """
    per_label = power.reshape(len(power) // FRAMES_PER_LABEL, -1)
    return per_label.mean(dim=1) <= SILENCE**2


def over_neighbors(frames: torch.Tensor) -> torch.Tensor:
    """Add half of each neighboring label frame: 300 ms decide on 100 ms.

    Parameters
    ----------
    frames : Tensor, shape (labels, ...)

    Returns
    -------
    Tensor, shape (labels, ...)
    """
    result = frames.clone()
    result[1:] += 0.5 * frames[:-1]
    result[:-1] += 0.5 * frames[1:]
    return result
