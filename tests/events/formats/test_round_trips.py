"""Events to a file and back, for every format: equal in what the format says it holds."""

import dataclasses
import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearsight.events.events import Event, Events, Track
from hearsight.events.formats import FORMATS, read_events, write_events
from hearsight.events.formats.dcase import FORMAT_OF_YEAR, fold_to_front, read_dcase, write_dcase
from hearsight.events.formats.frames import frame_rows, still_track
from hearsight.events.formats.structured import read_json, read_jsonl
from hearsight.events.scene import Scene
from hearsight.events.words import direction_in_words
from hearsight.recording.grid import frame_at, frame_time
from hearsight.spatial.directions import angular_distance, to_vectors
from hearsight.spatial.projection import Projection


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    # One folder for all examples: each example overwrites the file of the one before.
    return tmp_path_factory.mktemp("round_trips")


@st.composite
def frame_events(draw):
    """An event of whole, consecutive label frames, each with a direction."""
    first, n = draw(st.integers(0, 30)), draw(st.integers(1, 8))
    angles = st.lists(st.integers(-179, 180), min_size=n, max_size=n)
    track = Track(
        [frame_time(first + k) for k in range(n)],
        azimuth=draw(angles),
        elevation=draw(st.lists(st.integers(-90, 90), min_size=n, max_size=n)),
        distance=[draw(st.integers(1, 900)) / 100.0] * n,
        on_screen=draw(st.lists(st.sampled_from([0, 1]), min_size=n, max_size=n)),
    )
    onset, offset = frame_time(first), frame_time(first + n)
    label = draw(st.sampled_from(["bell", "knock", "source 1"]))
    return Event(label, onset, offset, track=track, source=draw(st.integers(0, 2)))


frame_scenes = st.lists(frame_events(), max_size=6).map(
    lambda events: Events(events, ("source 1", "bell", "rain", "knock"))
)


NAMES = ("times", "azimuth", "elevation", "distance", "on_screen")


def without_sources(events):
    def everything(event):
        columns = [getattr(event.track, name) for name in NAMES]
        rounded = [np.nan_to_num(column, nan=-999.0).round(6).tolist() for column in columns]
        return event.onset, event.offset, event.label, rounded

    return sorted(events, key=everything)


def strip(event, **columns):
    """The event with columns of its track replaced; None for unknown."""
    old = event.track
    kept = {name: columns.get(name, getattr(old, name)) for name in NAMES[1:]}
    return dataclasses.replace(event, track=Track(old.times, **kept))


def assert_same(found, expected):
    """Equal up to source numbers, with angles and distances to rounding errors."""
    assert len(found) == len(expected)
    for one, other in zip(without_sources(found), without_sources(expected), strict=True):
        assert (one.label, one.onset, one.offset) == (other.label, other.onset, other.offset)
        for name in NAMES:
            np.testing.assert_allclose(
                getattr(one.track, name), getattr(other.track, name), atol=1e-9, err_msg=name
            )


@pytest.mark.parametrize("year", sorted(FORMAT_OF_YEAR))
@given(events=frame_scenes)
def test_dcase_holds_frames_integer_angles_and_instances(folder, year, events):
    path = folder / f"{year}.csv"
    write_dcase(events, path, year=year)
    found = read_dcase(path, labels=events.labels, duration=events.duration)
    expected = [strip(event, on_screen=None) for event in events]
    if FORMAT_OF_YEAR[year] == "polar5":
        expected = [strip(event, distance=None) for event in expected]
    if FORMAT_OF_YEAR[year] == "stereo":
        expected = [
            strip(event, elevation=None, azimuth=[fold_to_front(a) for a in event.track.azimuth])
            for event in events
        ]
    assert_same(found, expected)
    assert found.labels == events.labels
    # What wants the same number without touching another keeps it.
    instances = {(event.label, event.source) for event in events}
    if len(instances) == len(events):
        assert {(event.label, event.source) for event in found} == instances


@given(events=frame_scenes)
def test_xyz7_holds_directions_to_its_six_decimals(folder, events):
    path = folder / "xyz7.csv"
    write_dcase(events, path, format="xyz7")
    found = read_dcase(path, labels=events.labels, format="xyz7")
    assert len(found) == len(events)
    rows, expected = frame_rows(found), frame_rows(events)
    assert [row[:3] for row in rows] == [row[:3] for row in expected]
    angles = [[(row.azimuth, row.elevation) for row in table] for table in (rows, expected)]
    vectors = [to_vectors(*np.array(table).reshape(-1, 2).T) for table in angles]
    assert (angular_distance(*vectors) < 2e-4).all()
    np.testing.assert_allclose(
        [row.distance for row in rows], [row.distance for row in expected], atol=1e-6
    )


@given(events=frame_scenes)
def test_polar4_holds_every_row_but_the_source(folder, events):
    path = folder / "polar4.csv"
    write_dcase(events, path, format="polar4")
    found = read_dcase(path, labels=events.labels)
    tables = [
        sorted((row.frame, row.label, row.azimuth, row.elevation) for row in frame_rows(each))
        for each in (found, events)
    ]
    assert tables[0] == tables[1]


@given(events=frame_scenes)
def test_directions_hold_frames_exactly(folder, events):
    path = folder / "all.directions.csv"
    # A step that no decimal writes in a few digits.
    events = Events(
        (
            dataclasses.replace(strip(e, azimuth=e.track.azimuth / 3.0), confidence=1 / 3)
            for e in events
        ),
        events.labels,
    )
    write_events(events, path)
    found = read_events(path)
    assert_same(found, [strip(event, on_screen=None) for event in events])
    assert all(event.confidence == 1 / 3 for event in found)


def assert_equal_scenes(found, scene):
    for field in dataclasses.fields(Scene):
        if field.name != "heatmaps":
            assert getattr(found, field.name) == getattr(scene, field.name), field.name


@given(scene=st.from_type(Scene))
def test_json_holds_the_whole_scene_exactly(folder, scene):
    scene.to_json(folder / "scene.json")
    found = Scene.from_json(folder / "scene.json")
    assert_equal_scenes(found, scene)
    assert found.heatmaps == ()
    assert read_json(folder / "scene.json").to_dicts() == scene.to_dicts()


@given(scene=st.from_type(Scene))
def test_jsonl_holds_the_whole_scene_exactly(folder, scene):
    scene.to_jsonl(folder / "scene.jsonl")
    assert_equal_scenes(read_jsonl(folder / "scene.jsonl"), scene)
    lines = (folder / "scene.jsonl").read_text().splitlines()
    assert len(lines) == 1 + len(scene)


def vectors_of(event):
    return to_vectors(event.azimuth, event.elevation or 0.0)


@pytest.mark.parametrize("name", ["audacity", "raven"])
@given(events=st.from_type(Events))
def test_label_tables_hold_times_labels_and_the_mean_place(folder, name, events):
    path = folder / f"table{FORMATS[name].suffix}"
    write_events(events, path)
    found = read_events(path)
    assert len(found) == len(events)
    for one, other in zip(found, events, strict=True):
        for exact in ("label", "onset", "offset", "source"):
            assert getattr(one, exact) == getattr(other, exact)
        for unknown in ("azimuth", "elevation", "distance", "confidence"):
            assert (getattr(one, unknown) is None) == (getattr(other, unknown) is None)
        if other.azimuth is not None:
            assert angular_distance(vectors_of(one), vectors_of(other)) < 1e-3
        if other.distance is not None:
            assert one.distance == pytest.approx(other.distance, abs=6e-4)
        if other.confidence is not None:
            assert one.confidence == pytest.approx(other.confidence, abs=6e-4)


@given(events=st.from_type(Events))
def test_rttm_holds_times_labels_sources_and_confidence(folder, events):
    path = folder / "all.rttm"
    write_events(events, path)

    def held(event):
        confidence = -1.0 if event.confidence is None else round(event.confidence, 3)
        times = (event.onset, round(event.offset, 6))
        return (event.label, *times, event.source, confidence)

    assert sorted(map(held, read_events(path))) == sorted(map(held, events))


caption_events = st.lists(
    st.from_type(Event).map(
        lambda e: dataclasses.replace(e, onset=round(e.onset, 3), offset=round(e.offset, 3) + 1.0)
    ),
    max_size=5,
).map(Events)


@pytest.mark.parametrize("name", ["webvtt", "srt"])
@given(events=caption_events)
def test_captions_hold_milliseconds_labels_and_the_sector(folder, name, events):
    path = folder / f"captions{FORMATS[name].suffix}"
    write_events(events, path)
    found = read_events(path)

    def held(event):
        words = direction_in_words(event.azimuth, event.elevation)
        return (event.label, round(event.onset, 3), round(event.offset, 3), words)

    assert sorted(map(held, found)) == sorted(map(held, events))


@given(scene=st.from_type(Scene))
def test_coco_holds_the_boxes_of_tracks(folder, scene):
    picture = dataclasses.replace(scene, projection=Projection("equirectangular", 1920, 960))
    path = folder / "boxes.coco.json"
    picture.to_coco(path, boxes="events")

    def held(events):
        return sorted(
            (e.label, time, *box, -1.0 if e.confidence is None else e.confidence)
            for e in events
            if e.track is not None
            for time, box in zip(e.track.times.tolist(), e.track.boxes.tolist(), strict=True)
            if not any(map(math.isnan, box))
        )

    found = read_events(path)
    assert held(found) == held(scene)
    n_boxed = sum(event.box is not None for event in scene)
    assert len(found) == n_boxed


@given(
    onset=st.floats(0.0, 1000.0),
    length=st.floats(1e-6, 50.0),
    azimuth=st.floats(-180.0, 180.0),
)
def test_still_track_covers_just_the_frames_it_touches(onset, length, azimuth):
    track = still_track(onset, onset + length, azimuth)
    assert track.times[0] <= onset + 1e-6
    assert track.times[-1] <= onset + length
    assert track.times[-1] + 0.1 >= onset + length - 1e-6
    frames = [frame_at(time) for time in track.times]
    assert all(after - before == 1 for before, after in pairwise(frames))


def test_every_format_is_tested_here():
    text = Path(__file__).read_text()
    for name, each in FORMATS.items():
        assert f'"{name}"' in text or f"{each.suffix}" in text or f"_{name}" in text, name
