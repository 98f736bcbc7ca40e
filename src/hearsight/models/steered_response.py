"""Sources from any microphone array by the steered response of whitened cross-spectra (SRP-PHAT).

For every direction of a grid the phase correlations of all microphone pairs are read at the lag
that a plane wave from there would have. A lone source in free field gives 1. Sources are found one
after the other: the correlation that the strongest one explains is taken away, and the rest is
steered again. Bins count by how loud and how new their sound is, so that neither empty bands
nor reverberation dilute the response.

References
----------
.. [1] J. DiBiase, "A high-accuracy, low-latency technique for talker localization in reverberant
   environments using microphone arrays", PhD thesis, Brown University, 2000.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray

from hearsight.features.gcc import microphone_pairs, phat_cross_spectra
from hearsight.models.spectrum import (
    FRAMES_PER_LABEL,
    SpatialSpectrum,
    bin_weights,
    is_silent,
    label_spectra,
    over_neighbors,
)
from hearsight.models.steering import Candidates, candidates_for
from hearsight.spatial.arrays import far_field_delays

BLOCK_VALUES = 1 << 22
"""Correlation values worked on at a time, whatever the array's size; bounds the memory."""

MAX_PAIRS = 120
"""More pairs add time but hardly anything else; of larger arrays an even choice is taken."""


@dataclass(frozen=True, eq=False)
class SteeredResponse:
    """Sound directions from microphone signals by SRP-PHAT.

    Parameters
    ----------
    positions : ndarray, shape (microphones, 3)
        Metres.
    sample_rate : int
        Hz of the waveforms.
    n_sources : int
        How many sources are sought per frame at most.
    fmin, fmax : float
        Band in Hz.
    oversampling : int
        How much finer than the sample clock the correlations are read.
    """

    positions: NDArray[np.float64]
    sample_rate: int = 24000
    n_sources: int = 4
    fmin: float = 200.0
    fmax: float = 8000.0
    oversampling: int = 8
    candidates: Candidates = field(init=False, repr=False)
    _pairs: torch.Tensor = field(init=False, repr=False)
    _steps: torch.Tensor = field(init=False, repr=False)
    _reach: int = field(init=False, repr=False)
    _n_fft: int = field(init=False, repr=False)

    def __post_init__(self) -> None:
        candidates = candidates_for(self.positions)
        pairs = microphone_pairs(len(self.positions))
        if len(pairs) > MAX_PAIRS:
            pairs = pairs[torch.linspace(0, len(pairs) - 1, MAX_PAIRS).long()]
        delays = torch.from_numpy(far_field_delays(self.positions, candidates.directions))
        lags = (delays[:, pairs[:, 1]] - delays[:, pairs[:, 0]]) * self.sample_rate
        # The window must be several times as long as the longest lag.
        n_fft = 512
        while n_fft < 6.0 * float(lags.abs().max()):
            n_fft *= 2
        object.__setattr__(self, "candidates", candidates)
        object.__setattr__(self, "_pairs", pairs)
        # Lags as steps of the oversampled clock, and how many there are to each side.
        steps = (lags * self.oversampling).T.float().contiguous()
        object.__setattr__(self, "_steps", steps)
        object.__setattr__(self, "_reach", int(steps.abs().max()) + 1)
        object.__setattr__(self, "_n_fft", n_fft)

    def __call__(self, waveform: torch.Tensor) -> SpatialSpectrum:
        """Find sources.

        Parameters
        ----------
        waveform : Tensor of float32, shape (microphones, samples)

        Returns
        -------
        SpatialSpectrum
            One frame per whole 100 ms of the waveform.
        """
        spectra, frequencies = label_spectra(
            waveform, self.sample_rate, (self.fmin, self.fmax), self._n_fft
        )
        power = (spectra.real.square() + spectra.imag.square()).mean(dim=0)
        bins = bin_weights(power)
        cross = phat_cross_spectra(spectra, self._pairs) * bins
        per_label = (-1, FRAMES_PER_LABEL, len(frequencies))
        now = bins.view(per_label).sum(dim=1)
        weight = over_neighbors(now)
        cross = over_neighbors(cross.view(len(cross), *per_label).sum(dim=2).transpose(0, 1))
        total = weight.sum(dim=1).clamp_min(1e-12)
        # A source must sound in its own 100 ms, not only in those beside it.
        silent = is_silent(power) | (now.sum(dim=1) < 0.05 * total)
        cross, weight = cross / total[:, None, None], weight[:, None] / total[:, None, None]
        first_bin = round(float(frequencies[0]) * self._n_fft / self.sample_rate)
        block = max(1, BLOCK_VALUES // (len(self._pairs) * (2 * self._reach + 1)))
        blocks = [
            self._pursue(
                self._correlation(cross[start : start + block], first_bin, self._reach),
                self._correlation(weight[start : start + block], first_bin, 2 * self._reach),
            )
            for start in range(0, len(total), block)
        ]
        heat, peaks, shares = (torch.cat(parts) for parts in zip(*blocks, strict=True))
        shares = shares.masked_fill(silent[:, None], 0.0)
        heat = heat.masked_fill(silent[:, None], 0.0)
        peaks = peaks.masked_fill(shares[..., None] <= 0.0, torch.nan)
        return SpatialSpectrum(self.candidates.to_heat(heat.numpy()), peaks.numpy(), shares.numpy())

    def _correlation(self, spectra: torch.Tensor, first_bin: int, reach: int) -> torch.Tensor:
        """Turn (labels, pairs, bins) into correlations at -reach, ..., reach steps, 1 at most."""
        n_steps = self._n_fft * self.oversampling
        padded = torch.nn.functional.pad(spectra, (first_bin, 0)).to(torch.complex64)
        circular = torch.fft.irfft(padded, n=n_steps) * (0.5 * n_steps)
        return torch.cat([circular[..., -reach:], circular[..., : reach + 1]], dim=-1)

    def _steer(self, correlation: torch.Tensor) -> torch.Tensor:
        """Average over pairs the correlation at each candidate's lags: (labels, candidates)."""
        n_pairs, n_steps = correlation.shape[1:]
        table = correlation.permute(1, 2, 0).reshape(n_pairs * n_steps, -1)
        low = self._steps.floor()
        part = self._steps - low
        rows = low.long() + self._reach + torch.arange(n_pairs)[:, None] * n_steps
        response = torch.nn.functional.embedding_bag(
            torch.cat([rows, rows + 1]).T.contiguous(),
            table,
            mode="sum",
            per_sample_weights=torch.cat([1.0 - part, part]).T.contiguous(),
        )
        return response.T.contiguous() / n_pairs

    def _pursue(
        self, correlation: torch.Tensor, pulse: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        response = self._steer(correlation)
        heat = (response - response.mean(dim=1, keepdim=True)).clamp(0.0, 1.0)
        places = torch.arange(correlation.shape[-1])
        directions, masses = [], []
        for _ in range(self.n_sources):
            contrast = response - response.mean(dim=1, keepdim=True)
            mass, peak = contrast.max(dim=1)
            directions.append(self.candidates.refine(contrast, peak))
            masses.append(mass.clamp(0.0, 1.0))
            # What a source at the peak explains of each pair's correlation: a pulse at its lag.
            lags = self._steps[:, peak].T.round().long()[..., None]
            gain = correlation.gather(2, lags + self._reach).clamp_min(0.0)
            middle = pulse[..., 2 * self._reach : 2 * self._reach + 1]
            index = places + self._reach - lags
            explained = pulse.expand(-1, lags.shape[1], -1).gather(2, index)
            correlation = correlation - gain / middle * explained
            response = self._steer(correlation)
        return heat, torch.stack(directions, dim=1), torch.stack(masses, dim=1)
