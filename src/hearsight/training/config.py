"""What a training run is made of, and how a person changes it.

system:    what is trained; each system has its own settings
training:  how it learns
data:      what it learns from
trainer:   on what machines, by the names of Lightning's own flags
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from hearsight.systems.heatmap import HeatMapSystem
from hearsight.systems.matching import MatchingSystem
from hearsight.systems.registry import Registration
from hearsight.systems.segments import SegmentSystem
from hearsight.systems.seld import SeldSystem
from hearsight.systems.settings import TrainingSettings, changed, read_changes
from hearsight.systems.system import System
from hearsight.training.clips.settings import ClipData
from hearsight.training.pairs.settings import PairData
from hearsight.training.seld.settings import SeldData

_DATA: dict[type[System], type[Any]] = {
    SeldSystem: SeldData,
    HeatMapSystem: PairData,
    SegmentSystem: ClipData,
    MatchingSystem: ClipData,
}
"""What is said of the data, by the kind of system that learns from it."""


@dataclass(frozen=True)
class TrainerSettings:
    """Where a system is trained: arguments of Lightning's Trainer, by its names.

    Parameters
    ----------
    accelerator : str
        "auto", "cpu", "gpu".
    devices : str
        "auto", a number, or a list such as "0,2".
    num_nodes : int
        Machines.
    strategy : str
        "auto" or "ddp", whose processes each hold the whole network.
    precision : str
        "32-true", "bf16-mixed", "16-mixed" and the like.
    gradient_clip_val : float, optional
    accumulate_grad_batches : int
    log_every_n_steps : int
    """

    accelerator: str = "auto"
    devices: str = "auto"
    num_nodes: int = 1
    strategy: str = "auto"
    precision: str = "32-true"
    gradient_clip_val: float | None = None
    accumulate_grad_batches: int = 1
    log_every_n_steps: int = 10


@dataclass(frozen=True)
class RunSettings:
    """All settings of a run; see the module."""

    system: Any
    training: TrainingSettings
    data: Any
    trainer: TrainerSettings

    @classmethod
    def of(cls, registration: Registration, system: Any) -> Self:
        """Return the published settings of a system that is what `system` says."""
        data = _DATA[registration.kind]()
        return cls(system, registration.training(system), data, TrainerSettings())


def run_settings(
    registration: Registration, file: str | Path | None = None, assignments: Sequence[str] = ()
) -> RunSettings:
    """Make the settings of a run: published ones, changed by a file, changed by assignments.

    Parameters
    ----------
    registration : Registration
        Of the system.
    file : str or Path, optional
        YAML with some of the sections.
    assignments : sequence of str
        Such as "training.epochs=5".

    Raises
    ------
    InputError
        If a setting does not exist or has a value it cannot have.
    """
    changes = read_changes(file, assignments)
    where = " and ".join([str(file)] * (file is not None) + ["--set"] * bool(assignments))
    wrapped = RunSettings.of(registration, registration.settings())
    # How a system was trained depends on which of its variants it is.
    about_system = {name: value for name, value in changes.items() if name == "system"}
    chosen = changed(wrapped, about_system, where or "settings").system
    return changed(RunSettings.of(registration, chosen), changes, where or "settings")


def differences(a: RunSettings, b: RunSettings) -> list[str]:
    """Return the full names of settings that differ, sorted."""
    one, other = (_flat(dataclasses.asdict(each)) for each in (a, b))
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


def _flat(settings: dict[str, Any]) -> dict[str, Any]:
    return {
        f"{section}.{name}": value
        for section, values in settings.items()
        for name, value in values.items()
    }
