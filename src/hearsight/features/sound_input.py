"""`SoundInput`: from a file's sound to what a network of the visual-context family hears.

The published front ends share one spectrogram (`features.spectrogram`) and differ in what they
take of a recording: which seconds, of which channels, at which rate, and what they do when it is
too short. All of this is plain settings, of which `SOUND_INPUTS` has the published ones.

References
----------
.. [1] X. Zhou et al., "Exploiting visual context semantics for sound source localization",
   WACV 2023.
.. [2] H. Chen et al., "Localizing visual sounds the hard way", CVPR 2021.
.. [3] S. Mo and P. Morgado, "Localizing visual sounds the easy way", ECCV 2022.
.. [4] A. Senocak et al., "Sound source localization is all about cross-modal alignment", ICCV 2023.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal, get_args

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from hearsight.errors import InputError, nearest
from hearsight.features.spectrogram import log_density
from hearsight.recording.grid import sample_at

Channel = Literal["mean", "left"]
Precision = Literal["float32", "float64"]

Samples = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class SoundInput:
    """Settings of a front end for sound.

    Parameters
    ----------
    sample_rate : int, optional
        Hz that the sound must have; default: any. The width of the spectrogram and, a little, its
        level depend on the rate, so one network should hear one rate.
    duration_s : float
        What is heard: so many seconds from the middle. A shorter sound is repeated.
    span_s : float, optional
        The middle is that of the first so many seconds, for which a shorter sound is repeated;
        default: that of the whole sound.
    channel : {"mean", "left"}
        What becomes of several channels.
    rounds_to_pcm : bool
        Whether samples are rounded to 16 bits and divided by 32767, as loaders that decode to
        integers do, instead of 32768.
    precision : {"float32", "float64"}
        In which the spectrogram is computed; it is returned in float32.
    n_fft, hop_length : int
        Of the spectrogram, in samples.
    n_frames : int, optional
        Frames to cut from the middle of the spectrogram; default: all.
    rolls : bool
        Whether the span is rolled until its middle is that of the whole sound. With a sound longer
        than the span, another part of it gets there.
    wraps_short : bool
        Reference quirk: of a sound shorter than `duration_s`, take what is left when the excerpt's
        negative start counts from the end. Default: repeat the sound.

    Raises
    ------
    InputError
        If a number is not positive, or a name is unknown.
    """

    sample_rate: int | None = None
    duration_s: float = 3.0
    span_s: float | None = None
    channel: Channel = "mean"
    rounds_to_pcm: bool = False
    precision: Precision = "float64"
    n_fft: int = 512
    hop_length: int = 238
    n_frames: int | None = None
    rolls: bool = False
    wraps_short: bool = False

    def __post_init__(self) -> None:
        for name in ("sample_rate", "duration_s", "span_s", "n_fft", "hop_length", "n_frames"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                msg = f"{name} of a SoundInput must be above 0, got {value}"
                raise InputError(msg)
        if self.span_s is not None and self.span_s < self.duration_s:
            msg = f"span_s of {self.span_s:g} s is shorter than duration_s of {self.duration_s:g} s"
            raise InputError(msg)
        for kind, chosen, valid in (
            ("channel", self.channel, get_args(Channel)),
            ("precision", self.precision, get_args(Precision)),
        ):
            if chosen not in valid:
                msg = f"no {kind} is called {chosen}; {nearest(chosen, valid)}"
                raise InputError(msg)

    def excerpt(self, waveform: ArrayLike, sample_rate: int) -> Samples:
        """Take the samples that are heard.

        Parameters
        ----------
        waveform : array_like of floats, shape (samples,) or (channels, samples)
            The whole sound; beyond +-1 it is clipped.
        sample_rate : int
            Hz.

        Returns
        -------
        ndarray of `precision`, shape (round(duration_s * sample_rate),)
            In [-1, 1]; with `wraps_short` fewer of a short sound.

        Raises
        ------
        InputError
            If the waveform has another shape or type, or no samples, or the rate is another one.
        """
        if self.sample_rate not in (None, sample_rate):
            msg = (
                f"the sound is at {sample_rate} Hz, this SoundInput needs {self.sample_rate} Hz; "
                "resample it where it is read (sample_rate=...)"
            )
            raise InputError(msg)
        mono = self._mono(_checked(waveform))
        length = sample_at(self.duration_s, sample_rate)
        if self.span_s is not None:
            first = np.resize(mono, sample_at(self.span_s, sample_rate))
            mono = np.roll(first, first.size // 2 - mono.size // 2) if self.rolls else first
        elif mono.size < length and not self.wraps_short:
            mono = np.resize(mono, length)
        start = (mono.size - length) // 2
        return mono[start : start + length]

    def spectrogram(self, excerpt: Samples, sample_rate: int) -> Tensor:
        """Compute the spectrogram of samples as they are.

        Parameters
        ----------
        excerpt : ndarray, shape (samples,)
            What `excerpt` returns, or noise of that size.
        sample_rate : int
            Hz.

        Returns
        -------
        Tensor of float32, shape (1, n_fft // 2 + 1, frames)
            See `features.spectrogram.log_density`.

        Raises
        ------
        InputError
            If there are fewer samples than a frame has, or fewer frames than `n_frames`.
        """
        # A copy: what was read may lie in memory that cannot be written to.
        samples = torch.tensor(excerpt.astype(self.precision))
        picture = log_density(
            samples, sample_rate, n_fft=self.n_fft, hop_length=self.hop_length
        ).float()
        if self.n_frames is not None:
            spare = picture.shape[-1] - self.n_frames
            if spare < 0:
                msg = (
                    f"the spectrogram of {excerpt.size} samples has {picture.shape[-1]} frames, "
                    f"fewer than n_frames={self.n_frames}; hear more seconds"
                )
                raise InputError(msg)
            before = round(spare / 2)
            picture = picture[:, before : before + self.n_frames]
        return picture[None]

    def __call__(self, waveform: ArrayLike, sample_rate: int) -> Tensor:
        """Compute the spectrogram of what is heard; see `excerpt` and `spectrogram`."""
        return self.spectrogram(self.excerpt(waveform, sample_rate), sample_rate)

    def _mono(self, channels: Samples) -> Samples:
        """Return one channel in [-1, 1]."""
        exact = channels.astype(self.precision)
        mono = exact[0] if self.channel == "left" else exact.mean(axis=0)
        if self.rounds_to_pcm:
            # Halves are rounded up, as FFmpeg's resampler does when it mixes integers.
            mono = np.floor(mono * 32768.0 + 0.5).clip(-32768.0, 32767.0) / 32767.0
        return mono.clip(-1.0, 1.0)


def _checked(waveform: ArrayLike) -> Samples:
    channels = np.atleast_2d(np.asarray(waveform))
    if channels.ndim != 2 or 0 in channels.shape:
        msg = (
            "waveform must have shape (samples,) or (channels, samples), none of them 0, got "
            f"{np.shape(waveform)}"
        )
        raise InputError(msg)
    if not np.issubdtype(channels.dtype, np.floating):
        msg = f"waveform must hold floats in [-1, 1], got {channels.dtype}; divide 16-bit by 32768"
        raise InputError(msg)
    return channels


SOUND_INPUTS: Mapping[str, SoundInput] = MappingProxyType(
    {
        "visual-context": SoundInput(24000, precision="float32"),
        "lvs": SoundInput(duration_s=10.0, span_s=10.0),
        "ez-vsl": SoundInput(rounds_to_pcm=True),
        "sslalign-lvs": SoundInput(16000, span_s=10.0, channel="left", hop_length=159),
        "sslalign-ez-vsl": SoundInput(
            duration_s=10.0, span_s=10.0, rounds_to_pcm=True, n_frames=200, rolls=True
        ),
    }
)
"""The published front ends by name; "ez-vsl" is that of SLAVC and FNAC too."""
