"""`Examples`: what is learned from, batch by batch, and the order in which it comes.

Nothing is random here but the order and the augmentations, which depend on the seed and the epoch
alone: an interrupted run goes on as if it had not been.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset, Sampler

Batch = dict[str, Tensor]


class Examples(Dataset[Batch]):
    """Training examples, given as whole batches."""

    groups: NDArray[np.int64] | None = None
    """Which group each belongs to, if those of one group shall follow on one another."""

    keeps_order: bool = False
    """Whether every epoch goes through them as they are listed."""

    drops_rest: bool = False
    """Whether examples that do not fill a batch are left out of the epoch."""

    @abstractmethod
    def __len__(self) -> int:
        """Return how many examples there are."""

    @abstractmethod
    def __getitems__(self, places: Sequence[int]) -> Batch:
        """Return a batch.

        Parameters
        ----------
        places : sequence of int
            Index of an example + epoch * number of examples: each epoch is augmented in its own
            way.
        """

    def __getitem__(self, place: int) -> Batch:
        return {name: value[0] for name, value in self.__getitems__([place]).items()}


class EpochOrder(Sampler[int]):
    """The order of examples in each epoch, a pure function of seed and epoch.

    Parameters
    ----------
    examples : Examples
        In random order, unless they keep their own; if they come in groups, those in random order,
        one after the other.
    seed : int
    rank, n_ranks : int
        This process among those that train together; each sees its share, all equally many.
    """

    def __init__(self, examples: Examples, seed: int, rank: int = 0, n_ranks: int = 1) -> None:
        self._examples, self._seed = examples, seed
        self._rank, self._n_ranks, self._epoch = rank, n_ranks, 0

    def set_epoch(self, epoch: int) -> None:
        """Say which epoch comes next; Lightning does, and `GoesOn`."""
        self._epoch = epoch

    def __len__(self) -> int:
        return -(-len(self._examples) // self._n_ranks)

    def __iter__(self) -> Iterator[int]:
        n, groups = len(self._examples), self._examples.groups
        rng = np.random.default_rng([self._seed, self._epoch])
        if self._examples.keeps_order:
            places = np.arange(n)
        elif groups is None:
            places = rng.permutation(n)
        else:
            rank_of = rng.permutation(int(groups.max()) + 1)
            places = np.argsort(rank_of[groups], kind="stable")
        # The first ones come again where the number of processes does not divide that of examples.
        shared = np.resize(places, len(self) * self._n_ranks)[self._rank :: self._n_ranks]
        yield from (shared + self._epoch * n).tolist()
