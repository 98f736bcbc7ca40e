"""Batch normalization in which some of a batch change nothing for the rest."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import torch
from torch import Tensor, nn


class CountedBatchNorm2d(nn.BatchNorm2d):
    """Batch normalization in which only the first of a batch may count; else PyTorch's.

    What is unlike all that is met in use, such as noise, would shift mean and variance for what it
    stands beside. Normalized by running statistics instead, it would not be learned from rightly:
    these lag behind the weights, and its gradient would follow the lag.
    """

    n_counted: int | None = None
    """How many of a batch make the statistics in training; None: all. See `counting`."""

    def forward(self, maps: Tensor) -> Tensor:
        """Normalize (batch, channels, height, width)."""
        n = self.n_counted
        if not self.training or n is None or n >= len(maps):
            return super().forward(maps)
        counted = super().forward(maps[:n])
        variance, mean = torch.var_mean(maps[:n].float(), dim=(0, 2, 3), correction=0, keepdim=True)
        gain = self.weight[:, None, None] * torch.rsqrt(variance + self.eps)
        others = (maps[n:] - mean) * gain + self.bias[:, None, None]
        return torch.cat([counted, others.to(counted.dtype)])


@contextlib.contextmanager
def counting(network: nn.Module, n_counted: int) -> Iterator[None]:
    """Within the block only the first of a batch count in the normalizations of a network."""
    norms = [each for each in network.modules() if isinstance(each, CountedBatchNorm2d)]
    for norm in norms:
        norm.n_counted = n_counted
    try:
        yield
    finally:
        for norm in norms:
            norm.n_counted = None
