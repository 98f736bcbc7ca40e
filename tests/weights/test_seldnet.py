"""Published names of SELDnet's parameters; what the tensors do, parity tests check."""

import pytest
import torch

from hearsight.errors import WeightsError
from hearsight.weights.seldnet import convert

NAMES = {
    "conv_block_list.0.conv.weight": "convolutions.0.conv.weight",
    "conv_block_list.6.bn.running_mean": "convolutions.2.norm.running_mean",
    "conv_blocks.1.bn.num_batches_tracked": "convolutions.1.norm.num_batches_tracked",
    "gru.weight_ih_l1_reverse": "gru.weight_ih_l1_reverse",
    "mhsa_block_list.1.in_proj_weight": "attention.1.attention.in_proj_weight",
    "mhsa_layers.0.out_proj.bias": "attention.0.attention.out_proj.bias",
    "layer_norm_list.0.bias": "attention.0.norm.bias",
    "layer_norms.1.weight": "attention.1.norm.weight",
    "attn.fc_o.weight": "attention.0.attention.out_proj.weight",
    "visual_embed_to_d_model.bias": "picture.embedding.bias",
    "transformer_decoder.layers.1.norm3.weight": "picture.layers.1.norm3.weight",
    "fnn_list.1.weight": "head.1.weight",
}


def test_every_published_name_has_one_of_ours():
    state = {name: torch.tensor(float(i)) for i, name in enumerate(NAMES)}
    assert convert(state) == {NAMES[name]: tensor for name, tensor in state.items()}


def test_separate_projections_are_joined_in_the_order_of_queries_keys_and_values():
    parts = {f"attn.fc_{part}.bias": torch.full((2,), i) for i, part in enumerate("qkv")}
    backwards = dict(reversed(parts.items()))
    (name, joined), *rest = convert(backwards).items()
    assert name == "attention.0.attention.in_proj_bias"
    assert joined.tolist() == [0, 0, 1, 1, 2, 2]
    assert not rest


def test_the_prototype_that_is_never_used_is_dropped():
    assert convert({"transformer_decoder_layer.norm1.weight": torch.ones(2)}) == {}


@pytest.mark.parametrize(
    "name",
    ["conv_block_list.1.conv.weight", "features.0.weight", "my_gru.bias_hh_l0", "attn.fc_q.x"],
)
def test_unknown_names_are_refused_by_name(name):
    with pytest.raises(WeightsError, match=name):
        convert({name: torch.ones(2), "fnn_list.0.bias": torch.ones(2)})


def test_of_many_unknown_names_some_are_told():
    with pytest.raises(WeightsError, match=r"layer\.0, .* and 12 more; give"):
        convert({f"layer.{i}": torch.ones(1) for i in range(20)})
