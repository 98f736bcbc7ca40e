"""`MatchingNet`: pictures and sounds of one second as points of one space, near if they belong.

Two branches, one for vectors of pictures and one for vectors of sounds, share nothing but the space
they end in, which is not normalized: only distances mean something. Weights start as in the
original, uniform by Glorot without biases.

References
----------
.. [1] Y. Tian et al., "Audio-visual event localization in unconstrained videos", ECCV 2018
   (arXiv:1803.08842): cross-modality localization, "AVDLN".
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from hearsight.errors import InputError

_SLOPE = 0.3  # of the branches below zero
_LEAST_SQUARE = 1e-7  # keeps the gradient of the root finite


@dataclass(frozen=True)
class Matched:
    """Points of pictures and sounds.

    Parameters
    ----------
    video, audio : Tensor, shape (..., n_embedding)
    """

    video: Tensor
    audio: Tensor

    def own(self) -> Tensor:
        """Return how far each picture is from its own sound; shape (...), at least 3.2e-4."""
        squares = (self.video.float() - self.audio.float()).square().sum(dim=-1)
        return squares.clamp(min=_LEAST_SQUARE).sqrt()

    def all(self) -> Tensor:
        """Return how far every picture is from every sound.

        Returns
        -------
        Tensor, shape (..., pictures, sounds)
            At least 3.2e-4. The second to last axis of the points tells pictures, and sounds.
        """
        # Not by products of matrices, which round away what tells near points apart.
        distances = torch.cdist(
            self.video.float(),
            self.audio.float(),
            compute_mode="donot_use_mm_for_euclid_dist",
        )
        return distances.clamp(min=_LEAST_SQUARE**0.5)


class MatchingNet(nn.Module):
    """A branch of two layers for pictures and one for sounds.

    Parameters
    ----------
    n_video, n_audio : int
        Numbers that describe the picture, and the sound, of a second: 512 of VGG-19 (the mean of
        its map) and 128 of VGGish in the original.
    n_hidden : int
        Units of the first layers.
    n_embedding : int
        Dimensions of the common space.
    """

    def __init__(
        self, *, n_video: int = 512, n_audio: int = 128, n_hidden: int = 128, n_embedding: int = 64
    ) -> None:
        super().__init__()
        self.video_branch = _branch(n_video, n_hidden, n_embedding)
        self.audio_branch = _branch(n_audio, n_hidden, n_embedding)

    def forward(self, video: Tensor, audio: Tensor) -> Matched:
        """Embed pictures and sounds.

        Parameters
        ----------
        video : Tensor, shape (..., n_video)
        audio : Tensor, shape (..., n_audio)

        Returns
        -------
        Matched

        Raises
        ------
        InputError
            If a last axis is of another length.
        """
        return Matched(self.embed_video(video), self.embed_audio(audio))

    def embed_video(self, video: Tensor) -> Tensor:
        """Return the points of pictures: (..., n_video) to (..., n_embedding)."""
        return _embed(self.video_branch, video, "video")

    def embed_audio(self, audio: Tensor) -> Tensor:
        """Return the points of sounds: (..., n_audio) to (..., n_embedding)."""
        return _embed(self.audio_branch, audio, "audio")


def _branch(n_inputs: int, n_hidden: int, n_embedding: int) -> nn.Sequential:
    layers = nn.Linear(n_inputs, n_hidden), nn.Linear(n_hidden, n_embedding)
    for layer in layers:
        nn.init.xavier_uniform_(layer.weight)
        nn.init.zeros_(layer.bias)
    return nn.Sequential(layers[0], nn.LeakyReLU(_SLOPE), layers[1])


def _embed(branch: nn.Sequential, vectors: Tensor, name: str) -> Tensor:
    expected = branch[0].in_features
    if vectors.ndim == 0 or vectors.shape[-1] != expected:
        msg = (
            f"{name} must have shape (..., {expected}), got {tuple(vectors.shape)}; give features "
            "of the encoders that the network was trained with"
        )
        raise InputError(msg)
    points: Tensor = branch(vectors)
    return points
