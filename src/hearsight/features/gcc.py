"""Phase correlation between microphones (PHAT).

References
----------
.. [1] C. Knapp and G. Carter, "The generalized correlation method for estimation of time delay",
   IEEE Trans. ASSP 24(4), 1976.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import torch

from hearsight.errors import InputError
from hearsight.features.extractor import Feature
from hearsight.features.mel import LogSpectrum, SpectrumFirst
from hearsight.features.stft import Padding, Stft, check_waveform


def microphone_pairs(n_microphones: int) -> torch.Tensor:
    """Return all pairs m < n, shape (pairs, 2), in the order 01, 02, ..., 12, ..."""
    return torch.triu_indices(n_microphones, n_microphones, offset=1).T


def phat_cross_spectra(spectra: torch.Tensor, pairs: torch.Tensor) -> torch.Tensor:
    """Compute the cross-spectra of microphone pairs with all magnitudes set to one.

    Parameters
    ----------
    spectra : Tensor, complex, shape (..., microphones, frames, bins)
    pairs : Tensor of int, shape (pairs, 2)

    Returns
    -------
    Tensor, complex, shape (..., pairs, frames, bins)
        X_n conj(X_m) / |X_n conj(X_m)| for the pair (m, n); 0 where either is silent.
    """
    tiny = torch.finfo(spectra.real.dtype).tiny
    phases = spectra / spectra.abs().clamp_min(tiny)
    return phases[..., pairs[:, 1], :, :] * phases[..., pairs[:, 0], :, :].conj()


@dataclass(frozen=True)
class GccPhat(Feature):
    """Phase correlation of every pair of microphones at the lags around zero.

    Parameters
    ----------
    stft : Stft
    n_lags : int
        Even, at most `n_fft`: lags -n_lags / 2 to n_lags / 2 - 1, in samples.

    Raises
    ------
    InputError
        If `n_lags` is odd, less than 2, or more than `n_fft`.
    """

    stft: Stft
    n_lags: int = 64

    def __post_init__(self) -> None:
        if self.n_lags % 2 or not 2 <= self.n_lags <= self.stft.n_fft:
            msg = f"n_lags must be even and within 2 and {self.stft.n_fft}, got {self.n_lags}"
            raise InputError(msg)

    def lags(self) -> torch.Tensor:
        """Return the lag of every bin of the feature in samples, shape (n_lags,)."""
        return torch.arange(-self.n_lags // 2, self.n_lags // 2)

    def n_channels(self, n_inputs: int) -> int:
        """Return how many pairs `n_inputs` microphones make."""
        return n_inputs * (n_inputs - 1) // 2

    @property
    def frames(self) -> Stft:
        """How recordings are cut into frames."""
        return self.stft

    @property
    def n_bins(self) -> int:
        """Lags of a frame."""
        return self.n_lags

    def measure(self, waveform: torch.Tensor) -> torch.Tensor:
        """Compute the correlations.

        Parameters
        ----------
        waveform : Tensor, shape (..., microphones, samples)
            Two microphones or more.

        Returns
        -------
        Tensor, shape (..., pairs, frames, n_lags)
            In [-1, 1], pairs in the order 01, 02, ..., 12, ... A peak at lag d says that the
            second microphone of the pair hears the sound d samples after the first. Bins in which
            a microphone is silent count as equal: silence has its peak of 1 at lag 0.

        Raises
        ------
        InputError
            If there are fewer than two channels, or the waveform is too short for a single frame.
        """
        check_waveform(waveform)
        if waveform.shape[-2] < 2:
            msg = f"phase correlation needs two channels or more, got {waveform.shape[-2]}"
            raise InputError(msg)
        pairs = microphone_pairs(waveform.shape[-2]).to(waveform.device)
        blocks = [self._correlate(spectra, pairs) for spectra in self.stft.blocks(waveform)]
        return torch.cat(blocks, dim=-2)

    def _correlate(self, spectra: torch.Tensor, pairs: torch.Tensor) -> torch.Tensor:
        cross = phat_cross_spectra(spectra, pairs)
        cross = torch.where(cross == 0, torch.ones_like(cross), cross)
        half = self.n_lags // 2
        if cross.numel() == 0:  # no frames, which the inverse transform does not take
            return cross.real.new_zeros(*cross.shape[:-1], self.n_lags)
        correlation = torch.fft.irfft(cross, n=self.stft.n_fft, dim=-1)
        return torch.cat([correlation[..., -half:], correlation[..., :half]], dim=-1)


@dataclass(frozen=True)
class LogGcc(SpectrumFirst):
    """Log spectra of every microphone, then phase correlations of every pair.

    Parameters
    ----------
    spectrum : LogSpectrum
    correlation : GccPhat
        With as many lags as the spectrum has bands, and as many frames.

    Raises
    ------
    InputError
        If lags and bands are not equal in number, or the hops differ.
    """

    spectrum: LogSpectrum
    correlation: GccPhat

    def __post_init__(self) -> None:
        if self.correlation.n_lags != self.spectrum.n_bins:
            msg = (
                f"{self.correlation.n_lags} lags do not fit {self.spectrum.n_bins} bands; "
                "give as many lags as bands"
            )
            raise InputError(msg)
        ours, theirs = self.spectrum.stft, self.correlation.stft
        if (ours.hop_length, ours.drops_last) != (theirs.hop_length, theirs.drops_last):
            msg = "spectrum and correlation must have the same frames; give them the same hop"
            raise InputError(msg)

    @classmethod
    def dcase2020(cls, padding: Padding = "reflect", sample_rate: int = 24000) -> Self:
        """Return the features of the challenge's baselines of 2020 to 2024: 64 bands and lags."""
        spectrum = LogSpectrum.dcase2020(padding, sample_rate)
        return cls(spectrum, GccPhat(spectrum.stft, 64))

    @classmethod
    def salsa(cls) -> Self:
        """Return `MelSpecGCC` of Nguyen et al. 2022: 128 bands and lags."""
        return cls(LogSpectrum.salsa(), GccPhat(Stft(1024, 512, 300), 128))

    @classmethod
    def salsa_linear(cls) -> Self:
        """Return `LinSpecGCC` of Nguyen et al. 2022: 200 bands and lags."""
        return cls(LogSpectrum.salsa_linear(), GccPhat(Stft(1024, 512, 300), 200))

    def n_channels(self, n_inputs: int = 4) -> int:
        """Return how many channels the features have: 10 for four microphones."""
        return n_inputs + self.correlation.n_channels(n_inputs)

    @property
    def reach(self) -> int:
        """How many samples before and after its beginning a frame depends on."""
        return max(self.frames.n_fft, self.correlation.stft.n_fft)

    def measure(self, waveform: torch.Tensor) -> torch.Tensor:
        """Compute the features, without a floor.

        Parameters
        ----------
        waveform : Tensor, shape (..., microphones, samples)
            Two microphones or more.

        Returns
        -------
        Tensor, shape (..., microphones + pairs, frames, bands)
            Spectra in dB, then correlations in [-1, 1].

        Raises
        ------
        InputError
            If there are fewer than two channels, or the waveform is too short for a single frame.
        """
        return torch.cat([self.spectrum.measure(waveform), self.correlation(waveform)], dim=-3)
