"""Active intensity of first-order Ambisonics: where energy flows, bin by bin.

With W, Y, Z, X in SN3D a plane wave from the unit vector u has the active intensity |W|^2 u and
the energy density |W|^2, so that their ratio is 1; in a diffuse field the mean intensity is zero.

References
----------
.. [1] V. Pulkki, "Spatial sound reproduction with directional audio coding", J. Audio Eng. Soc.
   55(6), 2007.
"""

from __future__ import annotations

import torch


def active_intensity(spectra: torch.Tensor) -> torch.Tensor:
    """Compute the active intensity vector of every time-frequency bin.

    Parameters
    ----------
    spectra : Tensor, complex, shape (4, frames, bins)
        W, Y, Z, X in SN3D.

    Returns
    -------
    Tensor, shape (3, frames, bins)
        Components x, y, z of Re(conj(W) (X, Y, Z)), pointing to where the sound comes from.
    """
    omni = spectra[0]
    # (Y, Z, X) -> (x, y, z)
    velocity = spectra[1:].roll(1, dims=0)
    return velocity.real * omni.real + velocity.imag * omni.imag


def energy_density(spectra: torch.Tensor) -> torch.Tensor:
    """Compute the energy density (|W|^2 + |X|^2 + |Y|^2 + |Z|^2) / 2, shape (frames, bins)."""
    return 0.5 * (spectra.real.square() + spectra.imag.square()).sum(dim=0)
