"""Checks of the networks of SELD against the originals: outputs, losses and gradients.

Networks are built from the hyperparameters and shapes in the json, filled under the published names
and converted, so that the import of weights is checked along.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.func import functional_call

from hearsight.losses.accdoa import accdoa_loss
from hearsight.losses.adpit import adpit_loss
from hearsight.models.seldnet import SeldNet
from hearsight.weights.seldnet import convert
from parity.reference import Check, Reference
from parity.seld_core_losses import coupled, split

ACTIVATIONS = {
    "2022": ("tanh",) * 3,
    "2023": ("tanh",) * 3,
    "2024": ("none",) * 4,
    "2025": ("tanh", "tanh", "relu", "sigmoid"),
}
"""Of the components of each year, in the order of the output; the last of 2025 needs pictures."""

TRANSFORMS = {"plain": lambda values: values, "abs": np.abs, "tanh": np.tanh}
"""What is done with a filled input, by the first word of the json's."""


def filled_inputs(reference: Reference) -> dict[str, Tensor]:
    """Return the inputs that a json describes."""
    inputs = {}
    for name, shape in reference.spec["inputs"].items():
        words = reference.spec["input_transforms"].get(name, "plain")
        transform = TRANSFORMS[re.match(r"\w+", words).group()]
        inputs[name] = torch.from_numpy(transform(reference.fill(f"input:{name}", shape)))
    return inputs


def filled_state(reference: Reference) -> dict[str, Tensor]:
    """Return the parameters and buffers of the original that are not left as it made them."""
    left = set(reference.spec["not_filled"])
    shapes = reference.spec["state_dict"].items()
    filled = reference.filled_state_dict(
        {name: shape for name, shape in shapes if name not in left}
    )
    return {name: torch.as_tensor(array) for name, array in filled.items()}


def count(names: Mapping[str, Any], pattern: str) -> int:
    return sum(re.fullmatch(pattern, name) is not None for name in names)


def seldnet(reference: Reference) -> SeldNet:
    """Build the network of a json, without dropout."""
    spec = reference.spec
    shapes, inputs, sizes = spec["state_dict"], spec["inputs"], spec["hyperparameters"]
    (year,) = re.match(r"seldnet_(\d{4})", reference.stem).groups()
    sees = "video" in inputs
    activations = ACTIVATIONS[year]
    if year == "2025" and not sees:
        activations = activations[:-1]
    n_classes = n_classes_of(reference)
    n_values = spec["outputs"]["output"]["shape"][-1] // n_classes
    activations = activations[:n_values]
    n_tracks = n_values // len(activations)
    has_own_attention = "attn.fc_q.weight" in shapes
    n_layers = count(shapes, r"mhsa_\w+\.\d+\.in_proj_weight") + has_own_attention
    return SeldNet(
        inputs["audio"][1],
        inputs["audio"][3],
        n_classes,
        n_tracks=None if n_tracks == 1 else n_tracks,
        activations=activations,
        n_filters=sizes.get("nb_cnn2d_filt") or sizes["nb_conv_filters"],
        time_pools=sizes["t_pool_size"],
        bin_pools=sizes["f_pool_size"],
        rnn_size=sizes["rnn_size"],
        n_rnn_layers=sizes["nb_rnn_layers"],
        n_attention_layers=n_layers,
        n_heads=sizes.get("nb_heads") or sizes["nb_attn_heads"],
        is_residual=not has_own_attention,
        n_picture_layers=count(shapes, r"transformer_decoder\.layers\.\d+\.linear1\.weight"),
        picture_shape=tuple(inputs["video"][2:]) if sees else (7, 7),
        fnn_size=sizes["fnn_size"],
        n_fnn_layers=sizes["nb_fnn_layers"],
        dropout=0.0,
        picture_dropout=0.0,
    )


def n_classes_of(reference: Reference) -> int:
    sizes = reference.spec["hyperparameters"]
    return sizes.get("unique_classes") or sizes["nb_classes"]


def tracks_of(reference: Reference, network: SeldNet, flat: np.ndarray) -> Tensor:
    """Turn the last axis of the original's output or target to ours."""
    return split(torch.from_numpy(flat), n_classes_of(reference), *network.head_shape[:-2])


def check_seldnet(reference: Reference) -> None:
    network, inputs, state = seldnet(reference), filled_inputs(reference), filled_state(reference)
    left = {
        name: torch.empty(reference.spec["state_dict"][name])
        for name in reference.spec["not_filled"]
    }
    own = {name: network.state_dict()[name] for name in convert(left)}
    network.load_state_dict({**own, **convert(state)}, strict=True)
    n_parameters = sum(state[name].numel() for name in state if is_parameter(name))
    assert n_parameters == reference.spec["n_parameters"]
    with torch.no_grad():
        output = network.eval()(**inputs)
    expected = tracks_of(reference, network, reference.arrays["output"])
    torch.testing.assert_close(output, expected, rtol=1e-4, atol=1e-5)
    if "training" in reference.spec:
        check_training(reference, network.train(), inputs, state)
    else:
        assert "target" not in reference.arrays


def is_parameter(name: str) -> bool:
    return not re.search(r"\.(running_\w+|num_batches_tracked)$", name)


def check_training(
    reference: Reference, network: SeldNet, inputs: dict[str, Tensor], state: dict[str, Tensor]
) -> None:
    """Compare a loss and its gradients, taken through the conversion to the published names."""
    leaves = {name: state[name].requires_grad_() for name in state if is_parameter(name)}
    output = functional_call(network, convert(state), kwargs=inputs)
    loss = loss_of(reference, network, output)
    training = reference.spec["training"]
    np.testing.assert_allclose(loss.item(), training["loss"], rtol=1e-5)
    # What is never used, as a prototype of layers, has no gradient.
    gradients = torch.autograd.grad(loss, list(leaves.values()), allow_unused=True)
    norms = {
        name: gradient.norm().item()
        for name, gradient in zip(leaves, gradients, strict=True)
        if gradient is not None
    }
    for name, norm in training["grad_norms"].items():
        # Of a bias that batch normalization takes out again, rounding alone is left.
        np.testing.assert_allclose(norms[name], norm, rtol=1e-4, atol=1e-6, err_msg=name)
    total = np.linalg.norm(list(norms.values()))
    np.testing.assert_allclose(total, training["total_grad_norm"], rtol=1e-4)


def loss_of(reference: Reference, network: SeldNet, output: Tensor) -> Tensor:
    target = reference.arrays["target"]
    on_screen = "sigmoid" in network.activations
    if target.ndim == 5:
        # Targets of 2025 may hold flags that a network without pictures is not asked for.
        tracks = coupled(torch.from_numpy(target))[..., : output.shape[-1]]
        return adpit_loss(output, tracks, on_screen=on_screen)
    n_values = output.shape[-1] * output.shape[-2]
    places = tracks_of(reference, network, target[..., :n_values])
    return accdoa_loss(output, places, on_screen=on_screen)


CHECKS: dict[str, Check] = {f"seldnet_{year}": check_seldnet for year in ACTIVATIONS}
