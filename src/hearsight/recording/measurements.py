"""What one pass through sound counts in constant memory: levels, faults, energies, coherence.

Levels are taken from every sample. Spectra are taken between `LOWEST_HZ` and `HIGHEST_HZ`, where
microphones of all kinds behave, from at most `MAX_SPECTRAL_BLOCKS` seconds spread over the file.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hearsight.recording.audio import iterate_audio
from hearsight.recording.media import AudioStream

LOWEST_HZ = 100.0
HIGHEST_HZ = 4000.0
N_BANDS = 12
MAX_SPECTRAL_BLOCKS = 120
"""Seconds of sound whose spectra are taken; longer files are sampled evenly."""

_PATCH_FRAMES = 4  # analysis frames whose energies are added to one patch
_FULL_SCALE = 1.0 - 2.0**-14  # from here on a 16-bit sample counts as at its limit
_SILENT_PEAK = 1e-5  # -100 dB: below the last bit of 16


@dataclass(frozen=True, eq=False)
class Measurements:
    """What was counted.

    Parameters
    ----------
    sample_rate : int
        Hz.
    n_samples : int
        Decoded, per channel.
    peak, mean, power : ndarray, shape (channels,)
        Largest absolute value, mean and mean square of the finite samples.
    n_bad, n_clipped : ndarray of int, shape (channels,)
        Samples that are NaN or infinite; samples within three or more in a row at full scale.
    gram : ndarray, shape (channels, channels)
        Mean products of the channels' samples.
    patches : ndarray, shape (patches, channels)
        Energies in small patches of time and frequency.
    crossings : ndarray, shape (patches,)
        Real part of the first two channels' cross spectrum in each patch; 0 for a single channel.
    patch_bands : ndarray of int, shape (patches,)
        Which band a patch lies in.
    covariances : ndarray of complex, shape (bands, channels, channels)
        Sums over time of products of the channels' spectra.
    band_edges : ndarray, shape (bands + 1,)
        Hz.
    """

    sample_rate: int
    n_samples: int
    peak: NDArray[np.float64]
    mean: NDArray[np.float64]
    power: NDArray[np.float64]
    n_bad: NDArray[np.int64]
    n_clipped: NDArray[np.int64]
    gram: NDArray[np.float64]
    patches: NDArray[np.float64]
    crossings: NDArray[np.float64]
    patch_bands: NDArray[np.int64]
    covariances: NDArray[np.complex128]
    band_edges: NDArray[np.float64]

    @property
    def n_channels(self) -> int:
        """How many channels were measured."""
        return len(self.peak)

    @property
    def duration(self) -> float:
        """Seconds decoded."""
        return self.n_samples / self.sample_rate

    @property
    def is_silent(self) -> NDArray[np.bool_]:
        """Which channels hold nothing but zeros, shape (channels,)."""
        return np.asarray(self.peak < _SILENT_PEAK)

    def coherence(self, band: int) -> NDArray[np.complex128]:
        """Return the channels' normalized cross spectra in a band, shape (channels, channels)."""
        covariance = self.covariances[band]
        scale = np.sqrt(np.maximum(np.real(np.diag(covariance)), 1e-300))
        return np.asarray(covariance / np.outer(scale, scale))


def measure(path: str | Path, stream: AudioStream) -> Measurements:
    """Read a sound stream once and count.

    Parameters
    ----------
    path : str or Path
    stream : AudioStream
        Which stream of the file.

    Returns
    -------
    Measurements

    Raises
    ------
    MediaError
        If the stream cannot be decoded.
    """
    counter = _Counter(stream)
    n_blocks = max(1, math.ceil(stream.duration))
    every = max(1, math.ceil(n_blocks / MAX_SPECTRAL_BLOCKS))
    for number, block in enumerate(
        iterate_audio(path, stream=stream.index, block=stream.sample_rate)
    ):
        sound = counter.count(block)
        if number % every == 0:
            counter.count_spectra(sound)
    return counter.result()


class _Counter:
    """Sums on their way."""

    def __init__(self, stream: AudioStream) -> None:
        rate, n_channels = stream.sample_rate, stream.n_channels
        self._rate = rate
        self._n_samples = 0
        self._n_finite = np.zeros(n_channels, np.int64)
        self._peak = np.zeros(n_channels)
        self._sum = np.zeros(n_channels)
        self._n_clipped = np.zeros(n_channels, np.int64)
        self._gram = np.zeros((n_channels, n_channels))
        self._n_fft = max(32, 2 ** round(math.log2(0.02 * rate)))
        self._window = np.hanning(self._n_fft + 1)[:-1]
        self._edges = np.geomspace(LOWEST_HZ, min(HIGHEST_HZ, 0.45 * rate), N_BANDS + 1)
        frequencies = np.fft.rfftfreq(self._n_fft, 1.0 / rate)
        bands = [np.searchsorted(frequencies, self._edges[i : i + 2]) for i in range(N_BANDS)]
        self._bands = [slice(int(low), int(high)) for low, high in bands]
        self._covariances = np.zeros((N_BANDS, n_channels, n_channels), np.complex128)
        self._patches: list[NDArray[np.float64]] = []
        self._crossings: list[NDArray[np.float64]] = []
        self._patch_bands: list[NDArray[np.int64]] = []

    def count(self, block: NDArray[np.float32]) -> NDArray[np.float64]:
        """Take levels and return the block with 0 for samples that are not finite."""
        is_finite = np.isfinite(block)
        sound = np.where(is_finite, block, 0.0).astype(np.float64)
        self._n_samples += block.shape[1]
        self._n_finite += is_finite.sum(axis=1)
        self._peak = np.maximum(self._peak, np.abs(sound).max(axis=1))
        self._sum += sound.sum(axis=1)
        self._gram += sound @ sound.T
        for sign in (1.0, -1.0):
            is_full = np.pad(sign * sound >= _FULL_SCALE, ((0, 0), (2, 2)))
            is_run = is_full[:, :-2] & is_full[:, 1:-1] & is_full[:, 2:]
            # A sample is clipped if a run of three holds it.
            runs = np.pad(is_run, ((0, 0), (2, 2)))
            self._n_clipped += (runs[:, :-2] | runs[:, 1:-1] | runs[:, 2:]).sum(axis=1)
        return sound

    def count_spectra(self, sound: NDArray[np.float64]) -> None:
        """Add a block's spectra; too short a rest gives none."""
        hop = self._n_fft // 2
        n_patches = ((sound.shape[1] - self._n_fft) // hop + 1) // _PATCH_FRAMES
        if n_patches < 1:
            return
        frames = np.lib.stride_tricks.sliding_window_view(sound, self._n_fft, axis=1)[:, ::hop]
        used = frames[:, : n_patches * _PATCH_FRAMES] * self._window
        spectra = np.fft.rfft(used)
        for band, bins in enumerate(self._bands):
            part = spectra[:, :, bins].reshape(len(sound), n_patches, -1)
            if part.shape[2] == 0:
                continue
            flat = part.reshape(len(sound), -1)
            self._covariances[band] += flat @ flat.conj().T
            self._patches.append((np.abs(part) ** 2).sum(axis=2).T)
            second = part[min(1, len(sound) - 1)]
            cross = np.real(part[0] * second.conj()).sum(axis=1)
            self._crossings.append(cross if len(sound) > 1 else 0.0 * cross)
            self._patch_bands.append(np.full(n_patches, band))

    def result(self) -> Measurements:
        n_channels = len(self._peak)
        n_finite = np.maximum(self._n_finite, 1)
        empty = np.empty((0, n_channels))
        return Measurements(
            sample_rate=self._rate,
            n_samples=self._n_samples,
            peak=self._peak,
            mean=self._sum / n_finite,
            power=np.diag(self._gram) / n_finite,
            n_bad=self._n_samples - self._n_finite,
            n_clipped=self._n_clipped,
            gram=self._gram / max(1, self._n_samples),
            patches=np.concatenate([empty, *self._patches]),
            crossings=np.concatenate([empty[:, 0], *self._crossings]),
            patch_bands=np.concatenate([np.empty(0, np.int64), *self._patch_bands]),
            covariances=self._covariances,
            band_edges=self._edges,
        )
