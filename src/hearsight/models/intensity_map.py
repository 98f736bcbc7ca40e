"""Several sources from first-order Ambisonics by histograms of active intensity.

Each time-frequency bin votes for the direction from which its energy flows. A vote counts by how
loud and how new the bin's sound is, and by how much it behaves like one plane wave: the ratio of
intensity to energy is 1 for a single source, while in a diffuse field and where sources overlap it
is mostly lower (single-source test). It is taken bin by bin: averaging over neighboring bins would
mix the sources that a single bin still keeps apart.

References
----------
.. [1] V. Pulkki, "Spatial sound reproduction with directional audio coding", J. Audio Eng. Soc.
   55(6), 2007 (diffuseness).
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
import torch

from hearsight.features.intensity import active_intensity, energy_density
from hearsight.models.spectrum import (
    GRID_HEIGHT,
    GRID_WIDTH,
    SpatialSpectrum,
    grid_directions,
    label_spectra,
)
from hearsight.models.votes import collect_votes, ownership, pursue


@dataclass(frozen=True)
class IntensityMap:
    """Sound directions from W, Y, Z, X.

    Parameters
    ----------
    sample_rate : int
        Hz of the waveforms.
    n_sources : int
        How many sources are sought per frame at most.
    fmin, fmax : float
        Band in Hz. Below, rooms resonate; above, small first-order microphones alias.
    width_deg : float
        Standard deviation of the smoothing of the histogram.
    reach_deg, fade_deg : float
        Votes within the first angle of a source are its own, beyond the second none are: what a
        source scatters around itself must not be taken for another. Sources nearer to each other
        than about the mean of both are not told apart.
    """

    sample_rate: int = 24000
    n_sources: int = 4
    fmin: float = 200.0
    fmax: float = 6000.0
    width_deg: float = 9.0
    reach_deg: float = 20.0
    fade_deg: float = 50.0

    def __call__(self, waveform: torch.Tensor) -> SpatialSpectrum:
        """Find sources.

        Parameters
        ----------
        waveform : Tensor of float32, shape (4, samples)
            W, Y, Z, X in SN3D.

        Returns
        -------
        SpatialSpectrum
            One frame per whole 100 ms of the waveform.
        """
        spectra, _ = label_spectra(waveform, self.sample_rate, (self.fmin, self.fmax))
        intensity = active_intensity(spectra)
        energy = energy_density(spectra).clamp_min(1e-20)
        length = intensity.norm(dim=0)
        directions = intensity / length.clamp_min(1e-20)
        cells, n_cells = _cells(directions), GRID_HEIGHT * GRID_WIDTH
        votes = collect_votes(energy, length / energy, directions, cells, n_cells)
        kernels = _kernels(self.width_deg, self.reach_deg, self.fade_deg)
        heat, found, shares = pursue(votes, *kernels, self.n_sources)
        return SpatialSpectrum(
            heat.view(-1, GRID_HEIGHT, GRID_WIDTH).numpy(), found.numpy(), shares.numpy()
        )


def _cells(directions: torch.Tensor) -> torch.Tensor:
    """Return the grid cell of unit vectors, shape (3, frames, bins) -> (frames, bins)."""
    azimuth = torch.atan2(directions[1], directions[0])
    elevation = torch.asin(directions[2].clamp(-1.0, 1.0))
    column = ((0.5 - azimuth / (2.0 * torch.pi)) * GRID_WIDTH).long().clamp(0, GRID_WIDTH - 1)
    row = ((0.5 - elevation / torch.pi) * GRID_HEIGHT).long().clamp(0, GRID_HEIGHT - 1)
    return row * GRID_WIDTH + column


@functools.lru_cache(maxsize=4)
def _kernels(
    width_deg: float, reach_deg: float, fade_deg: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return smoothing (1 at its peak) and ownership (1 within the reach) between all cells."""
    grid = grid_directions()
    cosine = torch.from_numpy(np.clip(grid @ grid.T, -1.0, 1.0)).float()
    smoothing = torch.exp((cosine - 1.0) / float(np.deg2rad(width_deg)) ** 2)
    return smoothing, ownership(torch.rad2deg(torch.arccos(cosine)), reach_deg, fade_deg)
