"""What always answering the same scores on the published lists, where these are at hand."""

from __future__ import annotations

import numpy as np
import pytest

from hearsight.datasets.clips import open_clips
from hearsight.metrics.matching import judge_matching
from parity.ave_matching import released


def test_most_events_of_the_matching_list_touch_a_border() -> None:
    pytest.importorskip("h5py")
    clips = open_clips(released("data/Annotations.txt").parent)
    assert clips.matching is not None
    events = [
        clips.labels(row) != clips.background
        for row in clips.matching.test
        if clips.has_boundary(row)
    ]
    floors = judge_matching([np.ones((10, 10))] * len(events), events).floors
    percent = {name: round(100 * share, 1) for name, share in floors.items()}
    assert percent == {"chance": 20.8, "start": 35.3, "end": 46.8}
