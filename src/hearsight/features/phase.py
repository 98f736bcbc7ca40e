"""Amplitudes and phase differences of every bin, without bands: the features of Sony's baseline.

References
----------
.. [1] K. Shimada et al., "STARSS23: an audio-visual dataset of spatial recordings of real scenes
   with spatiotemporal annotations of sound events", NeurIPS 2023 (audio-visual baseline).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import torch
from torch.nn.functional import pad

from hearsight.errors import InputError
from hearsight.features.extractor import Feature
from hearsight.features.stft import Padding, Stft, check_waveform


@dataclass(frozen=True)
class AmplitudePhase(Feature):
    """Amplitude of every channel, and its phase relative to the first channel's.

    Parameters
    ----------
    stft : Stft
    n_leading : int
        Zeros put before the first sample.

    Raises
    ------
    InputError
        If `n_leading` is negative.
    """

    stft: Stft
    n_leading: int = 0

    def __post_init__(self) -> None:
        if self.n_leading < 0:
            msg = f"n_leading must not be negative, got {self.n_leading}"
            raise InputError(msg)

    @classmethod
    def sony(cls, padding: Padding = "reflect") -> Self:
        """Return the features of windows of 1.27 s (30480 samples, 128 frames) for training."""
        return cls(Stft(512, 512, 240, padding))

    @classmethod
    def sony_inference(cls) -> Self:
        """Return the features of whole recordings: 272 zeros in front, whole frames only."""
        return cls(Stft(512, 512, 240, "none"), n_leading=272)

    def n_channels(self, n_inputs: int) -> int:
        """Return how many channels the features have: 7 for four channels."""
        return 2 * n_inputs - 1

    @property
    def frames(self) -> Stft:
        """How recordings are cut into frames."""
        return self.stft

    @property
    def reach(self) -> int | None:
        """How many samples around its beginning a frame depends on; all with leading zeros."""
        return None if self.n_leading else super().reach

    def n_frames(self, n_samples: int) -> int:
        """Return how many frames the features of `n_samples` have."""
        return self.stft.n_frames(n_samples + self.n_leading)

    @property
    def n_bins(self) -> int:
        """Bins of a frame."""
        return self.stft.n_bins

    def measure(self, waveform: torch.Tensor) -> torch.Tensor:
        """Compute the features.

        Parameters
        ----------
        waveform : Tensor, shape (..., channels, samples)
            FOA or microphones.

        Returns
        -------
        Tensor, shape (..., 2 * channels - 1, frames, bins)
            Amplitudes, then phases of channels 1, 2, ... minus that of channel 0 in radians, in
            [0, 2 pi). Silence has phase 0.

        Raises
        ------
        InputError
            If the waveform is not real, has no channel axis, or is too short for a single frame.
        """
        check_waveform(waveform)
        spectra = self.stft(pad(waveform, (self.n_leading, 0)))
        phase = spectra.angle()
        difference = phase[..., 1:, :, :] - phase[..., :1, :, :]
        turned = torch.where(difference < 0.0, difference + 2.0 * math.pi, difference)
        return torch.cat([spectra.abs(), turned], dim=-3)
