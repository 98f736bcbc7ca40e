"""Log spectra in frequency bands: mel bands of two scales, and the linear bands of SALSA.

References
----------
.. [1] M. Slaney, "Auditory toolbox", Interval Research TR 1998-010 (`slaney`: linear below 1 kHz,
   logarithmic above).
.. [2] D. O'Shaughnessy, "Speech communication: human and machine", 1987 (`htk`).
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Literal, Self, get_args

import numpy as np
import torch
from numpy.typing import NDArray

from hearsight.errors import InputError, nearest
from hearsight.features.extractor import Feature
from hearsight.features.stft import Padding, Stft

MelScale = Literal["slaney", "htk"]
MEL_SCALES: tuple[MelScale, ...] = get_args(MelScale)

Floor = Literal["none", "channel", "recording"]
FLOORS: tuple[Floor, ...] = get_args(Floor)
"""Whose loudest band the floor of a log spectrum lies below: nobody's, each channel's, all's."""

POWER_FLOOR = 1e-10
"""Powers below this count as -100 dB."""

FLOOR_DB = 80.0
"""How far a relative floor lies below the loudest band."""

_SLANEY_BREAK_HZ = 1000.0
_SLANEY_HZ = 200.0 / 3.0
_SLANEY_STEP = math.log(6.4) / 27.0


def hz_to_mel(frequency: NDArray[np.float64], scale: MelScale) -> NDArray[np.float64]:
    """Turn Hz into mel, element by element."""
    if scale == "htk":
        return 2595.0 * np.log10(1.0 + frequency / 700.0)
    logarithmic = np.log(np.maximum(frequency, _SLANEY_BREAK_HZ) / _SLANEY_BREAK_HZ) / _SLANEY_STEP
    return np.minimum(frequency, _SLANEY_BREAK_HZ) / _SLANEY_HZ + logarithmic


def mel_to_hz(mel: NDArray[np.float64], scale: MelScale) -> NDArray[np.float64]:
    """Turn mel into Hz, element by element; undoes `hz_to_mel`."""
    if scale == "htk":
        return 700.0 * (10.0 ** (mel / 2595.0) - 1.0)
    break_mel = _SLANEY_BREAK_HZ / _SLANEY_HZ
    above = np.exp(_SLANEY_STEP * np.maximum(mel - break_mel, 0.0))
    return _SLANEY_HZ * np.minimum(mel, break_mel) * above


@dataclass(frozen=True)
class MelBands:
    """Triangular bands on a mel scale, each of area one over Hz.

    Parameters
    ----------
    sample_rate : int
        Hz.
    n_fft : int
        Length of the transform whose bins are weighted.
    n_mels : int
        Number of bands.
    fmin, fmax : float
        Lower end of the first and upper end of the last band in Hz.
    scale : {"slaney", "htk"}

    Raises
    ------
    InputError
        If there is no band, the ends lie outside 0 <= fmin < fmax <= sample_rate / 2, or the
        scale has another name.
    """

    sample_rate: int
    n_fft: int
    n_mels: int
    fmin: float
    fmax: float
    scale: MelScale = "slaney"

    def __post_init__(self) -> None:
        if self.n_mels < 1 or not 0.0 <= self.fmin < self.fmax <= self.sample_rate / 2:
            msg = (
                f"got {self.n_mels} mel bands from {self.fmin:g} to {self.fmax:g} Hz; expected one "
                f"or more within 0 and {self.sample_rate / 2:g} Hz, half the sample rate"
            )
            raise InputError(msg)
        if self.scale not in MEL_SCALES:
            msg = f"no mel scale is called {self.scale}; {nearest(self.scale, MEL_SCALES)}"
            raise InputError(msg)

    @property
    def n_bands(self) -> int:
        """Number of bands."""
        return self.n_mels

    def weights(self) -> NDArray[np.float64]:
        """Return the weight of every bin in every band, shape (n_fft // 2 + 1, n_mels), >= 0."""
        frequency = np.fft.rfftfreq(self.n_fft, 1.0 / self.sample_rate)[:, None]
        ends = hz_to_mel(np.array([self.fmin, self.fmax]), self.scale)
        corner = mel_to_hz(np.linspace(ends[0], ends[1], self.n_mels + 2), self.scale)
        rising = (frequency - corner[:-2]) / np.diff(corner)[:-1]
        falling = (corner[2:] - frequency) / np.diff(corner)[1:]
        return np.maximum(0.0, np.minimum(rising, falling)) * (2.0 / (corner[2:] - corner[:-2]))


@dataclass(frozen=True)
class LinearBands:
    """The bands of SALSA: single bins up to 3/4 of the spectrum, groups of eight above.

    The first band is bin 1. What remains at the top, short of a group, is summed with the weight
    that it would have in a group of eight (a quirk of the original: 7 bins count 7/8).

    Parameters
    ----------
    n_fft : int
        Length of the transform whose bins are weighted, a multiple of 64.

    Raises
    ------
    InputError
        If `n_fft` is no positive multiple of 64.
    """

    n_fft: int = 512

    def __post_init__(self) -> None:
        if self.n_fft < 64 or self.n_fft % 64:
            msg = f"linear bands need an n_fft that is a multiple of 64, got {self.n_fft}"
            raise InputError(msg)

    @property
    def n_single(self) -> int:
        """Bands of a single bin; band b is bin b + 1."""
        return 3 * self.n_fft // 8

    @property
    def n_bands(self) -> int:
        """Number of bands."""
        return self.n_single + self.n_fft // 64

    def weights(self) -> NDArray[np.float64]:
        """Return the weight of every bin in every band, shape (n_fft // 2 + 1, n_bands)."""
        bins = np.arange(self.n_fft // 2 + 1)
        band = np.where(
            bins <= self.n_single, bins - 1, self.n_single + (bins - self.n_single - 1) // 8
        )
        weight = np.where(bins <= self.n_single, 1.0, 0.125)
        # The bin at half the sample rate belongs to no band, as that at 0 Hz.
        weight[[0, -1]] = 0.0
        return weight[:, None] * (band[:, None] == np.arange(self.n_bands))


Bands = MelBands | LinearBands


@functools.lru_cache(maxsize=32)
def band_matrix(bands: Bands, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
    """Return the weights of bands as a tensor, shape (bins, bands); not to be changed."""
    with torch.inference_mode(mode=False):  # a cached tensor must serve training as well
        return torch.from_numpy(bands.weights()).to(device=device, dtype=dtype)


def in_bands(values: torch.Tensor, bands: Bands) -> torch.Tensor:
    """Sum values over the bins of each band with the band's weights.

    Parameters
    ----------
    values : Tensor, shape (..., bins)
        Real.
    bands : MelBands or LinearBands

    Returns
    -------
    Tensor, shape (..., bands)
    """
    return values @ band_matrix(bands, values.dtype, values.device)


def decibels(power: torch.Tensor, floor: Floor = "none") -> torch.Tensor:
    """Turn powers into dB.

    Parameters
    ----------
    power : Tensor, shape (..., channels, frames, bands)
        Not negative; below 1e-10 it counts as 1e-10.
    floor : {"none", "channel", "recording"}
        Raise what lies more than 80 dB below the loudest value of its channel, or of all channels
        of its recording.

    Returns
    -------
    Tensor, shape (..., channels, frames, bands)
    """
    level = power.clamp_min(POWER_FLOOR).log10().mul_(10.0)
    return level if floor == "none" else level.clamp_min_(_loudest(level, floor) - FLOOR_DB)


def _loudest(level: torch.Tensor, floor: Floor) -> torch.Tensor:
    """Return the highest level of each channel, or of all, shape (..., 1 or channels, 1, 1)."""
    if floor == "none" or level.numel() == 0:
        return level.new_full((1, 1, 1), -torch.inf)
    return level.amax(dim=(-2, -1) if floor == "channel" else (-3, -2, -1), keepdim=True)


def power(spectra: torch.Tensor) -> torch.Tensor:
    """Compute |X|^2 of every bin without taking roots."""
    return spectra.real.square() + spectra.imag.square()


@dataclass(frozen=True)
class LogSpectrum(Feature):
    """Power in bands on a dB scale, channel by channel: log-mel and log-linear spectra.

    Parameters
    ----------
    stft : Stft
    bands : MelBands or LinearBands
        Made for the same `n_fft`.
    floor : {"none", "channel", "recording"}
        See `decibels`. The floor of a recording depends on all of it: a cut is computed first,
        then floored.

    Raises
    ------
    InputError
        If bands and transform do not fit, or `floor` has another name.
    """

    stft: Stft
    bands: Bands
    floor: Floor = "none"

    def __post_init__(self) -> None:
        if self.bands.n_fft != self.stft.n_fft:
            msg = f"bands for n_fft={self.bands.n_fft} do not fit a transform of {self.stft.n_fft}"
            raise InputError(msg)
        if self.floor not in FLOORS:
            msg = f"no floor is called {self.floor}; {nearest(self.floor, FLOORS)}"
            raise InputError(msg)

    @classmethod
    def dcase2020(cls, padding: Padding = "reflect", sample_rate: int = 24000) -> Self:
        """Return the log-mel spectra of the challenge's baselines of 2020 to 2024.

        64 bands up to half the sample rate, frames of 40 ms every 20 ms, five per label frame,
        and a floor of 80 dB in each channel.
        """
        hop = round(0.02 * sample_rate)
        n_fft = 1 << (2 * hop - 1).bit_length()
        stft = Stft(n_fft, 2 * hop, hop, padding, drops_last=True)
        return cls(stft, MelBands(sample_rate, n_fft, 64, 0.0, sample_rate / 2), "channel")

    @classmethod
    def dcase2025(cls, padding: Padding = "reflect") -> Self:
        """Return the log-mel spectra of the stereo baseline of 2025: one floor, every frame."""
        stft = Stft(1024, 960, 480, padding)
        return cls(stft, MelBands(24000, 1024, 64, 0.0, 12000.0), "recording")

    @classmethod
    def salsa(cls) -> Self:
        """Return the log-mel spectra of Nguyen et al. 2022: 128 bands, 50 to 12000 Hz."""
        return cls(Stft(512, 512, 300), MelBands(24000, 512, 128, 50.0, 12000.0))

    @classmethod
    def salsa_linear(cls) -> Self:
        """Return the log-linear spectra of Nguyen et al. 2022: 200 bands."""
        return cls(Stft(512, 512, 300), LinearBands(512))

    @classmethod
    def einv2(cls) -> Self:
        """Return the log-mel spectra of Cao et al. 2021: 256 bands, 20 to 12000 Hz."""
        return cls(Stft(1024, 1024, 600), MelBands(24000, 1024, 256, 20.0, 12000.0))

    @classmethod
    def pseldnets(cls) -> Self:
        """Return the log-mel spectra of Hu et al. 2025: 64 bands on the HTK scale."""
        return cls(Stft(1024, 1024, 240), MelBands(24000, 1024, 64, 20.0, 12000.0, "htk"))

    @classmethod
    def av_seld(cls) -> Self:
        """Return the log-mel spectra of Berghi et al. 2024: 128 bands, 16 frames a label frame."""
        stft = Stft(512, 512, 150, drops_last=True)
        return cls(stft, MelBands(24000, 512, 128, 0.0, 12000.0))

    def n_channels(self, n_inputs: int) -> int:
        """Return how many channels the features of `n_inputs` channels have."""
        return n_inputs

    @property
    def frames(self) -> Stft:
        """How recordings are cut into frames."""
        return self.stft

    @property
    def n_bins(self) -> int:
        """Bands of a frame."""
        return self.bands.n_bands

    def measure(self, waveform: torch.Tensor) -> torch.Tensor:
        """Compute the spectra in dB, without a floor.

        Parameters
        ----------
        waveform : Tensor, shape (..., channels, samples)

        Returns
        -------
        Tensor, shape (..., channels, frames, bands)
            -100 dB in silence, higher where a floor will lie higher.

        Raises
        ------
        InputError
            If the waveform is not real, has no channel axis, or is too short for a single frame.
        """
        blocks = [in_bands(power(block), self.bands) for block in self.stft.blocks(waveform)]
        return decibels(torch.cat(blocks, dim=-2))

    def loudest(self, values: torch.Tensor) -> torch.Tensor:
        """Find the level by which `finish` sets the floor; see `Feature`."""
        return _loudest(values, self.floor)

    def finish(self, values: torch.Tensor, loudest: torch.Tensor) -> torch.Tensor:
        """Set the floor 80 dB below the loudest level; see `Feature`."""
        return values if self.floor == "none" else values.clamp_min_(loudest - FLOOR_DB)


class SpectrumFirst(Feature):
    """A feature whose first channels are the log spectra of its inputs, floored as they are."""

    spectrum: LogSpectrum

    @property
    def frames(self) -> Stft:
        """How recordings are cut into frames."""
        return self.spectrum.stft

    @property
    def n_bins(self) -> int:
        """Bands of a frame, and as many of whatever follows the spectra."""
        return self.spectrum.n_bins

    def loudest(self, values: torch.Tensor) -> torch.Tensor:
        """Find the level by which `finish` sets the floor; see `Feature`."""
        return self.spectrum.loudest(self._levels(values))

    def finish(self, values: torch.Tensor, loudest: torch.Tensor) -> torch.Tensor:
        """Set the floor of the spectra; see `Feature`."""
        self.spectrum.finish(self._levels(values), loudest)  # in place
        return values

    def _levels(self, values: torch.Tensor) -> torch.Tensor:
        n_channels = values.shape[-3]
        n_inputs = next(n for n in range(1, n_channels) if self.n_channels(n) == n_channels)
        return values[..., :n_inputs, :, :]
