"""The short-time Fourier transform that all features share.

Waveforms are `(..., channels, samples)`, spectra `(..., channels, frames, bins)`, on any device, in
float32 or float64. All windows are periodic Hann windows; one that is shorter than the transform
is padded with zeros on both sides.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch.nn.functional import pad

from hearsight.errors import InputError, nearest

Padding = Literal["zeros", "reflect", "none"]
PADDINGS: tuple[Padding, ...] = get_args(Padding)
"""What lies beyond the ends of a recording; with `none` the first frame begins at sample 0."""

_CACHED_VALUES = 1 << 18
"""Complex values of a block of frames on a CPU: 2 MB in float32, about what a cache holds."""


def spectrogram(
    waveform: torch.Tensor,
    n_fft: int,
    hop_length: int,
    *,
    win_length: int | None = None,
    padding: Padding = "zeros",
) -> torch.Tensor:
    """Compute the complex spectrogram with a periodic Hann window.

    Parameters
    ----------
    waveform : Tensor, shape (..., samples)
        Real.
    n_fft : int
        Length of the transform in samples.
    hop_length : int
        Samples between frames.
    win_length : int, optional
        Length of the window, at most and by default `n_fft`.
    padding : {"zeros", "reflect", "none"}
        With `none`, frame t begins at sample `t * hop_length` and only whole frames are returned.
        Otherwise it is centred on that sample, and the recording is continued by zeros or by its
        mirror image.

    Returns
    -------
    Tensor, complex, shape (..., frames, n_fft // 2 + 1)
        `samples // hop_length + 1` frames if centred, else
        `(samples - n_fft) // hop_length + 1`.

    Raises
    ------
    InputError
        If `padding` has another name, or the waveform is too short for a single frame.
    """
    flat = waveform.reshape(waveform.shape[:-1].numel(), waveform.shape[-1])
    window = torch.hann_window(win_length or n_fft, dtype=waveform.dtype, device=waveform.device)
    spectra = torch.stft(
        continued(flat, n_fft, padding),
        n_fft,
        hop_length,
        win_length=win_length or n_fft,
        window=window,
        center=False,
        return_complex=True,
    )
    return spectra.transpose(1, 2).reshape(*waveform.shape[:-1], -1, spectra.shape[1])


def continued(waveform: torch.Tensor, n_fft: int, padding: Padding) -> torch.Tensor:
    """Continue a waveform by half a transform at both ends, so that frames can be centred.

    Parameters
    ----------
    waveform : Tensor, shape (..., samples)
    n_fft : int
    padding : {"zeros", "reflect", "none"}
        `reflect` mirrors at the first and the last sample, as often as a short waveform needs.

    Returns
    -------
    Tensor, shape (..., samples + 2 * (n_fft // 2))
        With `none`, the waveform itself.

    Raises
    ------
    InputError
        If `padding` has another name, or the waveform is too short for a single frame.
    """
    half, n_samples = n_fft // 2, waveform.shape[-1]
    if padding == "zeros":
        return pad(waveform, (half, half))
    if padding == "reflect":
        if n_samples == 0:
            msg = "waveform has no samples to reflect; give at least one"
            raise InputError(msg)
        return _mirrored(waveform, half)
    if padding != "none":
        msg = f"no padding is called {padding}; {nearest(padding, PADDINGS)}"
        raise InputError(msg)
    if n_samples < n_fft:
        msg = f"waveform has {n_samples} samples, fewer than the {n_fft} of one frame; pad it"
        raise InputError(msg)
    return waveform


def _mirrored(waveform: torch.Tensor, half: int) -> torch.Tensor:
    """Continue a waveform by its mirror image, which a short one repeats."""
    n_samples = waveform.shape[-1]
    if n_samples > half:
        flat = waveform.reshape(-1, 1, n_samples)
        return pad(flat, (half, half), mode="reflect").reshape(*waveform.shape[:-1], -1)
    period = max(2 * (n_samples - 1), 1)
    position = torch.arange(-half, n_samples + half, device=waveform.device).remainder(period)
    return waveform[..., torch.minimum(position, (period - position).remainder(period))]


def bin_frequencies(n_fft: int, sample_rate: int) -> torch.Tensor:
    """Return the frequency of every bin in Hz, shape (n_fft // 2 + 1,)."""
    return torch.arange(n_fft // 2 + 1) * (sample_rate / n_fft)


@dataclass(frozen=True)
class Stft:
    """How a feature cuts a recording into frames.

    Parameters
    ----------
    n_fft : int
        Length of the transform in samples.
    win_length : int
        Length of the window, at most `n_fft`.
    hop_length : int
        Samples between frames.
    padding : {"zeros", "reflect", "none"}
        See `spectrogram`. Published models were mostly trained with reflected ends.
    drops_last : bool
        Whether the last of the `samples // hop_length + 1` centred frames is left out, so that
        frames fill label frames evenly.

    Raises
    ------
    InputError
        If a length is not positive, the window is longer than the transform, or `padding` has
        another name.
    """

    n_fft: int
    win_length: int
    hop_length: int
    padding: Padding = "reflect"
    drops_last: bool = False

    def __post_init__(self) -> None:
        if not 0 < self.win_length <= self.n_fft or self.hop_length < 1:
            msg = (
                f"got n_fft={self.n_fft}, win_length={self.win_length}, hop_length="
                f"{self.hop_length}; expected positive lengths and a window within the transform"
            )
            raise InputError(msg)
        if self.padding not in PADDINGS:
            msg = f"no padding is called {self.padding}; {nearest(self.padding, PADDINGS)}"
            raise InputError(msg)

    @property
    def n_bins(self) -> int:
        """Bins of a spectrum, from 0 Hz to half the sample rate."""
        return self.n_fft // 2 + 1

    def n_frames(self, n_samples: int) -> int:
        """Return how many frames a recording of `n_samples` has."""
        if self.padding == "none":
            whole = (n_samples - self.n_fft) // self.hop_length + 1
        else:
            whole = (n_samples + 2 * (self.n_fft // 2) - self.n_fft) // self.hop_length + 1
        return max(0, whole - self.drops_last)

    def __call__(self, waveform: torch.Tensor) -> torch.Tensor:
        """Compute the spectra of all frames.

        Parameters
        ----------
        waveform : Tensor, shape (..., channels, samples)

        Returns
        -------
        Tensor, complex, shape (..., channels, frames, n_bins)

        Raises
        ------
        InputError
            If the waveform is not real, has no channel axis, or is too short for a single frame.
        """
        check_waveform(waveform)
        spectra = spectrogram(
            waveform,
            self.n_fft,
            self.hop_length,
            win_length=self.win_length,
            padding=self.padding,
        )
        return spectra[..., : self.n_frames(waveform.shape[-1]), :]

    def blocks(self, waveform: torch.Tensor) -> Iterator[torch.Tensor]:
        """Compute the same spectra some frames at a time.

        What is computed from a block while it is still in the processor's cache costs a fraction
        of what it would cost later, and memory stays small. On a GPU there is only one block.

        Parameters
        ----------
        waveform : Tensor, shape (..., channels, samples)

        Yields
        ------
        Tensor, complex, shape (..., channels, some frames, n_bins)
            At least one block, which may have no frames.
        """
        check_waveform(waveform)
        n_frames = self.n_frames(waveform.shape[-1])
        n_rows = max(1, waveform.shape[:-1].numel())
        step = max(16, _CACHED_VALUES // (n_rows * self.n_bins))
        if waveform.device.type != "cpu" or n_frames <= step:
            yield self(waveform)
            return
        longer = continued(waveform, self.n_fft, self.padding)
        for start in range(0, n_frames, step):
            last = min(start + step, n_frames) - 1
            piece = longer[..., start * self.hop_length : last * self.hop_length + self.n_fft]
            yield spectrogram(
                piece, self.n_fft, self.hop_length, win_length=self.win_length, padding="none"
            )


def check_waveform(waveform: torch.Tensor, n_channels: int | None = None) -> None:
    """Refuse what is no waveform.

    Parameters
    ----------
    waveform : Tensor
    n_channels : int, optional
        How many channels there must be; default: any number.

    Raises
    ------
    InputError
        If the tensor is not of a real floating-point type, has no channel axis, or another number
        of channels.
    """
    if not waveform.dtype.is_floating_point:
        msg = f"waveform must hold floats in [-1, 1], got {waveform.dtype}; divide 16-bit by 32768"
        raise InputError(msg)
    if waveform.ndim < 2:
        msg = f"waveform must have shape (..., channels, samples), got {tuple(waveform.shape)}"
        raise InputError(msg)
    if n_channels is not None and waveform.shape[-2] != n_channels:
        msg = f"waveform must have {n_channels} channels, got shape {tuple(waveform.shape)}"
        raise InputError(msg)


def from_pcm16(samples: torch.Tensor) -> torch.Tensor:
    """Turn 16-bit samples into floats as the challenge's baselines of 2020 to 2024 do.

    They add 1e-8, which is heard in digital silence alone: there it keeps phases defined.

    Parameters
    ----------
    samples : Tensor of integers

    Returns
    -------
    Tensor of float64
        samples / 32768 + 1e-8.
    """
    return samples.double() / 32768.0 + 1e-8
