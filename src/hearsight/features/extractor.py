"""`Feature`: what every feature of the SELD systems can do, whatever it computes.

A frame is made of the samples around it. Only the floor of a log spectrum depends on the whole
recording: it lies below the loudest value of all. So features are computed in two steps, `measure`
and `finish`, and a recording of any length can be measured piece by piece (`features.streaming`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch

from hearsight.features.stft import Stft


class Feature(ABC):
    """Settings of a feature, called with waveforms; derived classes are frozen dataclasses."""

    @property
    @abstractmethod
    def frames(self) -> Stft:
        """How recordings are cut into frames."""

    @property
    @abstractmethod
    def n_bins(self) -> int:
        """Bins, bands or lags of a frame."""

    @abstractmethod
    def n_channels(self, n_inputs: int) -> int:
        """Return how many channels the features of `n_inputs` channels have."""

    @abstractmethod
    def measure(self, waveform: torch.Tensor) -> torch.Tensor:
        """Compute the features, but for what depends on the loudest value of the recording.

        Parameters
        ----------
        waveform : Tensor, shape (..., channels, samples)

        Returns
        -------
        Tensor, shape (..., channels, frames, bins)
        """

    @property
    def hop_length(self) -> int:
        """Samples from one frame to the next."""
        return self.frames.hop_length

    @property
    def reach(self) -> int | None:
        """How many samples before and after its beginning a frame depends on; None: on all."""
        return self.frames.n_fft

    def n_frames(self, n_samples: int) -> int:
        """Return how many frames the features of `n_samples` have."""
        return self.frames.n_frames(n_samples)

    def loudest(self, values: torch.Tensor) -> torch.Tensor:
        """Find the level by which `finish` sets the floor.

        Parameters
        ----------
        values : Tensor, shape (..., channels, frames, bins)
            As measured. Of several pieces of a recording, the maximum of their levels counts.

        Returns
        -------
        Tensor, shape (..., 1 or channels, 1, 1)
            In dB; -inf if there is no floor, or there are no frames.
        """
        return values.new_full((1, 1, 1), -torch.inf)

    def finish(self, values: torch.Tensor, loudest: torch.Tensor) -> torch.Tensor:
        """Set the floor.

        Parameters
        ----------
        values : Tensor, shape (..., channels, frames, bins)
            As measured; may be changed.
        loudest : Tensor
            Of the whole recording.

        Returns
        -------
        Tensor, of the shape of `values`
        """
        del loudest
        return values

    def __call__(self, waveform: torch.Tensor) -> torch.Tensor:
        """Compute the features of a whole recording; see `measure`.

        Parameters
        ----------
        waveform : Tensor, shape (..., channels, samples)

        Returns
        -------
        Tensor, shape (..., channels, frames, bins)

        Raises
        ------
        InputError
            If the waveform is not real, has no channel axis or channels that do not fit, or is too
            short for a single frame.
        """
        values = self.measure(waveform)
        return self.finish(values, self.loudest(values))
