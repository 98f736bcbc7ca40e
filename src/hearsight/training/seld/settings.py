"""What a system for sound events learns from: the `data` section of a run's settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hearsight.errors import InputError

Validation = Literal["rooms", "test", "train"]
Order = Literal["shuffled", "files"]


@dataclass(frozen=True)
class SeldData:
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
