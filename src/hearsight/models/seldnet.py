"""`SeldNet`: convolutions, recurrence and self-attention, from features to SELD outputs.

One network is every PyTorch baseline of the DCASE challenge, 2022 to 2025; the defaults are the
audio network of 2023. The others by their arguments:

- 2022: `n_attention_layers=0`; with its optional attention `n_attention_layers=1, n_heads=4,
  is_residual=False`.
- 2024: `activations=("none",) * 4`, the fourth component being the distance.
- 2025: `activations=("tanh", "tanh", "relu")` for x, y and distance; with pictures one more,
  `"sigmoid"`, for on-screen.
- With pictures (2024, 2025): `n_picture_layers=2`.
- Single ACCDOA (any year): `n_tracks=None`.

The unused prototype of a decoder layer in the audio-visual originals does not exist here.

References
----------
.. [1] S. Adavanne et al., "Sound event localization and detection of overlapping sources using
   convolutional recurrent neural networks", IEEE JSTSP 13(1), 2019.
.. [2] P. Sudarsanam et al., "Assessment of self-attention on learned features for sound event
   localization and detection", DCASE Workshop 2021.
.. [3] K. Shimada et al., "STARSS23: An audio-visual dataset of spatial recordings of real scenes
   with spatiotemporal annotations of sound events", NeurIPS 2023.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from hearsight.errors import InputError, nearest

Activation = Literal["none", "relu", "sigmoid", "tanh"]

_ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "none": lambda values: values,
    "relu": torch.relu,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
}


class SeldNet(nn.Module):
    """A convolutional recurrent network with self-attention, that may see pictures as well.

    Blocks of convolution and pooling bring feature frames to label frames, two-way GRUs and
    attention layers relate these to each other, decoder layers to the pictures, and linear layers
    give the activity-coupled components of each class.

    Parameters
    ----------
    n_channels, n_bins : int
        Of the features.
    n_classes : int
    n_tracks : int or None
        Instances of a class at a time; None: one, and the output has no axis of tracks.
    activations : sequence of {"none", "relu", "sigmoid", "tanh"}
        What bounds each component of the output; there are as many components.
    n_filters : int
        Channels of the convolutions.
    time_pools, bin_pools : sequence of int
        What the blocks divide frames and bins by, one for each block. The product of `time_pools`
        is the feature frames of a label frame.
    rnn_size, n_rnn_layers : int
        Of each direction of the GRUs.
    n_attention_layers, n_heads : int
    is_residual : bool
        Whether attention layers add to what they are given, and normalize; otherwise they replace
        it by a tanh.
    n_picture_layers : int
        Decoder layers that look at pictures; 0: the network has no eyes.
    picture_shape : tuple of two int
        Rows and columns of the map that stands for a picture.
    fnn_size, n_fnn_layers : int
        Of the linear layers before the last.
    dropout : float
        In all but the picture layers.
    picture_dropout : float
        In the picture layers.

    Raises
    ------
    InputError
        If an activation has another name, there is one pool for time without one for bins, or
        pooling leaves no bins.
    """

    def __init__(
        self,
        n_channels: int,
        n_bins: int,
        n_classes: int,
        *,
        n_tracks: int | None = 3,
        activations: Sequence[Activation] = ("tanh", "tanh", "tanh"),
        n_filters: int = 64,
        time_pools: Sequence[int] = (5, 1, 1),
        bin_pools: Sequence[int] = (4, 4, 2),
        rnn_size: int = 128,
        n_rnn_layers: int = 2,
        n_attention_layers: int = 2,
        n_heads: int = 8,
        is_residual: bool = True,
        n_picture_layers: int = 0,
        picture_shape: tuple[int, int] = (7, 7),
        fnn_size: int = 128,
        n_fnn_layers: int = 1,
        dropout: float = 0.05,
        picture_dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self.input_size = (n_channels, n_bins)
        self.frames_per_label = math.prod(time_pools)
        self.activations = tuple(activations)
        # Components before classes, as the originals have them.
        tracks = () if n_tracks is None else (n_tracks,)
        self.head_shape = (*tracks, len(self.activations), n_classes)
        _check_activations(self.activations)
        n_pooled = _n_pooled(n_bins, time_pools, bin_pools)
        channels = itertools.pairwise([n_channels, *[n_filters] * len(time_pools)])
        pools = zip(time_pools, bin_pools, strict=True)
        self.convolutions = nn.Sequential(
            *(
                ConvolutionBlock(*sizes, pool, dropout)
                for sizes, pool in zip(channels, pools, strict=True)
            )
        )
        self.gru = nn.GRU(
            n_filters * n_pooled,
            rnn_size,
            n_rnn_layers,
            batch_first=True,
            dropout=dropout if n_rnn_layers > 1 else 0.0,
            bidirectional=True,
        )
        self.attention = nn.Sequential(
            *(
                AttentionLayer(rnn_size, n_heads, dropout, is_residual=is_residual)
                for _ in range(n_attention_layers)
            )
        )
        self.picture = (
            PictureLayers(picture_shape, rnn_size, n_heads, n_picture_layers, picture_dropout)
            if n_picture_layers
            else None
        )
        linear_sizes = [rnn_size, *[fnn_size] * n_fnn_layers, math.prod(self.head_shape)]
        # No activation between them, as in the original.
        self.head = nn.Sequential(*(nn.Linear(*pair) for pair in itertools.pairwise(linear_sizes)))

    def forward(self, audio: Tensor, video: Tensor | None = None) -> Tensor:
        """Find what sounds where.

        Parameters
        ----------
        audio : Tensor, shape (batch, channels, frames, bins)
            Features; frames beyond the last whole label frame are left out.
        video : Tensor, shape (batch, label frames, rows, columns), optional
            A map for each label frame, for a network that sees; their number may differ.

        Returns
        -------
        Tensor, shape (batch, label frames, tracks, classes, components)
            As `hearsight.events.multi_accdoa.MultiAccdoa` decodes it; without the axis of tracks,
            as `Accdoa` does, if the network has none.

        Raises
        ------
        InputError
            If channels or bins are not those of the network, frames are less than one label frame,
            or pictures are missing, not asked for or of another shape.
        """
        self._check(audio, video)
        # With the channels side by side in memory a training step on a CPU takes a quarter less.
        maps: Tensor = self.convolutions(audio.contiguous(memory_format=torch.channels_last))
        heard, _ = self.gru(maps.transpose(1, 2).flatten(2))
        forward, backward = torch.tanh(heard).chunk(2, dim=-1)
        frames = self.attention(backward * forward)
        if self.picture is not None:
            frames = self.picture(frames, video)
        return self._bounded(self.head(frames).unflatten(-1, self.head_shape))

    def _bounded(self, output: Tensor) -> Tensor:
        """Apply the activations to (..., components, classes) and put the components last."""
        if len(set(self.activations)) == 1:
            return _ACTIVATIONS[self.activations[0]](output.transpose(-1, -2))
        values = zip(self.activations, output.unbind(-2), strict=True)
        return torch.stack([_ACTIVATIONS[name](value) for name, value in values], dim=-1)

    def _check(self, audio: Tensor, video: Tensor | None) -> None:
        n_channels, n_bins = self.input_size
        if audio.ndim != 4 or (audio.shape[1], audio.shape[3]) != self.input_size:
            msg = (
                f"audio must have shape (batch, {n_channels}, frames, {n_bins}), got "
                f"{tuple(audio.shape)}; use the feature that the network was made for"
            )
            raise InputError(msg)
        if audio.shape[2] < self.frames_per_label:
            msg = f"audio has {audio.shape[2]} frames; a label frame takes {self.frames_per_label}"
            raise InputError(msg)
        if (video is None) != (self.picture is None):
            verb = "needs" if video is None else "does not take"
            msg = f"this network {verb} video; see n_picture_layers"
            raise InputError(msg)
        if video is not None and self.picture is not None:
            self.picture.check(video)


class ConvolutionBlock(nn.Module):
    """Convolution, normalization, pooling, rectification and dropout of whole channels.

    Parameters
    ----------
    n_inputs, n_outputs : int
        Channels.
    pool : tuple of two int
        Frames and bins that are pooled into one by their maximum; a rest is left out.
    dropout : float
    """

    def __init__(
        self, n_inputs: int, n_outputs: int, pool: tuple[int, int], dropout: float
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(n_inputs, n_outputs, kernel_size=3, padding=1)
        self.norm = nn.BatchNorm2d(n_outputs)
        self.pool = nn.MaxPool2d(pool)
        self.dropout = nn.Dropout2d(dropout)

    def forward(self, maps: Tensor) -> Tensor:
        """Turn (batch, inputs, frames, bins) into (batch, outputs, fewer frames, fewer bins)."""
        # The maximum of rectified values is the rectified maximum, of far fewer values.
        pooled: Tensor = self.dropout(torch.relu(self.pool(self.norm(self.conv(maps)))))
        return pooled


class AttentionLayer(nn.Module):
    """Self-attention over all frames.

    Parameters
    ----------
    size : int
        Of a frame, a multiple of `n_heads`.
    n_heads : int
    dropout : float
        Of the weights.
    is_residual : bool
        Whether the outcome is added to the input and normalized; otherwise its tanh is returned.
    """

    def __init__(self, size: int, n_heads: int, dropout: float, *, is_residual: bool) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(size, n_heads, dropout, batch_first=True)
        self.norm = nn.LayerNorm(size) if is_residual else None

    def forward(self, frames: Tensor) -> Tensor:
        """Turn (batch, frames, size) into the same shape."""
        heard, _ = self.attention(frames, frames, frames, need_weights=False)
        if self.norm is None:
            return torch.tanh(heard)
        related: Tensor = self.norm(frames + heard)
        return related


class PictureLayers(nn.Module):
    """Decoder layers of a transformer, in which frames of sound look at the pictures.

    Parameters
    ----------
    shape : tuple of two int
        Rows and columns of the map that stands for a picture.
    size : int
        Of a frame of sound.
    n_heads, n_layers : int
    dropout : float
    """

    def __init__(
        self, shape: tuple[int, int], size: int, n_heads: int, n_layers: int, dropout: float
    ) -> None:
        super().__init__()
        self.shape = tuple(shape)
        self.embedding = nn.Linear(math.prod(shape), size)
        self.layers = nn.ModuleList(
            nn.TransformerDecoderLayer(size, n_heads, dropout=dropout, batch_first=True)
            for _ in range(n_layers)
        )

    def forward(self, frames: Tensor, video: Tensor) -> Tensor:
        """Turn (batch, frames, size) into the same; video as `SeldNet.forward` takes it."""
        pictures = self.embedding(video.flatten(2))
        for layer in self.layers:
            frames = layer(frames, pictures)
        return frames

    def check(self, video: Tensor) -> None:
        """Raise `InputError` for pictures of another shape."""
        if video.ndim != 4 or tuple(video.shape[2:]) != self.shape:
            rows, columns = self.shape
            msg = (
                f"video must have shape (batch, label frames, {rows}, {columns}), got "
                f"{tuple(video.shape)}; use the maps of hearsight.features.frames"
            )
            raise InputError(msg)


def _check_activations(names: Sequence[str]) -> None:
    for name in names:
        if name not in _ACTIVATIONS:
            msg = f"activations: none is called {name}; {nearest(name, _ACTIVATIONS)}"
            raise InputError(msg)
    if not names:
        msg = "activations must name one for each component of the output, got none"
        raise InputError(msg)


def _n_pooled(n_bins: int, time_pools: Sequence[int], bin_pools: Sequence[int]) -> int:
    """Return how many bins are left after the pooling of all blocks."""
    if len(time_pools) != len(bin_pools):
        msg = f"time_pools and bin_pools must be as many, got {time_pools} and {bin_pools}"
        raise InputError(msg)
    n_pooled = n_bins
    for pool in bin_pools:
        n_pooled //= pool
    if n_pooled < 1:
        msg = f"bin_pools {tuple(bin_pools)} leave none of {n_bins} bins; pool fewer"
        raise InputError(msg)
    return n_pooled
