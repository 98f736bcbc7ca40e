"""What two channels tell about left and right: middle and side, level and phase differences.

The plain log-mel spectra of the challenge's baseline of 2025 are `LogSpectrum.dcase2025`.

References
----------
.. [1] K. Shimada et al., "Stereo sound event localization and detection with onscreen/offscreen
   classification", arXiv:2507.12042, 2025.
.. [2] arXiv:2507.00874, 2025 (perceptually motivated features: level and phase differences).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import torch

from hearsight.features.mel import (
    POWER_FLOOR,
    LogSpectrum,
    SpectrumFirst,
    decibels,
    in_bands,
    power,
)
from hearsight.features.stft import Padding, check_waveform


@dataclass(frozen=True)
class StereoCues(SpectrumFirst):
    """Log spectra of middle and side, and how the two channels differ in level and phase.

    Parameters
    ----------
    spectrum : LogSpectrum
        Its floor holds for middle and side.
    """

    spectrum: LogSpectrum

    @classmethod
    def dcase2025(cls, padding: Padding = "reflect") -> Self:
        """Return cues in the frames and bands of the challenge's baseline of 2025."""
        return cls(LogSpectrum.dcase2025(padding))

    def n_channels(self, n_inputs: int = 2) -> int:
        """Return how many channels the features have: 5, of the 2 that stereo has."""
        return n_inputs + 3

    def measure(self, waveform: torch.Tensor) -> torch.Tensor:
        """Compute the features, without a floor.

        Parameters
        ----------
        waveform : Tensor, shape (..., 2, samples)
            Left, right.

        Returns
        -------
        Tensor, shape (..., 5, frames, bands)
            Middle (L + R) / 2 and side (L - R) / 2 in dB; the level of left over right in dB,
            in [-100, 100] for signals within full scale; real and imaginary part of the coherence
            sum(L conj(R)) / sqrt(sum |L|^2 sum |R|^2) over each band, which is exp(j phase) for
            one wave and small where left and right have nothing in common. Silence gives -100 dB
            and zero differences.

        Raises
        ------
        InputError
            If there are not two channels, or the waveform is too short for a single frame.
        """
        check_waveform(waveform, 2)
        bands = self.spectrum.bands
        blocks = [
            in_bands(self._products(spectra), bands)
            for spectra in self.spectrum.stft.blocks(waveform)
        ]
        values = torch.cat(blocks, dim=-2)
        sides = values[..., 2:4, :, :]
        each = decibels(sides)
        difference = each[..., :1, :, :] - each[..., 1:, :, :]
        loudness = sides.clamp_min(POWER_FLOOR).sqrt()
        coherence = values[..., 4:, :, :] / loudness.prod(dim=-3, keepdim=True)
        levels = decibels(values[..., :2, :, :])
        return torch.cat([levels, difference, coherence], dim=-3)

    @staticmethod
    def _products(spectra: torch.Tensor) -> torch.Tensor:
        """Return |M|^2, |S|^2, |L|^2, |R|^2, Re(L conj R), Im(L conj R)."""
        left, right = spectra[..., :1, :, :], spectra[..., 1:, :, :]
        cross = left * right.conj()
        powers = power(torch.cat([(left + right) / 2, (left - right) / 2, spectra], dim=-3))
        return torch.cat([powers, cross.real, cross.imag], dim=-3)
