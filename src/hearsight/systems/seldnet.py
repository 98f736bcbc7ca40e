"""SELDnet: the challenge's baselines of 2022 to 2025.

A convolutional recurrent network with self-attention. 2022 has no attention; 2023 is the reference;
2024 adds distances and a picture; 2025 hears stereo, and tells whether a source is in the picture.

References
----------
.. [1] S. Adavanne et al., "Sound event localization and detection of overlapping sources using
   convolutional recurrent neural networks", IEEE JSTSP 13(1), 2019.
.. [2] K. Shimada et al., "STARSS23: An audio-visual dataset of spatial recordings of real scenes
   with spatiotemporal annotations of sound events", NeurIPS 2023.
.. [3] D. Krause, A. Politis and A. Mesaros, "Sound event detection and localization with distance
   estimation", EUSIPCO 2024.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Literal

from hearsight.datasets.listing import AudioFormat
from hearsight.errors import InputError
from hearsight.events.accdoa import Accdoa
from hearsight.events.classes import DCASE_2022
from hearsight.events.codec import Components, check_labels
from hearsight.events.multi_accdoa import MultiAccdoa
from hearsight.features.extractor import Feature
from hearsight.features.frames import Crop, PictureInput
from hearsight.features.gcc import LogGcc
from hearsight.features.intensity import LogIntensity
from hearsight.features.mel import LogSpectrum
from hearsight.features.salsa import SalsaLite
from hearsight.losses.accdoa import accdoa_loss
from hearsight.losses.adpit import N_TRACKS, adpit_loss
from hearsight.models.seldnet import Activation, SeldNet
from hearsight.systems.registry import register
from hearsight.systems.seld import N_CHANNELS, SeldSystem
from hearsight.systems.settings import TrainingSettings

Year = Literal[2022, 2023, 2024, 2025]
MicFeature = Literal["gcc", "salsa_lite"]
Output = Literal["multi_accdoa", "accdoa"]


@dataclass(frozen=True)
class SeldnetSettings:
    """Which of the baselines it is, and its size.

    Parameters
    ----------
    year : {2022, 2023, 2024, 2025}
        Whose components, activations and scores; 2025 hears stereo.
    audio_format : {"foa", "mic", "stereo"}
    mic_feature : {"gcc", "salsa_lite"}
        For "mic".
    output : {"multi_accdoa", "accdoa"}
        Up to three instances of a class at a time, or one.
    sees : bool
        Whether it sees a picture as well; 2024 and 2025.
    crop : {"none", "center"}
        Whether it sees the whole picture, squeezed, or as the baselines the center.
    labels : tuple of str
        The class list.
    n_window : int
        Label frames of 100 ms heard at a time.
    n_filters, rnn_size, fnn_size : int
        Channels of the convolutions, of each direction of the recurrent layers, of the last but one
        layer.
    n_rnn_layers : int
    n_attention_layers : int, optional
        Default: none in 2022, later two. In 2022 they replace what they are given, as there.
    n_heads : int, optional
        Of the attention; default: 4 in 2022, later 8.
    dropout : float
    """

    year: Year = 2023
    audio_format: AudioFormat = "foa"
    mic_feature: MicFeature = "gcc"
    output: Output = "multi_accdoa"
    sees: bool = False
    crop: Crop = "none"
    labels: tuple[str, ...] = DCASE_2022
    n_window: int = 50
    n_filters: int = 64
    rnn_size: int = 128
    fnn_size: int = 128
    n_rnn_layers: int = 2
    n_attention_layers: int | None = None
    n_heads: int | None = None
    dropout: float = 0.05

    def __post_init__(self) -> None:
        check_labels(self.labels)
        if (self.year == 2025) != (self.audio_format == "stereo"):
            msg = (
                f"system.year {self.year} does not go with system.audio_format "
                f"{self.audio_format}; 2025 hears stereo, the other years foa or mic"
            )
            raise InputError(msg)
        if self.sees and self.year < 2024:
            msg = f"SELDnet of {self.year} has no eyes; set system.year to 2024 or 2025"
            raise InputError(msg)
        sizes = (self.n_window, self.n_filters, self.rnn_size, self.fnn_size, self.n_rnn_layers)
        if min(sizes) < 1 or self.attention_layers < 0 or self.heads < 1:
            msg = "sizes and layers of the system must be at least 1 (n_attention_layers 0)"
            raise InputError(msg)
        if self.rnn_size % self.heads:
            msg = (
                f"system.rnn_size {self.rnn_size} is no multiple of system.n_heads {self.heads}; "
                "change one of them"
            )
            raise InputError(msg)
        if not 0.0 <= self.dropout < 1.0:
            msg = f"system.dropout must lie in [0, 1), got {self.dropout:g}"
            raise InputError(msg)

    @property
    def attention_layers(self) -> int:
        """How many attention layers there are."""
        if self.n_attention_layers is not None:
            return self.n_attention_layers
        return 0 if self.year == 2022 else 2

    @property
    def heads(self) -> int:
        """How many heads they have."""
        if self.n_heads is not None:
            return self.n_heads
        return 4 if self.year == 2022 else 8


def published_training(settings: SeldnetSettings) -> TrainingSettings:
    """Return how the baseline of a year was trained.

    All by Adam with 1e-3, the best weights chosen by the SELD score (2022, 2023) or F (2024, 2025).
    """
    epochs = {2022: 100, 2023: 100, 2024: 250, 2025: 200}[settings.year]
    batch_size = 256 if settings.year == 2025 else 128
    metric = "seld_score" if settings.year < 2024 else "f_score"
    return TrainingSettings(epochs=epochs, batch_size=batch_size, metric=metric)


_small = functools.partial(
    SeldnetSettings, n_window=10, n_filters=8, rnn_size=16, fnn_size=16, dropout=0.0
)


@register(
    "seldnet",
    SeldSystem,
    SeldnetSettings,
    published_training,
    title="SELDnet, the DCASE challenge's baselines of 2022 to 2025",
    paper="Adavanne et al., IEEE JSTSP 2019; Shimada et al., NeurIPS 2023",
    small=(
        _small(),
        _small(year=2022, n_attention_layers=1),
        _small(audio_format="mic"),
        _small(audio_format="mic", mic_feature="salsa_lite", output="accdoa"),
        _small(year=2024),
        _small(year=2024, sees=True),
        _small(year=2025, audio_format="stereo"),
        _small(year=2025, audio_format="stereo", sees=True),
    ),
)
def seldnet(settings: SeldnetSettings) -> SeldSystem:
    """Build SELDnet with random weights."""
    components = Components.of_year(settings.year, video=settings.sees)
    is_multi = settings.output == "multi_accdoa"
    feature = _feature(settings)
    network = SeldNet(
        feature.n_channels(N_CHANNELS[settings.audio_format]),
        feature.n_bins,
        len(settings.labels),
        n_tracks=N_TRACKS if is_multi else None,
        activations=_activations(settings, components),
        n_filters=settings.n_filters,
        rnn_size=settings.rnn_size,
        n_rnn_layers=settings.n_rnn_layers,
        n_attention_layers=settings.attention_layers,
        n_heads=settings.heads,
        is_residual=settings.year > 2022,
        n_picture_layers=2 if settings.sees else 0,
        fnn_size=settings.fnn_size,
        dropout=settings.dropout,
    )
    compare = adpit_loss if is_multi else accdoa_loss
    return SeldSystem(
        name="seldnet",
        settings=settings,
        audio_format=settings.audio_format,
        feature=feature,
        network=network,
        codec=(MultiAccdoa if is_multi else Accdoa)(settings.labels, components),
        compare=functools.partial(compare, on_screen=components.on_screen),
        year=settings.year,
        n_window=settings.n_window,
        overhang=1 if settings.year == 2025 else 0,
        is_normalized=settings.year < 2025,
        picture_input=PictureInput(settings.crop) if settings.sees else None,
    )


def _activations(settings: SeldnetSettings, components: Components) -> list[Activation]:
    """Return what bounds each component: nothing in 2024, whose distances have no bound."""
    if settings.year == 2024:
        return ["none"] * len(components)
    bounds: dict[str, Activation] = {"distance": "relu", "on_screen": "sigmoid"}
    return [bounds.get(name, "tanh") for name in components.names]


def _feature(settings: SeldnetSettings) -> Feature:
    if settings.audio_format == "foa":
        return LogIntensity.dcase2023()
    if settings.audio_format == "stereo":
        return LogSpectrum.dcase2025()
    return LogGcc.dcase2020() if settings.mic_feature == "gcc" else SalsaLite.dcase2022()
