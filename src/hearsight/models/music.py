"""Sources from any microphone array by subspaces (MUSIC), incoherent over frequency.

In each band the covariance of the microphones over 300 ms is split into a signal and a noise
subspace; steering vectors that the noise subspace does not hold are directions of sources. Bands
are averaged after each is scaled to its own maximum. Sharper than the steered response where few
sources sound in little noise, and slower.

References
----------
.. [1] R. Schmidt, "Multiple emitter location and signal parameter estimation", IEEE Trans.
   Antennas and Propagation 34(3), 1986.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray

from hearsight.features.precedence import freshness
from hearsight.models.spectrum import (
    DECAY,
    FRAMES_PER_LABEL,
    SpatialSpectrum,
    is_silent,
    label_spectra,
    over_neighbors,
)
from hearsight.models.steering import Candidates, candidates_for
from hearsight.spatial.arrays import far_field_delays

N_BANDS = 40
"""Bins looked at, spread evenly over the band: neighbors say nearly the same."""

BLOCK = 16
"""Label frames worked on at a time; bounds the memory."""


@dataclass(frozen=True, eq=False)
class Music:
    """Sound directions from microphone signals by MUSIC.

    Parameters
    ----------
    positions : ndarray, shape (microphones, 3)
        Metres.
    sample_rate : int
        Hz of the waveforms.
    n_sources : int
        How many sources are sought per frame at most; the signal subspace has as many dimensions,
        but fewer than half the microphones' number plus one.
    fmin, fmax : float
        Band in Hz.
    reach_deg : float
        Sources nearer to each other are not told apart.
    """

    positions: NDArray[np.float64]
    sample_rate: int = 24000
    n_sources: int = 3
    fmin: float = 400.0
    fmax: float = 6000.0
    reach_deg: float = 20.0
    candidates: Candidates = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "candidates", candidates_for(self.positions))

    def __call__(self, waveform: torch.Tensor) -> SpatialSpectrum:
        """Find sources.

        Parameters
        ----------
        waveform : Tensor of float32, shape (microphones, samples)

        Returns
        -------
        SpatialSpectrum
            One frame per whole 100 ms of the waveform. A source's share is how far a beam steered
            at it rises above the mean of all beams.
        """
        spectra, frequencies = label_spectra(waveform, self.sample_rate, (self.fmin, self.fmax))
        chosen = torch.linspace(0, len(frequencies) - 1, min(N_BANDS, len(frequencies))).long()
        spectra = spectra[..., chosen]
        delays = torch.from_numpy(far_field_delays(self.positions, self.candidates.directions))
        phase = -2.0 * torch.pi * frequencies[chosen].double()[:, None, None] * delays.T
        steering = torch.polar(torch.ones_like(phase), phase).to(torch.complex64)
        n_labels = spectra.shape[1] // FRAMES_PER_LABEL
        power = (spectra.real.square() + spectra.imag.square()).mean(dim=0)
        # Reverberation weighs less than sound that has just arrived.
        spectra = spectra * freshness(power, DECAY).sqrt()
        level = power.view(n_labels, -1).mean(dim=1).sqrt()
        snapshots = spectra.view(len(spectra), n_labels, FRAMES_PER_LABEL, len(chosen))
        covariance = torch.einsum("mltf,nltf->lfmn", snapshots, snapshots.conj())
        covariance = over_neighbors(covariance)
        around = over_neighbors(level)
        silent = is_silent(power) | (level < 0.05 * around)
        parts = [
            self._find(covariance[start : start + BLOCK], steering)
            for start in range(0, n_labels, BLOCK)
        ]
        heat, vectors, shares = (torch.cat(part) for part in zip(*parts, strict=True))
        shares = shares.masked_fill(silent[:, None], 0.0)
        vectors = vectors.masked_fill(shares[..., None] <= 0.0, torch.nan)
        heat = heat.masked_fill(silent[:, None], 0.0)
        return SpatialSpectrum(
            self.candidates.to_heat(heat.numpy()), vectors.numpy(), shares.numpy()
        )

    def _find(
        self, covariance: torch.Tensor, steering: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Find sources in covariances (labels, bands, microphones, microphones).

        The steering vectors have shape (bands, microphones, candidates).
        """
        n_microphones = covariance.shape[-1]
        power = torch.diagonal(covariance, dim1=-2, dim2=-1).real.sum(dim=-1)
        values, vectors = torch.linalg.eigh(covariance)
        n_signals = max(1, min(self.n_sources, n_microphones // 2))
        signal = vectors[..., -n_signals:].conj().transpose(-2, -1)
        # A dimension far weaker than the strongest is noise, not another source.
        is_signal = values[..., -n_signals:] > 0.1 * values[..., -1:]
        held = (signal @ steering).abs().square() * is_signal[..., None]
        inside = held.sum(dim=-2) / n_microphones
        pseudo = 1.0 / (1.0 - inside).clamp_min(1e-3)
        pseudo = pseudo / pseudo.amax(dim=-1, keepdim=True)
        weight = power.sqrt()
        weight = weight / weight.sum(dim=1, keepdim=True).clamp_min(1e-12)
        spectrum = torch.einsum("lfc,lf->lc", pseudo, weight)
        whitened = covariance / power.clamp_min(1e-20)[..., None, None]
        beam = ((whitened @ steering) * steering.conj()).real.sum(dim=-2) / n_microphones
        beam = torch.einsum("lfc,lf->lc", beam, weight)
        rise = (beam - beam.mean(dim=1, keepdim=True)).clamp_min(0.0)
        directions = torch.from_numpy(self.candidates.directions.astype(np.float32))
        left = spectrum - spectrum.mean(dim=1, keepdim=True)
        heat = left.clamp(0.0, 1.0)
        found, shares = [], []
        for _ in range(self.n_sources):
            value, peak = left.max(dim=1)
            found.append(self.candidates.refine(left, peak))
            # Sources stand about equally high in the pseudo-spectrum, ripples far lower.
            shares.append(rise.gather(1, peak[:, None])[:, 0] * (value > 0.3 * heat.amax(dim=1)))
            near = directions[peak] @ directions.T >= float(np.cos(np.deg2rad(self.reach_deg)))
            left = left.masked_fill(near, 0.0)
        return heat, torch.stack(found, dim=1), torch.stack(shares, dim=1).clamp(0.0, 1.0)
