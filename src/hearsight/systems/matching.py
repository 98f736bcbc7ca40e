"""`MatchingSystem`: what training, judging and searching need of a system that matches seconds.

A second's picture and a second's sound become points of one space; how near they are tells whether
they belong together.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import torch
from torch import Tensor

from hearsight.features.clips import ClipFeatures
from hearsight.features.frames import VisualMap
from hearsight.models.matching import Matched, MatchingNet
from hearsight.systems.encoders import ClipEncoders
from hearsight.systems.segments import ClipSizes


@dataclass(frozen=True, eq=False)
class MatchingSystem:
    """A system that finds the seconds of one modality in the other.

    Parameters
    ----------
    name : str
        By which it is registered.
    settings : frozen dataclass
        What it was built from.
    network : MatchingNet
    sizes : ClipSizes
    compare : callable
        The loss: from points and the batch to a scalar.
    encoders : ClipEncoders, optional
        What makes its input of a video; None where it has only seen features.
    """

    name: str
    settings: Any
    network: MatchingNet
    sizes: ClipSizes
    compare: Callable[[Matched, Mapping[str, Tensor]], Tensor]
    encoders: ClipEncoders | None = None

    eyes: VisualMap | None = None

    @property
    def labels(self) -> tuple[str, ...]:
        """None: it names nothing."""
        return ()

    @property
    def takes(self) -> str:
        """What it hears and sees, in a few words."""
        return "any sound, as mono; sees"

    def loss(self, batch: Mapping[str, Tensor], epoch: int = 0) -> Tensor:
        """Return the loss of a batch, a scalar.

        Parameters
        ----------
        batch : mapping
            `video` (batch, channels) and `audio` (batch, channels) of seconds, `is_event` (batch,):
            which are of an event, and `row` (batch,): of which clip they are.
        epoch : int
            Makes no difference.
        """
        del epoch
        return self.compare(self.network(batch["video"], batch["audio"]), batch)

    @torch.no_grad()
    def embed(self, features: ClipFeatures) -> tuple[Tensor | None, Tensor | None]:
        """Return the points of a clip's pictures and sounds, (seconds, dimensions) each.

        None of what it does not have.
        """
        place = next(self.network.parameters()).device
        video = audio = None
        if features.video is not None:
            maps = torch.from_numpy(features.video).to(place)
            video = self.network.embed_video(maps.mean(dim=(1, 2)))
        if features.audio is not None:
            audio = self.network.embed_audio(torch.from_numpy(features.audio).to(place))
        return video, audio

    def with_encoders(self, encoders: ClipEncoders | None) -> Self:
        """Return the same system with what makes its input."""
        return dataclasses.replace(self, encoders=encoders)
