"""`StreamFusion`: one vector of what is heard and what is seen, in the ways the AVE study compares.

The study [1]_ names the ways; their formulas are in other papers [2]_ [3]_. The bilinear ways are
of low rank, products of two projections, since a full product of two vectors of 256 numbers would
need millions of parameters.

References
----------
.. [1] Y. Tian, J. Shi, B. Li, Z. Duan and C. Xu, "Audio-visual event localization in unconstrained
   videos", ECCV 2018 (arXiv:1803.08842).
.. [2] D. Kiela, E. Grave, A. Joulin and T. Mikolov, "Efficient large-scale multi-modal
   classification", AAAI 2018 (arXiv:1802.02892).
.. [3] J. Arevalo, T. Solorio, M. Montes-y-Gomez and F. A. Gonzalez, "Gated multimodal units for
   information fusion", 2017 (arXiv:1702.01992).
"""

from __future__ import annotations

from typing import Literal, get_args

import torch
from torch import Tensor, nn

from hearsight.errors import InputError, nearest

FusionKind = Literal["concat", "sum", "max", "gated", "bilinear", "gated_bilinear", "gmu"]


class StreamFusion(nn.Module):
    """Make one vector of two; a and v are projections of them onto `n_common` numbers.

    Parameters
    ----------
    n_audio, n_video : int
        Their lengths.
    n_common : int
        Length of the fused vector, but for "concat".
    kind : str
        concat: both, audio first; nothing is learned.
        sum: a + v.
        max: the greater of a and v.
        gated: what is heard lets pass what is seen, sigmoid(a) v.
        bilinear: a v.
        gated_bilinear: a v sigmoid(g), g learned from both.
        gmu: sigmoid(g) tanh(a) + (1 - sigmoid(g)) tanh(v), g learned from both.

    Raises
    ------
    InputError
        If there is no such kind.
    """

    def __init__(self, n_audio: int, n_video: int, n_common: int, kind: FusionKind) -> None:
        super().__init__()
        if kind not in get_args(FusionKind):
            msg = f"fusion: no kind is called {kind!r}; {nearest(kind, get_args(FusionKind))}"
            raise InputError(msg)
        self.kind = kind
        self.n_outputs = n_audio + n_video if kind == "concat" else n_common
        if kind != "concat":
            self.audio = nn.Linear(n_audio, n_common)
            self.video = nn.Linear(n_video, n_common)
        if kind in ("gated_bilinear", "gmu"):
            self.gate = nn.Linear(n_audio + n_video, n_common)

    def forward(self, audio: Tensor, video: Tensor) -> Tensor:
        """Turn (..., n_audio) and (..., n_video) into (..., n_outputs)."""
        both = torch.cat([audio, video], dim=-1)
        if self.kind == "concat":
            return both
        heard, seen = self.audio(audio), self.video(video)
        match self.kind:
            case "sum":
                return heard + seen
            case "max":
                return torch.maximum(heard, seen)
            case "gated":
                return heard.sigmoid() * seen
            case "bilinear":
                return heard * seen
            case "gated_bilinear":
                return heard * seen * self.gate(both).sigmoid()
            case "gmu":
                return torch.lerp(seen.tanh(), heard.tanh(), self.gate(both).sigmoid())
