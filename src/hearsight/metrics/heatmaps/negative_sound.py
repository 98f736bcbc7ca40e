"""Whether a map listens: what it says to silence, to noise, and to sounds of other pictures.

Each picture is shown with its own sound and with sounds that nothing in it makes. One threshold for
the whole set, fixed beforehand on an absolute scale, turns maps into masks (map > threshold). With
its own sound the mask should cover the source (cIoU), with any other it should be empty (share of
the picture covered, pIA). F_LOC and F_AUC are harmonic means of both, so that neither a map that
always shows something nor one that never does scores well. Scores are fractions, where the paper
has percentages.

References
----------
.. [1] X. Juanola, G. Haro and M. Fuentes, "A critical assessment of visual sound source
   localization models including negative audio", ICASSP 2025 (arXiv:2410.01020).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hearsight.errors import InputError, nearest
from hearsight.metrics.heatmaps.overlap import THRESHOLDS, Floats, areas, mean_ciou, summary
from hearsight.metrics.heatmaps.rows import ScoreRows, score_rows

ThresholdRule = Literal["third_quartile", "max", "max_and_tenth"]


def universal_threshold(maxima: ArrayLike, rule: ThresholdRule = "third_quartile") -> float:
    """Fix one threshold for all maps from what they say to sounds that nothing in view makes.

    Parameters
    ----------
    maxima : array_like
        Greatest value of each map under negative sound, of all kinds together; any shape.
    rule : {"third_quartile", "max", "max_and_tenth"}
        The third quartile lets a quarter of the maps say something, the maximum none, the last is a
        tenth of the maximum above it.

    Raises
    ------
    InputError
        If there are no maxima, some are not finite, or the rule is unknown.

    Examples
    --------
    >>> universal_threshold([0.1, 0.2, 0.3, 0.4, 0.8])
    0.4
    """
    values = np.asarray(maxima, dtype=np.float64)
    if not values.size or not np.isfinite(values).all():
        msg = f"maxima must be finite and at least one, got {values.size}; look at these maps"
        raise InputError(msg)
    if rule not in get_args(ThresholdRule):
        msg = f"unknown rule {rule!r}; {nearest(rule, get_args(ThresholdRule))}"
        raise InputError(msg)
    if rule == "third_quartile":
        return float(np.quantile(values, 0.75))
    top = float(values.max())
    return top if rule == "max" else top + 0.1 * abs(top)


def separating_threshold(own: ArrayLike, negative: ArrayLike) -> float:
    """Fix the threshold that best tells a picture's own sound from those that nothing in it makes.

    Unlike `universal_threshold`, which lets a quarter of all maps say something to negative sound
    whatever they say to their own, it weighs both: of all thresholds it has the greatest sum of the
    share of maps above it with their own sound and the share not above it with negative sound
    (Youden's index).

    Parameters
    ----------
    own : array_like
        Greatest value of each map with its own sound; any shape.
    negative : array_like
        The same with negative sounds, of all kinds together.

    Returns
    -------
    float
        Halfway between two of the values; of equally good ones the middle one.

    Raises
    ------
    InputError
        If there are none of either, or some are not finite.

    Examples
    --------
    >>> round(separating_threshold([0.7, 0.9, 0.95], [0.1, 0.2, 0.5]), 3)
    0.6
    """
    right, wrong = (np.sort(np.ravel(np.asarray(each, np.float64))) for each in (own, negative))
    if not right.size or not wrong.size or not np.isfinite([*right, *wrong]).all():
        msg = (
            f"own and negative must hold finite maxima, got {right.size} and {wrong.size}; look at "
            "these maps"
        )
        raise InputError(msg)
    values = np.unique([*right, *wrong])
    middles = values if values.size == 1 else (values[1:] + values[:-1]) / 2
    above = 1.0 - np.searchsorted(right, middles, side="right") / right.size
    below = np.searchsorted(wrong, middles, side="right") / wrong.size
    best = np.flatnonzero(np.isclose(above + below, (above + below).max()))
    return float(middles[best[best.size // 2]])


def share_above(heat_maps: ArrayLike, threshold: float) -> Floats:
    """Return the share of the picture above a threshold (pIA), in [0, 1].

    Parameters
    ----------
    heat_maps : array_like, shape (..., height, width)
    threshold : float
        Values equal to it are not above.

    Returns
    -------
    ndarray, shape (...)

    Examples
    --------
    >>> float(share_above([[0.1, 0.6], [0.7, 0.5]], 0.5))
    0.5
    """
    return (np.asarray(heat_maps) > threshold).mean(axis=(-2, -1))


def mask_iou(a: ArrayLike, b: ArrayLike) -> Floats:
    """Compare the masks of one picture under two sounds; near 1, the map does not listen.

    Parameters
    ----------
    a, b : array_like of bool, shape (..., height, width)

    Returns
    -------
    ndarray, shape (...)
        Intersection over union, in [0, 1]; 1 where both are empty, 0 where one is.

    Examples
    --------
    >>> float(mask_iou([[True, True]], [[True, False]]))
    0.5
    """
    a, b = np.asarray(a, dtype=bool), np.asarray(b, dtype=bool)
    both, either = (a & b).sum(axis=(-2, -1)), (a | b).sum(axis=(-2, -1))
    return np.where(either > 0, both / np.maximum(either, 1), 1.0)


def describe_maxima(maxima: Mapping[str, ArrayLike]) -> dict[str, dict[str, float]]:
    """Return mean and median of the greatest values of maps by the kind of sound.

    Parameters
    ----------
    maxima : mapping of str to array_like
        For the own sound and for each negative one; any shape, not empty.

    Examples
    --------
    >>> describe_maxima({"silence": [0.1, 0.2, 0.6]})["silence"]["median"]
    0.2
    """
    values = {sound: np.asarray(each, dtype=np.float64) for sound, each in maxima.items()}
    return {
        sound: {"mean": float(each.mean()), "median": float(np.median(each))}
        for sound, each in values.items()
    }


def negative_sound_scores(
    cious: ArrayLike,
    shares: Mapping[str, ArrayLike],
    *,
    n_draws: int = 1000,
    generator: np.random.Generator | None = None,
) -> ScoreRows:
    """Score maps under their own and under negative sounds, at one universal threshold.

    Parameters
    ----------
    cious : array_like, shape (pictures,)
        With the own sound; NaN counts 0.
    shares : mapping of str to array_like, shape (pictures,) or (seeds, pictures)
        For each kind of negative sound (in the paper silence, noise, off-screen), `share_above` of
        the same pictures in the same order. Several seeds are averaged.
    n_draws : int
        Bootstrap draws for 95 % intervals over pictures; 0 for none.
    generator : numpy.random.Generator, optional
        Default: seeded with 0, so that the same call gives the same intervals.

    Returns
    -------
    ScoreRows
        A row for each kind of sound, and `all` for their mean: `mean_ciou` and `auc` with the own
        sound (the same in all rows), `pia` (the share covered), `auc_negative` (area under the
        share of pictures that are covered no more than t), `f_loc` and `f_auc`.

    Raises
    ------
    InputError
        If there is nothing to score, or shapes do not fit.

    Examples
    --------
    >>> scores = negative_sound_scores([0.9, 0.7], {"silence": [0.0, 0.4]}, n_draws=0)
    >>> round(scores["all"]["pia"], 3), round(scores["silence"]["f_loc"], 3)
    (0.2, 0.8)
    """
    positive = np.asarray(cious, dtype=np.float64)
    if positive.ndim != 1 or not len(positive) or not shares:
        msg = f"cious must have shape (pictures,) and shares a kind, got {positive.shape}"
        raise InputError(f"{msg} and {len(shares)} kinds; give at least one picture and kind")
    covered = {sound: np.atleast_2d(np.asarray(each)) for sound, each in shares.items()}
    for sound, each in covered.items():
        if each.ndim != 2 or each.shape[1] != len(positive):
            msg = f"shares of {sound} must have shape (seeds, {len(positive)}), got {each.shape}"
            raise InputError(f"{msg}; give one for each of the pictures of cious")
    table = {
        sound: (each.mean(axis=0), _negative_areas(each).mean(axis=0))
        for sound, each in covered.items()
    }
    area = areas(positive)

    def score(chosen: NDArray[np.intp]) -> dict[str, dict[str, float]]:
        own = mean_ciou(positive[chosen]), float(area[chosen].mean())
        parts = {
            sound: tuple(float(each[chosen].mean()) for each in pair)
            for sound, pair in table.items()
        }
        pia, auc_negative = np.mean(list(parts.values()), axis=0)
        parts = {"all": (float(pia), float(auc_negative)), **parts}
        return {sound: _negative_row(*own, *pair) for sound, pair in parts.items()}

    sizes = dict.fromkeys(("all", *shares), len(positive))
    return score_rows(score, len(positive), sizes, n_draws=n_draws, generator=generator)


def _negative_areas(shares: Floats) -> Floats:
    """Compute what each picture gives to the area under the share covered no more than t."""
    reached = shares[..., None] <= THRESHOLDS
    return np.asarray(np.trapezoid(reached.astype(np.float64), THRESHOLDS, axis=-1))


def _negative_row(ciou: float, area: float, pia: float, area_negative: float) -> dict[str, float]:
    return {
        "mean_ciou": ciou,
        "auc": area,
        "pia": pia,
        "auc_negative": area_negative,
        "f_loc": _harmonic(ciou, 1.0 - pia),
        "f_auc": _harmonic(area, area_negative),
    }


def _harmonic(a: float, b: float) -> float:
    return 2.0 * a * b / (a + b) if a + b > 0.0 else 0.0


def swapped_sound_scores(
    own: ArrayLike,
    swapped: ArrayLike,
    mask_ious: ArrayLike | None = None,
    *,
    n_draws: int = 1000,
    generator: np.random.Generator | None = None,
) -> ScoreRows:
    """Score maps under their own sound and under that of another picture, by the same truth.

    Of a map that listens the swapped score falls to the floors; one that does not keeps its score.

    Parameters
    ----------
    own, swapped : array_like, shape (pictures,)
        cIoU of each picture under each sound; NaN fails.
    mask_ious : array_like, shape (pictures,), optional
        `mask_iou` of the masks under both.
    n_draws : int
        Bootstrap draws for 95 % intervals over pictures; 0 for none.
    generator : numpy.random.Generator, optional
        Default: seeded with 0, so that the same call gives the same intervals.

    Returns
    -------
    ScoreRows
        `success`, `mean_ciou` and `auc` in the rows `own`, `swapped` and `difference` (own minus
        swapped, of the same pictures in each draw); with masks a row `masks` that has their mean
        `iou`.

    Raises
    ------
    InputError
        If there is no picture, or shapes do not fit.

    Examples
    --------
    >>> scores = swapped_sound_scores([0.9, 0.7], [0.6, 0.1], n_draws=0)
    >>> scores["difference"]["success"]
    0.5
    """
    tables = {"own": own, "swapped": swapped}
    if mask_ious is not None:
        tables["masks"] = mask_ious
    values = {name: np.asarray(each, dtype=np.float64) for name, each in tables.items()}
    n_pictures = values["own"].size
    for name, each in values.items():
        if each.shape != (n_pictures,) or not n_pictures:
            msg = f"{name} must have one value for each picture and one at least, got {each.shape}"
            raise InputError(f"{msg}; own has {values['own'].shape}")

    def score(chosen: NDArray[np.intp]) -> dict[str, dict[str, float]]:
        rows = {name: summary(values[name][chosen]) for name in ("own", "swapped")}
        rows["difference"] = {
            name: value - rows["swapped"][name] for name, value in rows["own"].items()
        }
        if "masks" in values:
            rows["masks"] = {"iou": float(values["masks"][chosen].mean())}
        return rows

    sizes = dict.fromkeys((*values, "difference"), n_pictures)
    return score_rows(score, n_pictures, sizes, n_draws=n_draws, generator=generator)
