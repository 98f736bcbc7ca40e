import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hearsight import Event, Events
from hearsight.pictures.palette import (
    assign_lanes,
    event_colors,
    event_names,
    source_color,
    to_rgb,
)


def test_the_same_source_keeps_its_color_name_and_lane():
    events = Events(
        [
            Event("knock", 0, 1),
            Event("speech", 1, 2),
            Event("knock", 3, 4),
            Event("speech", 4, 5, source=3),
        ]
    )
    colors = event_colors(events)
    assert colors[0] == colors[2]
    assert len(set(colors)) == 3
    assert event_names(events) == ["knock", "speech 1", "knock", "speech 2"]
    assert assign_lanes(events).index == (0, 1, 0, 2)
    assert assign_lanes(events).names == ("knock", "speech 1", "speech 2")


def test_the_first_24_colors_differ_visibly():
    colors = np.array([to_rgb(source_color(i)) for i in range(24)], float)
    distance = np.linalg.norm(colors[:, None] - colors[None], axis=-1)
    assert distance[np.triu_indices(24, 1)].min() > 25


spans = st.lists(st.tuples(st.integers(0, 300), st.integers(1, 50)), max_size=60)


@given(spans)
def test_packed_lanes_hold_one_event_at_a_time(pairs):
    events = Events([Event(f"s{i}", a / 10, (a + b) / 10) for i, (a, b) in enumerate(pairs)])
    lanes = assign_lanes(events, max_named=0)
    ends: dict[int, float] = {}
    for event, lane in zip(events, lanes.index, strict=True):
        assert ends.get(lane, 0.0) <= event.onset
        ends[lane] = event.offset
    sounding = [sum(e.onset <= t.onset < e.offset for e in events) for t in events]
    assert len(lanes.names) == max(sounding, default=0)  # no more lanes than needed
    assert not events or lanes.is_packed
