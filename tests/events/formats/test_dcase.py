import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearsight.events.classes import class_list
from hearsight.events.events import Event, Events, Track
from hearsight.events.formats.dcase import fold_to_front, read_dcase, write_dcase
from hearsight.spatial.directions import to_vectors


def read(tmp_path, text, **options):
    path = tmp_path / "events.csv"
    path.write_text(text)
    return read_dcase(path, **options)


def written(tmp_path, events, **options):
    write_dcase(events, tmp_path / "out.csv", **options)
    return (tmp_path / "out.csv").read_text()


def table(events):
    return [(event.label, event.source, event.onset, event.offset) for event in events]


def test_consecutive_frames_are_an_event_and_a_gap_begins_another(tmp_path):
    text = "3,0,2,10,5\n4,0,2,12,5\n6,0,2,-180,0\n4,12,2,0,0\n"
    events = read(tmp_path, text, labels=class_list(2022), duration=60.0)
    assert table(events) == [
        ("female speech", 2, 0.3, 0.5),
        ("knock", 2, 0.4, 0.5),
        ("female speech", 2, 0.6, 0.7),
    ]
    assert events[0].track == Track([0.3, 0.4], [10, 12], [5, 5])
    assert events[2].azimuth == 180.0
    assert (events.labels, events.duration) == (class_list(2022), 60.0)


@pytest.mark.parametrize(
    ("row", "azimuth", "elevation", "distance"),
    [
        ("0,1,30,10", 30.0, 10.0, None),
        ("0,1,7,30,10", 30.0, 10.0, None),
        ("0,1,7,30,10,250", 30.0, 10.0, 2.5),
        ("0,1,7,30,10,0", 30.0, 10.0, None),
        ("0,1,7,30,10,250,99", 30.0, 10.0, 2.5),
        ("0,1,7,1,0,0", 1.0, 0.0, None),  # whole numbers are angles
        ("0,1,0,0.0,0.5,0.0", 90.0, 0.0, None),
        ("0,1,0,0.0,-1.0,0.0,1.5", -90.0, 0.0, 1.5),
        ("0,1,7,0.5,0.5,250.0", 0.5, 0.5, 2.5),  # too long for a vector
        ("0.0, 1.0, 30.5, 10.25", 30.5, 10.25, None),
        ("frame,class,source,azimuth,distance,onscreen\n0,1,7,30,250,1", 30.0, None, 2.5),
        ("\ufeff0,1,30,10\r\n\r\n", 30.0, 10.0, None),
    ],
)
def test_each_row_says_its_format(tmp_path, row, azimuth, elevation, distance):
    (event,) = read(tmp_path, row)
    assert event.label == "class 1"
    assert event.azimuth == pytest.approx(azimuth)
    assert event.elevation == (None if elevation is None else pytest.approx(elevation))
    assert event.distance == distance


def test_the_files_other_rows_tell_vectors_from_angles(tmp_path):
    events = read(tmp_path, "0,1,0,1,0,0\n1,1,0,0.0,1.0,0.0\n")
    assert events[0].track.azimuth.tolist() == [0.0, 90.0]


def test_units_and_format_can_be_said(tmp_path):
    assert read(tmp_path, "0,1,0,30,10,2\n", units="m")[0].distance == 2.0
    assert read(tmp_path, "0,1,0,0.0,1.0,0.0,150\n", units="cm")[0].distance == 1.5
    assert read(tmp_path, "0,1,0,1,0,0\n", format="xyz6")[0].azimuth == 0.0
    (event,) = read(tmp_path, "0,1,0,1,300,0\n", format="stereo")
    assert (event.azimuth, event.distance, event.track.on_screen[0]) == (1.0, 3.0, 0.0)


def test_instances_with_one_number_are_followed_by_direction(tmp_path):
    # Two of a class, both numbered 0 and listed in changing order, as baselines write them.
    text = "0,1,0,10,0\n0,1,0,60,0\n1,1,0,58,0\n1,1,0,12,0\n2,1,0,14,0\n"
    events = read(tmp_path, text)
    assert [event.track.azimuth.tolist() for event in events] == [[60, 58], [10, 12, 14]]
    assert len({event.source for event in events}) == 2
    # Across the seam at the back the short way counts.
    events = read(tmp_path, "0,1,0,179,0\n0,1,0,150,0\n1,1,0,-179,0\n1,1,0,152,0\n")
    assert sorted(event.track.azimuth.tolist() for event in events) == [[150, 152], [179, -179]]


def test_an_empty_file_holds_no_events(tmp_path):
    assert read(tmp_path, "", labels=["a"]) == Events((), ["a"])
    assert written(tmp_path, Events()) == ""
    assert written(tmp_path, Events(), year=2025).startswith("frame,class,source,")


def knock(**columns):
    return Event("knock", 0.1, 0.2, track=Track([0.1], **columns))


def test_rounding_is_half_to_even(tmp_path):
    event = knock(azimuth=[-179.5], elevation=[2.5], distance=[1.005])
    assert written(tmp_path, Events([event], ["bell", "knock"])) == "1,1,0,180,2,100\n"
    event = knock(azimuth=[11.5], elevation=[-3.5], distance=[2.345])
    assert written(tmp_path, Events([event]), year=2020) == "1,0,0,12,-4\n"


def test_stereo_hears_the_back_in_front(tmp_path):
    event = knock(azimuth=[-150.2], elevation=[40.0], distance=[3.0], on_screen=[1.0])
    text = written(tmp_path, Events([event]), year=2025)
    assert text.splitlines()[1] == "1,0,0,-30,300,1"


@given(st.floats(-180.0, 180.0))
def test_folding_keeps_what_two_ears_hear(azimuth):
    front = fold_to_front(azimuth)
    assert -90.0 <= front <= 90.0
    np.testing.assert_allclose(to_vectors(front, 0)[1], to_vectors(azimuth, 0)[1], atol=1e-12)
    assert to_vectors(front, 0)[0] == pytest.approx(abs(to_vectors(azimuth, 0)[0]), abs=1e-12)


def test_what_is_unknown_is_left_out_or_zero(tmp_path):
    half = Track([0.0, 0.1, 0.2], [np.nan, 20.0, np.nan], boxes=np.ones((3, 4)))
    events = Events([Event("source 1", 0.0, 0.3, 0.9, half), Event("source 2", 0.0, 1.0)])
    assert written(tmp_path, events) == "1,0,0,20,0,0\n"
    assert written(tmp_path, events, year=2025).splitlines()[1:] == ["1,0,0,20,0,0"]


def test_overlapping_instances_get_numbers_of_their_own(tmp_path):
    def bell(source, azimuth):
        track = Track([0.0, 0.1], [azimuth, azimuth])
        return Event("bell", 0.0, 0.2, track=track, source=source)

    events = Events([bell(0, 10), bell(0, 20), bell(1, 30), bell(2, 40)])
    rows = [line.split(",") for line in written(tmp_path, events).splitlines()]
    sources = {row[3]: row[2] for row in rows}
    # Those that stand alone keep theirs; the crowded one takes the first free number.
    assert sources == {"10": "0", "20": "3", "30": "1", "40": "2"}


def test_points_of_one_frame_count_once(tmp_path):
    event = Event("bell", 0.0, 0.2, track=Track([0.0, 0.05, 0.1], [1, 2, 3]))
    assert written(tmp_path, Events([event]), format="polar4") == "0,0,1,0\n1,0,3,0\n"
