"""EZ-VSL, and FNAC, which trains the same network by more than contrast.

References
----------
.. [1] S. Mo and P. Morgado, "Localizing visual sounds the easy way", ECCV 2022 (arXiv:2203.09324).
.. [2] W. Sun et al., "Learning audio-visual source localization via false negative aware
   contrastive learning", CVPR 2023 (arXiv:2303.11302).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

from hearsight.features.picture_input import PictureFit, TrainingView
from hearsight.features.sound_input import SOUND_INPUTS, SoundInput
from hearsight.losses.ez_vsl import ez_vsl_loss
from hearsight.losses.fnac import fnac_terms
from hearsight.models.blocks.pairs import PairEmbedding
from hearsight.models.ez_vsl import EzVslNet
from hearsight.systems.heatmap import SMALL_SOUND, HeatMapSystem
from hearsight.systems.registry import register
from hearsight.systems.settings import TrainingSettings, check_numbers


@dataclass(frozen=True)
class EzVslSettings:
    """What the network is.

    Parameters
    ----------
    width : int
        Filters of the first stage; 64 makes ResNet-18.
    n_embedding : int
        Dimensions of the common space.
    tau : float
        Temperature.
    picture_px : int
        Height and width of what is seen.
    sound : SoundInput
        What is heard.
    """

    width: int = 64
    n_embedding: int = 512
    tau: float = 0.03
    picture_px: int = 224
    sound: SoundInput = SOUND_INPUTS["ez-vsl"]

    def __post_init__(self) -> None:
        check_numbers(self, ("width", "n_embedding", "tau"))


def published_training(settings: EzVslSettings) -> TrainingSettings:
    """Return how it was trained; the weights that scored best on the test pairs were published."""
    del settings
    return TrainingSettings(epochs=20, batch_size=128, learning_rate=1e-4, metric="epoch")


@register(
    "ez-vsl",
    HeatMapSystem,
    EzVslSettings,
    published_training,
    title="Localizing visual sounds the easy way: the best place of each picture",
    paper="Mo and Morgado, ECCV 2022",
    small=(EzVslSettings(width=8, n_embedding=32, picture_px=64, sound=SMALL_SOUND),),
)
def ez_vsl(settings: EzVslSettings) -> HeatMapSystem:
    """Build the system."""

    def compare(output: PairEmbedding, batch: Mapping[str, Tensor], epoch: int) -> Tensor:
        del batch, epoch
        return ez_vsl_loss(output.cosines(), tau=settings.tau)

    return HeatMapSystem(
        "ez-vsl",
        settings,
        EzVslNet(n_embedding=settings.n_embedding, width=settings.width),
        settings.sound,
        PictureFit("squash", settings.picture_px),
        TrainingView(settings.picture_px),
        compare,
        style="ez-vsl",
    )


@dataclass(frozen=True)
class FnacSettings(EzVslSettings):
    """What the network is, and how its losses are weighed.

    Parameters
    ----------
    width, n_embedding, tau, picture_px, sound
        As of EZ-VSL.
    picture_dropout : float
        Before the picture's projection.
    threshold : float
        Of a stretched map, above which the source lies.
    like_sounds_weight, like_sources_weight, like_pictures_weight : float
        Of the losses beside the contrast.
    warm_up : int
        Epochs that begin with the contrast alone.
    """

    picture_dropout: float = 0.9
    threshold: float = 0.6
    like_sounds_weight: float = 100.0
    like_sources_weight: float = 100.0
    like_pictures_weight: float = 100.0
    warm_up: int = 5

    def __post_init__(self) -> None:
        super().__post_init__()
        check_numbers(
            self,
            (),
            shares=("picture_dropout", "threshold"),
            weights=(
                "like_sounds_weight",
                "like_sources_weight",
                "like_pictures_weight",
                "warm_up",
            ),
        )


def fnac_training(settings: FnacSettings) -> TrainingSettings:
    """Return how it was trained on 10,000 pairs."""
    del settings
    return TrainingSettings(
        epochs=30,
        batch_size=256,
        learning_rate=1e-4,
        weight_decay=1e-4,
        decay="l2",
        metric="epoch",
    )


@register(
    "fnac",
    HeatMapSystem,
    FnacSettings,
    fnac_training,
    title="False negative aware contrast: pairs that are alike are not pushed apart",
    paper="Sun et al., CVPR 2023",
    small=(
        FnacSettings(
            width=8,
            n_embedding=32,
            picture_dropout=0.0,
            like_sounds_weight=1.0,
            like_sources_weight=1.0,
            like_pictures_weight=1.0,
            picture_px=64,
            warm_up=0,
            sound=SMALL_SOUND,
        ),
    ),
)
def fnac(settings: FnacSettings) -> HeatMapSystem:
    """Build the system."""
    weights = (
        settings.like_sounds_weight,
        settings.like_sources_weight,
        settings.like_pictures_weight,
    )

    def compare(output: PairEmbedding, batch: Mapping[str, Tensor], epoch: int) -> Tensor:
        del batch
        if epoch < settings.warm_up:
            return ez_vsl_loss(output.cosines(), tau=settings.tau)
        terms = fnac_terms(
            output.pictures, output.sounds, tau=settings.tau, threshold=settings.threshold
        )
        return terms.total(weights)

    return HeatMapSystem(
        "fnac",
        settings,
        EzVslNet(
            n_embedding=settings.n_embedding,
            width=settings.width,
            picture_dropout=settings.picture_dropout,
        ),
        settings.sound,
        PictureFit("squash", settings.picture_px),
        TrainingView(settings.picture_px),
        compare,
        style="fnac",
    )
