"""Scores from counters, by the formulas of each year.

Every function takes counters with any leading axes (files, draws) and returns one value for each,
so that a thousand resampled scores cost one call. An undefined ratio is NaN, except where a year
says otherwise (an undetected class has a localization error of 180 degrees until 2023).
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hearsight.metrics.counts import Counts
from hearsight.metrics.definitions import Average, Definition
from hearsight.metrics.frames import Floats

LOWER_IS_BETTER = frozenset(
    {
        "error_rate",
        "localization_error",
        "doa_error",
        "distance_error",
        "relative_distance_error",
        "seld_score",
    }
)
"""The errors; all other scores are better the higher they are."""

_WORST_ANGLE = 180.0


class Table(NamedTuple):
    """Scores of all classes together, shape (...), and of each, shape (..., n_classes)."""

    overall: dict[str, Floats]
    by_class: dict[str, Floats]


def scores_of(
    counts: Counts, definition: Definition, average: Average, *, strict_parity: bool
) -> Table:
    """Apply the formulas of a year to counters.

    Parameters
    ----------
    counts : Counts
        With any leading axes.
    definition : Definition
        Whose year says which scores there are.
    average : str
        See `Average`.
    strict_parity : bool
        Divide as the official tools do: an epsilon under each ratio, and absent classes counted
        as failures in macro averages.
    """
    eps = 0.0
    if strict_parity:
        is_single = average.startswith("pseldnets")
        eps = float(np.finfo(np.float32 if is_single else np.float64).eps)
    ratio = functools.partial(_ratio, eps=eps)
    if definition.year == 2019:
        return _apart(counts, ratio)
    if definition.year == 2020:
        return _single_instances(counts, ratio)
    table = _by_class(counts, definition, ratio)
    if average in ("micro", "pseldnets_micro"):
        summed = Counts(
            {name: values.sum(axis=-1, keepdims=True) for name, values in counts.by_class.items()},
            counts.overall,
        )
        pooled = _by_class(summed, definition, ratio)
        return Table({name: values[..., 0] for name, values in pooled.items()}, table)
    is_counted = np.ones_like(table["f_score"], dtype=bool)
    if average == "pseldnets_macro":
        # Reference quirk: present classes that were never detected are left out as well.
        is_counted = counts.by_class["localized"] > 0
    elif not strict_parity:
        is_counted = counts.by_class["references"] > 0
    overall = {name: _mean(np.where(is_counted, values, np.nan)) for name, values in table.items()}
    if "error_rate" in table:  # the same for all classes, whichever are counted
        overall["error_rate"] = _error_rate(counts, ratio)
    if average == "pseldnets_macro":
        overall["seld_score"] = _seld_score(overall)
        if strict_parity:
            overall = _as_if_nothing(overall, is_counted.sum(axis=-1) == 0)
    return Table(overall, table)


def _as_if_nothing(overall: dict[str, Floats], is_empty: NDArray[np.bool_]) -> dict[str, Floats]:
    """Put in what the PSELDNets tool says where no class at all was detected."""
    said = {
        "f_score": -1.0,
        "localization_error": _WORST_ANGLE,
        "localization_recall": -1.0,
        "seld_score": 1.0,
    }
    return overall | {
        name: np.where(is_empty, value, overall[name]) for name, value in said.items()
    }


Ratio = Callable[[Floats, Floats], Floats]


def _ratio(top: Floats, bottom: Floats, *, eps: float) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(bottom + eps > 0.0, top / (bottom + eps), np.nan))


def _mean(values: Floats) -> Floats:
    """Average the last axis over what is known; NaN where nothing is."""
    is_known = ~np.isnan(values)
    return _ratio(np.where(is_known, values, 0.0).sum(axis=-1), is_known.sum(axis=-1), eps=0.0)


def _error_rate(counts: Counts, ratio: Ratio) -> Floats:
    errors = sum(counts.overall[name] for name in ("substitutions", "deletions", "insertions"))
    return ratio(np.asarray(errors), counts.by_class["references"].sum(axis=-1))


def _seld_score(scores: dict[str, Floats]) -> Floats:
    recall = scores.get("localization_recall", scores.get("localization_f_score"))
    assert recall is not None
    error = scores["localization_error"] / _WORST_ANGLE
    parts = [scores["error_rate"], 1.0 - scores["f_score"], error, 1.0 - recall]
    return np.asarray(sum(parts) / 4.0)


def _apart(counts: Counts, ratio: Ratio) -> Table:
    by_class = counts.by_class

    def f_of(part: Mapping[str, Floats]) -> Floats:
        return ratio(2.0 * part["true_positives"], part["references"] + part["predictions"])

    summed = {name: values.sum(axis=-1) for name, values in by_class.items()}
    n_directions = counts.overall["directions"]
    overall = {
        "error_rate": _error_rate(counts, ratio),
        "f_score": f_of(summed),
        "doa_error": np.where(
            n_directions > 0, counts.overall["angle_sum"] / np.maximum(n_directions, 1.0), 0.0
        ),
        "frame_recall": ratio(counts.overall["matching_frames"], counts.overall["frames"]),
    }
    overall["seld_score"] = (
        overall["error_rate"]
        + 1.0
        - overall["f_score"]
        + overall["doa_error"] / _WORST_ANGLE
        + 1.0
        - overall["frame_recall"]
    ) / 4.0
    return Table(overall, {"f_score": f_of(by_class)})


def _single_instances(counts: Counts, ratio: Ratio) -> Table:
    def scores(part: dict[str, Floats]) -> dict[str, Floats]:
        def f_of(found: Floats) -> Floats:
            return ratio(2.0 * found, part["references"] + part["predictions"])

        return {
            "f_score": f_of(part["true_positives"]),
            "localization_error": _localization_error(part, ratio),
            "localization_f_score": f_of(part["localized"]),
        }

    overall = scores({name: values.sum(axis=-1) for name, values in counts.by_class.items()})
    overall = {"error_rate": _error_rate(counts, ratio), **overall}
    overall["seld_score"] = _seld_score(overall)
    return Table(overall, scores(dict(counts.by_class)))


def _localization_error(part: dict[str, Floats], ratio: Ratio) -> Floats:
    found = part["localized"]
    return np.where(found > 0.0, ratio(part["angle_sum"], found), _WORST_ANGLE)


def _by_class(counts: Counts, definition: Definition, ratio: Ratio) -> dict[str, Floats]:
    """Scores of 2021 and later for each class."""
    c = counts.by_class
    half = (c["false_positives"] + c["false_negatives"]) / 2.0
    # Until 2021 an error of place cost half a count, later a whole one.
    spatial = c["spatial_errors"] * (0.5 if definition.year == 2021 else 1.0)
    f_score = ratio(c["true_positives"], c["true_positives"] + spatial + half)
    recall = ratio(c["localized"], c["localized"] + c["localization_false_negatives"])
    error_rate = np.broadcast_to(_error_rate(counts, ratio)[..., None], f_score.shape)
    if definition.unit == "segment":
        scores = {
            "error_rate": error_rate,
            "f_score": f_score,
            "localization_error": _localization_error(dict(c), ratio),
            "localization_recall": recall,
        }
        scores["seld_score"] = _seld_score(scores)
        return scores
    found = c["localized"]
    error = np.where(found > 0.0, ratio(c["angle_sum"], found), np.nan)
    scores = {"error_rate": error_rate, "f_score": f_score, "localization_error": error}
    parts = [1.0 - f_score, error / _WORST_ANGLE]
    if definition.with_distance:
        scores["distance_error"] = _known_mean(c["distance_sum"], c["distances"], ratio)
        scores["relative_distance_error"] = _known_mean(
            c["relative_distance_sum"], c["relative_distances"], ratio
        )
        parts.append(scores["relative_distance_error"])
    else:
        parts = [error_rate, *parts, 1.0 - recall]
    if definition.with_on_screen:
        scores["on_screen_accuracy"] = _known_mean(
            c["on_screen_right"], c["on_screen_known"], ratio
        )
        scores["localization_recall"] = recall
        return scores
    scores["localization_recall"] = recall
    scores["seld_score"] = _mean(np.stack(np.broadcast_arrays(*parts), axis=-1))
    return scores


def _known_mean(total: Floats, count: Floats, ratio: Ratio) -> Floats:
    return np.where(count > 0.0, ratio(total, count), np.nan)
