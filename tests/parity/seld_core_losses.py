"""Checks of the SELD losses and their gradients against the originals.

Tolerances are those of the vectors, which were computed in float32: 1e-6 for losses (relative for
those above 1) and 1e-5 for gradients.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from hearsight.losses.accdoa import accdoa_loss, masked_accdoa_loss
from hearsight.losses.adpit import N_DUMMY_TRACKS, N_TRACKS, adpit_loss
from hearsight.losses.branches import aggregated_loss, sed_doa_loss, track_loss
from parity.reference import Check, Reference, known_stem

Arrays = Mapping[str, np.ndarray]
Case = Mapping[str, Any]
Results = tuple[dict[str, Tensor], dict[str, Tensor]]
"""Losses by their name in the vectors, and the tensors that gradients are asked of."""


def coupled(target: Tensor) -> Tensor:
    """Turn the original's (..., 1 + components, classes) into (..., classes, components)."""
    return (target[..., :1, :] * target[..., 1:, :]).swapaxes(-1, -2)


def split(flat: Tensor, n_classes: int, *leading: int) -> Tensor:
    """Turn a network's last axis, component-major, into (..., *leading, classes, components)."""
    return flat.reshape(*flat.shape[:-1], *leading, -1, n_classes).swapaxes(-1, -2)


def named(case: Case, key: str, arrays: Arrays, shape_of: str) -> Tensor:
    """Return the array that a case's description begins with, or zeros."""
    name = re.match(r"\w+", case[key]).group()
    if name in arrays:
        return torch.from_numpy(arrays[name])
    assert "zeros" in case[key], f"no array for {case[key]!r}"
    return torch.zeros(arrays[shape_of].shape)


def with_probability(output: Tensor) -> Tensor:
    return torch.cat([output[..., :-1], output[..., -1:].sigmoid()], dim=-1)


def adpit(year: str) -> Callable[[Case, Arrays, int], Results]:
    def run(case: Case, arrays: Arrays, n_classes: int) -> Results:
        target = coupled(named(case, "target", arrays, f"t{year}"))
        output = named(case, "output", arrays, f"o{year}").clone().requires_grad_()
        tracks = split(output, n_classes, N_TRACKS)
        return {"loss": adpit_loss(tracks, target)}, {"": output}

    return run


def adpit_2025(case: Case, arrays: Arrays, n_classes: int) -> Results:
    output = named(case, "output", arrays, "o2025v").clone().requires_grad_()
    tracks = split(output, n_classes, N_TRACKS)
    target = coupled(named(case, "target", arrays, "t2025"))[..., : tracks.shape[-1]]
    has_flag = "sigmoid" in case["output"]
    tracks = with_probability(tracks) if has_flag else tracks
    return {"loss": adpit_loss(tracks, target, on_screen=has_flag)}, {"": output}


def adpit_sony(case: Case, arrays: Arrays, n_classes: int) -> Results:
    # Both stored with the time last: (batch, tracks, components, classes, frames).
    stored = named(case, "output", arrays, "o2023")
    tracks = stored.reshape(*stored.shape[:2], N_TRACKS, -1, n_classes)
    output = tracks.permute(0, 2, 3, 4, 1).contiguous().requires_grad_()
    target = coupled(named(case, "target", arrays, "t2023"))
    return {"loss": adpit_loss(output.permute(0, 4, 1, 3, 2), target)}, {"": output}


def single_2025(case: Case, arrays: Arrays, n_classes: int) -> Results:
    target = named(case, "target", arrays, "t2025_single")
    output = named(case, "output", arrays, "o2025s").clone()
    has_flag = "sigmoid" in case["output"]
    if not has_flag:
        target, output = target[..., : 3 * n_classes], output[..., : 3 * n_classes].clone()
    output.requires_grad_()
    places = split(output, n_classes)
    places = with_probability(places) if has_flag else places
    return {"loss": accdoa_loss(places, split(target, n_classes), on_screen=has_flag)}, {"": output}


def accdoa(loss: Callable[[Tensor, Tensor], Tensor]) -> Callable[[Case, Arrays, int], Results]:
    def run(case: Case, arrays: Arrays, n_classes: int) -> Results:
        target = named(case, "target", arrays, "t_accdoa")
        output = named(case, "output", arrays, "o_accdoa").clone().requires_grad_()
        return {"loss": loss(split(output, n_classes), split(target, n_classes))}, {"": output}

    return run


def track_tensors(arrays: Arrays, n_tracks: int) -> tuple[Tensor, ...]:
    """Logits, directions, activity and true directions of the first tracks."""
    names = ("osed3", "odoa3", "sed3", "doa3")
    return tuple(torch.from_numpy(arrays[name])[:, :, :n_tracks].clone() for name in names)


def tracks(n_tracks: int, choose_by: str) -> Callable[[Case, Arrays, int], Results]:
    def run(case: Case, arrays: Arrays, n_classes: int) -> Results:
        weight = float(re.search(r"beta ([\d.]*\d)", case["notes"]).group(1))
        logits, directions, *truth = track_tensors(arrays, n_tracks)
        inputs = {"sed": logits.requires_grad_(), "doa": directions.requires_grad_()}
        loss = track_loss(logits, directions, *truth, detection_weight=weight, choose_by=choose_by)
        return {"all": loss.total, "sed": loss.detection, "doa": loss.direction}, inputs

    return run


def aggregated(weight: float | None, *parts: str) -> Callable[[Case, Arrays, int], Results]:
    def run(case: Case, arrays: Arrays, n_classes: int) -> Results:
        logits, directions, *truth = track_tensors(arrays, N_TRACKS)
        inputs = {"sed": logits.requires_grad_(), "doa": directions.requires_grad_()}
        alpha = case["alpha"] if weight is None else weight
        loss = aggregated_loss(logits, directions, *truth, track_weight=alpha)
        named_parts = {"all": loss.total, "agg": loss.tracks, "accdoa": loss.classes}
        return {part: named_parts[part] for part in ("all", *parts)}, inputs

    return run


def two_branches(case: Case, arrays: Arrays, n_classes: int) -> Results:
    # The activity is that of the first dummy track of the 2023 targets.
    activity = torch.from_numpy(arrays["t2023"])[:, :, 0, 0]
    true_directions = split(torch.from_numpy(arrays["t_accdoa"]), n_classes)
    logits = torch.from_numpy(arrays["osed"]).clone().requires_grad_()
    flat = torch.from_numpy(arrays["o_accdoa"]).clone().requires_grad_()
    weights = [
        float(value) for value in re.search(r"weights ([\d.]+)/([\d.]*\d)", case["notes"]).groups()
    ]
    loss = sed_doa_loss(
        logits,
        split(flat, n_classes),
        activity,
        true_directions,
        detection_weight=weights[0],
        direction_weight=weights[1],
    )
    parts = {"all": loss.total, "sed": loss.detection, "doa": loss.direction}
    return parts, {"sed": logits, "doa": flat}


CASES: dict[str, Callable[[Case, Arrays, int], Results]] = {
    "adpit_2023": adpit("2023"),
    "adpit_2024": adpit("2024"),
    "adpit_2025": adpit_2025,
    "adpit_sony": adpit_sony,
    "adpit_pseldnets": adpit("2023"),
    "single_2025": single_2025,
    "accdoa_mse": accdoa(accdoa_loss),
    "salsa_accdoa": accdoa(masked_accdoa_loss),
    "ein_tpit_2tracks": tracks(2, "unweighted"),
    "pseldnets_einv2_tpit_3tracks": tracks(3, "weighted"),
    "pseldnets_aggregated_mACCDOA_pit": aggregated(1.0, "agg"),
    "pseldnets_aggregated_ACCDOA": aggregated(0.0, "accdoa"),
    "pseldnets_aggregated_both": aggregated(None, "agg", "accdoa"),
    "salsa_two_branch": two_branches,
}


def check_losses(reference: Reference) -> None:
    spec, arrays = reference.spec, reference.arrays
    assert arrays["t2023"].shape[2] == N_DUMMY_TRACKS
    for name, case in spec["cases"].items():
        known = known_stem(name, CASES)
        assert known is not None, f"unknown case {name}"
        losses, inputs = CASES[known](case, arrays, spec["classes"])
        for key, loss in losses.items():
            message = f"{name}: {key}"
            np.testing.assert_allclose(
                loss.item(), case[key], rtol=1e-6, atol=1e-6, err_msg=message
            )
        total = losses.get("loss", losses.get("all"))
        gradients = torch.autograd.grad(total, list(inputs.values()))
        for key, gradient in zip(inputs, gradients, strict=True):
            suffix = f"_{key}" if key else ""
            if f"{name}_grad{suffix}" in arrays:
                expected = arrays[f"{name}_grad{suffix}"]
                np.testing.assert_allclose(gradient.numpy(), expected, atol=1e-5, err_msg=name)
                np.testing.assert_allclose(gradient.numpy(), expected, rtol=1e-4, atol=1e-8)
            if f"grad_norm{suffix}" in case:
                norm = gradient.norm().item()
                expected = case[f"grad_norm{suffix}"]
                np.testing.assert_allclose(norm, expected, rtol=1e-5, atol=1e-8, err_msg=name)


CHECKS: dict[str, Check] = {"losses": check_losses}
