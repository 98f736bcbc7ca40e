"""PSP: audio-visual events by seconds that tell one another what they hear and see.

References
----------
.. [1] J. Zhou, L. Zheng, Y. Zhong, S. Hao and M. Wang, "Positive sample propagation along the
   audio-visual event line", CVPR 2021 (arXiv:2104.00239).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor
from torch.nn import functional

from hearsight.losses.psp import psp_loss
from hearsight.models.blocks.segments import SegmentOutput
from hearsight.models.psp import PspNet, PspOutput
from hearsight.systems.av_att import SMALL_LABELS, SMALL_SIZES
from hearsight.systems.registry import register
from hearsight.systems.segments import (
    SegmentSettings,
    SegmentSystem,
    Supervision,
    supervised,
)
from hearsight.systems.settings import TrainingSettings, check_numbers

_THRESHOLDS: dict[Supervision, float] = {"full": 0.099, "weak": 0.095}
"""As published."""


@dataclass(frozen=True)
class PspSettings(SegmentSettings):
    """What the network is, and what it learns from.

    Parameters
    ----------
    threshold : float, optional
        Share of a second's similarity that another must exceed to be heard; default: as published,
        0.099, and 0.095 for weak labels.
    pair_weight : float
        Of the loss that asks for sound and picture to be alike in events only; full labels.
    dropout : float
    others
        As of `SegmentSettings`. With weak labels, what seconds say is averaged, and nothing is
        known but the clip's class: the original is also told which share of the clip it fills.
    """

    threshold: float | None = None
    pair_weight: float = 100.0
    dropout: float = 0.1

    def __post_init__(self) -> None:
        super().__post_init__()
        known = () if self.threshold is None else ("threshold",)
        check_numbers(self, (), shares=("dropout",), weights=("pair_weight", *known))


def published_training(settings: PspSettings) -> TrainingSettings:
    """Return how it was trained; the rate falls along a cosine here, and in steps there."""
    del settings
    return TrainingSettings(
        epochs=300, batch_size=128, schedule="cosine", metric="accuracy", validate_every=5
    )


_SMALL = PspSettings(n_hidden=16, n_attention=16, labels=SMALL_LABELS, sizes=SMALL_SIZES)


@register(
    "psp",
    SegmentSystem,
    PspSettings,
    published_training,
    title="Positive sample propagation: seconds tell one another what they hear and see",
    paper="Zhou et al., CVPR 2021",
    small=(_SMALL, dataclasses.replace(_SMALL, supervision="weak")),
)
def psp(settings: PspSettings) -> SegmentSystem:
    """Build the system."""
    is_weak, threshold = settings.supervision == "weak", settings.threshold
    network = PspNet(
        **settings.network,
        threshold=_THRESHOLDS[settings.supervision] if threshold is None else threshold,
        is_weak=is_weak,
        dropout=settings.dropout,
    )

    def compare(output: SegmentOutput, batch: Mapping[str, Tensor]) -> Tensor:
        assert isinstance(output, PspOutput)
        target = functional.one_hot(batch["labels"], output.logits.shape[-1])
        return psp_loss(output.logits, output.similarity, target, pair_weight=settings.pair_weight)

    weak = supervised("cross_entropy", "weak", "mean")
    return SegmentSystem.of("psp", settings, network, weak if is_weak else compare)
