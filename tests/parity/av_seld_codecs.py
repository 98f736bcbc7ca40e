"""Loss and decoding of the audio-visual SELD system."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from hearsight.events.multi_accdoa import MultiAccdoa
from hearsight.losses.adpit import N_DUMMY_TRACKS, N_TRACKS, adpit_loss
from parity.reference import Check, Reference
from parity.seld_core_codecs import cartesian_rows, class_names, same_rows
from parity.seld_core_losses import coupled, split


def mixed_target(reference: Reference) -> Tensor:
    """Build what the notes say: one, two or three instances by the size of a filled tensor."""
    shapes = reference.spec["inputs"]
    pattern = reference.fill("input:label_pattern", shapes["label_pattern"])
    doa = reference.fill("input:label_doa", shapes["label_doa"])
    doa = doa / np.linalg.norm(doa, axis=3, keepdims=True)
    bounds = ((0.5, 1.0), *((1.0, 1.5),) * 2, *((1.5, np.inf),) * 3)
    active = np.stack([(low <= pattern) & (pattern < high) for low, high in bounds], axis=2)
    assert active.shape[2] == N_DUMMY_TRACKS
    return torch.from_numpy(np.where(active[:, :, :, None], doa, 0.0).astype(np.float32))


def value_and_gradient(flat: np.ndarray, target: Tensor) -> tuple[float, np.ndarray]:
    """Return the loss of a network's output on one axis, and its gradient."""
    output = torch.from_numpy(flat).clone().requires_grad_()
    n_classes = target.shape[-2]
    loss = adpit_loss(split(output, n_classes, N_TRACKS), target)
    return loss.item(), torch.autograd.grad(loss, output)[0].numpy()


def close(found: tuple[float, np.ndarray], arrays: dict[str, np.ndarray], name: str) -> None:
    np.testing.assert_allclose(found[0], arrays[f"{name}_loss"], rtol=1e-6, atol=1e-7)
    if f"{name}_grad" in arrays:
        np.testing.assert_allclose(found[1], arrays[f"{name}_grad"], rtol=1e-4, atol=1e-8)


def check_adpit(reference: Reference) -> None:
    spec, arrays = reference.spec, dict(reference.arrays)
    target = coupled(torch.from_numpy(arrays["perm_target"]))
    exact = arrays["perm_output"]
    np.testing.assert_allclose(value_and_gradient(exact, target)[0], spec["perm_loss"], atol=1e-7)
    noise = np.float32(0.3) * reference.fill("input:perm_noise", spec["inputs"]["perm_noise"])
    close(value_and_gradient(exact + noise, target), arrays, "perm_noisy")
    output = np.tanh(reference.fill("input:output", spec["inputs"]["output"]))
    mixed = mixed_target(reference).swapaxes(-1, -2)
    close(value_and_gradient(output, mixed), arrays, "mix")
    silence = torch.zeros_like(mixed)
    close(value_and_gradient(output, silence), arrays, "zero_target")
    nothing = value_and_gradient(np.zeros_like(output), silence)[0]
    np.testing.assert_allclose(nothing, spec["all_zero_loss"], atol=1e-7)
    overfull = mixed.clone()
    overfull[:, :, 1:3] = overfull[:, :, :1]
    close(value_and_gradient(output, overfull), arrays, "overfull")


def check_decode(reference: Reference) -> None:
    spec = reference.spec
    outputs = {"designed": reference.arrays["designed"]}
    for name, shape in spec["inputs"].items():
        index = name.rpartition("_")[2]
        filled = reference.fill(f"input:{name}", shape)
        outputs[f"random_{index}"] = np.tanh(np.float32(0.6) * filled)
    outputs["zeros"] = np.zeros_like(outputs["designed"])
    n_classes = outputs["designed"].shape[1] // (3 * N_TRACKS)
    codec = MultiAccdoa(
        class_names(n_classes), threshold=spec["threshold"], unify_deg=spec["unify_degrees"]
    )
    rows: dict[str, list[np.ndarray]] = {}
    losses = []
    for chunk in spec["chunks"]:
        output = split(outputs[chunk["output"]], n_classes, N_TRACKS)
        found = cartesian_rows(codec.decode_points(output))[:, :5]
        found[:, 0] += round(10 * chunk["initial_time"])
        rows.setdefault(chunk["sequence"], []).append(found)
        target = torch.zeros(len(output), N_DUMMY_TRACKS, *output.shape[2:])
        losses.append(adpit_loss(torch.from_numpy(output.copy()), target).item())
    for sequence, parts in rows.items():
        expected = reference.arrays[f"{sequence}_rows"]
        found = np.concatenate(parts)
        assert len(found) == spec["row_counts"][f"{sequence}.csv"]
        same_rows(found, expected[:, [0, 1, 3, 4, 5]], sequence)
    np.testing.assert_allclose(np.mean(losses), spec["mean_loss_on_zero_targets"], rtol=1e-6)


CHECKS: dict[str, Check] = {"adpit": check_adpit, "decode": check_decode}
