import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from hearsight.errors import InputError
from hearsight.events.heatmaps import HeatMap, boxes_above
from hearsight.spatial.projection import Projection

PICTURE = Projection("perspective", 640, 360)
SQUARES = arrays(np.float32, (5, 7), elements=st.sampled_from([0.0, 0.25, 0.5, 1.0]))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kind": "sonic"}, "unknown kind of heat map 'sonic'"),
        ({"values": np.zeros((2, 3))}, r"shape \(frames, height, width\)"),
        ({"values": np.zeros((2, 0, 3))}, r"shape \(frames, height, width\)"),
        ({"times": np.zeros(3)}, r"times must have shape \(2,\)"),
        ({"times": np.array([0.1, 0.1])}, "finite and increasing"),
        ({"values": np.full((2, 3, 4), 1.5)}, r"values must lie in \[0, 1\]"),
        ({"values": np.full((2, 3, 4), np.nan)}, r"values must lie in \[0, 1\]"),
    ],
)
def test_a_heat_map_is_checked_when_built(changes, message):
    arguments = {"values": np.zeros((2, 3, 4)), "times": np.array([0.0, 0.1]), "kind": "acoustic"}
    with pytest.raises(InputError, match=message):
        HeatMap(**{**arguments, "projection": PICTURE, **changes})


def test_emptiness():
    values = np.zeros((2, 3, 4), np.float16)
    assert HeatMap(values, np.array([0.0, 0.1]), "synchrony", PICTURE).is_empty
    values[1, 2, 3] = 0.1
    assert not HeatMap(values, np.array([0.0, 0.1]), "synchrony", PICTURE).is_empty
    assert HeatMap(values[:0], np.zeros(0), "synchrony", PICTURE).is_empty


def test_boxes_are_in_pixels_of_the_picture():
    values = np.zeros((1, 4, 8), np.float16)
    values[0, 1, 2:4] = 0.75
    values[0, 3, 7] = 1.0
    heatmap = HeatMap(values, np.zeros(1), "combined", PICTURE)
    assert heatmap.boxes(0) == [
        ((560.0, 270.0, 80.0, 90.0), 1.0),
        ((160.0, 90.0, 160.0, 90.0), 0.75),
    ]
    assert heatmap.boxes(0, threshold=0.8) == [((560.0, 270.0, 80.0, 90.0), 1.0)]


def test_corners_join_and_gaps_part():
    values = np.array([[1.0, 0.0, 0.0, 0.0], [0.0, 0.6, 0.0, 0.9]])
    assert boxes_above(values) == [((0, 0, 2, 2), 1.0), ((3, 1, 1, 1), 0.9)]


def test_a_panorama_has_no_edge():
    values = np.zeros((4, 8))
    values[1, [0, 1, 7]] = 0.8
    assert boxes_above(values) == [((0, 1, 2, 1), 0.8), ((7, 1, 1, 1), 0.8)]
    assert boxes_above(values, is_panorama=True) == [((7, 1, 3, 1), 0.8)]
    values[2] = 1.0  # a ring has no beginning
    assert boxes_above(values, is_panorama=True) == [((0, 1, 8, 2), 1.0)]


def test_a_corner_joins_across_the_seam_too():
    values = np.zeros((3, 5))
    values[0, 0] = values[1, 4] = 1.0
    assert boxes_above(values, is_panorama=True) == [((4, 0, 2, 2), 1.0)]


@given(SQUARES, st.booleans())
def test_boxes_hold_all_that_is_above_and_touch_it_on_every_side(values, is_panorama):
    above = values >= 0.5
    covered = np.zeros_like(above)
    for (left, top, wide, high), score in boxes_above(values, is_panorama=is_panorama):
        rows = slice(int(top), int(top + high))
        columns = np.arange(int(left), int(left + wide)) % 7
        inside = above[rows, columns]
        covered[rows, columns] = True
        assert 0 <= left < 7
        assert wide <= 7
        assert inside[0].any()
        assert inside[-1].any()
        assert wide == 7 or (inside[:, 0].any() and inside[:, -1].any())
        assert 0.5 <= score <= values[rows, columns].max()
    assert (covered >= above).all()


@given(SQUARES, st.integers(0, 6))
def test_turning_a_panorama_turns_its_boxes(values, shift):
    found = boxes_above(values, is_panorama=True)
    turned = boxes_above(np.roll(values, shift, axis=1), is_panorama=True)
    # The ring is left out: it begins at 0 wherever one stands.
    expected = [(((l + shift) % 7 if w < 7 else 0.0, t, w, h), s) for (l, t, w, h), s in found]  # noqa: E741
    assert sorted(turned) == sorted(expected)


@pytest.mark.parametrize("threshold", [0.0, 1.5, np.nan])
def test_a_threshold_out_of_range_is_refused(threshold):
    with pytest.raises(InputError, match="threshold must lie"):
        boxes_above(np.zeros((2, 2)), threshold)


def test_boxes_need_one_frame():
    with pytest.raises(InputError, match="give one frame"):
        boxes_above(np.zeros((1, 2, 2)))
