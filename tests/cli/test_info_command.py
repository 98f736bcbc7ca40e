import json

import numpy as np
import pytest

from hearsight.cli import run
from hearsight.recording.audio import write_audio
from hearsight.recording.video import write_video


@pytest.fixture
def recording(tmp_path):
    path = tmp_path / "talk [take 1].wav"
    draw = np.random.default_rng(0).uniform(-0.4, 0.4, (2, 16_000))
    write_audio(path, draw.astype(np.float32), 16_000)
    return path


def test_info_prints_streams_channels_and_faults(recording, capsys):
    assert run(["info", str(recording)]) == 0
    printed = capsys.readouterr().out
    assert "talk [take 1].wav" in printed
    assert "16000 Hz" in printed
    assert "channels: stereo (found)" in printed
    assert "\x1b" not in printed  # plain when it is no terminal


def test_json_is_one_object_a_line(recording, tmp_path, capsys):
    clip = tmp_path / "clip.mp4"
    write_video(clip, [np.zeros((3, 16, 32), np.uint8)] * 3, 10, size=(32, 16))
    assert run(["info", "--json", str(recording), str(clip)]) == 0
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert (first["channels"], first["chosen_video"]) == ("stereo", None)
    assert (second["channels"], second["chosen_audio"]) == (None, None)


def test_channels_and_sound_beside_are_passed_on(recording, tmp_path, capsys):
    clip = tmp_path / "clip.mp4"
    write_video(clip, [np.zeros((3, 16, 32), np.uint8)] * 3, 10, size=(32, 16))
    arguments = ["info", "--json", str(clip), "--audio", str(recording), "--channels", "mid-side"]
    assert run(arguments) == 0
    content = json.loads(capsys.readouterr().out)
    assert (content["channels"], content["channels_given"]) == ("mid-side", True)
    assert content["audio_path"] == str(recording)


def test_a_bad_file_gives_one_line_and_does_not_stop_the_others(recording, tmp_path, capsys):
    assert run(["info", str(tmp_path / "missing.wav"), str(recording)]) == 2
    captured = capsys.readouterr()
    assert "channels: stereo" in captured.out
    assert captured.err.count("\n") == 1
    assert "missing.wav" in captured.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["missing.wav"], "missing.wav"),
        (["{recording}", "--channels", "sterio"], "did you mean stereo"),
        (["{recording}", "--channels", "fuma"], "has 2"),
        (["{recording}", "--geometry", "missing.yaml"], "missing.yaml"),
        (["{recording}", "{recording}", "--audio", "{recording}"], "--audio goes with one file"),
        ([], "files"),
    ],
)
def test_mistakes_give_one_line_and_code_2(recording, capsys, arguments, words):
    filled = [argument.format(recording=recording) for argument in arguments]
    assert run(["info", *filled]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert words in captured.err
