"""Events laid out in label frames."""

import numpy as np
import pytest

from hearsight.errors import InputError
from hearsight.events.events import Event, Events, Track
from hearsight.metrics.frames import FrameTable


def test_every_point_of_a_track_becomes_a_row():
    track = Track([0.1, 0.2, 0.25, 0.4], [10, np.nan, 30, 40], [0, np.nan, np.nan, 5], [1, 1, 1, 2])
    events = Events([Event("bell", 0.1, 0.5, track=track, source=4)], ("knock", "bell"), 2.0)
    table = FrameTable.from_events(events, events.labels)
    assert table.frames.tolist() == [1, 2, 4]
    assert table.classes.tolist() == [1, 1, 1]
    assert table.azimuth == pytest.approx([10, 30, 40])
    assert table.elevation == pytest.approx([0, 0, 5])
    assert table.distance.tolist() == [1.0, 1.0, 2.0]
    assert np.isnan(table.on_screen).all()
    assert table.sources.tolist() == [4, 4, 4]
    assert table.n_frames == 20


def test_points_in_the_middle_of_frames_belong_to_them():
    track = Track([0.05, 0.1499, 0.16], [1, 2, 3])
    table = FrameTable.from_events(Events([Event("bell", 0.0, 0.3, track=track)]), ("bell",))
    assert table.frames.tolist() == [0, 1]
    assert table.azimuth == pytest.approx([1, 2])


def test_the_longest_sounding_comes_first_unless_numbers_are_asked_for():
    def event(first: int, source: int) -> Event:
        times = np.arange(first, 5) / 10
        return Event(
            "bell", first / 10, 0.5, track=Track(times, np.full(5 - first, 0.0)), source=source
        )

    events = Events([event(2, 0), event(0, 1)])
    by_age = FrameTable.from_events(events, ("bell",))
    by_number = FrameTable.from_events(events, ("bell",), numbered=True)
    assert by_age.sources[by_age.frames == 3].tolist() == [1, 0]
    assert by_number.sources[by_number.frames == 3].tolist() == [0, 1]


def test_what_has_no_place_is_left_out():
    events = Events(
        [Event("bell", 0.0, 1.0), Event("bell", 0, 1, track=Track([0.0], distance=[1]))]
    )
    assert len(FrameTable.from_events(events, events.labels)) == 0


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"azimuth": [0.0]}, "azimuth must have shape"),
        ({}, "either azimuth"),
        ({"azimuth": [0.0, 1.0], "vectors": np.eye(3)[:2]}, "either azimuth"),
        ({"vectors": np.eye(3)}, "as many as frames"),
        ({"azimuth": [0.0, np.nan]}, "must be finite"),
        ({"azimuth": [0.0, 1.0], "distance": [1.0]}, "distance must have shape"),
    ],
)
def test_columns_must_fit(columns, message):
    with pytest.raises(InputError, match=message):
        FrameTable.from_columns([0, 1], [0, 0], **columns)
    with pytest.raises(InputError, match="negative"):
        FrameTable.from_columns([-1], [0], [0.0])
