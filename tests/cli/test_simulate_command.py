import json

import numpy as np
import pytest
import soundfile

from hearsight.cli import run
from hearsight.events.formats.structured import read_json
from hearsight.recording.media import probe

SMALL = ["--duration", "2", "--width", "64"]


def files(folder):
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_a_scene(tmp_path, capsys):
    assert run(["simulate", str(tmp_path / "s"), *SMALL, "--seed", "3", "--masks"]) == 0
    assert files(tmp_path) == ["masks.npz", "scene.mp4", "scene.wav", "truth.json"]
    assert "truth.json" in capsys.readouterr().out
    assert soundfile.info(tmp_path / "s" / "scene.wav").channels == 4
    assert probe(tmp_path / "s" / "scene.mp4").chosen_video.width == 64


@pytest.mark.parametrize(
    ("options", "n_channels"),
    [
        (["--format", "fuma"], 4),
        (["--format", "XYW-Z-:sn3d"], 6),
        (["--format", "stereo", "--projection", "perspective", "--fov", "70"], 2),
        (["--format", "mono", "--sources", "1", "--snr", "5"], 1),
        (["--format", "mid-side", "--room-rt60", "0.3"], 2),
    ],
)
def test_formats(tmp_path, options, n_channels):
    assert run(["simulate", str(tmp_path), *SMALL, *options]) == 0
    assert soundfile.info(tmp_path / "scene.wav").channels == n_channels
    assert len(read_json(tmp_path / "truth.json")) >= 1


def test_an_array_and_sounds_of_one_s_own(tmp_path):
    geometry = tmp_path / "array.yaml"
    geometry.write_text("microphones: [[0, 0.1, 0], [0, -0.1, 0], [0.1, 0, 0]]")
    place = tmp_path / "sounds" / "dog"
    place.mkdir(parents=True)
    soundfile.write(place / "bark.wav", np.random.default_rng(0).normal(0, 0.1, 8000), 16000)
    options = ["--format", "array", "--geometry", str(geometry), "--sounds", str(place.parent)]
    assert run(["simulate", str(tmp_path / "out"), *SMALL, *options]) == 0
    assert soundfile.info(tmp_path / "out" / "scene.wav").channels == 3
    assert {event.label for event in read_json(tmp_path / "out" / "truth.json")} == {"dog"}


def test_a_scene_without_sources_is_silent(tmp_path):
    assert run(["simulate", str(tmp_path), *SMALL, "--sources", "0"]) == 0
    assert not soundfile.read(tmp_path / "scene.wav")[0].any()
    assert len(read_json(tmp_path / "truth.json")) == 0


def test_a_corpus_resumes(tmp_path, capsys):
    command = ["simulate", str(tmp_path), "--layout", "starss23", *SMALL]
    assert run([*command, "--recordings", "1"]) == 0
    before = {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*.wav")}
    assert run([*command, "--recordings", "2"]) == 0
    assert all(path.stat().st_mtime_ns == time for path, time in before.items())
    assert len(list(tmp_path.rglob("*.wav"))) == 4
    assert capsys.readouterr().err == ""  # no progress bar where nobody watches


def test_stereo_clips_out_of_a_corpus(tmp_path, capsys):
    corpus, clips = str(tmp_path / "corpus"), str(tmp_path / "clips")
    short = ["--layout", "starss23", "--recordings", "1", "--duration", "5", "--width", "64"]
    assert run(["simulate", corpus, *short, "--only", "foa"]) == 0
    command = ["simulate", clips, "--layout", "dcase2025", "--from", corpus, "--seed", "1"]
    options = ["--recordings", "2", "--width", "64", "--on-screen", "geometric"]
    assert run([*command, *options]) == 0
    assert "2 stereo clips" in capsys.readouterr().out
    assert len(list(tmp_path.rglob("stereo_dev/dev-train-sony/*.wav"))) == 2
    assert run([*command, "--recordings", "2"]) == 2
    assert "other settings (width, on_screen)" in capsys.readouterr().err


@pytest.mark.slow
def test_the_demonstration(tmp_path):
    assert run(["simulate", str(tmp_path), "--demo"]) == 0
    assert files(tmp_path) == ["scene.mp4", "scene.wav", "truth.json"]
    video = probe(tmp_path / "scene.mp4").chosen_video
    assert (video.width, video.height) == (640, 320)
    assert probe(tmp_path / "scene.mp4").duration == pytest.approx(12.0, abs=0.1)
    assert len(read_json(tmp_path / "truth.json")) == 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--format", "foaa"], "did you mean foa"),
        (["--format", "array"], "--geometry"),
        (["--geometry", "array.yaml"], "--format array"),
        (["--format", "array", "--geometry", "missing.yaml"], "missing.yaml"),
        (["--projection", "fisheye"], "perspective"),
        (["--projection", "perspective", "--fov", "180"], "180"),
        (["--fov", "90"], "--fov"),
        (["--duration", "nan"], "1 to 3600"),
        (["--duration", "inf"], "1 to 3600"),
        (["--duration", "-2"], "1 to 3600"),
        (["--duration", "two"], "--duration"),
        (["--sources", "-1"], "n_sources"),
        (["--sources", "1000"], "at most 24"),
        (["--snr", "nan"], "snr_db"),
        (["--room-rt60", "nan"], "RT60"),
        (["--room-rt60", "9"], "RT60"),
        (["--room-rt60", "0.01"], "RT60"),
        (["--layout", "starss23", "--room-rt60", "9"], "RT60"),
        (["--width", "7"], "--width"),
        (["--sounds", "missing"], "missing"),
        (["--seed", "-1"], "seed"),
        (["--recordings", "3"], "--recordings"),
        (["--layout", "stars23"], "did you mean starss23"),
        (["--layout", "starss23", "--format", "mic"], "--format"),
        (["--layout", "starss23", "--recordings", "0"], "at least one"),
        (["--layout", "starss23", "--width", "30"], "width"),
        (["--demo", "--snr", "3", "--fov", "4"], "--snr and --fov"),
        (["--demo", "--from", "corpus"], "--from"),
        (["--layout", "starss23", "--from", "corpus"], "--from"),
        (["--on-screen", "table"], "--on-screen"),
        (["--layout", "dcase2025"], "give --from"),
        (["--layout", "dcase2025", "--from", "missing"], "missing: does not exist"),
        (["--layout", "dcase2025", "--from", ".", "--snr", "3"], "--snr"),
        (["--layout", "dcase2025", "--from", ".", "--fov", "90"], "--fov"),
        (["--layout", "dcase2025", "--from", ".", "--width", "100"], "multiple of 64"),
        (["--layout", "dcase2025", "--from", ".", "--on-screen", "tabel"], "did you mean table"),
        (["--test", "3"], "--test"),
        (["--layout", "starss23", "--things", "3", "--videos"], "--things and --videos"),
        (["--demo", "--videos"], "--videos"),
        (["--layout", "vggsond"], "did you mean vggsound"),
        (["--layout", "vggsound", "--sources", "2", "--fov", "90"], "--sources and --fov"),
        (["--layout", "vggsound", "--from", "corpus"], "--from"),
        (["--layout", "vggsound", "--things", "0"], "1 to 5 things"),
        (["--layout", "vggsound", "--things", "9"], "1 to 5 things"),
        (["--layout", "vggsound", "--test", "0"], "test pairs must be 1"),
        (["--layout", "vggsound", "--duration", "nan"], "1 to 60"),
        (["--layout", "flickr-soundnet", "--width", "33"], "even"),
        (["--layout", "vggsound", "--negatives", "3"], "--negatives"),
        (["--negatives", "3"], "--negatives"),
        (["--layout", "ave", "--videos"], "--videos"),
        (["--layout", "ave", "--sources", "2"], "--sources"),
        (["--layout", "ave", "--duration", "2.5"], "whole number, got 2.5"),
        (["--layout", "ave", "--duration", "nan"], "whole number"),
        (["--layout", "ave", "--duration", "3"], "4 to 60"),
        (["--layout", "ave", "--things", "6"], "1 to 5 things"),
    ],
)
def test_bad_input_gets_one_line_and_leaves_nothing(tmp_path, capsys, options, message):
    assert run(["simulate", str(tmp_path / "out"), *options]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert "Traceback" not in error
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_made_is_named(tmp_path, capsys):
    (tmp_path / "file").write_text("in the way")
    assert run(["simulate", str(tmp_path / "file" / "out"), *SMALL]) == 2
    assert "file" in capsys.readouterr().err


def test_a_corpus_of_one_kind(tmp_path):
    options = ["--layout", "starss23", "--recordings", "1", "--duration", "2", "--only", "foa"]
    assert run(["simulate", str(tmp_path / "set"), *options]) == 0
    found = sorted(path.name for path in (tmp_path / "set").iterdir() if path.is_dir())
    assert found == ["foa_dev", "metadata_dev"]
    assert not list((tmp_path / "set").glob("*_mic_*.txt"))


def test_a_kind_that_does_not_exist(tmp_path, capsys):
    options = ["--layout", "starss23", "--only", "fao"]
    assert run(["simulate", str(tmp_path / "set"), *options]) == 2
    assert "did you mean foa" in capsys.readouterr().err
    assert not (tmp_path / "set").exists()


def test_pairs_of_picture_and_sound(tmp_path, capsys):
    folder = tmp_path / "set"
    counts = ["--recordings", "3", "--test", "2", "--seed", "1", "--things", "3"]
    sizes = ["--duration", "1", "--width", "64", "--snr", "30"]
    assert run(["simulate", str(folder), "--layout", "vggsound", *counts, *sizes]) == 0
    assert "3 training and 2 test pairs" in capsys.readouterr().out
    assert len(list((folder / "frames").iterdir())) == 5
    assert not (folder / "videos").exists()
    settings = json.loads((folder / "simulation.json").read_text())
    assert (settings["n_things"], settings["size_px"], settings["snr_db"]) == ([2, 3], 64, 30.0)


def test_pairs_with_videos(tmp_path):
    counts = ["--recordings", "1", "--test", "1", "--duration", "1", "--width", "64", "--videos"]
    assert run(["simulate", str(tmp_path), "--layout", "flickr-soundnet", *counts]) == 0
    assert len(list((tmp_path / "videos").glob("*.mp4"))) == 2
    assert len(list((tmp_path / "Annotations").glob("*.xml"))) == 2


def test_clips_of_events_seen_and_heard(tmp_path, capsys):
    counts = ["--recordings", "2", "--test", "1", "--negatives", "1", "--things", "1"]
    sizes = ["--duration", "4", "--width", "64", "--snr", "30", "--seed", "2"]
    assert run(["simulate", str(tmp_path), "--layout", "ave", *counts, *sizes]) == 0
    assert "2 train, 1 val, 1 test, 1 noisy" in capsys.readouterr().out
    assert len(list((tmp_path / "AVE").glob("*.mp4"))) == 5
    settings = json.loads((tmp_path / "simulation.json").read_text())
    assert (settings["n_things"], settings["n_segments"], settings["seed"]) == ([1, 1], 4, 2)
