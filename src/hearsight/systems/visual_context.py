"""Visual context: nodes over the picture, whose sounding half must agree with the sound.

References
----------
.. [1] X. Zhou, D. Zhou, D. Hu, H. Zhou and W. Ouyang, "Exploiting visual context semantics for
   sound source localization", WACV 2023.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from torch import Tensor

from hearsight.errors import InputError
from hearsight.features.picture_input import PictureFit, TrainingView
from hearsight.features.sound_input import SOUND_INPUTS, SoundInput
from hearsight.losses.visual_context import (
    Divergence,
    discrimination_loss,
    divergence_loss,
    localization_loss,
    rejection_loss,
)
from hearsight.models.blocks.pairs import Pool
from hearsight.models.visual_context import VisualContextNet, VisualContextOutput
from hearsight.systems.heatmap import SMALL_SOUND, HeatMapSystem
from hearsight.systems.registry import register
from hearsight.systems.settings import TrainingSettings, check_numbers

PictureKind = Literal["squash", "short_side_crop", "squash_256"]


@dataclass(frozen=True)
class VisualContextSettings:
    """What the network is, and how its losses are weighed.

    Parameters
    ----------
    n_nodes : int
        Maps of the reasoning module; 0 leaves it out, which is the paper's baseline.
    n_foreground, n_background : int
        How many nodes are taken for those that sound, and for those that do not.
    width : int
        Filters of the first stage; 64 makes ResNet-18.
    sound_pool, loss_pool : {"max", "mean"}
        What becomes of the places of a spectrogram, and of a similarity map.
    map_dropout, feature_dropout : float
        Of the nodes' maps, and of the features they gather.
    initial_scale : float
        What cosines are multiplied with at first. It is learned, but slowly: a step of Adam moves
        it by the learning rate, so short runs should begin at 10 or more.
    discrimination_weight, divergence_weight : float
        Of the losses beside localization; 0 leaves one out.
    divergence : {"js", "kl"}
    rejection_weight : float
        Of the loss by which silence and noise, heard with every batch, fit no picture; only what
        hears learns from it. 0, as in the paper: they are never heard, and a map may rise for what
        nobody has ever heard (arXiv:2410.01020, arXiv:2508.21761).
    rejection_from : int
        The epoch, from 0, in which that begins: pictures and sounds find each other later if they
        must reject from the start.
    picture_px : int
        Height and width of what is seen.
    fit : {"squash", "short_side_crop", "squash_256"}
        How whole pictures are made square. "short_side_crop" does not see the sides.
    sound : SoundInput
        What is heard.
    """

    n_nodes: int = 16
    n_foreground: int = 8
    n_background: int = 8
    width: int = 64
    sound_pool: Pool = "max"
    loss_pool: Pool = "max"
    map_dropout: float = 0.0
    feature_dropout: float = 0.1
    initial_scale: float = 1.0
    discrimination_weight: float = 0.1
    divergence_weight: float = 0.1
    divergence: Divergence = "js"
    rejection_weight: float = 0.0
    rejection_from: int = 0
    picture_px: int = 224
    fit: PictureKind = "squash"
    sound: SoundInput = SOUND_INPUTS["visual-context"]

    def __post_init__(self) -> None:
        check_numbers(
            self,
            ("width", "n_foreground", "n_background"),
            shares=("map_dropout", "feature_dropout"),
            weights=(
                "discrimination_weight",
                "divergence_weight",
                "rejection_weight",
                "rejection_from",
            ),
        )
        if self.n_nodes and self.n_foreground + self.n_background > self.n_nodes:
            msg = (
                f"system.n_foreground {self.n_foreground} and n_background {self.n_background} "
                f"are more than n_nodes {self.n_nodes}; lower them"
            )
            raise InputError(msg)


def published_training(settings: VisualContextSettings) -> TrainingSettings:
    """Return how it was trained: Adam with a penalty, the last weights kept."""
    del settings
    return TrainingSettings(
        epochs=30,
        batch_size=128,
        learning_rate=1e-4,
        weight_decay=1e-4,
        decay="l2",
        metric="epoch",
    )


_small = functools.partial(
    VisualContextSettings, initial_scale=15.0, width=8, picture_px=64, sound=SMALL_SOUND
)


@register(
    "visual-context",
    HeatMapSystem,
    VisualContextSettings,
    published_training,
    title="Visual context semantics: which pixels make the sound, by nodes over the picture",
    paper="Zhou et al., WACV 2023",
    small=(
        _small(),
        _small(n_nodes=0),
        _small(rejection_weight=0.1),
    ),
)
def visual_context(settings: VisualContextSettings) -> HeatMapSystem:
    """Build the system."""
    network = VisualContextNet(
        n_nodes=settings.n_nodes,
        n_foreground=settings.n_foreground,
        width=settings.width,
        sound_pool=settings.sound_pool,
        map_dropout=settings.map_dropout,
        feature_dropout=settings.feature_dropout,
        initial_scale=settings.initial_scale,
    )

    def compare(output: VisualContextOutput, batch: Mapping[str, Tensor], epoch: int) -> Tensor:
        del batch, epoch
        loss = localization_loss(output.similarities, settings.loss_pool)
        if output.others.numel():
            rejection = rejection_loss(output.similarities, output.others, settings.loss_pool)
            loss = loss + settings.rejection_weight * rejection
        nodes = output.nodes
        if nodes is None:
            return loss
        n_foreground = settings.n_foreground
        apart = discrimination_loss(nodes.agreement, n_foreground, settings.n_background)
        own = output.similarities.diagonal().permute(2, 0, 1)
        alike = divergence_loss(
            nodes.maps, nodes.agreement, own, n_foreground=n_foreground, kind=settings.divergence
        )
        return loss + settings.discrimination_weight * apart + settings.divergence_weight * alike

    return HeatMapSystem(
        "visual-context",
        settings,
        network,
        settings.sound,
        PictureFit(settings.fit, settings.picture_px),
        TrainingView(settings.picture_px),
        compare,
        style="visual-context",
        rejects_from=settings.rejection_from if settings.rejection_weight else None,
    )
