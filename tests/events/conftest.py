"""Hypothesis strategies: `st.from_type(Events)` and its kin draw anything the classes allow."""

from pathlib import Path

import numpy as np
from hypothesis import strategies as st

from hearsight.events.events import Event, Events, Track
from hearsight.events.scene import Scene
from hearsight.recording.layout import array, foa, mono, parse_layout, stereo
from hearsight.spatial.projection import Projection

seconds = st.floats(0.0, 100.0)
# Labels that look like parts of the formats, beside any printable text.
labels = st.one_of(
    st.sampled_from(
        [
            "knock",
            "source 1",
            "speech, left",
            "rain, direction unknown",
            "bell [azimuth=1.5]",
            "bell []",
            "a#2",
            "50% & <b>",
            "-->",
            '"quoted", twice',
            "Tür",
            "\\path",
        ]
    ),
    st.text(st.characters(exclude_categories=["C", "Z"], include_characters=" "), min_size=1)
    .map(str.strip)
    .filter(lambda text: text and text.isprintable()),
)


def _column(n, low, high):
    value = st.one_of(st.floats(low, high), st.just(np.nan))
    return st.one_of(st.none(), st.lists(value, min_size=n, max_size=n))


@st.composite
def tracks(draw):
    times = sorted(draw(st.sets(seconds, min_size=1, max_size=6)))
    n = len(times)
    azimuth = draw(_column(n, -180.0, 180.0))
    elevation = None if azimuth is None else draw(_column(n, -90.0, 90.0))
    if azimuth is not None and elevation is not None:
        elevation = np.where(np.isnan(azimuth), np.nan, elevation)
    flags = st.sampled_from([0.0, 1.0, np.nan])
    box = st.one_of(
        st.just([np.nan] * 4),
        st.tuples(*[st.floats(-50.0, 500.0)] * 2, *[st.floats(0.0, 500.0)] * 2).map(list),
    )
    return Track(
        times,
        azimuth,
        elevation,
        draw(_column(n, 0.0, 100.0)),
        draw(st.one_of(st.none(), st.lists(box, min_size=n, max_size=n))),
        draw(st.one_of(st.none(), st.lists(flags, min_size=n, max_size=n))),
    )


@st.composite
def single_events(draw):
    onset, offset = sorted(draw(st.sets(seconds, min_size=2, max_size=2)))
    return Event(
        draw(labels),
        onset,
        offset,
        draw(st.one_of(st.none(), st.floats(0.0, 1.0))),
        draw(st.one_of(st.none(), st.from_type(Track))),
        draw(st.integers(0, 5)),
    )


@st.composite
def event_lists(draw):
    events = draw(st.lists(st.from_type(Event), max_size=5))
    names = tuple(dict.fromkeys(event.label for event in Events(events)))
    more = draw(st.lists(labels.filter(lambda label: label not in names), max_size=2, unique=True))
    classes = draw(st.one_of(st.just(()), st.permutations([*names, *more])))
    return Events(events, classes, draw(st.one_of(st.none(), seconds)))


@st.composite
def scenes(draw):
    layouts = [mono(), stereo(), foa("XYW-Z-"), parse_layout("fuma"), array(np.eye(3))]
    projections = [
        Projection("equirectangular", 1920, 960),
        Projection("perspective", 640, 360, 99.5),
        Projection("perspective", 640, 360),
    ]
    paths = st.sampled_from([None, Path("clip.mp4"), Path("/far/Tür.wav"), Path("odd\udcff.wav")])
    return Scene(
        draw(st.from_type(Events)),
        draw(st.sampled_from([None, *layouts])),
        draw(st.sampled_from([None, *projections])),
        notes=tuple(draw(st.lists(st.text(), max_size=3))),
        media=draw(paths),
        audio=draw(paths),
    )


st.register_type_strategy(Track, tracks())
st.register_type_strategy(Event, single_events())
st.register_type_strategy(Events, event_lists())
st.register_type_strategy(Scene, scenes())
