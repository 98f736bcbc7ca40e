"""Scores of 2023 as the audio-visual SELD system reports them."""

from __future__ import annotations

import dataclasses
import re
from functools import partial
from typing import Any

import numpy as np

from hearsight.metrics.seld import SeldScores, seld_scores
from parity.reference import Check, Reference
from parity.seld_core_metrics import SCORES, close, read_table

ROWS = ("ER", "F", "LE", "LR", "SELD")


def check_metrics(reference: Reference) -> None:
    spec = reference.spec
    (n_classes,) = re.findall(r"(\d+) classes", spec["notes"])
    labels = [f"class {index}" for index in range(int(n_classes))]
    score = partial(seld_scores, year=2023, labels=labels, strict_parity=True)
    assert spec["edge_cases"]
    for name, case in spec["edge_cases"].items():
        truth = {"a": read_table(case["reference_csv"], "polar6")}
        heard = {"a": read_table(case["prediction_csv"], "xyz7")}
        for average in ("macro", "micro"):
            compare(f"{name}/{average}", score(truth, heard, average=average), case[average])
    truth = {name: read_table(text, "polar6") for name, text in spec["reference_csv"].items()}
    heard = {name: read_table(text, "xyz7") for name, text in spec["prediction_csv"].items()}
    predictions = {
        "macro": heard,
        "micro": heard,
        "macro_jackknife": heard,
        "perfect": truth,
        "empty_predictions": {name: read_table("", "xyz7") for name in heard},
        "only_first_prediction_file": {min(heard): heard[min(heard)]},
        "perfect_shifted_one_frame": {
            name: dataclasses.replace(table, frames=table.frames + 1, n_frames=table.n_frames + 1)
            for name, table in truth.items()
        },
    }
    for name, expected in spec["results"].items():
        average = "micro" if name == "micro" else "macro"
        if "jackknife" in name:
            scores = score(truth, predictions[name], average=average, interval="jackknife")
            compare_intervals(name, scores, expected)
        else:
            compare(name, score(truth, predictions[name], average=average), expected)


def compare(name: str, scores: SeldScores, expected: dict[str, Any]) -> None:
    for key, value in expected.items():
        if key != "classwise":
            close(f"{name} {key}", scores[SCORES[key]], value)
    for key, values in zip(ROWS, expected.get("classwise", []), strict=False):
        ours = [row[SCORES[key]] for row in scores.by_class.values()]
        close(f"{name} {key} by class", ours, values)


def compare_intervals(name: str, scores: SeldScores, expected: dict[str, Any]) -> None:
    for key in ROWS:
        found = scores.intervals[SCORES[key]]
        close(f"{name} {key}", found[:2], expected[key]["interval"])
    by_class = np.array(
        [[row[SCORES[key]][:2] for row in scores.intervals_by_class.values()] for key in ROWS]
    )
    for key, ours, values in zip(ROWS, by_class, expected["classwise"]["interval"], strict=True):
        close(f"{name} {key} by class", ours, values)


CHECKS: dict[str, Check] = {"metrics": check_metrics}
