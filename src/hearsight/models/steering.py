"""Which directions an array can tell apart, and what it cannot.

Microphones on a line hear only the angle to the line, microphones in a plane cannot tell its two
sides: then one of the directions that sound alike is taken, the front or upper one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from hearsight.models.spectrum import GRID_HEIGHT, GRID_WIDTH, grid_directions
from hearsight.spatial.directions import to_vectors


@dataclass(frozen=True, eq=False)
class Candidates:
    """The directions that are tried.

    Parameters
    ----------
    directions : ndarray, shape (candidates, 3)
        Unit vectors.
    cells : ndarray of int, shape (grid cells,)
        The candidate shown in each cell of the directional grid, -1 for none.
    dimensions : {1, 2, 3}
        Of the array: 3 tells all directions, 2 not the sides of its plane, 1 only the azimuth.
    """

    directions: NDArray[np.float64]
    cells: NDArray[np.int64]
    dimensions: int

    def to_heat(self, response: NDArray[np.float32]) -> NDArray[np.float32]:
        """Spread (frames, candidates) over the grid: (frames, GRID_HEIGHT, GRID_WIDTH)."""
        heat = np.where(self.cells >= 0, response[:, np.maximum(self.cells, 0)], np.float32(0.0))
        return heat.reshape(-1, GRID_HEIGHT, GRID_WIDTH)

    def refine(self, response: torch.Tensor, peak: torch.Tensor) -> torch.Tensor:
        """Place peaks between candidates.

        Parameters
        ----------
        response : Tensor, shape (frames, candidates)
        peak : Tensor of int, shape (frames,)
            The strongest candidate.

        Returns
        -------
        Tensor of float32, shape (frames, 3)
            Unit vectors: the mean of the candidates within 12 degrees of the peak, weighted by
            how far they rise above 70 % of it and by their cells' areas.
        """
        directions = torch.from_numpy(self.directions.astype(np.float32))
        near = directions[peak] @ directions.T >= float(np.cos(np.deg2rad(12.0)))
        floor = 0.7 * response.gather(1, peak[:, None])
        area = directions[:, :2].norm(dim=1).clamp_min(0.02)
        weight = (response - floor).clamp_min(0.0) * near * area
        weight.scatter_add_(1, peak[:, None], torch.full((len(peak), 1), 1e-9))
        return torch.nn.functional.normalize(weight @ directions, dim=1)


def candidates_for(positions: NDArray[np.float64]) -> Candidates:
    """Choose the directions that an array can tell apart.

    Parameters
    ----------
    positions : ndarray, shape (microphones, 3)
        Metres.

    Returns
    -------
    Candidates
    """
    centred = positions - positions.mean(axis=0)
    _, spread, axes = np.linalg.svd(centred, full_matrices=True)
    spread = np.concatenate([spread, np.zeros(3 - len(spread))])
    dimensions = int((spread > 0.02 * spread[0]).sum())
    grid = grid_directions()
    everything = np.arange(len(grid))
    if dimensions == 3:
        return Candidates(grid, everything, 3)
    if dimensions == 2:
        normal = axes[2] * np.sign(axes[2] @ (0.1, 0.01, 1.0))
        allowed = grid @ normal >= -1e-9
        return Candidates(grid[allowed], np.where(allowed, np.cumsum(allowed) - 1, -1), 2)
    azimuth = 180.0 - (np.arange(GRID_WIDTH) + 0.5) * 360.0 / GRID_WIDTH
    is_front = np.abs(azimuth) <= 90.0
    column = np.where(is_front, np.cumsum(is_front) - 1, -1)
    return Candidates(to_vectors(azimuth[is_front], 0.0), np.tile(column, GRID_HEIGHT), 1)
