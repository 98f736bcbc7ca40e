"""`AvAttNet`: which event is both seen and heard in each second, looking where the sound points.

The baselines and the fusion study of the paper are this network with other arguments:

    A           modalities="audio"
    V           modalities="video", attends=False
    V-att       modalities="video"
    A+V         attends=False
    A+V-att     as it is
    fusion      fusion=..., fusion_at=...

Trained with one class for a whole clip it is the paper's network for weak labels.

References
----------
.. [1] Y. Tian, J. Shi, B. Li, Z. Duan and C. Xu, "Audio-visual event localization in unconstrained
   videos", ECCV 2018 (arXiv:1803.08842).
"""

from __future__ import annotations

from typing import Literal, get_args

import torch
from torch import Tensor, nn

from hearsight.errors import InputError, nearest
from hearsight.models.blocks.guided_attention import AudioAxis, GuidedAttention
from hearsight.models.blocks.segments import (
    SegmentHead,
    SegmentOutput,
    check_segments,
    context,
    start_evenly,
)
from hearsight.models.blocks.stream_fusion import FusionKind, StreamFusion

Modalities = Literal["both", "audio", "video"]
FusionPlace = Literal["early", "late", "decision"]


class AvAttNet(nn.Module):
    """Attention, one bidirectional LSTM for each stream, and a head.

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
    modalities : {"both", "audio", "video"}
        What is classified. The attention of "video" is guided by the sound all the same.
    attends : bool
        Otherwise a map becomes the mean of its regions.
    fusion : str
        How both streams become one, as `StreamFusion` takes it.
    fusion_at : {"late", "early", "decision"}
        After the LSTMs; before, so that there is but one; or not at all: each stream has a head,
        and the mean of their logits counts.

    Raises
    ------
    InputError
        If there is no such choice, or one where streams are not fused.
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
        modalities: Modalities = "both",
        attends: bool = True,
        fusion: FusionKind = "concat",
        fusion_at: FusionPlace = "late",
    ) -> None:
        super().__init__()
        _check_choices(modalities, fusion, fusion_at)
        self.n_video, self.n_audio, self.fusion_at = n_video, n_audio, fusion_at
        self.attention = None
        if attends and modalities != "audio":
            self.attention = GuidedAttention(
                n_video,
                n_audio,
                n_attention=n_attention,
                n_regions=n_regions,
                audio_axis=audio_axis,
            )
        streams = {"audio": n_audio, "video": n_video}
        if modalities != "both":
            streams = {modalities: streams[modalities]}
        n_found = 2 * n_hidden
        self.fusion = None
        if modalities == "both" and fusion_at == "early":
            self.fusion = StreamFusion(n_audio, n_video, n_found, fusion)
            streams = {"both": self.fusion.n_outputs}
        self.contexts = nn.ModuleDict({name: context(n, n_hidden) for name, n in streams.items()})
        if modalities == "both" and fusion_at == "late":
            self.fusion = StreamFusion(n_found, n_found, n_found, fusion)
            n_found = self.fusion.n_outputs
        n_heads = len(streams) if fusion_at == "decision" else 1
        self.heads = nn.ModuleList([SegmentHead(n_found, n_classes) for _ in range(n_heads)])
        start_evenly(self)

    def forward(self, video: Tensor, audio: Tensor) -> SegmentOutput:
        """Classify the segments of clips.

        Parameters
        ----------
        video : Tensor, shape (batch, segments, rows, columns, n_video)
        audio : Tensor, shape (batch, segments, n_audio)

        Returns
        -------
        SegmentOutput

        Raises
        ------
        InputError
            If the shapes are others, or the grid is not the one that "region" is made for.
        """
        check_segments(video, audio, n_video=self.n_video, n_audio=self.n_audio)
        if self.attention is None:
            seen, attention = video.mean(dim=(2, 3)), None
        else:
            seen, attention = self.attention(video, audio)
        streams = {"audio": audio, "video": seen}
        if self.fusion is not None and self.fusion_at == "early":
            streams = {"both": self.fusion(audio, seen)}
        found = [follow(streams[name])[0] for name, follow in self.contexts.items()]
        if self.fusion is not None and self.fusion_at == "late":
            found = [self.fusion(*found)]
        logits = [head(each.relu()) for head, each in zip(self.heads, found, strict=True)]
        return SegmentOutput(torch.stack(logits).mean(dim=0), attention)


def _check_choices(modalities: str, fusion: str, fusion_at: str) -> None:
    for name, choice, known in (
        ("modalities", modalities, get_args(Modalities)),
        ("fusion_at", fusion_at, get_args(FusionPlace)),
    ):
        if choice not in known:
            msg = f"{name} must be one of these, got {choice!r}; {nearest(choice, known)}"
            raise InputError(msg)
    is_alone, is_decision = modalities != "both", fusion_at == "decision"
    if (is_alone and fusion_at != "late") or ((is_alone or is_decision) and fusion != "concat"):
        kind = f"of {modalities} alone" if is_alone else "whose streams have a head each"
        msg = f"fusion {fusion!r} at {fusion_at!r}: a network {kind} has none; leave it out"
        raise InputError(msg)
