"""Histograms of directions: every time-frequency bin votes, sources are taken one by one.

References
----------
.. [1] D. Pavlidi et al., "Real-time multiple sound source localization and counting using a
   circular microphone array", IEEE TASLP 21(10), 2013 (single-source zones, matching pursuit on
   the histogram).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from hearsight.models.spectrum import FRAMES_PER_LABEL, bin_weights, is_silent, over_neighbors


@dataclass(frozen=True, eq=False)
class Votes:
    """What the bins of each label frame say.

    Parameters
    ----------
    weights : Tensor, shape (labels, cells)
        Summed weights of the votes per cell.
    vectors : Tensor, shape (labels, cells, 3)
        Summed unit vectors, times their weights.
    total : Tensor, shape (labels,)
        What the weights would sum to if every bin were a single wave.
    silent : Tensor of bool, shape (labels,)
        Frames without sound.
    """

    weights: torch.Tensor
    vectors: torch.Tensor
    total: torch.Tensor
    silent: torch.Tensor


def collect_votes(
    power: torch.Tensor,
    purity: torch.Tensor,
    directions: torch.Tensor,
    cells: torch.Tensor,
    n_cells: int,
) -> Votes:
    """Sum the votes of all bins.

    Parameters
    ----------
    power : Tensor, shape (labels * FRAMES_PER_LABEL, bins)
        The sound's power; gives each bin its weight (`spectrum.bin_weights`).
    purity : Tensor, same shape
        In [0, 1]: 1 for a bin that holds a single wave. Bins below 0.7 do not vote.
    directions : Tensor, shape (3, labels * FRAMES_PER_LABEL, bins)
        Unit vectors.
    cells : Tensor of int, shape (labels * FRAMES_PER_LABEL, bins)
        The histogram cell of each direction.
    n_cells : int
        Cells of the histogram.

    Returns
    -------
    Votes
    """
    weights = bin_weights(power)
    weight = weights * ((purity - 0.7) / 0.3).clamp(0.0, 1.0).square()
    n_labels = len(power) // FRAMES_PER_LABEL
    label = torch.arange(n_labels).repeat_interleave(FRAMES_PER_LABEL)[:, None]
    index = (label * n_cells + cells).flatten()
    sums = torch.zeros(4, n_labels * n_cells)
    sums[0].index_add_(0, index, weight.flatten())
    for axis in range(3):
        sums[1 + axis].index_add_(0, index, (weight * directions[axis]).flatten())
    sums = sums.view(4, n_labels, n_cells)
    total = weights.reshape(n_labels, -1).sum(dim=1)
    vectors = sums[1:].permute(1, 2, 0).contiguous()
    return Votes(sums[0], vectors, total, is_silent(power))


def ownership(angle_deg: torch.Tensor, reach_deg: float, fade_deg: float) -> torch.Tensor:
    """Return how much of the votes at an angle from a source is its own.

    Parameters
    ----------
    angle_deg : Tensor
        Degrees.
    reach_deg, fade_deg : float
        All up to the first angle, none from the second on, linear between.

    Returns
    -------
    Tensor
        Of the same shape, in [0, 1].
    """
    return ((fade_deg - angle_deg) / (fade_deg - reach_deg)).clamp(0.0, 1.0)


def pursue(
    votes: Votes, smoothing: torch.Tensor, reach: torch.Tensor, n_sources: int
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Take sources from the histogram, each with the votes around it.

    Parameters
    ----------
    votes : Votes
    smoothing : Tensor, shape (cells, cells)
        How much votes count for nearby cells, 1 for their own.
    reach : Tensor, shape (cells, cells)
        How much of the votes of a cell belongs to a source in another (`ownership`).
    n_sources : int

    Returns
    -------
    heat : Tensor, shape (labels, cells)
        Smoothed histogram, in [0, 1].
    directions : Tensor, shape (labels, n_sources, 3)
        Unit vectors, NaN where there is no source.
    shares : Tensor, shape (labels, n_sources)
        See `models.spectrum`.
    """
    weights, vectors = over_neighbors(votes.weights), over_neighbors(votes.vectors)
    total = over_neighbors(votes.total).clamp_min(1e-12)
    silent = votes.silent[:, None]
    density = weights @ smoothing
    heat = (density / total[:, None]).clamp(0.0, 1.0).masked_fill(silent, 0.0)
    directions, masses = [], []
    for _ in range(n_sources):
        peak = density.argmax(dim=1)
        own = reach[peak]
        mass = (weights * own).sum(dim=1)
        # Only the nearest votes place the source; those farther out lean towards other sources.
        near = torch.bmm((smoothing[peak] * own)[:, None], vectors)[:, 0]
        directions.append(torch.nn.functional.normalize(near, dim=1))
        # A source must sound in its own 100 ms, not only in those beside it.
        is_now = (votes.weights * own).sum(dim=1) > 0.1 * mass
        masses.append(mass / total * is_now)
        weights = weights * (1.0 - own)
        vectors = vectors * (1.0 - own)[..., None]
        density = weights @ smoothing
    mass = torch.stack(masses, dim=1)
    # Of the sound that the other sources leave unexplained, the part that is this source's.
    shares = mass / (1.0 - mass.sum(dim=1, keepdim=True) + mass).clamp_min(1e-6)
    shares = shares.clamp(0.0, 1.0).masked_fill(silent, 0.0)
    found = torch.stack(directions, dim=1).masked_fill(shares[..., None] <= 0.0, torch.nan)
    return heat, found, shares
