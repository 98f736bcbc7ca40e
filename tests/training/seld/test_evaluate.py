"""How right systems and predictions are: whatever is judged, its floors stand beside it."""

import json
import logging

import numpy as np
import pytest
import soundfile
import torch

import hearsight
from hearsight.errors import DatasetError, InputError, WeightsError
from hearsight.events.classes import DCASE_2022
from hearsight.events.events import Event, Events, Track
from hearsight.events.formats.dcase import write_dcase
from hearsight.features.normalize import FeatureStatistics
from hearsight.inference.predict import predict_stored
from hearsight.metrics.seld import seld_scores
from hearsight.models.blocks.resnet import resnet18
from hearsight.recording.video import write_video
from hearsight.systems import find
from hearsight.systems.seldnet import SeldnetSettings
from hearsight.training.seld.prepare import store_of
from hearsight.weights.store import save_system

RATE = 24_000
ROOMS = {"fold4_room2_mix001": 2, "fold4_room10_mix001": 10, "fold4_room10_mix002": 10}
FLOORS = ["nothing", "most_frequent_class", "mean_direction", "shuffled_classes"]


def truth_of(seed, duration=3.0, on_screen=None):
    random = np.random.default_rng(seed)
    events = []
    for source in range(4):
        first, n = int(random.integers(0, 20)), int(random.integers(5, 10))
        azimuth, elevation = random.uniform(-180, 180), random.uniform(-40, 40)
        track = Track(
            (first + np.arange(n)) / 10,
            np.full(n, np.round(azimuth)),
            np.full(n, np.round(elevation)),
            np.full(n, 2.0),
            on_screen=None if on_screen is None else np.full(n, on_screen),
        )
        label = DCASE_2022[int(random.integers(5))]
        events.append(Event(label, first / 10, (first + n) / 10, track=track, source=source))
    return Events(events, DCASE_2022, duration)


def write_corpus(root, kind="foa", year=2023, on_screen=None):
    """Noise with annotations of events that are not in it, three recordings of the test split."""
    random = np.random.default_rng(0)
    for seed, name in enumerate(ROOMS):
        for folder, suffix in ((f"{kind}_dev", "wav"), ("metadata_dev", "csv")):
            path = root / folder / "dev-test-tau" / f"{name}.{suffix}"
            path.parent.mkdir(parents=True, exist_ok=True)
            if suffix == "wav":
                sound = 0.1 * random.standard_normal((3 * RATE, 2 if kind == "stereo" else 4))
                soundfile.write(path, sound, RATE)
            else:
                write_dcase(truth_of(seed, on_screen=on_screen), path, year=year)
    return root


@pytest.fixture
def corpus(tmp_path):
    return write_corpus(tmp_path / "corpus")


@pytest.fixture
def predictions(tmp_path):
    """Write predicted events as files."""

    def write(found, year=2023, name="predictions"):
        for recording, events in found.items():
            write_dcase(events, tmp_path / name / f"{recording}.csv", year=year)
        return tmp_path / name

    return write


def small_system(**changes):
    torch.manual_seed(0)
    small = {"n_filters": 4, "rnn_size": 8, "fnn_size": 8, "n_heads": 2, "n_window": 10}
    system = find("seldnet").build(SeldnetSettings(**{**small, **changes}))
    with torch.no_grad():  # so that it says something
        for parameter in system.network.parameters():
            parameter.mul_(3.0)
    system.network.eval()
    n_channels = 2 if system.audio_format == "stereo" else 4
    sound = 0.1 * torch.randn(n_channels, 2 * RATE)
    return system.with_statistics(FeatureStatistics.fit([system.feature(sound)]))


@pytest.fixture(scope="module")
def system():
    return small_system()


@pytest.fixture
def weights(tmp_path, system):
    origin = {"data": "corpus", "train": {"rooms": [4, 10]}, "validation": {"rooms": [6]}}
    save_system(tmp_path / "weights", system, origin=origin)
    return tmp_path / "weights"


@pytest.mark.parametrize("year", range(2019, 2025))
def test_perfect_predictions_clear_their_floors(corpus, predictions, year):
    found = {name: truth_of(seed) for seed, name in enumerate(ROOMS)}
    done = hearsight.evaluate(predictions(found), corpus, year=year)
    assert done.scores["f_score"] == 1.0
    assert done.scores["seld_score"] == pytest.approx(0.0, abs=1e-6)
    assert list(done.floors) == FLOORS
    assert list(done.bounds) == [*FLOORS, "oracle_3_tracks"]
    assert done.clears_floors is True
    assert f"clears its best floor, {done.best_floor.replace('_', ' ')}" in done.verdict
    assert done.scores.definition.year == year


def test_the_best_floor_does_not_clear_itself(corpus, predictions):
    found = {name: truth_of(seed) for seed, name in enumerate(ROOMS)}
    ahead = {
        name: Events(
            [
                Event(
                    event.label,
                    event.onset,
                    event.offset,
                    track=Track(event.track.times, 0.0 * event.track.azimuth, None, None),
                    source=event.source,
                )
                for event in events
            ],
            DCASE_2022,
            3.0,
        )
        for name, events in found.items()
    }
    done = hearsight.evaluate(predictions(ahead), corpus, year=2023)
    assert done.best_floor == "mean_direction"
    assert done.clears_floors is False
    assert "does not clear its best floor, mean direction" in done.verdict


def test_one_recording_says_nothing_of_chance(corpus, predictions):
    for name in list(ROOMS)[1:]:
        (corpus / f"metadata_dev/dev-test-tau/{name}.csv").unlink()
    done = hearsight.evaluate(predictions({"fold4_room2_mix001": truth_of(0)}), corpus)
    assert done.clears_floors is None
    assert "one recording is too little" in done.verdict


def test_scores_are_those_of_the_metric_and_the_file_says_all_of_them(corpus, predictions):
    found = {name: truth_of(seed + 1) for seed, name in enumerate(ROOMS)}
    done = hearsight.evaluate(predictions(found), corpus, year=2024, average="micro")
    truth = {name: truth_of(seed) for seed, name in enumerate(ROOMS)}
    options = {"year": 2024, "average": "micro", "labels": DCASE_2022}
    expected = seld_scores(truth, found, interval="jackknife", **options)
    assert done.scores.overall == pytest.approx(expected.overall)
    assert done.scores.intervals == expected.intervals
    assert list(done.by_room) == [2, 10]
    in_ten = [name for name, room in ROOMS.items() if room == 10]
    part = seld_scores(
        {name: truth[name] for name in in_ten}, {name: found[name] for name in in_ten}, **options
    )
    assert done.by_room[10].overall == pytest.approx(part.overall, nan_ok=True)
    done.write(corpus / "out.json")
    said = json.loads((corpus / "out.json").read_text(), parse_constant=pytest.fail)
    assert said["year"] == 2024
    assert said["split"] == "test"
    assert said["scores"]["overall"]["f_score"] == pytest.approx(expected["f_score"])
    assert list(said["bounds"]) == [*FLOORS, "oracle_3_tracks"]
    assert sorted(said["by_room"]) == ["10", "2"]
    assert sorted(said["by_recording"]) == sorted(ROOMS)
    assert said["verdict"] == done.verdict


def test_missing_and_foreign_files_are_told(corpus, predictions, caplog):
    found = {"fold4_room2_mix001": truth_of(0), "fold3_room4_mix001": truth_of(1)}
    with caplog.at_level(logging.WARNING):
        done = hearsight.evaluate(predictions(found), corpus)
    assert done.notes == (
        "2 of 3 recordings have no file: scored as empty.",
        "Not of this split and left out: fold3_room4_mix001.",
    )
    assert len(done.scores.names) == 3
    assert done.scores["f_score"] < 1.0


def test_stereo_is_judged_with_and_without_flags(tmp_path, predictions):
    root = write_corpus(tmp_path / "stereo", "stereo", 2025, on_screen=1.0)
    right = {name: truth_of(seed, on_screen=1.0) for seed, name in enumerate(ROOMS)}
    done = hearsight.evaluate(predictions(right, 2025), root)
    assert done.scores.definition.year == 2025
    assert done.metric == "f_score"
    assert (done.scores["f_score"], done.on_off["f_score"]) == (1.0, 1.0)
    wrong = {name: truth_of(seed, on_screen=0.0) for seed, name in enumerate(ROOMS)}
    done = hearsight.evaluate(predictions(wrong, 2025, "wrong"), root)
    assert (done.scores["f_score"], done.on_off["f_score"]) == (1.0, 0.0)
    assert done.to_dict()["on_off"]["f_score"] == 0.0
    untold = hearsight.evaluate(predictions(right, 2024, "untold"), root)
    assert untold.on_off is None
    assert untold.notes == ("No on-screen flags are told, so F on/off cannot be given.",)


def test_a_system_is_judged_by_what_it_says(corpus, weights, system, tmp_path):
    told = []
    done = hearsight.evaluate(weights, corpus, tell=told.append)
    assert len(told) == 1
    assert told[0].startswith("features of 3 of 3 recordings")
    store = store_of(corpus / "features", system)
    found = {name: system.codec.decode(predict_stored(system, store, name), 3.0) for name in ROOMS}
    truth = {name: truth_of(seed) for seed, name in enumerate(ROOMS)}
    expected = seld_scores(truth, found, year=2023, labels=DCASE_2022)
    assert done.scores.overall == pytest.approx(expected.overall)
    assert done.scores["localization_recall"] > 0.0
    assert (done.name, done.folder) == ("seldnet", weights)
    assert done.about["fingerprint"] == hearsight.evaluate(weights, corpus).about["fingerprint"]
    assert done.notes == (
        "The system has learnt in rooms that it is judged in (10): scores flatter.",
    )
    # Written and judged again it is as right.
    done.write_predictions(tmp_path / "said")
    again = hearsight.evaluate(tmp_path / "said", corpus, year=2023)
    assert again.scores.overall == pytest.approx(done.scores.overall, rel=1e-4)


def test_stored_features_are_taken(corpus, weights, system):
    hearsight.evaluate(weights, corpus, features=corpus / "elsewhere")
    store, told = store_of(corpus / "elsewhere", system), []
    for name in ROOMS:
        store.write(name, 0.0 * store.read(name), corpus / f"foa_dev/dev-test-tau/{name}.wav")
    done = hearsight.evaluate(weights, corpus, features=corpus / "elsewhere", tell=told.append)
    assert told == []
    assert not (corpus / "features").exists()
    predicted = [[event.label for event in events] for events in done.predictions.values()]
    assert predicted[0] == predicted[1] == predicted[2]


def test_the_ceiling_is_what_the_output_can_hold(corpus, tmp_path):
    save_system(tmp_path / "one", small_system(output="accdoa"))
    done = hearsight.evaluate(tmp_path / "one", corpus)
    assert list(done.bounds)[-1] == "oracle_1_tracks"


def test_a_system_that_sees_is_judged_where_there_are_pictures(corpus, tmp_path):
    folder = tmp_path / "sees"
    torch.manual_seed(0)
    save_system(folder, small_system(year=2024, sees=True).with_eyes(resnet18().eval()))
    with pytest.raises(DatasetError, match="the test split has no pictures, but seldnet sees"):
        hearsight.evaluate(folder, corpus)
    for name in list(ROOMS)[:2]:
        path = corpus / f"video_dev/dev-test-tau/{name}.mp4"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_video(path, [np.zeros((3, 32, 64), np.uint8)] * 30, 10, size=(64, 32))
    done = hearsight.evaluate(folder, corpus)
    assert sorted(done.scores.names) == sorted(list(ROOMS)[:2])
    assert done.notes == ("Without a picture and left out: 1 of 3.",)


def test_bad_options_are_refused_before_anything_is_heard(corpus, weights):
    for options, message in (
        ({"split": "tset"}, "unknown split 'tset'; did you mean test"),
        ({"year": 2018}, "no SELD metric of the year 2018"),
        ({"average": "makro"}, "unknown average 'makro'; did you mean macro"),
        ({"year": 2020, "average": "macro"}, "2020 knows only micro averages"),
        ({"device": "toaster"}, "device 'toaster' cannot be used"),
    ):
        with pytest.raises(InputError, match=message):
            hearsight.evaluate(weights, corpus, **options)
    assert not (corpus / "features").exists()


def test_data_that_do_not_fit_are_refused(corpus, weights, predictions, tmp_path):
    with pytest.raises(DatasetError, match="there are no recordings in the train split"):
        hearsight.evaluate(weights, corpus, split="train")
    with pytest.raises(InputError, match="seldnt: no folder with weights, nor a system; did you"):
        hearsight.evaluate("seldnt", corpus)
    with pytest.raises(InputError, match=r"neither weights \(system\.json is missing\) nor pre"):
        hearsight.evaluate(corpus, corpus)
    with pytest.raises(WeightsError, match="runs/seldnet: holds no weights"):
        hearsight.evaluate("seldnet", corpus)
    foreign = predictions({"other": truth_of(0)}, name="foreign")
    with pytest.raises(
        InputError, match=r"no file is named .* fold4_room10_mix001\.csv, found oth"
    ):
        hearsight.evaluate(foreign, corpus)
    (corpus / "simulation.json").write_text(json.dumps({"labels": ["bell", *DCASE_2022[1:]]}))
    with pytest.raises(InputError, match=r"its class list is not that of .*female speech"):
        hearsight.evaluate(weights, corpus)
    (corpus / "simulation.json").unlink()
    for file in (corpus / "metadata_dev").rglob("*.csv"):
        file.unlink()
    with pytest.raises(DatasetError, match="the 3 recordings of the test split have no annotation"):
        hearsight.evaluate(weights, corpus)
    mic = write_corpus(tmp_path / "mic", "mic")
    with pytest.raises(DatasetError, match="holds mic_dev, not foa_dev"):
        hearsight.evaluate(weights, mic)


def test_a_generated_corpus_s_own_class_list_counts(corpus, predictions):
    labels = tuple(reversed(DCASE_2022))
    (corpus / "simulation.json").write_text(json.dumps({"labels": labels}))
    found = {name: truth_of(seed) for seed, name in enumerate(ROOMS)}
    done = hearsight.evaluate(predictions(found), corpus)
    assert done.scores.labels == labels
    assert done.scores["f_score"] == 1.0
