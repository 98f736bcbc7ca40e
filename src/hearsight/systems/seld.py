"""`SeldSystem`: what training, judging and locating need to know of a system that hears SELD.

Features, network, codec and loss tied together: sound in, activity-coupled directions of each label
frame out.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from torch import Tensor, nn

from hearsight.datasets.listing import AudioFormat
from hearsight.errors import InputError
from hearsight.events.codec import Codec
from hearsight.features.extractor import Feature
from hearsight.features.frames import PictureInput, VisualMap
from hearsight.features.normalize import FeatureStatistics
from hearsight.recording.grid import LABEL_HOP_S

N_CHANNELS: dict[AudioFormat, int] = {"foa": 4, "mic": 4, "stereo": 2}


@dataclass(frozen=True, eq=False)
class SeldSystem:
    """A system for sound event localization and detection.

    Parameters
    ----------
    name : str
        By which it is registered.
    settings : frozen dataclass
        What it was built from.
    audio_format : {"foa", "mic", "stereo"}
        What it hears: Ambisonics as W, Y, Z, X in SN3D, the tetrahedral array of STARSS23, or left
        and right.
    feature : Feature
        Its frames must divide label frames of 100 ms.
    network : Module
        From features (batch, channels, frames, bins), and maps of the pictures (batch, label
        frames, 7, 7) if it sees, to what the codec decodes, (batch, label frames, ...).
    codec : Codec
    compare : callable
        The loss: from the network's output and encoded targets to a scalar.
    year : int
        Of the challenge by whose rules it is judged.
    n_window : int
        Label frames it hears at a time.
    overhang : int
        Feature frames that it hears beyond the last label frame of a window.
    sample_rate : int
        Hz.
    is_normalized : bool
        Whether features are normalized by the statistics of the training set.
    picture_input : PictureInput, optional
        What is done with pictures, if the network sees.
    statistics : FeatureStatistics, optional
        Of the training set; None before training.
    eyes : VisualMap, optional
        What makes maps of pictures, if the network sees; None before it was given.
    """

    name: str
    settings: Any
    audio_format: AudioFormat
    feature: Feature
    network: nn.Module
    codec: Codec
    compare: Callable[[Tensor, Tensor], Tensor]
    year: int
    n_window: int = 50
    overhang: int = 0
    sample_rate: int = 24000
    is_normalized: bool = True
    picture_input: PictureInput | None = None
    statistics: FeatureStatistics | None = None
    eyes: VisualMap | None = None

    def __post_init__(self) -> None:
        if self.label_samples % self.feature.hop_length:
            msg = (
                f"feature frames of {self.feature.hop_length} samples do not divide label frames "
                f"of {self.label_samples}; choose another hop"
            )
            raise InputError(msg)

    @property
    def labels(self) -> tuple[str, ...]:
        """The class list."""
        return self.codec.labels

    @property
    def sees(self) -> bool:
        """Whether the network takes maps of pictures."""
        return self.picture_input is not None

    @property
    def takes(self) -> str:
        """What it hears and sees, in a few words."""
        return f"{self.audio_format}; sees" if self.sees else self.audio_format

    @property
    def label_samples(self) -> int:
        """Samples of a label frame."""
        return round(self.sample_rate * LABEL_HOP_S)

    @property
    def frames_per_label(self) -> int:
        """Feature frames of a label frame."""
        return self.label_samples // self.feature.hop_length

    @property
    def n_window_frames(self) -> int:
        """Feature frames the network hears at a time."""
        return self.n_window * self.frames_per_label + self.overhang

    def n_labels(self, n_frames: int) -> int:
        """Return how many whole label frames there are in a recording of `n_frames` features."""
        return max(0, n_frames - self.overhang) // self.frames_per_label

    def with_statistics(self, statistics: FeatureStatistics) -> Self:
        """Return the same system with the statistics of its training set."""
        return dataclasses.replace(self, statistics=statistics)

    def with_eyes(self, network: nn.Module) -> Self:
        """Return the same system looking at pictures through a network, see `VisualMap`."""
        assert self.picture_input is not None, f"{self.name} of these settings does not see"
        return dataclasses.replace(self, eyes=VisualMap(network, self.picture_input))

    def normalize(self, features: Tensor) -> Tensor:
        """Normalize features as the network wants them.

        Parameters
        ----------
        features : Tensor, shape (..., channels, frames, bins)

        Raises
        ------
        InputError
            If statistics are needed and missing, or do not fit.
        """
        if not self.is_normalized:
            return features
        if self.statistics is None:
            msg = f"{self.name} has no feature statistics; train it or load trained weights"
            raise InputError(msg)
        return self.statistics.normalize(features)

    def output(self, batch: Mapping[str, Tensor]) -> Tensor:
        """Run the network on a batch.

        Parameters
        ----------
        batch : mapping
            `audio`: normalized features (batch, channels, frames, bins); `video` if it sees.

        Returns
        -------
        Tensor, shape (batch, label frames, ...)
            As the codec decodes.
        """
        inputs = (batch["audio"], batch["video"]) if self.sees else (batch["audio"],)
        output: Tensor = self.network(*inputs)
        return output

    def loss(self, batch: Mapping[str, Tensor], epoch: int = 0) -> Tensor:
        """Return the loss of a batch that holds `target` as well, a scalar; alike in all epochs."""
        del epoch
        return self.compare(self.output(batch), batch["target"])
