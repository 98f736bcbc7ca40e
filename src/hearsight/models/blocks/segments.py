"""Clips in segments: what the networks that label every second of a clip have in common.

A clip is a video with sound, cut into segments of one second. Of each segment a network gets the
map of a picture trunk and the vector of a sound trunk, and says of what class the event in it is
that is both seen and heard. The last class is background: there is no such event.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from hearsight.errors import InputError


@dataclass(frozen=True)
class SegmentOutput:
    """What a network finds in the segments of clips.

    Parameters
    ----------
    logits : Tensor, shape (batch, segments, classes)
        Before softmax.
    attention : Tensor, shape (batch, segments, rows, columns), or None
        Where in the picture it looked; each map sums to 1. None: everywhere alike, or nowhere.
    """

    logits: Tensor
    attention: Tensor | None


class SegmentHead(nn.Module):
    """What tells classes, by one hidden layer.

    Parameters
    ----------
    n_inputs, n_classes : int
    n_hidden : int
    has_bias : bool
    """

    def __init__(
        self, n_inputs: int, n_classes: int, *, n_hidden: int = 64, has_bias: bool = True
    ) -> None:
        super().__init__()
        self.hidden = nn.Linear(n_inputs, n_hidden, bias=has_bias)
        self.classes = nn.Linear(n_hidden, n_classes, bias=has_bias)

    def forward(self, found: Tensor) -> Tensor:
        """Turn (..., inputs) into logits, (..., classes)."""
        logits: Tensor = self.classes(self.hidden(found).relu())
        return logits


def context(n_inputs: int, n_hidden: int) -> nn.LSTM:
    """Return what tells each segment of those before and after: n_hidden units for either."""
    return nn.LSTM(n_inputs, n_hidden, batch_first=True, bidirectional=True)


def start_evenly(network: nn.Module) -> None:
    """Give all linear layers weights of Xavier's uniform distribution; biases stay as they are."""
    for layer in network.modules():
        if isinstance(layer, nn.Linear):
            nn.init.xavier_uniform_(layer.weight)


def check_segments(video: Tensor, audio: Tensor, *, n_video: int, n_audio: int) -> None:
    """Check that there is a map and a vector for every segment.

    Raises
    ------
    InputError
        If video is not (batch, segments, rows, columns, n_video), or audio not (batch, segments,
        n_audio) with the same segments.
    """
    if video.ndim != 5 or video.shape[-1] != n_video or 0 in video.shape[1:]:
        msg = (
            f"video must have shape (batch, segments, rows, columns, {n_video}), got "
            f"{tuple(video.shape)}; channels come last, see hearsight.features.clips"
        )
        raise InputError(msg)
    expected = (*video.shape[:2], n_audio)
    if audio.shape != expected:
        msg = (
            f"audio must have shape {expected}, a vector for each segment of the video, got "
            f"{tuple(audio.shape)}; see hearsight.features.clips"
        )
        raise InputError(msg)
