"""Sets in which some sounds have no visible source: the place, and the doubt, of a map.

Half of such a set are pictures with the sounding thing in view, half are pictures whose sound comes
from elsewhere. Every map has a cIoU and a confidence; from some confidence on it counts as a
detection. A detection is right if there is a source in view and the cIoU is high enough; a picture
without a source should stay below. Scores are fractions, NaN where nothing defines them (an empty
subset, no source at all).

Two ways of counting stand side by side. As published, a detection at the wrong place is wrong, but
its source does not count as missed, so that recall reaches 1 however few places are right; and the
average precision loses the area left of its first recall, so that a few perfect maps score 0.
`ap_reference` and `max_f1_reference` count so, for comparison with tables; `average_precision` and
`max_f1` divide by all sources and lose nothing. Published numbers rest on half-area masks for the
cIoU and on the fixed-range map for the confidence.

References
----------
.. [1] S. Mo and P. Morgado, "A closer look at weakly-supervised audio-visual source localization",
   NeurIPS 2022 (arXiv:2209.09634).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hearsight.errors import InputError, nearest
from hearsight.metrics.heatmaps.overlap import Floats, auc
from hearsight.metrics.heatmaps.rows import ScoreRows, score_rows

AREAS: dict[str, tuple[float, float]] = {
    "small": (0.0, 32.0**2),
    "medium": (32.0**2, 96.0**2),
    "large": (96.0**2, 144.0**2),
    "huge": (144.0**2, np.inf),
}
"""Area of what sounds, in pixels of a picture of 224 x 224; the first is in, the last is not."""

SUBSETS = ("all", "visible", *AREAS)
"""All pictures; those with a source in view; these by the area of the source."""

MIN_CIOUS = (0.5, 0.75)


def confidence(heat_map: ArrayLike) -> float:
    """Tell how sure a map is: the mean of its top quarter.

    Parameters
    ----------
    heat_map : array_like, shape (height, width)
        On a scale that is the same for all pictures, such as (cosine + 1) / 2; a map stretched to
        its own range is as sure as any other.

    Raises
    ------
    InputError
        If the map is empty.

    Examples
    --------
    >>> confidence([[0.9, 0.1], [0.2, 0.3]])
    0.9
    """
    values = np.asarray(heat_map, dtype=np.float64).ravel()
    if not len(values):
        msg = "heat_map has no pixels; give one of shape (height, width)"
        raise InputError(msg)
    n_top = max(1, len(values) // 4)
    return float(np.partition(values, -n_top)[-n_top:].mean())


@dataclass(frozen=True, eq=False)
class ExtendedSet:
    """What is known of the pictures of a set, one entry each.

    Parameters
    ----------
    cious : ndarray, shape (n,)
        Of each map with its truth; without a source in view it does not matter. NaN fails.
    confidences : ndarray, shape (n,)
        See `confidence`.
    areas : ndarray, shape (n,)
        Pixels of the truth in a picture of 224 x 224.
    has_source : ndarray of bool, shape (n,)
        Whether what sounds is in view. True also where its boxes are unusable: a failure then.
    """

    cious: Floats
    confidences: Floats
    areas: Floats
    has_source: NDArray[np.bool_]

    def __post_init__(self) -> None:
        shape = np.shape(self.cious)
        for name in ("cious", "confidences", "areas", "has_source"):
            kind = bool if name == "has_source" else np.float64
            values = np.asarray(getattr(self, name), dtype=kind)
            if values.ndim != 1 or values.shape != shape:
                msg = f"{name} must have shape (n,) as all others, got {values.shape}"
                raise InputError(msg)
            object.__setattr__(self, name, values)
        if not np.isfinite(self.confidences).all():
            n_bad = int((~np.isfinite(self.confidences)).sum())
            msg = f"confidences must be finite, got {n_bad} that are not; look at these maps"
            raise InputError(msg)

    def __len__(self) -> int:
        return len(self.cious)

    def at(self, chosen: NDArray[np.integer] | NDArray[np.bool_]) -> ExtendedSet:
        """Return the pictures at these places, or where a mask is true."""
        return ExtendedSet(
            self.cious[chosen],
            self.confidences[chosen],
            self.areas[chosen],
            self.has_source[chosen],
        )

    def subset(self, name: str) -> ExtendedSet:
        """Return the pictures of one of `SUBSETS`.

        Raises
        ------
        InputError
            If there is no subset of that name.
        """
        if name == "all":
            return self
        if name == "visible":
            return self.at(self.has_source)
        if name not in AREAS:
            msg = f"unknown subset {name!r}; {nearest(name, SUBSETS)}"
            raise InputError(msg)
        low, high = AREAS[name]
        return self.at(self.has_source & (self.areas >= low) & (self.areas < high))

    def is_right(self, min_ciou: float) -> NDArray[np.bool_]:
        """Return where a source is in view and found, shape (n,)."""
        return self.has_source & (self.cious >= min_ciou)


def extended_scores(
    samples: ExtendedSet, *, n_draws: int = 1000, generator: np.random.Generator | None = None
) -> ScoreRows:
    """Score a set of pictures with and without the sounding thing in view.

    Parameters
    ----------
    samples : ExtendedSet
    n_draws : int
        Bootstrap draws for 95 % intervals over pictures; 0 for none.
    generator : numpy.random.Generator, optional
        Default: seeded with 0, so that the same call gives the same intervals.

    Returns
    -------
    ScoreRows
        A row for each subset and required cIoU, such as `all@0.5` and `small@0.75`:
        `localization_accuracy` (what is right among all pictures; of `visible@0.5` the published
        LocAcc), `auc` (of pictures with a source, whatever cIoU is required), `average_precision`,
        `max_f1`, `ap_reference` and `max_f1_reference`.

    Raises
    ------
    InputError
        If there is no picture.

    Examples
    --------
    >>> known = ExtendedSet([0.8, 0.6, 0.0], [0.9, 0.4, 0.5], [900, 9000, 0], [True, True, False])
    >>> row = extended_scores(known, n_draws=0)["all@0.5"]
    >>> round(row["average_precision"], 3), row["max_f1"]
    (0.833, 0.8)
    """
    if not len(samples):
        msg = "samples has no pictures to score; give at least one"
        raise InputError(msg)
    ranked = samples.at(np.argsort(samples.confidences))  # so that no draw need be sorted anew
    sizes = {
        f"{name}@{min_ciou:g}": len(samples.subset(name))
        for name in SUBSETS
        for min_ciou in MIN_CIOUS
    }
    return score_rows(
        lambda chosen: _rows(ranked.at(chosen)),
        len(samples),
        sizes,
        n_draws=n_draws,
        generator=generator,
    )


def _rows(samples: ExtendedSet) -> dict[str, dict[str, float]]:
    rows = {}
    for name in SUBSETS:
        subset = samples.subset(name)
        area = auc(subset.cious[subset.has_source])
        for min_ciou in MIN_CIOUS:
            is_right, f1 = subset.is_right(min_ciou), f1_reference(subset, min_ciou)
            rows[f"{name}@{min_ciou:g}"] = {
                "localization_accuracy": float(is_right.mean()) if len(subset) else np.nan,
                "auc": area,
                "average_precision": average_precision(subset, min_ciou),
                "max_f1": max_f1(subset, min_ciou),
                "ap_reference": ap_reference(subset, min_ciou),
                "max_f1_reference": float(f1.max()) if len(f1) else np.nan,
            }
    return rows


def average_precision(samples: ExtendedSet, min_ciou: float = 0.5) -> float:
    """Return the area under the best precision at each recall or more; NaN without a source.

    Parameters
    ----------
    samples : ExtendedSet
    min_ciou : float
        From which on a place is right.
    """
    n_sources = int(samples.has_source.sum())
    if not n_sources:
        return np.nan
    thresholds = np.unique(samples.confidences)[::-1]
    right, n_detected, _ = _counts(samples, thresholds, min_ciou)
    best = _best_from_here_on(right / n_detected)
    return float(np.sum(best * np.diff(right / n_sources, prepend=0.0)))


def max_f1(samples: ExtendedSet, min_ciou: float = 0.5) -> float:
    """Return the best F1 that any threshold of confidence gives; NaN without a source.

    Parameters
    ----------
    samples : ExtendedSet
    min_ciou : float
        From which on a place is right.
    """
    n_sources = int(samples.has_source.sum())
    if not n_sources:
        return np.nan
    right, n_detected, _ = _counts(samples, samples.confidences, min_ciou)
    return float(np.max(2.0 * right / (n_detected + n_sources)))


def precision_recall(
    samples: ExtendedSet, thresholds: ArrayLike, min_ciou: float = 0.5
) -> tuple[Floats, Floats]:
    """Return precision and recall as published, where a wrong place is no missed source.

    Parameters
    ----------
    samples : ExtendedSet
    thresholds : array_like, shape (k,)
        Of confidence; maps from it on are detections.
    min_ciou : float
        From which on a place is right.

    Returns
    -------
    precision, recall : ndarray, shape (k,)
        1 where nothing is detected, or nothing is right or missed.
    """
    right, n_detected, n_missed = _counts(samples, thresholds, min_ciou)
    return _ratio_or_one(right, n_detected), _ratio_or_one(right, right + n_missed)


def ap_reference(samples: ExtendedSet, min_ciou: float = 0.5) -> float:
    """Return the average precision as published; NaN for an empty set, 0 without a source.

    Parameters
    ----------
    samples : ExtendedSet
    min_ciou : float
        From which on a place is right.
    """
    if not len(samples):
        return np.nan
    # Reference quirks: the greatest confidence is no threshold, so what it finds alone is lost,
    # and each step of recall takes the best precision of its left end.
    falling = np.sort(samples.confidences)[:-1][::-1]
    precision, recall = precision_recall(samples, falling[:: max(1, len(samples) // 200)], min_ciou)
    return float(np.sum(_best_from_here_on(precision)[:-1] * np.diff(recall)))


def f1_reference(samples: ExtendedSet, min_ciou: float = 0.5) -> Floats:
    """Return F1 as published at about ten thresholds, shape (k,); empty for an empty set.

    Parameters
    ----------
    samples : ExtendedSet
    min_ciou : float
        From which on a place is right.
    """
    thresholds = np.sort(samples.confidences)[:: max(1, len(samples) // 10)]
    precision, recall = precision_recall(samples, thresholds, min_ciou)
    total = precision + recall
    return 2.0 * precision * recall / np.where(total > 0.0, total, 1.0)


def _counts(
    samples: ExtendedSet, thresholds: ArrayLike, min_ciou: float
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Count what is right, detected, and in view but not detected, for each threshold."""
    ranked = np.argsort(samples.confidences, kind="stable")
    n_below = np.searchsorted(samples.confidences[ranked], thresholds)
    is_right, has_source = samples.is_right(min_ciou)[ranked], samples.has_source[ranked]
    right_below = np.append(0, np.cumsum(is_right))
    missed = np.append(0, np.cumsum(has_source))[n_below]
    return right_below[-1] - right_below[n_below], len(samples) - n_below, missed


def _best_from_here_on(precision: Floats) -> Floats:
    return np.maximum.accumulate(precision[::-1])[::-1]


def _ratio_or_one(top: NDArray[np.intp], bottom: NDArray[np.intp]) -> Floats:
    return np.where(bottom > 0, top / np.maximum(bottom, 1), 1.0)
