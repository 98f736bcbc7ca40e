"""The logarithm of spectral density: what networks that pair pictures with sound hear.

Frames are not padded: the first begins at sample 0, and samples after the last whole frame are left
out. The mean of each frame is taken off before the periodic Tukey window, so that an offset of the
recording is not heard. Densities depend on the sample rate: the same samples, said to be of twice
the rate, have half the density.

References
----------
.. [1] H. Chen et al., "Localizing visual sounds the hard way", CVPR 2021 (the first of the family
   to use it).
"""

from __future__ import annotations

import torch
from torch import Tensor

from hearsight.errors import InputError

_TAPER = 0.25
"""Share of the window that rises or falls."""

_FLOOR = 1e-7
"""Added to densities: digital silence is log(1e-7) / 12 = -1.343."""

_DIVISOR = 12.0
"""Brings the logarithms of usual sounds to about -1."""


def log_density(
    waveform: Tensor, sample_rate: int, *, n_fft: int = 512, hop_length: int = 238
) -> Tensor:
    """Compute log(power spectral density + 1e-7) / 12.

    Parameters
    ----------
    waveform : Tensor of floats, shape (..., samples)
        Computed in its precision, on its device.
    sample_rate : int
        Hz.
    n_fft : int
        Length of a frame in samples.
    hop_length : int
        Samples between frames; scipy's `noverlap` is the rest of the frame.

    Returns
    -------
    Tensor, shape (..., n_fft // 2 + 1, (samples - n_fft) // hop_length + 1)
        A picture of the sound: bins are rows, from 0 Hz upward, and frames are columns.

    Raises
    ------
    InputError
        If the waveform is too short for a single frame.
    """
    n_samples = waveform.shape[-1]
    if n_samples < n_fft:
        msg = f"waveform has {n_samples} samples, fewer than the {n_fft} of one frame; repeat it"
        raise InputError(msg)
    frames = waveform.unfold(-1, n_fft, hop_length)
    window = _tukey(n_fft).to(waveform)
    window /= (sample_rate * window.square().sum()).sqrt()
    spectra = torch.fft.rfft((frames - frames.mean(dim=-1, keepdim=True)).mul_(window))
    density = spectra.real.square() + spectra.imag.square()
    # Negative frequencies count too; 0 Hz and half the sample rate have none.
    density[..., 1 : (n_fft + 1) // 2] *= 2.0
    return density.add_(_FLOOR).log_().div_(_DIVISOR).transpose(-1, -2)


def _tukey(length: int) -> Tensor:
    """Return the periodic window: flat, with a cosine's slope at both ends."""
    sample = torch.arange(length, dtype=torch.float64)
    from_end = torch.minimum(sample, length - sample) / (_TAPER / 2 * length)
    return 0.5 - 0.5 * torch.cos(torch.pi * from_end.clamp(max=1.0))
