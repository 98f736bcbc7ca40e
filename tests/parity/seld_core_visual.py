"""Checks of what SELD systems see: boxes of persons, and the map of a ResNet."""

from __future__ import annotations

import re

import numpy as np
import torch

from hearsight.features.frames import PersonBoxes
from hearsight.models.blocks.resnet import resnet50
from parity.reference import Reference


def numbers(pattern: str, text: str) -> list[float]:
    """Return the numbers that a pattern captures where it is found."""
    (found,) = re.findall(pattern, text)
    return [float(number) for number in ([found] if isinstance(found, str) else found)]


def check_boxes(reference: Reference, name: str) -> None:
    described = reference.spec["cases"][name]
    width, height, most, threshold = numbers(
        r"on a (\d+)x(\d+) image -> at most (\d+) boxes with confidence > ([\d.]+)",
        described["notes"],
    )
    assert described["cases"]
    for case, rows in described["cases"].items():
        expected = reference.arrays[f"box_{case}"]
        feature = PersonBoxes(int(most), expected.shape[-1], threshold)
        size = (int(width), int(height))
        boxes = feature.boxes(rows["detections_xyxy_conf"], size).numpy()
        absent = np.zeros((int(most) - len(boxes), 4))
        np.testing.assert_allclose(np.concatenate([boxes, absent]), rows["boxes"], atol=1e-6)
        curves = feature(rows["detections_xyxy_conf"], size).numpy()
        # The original divides by the width of boxes without any.
        known = ~np.isnan(expected)
        assert np.isfinite(curves).all()
        np.testing.assert_allclose(curves[known], expected[known], atol=1e-5, err_msg=case)


def check_resnet_map(reference: Reference, name: str) -> None:
    case = reference.spec["cases"][name]
    shape = re.search(r'fill\("(input:\w+)",\(([\d,]+)\)\)', case["input"])
    pictures = reference.fill(shape[1], [int(length) for length in shape[2].split(",")])
    network = resnet50().eval()
    shapes = {key: tuple(value.shape) for key, value in network.state_dict().items()}
    state = reference.filled_state_dict(shapes)
    network.load_state_dict({key: torch.as_tensor(array) for key, array in state.items()})
    with torch.no_grad():
        found = network(torch.from_numpy(pictures)).mean(dim=1)
    assert list(found.shape) == case["output_shape"]
    expected = torch.from_numpy(reference.arrays[name])
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)
