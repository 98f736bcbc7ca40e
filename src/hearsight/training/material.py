"""What a kind of system must tell so that it can be trained: its data, its examples, its judge."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, Protocol, Self

import torch

from hearsight.errors import InputError, nearest
from hearsight.systems.registry import Registration
from hearsight.systems.system import System
from hearsight.training.config import RunSettings
from hearsight.training.examples import Examples

FEATURES_NAME = "features"
"""The folder in a dataset where what is computed before is kept if no other is named."""

Tell = Callable[[str], None]


class Judge(Protocol):
    """Tells how good a system is on the validation data."""

    def __len__(self) -> int:
        """Return in how many parts the data is judged; processes share them."""

    def predict(self, part: int) -> dict[str, Any]:
        """Return what the system finds in a part, by names that no other part has."""

    def score(self, found: Mapping[str, Any]) -> dict[str, float]:
        """Return the scores of what was found in all parts."""


class Material(Protocol):
    """What a run has to learn from."""

    @property
    def origin(self) -> dict[str, Any]:
        """What weights are trained on, in words and numbers."""

    @classmethod
    def open(
        cls,
        registration: Registration,
        settings: RunSettings,
        data: str | Path,
        features: str | Path | None = None,
    ) -> Self:
        """Find the data; nothing is computed yet. For arguments and errors see `train`."""

    def check_metric(self, name: str) -> None:
        """Raise InputError if the judge gives no score of that name."""

    def prepared(self, tell: Tell, *, is_watched: bool) -> System:
        """Compute what must be there before, and return the system as it begins to learn.

        Parameters
        ----------
        tell : callable
            Gets a line of text now and then.
        is_watched : bool
            Whether progress bars are drawn.
        """

    def examples(self, system: Any) -> Examples:
        """Return what the prepared system learns from."""

    def judge(self, system: Any) -> Judge:
        """Return what judges the prepared system on the validation data."""

    def describe(self, examples: Examples) -> str:
        """Say in a line what is learned from, and what the weights are chosen on."""

    def finish(self, system: Any, judge: Judge) -> System:
        """Return the best system with what can only be told when it has learned."""


def check_known(metric: str, known: Collection[str], why: str = "") -> None:
    """Raise InputError, with the reason if there is one, if a judge gives no score of that name."""
    if metric not in known:
        msg = f"training.metric: no score is called {metric!r}{why}; {nearest(metric, known)}"
        raise InputError(msg)


def seeded_system(registration: Registration, settings: RunSettings) -> Any:
    """Build a system with the first weights that the seed gives."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.training.seed)
        return registration.build(settings.system)
