"""Scores and counters of every challenge year against those of the official tools."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from hearsight.errors import InputError
from hearsight.metrics.frames import FrameTable
from hearsight.metrics.seld import SeldScores, seld_scores
from parity.reference import Check, Reference

TOLERANCE = 1e-9
# Near 0 degrees an arc cosine turns the last bit of a cosine into 1e-6 degrees, and which bit that
# is depends on the processor; counters add up dozens of them.
ANGLE_TOLERANCE = 1e-5
ANGLES = ("LE", "AngE", "DOA_error", "total_DE", "total_AngE")

SCORES = {
    "ER": "error_rate",
    "F": "f_score",
    "LE": "localization_error",
    "AngE": "localization_error",
    "LR": "localization_recall",
    "LR_as_F": "localization_f_score",
    "SELD": "seld_score",
    "SELD_scr": "seld_score",
    "DistE": "distance_error",
    "RelDistE": "relative_distance_error",
    "OnscreenAcc": "on_screen_accuracy",
    "DOA_error": "doa_error",
    "frame_recall": "frame_recall",
}
COUNTERS = {
    "TP": "true_positives",
    "FP": "false_positives",
    "FP_spatial": "spatial_errors",
    "FN": "false_negatives",
    "Nref": "references",
    "Nsys": "predictions",
    "S": "substitutions",
    "D": "deletions",
    "I": "insertions",
    "total_DE": "angle_sum",
    "total_AngE": "angle_sum",
    "total_DistE": "distance_sum",
    "total_RelDistE": "relative_distance_sum",
    "total_OnscreenCorrect": "on_screen_right",
    "DE_TP": "localized",
    "DE_FP": "localization_false_positives",
    "DE_FN": "localization_false_negatives",
    "n_pred": "directions",
    "good_frames": "matching_frames",
    "more_est": "surplus_directions",
    "less_est": "missing_directions",
}
FORMATS = {
    "2019": ("polar5", "xyz6"),
    "2020": ("polar5", "xyz6"),
    "2021": ("polar5", "xyz6"),
    "2022": ("polar5", "xyz6"),
    "2023": ("polar6", "xyz7"),
    "2024": ("polar6", "xyz7"),
    "2025": ("stereo_ref", "stereo_pred"),
    "pseldnets": ("polar5", "xyz6"),
}


def check_metrics(reference: Reference) -> None:
    assert reference.spec["cases"]
    for case in reference.spec["cases"]:
        for generation, results in case["results"].items():
            _check_generation(case, generation, results, reference.spec["nb_classes"][generation])


def _check_generation(
    case: dict[str, Any], generation: str, results: dict[str, Any], n_classes: int
) -> None:
    if not results:
        return
    true_format, heard_format = FORMATS[generation]
    is_rounded = generation in ("2019", "pseldnets")
    truth = {name: read_table(text, true_format) for name, text in case["csv"][true_format].items()}
    heard = {
        name: read_table(text, heard_format, is_rounded=is_rounded)
        for name, text in case["csv"][heard_format].items()
    }
    labels = [f"class {index}" for index in range(n_classes)]

    def score(**options: Any) -> SeldScores:
        year = 2023 if generation == "pseldnets" else int(generation)
        return seld_scores(truth, heard, year=year, labels=labels, strict_parity=True, **options)

    if generation == "pseldnets" and "raises" not in results:
        counters = results["counters"]
        variants = {name: results[name] | {"counters": counters} for name in ("macro", "micro")}
    elif generation in ("2019", "pseldnets"):
        variants = {"micro": results}
    else:
        variants = results
    for variant, expected in variants.items():
        _check_variant(f"{case['name']}/{generation}/{variant}", expected, score)


def _options(name: str) -> dict[str, Any]:
    """Read the settings of a variant from its name."""
    _, generation, variant = name.split("/")
    if generation == "pseldnets":
        return {"average": f"pseldnets_{variant}"}
    options: dict[str, Any] = {}
    for average in ("macro", "micro"):
        if average in variant.split("_"):
            options["average"] = average
    for rule in ("polar", "cartesian"):
        if rule in variant.split("_"):
            options["angle_rule"] = rule
    if "segment" in variant:
        options["unit"] = "segment"
    if "no_distance" in variant:
        options["with_distance"] = False
    if limit := re.search(r"abs_distance_([\d.]+)m", variant):
        options["distance_threshold"] = float(limit.group(1))
        options["relative_distance_threshold"] = np.inf
    # The audio track of 2025 never asks for the flag, whatever its settings say.
    options["require_on_screen"] = variant == "req_onscreen"
    if "jackknife" in variant:
        options["interval"] = "jackknife"
    return options


def _check_variant(name: str, expected: dict[str, Any], score: Callable[..., SeldScores]) -> None:
    if "raises" in expected:
        # Files that the originals could not read, a crash of their jackknife: nothing to compare.
        if expected["raises"] == "ValueError" and "max()" in expected["message"]:
            with pytest.raises(InputError, match="empty reference"):
                score(**_options(name))
        return
    scores = score(**_options(name))
    if "jackknife" in name:
        _compare_intervals(name, scores, expected)
        return
    for key, value in expected.items():
        if key in SCORES:
            close(f"{name} {key}", scores[SCORES[key]] * _unit(name, key), value)
        elif key == "classwise":
            _compare_classes(name, scores, value)
        elif key == "counters":
            _compare_counters(name, scores, value)
        elif key in COUNTERS:
            _compare_counters(name, scores, {key: value})
        else:
            assert key in ("formats", "notes"), f"{name}: unknown result {key}"


def _unit(name: str, key: str) -> float:
    return 100.0 if key in ("DistE", "total_DistE") and "/2025/" in name else 1.0


def _compare_classes(name: str, scores: SeldScores, expected: dict[str, Any]) -> None:
    if expected["values"] is None:
        return
    for key, values in zip(expected["rows"], expected["values"], strict=True):
        ours = [row[SCORES[key]] * _unit(name, key) for row in scores.by_class.values()]
        close(f"{name} {key} by class", ours, values)


def _compare_counters(name: str, scores: SeldScores, expected: dict[str, Any]) -> None:
    total = scores.counts.total()
    for key, values in expected.items():
        if key in ("S", "D", "I") and "/2025/" in name:
            continue  # there the official tool does not count them
        if key in ("total_DistE", "total_RelDistE") and "/no_distance" in name:
            continue
        ours = total.by_class.get(COUNTERS[key], total.overall.get(COUNTERS[key]))
        assert ours is not None, f"{name}: no counter {key}"
        if key == "FP" and "/2021/" in name:
            ours = ours + total.by_class["spatial_errors"]  # there they are counted together
        if np.ndim(ours) > np.ndim(values):
            ours = ours.sum()
        close(f"{name} counter {key}", ours * _unit(name, key), values)


def _compare_intervals(name: str, scores: SeldScores, expected: dict[str, Any]) -> None:
    # What the official tool returns as the score is that of all recordings but the last.
    rest = scores.grouped(lambda each: "last" if each == scores.names[-1] else "rest")["rest"]
    for key, value in expected.items():
        if key == "classwise":
            values = {"rows": value["rows"], "values": value["returned_point"]}
            _compare_classes(name, rest, values)
        else:
            close(f"{name} {key} without the last", rest[SCORES[key]], value["returned_point"])
            interval = scores.intervals[SCORES[key]]
            close(f"{name} {key} interval", [interval.low, interval.high], value["ci95"])


def close(name: str, ours: Any, expected: Any) -> None:
    wanted = np.array(expected, dtype=float)  # null is NaN
    atol = TOLERANCE
    if not set(ANGLES).isdisjoint(name.split()):
        atol = ANGLE_TOLERANCE
    elif not {"SELD", "SELD_scr"}.isdisjoint(name.split()):
        atol = ANGLE_TOLERANCE / 180.0
    np.testing.assert_allclose(ours, wanted, rtol=TOLERANCE, atol=atol, err_msg=name)


def read_table(text: str, kind: str, *, is_rounded: bool = False) -> FrameTable:
    """Read a file as the official tools do, rows in their order, vectors in their length."""
    lines = [line for line in text.splitlines() if line and not line[0].isalpha()]
    if not lines:
        return FrameTable.from_columns([], [], [])
    rows = np.array([line.split(",") for line in lines], float)
    columns = rows.T
    common = {"frames": columns[0].astype(int), "classes": columns[1], "sources": columns[2]}
    if kind.startswith("stereo"):
        return FrameTable.from_columns(
            azimuth=columns[3], distance=columns[4] / 100.0, on_screen=columns[5], **common
        )
    if kind.startswith("polar"):
        distance = columns[5] / 100.0 if len(columns) > 5 else None
        return FrameTable.from_columns(
            azimuth=columns[3], elevation=columns[4], distance=distance, **common
        )
    distance = columns[6] if len(columns) > 6 else None
    table = FrameTable.from_columns(vectors=rows[:, 3:6], distance=distance, **common)
    if not is_rounded:
        return table
    return FrameTable.from_columns(
        azimuth=np.round(table.azimuth), elevation=np.round(table.elevation), **common
    )


CHECKS: dict[str, Check] = {"metrics": check_metrics}
