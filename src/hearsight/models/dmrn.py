"""`DmrnNet`: seconds of a clip classified from two streams that correct each other.

The dual multimodal residual network: attention and LSTMs are those of `AvAttNet`, from whose
trained weights it was fine-tuned. After them each stream takes up what both have in common.

References
----------
.. [1] Y. Tian, J. Shi, B. Li, Z. Duan and C. Xu, "Audio-visual event localization in unconstrained
   videos", ECCV 2018 (arXiv:1803.08842).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from hearsight.errors import InputError
from hearsight.models.av_att import AvAttNet
from hearsight.models.blocks.guided_attention import AudioAxis, GuidedAttention
from hearsight.models.blocks.segments import SegmentOutput, check_segments, context, start_evenly

_SHARED = ("attention.", "contexts.")
_ALIKE = "build both for the same features, of the same sizes"


class ResidualPair(nn.Module):
    """What both streams have in common, made of one projection of each.

    Parameters
    ----------
    n_channels : int
    """

    def __init__(self, n_channels: int) -> None:
        super().__init__()
        self.video, self.audio = (
            nn.Sequential(
                nn.Linear(n_channels, n_channels), nn.Tanh(), nn.Linear(n_channels, n_channels)
            )
            for _ in range(2)
        )

    def forward(self, video: Tensor, audio: Tensor) -> Tensor:
        """Turn two streams (..., channels) into one."""
        return torch.lerp(self.video(video), self.audio(audio), 0.5)


class DualResidual(nn.Module):
    """Residual blocks, and the mean of the streams they leave.

    Parameters
    ----------
    n_channels, n_blocks : int
    swaps_streams : bool
        Whether each block hands the streams on in each other's place, as the original does. With
        one block this changes nothing.
    shares_blocks : bool
        Whether all blocks have the same weights.
    """

    def __init__(
        self, n_channels: int, n_blocks: int, *, swaps_streams: bool, shares_blocks: bool
    ) -> None:
        super().__init__()
        n_own = 1 if shares_blocks else n_blocks
        self.blocks = nn.ModuleList([ResidualPair(n_channels) for _ in range(n_own)])
        self.n_blocks, self.swaps_streams = n_blocks, swaps_streams

    def forward(self, video: Tensor, audio: Tensor) -> Tensor:
        """Turn two streams (..., channels) into one."""
        for i in range(self.n_blocks):
            common = self.blocks[i % len(self.blocks)](video, audio)
            video, audio = (video + common).tanh(), (audio + common).tanh()
            if self.swaps_streams:
                # reference quirk: what was heard goes on as what was seen
                video, audio = audio, video
        return (video + audio) / 2


class DmrnNet(nn.Module):
    """Attention, one bidirectional LSTM for each stream, residual blocks and a linear classifier.

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
    n_blocks : int
        1 or more; published: 1.
    swaps_streams, shares_blocks : bool
        As `DualResidual` takes them; the defaults are the original's.
    n_members : int
        More than 1: an ensemble with blocks and a classifier for each member, whose probabilities
        are averaged. Two make the DMRFE of the paper.

    Raises
    ------
    InputError
        If there is no block, no member or no such axis.
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
        n_blocks: int = 1,
        swaps_streams: bool = True,
        shares_blocks: bool = True,
        n_members: int = 1,
    ) -> None:
        super().__init__()
        for name, number in (("n_blocks", n_blocks), ("n_members", n_members)):
            if number < 1:
                msg = f"{name} must be 1 or more, got {number}"
                raise InputError(msg)
        self.n_video, self.n_audio = n_video, n_audio
        self.attention = GuidedAttention(
            n_video, n_audio, n_attention=n_attention, n_regions=n_regions, audio_axis=audio_axis
        )
        self.contexts = nn.ModuleDict(
            {"audio": context(n_audio, n_hidden), "video": context(n_video, n_hidden)}
        )
        self.members = nn.ModuleList(
            DualResidual(
                2 * n_hidden, n_blocks, swaps_streams=swaps_streams, shares_blocks=shares_blocks
            )
            for _ in range(n_members)
        )
        self.heads = nn.ModuleList(nn.Linear(2 * n_hidden, n_classes) for _ in range(n_members))
        start_evenly(self.heads)

    def forward(self, video: Tensor, audio: Tensor) -> SegmentOutput:
        """Classify the segments of clips.

        Parameters
        ----------
        video : Tensor, shape (batch, segments, rows, columns, n_video)
        audio : Tensor, shape (batch, segments, n_audio)

        Returns
        -------
        SegmentOutput
            The logits of an ensemble are logarithms of mean probabilities.

        Raises
        ------
        InputError
            If the shapes are others, or the grid is not the one that "region" is made for.
        """
        check_segments(video, audio, n_video=self.n_video, n_audio=self.n_audio)
        attended, attention = self.attention(video, audio)
        seen, heard = self.contexts["video"](attended)[0], self.contexts["audio"](audio)[0]
        logits = torch.stack(
            [
                head(member(seen, heard))
                for member, head in zip(self.members, self.heads, strict=True)
            ]
        )
        if len(logits) == 1:
            return SegmentOutput(logits[0], attention)
        # The mean needs no division: softmax does not see what all classes have in common.
        return SegmentOutput(logits.log_softmax(dim=-1).logsumexp(dim=0), attention)

    def start_from(self, trained: AvAttNet) -> tuple[str, ...]:
        """Take over what a trained network of attention has in common with this one.

        Parameters
        ----------
        trained : AvAttNet

        Returns
        -------
        tuple of str
            Names of the parameters taken: all of attention and LSTMs and, if the classes are as
            many, the classifiers' bias; their weights have other shapes.

        Raises
        ------
        InputError
            If its attention or LSTMs are missing or others.
        """
        own, given = self.state_dict(), trained.state_dict()
        taken = {name: given.get(name) for name in own if name.startswith(_SHARED)}
        unfit = [name for name, found in taken.items() if not _fits(found, own[name])]
        if unfit:
            msg = f"the network to start from has no such {unfit[0]}; {_ALIKE}"
            raise InputError(msg)
        assert trained.attention is not None
        axis = trained.attention.audio_axis
        if axis != self.attention.audio_axis:
            msg = f"the network to start from has audio_axis={axis!r}, this another; {_ALIKE}"
            raise InputError(msg)
        bias = given["heads.0.classes.bias"]
        names = (f"heads.{i}.bias" for i in range(len(self.heads)))
        taken |= {name: bias for name in names if _fits(bias, own[name])}
        self.load_state_dict(taken, strict=False)
        return tuple(taken)


def _fits(found: Tensor | None, expected: Tensor) -> bool:
    return found is not None and found.shape == expected.shape
