"""`System`: what every system is to those who train and keep it, whatever it hears or sees."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from torch import Tensor, nn

from hearsight.features.frames import VisualMap


class System(Protocol):
    """Features, network and loss tied together; each kind of system knows more of itself."""

    @property
    def name(self) -> str:
        """By which it is registered."""

    @property
    def settings(self) -> Any:
        """What it was built from, a frozen dataclass."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The class list; empty if it names nothing."""

    @property
    def takes(self) -> str:
        """What it hears and sees, in a few words."""

    @property
    def network(self) -> nn.Module:
        """What learns."""

    @property
    def eyes(self) -> VisualMap | None:
        """Another network that looks at pictures and does not learn, if there is one."""

    def loss(self, batch: Mapping[str, Tensor], epoch: int = 0) -> Tensor:
        """Return the loss of a batch, a scalar, in an epoch from 0."""


def weight_count(system: System) -> int:
    """Return how many numbers are learned."""
    return sum(each.numel() for each in system.network.parameters() if each.requires_grad)
