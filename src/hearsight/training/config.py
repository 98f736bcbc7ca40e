"""What a training run is made of, and how a person changes it.

system:    what is trained; each system has its own settings
training:  how it learns
data:      what it learns from
trainer:   on what machines, by the names of Lightning's own flags
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from hearsight.errors import InputError
from hearsight.systems.registry import Registration
from hearsight.systems.settings import TrainingSettings, changed, read_changes

Validation = Literal["rooms", "test", "train"]
Order = Literal["shuffled", "files"]


@dataclass(frozen=True)
class DataSettings:
    """What a system learns from.

    Parameters
    ----------
    validation : {"rooms", "test", "train"}
        What the best weights are chosen on: rooms held out of the training split, the test split
        as the challenge's baselines do (then its scores flatter), or the very recordings that are
        learned, which only tells whether a system can learn at all.
    validation_rooms : tuple of int
        The rooms held out. Default: every fifth room of the training split, from the second on.
    hop : int
        Label frames from one training window to the next; 0 for one window length.
    order : {"shuffled", "files"}
        Windows in random order, or recordings in random order with their windows one after the
        other, as the baselines do.
    statistics : {"train", "all"}
        Which recordings the features' statistics are fitted on: those that are learned, or as the
        baselines do all of the training and test splits.
    swaps : bool
        Whether every window is turned and mirrored at random by a swap of channels, its target
        with it (`hearsight.augment.swaps`). The baselines do not.
    eyes : str
        Safetensors of the ResNet by which a system sees, with torchvision's names; needed where
        `system.sees`.
    workers : int
        Processes that load data on each device; 0 loads between steps.
    """

    validation: Validation = "rooms"
    validation_rooms: tuple[int, ...] = ()
    hop: int = 0
    order: Order = "shuffled"
    statistics: Literal["train", "all"] = "train"
    swaps: bool = False
    eyes: str = ""
    workers: int = 0

    def __post_init__(self) -> None:
        if self.hop < 0 or self.workers < 0:
            msg = (
                f"data.hop and data.workers must not be negative, got {self.hop} and {self.workers}"
            )
            raise InputError(msg)


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
    data: DataSettings = field(default_factory=DataSettings)
    trainer: TrainerSettings = field(default_factory=TrainerSettings)


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
    default = registration.settings()
    # How a system was trained depends on which of its variants it is.
    about_system = {name: value for name, value in changes.items() if name == "system"}
    wrapped = RunSettings(default, registration.training(default))
    chosen = changed(wrapped, about_system, where or "settings").system
    published = RunSettings(chosen, registration.training(chosen))
    return changed(published, changes, where or "settings")


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
