"""Random scenes for the metrics."""

import numpy as np
import pytest

from hearsight.events.events import Event, Events, Track

LABELS = ("speech", "bell", "knock", "music")


def _event(random: np.random.Generator, label: str, first: int, n: int, source: int) -> Event:
    azimuth = random.uniform(-180, 180) + np.cumsum(random.normal(0, 1, n))
    track = Track(
        (first + np.arange(n)) / 10,
        azimuth,
        np.clip(random.uniform(-40, 40) + np.cumsum(random.normal(0, 1, n)), -89, 89),
        random.uniform(1, 4, n),
        on_screen=random.integers(0, 2, n),
    )
    return Event(label, first / 10, (first + n) / 10, track=track, source=source)


def _truth(random: np.random.Generator) -> Events:
    events = []
    for source in range(int(random.integers(1, 9))):
        n, first = int(random.integers(1, 30)), int(random.integers(0, 60))
        # The last class never sounds.
        events.append(_event(random, LABELS[random.integers(3)], first, n, source))
    return Events(events, LABELS, 10.0)


def _heard(random: np.random.Generator, truth: Events) -> Events:
    events = []
    for source, event in enumerate(truth):
        track = event.track
        is_heard = random.random(len(track)) < 0.8
        if random.random() < 0.2 or not is_heard.any():
            continue
        n = int(is_heard.sum())
        moved = Track(
            track.times[is_heard],
            track.azimuth[is_heard] + random.normal(0, 15, n),
            np.clip(track.elevation[is_heard] + random.normal(0, 5, n), -89, 89),
            track.distance[is_heard] * random.uniform(0.5, 2.5, n),
            on_screen=random.integers(0, 2, n),
        )
        label = event.label if random.random() < 0.9 else LABELS[random.integers(4)]
        events.append(Event(label, event.onset, event.offset, track=moved, source=source))
    first = int(random.integers(0, 60))
    events.append(_event(random, LABELS[random.integers(4)], first, 5, len(truth)))
    return Events(events, LABELS, 10.0)


@pytest.fixture
def make_scene():
    """Make a few recordings' truth and an imperfect prediction from a seed."""

    def make(seed: int, n_recordings: int = 3) -> tuple[dict[str, Events], dict[str, Events]]:
        random = np.random.default_rng(seed)
        truth = {f"fold4_room{i}_mix001": _truth(random) for i in range(n_recordings)}
        return truth, {name: _heard(random, events) for name, events in truth.items()}

    return make
