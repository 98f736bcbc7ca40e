"""DMRN: AV-att with a residual network between sound and picture in place of its head.

References
----------
.. [1] Y. Tian, J. Shi, B. Li, Z. Duan and C. Xu, "Audio-visual event localization in unconstrained
   videos", ECCV 2018 (arXiv:1803.08842).
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from hearsight.models.dmrn import DmrnNet
from hearsight.systems.av_att import SMALL_LABELS, SMALL_SIZES
from hearsight.systems.registry import register
from hearsight.systems.segments import (
    ClassifyingSettings,
    SegmentSystem,
)
from hearsight.systems.settings import TrainingSettings, check_numbers


@dataclass(frozen=True)
class DmrnSettings(ClassifyingSettings):
    """What the network is, and what it learns from.

    Parameters
    ----------
    n_blocks : int
        Residual blocks, one after the other.
    shares_blocks : bool
        Whether they have the same weights, as in the code.
    swaps_streams : bool
        Whether each block hands its sound on as the picture, as in the code; no matter for one.
    n_members : int
        2 for the paper's DMRFE: blocks and heads of their own, whose answers are averaged.
    others
        As of `ClassifyingSettings`.
    """

    n_blocks: int = 1
    shares_blocks: bool = True
    swaps_streams: bool = True
    n_members: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        check_numbers(self, ("n_blocks", "n_members"))


def published_training(settings: DmrnSettings) -> TrainingSettings:
    """Return how it was trained, beginning with the weights of AV-att (`data.start`)."""
    del settings
    return TrainingSettings(
        epochs=300, batch_size=64, schedule="late_tenth", metric="accuracy", validate_every=5
    )


_SMALL = DmrnSettings(n_hidden=16, n_attention=16, labels=SMALL_LABELS, sizes=SMALL_SIZES)


@register(
    "dmrn",
    SegmentSystem,
    DmrnSettings,
    published_training,
    title="Dual multimodal residual network: sound and picture corrected by one another",
    paper="Tian et al., ECCV 2018",
    small=(_SMALL, dataclasses.replace(_SMALL, n_blocks=3, shares_blocks=False, n_members=2)),
)
def dmrn(settings: DmrnSettings) -> SegmentSystem:
    """Build the system."""
    network = DmrnNet(
        **settings.network,
        n_blocks=settings.n_blocks,
        shares_blocks=settings.shares_blocks,
        swaps_streams=settings.swaps_streams,
        n_members=settings.n_members,
    )
    return SegmentSystem.of("dmrn", settings, network, settings.compare)
