"""Losses of systems that tell what sounds and where it comes from in two outputs.

`sed_doa_loss` is for one direction for each class, the others for event-independent tracks: each
track tells one event of any class, and since no track owns an event, each frame counts with the
permutation of its tracks that fits best (permutation invariant training at the frame level, tPIT).

References
----------
.. [1] T. N. T. Nguyen et al., "SALSA: spatial cue-augmented log-spectrogram features for polyphonic
   sound event localization and detection", IEEE/ACM TASLP 2022.
.. [2] Y. Cao et al., "An improved event-independent network for polyphonic sound event localization
   and detection", ICASSP 2021.
.. [3] J. Hu et al., "PSELDNets: pre-trained neural networks on large-scale synthetic datasets for
   sound event localization and detection", 2024.
"""

from __future__ import annotations

import functools
import itertools
from typing import Literal, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from hearsight.errors import InputError


class BranchLoss(NamedTuple):
    """A loss and the parts that it is the weighted sum of; each a tensor of shape ()."""

    total: Tensor
    detection: Tensor
    direction: Tensor


class AggregatedLoss(NamedTuple):
    """A loss and the parts that it is the weighted sum of; each a tensor of shape ()."""

    total: Tensor
    tracks: Tensor
    classes: Tensor


def sed_doa_loss(
    logits: Tensor,
    directions: Tensor,
    activity: Tensor,
    true_directions: Tensor,
    *,
    detection_weight: float = 0.3,
    direction_weight: float = 0.7,
) -> BranchLoss:
    """Compare class activities and one direction for each class with the truth.

    Parameters
    ----------
    logits, activity : Tensor, shape (..., classes)
        Before the sigmoid; truth in [0, 1].
    directions, true_directions : Tensor, shape (..., classes, 3)
        Vectors; count only where a class is truly active, in proportion to its activity.
    detection_weight, direction_weight : float
        Of the binary cross-entropy and of the absolute errors.

    Returns
    -------
    BranchLoss
        `direction` is the sum over x, y, z of the mean absolute error of active classes; 0 if
        none is active.

    Raises
    ------
    InputError
        If the shapes do not fit together.
    """
    _check(logits, directions, activity, true_directions, per_class=True)
    detection = functional.binary_cross_entropy_with_logits(logits, activity)
    error = (directions - true_directions).abs() * activity[..., None]
    n_active = activity.sum()
    direction = error.sum() / torch.where(n_active > 0, n_active, 1.0)
    total = detection_weight * detection + direction_weight * direction
    return BranchLoss(total, detection, direction)


def track_loss(
    logits: Tensor,
    directions: Tensor,
    activity: Tensor,
    true_directions: Tensor,
    *,
    detection_weight: float = 0.5,
    choose_by: Literal["weighted", "unweighted"] = "weighted",
) -> BranchLoss:
    """Compare event-independent tracks with the truth, each frame in its best permutation.

    Parameters
    ----------
    logits, activity : Tensor, shape (..., tracks, classes)
        Before the sigmoid; truth in [0, 1], at most one class in each track.
    directions, true_directions : Tensor, shape (..., tracks, 3)
        Vectors; 0 for silent tracks.
    detection_weight : float
        In [0, 1]: of the binary cross-entropy; the rest is for the squared error of directions.
    choose_by : {"weighted", "unweighted"}
        Which sum of the two chooses the permutation: PSELDNets [3]_ weigh it as the loss, EINV2
        [2]_ does not. The first of equal ones counts, the identity before all.

    Returns
    -------
    BranchLoss
        Means over the leading axes (batch, frames) of each frame's means over tracks and values.

    Raises
    ------
    InputError
        If the shapes do not fit together.
    """
    _check(logits, directions, activity, true_directions, per_class=False)
    if choose_by not in ("weighted", "unweighted"):
        msg = f"unknown choose_by {choose_by!r}; valid: weighted, unweighted"
        raise InputError(msg)
    n_tracks = logits.shape[-2]
    entropy = functional.binary_cross_entropy_with_logits(
        logits[..., :, None, :].expand(*logits.shape[:-1], n_tracks, logits.shape[-1]),
        activity[..., None, :, :].expand(*logits.shape[:-1], n_tracks, logits.shape[-1]),
        reduction="none",
    )
    error = (directions[..., :, None, :] - true_directions[..., None, :, :]).square()
    detection = _over_permutations(entropy.mean(dim=-1))
    direction = _over_permutations(error.mean(dim=-1))
    weight = detection_weight if choose_by == "weighted" else 0.5
    best = (weight * detection + (1.0 - weight) * direction).argmin(dim=-1, keepdim=True)
    parts = detection.gather(-1, best).mean(), direction.gather(-1, best).mean()
    total = detection_weight * parts[0] + (1.0 - detection_weight) * parts[1]
    return BranchLoss(total, *parts)


def aggregated_loss(
    logits: Tensor,
    directions: Tensor,
    activity: Tensor,
    true_directions: Tensor,
    *,
    track_weight: float = 0.0,
) -> AggregatedLoss:
    """Compare tracks with the truth after joining class and direction to activity-coupled vectors.

    Parameters
    ----------
    logits, activity : Tensor, shape (..., tracks, classes)
        Before the sigmoid; truth in [0, 1].
    directions, true_directions : Tensor, shape (..., tracks, 3)
        Those of the output are brought to unit length.
    track_weight : float
        In [0, 1]: of the squared error between tracks in their best permutation; the rest is for
        the squared error between the sums over tracks, which is that of ACCDOA.

    Returns
    -------
    AggregatedLoss

    Raises
    ------
    InputError
        If the shapes do not fit together.
    """
    _check(logits, directions, activity, true_directions, per_class=False)
    unit = functional.normalize(directions, dim=-1)
    found = logits.sigmoid()[..., None] * unit[..., None, :]
    wanted = activity[..., None] * true_directions[..., None, :]
    error = (found[..., :, None, :, :] - wanted[..., None, :, :, :]).square().mean(dim=(-2, -1))
    tracks = _over_permutations(error).amin(dim=-1).mean()
    classes = functional.mse_loss(found.sum(dim=-3), wanted.sum(dim=-3))
    return AggregatedLoss(track_weight * tracks + (1.0 - track_weight) * classes, tracks, classes)


@functools.cache
def _permutations(n: int) -> tuple[tuple[int, ...], ...]:
    return tuple(itertools.permutations(range(n)))


def _over_permutations(pairwise: Tensor) -> Tensor:
    """Average a pairwise error (..., output tracks, true tracks) over tracks, per permutation."""
    n = pairwise.shape[-1]
    order = torch.tensor(_permutations(n), device=pairwise.device)
    return pairwise[..., torch.arange(n, device=pairwise.device), order].mean(dim=-1)


def _check(
    logits: Tensor,
    directions: Tensor,
    activity: Tensor,
    true_directions: Tensor,
    *,
    per_class: bool,
) -> None:
    expected = (*logits.shape, 3) if per_class else (*logits.shape[:-1], 3)
    if tuple(directions.shape) != expected:
        msg = f"directions must have shape {expected}, got {tuple(directions.shape)}"
        raise InputError(msg)
    if activity.shape != logits.shape:
        msg = f"activity must have shape {tuple(logits.shape)}, got {tuple(activity.shape)}"
        raise InputError(msg)
    if true_directions.shape != directions.shape:
        msg = f"true_directions must have shape {expected}, got {tuple(true_directions.shape)}"
        raise InputError(msg)
