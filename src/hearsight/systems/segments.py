"""`SegmentSystem`: what training, judging and locating need of a system that labels every second.

A clip's pictures and sounds in, one vector per second of each; a label for every second out: which
class is both seen and heard, or background.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
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
from hearsight.models.blocks.guided_attention import AudioAxis
from hearsight.models.blocks.segments import SegmentOutput
from hearsight.systems.encoders import ClipEncoders
from hearsight.systems.settings import check_numbers

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
class SegmentSettings:
    """What all networks that label seconds have in common, and what they learn from.

    Parameters
    ----------
    supervision : {"full", "weak"}
        Whether it learns from labels of seconds, or of whole clips.
    audio_axis : {"region", "hidden"}
        What the sound is added to: a number to each region as in the code, to each hidden unit as
        in the paper.
    n_hidden : int
        Of each direction of the recurrent layers.
    n_attention : int
        In which picture and sound are compared.
    parity : bool
        Learn as the original: see the docs of the system.
    labels : tuple of str
        The class list; default: that of the data, AVE's where there is none.
    sizes : ClipSizes
        Of a second's features; always those of the data.
    """

    supervision: Supervision = "full"
    audio_axis: AudioAxis = "region"
    n_hidden: int = 128
    n_attention: int = 512
    parity: bool = False
    labels: tuple[str, ...] = ()
    sizes: ClipSizes = field(default_factory=ClipSizes)

    def __post_init__(self) -> None:
        check_numbers(self, ("n_hidden", "n_attention"))
        if self.labels:
            check_labels(self.labels)

    @property
    def classes(self) -> tuple[str, ...]:
        """The class list, without background."""
        return self.labels or AVE

    @property
    def network(self) -> dict[str, Any]:
        """The arguments that all networks take."""
        return {
            "n_classes": len(self.classes) + 1,
            "n_video": self.sizes.n_video,
            "n_audio": self.sizes.n_audio,
            "n_hidden": self.n_hidden,
            "n_attention": self.n_attention,
            "n_regions": self.sizes.rows * self.sizes.columns,
            "audio_axis": self.audio_axis,
        }


@dataclass(frozen=True)
class ClassifyingSettings(SegmentSettings):
    """Those of a network that learns by classes alone.

    Parameters
    ----------
    pool : {"max", "mean"}
        What the scores of seconds become for a clip, if supervision is weak: the paper has the
        mean, its code the greatest.
    loss : {"cross_entropy", "bce", "softmargin_on_probs"}
        The paper has the cross-entropy, its code the multi-label soft margin of probabilities,
        which `parity` asks for.
    """

    pool: SegmentPool = "max"
    loss: ClassLoss = "cross_entropy"

    @property
    def compare(self) -> Callable[[SegmentOutput, Mapping[str, Tensor]], Tensor]:
        """The loss of a network."""
        loss: ClassLoss = "softmargin_on_probs" if self.parity else self.loss
        return supervised(loss, self.supervision, self.pool)


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
    parity : bool
        Whether it learns as the original did, quirks and all.
    encoders : ClipEncoders, optional
        What makes its input of a video; None where it has only seen features.
    eyes : None
        What it sees by is among the encoders.
    """

    name: str
    settings: Any
    network: nn.Module
    labels: tuple[str, ...]
    sizes: ClipSizes
    compare: Callable[[SegmentOutput, Mapping[str, Tensor]], Tensor]
    parity: bool = False
    encoders: ClipEncoders | None = None
    eyes: VisualMap | None = None

    @classmethod
    def of(
        cls,
        name: str,
        settings: SegmentSettings,
        network: nn.Module,
        compare: Callable[[SegmentOutput, Mapping[str, Tensor]], Tensor],
    ) -> Self:
        """Tie a network to its settings."""
        sizes, parity = settings.sizes, settings.parity
        return cls(name, settings, network, settings.classes, sizes, compare, parity)

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
