"""Published names of the parameters of SELDnet (2022 to 2025) to those of `SeldNet`.

    2022 to 2024                      2025                         here
    conv_block_list.{0,3,6}.conv      conv_blocks.{0,1,2}.conv     convolutions.{0,1,2}.conv
    conv_block_list.{0,3,6}.bn        conv_blocks.{0,1,2}.bn       convolutions.{0,1,2}.norm
    gru                               gru                          gru
    attn.fc_{q,k,v,o} (2022)          -                            attention.0.attention
    mhsa_block_list.{i}               mhsa_layers.{i}              attention.{i}.attention
    layer_norm_list.{i}               layer_norms.{i}              attention.{i}.norm
    visual_embed_to_d_model           visual_embed_to_d_model      picture.embedding
    transformer_decoder.layers.{i}    transformer_decoder.layers   picture.layers.{i}
    transformer_decoder_layer         transformer_decoder_layer    - (never used)
    fnn_list.{i}                      fnn_list.{i}                 head.{i}

Numbers in braces are those of the layers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import torch
from torch import Tensor

from hearsight.errors import WeightsError

_RENAMED = (
    (r"conv_blocks\.(\d+)\.conv\.(.+)", r"convolutions.\1.conv.\2"),
    (r"conv_blocks\.(\d+)\.bn\.(.+)", r"convolutions.\1.norm.\2"),
    (r"(gru\..+)", r"\1"),
    (r"attn\.fc_([qkv])\.(weight|bias)", r"attention.0.attention.in_proj_\2.\1"),
    (r"attn\.fc_o\.(.+)", r"attention.0.attention.out_proj.\1"),
    (r"(?:mhsa_block_list|mhsa_layers)\.(\d+)\.(.+)", r"attention.\1.attention.\2"),
    (r"(?:layer_norm_list|layer_norms)\.(\d+)\.(.+)", r"attention.\1.norm.\2"),
    (r"visual_embed_to_d_model\.(.+)", r"picture.embedding.\1"),
    (r"transformer_decoder\.(layers\.\d+\..+)", r"picture.\1"),
    (r"fnn_list\.(\d+\..+)", r"head.\1"),
)
_UNUSED = "transformer_decoder_layer."
_N_NAMED = 8
"""Unknown names that a message lists."""


def convert(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Turn the state dict of a published SELDnet into one of `hearsight.models.seldnet.SeldNet`.

    Parameters
    ----------
    state : mapping of str to Tensor
        By the names of any year, of the audio or the audio-visual network.

    Returns
    -------
    dict of str to Tensor
        For `load_state_dict`, which finds what is missing.

    Raises
    ------
    WeightsError
        If there are names that no published SELDnet has.
    """
    used = {name: tensor for name, tensor in state.items() if not name.startswith(_UNUSED)}
    renamed = {name: _renamed(name) for name in used}
    unknown = [name for name, ours in renamed.items() if ours is None]
    if unknown:
        more = f" and {len(unknown) - _N_NAMED} more" if len(unknown) > _N_NAMED else ""
        msg = (
            f"weights of SELDnet hold unknown names: {', '.join(unknown[:_N_NAMED])}{more}; give "
            "the state dict of a DCASE baseline of 2022 to 2025"
        )
        raise WeightsError(msg)
    return _joined({ours: used[name] for name, ours in renamed.items() if ours is not None})


def _renamed(name: str) -> str | None:
    # A list with a pool and a dropout behind each block until 2024.
    numbered = re.fullmatch(r"conv_block_list\.(\d+)\.(.+)", name)
    if numbered and int(numbered[1]) % 3 == 0:
        name = f"conv_blocks.{int(numbered[1]) // 3}.{numbered[2]}"
    for pattern, ours in _RENAMED:
        if match := re.fullmatch(pattern, name):
            return match.expand(ours)
    return None


def _joined(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Join the projections to queries, keys and values that 2022 keeps apart."""
    for kind in ("weight", "bias"):
        whole = f"attention.0.attention.in_proj_{kind}"
        parts = [f"{whole}.{part}" for part in "qkv"]
        if all(part in state for part in parts):
            state[whole] = torch.cat([state.pop(part) for part in parts])
    return state
