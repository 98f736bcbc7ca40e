"""Checks of channel swaps against the originals.

Each case holds one input, swapped in many ways. It is found by undoing the first of them, so that
every other one is compared with what was stored.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import partial

import numpy as np
import torch

from hearsight.augment.swaps import swap_directions, swap_foa, swap_gcc, swap_phases
from hearsight.features.gcc import microphone_pairs
from hearsight.spatial.swaps import MIC_SWAPS, Swap
from parity.reference import Check, Reference, known_stem
from parity.seld_core_visual import check_boxes, check_resnet_map

SwapFeatures = Callable[[torch.Tensor, Swap], torch.Tensor]


def swap_of_axes(flags: Iterable[int]) -> Swap:
    """Return what flags say: change x and y, then turn the signs of x, y, z."""
    is_changed, *negated = flags
    x, y, z = (1 - 2 * int(flag) for flag in negated)
    return Swap((1, 0, 2) if is_changed else (0, 1, 2), (x, y, z))


EXCHANGES = tuple(
    next(swap for swap in MIC_SWAPS if swap.microphone_order().tolist() == order)
    for order in ([0, 2, 1, 3], [3, 1, 2, 0], [1, 0, 3, 2])
)
"""Microphones 2 and 3; 1 and 4; 1 and 2 as well as 3 and 4."""


def swap_of_microphones(flags: Iterable[int]) -> Swap:
    """Return what flags say: `EXCHANGES`, one after the other."""
    swap = Swap()
    for flag, exchange in zip(flags, EXCHANGES, strict=True):
        swap = exchange @ swap if flag else swap
    return swap


def first_of_microphones(flags: list[int]) -> Swap:
    """Return the first exchange alone: with more the original swaps labels, but not features."""
    return next((swap for flag, swap in zip(flags, EXCHANGES, strict=True) if flag), Swap())


def swap_gcc_a_sample_late(features: torch.Tensor, swap: Swap) -> torch.Tensor:
    """Swap as the original does, whose mirrored correlations are one lag off."""
    swapped = swap_gcc(features, swap)
    order = swap.microphone_order()
    for channel, (m, n) in enumerate(microphone_pairs(len(order)), start=len(order)):
        if order[m] > order[n]:
            swapped[..., channel, :, :] = swapped[..., channel, :, :].roll(-1, dims=-1)
    return swapped


def all_equal(stored: np.ndarray, swaps: list[Swap], apply: SwapFeatures, name: str) -> None:
    assert len(stored) == len(swaps) > 0, name
    values = torch.from_numpy(stored)
    source = apply(values[0], swaps[0].inverse)
    for expected, swap in zip(values, swaps, strict=True):
        # Undoing the first one rounds where phases are subtracted twice.
        torch.testing.assert_close(apply(source, swap), expected, rtol=0, atol=1e-6, msg=name)


def turn_doa(doa: torch.Tensor, swap: Swap) -> torch.Tensor:
    """Swap directions stored as (frames, x of all classes, then y, then z)."""
    by_class = doa.reshape(len(doa), 3, -1).swapaxes(1, 2)
    return swap_directions(by_class, swap).swapaxes(1, 2).reshape(doa.shape)


def check_swaps(
    reference: Reference,
    name: str,
    apply: SwapFeatures,
    swap_of: Callable[[list[int]], Swap],
    swap_of_labels: Callable[[list[int]], Swap] | None = None,
) -> None:
    case, arrays = reference.spec["cases"][name], reference.arrays
    assert list(arrays[f"{name}_x"].shape[1:]) == case["x_shape"]
    assert list(arrays[f"{name}_doa"].shape[1:]) == case["doa_shape"]
    all_equal(arrays[f"{name}_x"], [swap_of(flags) for flags in case["flags"]], apply, name)
    swaps = [(swap_of_labels or swap_of)(flags) for flags in case["flags"]]
    all_equal(arrays[f"{name}_doa"], swaps, turn_doa, f"{name}, labels")


def check_swap_foa(reference: Reference, name: str) -> None:
    notes = reference.spec["cases"][name]["notes"]
    (order,) = re.findall(r"W,Y,Z,X,(\w,\w,\w)", notes)
    apply = partial(swap_foa, order=order.replace(",", "").lower())
    check_swaps(reference, name, apply, swap_of_axes)


def check_swap_mic(reference: Reference, name: str) -> None:
    # The noise of the case is no phase: the original brings none back into half a turn.
    check_swaps(reference, name, swap_phases, swap_of_microphones)


def check_swap_gcc(reference: Reference, name: str) -> None:
    check_swaps(reference, name, swap_gcc_a_sample_late, first_of_microphones, swap_of_microphones)


def check_rotation(reference: Reference, name: str) -> None:
    arrays = reference.arrays
    swaps = [
        Swap(tuple(axes), tuple(signs)) for axes, signs in reference.spec["cases"][name]["cases"]
    ]
    all_equal(
        arrays[f"{name}_wav"],
        swaps,
        lambda waveform, swap: torch.from_numpy(swap.foa(waveform.numpy())),
        name,
    )
    all_equal(arrays[f"{name}_doa"], swaps, swap_directions, f"{name}, labels")


CASES: dict[str, Callable[[Reference, str], None]] = {
    "swap_foa": check_swap_foa,
    "swap_mic": check_swap_mic,
    "swap_gcc": check_swap_gcc,
    "rotation48": check_rotation,
    "sony_boxes": check_boxes,
    "resnet50_channel_mean": check_resnet_map,
}


def check(reference: Reference) -> None:
    for name in reference.spec["cases"]:
        known = known_stem(name, CASES)
        assert known, f"unknown case {name}"
        CASES[known](reference, name)


CHECKS: dict[str, Check] = {"augment_visual": check}
