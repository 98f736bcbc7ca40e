"""AV-att: audio-visual events by attention that the sound guides, learned from seconds or clips.

References
----------
.. [1] Y. Tian, J. Shi, B. Li, Z. Duan and C. Xu, "Audio-visual event localization in unconstrained
   videos", ECCV 2018 (arXiv:1803.08842).
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field

from hearsight.losses.av_att import ClassLoss, SegmentPool
from hearsight.models.av_att import AvAttNet, FusionPlace, Modalities
from hearsight.models.blocks.guided_attention import AudioAxis
from hearsight.models.blocks.stream_fusion import FusionKind
from hearsight.systems.heatmap import check_numbers
from hearsight.systems.registry import register
from hearsight.systems.segments import (
    ClipSizes,
    SegmentSystem,
    Supervision,
    chosen_labels,
    supervised,
)
from hearsight.systems.settings import TrainingSettings

SMALL_SIZES = ClipSizes(n_video=24, n_audio=16, rows=3, columns=3)
SMALL_LABELS = ("bell", "knock", "door")


@dataclass(frozen=True)
class AvAttSettings:
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
    supervision : {"full", "weak"}
        Whether it learns from labels of seconds, or of whole clips.
    pool : {"max", "mean"}
        What the scores of seconds become for a clip, if supervision is weak: the paper has the
        mean, its code the greatest.
    loss : {"cross_entropy", "bce", "softmargin_on_probs"}
        The paper has the cross-entropy, its code the multi-label soft margin of probabilities.
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
        The class list; default: that of the data.
    sizes : ClipSizes
        Of a second's features; always those of the data.
    """

    modalities: Modalities = "both"
    attends: bool = True
    fusion: FusionKind = "concat"
    fusion_at: FusionPlace = "late"
    supervision: Supervision = "full"
    pool: SegmentPool = "max"
    loss: ClassLoss = "cross_entropy"
    audio_axis: AudioAxis = "region"
    n_hidden: int = 128
    n_attention: int = 512
    parity: bool = False
    labels: tuple[str, ...] = ()
    sizes: ClipSizes = field(default_factory=ClipSizes)

    def __post_init__(self) -> None:
        check_numbers(self, ("n_hidden", "n_attention"))


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
    labels, sizes = chosen_labels(settings.labels), settings.sizes
    network = AvAttNet(
        n_classes=len(labels) + 1,
        n_video=sizes.n_video,
        n_audio=sizes.n_audio,
        n_hidden=settings.n_hidden,
        n_attention=settings.n_attention,
        n_regions=sizes.rows * sizes.columns,
        audio_axis=settings.audio_axis,
        modalities=settings.modalities,
        attends=settings.attends,
        fusion=settings.fusion,
        fusion_at=settings.fusion_at,
    )
    loss: ClassLoss = "softmargin_on_probs" if settings.parity else settings.loss
    return SegmentSystem(
        "av-att",
        settings,
        network,
        labels,
        sizes,
        supervised(loss, settings.supervision, settings.pool),
        settings.supervision,
        settings.parity,
    )
