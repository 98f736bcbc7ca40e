"""How long the spectrogram of a pair's sound takes, beside scipy's, which the originals used."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator

import numpy as np
import scipy.signal
import torch

from benchmarks.measuring import Row
from hearsight.features.sound_input import SOUND_INPUTS, Samples

HEARING = SOUND_INPUTS["visual-context"]
SAMPLE_RATE = 24000
MOST_TIMES_SCIPY = 1.0


def with_scipy(samples: Samples) -> Samples:
    """Compute the same by the library of the originals."""
    _, _, density = scipy.signal.spectrogram(
        samples, SAMPLE_RATE, nperseg=HEARING.n_fft, noverlap=HEARING.n_fft - HEARING.hop_length
    )
    return np.log(density + 1e-7) / 12


def ours(samples: Samples) -> torch.Tensor:
    return HEARING.spectrogram(samples, SAMPLE_RATE)


def seconds(compute: Callable[[Samples], object], samples: Samples) -> float:
    """Time one run."""
    begin = time.perf_counter()
    compute(samples)
    return time.perf_counter() - begin


def measure(n_rounds: int = 200) -> tuple[float, float]:
    """Return the median seconds of ours and of scipy's for 3 s, single thread, in turns."""
    noise = np.random.default_rng(0).normal(0.0, 0.1, 10 * SAMPLE_RATE)
    samples = HEARING.excerpt(noise, SAMPLE_RATE)
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        rounds = [
            (seconds(ours, samples), seconds(with_scipy, samples)) for _ in range(n_rounds + 1)
        ]
    finally:
        torch.set_num_threads(n_threads)
    ours_s, scipy_s = map(statistics.median, zip(*rounds[1:], strict=True))  # the first warms up
    return ours_s, scipy_s


def rows() -> Iterator[Row]:
    ours_s, scipy_s = measure()
    yield Row(
        "spectrogram of 3 s of a pair's sound",
        f"{1e3 * ours_s:.2f} ms (scipy.signal.spectrogram {1e3 * scipy_s:.2f} ms)",
        f"{ours_s / scipy_s:.2f} x",
        f"at most {MOST_TIMES_SCIPY:g} x scipy",
    )
