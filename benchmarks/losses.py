"""How long ADPIT takes, forward and backward, beside a plain mean squared error."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator

import torch
from torch import Tensor
from torch.nn import functional

from benchmarks.measuring import Row
from hearsight.losses.adpit import N_DUMMY_TRACKS, N_TRACKS, adpit_loss

BATCH, FRAMES, CLASSES, COMPONENTS = 32, 50, 13, 3
MOST_TIMES_MSE = 8.0


def crowded_targets(generator: torch.Generator) -> Tensor:
    """Return ADPIT targets with 0, 1, 2 or 3 instances of a class, all equally often."""
    shape = (BATCH, FRAMES, N_DUMMY_TRACKS, CLASSES, COMPONENTS)
    directions = functional.normalize(torch.randn(shape, generator=generator), dim=-1)
    count = torch.randint(0, 4, (BATCH, FRAMES, 1, CLASSES, 1), generator=generator)
    group = torch.tensor([1, 2, 2, 3, 3, 3]).view(N_DUMMY_TRACKS, 1, 1)
    return directions * (count == group)


def seconds(loss: Callable[[Tensor, Tensor], Tensor], output: Tensor, target: Tensor) -> float:
    """Time one forward and backward pass."""
    output.grad = None
    begin = time.perf_counter()
    loss(output, target).backward()
    return time.perf_counter() - begin


def adpit_of_flat(output: Tensor, target: Tensor) -> Tensor:
    """Compare what a network gives: tracks, components and classes on one axis."""
    tracks = output.view(BATCH, FRAMES, N_TRACKS, COMPONENTS, CLASSES)
    return adpit_loss(tracks.swapaxes(-1, -2), target)


def adpit_times_mse(repeats: int = 200) -> tuple[float, float, float]:
    """Measure both in turn, single thread.

    Returns
    -------
    adpit_s, mse_s : float
        Median seconds of a forward and backward pass.
    ratio : float
        Median of the ratios of neighbouring passes, so that other work on the machine cancels out.
    """
    generator = torch.Generator().manual_seed(7)
    output = torch.randn(BATCH, FRAMES, N_TRACKS * COMPONENTS * CLASSES, generator=generator)
    plain_target = torch.randn(output.shape, generator=generator)
    target = crowded_targets(generator)
    output.requires_grad_()
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        pairs = [
            (
                seconds(adpit_of_flat, output, target),
                seconds(functional.mse_loss, output, plain_target),
            )
            for _ in range(repeats)
        ]
    finally:
        torch.set_num_threads(threads)
    adpit_s, mse_s = (statistics.median(times) for times in zip(*pairs, strict=True))
    return adpit_s, mse_s, statistics.median(adpit / mse for adpit, mse in pairs)


def rows() -> Iterator[Row]:
    adpit, mse, ratio = adpit_times_mse()
    yield Row(
        "ADPIT, forward and backward, 32 x 50 x 13",
        f"{1e3 * adpit:.2f} ms (MSE {1e3 * mse:.2f} ms)",
        f"{ratio:.1f} x",
        f"at most {MOST_TIMES_MSE:g} x MSE",
    )


def main() -> None:
    """Print the row of the speed table."""
    adpit_s, mse_s, ratio = adpit_times_mse()
    print(
        f"ADPIT, batch {BATCH} x {FRAMES} frames x {CLASSES} classes: {1e3 * adpit_s:.2f} ms, "
        f"plain MSE {1e3 * mse_s:.2f} ms: {ratio:.1f} times (to reach: {MOST_TIMES_MSE:g})"
    )


if __name__ == "__main__":
    main()
