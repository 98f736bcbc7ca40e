"""How long the features of one minute take, beside the bare transform of the same four channels."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator

import torch

from benchmarks.measuring import Row
from hearsight.features.gcc import LogGcc
from hearsight.features.intensity import LogIntensity
from hearsight.features.salsa import Salsa, SalsaLite

SAMPLE_RATE = 24000
DURATION_S = 60
MOST_TIMES_STFT = 2.0

Feature = Callable[[torch.Tensor], torch.Tensor]


def speech_like(generator: torch.Generator) -> torch.Tensor:
    """Return a minute of FOA: two sources that pause now and then, and noise everywhere."""
    n_samples = DURATION_S * SAMPLE_RATE
    sources = torch.randn(2, n_samples, generator=generator)
    is_on = torch.randint(0, 2, (2, DURATION_S), generator=generator)
    sources *= 0.1 * is_on.repeat_interleave(SAMPLE_RATE, dim=1)
    gains = torch.tensor([[1.0, 0.64, 0.0, 0.77], [1.0, -0.85, -0.42, -0.31]])
    return gains.T @ sources + 0.003 * torch.randn(4, n_samples, generator=generator)


def bare_stft(waveform: torch.Tensor) -> torch.Tensor:
    """Compute the transform alone, with the settings of the challenge's baseline."""
    window = torch.hann_window(960)
    return torch.stft(waveform, 1024, 480, 960, window, pad_mode="reflect", return_complex=True)


def seconds(feature: Feature, waveform: torch.Tensor) -> float:
    """Time one run."""
    begin = time.perf_counter()
    feature(waveform)
    return time.perf_counter() - begin


def measure(n_rounds: int = 7) -> dict[str, float]:
    """Return the median seconds of each feature of one minute, single thread.

    The features take turns, so that what else the machine does meets all of them alike.
    """
    features: dict[str, Feature] = {
        "torch.stft of four channels": bare_stft,
        "log-mel and intensity vectors": LogIntensity.dcase2023(),
        "log-mel and phase correlation": LogGcc.dcase2020(),
        "SALSA-Lite": SalsaLite.salsa_lite(),
        "SALSA": Salsa.foa(),
    }
    waveform = speech_like(torch.Generator().manual_seed(0))
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.inference_mode():
            rounds = [
                [seconds(feature, waveform) for feature in features.values()]
                for _ in range(n_rounds + 1)
            ]
    finally:
        torch.set_num_threads(n_threads)
    columns = zip(*rounds[1:], strict=True)  # the first round warms up
    return dict(zip(features, map(statistics.median, columns), strict=True))


def rows() -> Iterator[Row]:
    times = measure()
    bare = times["torch.stft of four channels"]
    spent = times["log-mel and intensity vectors"]
    yield Row(
        "log-mel and intensity vectors of 60 s FOA",
        f"{1e3 * spent:.0f} ms (torch.stft {1e3 * bare:.0f} ms)",
        f"{spent / bare:.2f} x",
        f"at most {MOST_TIMES_STFT:g} x torch.stft",
    )


def main() -> None:
    """Print the table."""
    times = measure()
    bare = next(iter(times.values()))
    for name, elapsed in times.items():
        print(f"{name:<32} {1e3 * elapsed:8.1f} ms  {elapsed / bare:6.2f} x torch.stft")
    print(f"to reach: log-mel and intensity vectors at most {MOST_TIMES_STFT:g} x torch.stft")


if __name__ == "__main__":
    main()
