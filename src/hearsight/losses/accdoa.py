"""Losses of ACCDOA outputs: one activity-coupled vector for each frame and class.

References
----------
.. [1] K. Shimada et al., "ACCDOA: activity-coupled Cartesian direction of arrival representation
   for sound event localization and detection", ICASSP 2021.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from hearsight.errors import InputError


def accdoa_loss(output: Tensor, target: Tensor, *, on_screen: bool = False) -> Tensor:
    """Compare ACCDOA outputs with their targets by the mean squared error.

    Parameters
    ----------
    output, target : Tensor, shape (..., classes, components)
        Components as `hearsight.events.accdoa.Accdoa` lists them.
    on_screen : bool
        Whether the last component is the probability, in [0, 1], of being in the picture. Then the
        loss is the mean of two: the squared error of the rest, and its binary cross-entropy,
        silent classes included, as in the baseline of 2025.

    Returns
    -------
    Tensor, shape ()
        0 at the target (without `on_screen`).

    Raises
    ------
    InputError
        If the shapes differ.
    """
    _check(output, target)
    if not on_screen:
        return functional.mse_loss(output, target)
    places = functional.mse_loss(output[..., :-1], target[..., :-1])
    with torch.autocast(output.device.type, enabled=False):  # which refuses cross-entropy
        found, wanted = output[..., -1].to(target.dtype), target[..., -1]
        return (places + functional.binary_cross_entropy(found, wanted)) / 2


def masked_accdoa_loss(output: Tensor, target: Tensor) -> Tensor:
    """Compare ACCDOA outputs with their targets where something sounds.

    Parameters
    ----------
    output, target : Tensor, shape (..., classes, components)
        The activity of a class is the length of its target: 0 or 1, or between for mixtures.

    Returns
    -------
    Tensor, shape ()
        Sum over classes and components of the squared error times the activity, mean over the
        leading axes (batch and frames), so it grows with the number of classes that sound. 0 at
        the target, 0 if all is silent.

    Raises
    ------
    InputError
        If the shapes differ.
    """
    _check(output, target)
    activity = target[..., :3].norm(dim=-1, keepdim=True)
    error = (output - target).square() * activity
    return error.sum(dim=(-2, -1)).mean()


def _check(output: Tensor, target: Tensor) -> None:
    if output.ndim < 2 or output.shape != target.shape:
        msg = (
            "output and target must both have shape (..., classes, components), got "
            f"{tuple(output.shape)} and {tuple(target.shape)}"
        )
        raise InputError(msg)
