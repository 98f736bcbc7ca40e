"""Checks of the metrics for unseen sources, for several things, and for negative sounds."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import torch

from hearsight.events.sounding import SIZE, SoundingBoxes
from hearsight.features.sound_input import SOUND_INPUTS
from hearsight.losses.slavc import supervised_loss
from hearsight.metrics.heatmaps.extended import (
    ExtendedSet,
    confidence,
    extended_scores,
    f1_reference,
    precision_recall,
)
from hearsight.metrics.heatmaps.interactive import interactive_scores, picture_of
from hearsight.metrics.heatmaps.negative_sound import (
    mask_iou,
    negative_sound_scores,
    share_above,
)
from hearsight.metrics.heatmaps.overlap import auc, success
from hearsight.metrics.heatmaps.styles import STYLES
from hearsight.metrics.heatmaps.upsampling import upsample
from parity.reference import Check, Reference

EXACT = 1e-9
SINGLE = 5e-6  # of what the originals computed in float32
OBJECT_RANGE = 2.5  # saliency is divided by it
SCORE_OF = {
    "AP": "ap_reference",
    "AUC": "auc",
    "F1": "max_f1_reference",
    "Precision": "localization_accuracy",
}


def close(name: str, found: Any, expected: Any, atol: float = EXACT) -> None:
    wanted = np.array(expected, dtype=float)  # null is NaN
    np.testing.assert_allclose(found, wanted, rtol=0, atol=atol, err_msg=name)


def check_slavc_metrics(reference: Reference) -> None:
    spec = reference.spec
    assert spec["sets"]
    for name, expected in spec["sets"].items():
        n_boxes, cious, confidences, areas = np.array(expected["samples"]).T
        check_set(name, ExtendedSet(cious, confidences, areas, n_boxes > 0), expected)
    assert spec["confidence"]
    for name, expected in spec["confidence"].items():
        check_confidence(reference, name, expected)
    check_supervised_loss(reference)


def check_set(name: str, samples: ExtendedSet, expected: dict[str, Any]) -> None:
    scores = extended_scores(samples, n_draws=0)
    for key, value in expected["stats"].items():
        kind, subset, percent = re.split("[-@]", key)
        min_ciou = int(percent) / 100
        if kind == "F1" and value is not None:
            f1 = f1_reference(samples.subset(subset), min_ciou)
            assert " ".join(f"{100 * each:.1f}" for each in f1) == value, f"{name} {key}"
        else:
            close(f"{name} {key}", scores[f"{subset}@{min_ciou:g}"][SCORE_OF[kind]], value)
    thresholds = [float(each) for each in expected["precision_recall"]]
    pairs = np.transpose(precision_recall(samples, thresholds))
    close(f"{name} precision and recall", pairs, list(expected["precision_recall"].values()))
    (precision,), (recall,) = precision_recall(samples, [0.5])
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    close(f"{name} f1_at_50", f1, expected["f1_at_50"])
    close(f"{name} ap_at_50", scores["all@0.5"]["ap_reference"], expected["ap_at_50"])
    best = round(100 * scores["all@0.5"]["max_f1_reference"], 1)
    close(f"{name} max_f1_at_50", best, expected["max_f1_at_50"])
    # Of the second function, which asks for more than 0.5.
    above = success(samples.subset("visible").cious, np.nextafter(0.5, 1))
    close(f"{name} precision_at_50", above, expected["precision_at_50"])


def check_confidence(reference: Reference, name: str, expected: dict[str, Any]) -> None:
    """Compare the maps of a size, fused as SLAVC does, each on the scale it keeps."""
    tau, alpha = (reference.spec["hyperparameters"][key] for key in ("tau", "alpha"))
    n_cells = int(re.findall(r"\d+$", name)[0])
    similar = 5 * reference.fill(f"input:map_{name}", (n_cells, n_cells))
    salient = np.abs(reference.fill("input:map_obj", (n_cells, n_cells)))
    large = {
        "av": (upsample(similar, SIZE, "aligned_bicubic") * tau + 1) / 2,
        "obj": upsample(salient, SIZE, "aligned_bicubic") / OBJECT_RANGE,
    }
    large["av_obj"] = alpha * large["av"] + (1 - alpha) * large["obj"]
    assert large.keys() == expected.keys()
    half = STYLES["ez-vsl"]  # the half-area mask is of the stretched map
    for key, values in large.items():
        found = {
            "confidence": confidence(values),
            "relative_threshold": half.threshold_of(half.normalize(values), area=0),
            "positives_absolute": np.count_nonzero(values >= 0.5),
            "min": values.min(),
            "max": values.max(),
        }
        assert found.keys() == expected[key].keys()
        for part, value in found.items():
            # One pixel at the threshold may fall on either side.
            atol = 1 if part == "positives_absolute" else SINGLE
            close(f"{name} {key} {part}", value, expected[key][part], atol)


def check_supervised_loss(reference: Reference) -> None:
    maps = 4 * reference.fill("input:sup_map", (3, 7, 7))
    boxes = [[(10, 20, 120, 140)], [(0, 0, 100, 100), (50, 50, 220, 220)], []]  # the json's notes
    truth = [
        # Half a pixel more keeps corners off the edges of pixels, which division may miss.
        SoundingBoxes(
            tuple(tuple((value + 0.5) / SIZE for value in box) for box in each),
            by_annotators=len(each) > 1,
        ).to_map()
        for each in boxes
    ]
    has_truth = torch.tensor([bool(each) for each in boxes])
    loss = supervised_loss(torch.from_numpy(maps), torch.from_numpy(np.stack(truth)), has_truth)
    close("supervised loss", float(loss), reference.spec["supervised_loss"], SINGLE)


def check_sslalign_metrics(reference: Reference) -> None:
    spec = reference.spec
    assert all(picture_of(row["name"]) == row["group"] for row in spec["rows"])
    cious = {
        suffix: {row["name"]: row[f"ciou{suffix}"] for row in spec["rows"]}
        for suffix in ("", "_adaptive")
    }
    scores = interactive_scores(cious, n_draws=0)
    for suffix, rows in cious.items():
        close(f"ciou{suffix}", success(list(rows.values())), spec[f"ciou{suffix}"])
        close(f"auc{suffix}", auc(list(rows.values())), spec[f"auc{suffix}"])
        for name in ("iiou", "iauc"):
            close(f"{name}{suffix}", scores[suffix][name], spec[f"{name}{suffix}"])


def check_negative_audio_metrics(reference: Reference) -> None:
    spec = reference.spec
    scores = negative_sound_scores(spec["positive_ciou"], spec["pia"], n_draws=0)
    found = {name: 100 * value for name, value in scores["all"].items()}
    found["complement_pia_mean"], found["auc_neg_mean"] = 100 - found["pia"], found["auc_negative"]
    for name in ("mean_ciou", "auc", "complement_pia_mean", "auc_neg_mean", "f_loc", "f_auc"):
        close(name, found[name], spec[name])
    names = {
        "mean_pia": "pia",
        "auc_neg": "auc_negative",
        "f_loc_by_kind": "f_loc",
        "f_auc_by_kind": "f_auc",
    }
    for theirs, ours in names.items():
        for sound, value in spec[theirs].items():
            close(f"{theirs} {sound}", 100 * scores[sound][ours], value)
    masks = {
        "a": reference.fill("input:mask_a", (6, 8)) > 0.3,
        "b": reference.fill("input:mask_b", (6, 8)) > 0,
        "zero": np.zeros((6, 8), bool),
        "one": np.ones((6, 8), bool),
    }
    for name, value in spec["mask_pia"].items():
        close(f"pIA {name}", share_above(masks[name], 0.5), value)
    for pair, value in spec["mask_iou"].items():
        first, second = pair.split("/")
        close(f"IoU {pair}", mask_iou(masks[first], masks[second]), value)
    hears = SOUND_INPUTS["ez-vsl"]
    silent = hears(np.zeros((1, 48000), np.float32), 16000)
    close("silence", silent, np.full(silent.shape, spec["silence_spectrogram_value"]), 1e-6)


CHECKS: dict[str, Check] = {
    "slavc_metrics": check_slavc_metrics,
    "sslalign_metrics": check_sslalign_metrics,
    "negative_audio_metrics": check_negative_audio_metrics,
}
