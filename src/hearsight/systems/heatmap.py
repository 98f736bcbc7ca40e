"""`HeatMapSystem`: what training, judging and locating need of a system that sees what sounds.

A picture and a sound in, a heat map of the picture out: how alike what is seen at a place and what
is heard are. It names nothing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, Self

import torch
from torch import Tensor, nn

from hearsight.errors import InputError
from hearsight.features.frames import PictureInput, VisualMap
from hearsight.features.picture_input import PictureFit, TrainingView
from hearsight.features.sound_input import SoundInput
from hearsight.models.blocks.resnet import ResNet

SMALL_SOUND = SoundInput(8000, duration_s=1.0, n_fft=128, hop_length=64)
"""What a system hears that learns in seconds."""


class HeatMapNetwork(Protocol):
    """A network for pictures and sounds."""

    def cosine(self, pictures: Tensor, sounds: Tensor) -> Tensor:
        """Return how alike every place and the sound are, (batch, rows, columns) in [-1, 1]."""


@dataclass(frozen=True, eq=False)
class HeatMapSystem:
    """A system that tells which pixels make a sound.

    Parameters
    ----------
    name : str
        By which it is registered.
    settings : frozen dataclass
        What it was built from.
    network : Module
        A `HeatMapNetwork`. From pictures (batch, 3, height, width) and spectrograms (batch, 1,
        bins, frames) to what the loss takes.
    sound_input : SoundInput
        Which part of a sound it hears, and how.
    picture_fit : PictureFit
        How a whole picture becomes its input.
    view : TrainingView
        How a part of it does while it learns.
    compare : callable
        The loss: from the network's output, the batch and the epoch to a scalar.
    style : str
        Of the evaluator: how its paper judges maps.
    learns_boxes : bool
        Whether it learns from boxes as well, where pairs have them.
    rejects_from : int, optional
        The epoch, from 0, from which on it learns that silence and noise come from nowhere in a
        picture; None: it does not.
    threshold : float, optional
        What a map reaches where something in the picture makes the sound, in [0, 1]; None before
        it was calibrated.
    eyes : VisualMap, optional
        Of ImageNet's ResNet-18, for object-guided localization.
    """

    name: str
    settings: Any
    network: nn.Module
    sound_input: SoundInput
    picture_fit: PictureFit
    view: TrainingView
    compare: Callable[[Any, Mapping[str, Tensor], int], Tensor]
    style: str
    learns_boxes: bool = False
    rejects_from: int | None = None
    threshold: float | None = None
    eyes: VisualMap | None = None

    @property
    def labels(self) -> tuple[str, ...]:
        """None: it names nothing."""
        return ()

    @property
    def takes(self) -> str:
        """What it hears and sees, in a few words."""
        return "any sound, as mono; sees"

    def loss(self, batch: Mapping[str, Tensor], epoch: int = 0) -> Tensor:
        """Return the loss of a batch, a scalar.

        Parameters
        ----------
        batch : mapping
            `picture` (batch, 3, height, width), `sound` (batch, 1, bins, frames), with more sounds
            at its end where it learns to reject them; `truth` (batch, 224, 224) and `is_known`
            (batch,) where boxes are learned.
        epoch : int
            From 0.
        """
        pictures, sounds = batch["picture"], batch["sound"]
        if self.rejects_from is None or epoch < self.rejects_from:
            sounds = sounds[: len(pictures)]
        return self.compare(self.network(pictures, sounds), batch, epoch)

    def maps(self, pictures: Tensor, sounds: Tensor) -> Tensor:
        """Return heat maps.

        Parameters
        ----------
        pictures : Tensor, shape (batch, 3, height, width)
        sounds : Tensor, shape (batch, 1, bins, frames)

        Returns
        -------
        Tensor, shape (batch, rows, columns)
            (cosine + 1) / 2, in [0, 1]: comparable between pictures and sounds.
        """
        network: Any = self.network
        cosine: Tensor = network.cosine(pictures, sounds)
        return ((cosine + 1.0) / 2.0).clamp(0.0, 1.0)

    def start_from(self, trained: ResNet) -> None:
        """Give the network for pictures the weights of one that was trained on ImageNet.

        Raises
        ------
        InputError
            If they are of another size.
        """
        network: Any = self.network
        network.start_from(trained)

    def with_threshold(self, threshold: float) -> Self:
        """Return the same system calibrated."""
        if not 0.0 <= threshold <= 1.0:
            msg = f"threshold must lie in [0, 1], got {threshold:g}"
            raise InputError(msg)
        return dataclasses.replace(self, threshold=threshold)

    def with_eyes(self, eyes: ResNet) -> Self:
        """Return the same system with a network that sees objects."""
        return dataclasses.replace(self, eyes=VisualMap(eyes, PictureInput()))

    @torch.no_grad()
    def objects(self, pictures: Tensor) -> Tensor:
        """Return where objects are, whatever sounds: (batch, rows, columns), not negative."""
        assert self.eyes is not None, f"{self.name} has no eyes"
        eyes: Any = self.eyes.network
        found: Tensor = eyes.saliency(pictures)
        return found
