"""`VisualContextNet`: where in a picture a sound comes from, by cosines and what the picture means.

Beside the cosines of two trunks (ResNet-18 whose last stage keeps the size, so that maps have a
16th of the picture's height and width) it learns nodes: maps over the picture, each of a meaning of
its own. Some of them agree with the sound better than the others: the foreground. Their mean should
look like the cosines, so that it tells what could sound even without a sound.

Without nodes it is the baseline that the originals compare with.

References
----------
.. [1] X. Zhou et al., "Exploiting visual context semantics for sound source localization", WACV
   2023.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from hearsight.errors import InputError
from hearsight.models.blocks.normalization import counting
from hearsight.models.blocks.pairs import (
    PairEmbedding,
    Pool,
    check_pairs,
    check_pictures,
    embedded,
    exactly,
    pooled,
)
from hearsight.models.blocks.resnet import ResNet, resnet18

_FREQUENCY_MOMENTUM = 0.99
"""How much of a node's foreground frequency stays at each training step: it knows some hundred."""


@dataclass(frozen=True)
class Nodes:
    """What the reasoning module finds in pictures.

    Parameters
    ----------
    maps : Tensor, shape (batch, nodes, height, width)
        Where each node is; any numbers.
    features : Tensor, shape (batch, channels, nodes)
        What the picture holds there, summed over places.
    agreement : Tensor, shape (batch, nodes)
        Cosine of each node's features with the pair's sound.
    """

    maps: Tensor
    features: Tensor
    agreement: Tensor


@dataclass(frozen=True)
class VisualContextOutput:
    """What the network finds.

    Parameters
    ----------
    embedding : PairEmbedding
    similarities : Tensor, shape (pictures, pictures, height, width)
        Cosines of every picture with every picture's sound, times the learned scale.
    others : Tensor, shape (pictures, other sounds, height, width)
        The same with the sounds that no picture has made. From these only what hears can learn:
        a picture has nothing to learn from what is not in it.
    nodes : Nodes or None
        None: the network has none.
    """

    embedding: PairEmbedding
    similarities: Tensor
    others: Tensor
    nodes: Nodes | None


class VisualContextNet(nn.Module):
    """Two trunks and a module that reasons about the picture.

    Parameters
    ----------
    n_nodes : int
        0: no reasoning module, the baseline.
    n_foreground : int
        Nodes that are taken for foreground; for `visual_map`.
    width : int
        Filters of the trunks' first stages; their maps have eight times as many channels.
    sound_pool : {"max", "mean"}
        How the map of a spectrogram becomes one vector.
    map_dropout, feature_dropout : float
        Of the nodes' maps, and of the picture's map that they are summed over.
    initial_scale : float
        What cosines are multiplied with before anything is learned.

    Raises
    ------
    InputError
        If there are less nodes than foreground.
    """

    foreground_frequency: Tensor

    def __init__(
        self,
        *,
        n_nodes: int = 16,
        n_foreground: int = 8,
        width: int = 64,
        sound_pool: Pool = "max",
        map_dropout: float = 0.0,
        feature_dropout: float = 0.1,
        initial_scale: float = 1.0,
    ) -> None:
        super().__init__()
        if n_nodes and not 1 <= n_foreground <= n_nodes:
            msg = f"n_foreground must be 1 to n_nodes = {n_nodes}, got {n_foreground}"
            raise InputError(msg)
        self.picture_trunk = resnet18(None, n_filters=width, last_stride=1)
        self.sound_trunk = resnet18(None, n_inputs=1, n_filters=width, last_stride=1)
        self.sound_pool = sound_pool
        self.scale = nn.Parameter(torch.full((1,), initial_scale))
        self.n_foreground = n_foreground
        self.map_dropout, self.feature_dropout = (
            nn.Dropout(map_dropout),
            nn.Dropout(feature_dropout),
        )
        n_channels = self.picture_trunk.n_channels
        self.nodes = nn.Conv2d(n_channels, n_nodes, 1, bias=False) if n_nodes else None
        if n_nodes:
            self.register_buffer("foreground_frequency", torch.zeros(n_nodes))

    def forward(self, pictures: Tensor, sounds: Tensor) -> VisualContextOutput:
        """Embed pictures and sounds, and find the nodes.

        In training it keeps in mind how often each node was foreground.

        Parameters
        ----------
        pictures : Tensor, shape (batch, 3, height, width)
        sounds : Tensor, shape (batch or more, 1, bins, frames)
            Those of the pictures first, then such as no picture has made.

        Returns
        -------
        VisualContextOutput

        Raises
        ------
        InputError
            If the shapes are others.
        """
        check_pairs(pictures, sounds, may_be_more=True)
        maps = self.picture_trunk(pictures)
        n_pairs = len(pictures)
        with counting(self.sound_trunk, n_pairs):
            vectors = pooled(self.sound_trunk(sounds), self.sound_pool)
        embedding = embedded(maps, vectors[:n_pairs])
        elsewhere = PairEmbedding(
            embedding.pictures.detach(), functional.normalize(vectors[n_pairs:], dim=-1)
        )
        nodes = None if self.nodes is None else self._reason(maps, embedding.sounds)
        if self.training and nodes is not None:
            self._note_foreground(nodes.agreement)
        others = self.scale.detach() * elsewhere.cosines()
        return VisualContextOutput(embedding, self.scale * embedding.cosines(), others, nodes)

    def cosine(self, pictures: Tensor, sounds: Tensor) -> Tensor:
        """Map where each picture fits its sound, in [-1, 1]; shape (batch, height, width)."""
        return self(pictures, sounds).embedding.own_cosines().clamp(-1, 1)

    def visual_map(self, pictures: Tensor) -> Tensor:
        """Map what could sound, without a sound.

        Parameters
        ----------
        pictures : Tensor, shape (batch, 3, height, width)

        Returns
        -------
        Tensor, shape (batch, height, width)
            Any numbers: the mean of the nodes that were foreground most often in training; of all
            nodes where that is not known, as with published weights.

        Raises
        ------
        InputError
            If the network has no nodes, or pictures have another shape.
        """
        if self.nodes is None:
            msg = "this network has no nodes to see sounds by; build it with n_nodes"
            raise InputError(msg)
        check_pictures(pictures)
        maps: Tensor = self.nodes(self.picture_trunk(pictures))
        if self.foreground_frequency.any():
            maps = maps[:, self.foreground_frequency.topk(self.n_foreground).indices]
        return maps.mean(dim=1)

    def start_from(self, trained: ResNet) -> None:
        """Give what sees the weights of a ResNet-18 that knows ImageNet.

        Raises
        ------
        InputError
            If its filters are not those of this network.
        """
        self.picture_trunk.start_from(trained)

    def _reason(self, maps: Tensor, sounds: Tensor) -> Nodes:
        assert self.nodes is not None
        found = self.map_dropout(self.nodes(maps))
        features = exactly("bchw,bkhw->bck", self.feature_dropout(maps), found)
        return Nodes(found, features, node_agreement(features, sounds))

    @torch.no_grad()
    def _note_foreground(self, agreement: Tensor) -> None:
        chosen = agreement.topk(self.n_foreground, dim=1).indices
        frequency = torch.zeros_like(agreement).scatter_(1, chosen, 1.0).mean(dim=0)
        frequency = frequency.to(self.foreground_frequency)
        self.foreground_frequency.lerp_(frequency, 1 - _FREQUENCY_MOMENTUM)


def node_agreement(features: Tensor, sounds: Tensor) -> Tensor:
    """Compare what nodes hold with the pair's sound.

    Parameters
    ----------
    features : Tensor, shape (batch, channels, nodes)
    sounds : Tensor, shape (batch, channels)
        Of length 1.

    Returns
    -------
    Tensor, shape (batch, nodes)
        Cosines.
    """
    return exactly("bck,bc->bk", functional.normalize(features, dim=1), sounds)
