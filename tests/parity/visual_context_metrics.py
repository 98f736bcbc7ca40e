"""Boxes, ciou in every published style, and baselines on the real VGG-SS, against the originals."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from hearsight.events.sounding import SIZE, SoundingBoxes
from hearsight.metrics.heatmaps.judge import judge_maps
from hearsight.metrics.heatmaps.overlap import auc, ciou, mean_ciou, success
from hearsight.metrics.heatmaps.styles import STYLES, Style
from hearsight.metrics.heatmaps.upsampling import Upsampling, upsample
from parity.reference import Check, Reference, reference_root

EXACT = 1e-9
RESIZED = 1e-5
# Of an up-sampled map, a pixel whose value is the threshold may fall on either side.
RESIZED_CIOU = 2e-3
RESIZED_MEAN = 1e-6
UPSAMPLINGS: dict[str, Upsampling] = {
    "cv2_linear": "half_pixel",
    "bilinear_corners": "aligned",
    "bicubic": "bicubic",
    "bicubic_corners": "aligned_bicubic",
}
STYLE_NAMES = {
    "visual-context": "visual-context",
    "lvs": "lvs",
    "ez-vsl test": "ez-vsl",
    "ez-vsl validation": "ez-vsl-validation",
    "sslalign": "sslalign",
    "sslalign adaptive": "sslalign-adaptive",
}
BASELINE_STYLES = {
    "at_least_median": Style(normalization="none", threshold="median"),
    "at_least_rank_half": Style(normalization="none", threshold="rank_half"),
    "above_rank_half": Style(normalization="none", threshold="rank_half", comparison="above"),
    "adaptive": Style(normalization="none", threshold="adaptive", comparison="above"),
}


def check_boxes(reference: Reference) -> None:
    for corpus in ("flickr", "vggss"):
        assert reference.spec[corpus]
        for case in reference.spec[corpus]:
            boxes = np.array(case["boxes"], dtype=float).reshape(-1, 4)
            if corpus == "flickr":
                boxes = boxes / 256
            fractions = tuple(map(tuple, boxes.tolist()))
            sounding = SoundingBoxes(fractions, by_annotators=corpus == "flickr")
            drawn = sounding.to_map(wrap_negative=corpus == "flickr")
            key = f"{corpus}/{case['name']}"
            assert drawn.sum() == case["total"]
            assert np.unique(drawn).tolist() == case["values"]
            assert np.array_equal(drawn.sum(axis=1), reference.arrays[f"{key}/rows"])
            assert np.array_equal(drawn.sum(axis=0), reference.arrays[f"{key}/cols"])


def check_ciou(reference: Reference) -> None:
    spec = reference.spec
    small = {
        name: reference.fill(f"input:map_{name}", shape)
        for name, shape in spec["resized_maps"].items()
    }
    for key, expected in reference.arrays.items():
        name, how = key.split("/")
        resized = upsample(small[name], SIZE, UPSAMPLINGS[how])[::13, ::13]
        np.testing.assert_allclose(resized, expected, rtol=0, atol=RESIZED)
    truths = {name: _pixel_truth(**truth) for name, truth in spec["gts"].items()}
    found: dict[str, list[float]] = {}
    assert spec["records"]
    for record in spec["records"]:
        style = STYLES[STYLE_NAMES[record["style"]]]
        values = small.get(record["map"])
        tolerance = EXACT if values is None else RESIZED_CIOU
        truth = truths[record["gt"]]
        enlarged = style.enlarge(_direct(record["map"]) if values is None else values, SIZE)
        area = int(np.count_nonzero(truth))
        threshold = style.threshold_of(style.normalize(enlarged), area)
        assert threshold == pytest.approx(record["threshold"], abs=1e-6)
        score = ciou(style.mask(enlarged, area), truth)
        assert score == pytest.approx(_or_nan(record["ciou"]), abs=tolerance, nan_ok=True)
        found.setdefault(record["style"], []).append(score)
    for name, expected in spec["aggregates"].items():
        # Of the original's list: its values near a threshold must not fall on the other side.
        listed = [_or_nan(each["ciou"]) for each in spec["records"] if each["style"] == name]
        _check_aggregate(listed, expected, "mean_ciou")
        # One score of the list may come to lie on the other side of each of 21 thresholds.
        assert auc(found[name]) == pytest.approx(expected["auc"], abs=1 / len(listed))
    for expected in spec["auc_lists"].values():
        _check_aggregate([_or_nan(value) for value in expected["ciou"]], expected, "mean")


def _check_aggregate(cious: list[float], expected: dict[str, Any], mean: str) -> None:
    assert success(cious) == pytest.approx(expected["ciou_at_05"], abs=EXACT)
    assert auc(cious) == pytest.approx(expected["auc"], abs=EXACT)
    if expected[mean] is None:  # the original's mean is NaN where ours counts a failure
        assert np.isnan(cious).any()
    else:
        assert mean_ciou(cious) == pytest.approx(expected[mean], abs=EXACT)


def _or_nan(value: float | None) -> float:
    return np.nan if value is None else value


def _pixel_truth(pixel_boxes: list[list[int]], *, consensus: bool) -> NDArray[np.float32]:
    # Half a pixel more keeps corners off the edges of pixels, which division may miss.
    fractions = tuple(tuple((value + 0.5) / SIZE for value in box) for box in pixel_boxes)
    return SoundingBoxes(fractions, by_annotators=consensus).to_map()


def _direct(name: str) -> NDArray[np.float32]:
    rows, columns = np.mgrid[:SIZE, :SIZE]
    match re.match(r"[a-z]+", name)[0]:
        case "constant":
            values = np.full((SIZE, SIZE), 0.25)
        case "step":
            values = columns < int(SIZE * int(name.removeprefix("step")) / 100)
        case "staircase":
            values = (columns // 28) / 8
        case "single":
            values = (rows == 100) & (columns == 120)
        case "ramp":
            values = np.arange(SIZE * SIZE).reshape(SIZE, SIZE) / 65536
    return values.astype(np.float32)


def check_vggss_baselines(reference: Reference) -> None:
    clips = _vggss_clips()
    truths = {
        clip["file"]: SoundingBoxes(tuple(tuple(box) for box in clip["bbox"])) for clip in clips
    }
    expected = reference.spec["dataset"]
    areas = []
    cious: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
    maps = {
        name: _audio_blind(name, reference)
        for name in reference.spec["baselines"]
        if name != "whole_image"
    }
    assert maps
    masks = {  # but the adaptive ones, which differ by the truth
        (name, rule): style.mask(values, 0)
        for name, values in maps.items()
        for rule, style in BASELINE_STYLES.items()
    }
    for truth in (truth.to_map() for truth in truths.values()):
        areas.append(int(np.count_nonzero(truth)))
        for name, values in maps.items():
            masks[name, "adaptive"] = BASELINE_STYLES["adaptive"].mask(values, areas[-1])
        for key, mask in masks.items():
            cious[key].append(ciou(mask, truth))
    assert len(truths) == expected["clips"]
    assert sum(len(truth.boxes) for truth in truths.values()) == expected["boxes"]
    assert len({clip["class"] for clip in clips}) == expected["classes"]
    assert areas.count(0) == expected["empty_ground_truth"]
    assert np.mean(areas) / SIZE**2 == pytest.approx(expected["mean_area"], abs=EXACT)
    # The original's median is rounded to float32.
    assert np.median(areas) / SIZE**2 == pytest.approx(expected["median_area"], abs=1e-8)
    for (name, rule), found in cious.items():
        tolerance = RESIZED_MEAN if name.startswith("noise") else EXACT
        _check_baseline(found, reference.spec["baselines"][name][rule], tolerance)
    for name, values in maps.items():
        for rule, n_marked in reference.spec["baselines"][name]["positives"].items():
            assert np.count_nonzero(BASELINE_STYLES[rule].mask(values, 0)) == n_marked
    _check_floors(truths, reference)


def _check_floors(truths: dict[str, SoundingBoxes], reference: Reference) -> None:
    """Compare what every report on VGG-SS says beside its score."""
    scores = judge_maps(dict.fromkeys(truths, np.zeros((1, 1))), truths, style="sslalign-adaptive")
    baselines = reference.spec["baselines"]
    found = {
        contender: [picture.cious[contender] for picture in scores.pictures.values()]
        for contender in scores.table
    }
    for contender, rule, expected in (
        ("whole image", "adaptive", baselines["whole_image"]),
        ("centered disc", "adaptive", baselines["centre_disc"]["adaptive"]),
        ("centered disc", "rank_half", baselines["centre_disc"]["above_rank_half"]),
        ("ceiling", "rank_half", reference.spec["dataset"]["upper_bound_half_area"]),
    ):
        _check_baseline([cious[rule] for cious in found[contender]], expected)


def _check_baseline(
    cious: list[float], expected: dict[str, float], tolerance: float = EXACT
) -> None:
    assert np.isnan(cious).sum() == expected["nan"]
    assert success(cious) == pytest.approx(expected["ciou_at_05"], abs=tolerance)
    assert auc(cious) == pytest.approx(expected["auc"], abs=tolerance)
    assert mean_ciou(cious) == pytest.approx(expected["mean_ciou"], abs=tolerance)


def _audio_blind(name: str, reference: Reference) -> NDArray[np.float32]:
    y, x = np.mgrid[:SIZE, :SIZE] - 0.0
    if name.startswith("noise"):
        n_cells = int(name.removeprefix("noise"))
        return upsample(reference.fill(f"input:map_{name}", (n_cells, n_cells)), SIZE, "aligned")
    across, down = x - 111.5, y - 111.5
    values = {
        "centre_disc": -(down**2 + across**2),
        "centre_square": -np.maximum(np.abs(down), np.abs(across)),
        "lower_half": y,
        "upper_left": -(x + y),
        "ellipse": -((y - 130) ** 2 / 2 + across**2),
    }
    return values[name].astype(np.float32)


def _vggss_clips() -> list[dict[str, Any]]:
    """Read the published boxes where they lie; they are others' and not kept here."""
    beside = Path(__file__).parents[3] / "shared" / "reference"
    places = [root / "visual-context/data/vggss.json" for root in (reference_root(), beside)]
    for place in places:
        if place.is_file():
            return json.loads(place.read_text(encoding="utf-8"))
    pytest.skip(f"the boxes of VGG-SS are not in {' or '.join(map(str, places))}")


CHECKS: dict[str, Check] = {
    "boxes": check_boxes,
    "ciou": check_ciou,
    "vggss_baselines": check_vggss_baselines,
}
