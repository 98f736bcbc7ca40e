"""What systems for clips learn from: the `data` section of a run's settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hearsight.errors import InputError

ValidatedOn = Literal["validation", "test", "train"]


@dataclass(frozen=True)
class ClipData:
    """Which clips are learned from, what stands for them, and what the weights are judged on.

    Parameters
    ----------
    encoders : tuple of str
        What makes features of videos: [vgg19:FILE, vggish:FILE], or a folder with the weights of a
        system for heat maps, whose parts serve as well; see `parse_encoders`. Default: the
        features that lie with the set.
    frames_per_second : int
        Pictures of each second that features are the mean of; 16 as published.
    validation : {"validation", "test", "train"}
        What the weights are judged on while they learn: the validation split, the test split as
        the follow-ups of AVE do (then its scores flatter), or what is learned.
    negatives : bool
        Whether clips without any event are learned from as well, where labels are of clips.
    drop_shared_clips : bool
        Whether clips that are tested or validated too, under another label, are struck from the
        training list.
    matching_split : {"published", "labeled"}
        For matching: the set's own split for it, whose validation clips have three classes only,
        or the split by which seconds are labeled.
    start : str
        For DMRN: a folder with weights of av-att to begin with.
    workers : int
        Processes that load data on each device; 0 loads between steps.
    """

    encoders: tuple[str, ...] = ()
    frames_per_second: int = 16
    validation: ValidatedOn = "validation"
    negatives: bool = True
    drop_shared_clips: bool = False
    matching_split: Literal["published", "labeled"] = "published"
    start: str = ""
    workers: int = 0

    def __post_init__(self) -> None:
        for name, least in (("workers", 0), ("frames_per_second", 1)):
            if getattr(self, name) < least:
                msg = f"data.{name} must be at least {least}, got {getattr(self, name)}"
                raise InputError(msg)
