"""AVDLN: finding in one modality the seconds that are known in the other, by distance.

References
----------
.. [1] Y. Tian, J. Shi, B. Li, Z. Duan and C. Xu, "Audio-visual event localization in unconstrained
   videos", ECCV 2018 (arXiv:1803.08842): audio-visual distance learning network.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from torch import Tensor

from hearsight.losses.contrastive import contrastive_loss, info_nce_loss
from hearsight.models.matching import Matched, MatchingNet
from hearsight.systems.matching import MatchingSystem
from hearsight.systems.registry import register
from hearsight.systems.segments import ClipSizes
from hearsight.systems.settings import TrainingSettings, check_numbers


@dataclass(frozen=True)
class AvdlnSettings:
    """What the network is, and by what it learns.

    Parameters
    ----------
    n_hidden, n_embedding : int
        Units of the first layers, and dimensions of the common space.
    loss : {"contrastive", "info_nce"}
        Published: pictures and sounds of one second are near in events and far in the background.
        "info_nce" asks which of the batch's sounds is a picture's own, so that it sees wrong pairs
        as well.
    margin : float
        How far apart background is pushed.
    temperature : float
        What squared distances are divided by in "info_nce".
    sizes : ClipSizes
        Of a second's features; always those of the data.
    """

    n_hidden: int = 128
    n_embedding: int = 64
    loss: Literal["contrastive", "info_nce"] = "contrastive"
    margin: float = 2.0
    temperature: float = 1.0
    sizes: ClipSizes = field(default_factory=ClipSizes)

    def __post_init__(self) -> None:
        check_numbers(self, ("n_hidden", "n_embedding", "margin", "temperature"))


def published_training(settings: AvdlnSettings) -> TrainingSettings:
    """Return how it was trained, by batches of seconds; the original keeps the last weights."""
    is_published = settings.loss == "contrastive"
    return TrainingSettings(
        epochs=20,
        # Wrong pairs are those of the batch: a few would teach little.
        batch_size=8 if is_published else 256,
        learning_rate=1e-3,
        metric="matching",
    )


_SIZES = ClipSizes(n_video=24, n_audio=16, rows=3, columns=3)


@register(
    "avdln",
    MatchingSystem,
    AvdlnSettings,
    published_training,
    title="Audio-visual distance: where in a film is this sound seen, and the reverse",
    paper="Tian et al., ECCV 2018",
    small=(
        AvdlnSettings(n_hidden=32, n_embedding=16, loss="info_nce", sizes=_SIZES),
        AvdlnSettings(n_hidden=32, n_embedding=16, sizes=_SIZES),
    ),
)
def avdln(settings: AvdlnSettings) -> MatchingSystem:
    """Build the system."""

    def compare(matched: Matched, batch: Mapping[str, Tensor]) -> Tensor:
        if settings.loss == "contrastive":
            return contrastive_loss(matched.own(), batch["is_event"], margin=settings.margin)
        rows = batch["row"]
        return info_nce_loss(
            matched.all(),
            batch["is_event"],
            is_alike=(rows[:, None] == rows) & batch["is_event"] & batch["is_event"][:, None],
            temperature=settings.temperature,
        )

    sizes = settings.sizes
    network = MatchingNet(
        n_video=sizes.n_video,
        n_audio=sizes.n_audio,
        n_hidden=settings.n_hidden,
        n_embedding=settings.n_embedding,
    )
    return MatchingSystem("avdln", settings, network, sizes, compare)
