"""`PspNet`: seconds of a clip classified from pairs of what is heard and what is seen.

Positive sample propagation compares every second's sound with every second's picture. Each second
takes up what the other stream holds in the seconds that fit it well, and nothing of the others.

The networks for full and for weak labels differ in small things beside the head; each is as
published.

References
----------
.. [1] J. Zhou, L. Zheng, Y. Zhong, S. Hao and M. Wang, "Positive sample propagation along the
   audio-visual event line", CVPR 2021 (arXiv:2104.00239).
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional

from hearsight.models.blocks.guided_attention import AudioAxis, GuidedAttention
from hearsight.models.blocks.segments import (
    SegmentHead,
    SegmentOutput,
    check_segments,
    context,
    start_evenly,
)

_N_BETWEEN = 256
"""Units between the two layers of a projection."""
_TINY = 1e-8


@dataclass(frozen=True)
class PspOutput(SegmentOutput):
    """What the network finds in the segments of clips.

    Parameters
    ----------
    similarity : Tensor, shape (batch, segments)
        Cosine of what is heard and what is seen in each segment, after propagation.
    """

    similarity: Tensor


class PairPropagation(nn.Module):
    """Give each segment what the other stream holds where both fit.

    Parameters
    ----------
    n_channels : int
        Of either stream.
    threshold : float
        Share of a segment's similarity that a pair must exceed to count.
    is_weak : bool
        As for weak labels: the shares that are left are not made to sum to 1 again, and nothing is
        projected afterwards.
    dropout : float
        After each projection.
    """

    def __init__(self, n_channels: int, threshold: float, *, is_weak: bool, dropout: float) -> None:
        super().__init__()
        self.threshold, self.is_weak = threshold, is_weak
        self.video_asks, self.audio_asks, self.video_tells, self.audio_tells = (
            nn.Linear(n_channels, n_channels, bias=False) for _ in range(4)
        )
        if not is_weak:
            self.video_after = nn.Linear(n_channels, n_channels, bias=False)
            self.audio_after = nn.Linear(n_channels, n_channels, bias=False)
        self.dropout = nn.Dropout(dropout)
        self.norm = nn.LayerNorm(n_channels, eps=1e-6)

    def forward(self, video: Tensor, audio: Tensor) -> tuple[Tensor, Tensor]:
        """Turn two streams, (batch, segments, channels), into two that know of each other."""
        seen, heard = self._project(self.video_asks, video), self._project(self.audio_asks, audio)
        similarity = (seen @ heard.mT / video.shape[-1] ** 0.5).relu()
        told_by_video = self._project(self.video_tells, video)
        told_by_audio = self._project(self.audio_tells, audio)
        video = video + self._shares(similarity) @ told_by_audio
        audio = audio + self._shares(similarity.mT) @ told_by_video
        if not self.is_weak:
            video = self._project(self.video_after, video)
            audio = self._project(self.audio_after, audio)
        return self.norm(video), self.norm(audio)

    def _project(self, layer: nn.Module, stream: Tensor) -> Tensor:
        projected: Tensor = self.dropout(layer(stream).relu())
        return projected

    def _shares(self, similarity: Tensor) -> Tensor:
        """Turn similarities (..., asking, telling) into what each asking segment takes up."""
        shares = similarity / (similarity.sum(dim=-1, keepdim=True) + _TINY)
        shares = shares * (shares > self.threshold)
        return shares if self.is_weak else shares / (shares.sum(dim=-1, keepdim=True) + _TINY)


class PspNet(nn.Module):
    """Attention, one bidirectional LSTM for each stream, propagation and a head.

    Parameters
    ----------
    n_classes : int
        With background.
    n_video, n_audio : int
        Channels of the maps and vectors it gets.
    n_hidden : int
        Units of an LSTM in either direction.
    n_attention, n_regions, audio_axis
        As `GuidedAttention` takes them.
    threshold : float
        Share of a segment's similarity that a pair must exceed to count; segments that all fit
        alike have 1 / segments each. Published for ten: 0.099, and 0.095 for weak labels.
    is_weak : bool
        The network for weak labels: no projections of the streams, and each segment's logits are
        multiplied with a weight of its own, in [0.5, 1); the mean over segments is the clip's.
    dropout : float
        In the propagation.

    Raises
    ------
    InputError
        If there is no such axis.
    """

    def __init__(
        self,
        *,
        n_classes: int = 29,
        n_video: int = 512,
        n_audio: int = 128,
        n_hidden: int = 128,
        n_attention: int = 512,
        n_regions: int = 49,
        audio_axis: AudioAxis = "region",
        threshold: float = 0.099,
        is_weak: bool = False,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self.n_video, self.n_audio = n_video, n_audio
        if is_weak:
            self.audio: nn.Module = nn.Identity()
            self.video: nn.Module = nn.Linear(n_video, n_audio)
        else:
            self.audio, self.video = (
                nn.Sequential(
                    nn.Linear(n, _N_BETWEEN, bias=False), nn.Linear(_N_BETWEEN, n_audio, bias=False)
                )
                for n in (n_audio, n_video)
            )
        self.attention = GuidedAttention(
            n_video, n_audio, n_attention=n_attention, n_regions=n_regions, audio_axis=audio_axis
        )
        self.contexts = nn.ModuleDict(
            {name: context(n_audio, n_hidden) for name in ("audio", "video")}
        )
        n_found = 2 * n_hidden
        self.pairs = PairPropagation(n_found, threshold, is_weak=is_weak, dropout=dropout)
        self.head = SegmentHead(n_found, n_classes, has_bias=False)
        self.weigh = nn.Linear(n_classes, 1, bias=False) if is_weak else None
        start_evenly(self)

    def forward(self, video: Tensor, audio: Tensor) -> PspOutput:
        """Classify the segments of clips.

        Parameters
        ----------
        video : Tensor, shape (batch, segments, rows, columns, n_video)
        audio : Tensor, shape (batch, segments, n_audio)

        Returns
        -------
        PspOutput

        Raises
        ------
        InputError
            If the shapes are others, or the grid is not the one that "region" is made for.
        """
        check_segments(video, audio, n_video=self.n_video, n_audio=self.n_audio)
        audio = self.audio(audio)
        attended, attention = self.attention(video, audio)
        seen = self.contexts["video"](self.video(attended))[0]
        seen, heard = self.pairs(seen, self.contexts["audio"](audio)[0])
        logits = self.head((seen + heard) / 2)
        if self.weigh is not None:
            logits = logits * self.weigh(logits).relu().sigmoid()
        similarity = functional.cosine_similarity(seen, heard, dim=-1)
        return PspOutput(logits, attention, similarity)
