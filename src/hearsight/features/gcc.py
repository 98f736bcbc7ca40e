"""Phase correlation between microphones (PHAT).

References
----------
.. [1] C. Knapp and G. Carter, "The generalized correlation method for estimation of time delay",
   IEEE Trans. ASSP 24(4), 1976.
"""

from __future__ import annotations

import torch


def microphone_pairs(n_microphones: int) -> torch.Tensor:
    """Return all pairs m < n, shape (pairs, 2), in the order 01, 02, ..., 12, ..."""
    return torch.triu_indices(n_microphones, n_microphones, offset=1).T


def phat_cross_spectra(spectra: torch.Tensor, pairs: torch.Tensor) -> torch.Tensor:
    """Compute the cross-spectra of microphone pairs with all magnitudes set to one.

    Parameters
    ----------
    spectra : Tensor, complex, shape (microphones, frames, bins)
    pairs : Tensor of int, shape (pairs, 2)

    Returns
    -------
    Tensor, complex, shape (pairs, frames, bins)
        X_n conj(X_m) / |X_n conj(X_m)| for the pair (m, n); 0 where either is silent.
    """
    tiny = torch.finfo(spectra.real.dtype).tiny
    phases = spectra / spectra.abs().clamp_min(tiny)
    return phases[pairs[:, 1]] * phases[pairs[:, 0]].conj()
