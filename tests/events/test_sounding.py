"""Boxes around what sounds, drawn into a picture."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearsight.errors import InputError
from hearsight.events.sounding import SoundingBoxes

LEFT_HALF = (0.0, 0.0, 0.5, 1.0)
coordinates = st.floats(-2.0, 2.0)
any_boxes = st.lists(st.tuples(*[coordinates] * 4), max_size=5).map(tuple)


def test_boxes_of_one_picture_make_one_area() -> None:
    drawn = SoundingBoxes((LEFT_HALF, (0.25, 0.0, 0.75, 0.5))).to_map(8)
    assert np.array_equal(drawn[0], [1, 1, 1, 1, 1, 1, 0, 0])
    assert np.array_equal(drawn[7], [1, 1, 1, 1, 0, 0, 0, 0])


def test_annotators_must_agree() -> None:
    drawn = SoundingBoxes((LEFT_HALF, LEFT_HALF, (0.0, 0.0, 1.0, 0.5)), by_annotators=True).to_map(
        2
    )
    assert np.array_equal(drawn, [[1.0, 0.5], [1.0, 0.0]])


@pytest.mark.parametrize(
    "box",
    [
        (0.2, 0.3, -2.88230376e16, -2.88230376e16),
        (0.5, 0.5, 0.502, 0.9),
        (0.7, 0.7, 0.2, 0.2),
        (1.2, 0.0, 1.5, 1.0),
        (-0.5, 0.0, -0.1, 1.0),
    ],
)
def test_unusable_boxes_mark_nothing(box: tuple[float, float, float, float]) -> None:
    boxes = SoundingBoxes((box, LEFT_HALF))
    assert boxes.is_usable() == (False, True)
    assert boxes.to_map().sum() == 224 * 112


def test_negative_coordinates_are_cut_unless_the_published_reader_is_asked_for() -> None:
    boxes = SoundingBoxes(((-0.25, 0.0, 0.5, 1.0),))
    assert np.array_equal(boxes.to_map(4)[0], [1, 1, 0, 0])
    assert boxes.to_map(4, wrap_negative=True).sum() == 0


@given(any_boxes, st.booleans(), st.integers(1, 40))
def test_maps_are_bounded_and_tell_usable_boxes(boxes, by_annotators, size) -> None:
    sounding = SoundingBoxes(boxes, by_annotators=by_annotators)
    drawn = sounding.to_map(size)
    assert set(np.unique(drawn).tolist()) <= {0.0, 0.5, 1.0}
    assert drawn.any() == any(sounding.is_usable(size))
    assert np.array_equal(drawn, SoundingBoxes(boxes[::-1], by_annotators).to_map(size))


@pytest.mark.parametrize("box", [(0.0, 0.0, 1.0), (0.0, 0.0, np.nan, 1.0), (0.0, 0.0, 1.0, np.inf)])
def test_a_box_has_four_finite_coordinates(box) -> None:
    with pytest.raises(InputError, match="four finite numbers"):
        SoundingBoxes((box,))
