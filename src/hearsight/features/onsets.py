"""How a sound changes, at the pace of pictures: level, onsets, and change of any kind.

Row i of the features describes the sound between picture i - 1 and picture i, the same time in
which `motion` compares those two pictures; row 0 describes the sound before the recording and is
zero. Loudness is taken as the square root of amplitude in a few bands, so that features are
neither ruled by the loudest moment (as amplitudes are) nor by the quietest (as decibels are).
"""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from hearsight.errors import InputError

SoundFeature = Literal["level", "onset", "change"]
SOUND_FEATURES: tuple[SoundFeature, ...] = get_args(SoundFeature)
"""Columns of the features: mean loudness, rises of loudness in any band, rises and falls."""

SILENT_LEVEL = 0.01
"""The level of a sound at -80 dB relative to full scale; below it there is nothing to go by."""

_STEP_S = 0.01
BAND_EDGES_HZ = (60.0, 150.0, 300.0, 600.0, 1200.0, 2400.0, 4800.0, 9600.0)
"""Bands of about an octave in which sound is judged."""
_LAG_STEPS = 2
"""Loudness is compared with that of two steps before, the length of the window."""


class OnsetMeter:
    """Measure how a sound changes, block by block.

    Parameters
    ----------
    sample_rate : int
        Hz.
    fps : float
        Pictures, and rows of features, per second.
    """

    def __init__(self, sample_rate: int, fps: float) -> None:
        if not (np.isfinite(fps) and fps > 0.0):
            msg = f"fps must be a positive number, got {fps}"
            raise InputError(msg)
        if sample_rate < 1000:
            msg = f"sample rate must be at least 1000 Hz, got {sample_rate}"
            raise InputError(msg)
        self._frames_per_sample = fps / sample_rate
        self._hop = max(1, round(_STEP_S * sample_rate))
        self._window = np.hanning(2 * self._hop + 1)[:-1].astype(np.float32)
        frequencies = np.fft.rfftfreq(len(self._window), 1.0 / sample_rate)
        band = np.searchsorted(BAND_EDGES_HZ, frequencies)
        self._bands = (band[:, None] == np.arange(1, len(BAND_EDGES_HZ) + 1)).astype(np.float32)
        self._scale = np.float32(2.0 / (len(self._window) * np.sum(self._window**2)))
        # Half a window of silence before the first sample centres step k on sample k * hop.
        self._rest = np.zeros(self._hop, dtype=np.float32)
        self._past = np.zeros((_LAG_STEPS, self._bands.shape[1]), dtype=np.float32)
        self._steps_done = 0
        self._samples = 0
        self._frames_done = 0
        self._open_frame = np.zeros((0, len(SOUND_FEATURES)))
        self._open_index = np.zeros(0, dtype=np.int64)

    def push(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        """Take the next samples and return the rows that are complete.

        Parameters
        ----------
        block : ndarray, shape (samples,)
            Mono, in [-1, 1]; any length.

        Returns
        -------
        ndarray of float32, shape (rows, 3)
            Columns as in `SOUND_FEATURES`, all >= 0. The rows of all calls together do not depend
            on how the sound was cut into blocks.
        """
        if block.ndim != 1:
            msg = f"block must have shape (samples,), got {block.shape}; mix the channels first"
            raise InputError(msg)
        self._samples += len(block)
        samples = np.concatenate([self._rest, block.astype(np.float32, copy=False)])
        n_steps = max(0, (len(samples) - len(self._window)) // self._hop + 1)
        self._rest = samples[n_steps * self._hop :]
        if n_steps == 0:
            return np.zeros((0, len(SOUND_FEATURES)), dtype=np.float32)
        windows = np.lib.stride_tricks.sliding_window_view(samples, len(self._window))
        steps = self._measure(windows[:: self._hop][:n_steps])
        index = self._frame_of(np.arange(self._steps_done, self._steps_done + n_steps) * self._hop)
        self._steps_done += n_steps
        self._open_frame = np.concatenate([self._open_frame, steps])
        self._open_index = np.concatenate([self._open_index, index])
        return self._close_until(int(self._frame_of(np.array(self._steps_done * self._hop))))

    def finish(self, n_frames: int | None = None) -> NDArray[np.float32]:
        """Return the rows that remain when the sound has ended.

        Parameters
        ----------
        n_frames : int, optional
            How many rows there shall be in all: silence is added, or late rows are left out, so
            that sound and picture end together. Default: as many as the sound has.
        """
        own = int(np.ceil(self._samples * self._frames_per_sample - 1e-6)) + 1
        wanted = own if n_frames is None else n_frames
        rows = [self.push(np.zeros(len(self._window), dtype=np.float32))]
        rows.append(self._close_until(max(wanted, self._frames_done)))
        together = np.concatenate(rows)
        surplus = self._frames_done - wanted
        return together[: max(0, len(together) - surplus)] if surplus > 0 else together

    def _frame_of(self, sample: NDArray[np.int64]) -> NDArray[np.int64]:
        return (np.floor(sample * self._frames_per_sample + 1e-9) + 1).astype(np.int64)

    def _measure(self, windows: NDArray[np.float32]) -> NDArray[np.float64]:
        spectrum = np.fft.rfft(windows * self._window, axis=-1)
        power = (np.square(np.abs(spectrum)) * self._scale).astype(np.float32) @ self._bands
        loudness = power**0.25
        earlier = np.concatenate([self._past, loudness])
        change = earlier[_LAG_STEPS:] - earlier[:-_LAG_STEPS]
        self._past = earlier[-_LAG_STEPS:]
        return np.stack(
            [
                power.sum(axis=-1) ** 0.25,
                np.maximum(change, 0.0).sum(axis=-1),
                np.abs(change).sum(axis=-1),
            ],
            axis=-1,
        ).astype(np.float64)

    def _close_until(self, frame: int) -> NDArray[np.float32]:
        """Average the steps of each frame before `frame` and hand them out."""
        n_rows = max(0, frame - self._frames_done)
        row = self._open_index - self._frames_done
        closed = row < n_rows
        sums = np.zeros((n_rows, len(SOUND_FEATURES)))
        np.add.at(sums, row[closed], self._open_frame[closed])
        counts = np.bincount(row[closed], minlength=n_rows)[:, None] if n_rows else np.ones((0, 1))
        self._open_frame, self._open_index = self._open_frame[~closed], self._open_index[~closed]
        self._frames_done += n_rows
        return (sums / np.maximum(counts, 1)).astype(np.float32)


def measure_onsets(
    waveform: NDArray[np.float32], sample_rate: int, fps: float, n_frames: int | None = None
) -> NDArray[np.float32]:
    """Measure how a whole sound changes (see `OnsetMeter`).

    Parameters
    ----------
    waveform : ndarray, shape (samples,)
        Mono.
    sample_rate : int
        Hz.
    fps : float
        Rows per second.
    n_frames : int, optional
        How many rows to return; default: as many as the sound has.

    Returns
    -------
    ndarray of float32, shape (n_frames, 3)
        Columns as in `SOUND_FEATURES`.
    """
    meter = OnsetMeter(sample_rate, fps)
    return np.concatenate([meter.push(waveform), meter.finish(n_frames)])[:n_frames]
