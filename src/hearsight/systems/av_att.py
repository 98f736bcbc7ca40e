"""AV-att: audio-visual events by attention that the sound guides, learned from seconds or clips.

References
----------
.. [1] Y. Tian, J. Shi, B. Li, Z. Duan and C. Xu, "Audio-visual event localization in unconstrained
   videos", ECCV 2018 (arXiv:1803.08842).
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from hearsight.models.av_att import AvAttNet, FusionPlace, Modalities
from hearsight.models.blocks.stream_fusion import FusionKind
from hearsight.systems.registry import register
from hearsight.systems.segments import (
    ClassifyingSettings,
    ClipSizes,
    SegmentSystem,
)
from hearsight.systems.settings import TrainingSettings

SMALL_SIZES = ClipSizes(n_video=24, n_audio=16, rows=3, columns=3)
SMALL_LABELS = ("bell", "knock", "door")


@dataclass(frozen=True)
class AvAttSettings(ClassifyingSettings):
    """What the network is, and what it learns from.

    Parameters
    ----------
    modalities : {"both", "audio", "video"}
        What it is given; one of them for the paper's baselines A and V.
    attends : bool
        Whether the sound says where to look; if not, all places count alike.
    fusion : str
        How sound and picture are brought together; concatenated as published.
    fusion_at : {"late", "early", "decision"}
        After the recurrent layers, before them, or by the mean of two answers.
    others
        As of `ClassifyingSettings`.
    """

    modalities: Modalities = "both"
    attends: bool = True
    fusion: FusionKind = "concat"
    fusion_at: FusionPlace = "late"


def published_training(settings: AvAttSettings) -> TrainingSettings:
    """Return how it was trained: Adam, a tenth of the rate for the last twelve epochs."""
    is_weak = settings.supervision == "weak"
    return TrainingSettings(
        epochs=250 if is_weak else 300,
        batch_size=64,
        schedule="constant" if is_weak else "late_tenth",
        # The original keeps the last of its weak weights, though it means to keep the best.
        metric="epoch" if is_weak and settings.parity else "accuracy",
        validate_every=5,
    )


def _small(**changes: object) -> AvAttSettings:
    small = AvAttSettings(n_hidden=48, n_attention=32, labels=SMALL_LABELS, sizes=SMALL_SIZES)
    return dataclasses.replace(small, **changes)  # type: ignore[arg-type]


@register(
    "av-att",
    SegmentSystem,
    AvAttSettings,
    published_training,
    title="Audio-visual events: which seconds are both heard and seen, by guided attention",
    paper="Tian et al., ECCV 2018",
    small=(
        _small(),
        _small(supervision="weak"),
        _small(supervision="weak", pool="mean"),
        _small(modalities="audio"),
        _small(modalities="video"),
        _small(attends=False),
        _small(audio_axis="hidden", fusion="gated", fusion_at="early"),
    ),
)
def av_att(settings: AvAttSettings) -> SegmentSystem:
    """Build the system."""
    network = AvAttNet(
        **settings.network,
        modalities=settings.modalities,
        attends=settings.attends,
        fusion=settings.fusion,
        fusion_at=settings.fusion_at,
    )
    return SegmentSystem.of("av-att", settings, network, settings.compare)
