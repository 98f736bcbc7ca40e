"""What a system for heat maps learns from: the `data` section of a run's settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hearsight.errors import InputError

Held = Literal["held", "test", "train"]


@dataclass(frozen=True)
class PairData:
    """Which pairs of picture and sound are learned from, and which the weights are judged on.

    Parameters
    ----------
    annotations : str
        A file or folder of boxes, where it does not lie with the pairs; see `open_pairs`.
    train_list, test_list : str
        Text files with one name a line, for sets that come with several lists; default: the set's
        own lists, or what is annotated to test and all else to learn from.
    drop_test_ids : bool
        Whether names of the test split are struck from the training list. Published lists hold
        some.
    frame : str
        Which picture of a clip is paired with its sound: "007" as published, or "center".
    validation : {"held", "test", "train"}
        What the weights are judged on while they learn, and calibrated on at the end: training
        pairs that are held out, the test split as EZ-VSL does (then its scores flatter), or the
        very pairs that are learned.
    held_share : float
        Which part of the training pairs is held out, in (0, 1).
    most_validated : int
        No more validation pairs than this are looked at.
    backbone : str
        Safetensors of a ResNet-18 with torchvision's names, which the network for pictures starts
        from; default: random weights.
    saliency : str
        Safetensors of an ImageNet ResNet-18, for object-guided localization beside the system's
        own maps; default: none.
    workers : int
        Processes that load data on each device; 0 loads between steps.
    """

    annotations: str = ""
    train_list: str = ""
    test_list: str = ""
    drop_test_ids: bool = True
    frame: str = "007"
    validation: Held = "held"
    held_share: float = 0.05
    most_validated: int = 1000
    backbone: str = ""
    saliency: str = ""
    workers: int = 0

    def __post_init__(self) -> None:
        if not 0.0 < self.held_share < 1.0:
            msg = f"data.held_share must lie between 0 and 1, got {self.held_share:g}"
            raise InputError(msg)
        if self.most_validated < 2 or self.workers < 0:
            msg = (
                "data.most_validated must be at least 2 and data.workers not negative, got "
                f"{self.most_validated} and {self.workers}"
            )
            raise InputError(msg)
