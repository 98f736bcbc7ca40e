"""SLAVC: which sound and which place are found by two heads, against slow copies.

References
----------
.. [1] S. Mo and P. Morgado, "A closer look at weakly-supervised audio-visual source localization",
   NeurIPS 2022 (arXiv:2209.09634).
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from torch import Tensor

from hearsight.features.picture_input import PictureFit, TrainingView
from hearsight.features.sound_input import SOUND_INPUTS, SoundInput
from hearsight.losses.slavc import slavc_loss, supervised_loss
from hearsight.models.slavc import SlavcNet, SlavcOutput
from hearsight.systems.heatmap import SMALL_SOUND, HeatMapSystem
from hearsight.systems.registry import register
from hearsight.systems.settings import TrainingSettings, check_numbers

Boxes = Literal["none", "mended", "reference"]


@dataclass(frozen=True)
class SlavcSettings:
    """What the network is, and what it learns from.

    Parameters
    ----------
    width : int
        Filters of the first stage; 64 makes ResNet-18.
    n_embedding : int
        Dimensions of the common spaces.
    tau : float
        Temperature.
    picture_dropout, sound_dropout : float
        Before the projections.
    picture_momentum, sound_momentum : float
        How much of a slow copy stays with every step.
    uses_momentum : bool
        Whether the slow copy draws the maps.
    boxes : {"none", "mended", "reference"}
        Whether boxes of training pairs are learned from too. In the reference they reach no
        weight, since the map is drawn without gradient; mended, they do.
    stretch : {"batch", "sample"}
        Whether maps are stretched to [0, 1] over the batch, as published, or each for itself,
        before they are compared with boxes.
    picture_px : int
        Height and width of what is seen.
    sound : SoundInput
        What is heard.
    """

    width: int = 64
    n_embedding: int = 512
    tau: float = 0.03
    picture_dropout: float = 0.9
    sound_dropout: float = 0.0
    picture_momentum: float = 0.999
    sound_momentum: float = 0.999
    uses_momentum: bool = True
    boxes: Boxes = "none"
    stretch: Literal["batch", "sample"] = "batch"
    picture_px: int = 224
    sound: SoundInput = SOUND_INPUTS["ez-vsl"]

    def __post_init__(self) -> None:
        dropouts = ("picture_dropout", "sound_dropout")
        momenta = ("picture_momentum", "sound_momentum")
        check_numbers(self, ("width", "n_embedding", "tau"), shares=(*dropouts, *momenta))


def published_training(settings: SlavcSettings) -> TrainingSettings:
    """Return how it was trained: the last weights are kept, which is a point of the paper."""
    del settings
    return TrainingSettings(epochs=20, batch_size=128, learning_rate=1e-4, metric="epoch")


_small = functools.partial(
    SlavcSettings,
    width=8,
    n_embedding=32,
    picture_dropout=0.0,
    picture_momentum=0.9,
    sound_momentum=0.9,
    picture_px=64,
    sound=SMALL_SOUND,
)


@register(
    "slavc",
    HeatMapSystem,
    SlavcSettings,
    published_training,
    title="SLAVC: which sound and which place, by two heads and slow copies",
    paper="Mo and Morgado, NeurIPS 2022",
    small=(
        _small(),
        _small(boxes="mended"),
    ),
)
def slavc(settings: SlavcSettings) -> HeatMapSystem:
    """Build the system."""

    def compare(output: SlavcOutput, batch: Mapping[str, Tensor], epoch: int) -> Tensor:
        del epoch
        loss = slavc_loss(output.picture_to_sound(), output.sound_to_picture(), tau=settings.tau)
        if settings.boxes == "none":
            return loss
        maps = output.online.own_cosines().mean(dim=0) / settings.tau
        return loss + supervised_loss(
            maps,
            batch["truth"],
            batch["is_known"],
            stretch=settings.stretch,
            gradient="none" if settings.boxes == "reference" else "mended",
        )

    return HeatMapSystem(
        "slavc",
        settings,
        SlavcNet(
            n_embedding=settings.n_embedding,
            width=settings.width,
            picture_dropout=settings.picture_dropout,
            sound_dropout=settings.sound_dropout,
            picture_momentum=settings.picture_momentum,
            sound_momentum=settings.sound_momentum,
            uses_momentum=settings.uses_momentum,
        ),
        settings.sound,
        PictureFit("squash", settings.picture_px),
        TrainingView(settings.picture_px),
        compare,
        style="slavc",
        learns_boxes=settings.boxes != "none",
    )
