import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hearsight.events.events import Event, Events, Track
from hearsight.events.notebook import COLORS, scene_html
from hearsight.events.scene import Scene
from hearsight.pictures.palette import BASE_COLORS, event_colors


def parse(scene):
    return ElementTree.fromstring(scene_html(scene))


def clean(text):
    """Leave out control characters, which XML (unlike HTML) cannot hold."""
    return text.isprintable()


@given(st.from_type(Events), st.lists(st.text().filter(clean), max_size=3))
def test_the_page_is_well_formed_and_says_everything(events, notes):
    page = parse(Scene(events, notes=tuple(notes)))
    rows = page.findall("table/tbody/tr")
    assert len(rows) == len(events)
    shown = ["".join(row[0].itertext()).removeprefix("■ ") for row in rows]
    assert shown == [event.label for event in events]
    assert [item.text or "" for item in page.findall("ul/li")] == notes
    paths = page.findall("svg/path")
    assert len(paths) == sum(event.azimuth is not None for event in events)


def test_text_is_escaped():
    label = "<script>alert(1)</script>"
    event = Event(label, 0.0, 1.0, track=Track([0.0], [0.0]))
    text = scene_html(Scene(Events([event]), notes=(label,), media=Path("<i>.wav")))
    assert "<script" not in text
    assert "<i>" not in text
    assert text.count("&lt;script&gt;") == 3  # in the table, the plot and the notes


def path_of(times, azimuth):
    event = Event("a", 0.0, 10.0, track=Track(times, azimuth))
    return parse(Scene(Events([event]))).find("svg/path").get("d")


def test_the_line_breaks_at_the_back_and_at_gaps():
    assert path_of([0.0, 0.1, 0.2], [10.0, 20.0, 30.0]).count("M") == 1
    assert path_of([0.0, 0.1, 0.2], [170.0, 179.0, -175.0]).count("M") == 2
    assert path_of([0.0, 0.1, 0.9], [10.0, 10.0, 10.0]).count("M") == 2
    assert path_of([0.0, 0.1, 0.2], [10.0, float("nan"), 10.0]).count("L") == 1


def test_a_long_recording_does_not_make_a_long_page():
    times = np.arange(72_000) / 10
    event = Event("a", 0.0, 7200.0, track=Track(times, np.round(30.0 * np.sin(times / 600.0))))
    assert len(scene_html(Scene(Events([event])))) < 20_000


def test_left_is_above_right():
    heights = [
        float(path_of([0.0], [azimuth]).split(",")[1].split("h")[0]) for azimuth in (90.0, -90.0)
    ]
    assert heights[0] < heights[1]


def test_a_long_table_is_cut_and_says_so():
    events = Events(Event("a", float(k), k + 1.0) for k in range(130))
    page = parse(Scene(events))
    assert len(page.findall("table/tbody/tr")) == 100
    assert "and 30 more" in "".join(page.itertext())


def test_nothing_found():
    text = scene_html(Scene(Events(duration=2.0), notes=("silence",)))
    assert "0 events in 2.0 s" in text
    assert "silence" in text
    assert "<svg" not in text
    assert "<table" not in text


def test_colors_are_those_of_the_pictures():
    assert COLORS == BASE_COLORS
    events = Events(
        Event("a", float(k), k + 1.0, track=Track([float(k)], [0.0]), source=k % 3)
        for k in range(6)
    )
    lines = parse(Scene(events)).findall("svg/path")
    assert [line.get("stroke") for line in lines] == event_colors(events)
