"""A result's folder: every file of it is there, and its reader gives the scene back."""

import json

import numpy as np
import pytest

import hearsight
from hearsight.events.formats import read_events
from hearsight.events.formats.arrays import read_heatmaps
from hearsight.events.formats.structured import read_json
from hearsight.inference.results import check_target, describe_run, is_done, is_result, write_result
from hearsight.recording.media import probe

ALWAYS = {
    "events.json", "events.jsonl", "events.csv", "directions.csv", "labels.txt", "captions.vtt",
    "captions.srt", "events.rttm", "events.selections.txt", "timeline.png", "azimuth.png",
    "sphere.png", "report.html", "run.json",
}  # fmt: skip


# Name, format where the suffix does not tell it, and how exactly it holds times in seconds.
READABLE = [
    ("events.json", None, 0.0),
    ("events.jsonl", None, 0.0),
    ("directions.csv", "directions", 0.11),
    ("labels.txt", "audacity", 1e-6),
    ("captions.vtt", None, 1e-3),
    ("captions.srt", None, 1e-3),
    ("events.selections.txt", "raven", 1e-3),
    ("events.rttm", None, 1e-3),
]


def names(folder):
    return {path.name for path in folder.iterdir()}


@pytest.fixture
def scene(recordings):
    path = recordings.scene("foa", 4.0, azimuths=(40.0, -60.0))
    return hearsight.locate(path, channels="foa")


def test_sound_alone(scene, tmp_path):
    folder = write_result(scene, tmp_path / "out")
    assert names(folder) == ALWAYS | {"heatmaps.npz", "preview.m4a"}
    assert names(tmp_path) == {"in", "out"}


def test_one_channel(recordings, tmp_path):
    scene = hearsight.locate(recordings.scene("mono", 3.0))
    assert names(write_result(scene, tmp_path / "out")) == ALWAYS | {"preview.m4a"}


def test_a_still_picture(recordings, tmp_path):
    picture = next(recordings.frames(1).iterdir())
    scene = hearsight.locate(picture, audio=recordings.scene("foa", 3.0), channels="foa")
    extra = {"heatmaps.npz", "boxes.coco.json", "overlay.png", "preview.jpg", "preview.m4a"}
    assert names(write_result(scene, tmp_path / "out")) == ALWAYS | extra


@pytest.mark.parametrize("kind", ["video", "frames"])
def test_moving_pictures(recordings, tmp_path, kind):
    picture = recordings.video(2.0) if kind == "video" else recordings.frames(20)
    rate = None if kind == "video" else 10.0
    sound = recordings.scene("foa", 2.0)
    scene = hearsight.locate(picture, audio=sound, channels="foa", fov_deg=90.0, frame_rate=rate)
    folder = write_result(scene, tmp_path / "out", frame_rate=rate)
    extra = {"heatmaps.npz", "boxes.coco.json", "overlay.mp4", "preview.mp4"}
    assert names(folder) == ALWAYS | extra
    for name in ("overlay.mp4", "preview.mp4"):
        media = probe(folder / name)
        assert media.chosen_audio is not None
        assert (media.chosen_video.width, media.chosen_video.height) == (64, 32)
        assert media.chosen_video.duration == pytest.approx(2.0, abs=0.05)
        assert media.chosen_video.fps == pytest.approx(rate or 25.0)


def test_readers_give_the_events_back(scene, tmp_path):
    folder = write_result(scene, tmp_path / "out")
    assert len(scene) >= 2
    expected = {(event.label, event.onset, event.offset) for event in scene}
    for name, format_name, tolerance in READABLE:
        found = read_events(folder / name, format_name)
        found = {(event.label, event.onset, event.offset) for event in found}
        assert len(found) == len(expected), name
        for one, other in zip(sorted(found), sorted(expected), strict=True):
            assert one[0] == other[0], name
            assert one[1:] == pytest.approx(other[1:], abs=tolerance), name


def test_the_json_document_is_the_scene(scene, tmp_path):
    found = read_json(write_result(scene, tmp_path / "out") / "events.json")
    assert found.to_dicts() == scene.to_dicts()
    assert found.notes == scene.notes
    assert found.layout == scene.layout
    assert found.media == scene.media
    document = json.loads((tmp_path / "out" / "events.json").read_text())
    for event in document["events"]:
        assert {"label", "onset", "offset", "azimuth", "elevation", "box", "confidence"} <= set(
            event
        )


def test_heat_maps_are_read_back(scene, tmp_path):
    (found,) = read_heatmaps(write_result(scene, tmp_path / "out") / "heatmaps.npz")
    (expected,) = scene.heatmaps
    assert found.kind == expected.kind
    np.testing.assert_array_equal(found.values, expected.values)


def test_the_page_needs_nothing_outside_its_folder(scene, tmp_path):
    page = (write_result(scene, tmp_path / "out") / "report.html").read_text()
    assert "source 1" in page
    assert "http://" not in page.replace("http://www.w3.org/", "")
    assert "https://" not in page


def test_a_failure_leaves_the_earlier_result(scene, tmp_path, monkeypatch):
    folder = write_result(scene, tmp_path / "out", run={"version": "1"})
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}

    def fail(*arguments, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("hearsight.inference.results.write_report", fail)
    with pytest.raises(hearsight.MediaError, match="No space left"):
        write_result(scene, folder)
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == before
    with pytest.raises(hearsight.MediaError, match="No space left"):
        write_result(scene, tmp_path / "deep" / "er" / "out")
    assert names(tmp_path) == {"in", "out"}


def test_messages_name_the_place_that_was_asked_for(scene, tmp_path, monkeypatch):
    def fail(_scene, folder, **options):
        msg = f"{folder / 'report.html'}: cannot be written"
        raise hearsight.MediaError(msg)

    monkeypatch.setattr("hearsight.inference.results.write_report", fail)
    with pytest.raises(hearsight.MediaError) as caught:
        write_result(scene, tmp_path / "out")
    assert str(caught.value).startswith(str(tmp_path / "out" / "report.html"))


@pytest.mark.parametrize("present", [["run.json"], ["events.json"], ["photo.jpg"]])
def test_what_is_no_result_is_refused(tmp_path, present):
    for name in present:
        (tmp_path / name).write_text("{}")
    assert not is_result(tmp_path)
    with pytest.raises(hearsight.InputError, match="choose another place"):
        check_target(tmp_path)


def test_empty_folders_and_results_may_be_replaced(tmp_path):
    check_target(tmp_path)
    check_target(tmp_path / "new" / "deep")
    for name in ("run.json", "events.json"):
        (tmp_path / name).write_text("{}")
    check_target(tmp_path)


def test_a_run_is_known_again(tmp_path):
    files = [tmp_path / "a.wav", tmp_path / "frames"]
    files[0].write_bytes(b"1")
    files[1].mkdir()
    (files[1] / "1.png").write_bytes(b"2")
    settings = {"method": "srp", "channels": None}
    run = describe_run(files, settings)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "run.json").write_text(json.dumps(run))
    assert is_done(tmp_path / "out", describe_run(files, settings))
    assert not is_done(tmp_path / "out", describe_run(files, settings | {"method": "music"}))
    assert not is_done(tmp_path / "out", describe_run(files[:1], settings))
    (files[1] / "1.png").write_bytes(b"22")
    assert not is_done(tmp_path / "out", describe_run(files, settings))
    assert not is_done(tmp_path / "nowhere", run)
    (tmp_path / "out" / "run.json").write_text("{")
    assert not is_done(tmp_path / "out", run)
