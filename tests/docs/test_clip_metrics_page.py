"""The page about scores of clips tells the floors of the published test split as they are."""

import re
from pathlib import Path

import numpy as np
import pytest

from hearsight.events.segments import SegmentCodec
from hearsight.metrics.clip_events import TOLD, judge_clip_events
from hearsight.metrics.segments import judge_segments
from parity.ave_data import real_clips

PAGE = (Path(__file__).parents[2] / "docs" / "clip-metrics.md").read_text(encoding="utf-8")
FLOORS = ("all background", "most frequent class", TOLD)


def test_the_floors_are_right():
    clips = real_clips()
    truth = np.array([clips.labels(row) for row in clips.test])
    scores = judge_segments(truth, truth, clips.classes)
    rows = re.findall(r"^\| [\w ]+ \| \**([\d.]+) %\** \| ([\d.]+) % \|$", PAGE, re.MULTILINE)
    told = np.array(rows, dtype=float) / 100
    table = [scores.table[floor] for floor in FLOORS]
    found = [[each["accuracy"], each["boundary_accuracy"]] for each in table]
    np.testing.assert_allclose(told, found, rtol=0, atol=0.0005)
    assert f"the {scores.n_with_boundary} clips with a boundary" in PAGE
    codec = SegmentCodec(clips.classes)
    events = [codec.decode(labels) for labels in truth]
    floor = judge_clip_events(events, events, clips.classes).table[TOLD]["overlap"]["f1"]
    (said,) = re.findall(r"has an F1 of\n([\d.]+) % by `overlap`", PAGE)
    assert floor == pytest.approx(float(said) / 100, abs=0.0005)
