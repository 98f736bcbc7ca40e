"""The short-time Fourier transform that all features share."""

from __future__ import annotations

import torch


def spectrogram(waveform: torch.Tensor, n_fft: int, hop_length: int) -> torch.Tensor:
    """Compute the complex spectrogram with a periodic Hann window, frames centred.

    Parameters
    ----------
    waveform : Tensor, shape (channels, samples)
        Real.
    n_fft : int
        Window length in samples.
    hop_length : int
        Samples between frames.

    Returns
    -------
    Tensor, complex, shape (channels, frames, n_fft // 2 + 1)
        `samples // hop_length + 1` frames; frame t is centred on sample `t * hop_length`, what
        lies beyond the ends counts as zero.
    """
    window = torch.hann_window(n_fft, dtype=waveform.dtype, device=waveform.device)
    spectra = torch.stft(
        waveform,
        n_fft,
        hop_length,
        window=window,
        center=True,
        pad_mode="constant",
        return_complex=True,
    )
    return spectra.transpose(1, 2)


def bin_frequencies(n_fft: int, sample_rate: int) -> torch.Tensor:
    """Return the frequency of every bin in Hz, shape (n_fft // 2 + 1,)."""
    return torch.arange(n_fft // 2 + 1) * (sample_rate / n_fft)
