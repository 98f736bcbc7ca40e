"""`GuidedAttention`: where in a picture to look, told by what is heard.

References
----------
.. [1] Y. Tian, J. Shi, B. Li, Z. Duan and C. Xu, "Audio-visual event localization in unconstrained
   videos", ECCV 2018 (arXiv:1803.08842).
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from hearsight.errors import InputError

AudioAxis = Literal["region", "hidden"]


class GuidedAttention(nn.Module):
    """Weigh the regions of a picture by its sound.

    Parameters
    ----------
    n_video, n_audio : int
        Channels of maps and vectors.
    n_attention : int
        Units that either is turned into.
    n_regions : int
        Numbers that picture and sound are compared by. With the audio axis "region" pictures must
        have as many regions.
    audio_axis : {"region", "hidden"}
        What the numbers of the sound belong to. "region", as in the original: each is added to all
        numbers of one region, so that the sound points to places whatever is there, and the grid is
        fixed. "hidden", as in the paper: each meets its like in every region; any grid will do.

    Raises
    ------
    InputError
        If there is no such axis.
    """

    def __init__(
        self,
        n_video: int = 512,
        n_audio: int = 128,
        *,
        n_attention: int = 512,
        n_regions: int = 49,
        audio_axis: AudioAxis = "region",
    ) -> None:
        super().__init__()
        if audio_axis not in ("region", "hidden"):
            msg = f"audio_axis must be region or hidden, got {audio_axis!r}"
            raise InputError(msg)
        self.audio_axis = audio_axis
        self.video = nn.Linear(n_video, n_attention)
        self.audio = nn.Linear(n_audio, n_attention)
        self.from_video = nn.Linear(n_attention, n_regions, bias=False)
        self.from_audio = nn.Linear(n_attention, n_regions, bias=False)
        self.score = nn.Linear(n_regions, 1, bias=False)

    def forward(self, video: Tensor, audio: Tensor) -> tuple[Tensor, Tensor]:
        """Look where the sound points.

        Parameters
        ----------
        video : Tensor, shape (batch, segments, rows, columns, channels)
        audio : Tensor, shape (batch, segments, channels)

        Returns
        -------
        Tensor, shape (batch, segments, channels)
            What is seen there: the mean over regions, weighted by the attention.
        Tensor, shape (batch, segments, rows, columns)
            The attention; each map sums to 1.

        Raises
        ------
        InputError
            If the number of regions is fixed and another.
        """
        rows, columns = video.shape[2:4]
        regions = video.flatten(2, 3)
        seen = self.from_video(self.video(regions).relu())
        heard = self.from_audio(self.audio(audio).relu())
        if self.audio_axis == "hidden":
            guided = seen + heard[..., None, :]
        elif heard.shape[-1] == regions.shape[-2]:
            # reference quirk: one number a region, not one a hidden unit
            guided = seen + heard[..., :, None]
        else:
            msg = (
                f"video has {rows} x {columns} regions, but this attention is made for "
                f'{heard.shape[-1]}; give such maps, or build it with audio_axis="hidden"'
            )
            raise InputError(msg)
        weights = self.score(guided.tanh()).squeeze(-1).softmax(dim=-1)
        attended = torch.einsum("btr,btrc->btc", weights, regions)
        return attended, weights.unflatten(-1, (rows, columns))
