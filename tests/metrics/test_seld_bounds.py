"""Floors lie below what hears something, ceilings at what can be held."""

import numpy as np
import pytest

from hearsight.errors import InputError
from hearsight.events.events import Event, Events, Track
from hearsight.metrics.bounds import (
    limited_to_tracks,
    mean_direction,
    most_frequent_class,
    nothing,
    seld_bounds,
    shuffled_classes,
)
from hearsight.metrics.seld import seld_scores


@pytest.mark.parametrize("year", range(2019, 2026))
def test_an_imperfect_prediction_lies_between_floors_and_ceiling(make_scene, year):
    truth, heard = make_scene(3, n_recordings=10)
    bounds = seld_bounds(truth, year=year)
    score = seld_scores(truth, heard, year=year)["f_score"]
    floors = {name: each["f_score"] for name, each in bounds.items() if "oracle" not in name}
    assert bounds["oracle_3_tracks"]["f_score"] >= score
    if year > 2019:  # the detection score of 2019 cannot tell a mean direction from a right one
        assert max(floors.values()) < score
    assert floors["nothing"] == 0.0


def test_the_mean_direction_keeps_times_and_classes(make_scene):
    truth, _ = make_scene(4)
    predicted = mean_direction(truth)
    for name, events in truth.items():
        assert [e.label for e in predicted[name]] == [e.label for e in events]
    azimuths = {float(a) for e in predicted.values() for event in e for a in event.track.azimuth}
    assert len(azimuths) == 1


def test_the_most_frequent_class_sounds_all_the_time():
    truth = {
        "a": Events([_still("bell", 0, 30, 10.0), _still("knock", 0, 10, 90.0)], duration=5.0),
        "b": Events([_still("bell", 0, 30, 30.0)], duration=2.0),
    }
    predicted = most_frequent_class(truth)
    assert [len(predicted[name][0].track) for name in "ab"] == [50, 20]
    assert predicted["a"][0].label == "bell"
    assert predicted["a"][0].azimuth == pytest.approx(20.0)


def test_floors_can_be_learnt_elsewhere():
    truth = {"a": Events([_still("bell", 0, 30, 10.0)], duration=5.0)}
    training = {"t": Events([_still("knock", 0, 30, -90.0)], duration=5.0)}
    assert most_frequent_class(truth, training)["a"][0].label == "knock"
    assert mean_direction(truth, training)["a"][0].azimuth == pytest.approx(-90.0)


def test_shuffling_deals_the_same_labels_to_the_same_places(make_scene):
    truth, _ = make_scene(5)
    dealt = shuffled_classes(truth, np.random.default_rng(1))
    assert sorted(e.label for each in dealt.values() for e in each) == sorted(
        e.label for each in truth.values() for e in each
    )
    for name, events in truth.items():
        assert sorted((e.onset, e.azimuth) for e in dealt[name]) == sorted(
            (e.onset, e.azimuth) for e in events
        )


@pytest.mark.parametrize("n_tracks", [1, 2, 3])
def test_an_output_holds_so_many_instances_of_a_class(n_tracks):
    truth = {"a": Events([_still("bell", 0, 10, azimuth) for azimuth in (0.0, 90.0, 180.0)])}
    held = limited_to_tracks(truth, n_tracks)
    assert len(held["a"]) == n_tracks
    scores = seld_scores(truth, held, year=2024)
    assert scores["localization_recall"] == pytest.approx(n_tracks / 3)


def test_silence_has_bounds_too():
    truth = {"a": Events((), ("bell",), 3.0)}
    for predicted in (nothing(truth), most_frequent_class(truth), mean_direction(truth)):
        assert len(predicted["a"]) == 0
    with pytest.raises(InputError, match="n_tracks"):
        limited_to_tracks(truth, 0)


def _still(label: str, first: int, n: int, azimuth: float) -> Event:
    track = Track((first + np.arange(n)) / 10, np.full(n, azimuth), np.zeros(n))
    return Event(label, first / 10, (first + n) / 10, track=track)
