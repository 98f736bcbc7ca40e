"""ADPIT: the loss of multi-ACCDOA, blind to which track tells of which event.

Up to three instances of one class may sound at once, and no track of the output owns one of them.
So each frame and class is compared with every way of giving its instances to the three tracks, and
the nearest way counts. Fewer instances than tracks are given more than once (auxiliary duplicates):
one to all three, two to two tracks and one; no track is ever asked for silence beside a sounding
one. That makes 1, 6 or 6 ways for 1, 2 or 3 instances.

How it is fast: the choice needs no gradient, and the mean squared error to the chosen target has
the gradient of the smallest one. The choice runs on arrays whose last axis holds all frames and
classes of the batch, in additions and products alone (comparisons, gathers and `argmin` cost ten
times as much there), without waiting for a device and without a loop over the ways.

References
----------
.. [1] K. Shimada et al., "Multi-ACCDOA: localizing and detecting overlapping sounds from the same
   class with auxiliary duplicating permutation invariant training", ICASSP 2022.
"""

from __future__ import annotations

import functools
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from hearsight.errors import InputError

N_TRACKS = 3
N_DUMMY_TRACKS = 6

# Ways of giving the instances (0, 1, 2) to the tracks, in lexical order, so that the first of equal
# ones is that of the original. Two instances stand as (first, first, second): the ways in which
# instance 2 comes twice give the second one to two tracks and are not for three instances.
_WAYS = (
    (0, 1, 2),
    (0, 2, 1),
    (0, 2, 2),
    (1, 0, 2),
    (1, 2, 0),
    (2, 0, 1),
    (2, 0, 2),
    (2, 1, 0),
    (2, 2, 0),
)


def adpit_loss(
    output: Tensor, target: Tensor, *, on_screen: bool = False, mask_on_screen: bool = False
) -> Tensor:
    """Compare multi-ACCDOA outputs with their targets.

    Parameters
    ----------
    output : Tensor, shape (..., 3, classes, components)
        Leading axes: batch, frames. Components as `hearsight.events.multi_accdoa.MultiAccdoa` lists
        them, each multiplied with the activity: x, y(, z)(, distance in metres)(, on-screen).
    target : Tensor, shape (..., 6, classes, components)
        From `MultiAccdoa.encode`: one instance of a class in dummy track 0, two in 1 and 2, three
        in 3, 4 and 5; at most one of these groups in each frame and class. Activities between 0
        and 1, as mixing makes them, are fine.
    on_screen : bool
        Whether the last component is the probability, in [0, 1], of being in the picture: it has no
        part in the choice, and its binary cross-entropy is added to the squared error of the rest.
    mask_on_screen : bool
        Whether the cross-entropy counts only where something sounds. The original also asks
        silent classes for 0, the default.

    Returns
    -------
    Tensor, shape ()
        Mean over batch, frames, classes, tracks and components. 0 at the target (without
        `on_screen`); all classes silent: the mean square of the output. NaN for an empty batch.

    Raises
    ------
    InputError
        If the shapes do not fit together.

    Notes
    -----
    Distances take part in the choice like directions. Half-precision outputs are compared in
    float32.
    """
    _check(output, target)
    n_places = output.shape[-1] - int(on_screen)
    with torch.autocast(output.device.type, enabled=False):
        found = _last(output.to(torch.promote_types(output.dtype, torch.float32)))
        with torch.no_grad():
            wanted = _nearest(found, _last(target.to(found.dtype)), n_places)
        return _compare(found, wanted, on_screen=on_screen, mask_on_screen=mask_on_screen)


def _compare(found: Tensor, wanted: Tensor, *, on_screen: bool, mask_on_screen: bool) -> Tensor:
    if not on_screen:
        return functional.mse_loss(found, wanted)
    places = functional.mse_loss(found[:, :-1], wanted[:, :-1])
    entropy = functional.binary_cross_entropy(found[:, -1], wanted[:, -1], reduction="none")
    if not mask_on_screen:
        return places + entropy.mean()
    sounding = (wanted[:, :-1] != 0.0).any(dim=1)
    return places + (entropy * sounding).sum() / sounding.sum().clamp(min=1)


def _check(output: Tensor, target: Tensor) -> None:
    expected = (*output.shape[:-3], N_DUMMY_TRACKS, *output.shape[-2:])
    if output.ndim < 3 or output.shape[-3] != N_TRACKS:
        msg = (
            f"output must have shape (..., {N_TRACKS}, classes, components), got "
            f"{tuple(output.shape)}; reshape what the network gives"
        )
        raise InputError(msg)
    if tuple(target.shape) != expected:
        msg = f"target must have shape {expected} for this output, got {tuple(target.shape)}"
        raise InputError(msg)


def _last(tensor: Tensor) -> Tensor:
    """Turn (..., tracks, classes, components) into a copy (tracks, components, all else)."""
    n = tensor.ndim
    turned = tensor.permute(n - 3, n - 1, *range(n - 3), n - 2)
    return turned.clone(memory_format=torch.contiguous_format).flatten(2)


def _nearest(found: Tensor, dummies: Tensor, n_places: int) -> Tensor:
    """Choose for each cell the way that is nearest to what was found.

    Parameters
    ----------
    found : Tensor, shape (3, components, cells)
    dummies : Tensor, shape (6, components, cells)
        Written over.
    n_places : int
        How many of the components, the first ones, take part in the choice.

    Returns
    -------
    Tensor, shape (3, components, cells)
    """
    rules = _rules(found.dtype, found.device)
    # Two buffers for all that follows: fresh memory costs more than the arithmetic.
    first = found.new_empty(N_TRACKS * N_TRACKS + 1, found.shape[-1])
    # In the last row whether there are three instances.
    torch.sum(dummies[3].abs(), dim=0, out=first[-1])
    first[-1].sign_()
    # Only one group is there, so sums of groups are cases without a question which one it is.
    instances = dummies[3:].add_(dummies[0])
    instances[:2] += dummies[1]
    instances[2] += dummies[2]
    # In the others half the squared distance of each track to each instance, less what is equal
    # for all.
    distances = first[:-1].view(N_TRACKS, N_TRACKS, -1)
    places = instances[:, :n_places]
    distances[:] = places.square().sum(dim=1).mul_(0.5)
    for k in range(n_places):
        distances.addcmul_(found[:, None, k], places[None, :, k], value=-1.0)
    costs = rules.costs @ first
    # 0 for the ways that cost least, -1 for the others; then 1 for the first of the least alone.
    behind = torch.sub(costs.amin(dim=0), costs, out=costs).sign_()
    chosen = torch.addmm(rules.firsts_bias, rules.firsts, behind, out=first[:-1]).relu_()
    given = torch.mm(rules.pairs, chosen, out=costs).view(N_TRACKS, N_TRACKS, 1, -1)
    wanted = given[:, 0] * instances[0]
    wanted.addcmul_(given[:, 1], instances[1])
    return wanted.addcmul_(given[:, 2], instances[2])


class _Rules(NamedTuple):
    """The ways as matrices.

    `costs` (9, 10): which (track, instance) pairs a way is made of, and the price of giving an
    instance to two tracks where there are three. `pairs` (9, 9): its first columns, transposed.
    `firsts` (9, 9) with `firsts_bias` (9, 1): what is 1 for the first 0 of a column of zeros and
    minus ones, and not above 0 for all others.
    """

    costs: Tensor
    pairs: Tensor
    firsts: Tensor
    firsts_bias: Tensor


@functools.cache
def _rules(dtype: torch.dtype, device: torch.device) -> _Rules:
    n = len(_WAYS)
    ways = functional.one_hot(torch.tensor(_WAYS), N_TRACKS).flatten(1)
    repeats = torch.tensor([[len(set(way)) < N_TRACKS] for way in _WAYS])
    price = repeats.to(dtype) * (torch.finfo(dtype).max / 4)
    earlier = torch.ones(n, n).tril(diagonal=-1)
    matrices = (
        torch.cat([ways, price], dim=1),
        ways.T.contiguous(),
        n * torch.eye(n) - earlier,
        1.0 - torch.arange(n)[:, None],
    )
    return _Rules(*(matrix.to(device, dtype) for matrix in matrices))
