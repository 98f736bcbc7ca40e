"""`SegmentSystem`: what training, judging and locating need of a system that labels every second.

A clip's pictures and sounds in, one vector per second of each; a label for every second out: which
class is both seen and heard, or background.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self

import torch
from torch import Tensor, nn
from torch.nn import functional

from hearsight.errors import InputError
from hearsight.events.classes import AVE
from hearsight.events.codec import check_labels
from hearsight.features.clips import ClipFeatures
from hearsight.features.frames import VisualMap
from hearsight.losses.av_att import ClassLoss, SegmentPool, class_loss, pool_segments
from hearsight.models.blocks.segments import SegmentOutput
from hearsight.systems.encoders import ClipEncoders

Supervision = Literal["full", "weak"]


@dataclass(frozen=True)
class ClipSizes:
    """What stands for a second of a clip; that of AVE's features by default.

    Parameters
    ----------
    n_video, n_audio : int
        Channels of the picture's map, and of the sound.
    rows, columns : int
        Of the picture's map.
    seconds : int
        Of a clip; longer recordings are cut into such.
    """

    n_video: int = 512
    n_audio: int = 128
    rows: int = 7
    columns: int = 7
    seconds: int = 10

    def __post_init__(self) -> None:
        if min(dataclasses.astuple(self)) < 1:
            msg = f"system.sizes must all be at least 1, got {dataclasses.astuple(self)}"
            raise InputError(msg)

    @classmethod
    def of(cls, features: ClipFeatures) -> Self:
        """Return the sizes of a clip that has pictures and sound."""
        assert features.video is not None
        assert features.audio is not None
        seconds, rows, columns, n_video = features.video.shape
        return cls(n_video, features.audio.shape[1], rows, columns, seconds)


@dataclass(frozen=True)
class Answer:
    """What a system says of clips.

    Parameters
    ----------
    probabilities : Tensor, shape (batch, seconds, classes and background)
    attention : Tensor, shape (batch, seconds, rows, columns), or None
        Where it looks; sums to 1 in each second. None: everywhere alike, or not at all.
    """

    probabilities: Tensor
    attention: Tensor | None


@dataclass(frozen=True, eq=False)
class SegmentSystem:
    """A system that tells for every second which class is both seen and heard.

    Parameters
    ----------
    name : str
        By which it is registered.
    settings : frozen dataclass
        What it was built from.
    network : Module
        From `video` (batch, seconds, rows, columns, channels) and `audio` (batch, seconds,
        channels) to a `SegmentOutput`.
    labels : tuple of str
        The class list, without background, which comes after it.
    sizes : ClipSizes
    compare : callable
        The loss: from the network's output and the batch to a scalar.
    supervision : {"full", "weak"}
        Whether it learns from labels of seconds, or of whole clips.
    parity : bool
        Whether it learns as the original did, quirks and all.
    encoders : ClipEncoders, optional
        What makes its input of a video; None where it has only seen features.
    """

    name: str
    settings: Any
    network: nn.Module
    labels: tuple[str, ...]
    sizes: ClipSizes
    compare: Callable[[SegmentOutput, Mapping[str, Tensor]], Tensor]
    supervision: Supervision = "full"
    parity: bool = False
    encoders: ClipEncoders | None = None

    eyes: VisualMap | None = None

    @property
    def takes(self) -> str:
        """What it hears and sees, in a few words."""
        return "any sound, as mono; sees"

    @property
    def background(self) -> int:
        """The index of background."""
        return len(self.labels)

    def loss(self, batch: Mapping[str, Tensor], epoch: int = 0) -> Tensor:
        """Return the loss of a batch, a scalar.

        Parameters
        ----------
        batch : mapping
            `video` (batch, seconds, rows, columns, channels), `audio` (batch, seconds, channels),
            `labels` (batch, seconds) and `label` (batch,): classes of seconds, and of clips.
        epoch : int
            Makes no difference.
        """
        del epoch
        return self.compare(self.network(batch["video"], batch["audio"]), batch)

    @torch.no_grad()
    def answer(self, video: Tensor, audio: Tensor) -> Answer:
        """Label clips; for arguments see `loss`."""
        output: SegmentOutput = self.network(video, audio)
        return Answer(output.logits.float().softmax(dim=-1), output.attention)

    def with_encoders(self, encoders: ClipEncoders | None) -> Self:
        """Return the same system with what makes its input."""
        return dataclasses.replace(self, encoders=encoders)


def chosen_labels(labels: tuple[str, ...]) -> tuple[str, ...]:
    """Return a class list, AVE's where none is given.

    Raises
    ------
    InputError
        If it is none.
    """
    if not labels:
        return AVE
    check_labels(labels)
    return labels


def supervised(
    loss: ClassLoss, supervision: Supervision, pool: SegmentPool
) -> Callable[[SegmentOutput, Mapping[str, Tensor]], Tensor]:
    """Return the loss of a system that learns from labels of seconds, or of clips."""

    def compare(output: SegmentOutput, batch: Mapping[str, Tensor]) -> Tensor:
        logits, labels = output.logits, batch["labels"]
        if supervision == "weak":
            logits, labels = pool_segments(logits, pool), batch["label"]
        return class_loss(logits, functional.one_hot(labels, logits.shape[-1]), loss)

    return compare
