"""SALSA, SALSA-Lite and SALSA-IPD: a log spectrum and, bin by bin, where its sound comes from.

References
----------
.. [1] T. N. T. Nguyen et al., "SALSA: spatial cue-augmented log-spectrogram features for
   polyphonic sound event localization and detection", IEEE/ACM TASLP 30, 2022.
.. [2] T. N. T. Nguyen et al., "SALSA-Lite: a fast and effective feature for polyphonic sound
   event localization and detection with microphone arrays", ICASSP 2022.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, Self, get_args

import torch

from hearsight.errors import InputError, nearest
from hearsight.features.extractor import Feature
from hearsight.features.mel import LinearBands, LogSpectrum, decibels, power
from hearsight.features.stft import Padding, Stft, check_waveform
from hearsight.spatial.arrays import SPEED_OF_SOUND

SalsaFormat = Literal["foa", "mic"]
SALSA_FORMATS: tuple[SalsaFormat, ...] = get_args(SalsaFormat)

_REACH = 3
"""Frames to each side that a covariance is averaged over."""

_FLOOR_RATIO = 1.5
"""How many times the noise floor a bin must reach."""

_DIRECT_RATIO = 5.0
"""How many times the second eigenvalue the first must exceed."""

_AT_ONCE = 1 << 16
"""Covariances in memory at a time."""


def _phase_to_path(stft: Stft, sample_rate: int, bins: torch.Tensor) -> torch.Tensor:
    """Return radians per metre of path difference for every bin; bin 0 counts as bin 1."""
    return 2.0 * math.pi * sample_rate / (stft.n_fft * SPEED_OF_SOUND) * bins.clamp_min(1)


@dataclass(frozen=True)
class SalsaLite(Feature):
    """Log power spectra of all microphones, and phases relative to the first one.

    Parameters
    ----------
    stft : Stft
    sample_rate : int
        Hz.
    first_bin, end_bin : int
        Bins first_bin, ..., end_bin - 1 are kept.
    n_phase_bins : int
        How many of the kept bins carry phases; above, phases are ambiguous and set to 0.
    as_path : bool
        Divide phases by the wave number, which gives the difference of path lengths in metres
        whatever the frequency (SALSA-Lite); otherwise by pi (SALSA-IPD).

    Raises
    ------
    InputError
        If bins lie outside the spectrum.
    """

    stft: Stft
    sample_rate: int
    first_bin: int
    end_bin: int
    n_phase_bins: int
    as_path: bool = True

    def __post_init__(self) -> None:
        if not 0 <= self.first_bin < self.end_bin <= self.stft.n_bins or self.n_phase_bins < 0:
            msg = (
                f"got bins {self.first_bin} to {self.end_bin}, {self.n_phase_bins} of them with "
                f"phases; expected 0 <= first_bin < end_bin <= {self.stft.n_bins}"
            )
            raise InputError(msg)

    @classmethod
    def salsa_lite(cls) -> Self:
        """Return SALSA-Lite of Nguyen et al. 2022: bins below 9 kHz, phases to about 2 kHz.

        The original counts the phases' last bin from the first kept one; so does the baseline.
        """
        return cls(Stft(512, 512, 300), 24000, 1, 192, 42)

    @classmethod
    def salsa_ipd(cls) -> Self:
        """Return SALSA-IPD of Nguyen et al. 2022."""
        return cls(Stft(512, 512, 300), 24000, 1, 192, 42, as_path=False)

    @classmethod
    def dcase2022(cls, padding: Padding = "reflect") -> Self:
        """Return SALSA-Lite of the challenge's baselines of 2022 to 2024: 50 Hz to 9 kHz."""
        return cls(Stft(1024, 960, 480, padding, drops_last=True), 24000, 2, 384, 85)

    def n_channels(self, n_inputs: int) -> int:
        """Return how many channels the features have: 7 for four microphones."""
        return 2 * n_inputs - 1

    @property
    def frames(self) -> Stft:
        """How recordings are cut into frames."""
        return self.stft

    @property
    def n_bins(self) -> int:
        """Kept bins of a frame."""
        return self.end_bin - self.first_bin

    def measure(self, waveform: torch.Tensor) -> torch.Tensor:
        """Compute the features.

        Parameters
        ----------
        waveform : Tensor, shape (..., microphones, samples)

        Returns
        -------
        Tensor, shape (..., 2 * microphones - 1, frames, bins)
            Log spectra in dB, then for microphones 1, 2, ... how much nearer to the source each
            is than microphone 0: in metres, or as phase over pi in (-1, 1]. Silence gives 0.

        Raises
        ------
        InputError
            If the waveform is not real, has no channel axis, or is too short for a single frame.
        """
        check_waveform(waveform)
        bins = torch.arange(self.first_bin, self.end_bin, device=waveform.device)
        scale = (
            _phase_to_path(self.stft, self.sample_rate, bins)
            if self.as_path
            else torch.full_like(bins, math.pi, dtype=waveform.dtype)
        )
        blocks = []
        for whole in self.stft.blocks(waveform):
            spectra = whole[..., self.first_bin : self.end_bin]
            phase = (spectra[..., 1:, :, :] * spectra[..., :1, :, :].conj()).angle() / scale
            phase[..., self.n_phase_bins :] = 0.0
            blocks.append(torch.cat([decibels(power(spectra)), phase.to(waveform.dtype)], dim=-3))
        return torch.cat(blocks, dim=-2)


@dataclass(frozen=True)
class Salsa(Feature):
    """Log-linear spectra, and the principal eigenvector of every bin that one source rules.

    Parameters
    ----------
    format : {"foa", "mic"}
        What the channels are. The eigenvector gives the direction Y, Z, X for FOA, the
        differences of path lengths in metres relative to microphone 0 otherwise.
    fmax : float
        Hz; bins above it carry no direction, because there phases are ambiguous.
    stft : Stft
    sample_rate : int
        Hz.
    is_selective : bool
        Whether bins near the noise floor and bins in which several sources meet are set to 0.

    Raises
    ------
    InputError
        If the format has another name, or `fmax` lies outside the bands of a single bin.
    """

    format: SalsaFormat
    fmax: float
    stft: Stft = Stft(512, 512, 300)  # noqa: RUF009 - frozen
    sample_rate: int = 24000
    is_selective: bool = True

    def __post_init__(self) -> None:
        if self.format not in SALSA_FORMATS:
            msg = f"no format is called {self.format}; {nearest(self.format, SALSA_FORMATS)}"
            raise InputError(msg)
        if not 1 < self.end_bin <= self._bands.n_single + 1:
            highest = (self._bands.n_single + 1) * self.sample_rate / self.stft.n_fft
            msg = f"fmax must be positive and below {highest:g} Hz, got {self.fmax:g}"
            raise InputError(msg)

    @classmethod
    def foa(cls, fmax: float = 9000.0, *, is_selective: bool = True) -> Self:
        """Return SALSA of Ambisonics as published."""
        return cls("foa", fmax, is_selective=is_selective)

    @classmethod
    def mic(cls, fmax: float = 4000.0, *, is_selective: bool = True) -> Self:
        """Return SALSA of the tetrahedral array as published; other arrays need another fmax."""
        return cls("mic", fmax, is_selective=is_selective)

    @property
    def _bands(self) -> LinearBands:
        return LinearBands(self.stft.n_fft)

    @property
    def end_bin(self) -> int:
        """The first bin without a direction; the first with one is bin 1."""
        return math.floor(self.fmax * self.stft.n_fft / self.sample_rate)

    def n_channels(self, n_inputs: int = 4) -> int:
        """Return how many channels the features have: 7 for four channels."""
        return 2 * n_inputs - 1

    @property
    def frames(self) -> Stft:
        """How recordings are cut into frames."""
        return self.stft

    @property
    def reach(self) -> None:
        """A frame depends on all: noise is followed from the start, and the ends meet."""
        return

    @property
    def n_bins(self) -> int:
        """Bands of a frame."""
        return self._bands.n_bands

    def measure(self, waveform: torch.Tensor) -> torch.Tensor:
        """Compute the features.

        Parameters
        ----------
        waveform : Tensor, shape (..., channels, samples)
            W, Y, Z, X in SN3D, or two microphones or more.

        Returns
        -------
        Tensor, shape (..., 2 * channels - 1, frames, bands)
            Log spectra in dB, then the direction of every bin, 0 where it has none.

        Raises
        ------
        InputError
            If there are fewer than two channels (FOA: not four), or the waveform is too short for
            a single frame.
        """
        check_waveform(waveform, 4 if self.format == "foa" else None)
        if waveform.shape[-2] < 2:
            msg = f"SALSA needs two channels or more, got {waveform.shape[-2]}"
            raise InputError(msg)
        levels = LogSpectrum(self.stft, self._bands)(waveform)
        spectra = self.stft(waveform)[..., 1 : self.end_bin]
        cues = levels.new_zeros(*levels.shape[:-3], levels.shape[-3] - 1, *levels.shape[-2:])
        if spectra.numel():
            cues[..., : self.end_bin - 1] = self._directions(spectra).to(levels.dtype)
        return torch.cat([levels, cues], dim=-3)

    def _directions(self, spectra: torch.Tensor) -> torch.Tensor:
        """Return the cues of every bin, shape (..., channels - 1, frames, bins)."""
        omni = spectra[..., 0, :, :]
        if self.is_selective:
            audible = above_noise(_tracking_signal(omni))
        else:
            audible = _moving_power(omni, _REACH, _REACH) > 0.0
        # Eigenvectors are the costly part: compute them only where they are wanted.
        cues = spectra.real.new_zeros(*audible.shape, spectra.shape[-3] - 1)
        windows = _windows(spectra)
        for wanted in torch.split(audible.nonzero(), _AT_ONCE):
            snapshots = windows[wanted.unbind(dim=-1)]
            covariances = snapshots @ snapshots.mH
            if self.is_selective:
                is_hopeful = _may_be_direct(covariances)
                wanted, covariances = wanted[is_hopeful], covariances[is_hopeful]
            values, vectors = torch.linalg.eigh(covariances)
            relative = vectors[:, 1:, -1] * vectors[:, :1, -1].conj()
            found = self._cues(relative, wanted[:, -1] + 1)
            if self.is_selective:
                found[values[:, -1] <= _DIRECT_RATIO * values[:, -2]] = 0.0
            cues[wanted.unbind(dim=-1)] = found
        return cues.movedim(-1, -3)

    def _cues(self, relative: torch.Tensor, bins: torch.Tensor) -> torch.Tensor:
        """Turn eigenvectors relative to their first element into cues, (n, channels - 1)."""
        if self.format == "foa":
            flow = relative.real
            length = torch.linalg.vector_norm(flow, dim=-1, keepdim=True)
            return flow / length.clamp_min(torch.finfo(flow.dtype).tiny)
        scale = _phase_to_path(self.stft, self.sample_rate, bins)
        return (relative.angle() / scale[:, None]).to(relative.real.dtype)


def above_noise(signal: torch.Tensor) -> torch.Tensor:
    """Follow the noise floor of every bin through time and say what rises above it.

    The floor climbs by 2 % a frame while the signal lies above it, but by 0.2 % once this has
    lasted more than three frames, and falls by 2 % otherwise.

    Parameters
    ----------
    signal : Tensor, shape (..., frames, bins)
        Amplitudes, not negative; one frame or more.

    Returns
    -------
    Tensor of bool, shape (..., frames, bins)
        Whether the signal exceeds 1.5 times the floor.
    """
    floor = 0.5 * signal[..., :5, :].mean(dim=-2)
    counter = torch.full_like(floor, 3.0)
    floors = torch.empty_like(signal)
    for frame in range(signal.shape[-2]):
        is_above = signal[..., frame, :] > floor
        counter = torch.where(is_above, counter - 1.0, 3.0)
        rise = torch.where(counter < 0.0, 1.002, 1.02)
        floor = (floor * torch.where(is_above, rise, 0.98)).clamp_min(1e-6)
        floors[..., frame, :] = floor
    return signal > _FLOOR_RATIO * floors


def _wrapped(values: torch.Tensor, before: int, after: int) -> torch.Tensor:
    """Continue values along their frames by those of the other end."""
    n_frames = values.shape[-2]
    index = torch.arange(-before, n_frames + after, device=values.device).remainder(n_frames)
    return values.index_select(-2, index)


def _tracking_signal(spectra: torch.Tensor) -> torch.Tensor:
    """Return the root mean square of each frame and the two before it."""
    return _moving_power(spectra, 2, 0).sqrt()


def _moving_power(spectra: torch.Tensor, before: int, after: int) -> torch.Tensor:
    """Return the mean power of each frame and those around it."""
    longer = _wrapped(power(spectra), before, after)
    return longer.unfold(-2, before + 1 + after, 1).mean(dim=-1)


def _may_be_direct(covariances: torch.Tensor) -> torch.Tensor:
    """Say which matrices can have a first eigenvalue 5 times the second, shape (n,).

    The sum of squared eigenvalues over the square of their sum needs no eigenvalues. With the first
    at 1 and n others of at most 1/5 it is least where all of them are 1/5: most bins in which
    sources mix lie below, and are spared the eigenvectors.
    """
    n_others = covariances.shape[-1] - 1
    least = (1.0 + n_others / _DIRECT_RATIO**2) / (1.0 + n_others / _DIRECT_RATIO) ** 2
    squares = torch.view_as_real(covariances).square().sum(dim=(-3, -2, -1))
    trace = covariances.diagonal(dim1=-2, dim2=-1).real.sum(dim=-1)
    return squares >= (1.0 - 1e-4) * least * trace.square()


def _windows(spectra: torch.Tensor) -> torch.Tensor:
    """Return each frame with its neighbors, shape (..., frames, bins, channels, 7), not copied."""
    longer = _wrapped(spectra, _REACH, _REACH)
    return longer.unfold(-2, 2 * _REACH + 1, 1).movedim(-4, -2)
