"""Losses of `hearsight.models.visual_context`: sounds told apart, nodes told apart, maps alike.

References
----------
.. [1] X. Zhou et al., "Exploiting visual context semantics for sound source localization", WACV
   2023.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from hearsight.errors import InputError

Divergence = Literal["js", "kl"]


def localization_logits(similarities: Tensor, pool: Literal["max", "mean"] = "max") -> Tensor:
    """Return how well each picture fits each sound.

    Parameters
    ----------
    similarities : Tensor, shape (pictures, sounds, height, width)
    pool : {"max", "mean"}
        What stands for the places: the best, or their mean.

    Returns
    -------
    Tensor, shape (pictures, sounds)
    """
    # Half precision would blur what is close.
    places = similarities.float()
    return places.amax(dim=(-2, -1)) if pool == "max" else places.mean(dim=(-2, -1))


def localization_loss(similarities: Tensor, pool: Literal["max", "mean"] = "max") -> Tensor:
    """Ask of each picture which sound of the batch is its own.

    Parameters
    ----------
    similarities : Tensor, shape (batch, batch, height, width)
        Of pictures (first) with sounds.
    pool : {"max", "mean"}

    Returns
    -------
    Tensor, shape ()
        Cross-entropy, of pictures over sounds only; 0 for a batch of one.
    """
    logits = localization_logits(similarities, pool)
    return functional.cross_entropy(logits, torch.arange(len(logits), device=logits.device))


def rejection_loss(
    similarities: Tensor, others: Tensor, pool: Literal["max", "mean"] = "max"
) -> Tensor:
    """Ask that sounds that no picture has made fit every picture less than any its own.

    Not of [1]_, which never hears such sounds.

    Parameters
    ----------
    similarities : Tensor, shape (batch, batch, height, width)
        Of pictures with their sounds. They do not learn from it.
    others : Tensor, shape (batch, other sounds, height, width)
        Of pictures with the sounds that belong to none.
    pool : {"max", "mean"}

    Returns
    -------
    Tensor, shape ()
        Mean of log(1 + exp(other - own)) over every other and every own fit, also of different
        pictures: one threshold shall tell them apart. 0 without others.
    """
    own = localization_logits(similarities, pool).diagonal().detach()
    apart = functional.softplus(localization_logits(others, pool).flatten()[:, None] - own)
    return apart.sum() / max(1, apart.numel())


def discrimination_loss(agreement: Tensor, n_foreground: int = 8, n_background: int = 8) -> Tensor:
    """Ask that the nodes that fit the sound best fit it better than those that fit it least.

    Parameters
    ----------
    agreement : Tensor, shape (batch, nodes)
        Cosines of the nodes with their pair's sound.
    n_foreground, n_background : int
        How many are the best, and the least.

    Returns
    -------
    Tensor, shape ()
        Mean of log(1 + exp(mean of the least - mean of the best)); log 2 where all are equal.

    Raises
    ------
    InputError
        If there are fewer nodes than foreground or background.
    """
    ranked = agreement.float().sort(dim=1, descending=True).values
    _check_counts(ranked.shape[1], n_foreground, n_background)
    best = ranked[:, :n_foreground].mean(dim=1)
    least = ranked[:, -n_background:].mean(dim=1)
    return functional.softplus(least - best).mean()


def divergence_loss(
    node_maps: Tensor,
    agreement: Tensor,
    own: Tensor,
    *,
    n_foreground: int = 8,
    kind: Divergence = "js",
) -> Tensor:
    """Ask that the foreground's mean map and the map of the sound look alike, both learning.

    Parameters
    ----------
    node_maps : Tensor, shape (batch, nodes, height, width)
    agreement : Tensor, shape (batch, nodes)
        Cosines of the nodes with their pair's sound: the best are foreground.
    own : Tensor, shape (batch, height, width)
        Each picture's similarity with its own sound.
    n_foreground : int
    kind : {"js", "kl"}
        Jensen-Shannon, or Kullback-Leibler of the sound's map from the foreground's.

    Returns
    -------
    Tensor, shape ()
        Of softmaxes over places; sum over places, mean over the batch. 0 for equal maps.

    Raises
    ------
    InputError
        If there are fewer nodes than foreground.
    """
    _check_counts(agreement.shape[1], n_foreground)
    foreground = agreement.topk(n_foreground, dim=1).indices
    chosen = node_maps.float().flatten(2).take_along_dim(foreground[..., None], dim=1)
    seen = functional.log_softmax(chosen.mean(dim=1), dim=-1)
    heard = functional.log_softmax(own.float().flatten(1), dim=-1)
    return map_divergence(seen, heard, kind)


def map_divergence(seen: Tensor, heard: Tensor, kind: Divergence = "js") -> Tensor:
    """Compare distributions over places, given as logarithms (batch, places); see [1]_."""
    if kind == "kl":
        return _kl(heard, seen)
    mixture = ((seen.exp() + heard.exp()) / 2).log()
    return (_kl(seen, mixture) + _kl(heard, mixture)) / 2


def _kl(one: Tensor, other: Tensor) -> Tensor:
    """Return the divergence of `one` from `other`, both logarithms of distributions."""
    return functional.kl_div(other, one, reduction="batchmean", log_target=True)


def _check_counts(n_nodes: int, *counts: int) -> None:
    for count in counts:
        if not 1 <= count <= n_nodes:
            msg = f"foreground and background must be 1 to {n_nodes} nodes each, got {count}"
            raise InputError(msg)
