"""What must hold of SELD scores whatever is scored."""

import dataclasses
import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hearsight.errors import InputError
from hearsight.events.events import Event, Events, Track
from hearsight.events.points import Points
from hearsight.metrics.frames import FrameTable
from hearsight.metrics.seld import room_of, seld_scores
from hearsight.spatial.directions import to_vectors

YEARS = range(2019, 2026)
BEST = {
    "error_rate": 0.0,
    "f_score": 1.0,
    "localization_error": 0.0,
    "localization_recall": 1.0,
    "localization_f_score": 1.0,
    "distance_error": 0.0,
    "relative_distance_error": 0.0,
    "on_screen_accuracy": 1.0,
    "doa_error": 0.0,
    "frame_recall": 1.0,
    "seld_score": 0.0,
}
LIMITS = {
    "f_score": 1.0,
    "localization_error": 180.0,
    "localization_recall": 1.0,
    "localization_f_score": 1.0,
    "on_screen_accuracy": 1.0,
    "doa_error": 180.0,
    "frame_recall": 1.0,
}
seeds = st.integers(0, 2**32 - 1)
properties = settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])


def assert_same(ours, theirs, atol=1e-6):
    assert ours.overall.keys() == theirs.overall.keys()
    for name, value in ours.overall.items():
        np.testing.assert_allclose(value, theirs[name], rtol=1e-9, atol=atol, err_msg=name)


def changed(events, change):
    """Change every event of a recording."""
    return Events([change(event) for event in events], events.labels, events.duration)


def turned(events, degrees):
    def turn(event):
        t = event.track
        track = Track(t.times, t.azimuth + degrees, t.elevation, t.distance, on_screen=t.on_screen)
        return dataclasses.replace(event, track=track)

    return changed(events, turn)


def still(label, first, n, azimuth, elevation=0.0, **columns):
    """Make an event that stays where it is for n label frames."""
    filled = {name: np.full(n, value) for name, value in columns.items()}
    times = (first + np.arange(n)) / 10
    track = Track(times, np.full(n, azimuth), np.full(n, elevation), **filled)
    return Event(label, first / 10, (first + n) / 10, track=track)


@pytest.mark.parametrize("average", ["macro", "micro"])
@pytest.mark.parametrize("year", YEARS)
@properties
@given(seed=seeds)
def test_the_truth_scores_perfectly(make_scene, year, average, seed):
    truth, _ = make_scene(seed)
    scores = seld_scores(truth, truth, year=year, average=None if year < 2021 else average)
    for name, value in scores.overall.items():
        assert value == pytest.approx(BEST[name], abs=1e-9), name


@pytest.mark.parametrize("year", YEARS)
@properties
@given(seed=seeds)
def test_scores_are_bounded(make_scene, year, seed):
    scores = seld_scores(*make_scene(seed), year=year)
    for name, value in scores.overall.items():
        assert np.isnan(value) or 0.0 <= value <= LIMITS.get(name, np.inf), name


@pytest.mark.parametrize("year", YEARS)
@properties
@given(seed=seeds)
def test_order_and_numbers_of_events_do_not_matter(make_scene, year, seed):
    truth, heard = make_scene(seed)
    random = np.random.default_rng(seed)

    def renumbered(events):
        numbers = random.permutation(len(events)).tolist()
        return Events(
            [
                dataclasses.replace(events[index], source=number)
                for index, number in zip(random.permutation(len(events)), numbers, strict=True)
            ],
            events.labels,
            events.duration,
        )

    again = seld_scores(
        {name: renumbered(each) for name, each in reversed(truth.items())},
        {name: renumbered(each) for name, each in heard.items()},
        year=year,
    )
    assert_same(seld_scores(truth, heard, year=year), again)


@pytest.mark.parametrize("year", [year for year in YEARS if year != 2025])
@properties
@given(seed=seeds, degrees=st.floats(-360, 360))
def test_turning_both_about_the_vertical_changes_nothing(make_scene, year, seed, degrees):
    truth, heard = make_scene(seed)
    scores = seld_scores(
        {name: turned(each, degrees) for name, each in truth.items()},
        {name: turned(each, degrees) for name, each in heard.items()},
        year=year,
    )
    assert_same(seld_scores(truth, heard, year=year), scores)


@pytest.mark.parametrize("year", [year for year in YEARS if year != 2025])
@properties
@given(seed=seeds)
def test_angles_and_vectors_of_any_length_score_alike(make_scene, year, seed):
    truth, heard = make_scene(seed)
    random = np.random.default_rng(seed)
    labels = next(iter(truth.values())).labels

    def as_vectors(events):
        table = FrameTable.from_events(events, labels)
        length = random.uniform(0.5, 2.0, (len(table), 1))
        return FrameTable.from_columns(
            table.frames,
            table.classes,
            vectors=length * to_vectors(table.azimuth, table.elevation),
            distance=table.distance,
            n_frames=table.n_frames,
        )

    vectors = {name: as_vectors(each) for name, each in heard.items()}
    assert_same(
        seld_scores(truth, heard, year=year, labels=labels),
        seld_scores(truth, vectors, year=year, labels=labels),
    )


@pytest.mark.parametrize("year", YEARS)
@properties
@given(seed=seeds)
def test_decoded_points_score_as_the_events_they_become(make_scene, year, seed):
    truth, heard = make_scene(seed)
    points = {name: Points.from_events(each, each.labels) for name, each in heard.items()}
    others = {name: each.to_events(10.0) for name, each in points.items()}
    assert_same(seld_scores(truth, others, year=year), seld_scores(truth, points, year=year))


def test_decoded_points_of_another_class_list_are_refused(make_scene):
    truth, heard = make_scene(3)
    points = {name: Points.from_events(each, each.labels) for name, each in heard.items()}
    with pytest.raises(InputError, match="not in the class list: speech"):
        seld_scores(truth, points, labels=("bell", "knock", "music"))


@pytest.mark.parametrize("year", YEARS)
def test_silence_scores_worst_and_silence_on_silence_is_undefined(make_scene, year):
    truth, _ = make_scene(1)
    labels = next(iter(truth.values())).labels
    scores = seld_scores(truth, {}, year=year)
    assert scores["f_score"] == 0.0
    if year < 2024:
        assert scores["error_rate"] == 1.0
    if 2020 <= year <= 2023:
        assert scores["localization_error"] == 180.0
    if year >= 2024:
        assert np.isnan(scores["localization_error"])
    nobody = seld_scores(Events((), labels, 10.0), Events((), labels, 10.0), year=year)
    assert np.isnan(nobody["f_score"])


@pytest.mark.parametrize("year", [2021, 2023, 2024, 2025])
def test_what_is_heard_in_silence_is_false(year):
    truth = Events((), ("bell", "knock"), 5.0)
    heard = Events([still("bell", 0, 10, 0.0)], ("bell", "knock"))
    scores = seld_scores(truth, heard, year=year, average="micro")
    assert scores["f_score"] == 0.0
    assert scores.counts.total().by_class["false_positives"].sum() > 0
    if year < 2025:
        assert np.isnan(scores["error_rate"])


def test_an_error_of_exactly_the_threshold_is_right_wherever_it_is():
    for azimuth in (-170.0, -60.0, 0.0, 12.0, 100.0, 160.0):
        truth = Events([still("bell", 0, 10, azimuth)])
        heard = Events([still("bell", 0, 10, azimuth + 20.0)])
        for year in (2020, 2021, 2023, 2024):
            assert seld_scores(truth, heard, year=year)["f_score"] == 1.0
        far = Events([still("bell", 0, 10, azimuth + 20.01)])
        assert seld_scores(truth, far, year=2024)["f_score"] == 0.0


def test_the_threshold_is_a_setting():
    truth, heard = Events([still("bell", 0, 10, 0.0)]), Events([still("bell", 0, 10, 30.0)])
    assert seld_scores(truth, heard)["f_score"] == 0.0
    assert seld_scores(truth, heard, angle_threshold=30.0)["f_score"] == 1.0


def test_each_prediction_belongs_to_the_instance_that_makes_the_sum_smallest():
    truth = Events([still("bell", 0, 10, 0.0), still("bell", 0, 10, 40.0)])
    heard = Events(
        [still("bell", 0, 10, 45.0), still("bell", 0, 10, 10.0), still("bell", 0, 10, 90)]
    )
    scores = seld_scores(truth, heard, year=2024)
    assert scores["localization_error"] == pytest.approx(7.5)
    assert scores.counts.total().by_class["false_positives"].sum() == 10


def test_the_years_differ_as_they_say():
    truth = Events([still("bell", 0, 10, 0.0), still("knock", 0, 10, 0.0)])
    heard = Events([still("bell", 0, 10, 30.0), still("knock", 0, 10, 0.0)])
    f_of = {
        year: seld_scores(truth, heard, year=year, average="micro")["f_score"] for year in YEARS
    }
    assert f_of[2019] == 1.0  # detection knows no place
    assert f_of[2020] == 0.5  # precision 1/2, recall 1/2
    assert f_of[2021] == pytest.approx(1 / 1.5)
    assert f_of[2022] == f_of[2023] == f_of[2024] == 0.5


def test_distance_of_2024_counts_relative_to_the_truth():
    truth = Events([still("bell", 0, 10, 0.0, distance=2.0)])
    near = Events([still("bell", 0, 10, 0.0, distance=3.0)])
    scores = seld_scores(truth, near, year=2024)
    assert (scores["distance_error"], scores["relative_distance_error"]) == (1.0, 0.5)
    assert scores["f_score"] == 1.0
    far = Events([still("bell", 0, 10, 0.0, distance=4.2)])
    assert seld_scores(truth, far, year=2024)["f_score"] == 0.0
    assert seld_scores(truth, far, year=2024, with_distance=False)["f_score"] == 1.0
    assert seld_scores(truth, near, year=2024, distance_threshold=0.5)["f_score"] == 0.0


def test_a_distance_that_nobody_knows_is_not_judged():
    truth = Events([still("bell", 0, 10, 0.0)])
    heard = Events([still("bell", 0, 10, 0.0, distance=3.0)])
    scores = seld_scores(truth, heard, year=2024)
    assert scores["f_score"] == 1.0
    assert np.isnan(scores["relative_distance_error"])
    assert scores["seld_score"] == 0.0


def test_stereo_hears_no_difference_between_front_and_back():
    truth = Events([still("bell", 0, 10, 150.0, on_screen=0)])
    heard = Events([still("bell", 0, 10, 35.0, on_screen=1)])
    scores = seld_scores(truth, heard, year=2025)
    assert scores["localization_error"] == pytest.approx(5.0)
    assert (scores["f_score"], scores["on_screen_accuracy"]) == (1.0, 0.0)
    assert seld_scores(truth, heard, year=2025, require_on_screen=True)["f_score"] == 0.0


def test_parts_of_the_recordings_are_scored_without_looking_again(make_scene):
    truth, heard = make_scene(5, n_recordings=4)
    scores = seld_scores(truth, heard, year=2024)
    for room, part in scores.grouped(room_of).items():
        names = [name for name in truth if room_of(name) == room]
        alone = seld_scores(
            {name: truth[name] for name in names}, {name: heard[name] for name in names}, year=2024
        )
        assert_same(part, alone)
    assert scores.by_recording().keys() == truth.keys()


def test_the_jackknife_equals_scoring_again_without_each_recording(make_scene):
    truth, heard = make_scene(6, n_recordings=5)
    scores = seld_scores(truth, heard, year=2023, interval="jackknife")
    left_out = []
    for name in truth:
        rest = {each: truth[each] for each in truth if each != name}
        some = {each: heard[each] for each in rest}
        left_out.append(seld_scores(rest, some, year=2023)["f_score"])
    n, mean, value = len(left_out), np.mean(left_out), scores["f_score"]
    estimate = value - (n - 1) * (mean - value)
    assert scores.intervals["f_score"].estimate == pytest.approx(estimate)


@pytest.mark.parametrize("interval", ["jackknife", "bootstrap"])
@pytest.mark.parametrize("year", YEARS)
def test_intervals_are_there_for_every_score(make_scene, year, interval):
    truth, heard = make_scene(7, n_recordings=8)
    scores = seld_scores(truth, heard, year=year, interval=interval)
    assert scores.intervals.keys() == scores.overall.keys()
    low, high, _ = scores.intervals["f_score"]
    assert low <= scores["f_score"] <= high
    assert scores.intervals_by_class.keys() == scores.by_class.keys()


def test_a_recording_without_prediction_counts_as_empty(make_scene, caplog):
    truth, heard = make_scene(8)
    missing = sorted(truth)[0]
    rest = {name: each for name, each in heard.items() if name != missing}
    scores = seld_scores(truth, rest)
    assert "1 recordings have no prediction" in caplog.text
    empty = rest | {missing: Events((), truth[missing].labels)}
    assert_same(scores, seld_scores(truth, empty))
    assert seld_scores(truth, rest, strict_parity=True).names == tuple(sorted(rest))


def test_lists_and_single_recordings_are_taken_too(make_scene):
    truth, heard = make_scene(9)
    as_lists = seld_scores(list(truth.values()), list(heard.values()))
    assert_same(as_lists, seld_scores(truth, heard))
    name = sorted(truth)[0]
    assert seld_scores(truth[name], heard[name]).names == ("recording 1",)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"year": 2018}, "no SELD metric of the year 2018"),
        ({"average": "marco"}, "did you mean macro"),
        ({"year": 2020, "average": "macro"}, "knows only micro"),
        ({"interval": "jacknife"}, "did you mean jackknife"),
        ({"interval": "jackknife", "confidence": 95}, "confidence must lie between 0 and 1"),
        ({"unit": "second"}, "unknown unit"),
        ({"require_on_screen": True}, "no on-screen flags"),
        ({"year": 2025, "unit": "segment", "require_on_screen": True}, "leave unit out"),
        ({"labels": ["music"]}, "not in the class list"),
        ({"n_draws": 0}, "n_draws"),
    ],
)
def test_wrong_settings_are_named(make_scene, options, message):
    truth, heard = make_scene(10)
    with pytest.raises(InputError, match=message):
        seld_scores(truth, heard, **options)


def test_what_is_no_recording_is_refused(make_scene):
    truth, _ = make_scene(12)
    with pytest.raises(InputError, match="must be given as Events, got str"):
        seld_scores(truth, dict.fromkeys(truth, "heard.csv"))


@pytest.mark.parametrize(("year", "unit"), [(2021, "frame"), (2023, "frame"), (2024, "segment")])
def test_another_unit_can_be_asked_for(make_scene, year, unit):
    truth, heard = make_scene(13)
    scores = seld_scores(truth, heard, year=year, unit=unit)
    n_references = scores.counts.total().by_class["references"].sum()
    of_2024 = seld_scores(truth, heard, year=2024).counts.total().by_class["references"].sum()
    assert (n_references == of_2024) == (unit == "frame")
    if year == 2024:
        assert scores["f_score"] == seld_scores(truth, heard, year=2023)["f_score"]


def test_scores_become_json(make_scene):
    truth, heard = make_scene(14)
    scores = seld_scores(truth, heard, year=2025, interval="jackknife")
    said = json.loads(json.dumps(scores.to_dict(), allow_nan=False))
    assert said["year"] == 2025
    assert said["recordings"] == len(truth)
    assert said["overall"]["f_score"] == scores["f_score"]
    assert said["by_class"]["music"]["localization_error"] is None
    assert said["intervals"]["f_score"]["low"] == scores.intervals["f_score"].low


def test_predictions_of_other_recordings_are_refused(make_scene):
    truth, heard = make_scene(11)
    with pytest.raises(InputError, match="the reference lacks: other"):
        seld_scores(truth, heard | {"other": Events()})
    with pytest.raises(InputError, match="no recording to score"):
        seld_scores({}, {})


def test_a_name_without_a_room_is_refused():
    with pytest.raises(InputError, match="no room"):
        room_of("kitchen")
