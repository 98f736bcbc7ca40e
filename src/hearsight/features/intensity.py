"""Active intensity of first-order Ambisonics: where energy flows, bin by bin.

With W, Y, Z, X in SN3D a plane wave from the unit vector u has the active intensity |W|^2 u and
the energy density |W|^2, so that their ratio is 1; in a diffuse field the mean intensity is zero.

References
----------
.. [1] V. Pulkki, "Spatial sound reproduction with directional audio coding", J. Audio Eng. Soc.
   55(6), 2007.
.. [2] Y. Cao et al., "Polyphonic sound event detection and localization using a two-stage
   strategy", DCASE workshop 2019 (intensity vectors in mel bands).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self, get_args

import torch

from hearsight.errors import InputError, nearest
from hearsight.features.mel import LogSpectrum, SpectrumFirst, decibels, in_bands
from hearsight.features.stft import Padding, check_waveform

Scaling = Literal["energy", "energy_density", "unit"]
SCALINGS: tuple[Scaling, ...] = get_args(Scaling)

AxisOrder = Literal["yzx", "xyz"]
AXIS_ORDERS: tuple[AxisOrder, ...] = get_args(AxisOrder)

_FLOAT32_EPSILON = torch.finfo(torch.float32).eps


def active_intensity(spectra: torch.Tensor) -> torch.Tensor:
    """Compute the active intensity vector of every time-frequency bin.

    Parameters
    ----------
    spectra : Tensor, complex, shape (..., 4, frames, bins)
        W, Y, Z, X in SN3D.

    Returns
    -------
    Tensor, shape (..., 3, frames, bins)
        Components x, y, z of Re(conj(W) (X, Y, Z)), pointing to where the sound comes from.
    """
    omni = spectra[..., :1, :, :]
    # (Y, Z, X) -> (x, y, z)
    velocity = spectra[..., 1:, :, :].roll(1, dims=-3)
    return velocity.real * omni.real + velocity.imag * omni.imag


def energy_density(spectra: torch.Tensor) -> torch.Tensor:
    """Compute the energy density (|W|^2 + |X|^2 + |Y|^2 + |Z|^2) / 2, shape (..., frames, bins)."""
    return 0.5 * (spectra.real.square() + spectra.imag.square()).sum(dim=-3)


@dataclass(frozen=True)
class LogIntensity(SpectrumFirst):
    """Log spectra of W, Y, Z, X and intensity vectors in the same bands.

    The intensity of each bin is divided by its energy before bins are summed in bands, so that
    loud and soft bins have one vote each.

    Parameters
    ----------
    spectrum : LogSpectrum
    scaling : {"energy", "energy_density", "unit"}
        Intensity is divided by |W|^2 + (|Y|^2 + |Z|^2 + |X|^2) / 3, by `energy_density`, or by
        its own length.
    order : {"yzx", "xyz"}
        Order of the components.
    epsilon : float
        Added to the divisor.
    interleaves : bool
        Whether channels and bands change places as in the baseline of 2020, which stored features
        band by band and read them channel by channel. Wrong, and for its weights alone.

    Raises
    ------
    InputError
        If a scaling or order has another name, or `epsilon` is not positive.
    """

    spectrum: LogSpectrum
    scaling: Scaling = "energy"
    order: AxisOrder = "yzx"
    epsilon: float = 1e-8
    interleaves: bool = False

    def __post_init__(self) -> None:
        if self.scaling not in SCALINGS:
            msg = f"no scaling is called {self.scaling}; {nearest(self.scaling, SCALINGS)}"
            raise InputError(msg)
        if self.order not in AXIS_ORDERS:
            msg = f"no order is called {self.order}; {nearest(self.order, AXIS_ORDERS)}"
            raise InputError(msg)
        if not self.epsilon > 0.0:
            msg = f"epsilon must be positive, got {self.epsilon}; silence would divide by zero"
            raise InputError(msg)

    @classmethod
    def dcase2020(cls, padding: Padding = "reflect", *, interleaves: bool = True) -> Self:
        """Return the features of the challenge's baseline of 2020, scrambled as there."""
        spectrum = LogSpectrum.dcase2020(padding)
        return cls(spectrum, "unit", "xyz", interleaves=interleaves)

    @classmethod
    def dcase2021(cls, padding: Padding = "reflect") -> Self:
        """Return the features of the challenge's baseline of 2021."""
        return cls(LogSpectrum.dcase2020(padding), "energy_density", "xyz")

    @classmethod
    def dcase2023(cls, padding: Padding = "reflect", sample_rate: int = 24000) -> Self:
        """Return the features of the challenge's baselines of 2022, 2023 and 2024."""
        return cls(LogSpectrum.dcase2020(padding, sample_rate))

    @classmethod
    def salsa(cls) -> Self:
        """Return `MelSpecIV` of Nguyen et al. 2022."""
        return cls(LogSpectrum.salsa(), "unit")

    @classmethod
    def salsa_linear(cls) -> Self:
        """Return `LinSpecIV` of Nguyen et al. 2022."""
        return cls(LogSpectrum.salsa_linear(), "unit")

    @classmethod
    def einv2(cls) -> Self:
        """Return the features of Cao et al. 2021 (EINV2)."""
        return cls(LogSpectrum.einv2(), "unit", epsilon=_FLOAT32_EPSILON)

    @classmethod
    def pseldnets(cls) -> Self:
        """Return the features of Hu et al. 2025 (PSELDNets)."""
        return cls(LogSpectrum.pseldnets(), "unit", epsilon=_FLOAT32_EPSILON)

    @classmethod
    def av_seld(cls) -> Self:
        """Return the features of Berghi et al. 2024 (audio-visual SELD)."""
        return cls(LogSpectrum.av_seld(), "unit", epsilon=_FLOAT32_EPSILON)

    def n_channels(self, n_inputs: int = 4) -> int:
        """Return how many channels the features have: 7, of the 4 that FOA has."""
        return n_inputs + 3

    def measure(self, waveform: torch.Tensor) -> torch.Tensor:
        """Compute the features, without a floor.

        Parameters
        ----------
        waveform : Tensor, shape (..., 4, samples)
            W, Y, Z, X in SN3D.

        Returns
        -------
        Tensor, shape (..., 7, frames, bands)
            Four log spectra in dB, then three components of the intensity, in multiples of the
            weight of a band. Silence gives zero intensity.

        Raises
        ------
        InputError
            If the waveform is no FOA, or is too short for a single frame.
        """
        check_waveform(waveform, 4)
        stft, bands = self.spectrum.stft, self.spectrum.bands
        blocks = [
            in_bands(self._power_and_flow(spectra), bands) for spectra in stft.blocks(waveform)
        ]
        values = torch.cat(blocks, dim=-2)
        levels = values[..., :4, :, :]
        levels.copy_(decibels(levels))
        return values

    def finish(self, values: torch.Tensor, loudest: torch.Tensor) -> torch.Tensor:
        """Set the floor of the spectra, and interleave if asked to; see `Feature`."""
        finished = super().finish(values, loudest)
        if not self.interleaves:
            return finished
        levels, flow = finished[..., :4, :, :], finished[..., 4:, :, :]
        return torch.cat([_interleaved(levels), _interleaved(flow)], dim=-3)

    def _power_and_flow(self, spectra: torch.Tensor) -> torch.Tensor:
        """Return |W|^2, |Y|^2, |Z|^2, |X|^2 and the scaled intensity, shape (..., 7, frames, bins).

        Everything is written once into one tensor: the time is spent on memory.
        """
        real, imag = spectra.real.contiguous(), spectra.imag.contiguous()
        shape = (*real.shape[:-3], 7, *real.shape[-2:])
        values = real.new_empty(shape)
        energy, flow = values[..., :4, :, :], values[..., 4:, :, :]
        torch.mul(real, real, out=energy)
        energy.addcmul_(imag, imag)
        torch.mul(real[..., 1:, :, :], real[..., :1, :, :], out=flow)
        flow.addcmul_(imag[..., 1:, :, :], imag[..., :1, :, :])
        flow.mul_(self._divisor(energy, flow).reciprocal_())
        # (Y, Z, X) -> (x, y, z)
        if self.order == "xyz":
            flow.copy_(flow.roll(1, dims=-3))
        return values

    def _divisor(self, energy: torch.Tensor, flow: torch.Tensor) -> torch.Tensor:
        """Return what the intensity is divided by, shape (..., 1, frames, bins), above 0."""
        if self.scaling == "unit":
            return torch.linalg.vector_norm(flow, dim=-3, keepdim=True).add_(self.epsilon)
        omni, total = energy[..., :1, :, :], energy[..., 1:2, :, :] + energy[..., 2:3, :, :]
        total.add_(energy[..., 3:, :, :])
        if self.scaling == "energy":
            return total.mul_(1.0 / 3.0).add_(omni).add_(self.epsilon)
        return total.add_(omni).mul_(0.5).add_(self.epsilon)


def _interleaved(features: torch.Tensor) -> torch.Tensor:
    """Read features channel by channel that were stored band by band."""
    by_band = features.movedim(-3, -1)  # (..., frames, bands, channels)
    stored = by_band.reshape(*by_band.shape[:-2], features.shape[-3], features.shape[-1])
    return stored.movedim(-2, -3)
