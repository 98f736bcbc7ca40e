"""LVS: localizing visual sounds by places that surely fit and places that surely do not.

References
----------
.. [1] H. Chen, W. Xie, T. Afouras, A. Nagrani, A. Vedaldi and A. Zisserman, "Localizing visual
   sounds the hard way", CVPR 2021 (arXiv:2104.02691).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from torch import Tensor

from hearsight.features.picture_input import PictureFit, TrainingView
from hearsight.features.sound_input import SOUND_INPUTS, SoundInput
from hearsight.losses.lvs import OwnSound, lvs_logits, lvs_loss
from hearsight.models.blocks.pairs import PairEmbedding
from hearsight.models.lvs import LvsNet
from hearsight.systems.heatmap import SMALL_SOUND, HeatMapSystem
from hearsight.systems.registry import register
from hearsight.systems.settings import TrainingSettings, check_numbers


@dataclass(frozen=True)
class LvsSettings:
    """What the network is, and which places count.

    Parameters
    ----------
    width : int
        Filters of the first stage; 64 makes ResNet-18.
    epsilon, epsilon_negative : float
        Cosines above which a place fits, and below which it does not.
    tau : float
        How soft these bounds are.
    temperature : float
    has_trimap, has_hard_negatives : bool
        Whether places between the bounds are left out; whether those that do not fit count.
    own_sound : {"out", "reference"}
        What becomes of the own sound among the others; see `hearsight.losses.lvs`.
    picture_px : int
        Height and width of what is seen.
    fit : {"squash", "short_side_crop", "tensor_squash"}
        How whole pictures are made square: as they must be to be compared with boxes; as published,
        which does not see the sides; as SSLalignment does.
    sound : SoundInput
        What is heard.
    """

    width: int = 64
    epsilon: float = 0.65
    epsilon_negative: float = 0.4
    tau: float = 0.03
    temperature: float = 0.07
    has_trimap: bool = True
    has_hard_negatives: bool = True
    own_sound: OwnSound = "out"
    picture_px: int = 224
    fit: Literal["squash", "short_side_crop", "tensor_squash"] = "squash"
    sound: SoundInput = SOUND_INPUTS["lvs"]

    def __post_init__(self) -> None:
        check_numbers(self, ("width", "tau", "temperature"))


def assumed_training(settings: LvsSettings) -> TrainingSettings:
    """Return how its family was trained: how it was itself has not been released."""
    del settings
    return TrainingSettings(
        epochs=30,
        batch_size=128,
        learning_rate=1e-4,
        weight_decay=1e-4,
        decay="l2",
        metric="epoch",
    )


@register(
    "lvs",
    HeatMapSystem,
    LvsSettings,
    assumed_training,
    title="Localizing visual sounds the hard way: a trimap of places",
    paper="Chen et al., CVPR 2021",
    small=(LvsSettings(width=8, picture_px=64, sound=SMALL_SOUND),),
)
def lvs(settings: LvsSettings) -> HeatMapSystem:
    """Build the system."""

    def compare(output: PairEmbedding, batch: Mapping[str, Tensor], epoch: int) -> Tensor:
        del batch, epoch
        found = lvs_logits(
            output.cosines(),
            epsilon=settings.epsilon,
            epsilon_negative=settings.epsilon_negative,
            tau=settings.tau,
            temperature=settings.temperature,
            has_trimap=settings.has_trimap,
            has_hard_negatives=settings.has_hard_negatives,
            own_sound=settings.own_sound,
        )
        return lvs_loss(found.logits)

    return HeatMapSystem(
        "lvs",
        settings,
        LvsNet(width=settings.width),
        settings.sound,
        PictureFit(settings.fit, settings.picture_px),
        TrainingView(settings.picture_px),
        compare,
        style="lvs",
    )
