"""Azimuths from stereo level differences.

For a coincident pair, or any stereo made from middle and side, a source at azimuth a enters left
and right with the gains 1 + sin(a) and 1 - sin(a). The principal axis of left and right in each
time-frequency bin gives the angle; how much it outweighs the other axis tells how far the bin is
one source. Only the front half-plane can be told.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from hearsight.models.spectrum import SpatialSpectrum, label_spectra
from hearsight.models.steering import candidates_for
from hearsight.models.votes import collect_votes, ownership, pursue
from hearsight.spatial.arrays import stereo_pair
from hearsight.spatial.directions import to_angles


@dataclass(frozen=True)
class LevelMap:
    """Azimuths from left and right by their levels.

    Parameters
    ----------
    sample_rate : int
        Hz of the waveforms.
    n_sources : int
        How many sources are sought per frame at most.
    fmin, fmax : float
        Band in Hz.
    width_deg, reach_deg, fade_deg : float
        As in `IntensityMap`.
    """

    sample_rate: int = 24000
    n_sources: int = 3
    fmin: float = 200.0
    fmax: float = 8000.0
    width_deg: float = 9.0
    reach_deg: float = 20.0
    fade_deg: float = 50.0

    def __call__(self, waveform: torch.Tensor) -> SpatialSpectrum:
        """Find sources.

        Parameters
        ----------
        waveform : Tensor of float32, shape (2, samples)
            Left, right.

        Returns
        -------
        SpatialSpectrum
            One frame per whole 100 ms; directions lie at elevation 0 in the front half-plane.
        """
        spectra, _ = label_spectra(waveform, self.sample_rate, (self.fmin, self.fmax))
        power = spectra.real.square() + spectra.imag.square()
        difference = power[0] - power[1]
        product = 2.0 * (spectra[0] * spectra[1].conj()).real
        energy = power.sum(dim=0).clamp_min(1e-20)
        # The principal axis is (cos t, sin t) of (L, R), and tan(45 deg - t) = (L - R) / (L + R).
        axis = 0.5 * torch.atan2(product, difference)
        azimuth = torch.asin(torch.tan(torch.pi / 4.0 - axis).clamp(-1.0, 1.0))
        directions = torch.stack([azimuth.cos(), azimuth.sin(), torch.zeros_like(azimuth)])
        candidates = candidates_for(stereo_pair())
        n_cells = len(candidates.directions)
        cells = ((0.5 - azimuth / torch.pi) * n_cells).long().clamp(0, n_cells - 1)
        # A single source reaches both channels in phase.
        purity = torch.hypot(difference, product) / energy * (product > -0.05 * energy)
        votes = collect_votes(energy, purity, directions, cells, n_cells)
        centres = torch.from_numpy(to_angles(candidates.directions)[0]).float()
        apart = (centres[:, None] - centres[None]).abs()
        smoothing = torch.exp(-0.5 * (apart / self.width_deg).square())
        reach = ownership(apart, self.reach_deg, self.fade_deg)
        heat, found, shares = pursue(votes, smoothing, reach, self.n_sources)
        return SpatialSpectrum(candidates.to_heat(heat.numpy()), found.numpy(), shares.numpy())
