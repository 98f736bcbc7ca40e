"""Sounds found in silent films and the reverse, by a system for which bright is loud."""

import csv
import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from hearsight.cli import run
from hearsight.errors import InputError, MediaError, WeightsError
from hearsight.features.picture_input import CaffeFit, PictureFit
from hearsight.features.vggish_input import VggishInput
from hearsight.inference.matching import match
from hearsight.inference.trained import TrainedSystem
from hearsight.models.matching import MatchingNet
from hearsight.models.vgg19 import Vgg19
from hearsight.models.vggish import Vggish
from hearsight.recording.audio import write_audio
from hearsight.recording.video import write_video
from hearsight.systems import find
from hearsight.systems.encoders import ClipEncoders, SoundEncoder, VisualEncoder
from hearsight.systems.matching import MatchingSystem
from hearsight.systems.segments import ClipSizes
from hearsight.weights.store import save_system

RATE, FPS = 16_000, 4
EVENT = (0.9, 0.6, 1.0, 0.7)
LEVELS = 0.1 + 0.3 * np.random.default_rng(3).random(48)
"""How loud, and how bright, each second of a film is; the event begins at 20 s."""
LEVELS[20:24] = EVENT


class Measured(nn.Module):
    """One number for each picture or patch; the gain makes it the level of the second."""

    n_channels = 1

    def __init__(self, gain):
        super().__init__()
        self.gain = nn.Parameter(torch.tensor(gain))


class Brightness(Measured):
    def forward(self, pictures):
        return self.gain * (pictures.mean(dim=(1, 2, 3))[:, None, None, None] + 2.0)


class Loudness(Measured):
    def forward(self, patches):
        return self.gain * (patches.exp() - 0.01).mean(dim=(1, 2, 3))[:, None]


def encoders():
    return ClipEncoders(
        VisualEncoder("vgg19", Brightness(0.226).eval(), PictureFit("squash", 16)),
        SoundEncoder("vggish", Loudness(0.171).eval(), VggishInput()),
        frames_per_segment=1,
    )


@pytest.fixture(scope="module")
def media(tmp_path_factory):
    """A film of 48 s, its pictures alone, its sound alone, and those of 20 to 24 s."""
    folder = tmp_path_factory.mktemp("media")
    frames = [np.full((3, 16, 16), 255 * level, np.uint8) for level in LEVELS for _ in range(FPS)]
    noise = np.random.default_rng(0).standard_normal(RATE)
    sound = np.concatenate([0.15 * level * noise for level in LEVELS])[None].astype(np.float32)
    write_audio(folder / "sound.wav", sound, RATE, encoding="float")
    write_audio(folder / "part.wav", sound[:, 20 * RATE : 24 * RATE], RATE, encoding="float")
    write_video(folder / "silent.mp4", frames, FPS, size=(16, 16))
    write_video(folder / "film.mkv", frames, FPS, size=(16, 16), audio=(sound, RATE), sound="flac")
    write_video(folder / "part.mp4", frames[20 * FPS : 24 * FPS], FPS, size=(16, 16))
    return folder


def trained(its_encoders=None):
    """Return a system whose points are levels."""
    network = MatchingNet(n_video=1, n_audio=1, n_hidden=1, n_embedding=1)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.fill_(1.0 if parameter.ndim == 2 else 0.0)
    system = MatchingSystem(
        "avdln",
        find("avdln").settings(),
        network.eval(),
        ClipSizes(1, 1, 1, 1),
        lambda points, _: points.own().mean(),
        its_encoders,
    )
    return TrainedSystem(Path("weights"), system, {"origin": {}, "scores": {}}, "0123")


@pytest.fixture
def matching():
    return trained(encoders())


def test_a_sound_is_found_in_a_silent_film(media, matching):
    found = match(media / "part.wav", media / "silent.mp4", matching)
    assert (found.by, found.start, found.end, found.n_searched) == ("heard", 0, 4, 48)
    assert (found.windows[0].start, found.windows[0].end) == (20, 24)
    assert found.windows[0].distance < 0.02
    assert found.windows[0].share_farther == 1.0
    assert found.windows[1].distance > 0.1
    assert "Compared by avdln" in found.system


def test_pictures_are_found_in_a_sound(media, matching):
    found = match(media / "part.mp4", media / "sound.wav", matching)
    assert found.by == "seen"
    assert found.windows[0].start == 20


@pytest.mark.parametrize("by", ["heard", "seen"])
def test_of_two_films_it_must_be_said_what_is_looked_for(media, matching, by):
    film = media / "film.mkv"
    with pytest.raises(InputError, match=r"both have pictures and sound; .*--heard.*--seen"):
        match(film, film, matching)
    found = match(film, film, matching, by=by, start=7, end=12)
    assert (found.by, found.start, found.end) == (by, 7, 12)
    assert found.windows[0].start == 7


def test_a_part_of_a_long_query_will_do(media, matching):
    found = match(media / "sound.wav", media / "part.mp4", matching, start=21, end=23, n_best=1)
    assert [window.start for window in found.windows] == [1]
    assert found.windows[0].stands_out is None
    assert "cannot be told" in found.verdict


def test_what_stands_out_is_said(media, matching):
    found = match(media / "part.wav", media / "silent.mp4", matching)
    assert [window.stands_out for window in found.windows] == [True, False, False]
    assert found.verdict == "Stands out: 20 to 24 s."


def test_what_is_like_all_the_rest_does_not_stand_out(media, matching, tmp_path):
    noise = np.random.default_rng(5).standard_normal((1, 3 * RATE)).astype(np.float32)
    write_audio(tmp_path / "other.wav", 0.15 * 0.25 * noise, RATE, encoding="float")
    found = match(tmp_path / "other.wav", media / "silent.mp4", matching)
    assert {window.stands_out for window in found.windows} == {False}
    assert found.verdict.startswith("Nothing stands out")


def test_results_are_written_as_json_and_csv(media, matching, tmp_path):
    found = match(media / "part.wav", media / "silent.mp4", matching, n_best=2)
    found.write(tmp_path / "out")
    about = json.loads((tmp_path / "out/matches.json").read_text())
    assert about["verdict"] == found.verdict
    assert about["by"] == "heard"
    assert [row["start"] for row in about["windows"]] == [w.start for w in found.windows]
    with (tmp_path / "out/matches.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["distance"]) for row in rows] == [w.distance for w in found.windows]


def test_unknown_numbers_are_null(media, matching, tmp_path):
    match(media / "part.wav", media / "part.mp4", matching).write(tmp_path)
    (row,) = json.loads((tmp_path / "matches.json").read_text())["windows"]
    assert row["margin"] is row["share_farther"] is row["stands_out"] is None


@pytest.mark.parametrize(
    ("query", "target", "options", "message"),
    [
        ("silent.mp4", "part.mp4", {}, r"silent\.mp4 has pictures and .*part\.mp4 pictures"),
        ("part.wav", "sound.wav", {}, r"part\.wav has sound and .*sound\.wav sound"),
        ("part.wav", "silent.mp4", {"by": "seen"}, r"part\.wav has sound"),
        ("part.wav", "silent.mp4", {"by": "herd"}, "did you mean heard"),
        ("sound.wav", "part.mp4", {}, "48 s are more than the 4 s"),
        ("part.wav", "silent.mp4", {"start": 4}, r"has the seconds 0 to 4, got 4 to 4"),
        ("part.wav", "silent.mp4", {"end": 5}, r"has the seconds 0 to 4, got 0 to 5"),
        ("part.wav", "silent.mp4", {"start": -1}, r"got -1 to 4"),
        ("part.wav", "silent.mp4", {"n_best": 0}, "n_best must be at least 1"),
    ],
)
def test_what_cannot_be_looked_for_is_said(media, matching, query, target, options, message):
    with pytest.raises(InputError, match=message):
        match(media / query, media / target, matching, **options)


def test_a_system_of_features_alone_cannot_be_asked(media):
    with pytest.raises(WeightsError, match=r"train with data\.encoders, or import"):
        match(media / "part.wav", media / "silent.mp4", trained())


def test_weights_on_disk_will_do(media, tmp_path, capsys):
    torch.manual_seed(0)
    its_encoders = ClipEncoders(
        VisualEncoder("vgg19", Vgg19(n_filters=2).eval(), CaffeFit(32)),
        SoundEncoder("vggish", Vggish(n_filters=2, n_hidden=4, n_channels=4).eval(), VggishInput()),
        frames_per_segment=1,
    )
    registration = find("avdln")
    sizes = ClipSizes(its_encoders.sees.n_channels, its_encoders.hears.n_channels, 1, 1)
    settings = dataclasses.replace(registration.settings(), sizes=sizes)
    system = registration.build(settings)
    save_system(tmp_path, system.with_encoders(its_encoders))
    paths = [str(media / name) for name in ("part.wav", "silent.mp4")]
    assert run(["match", *paths, "--system", str(tmp_path)]) == 0
    assert f"weights {tmp_path}" in capsys.readouterr().out.replace("\n", "")


def test_files_that_are_none_are_named(media, matching, tmp_path):
    with pytest.raises(MediaError, match=r"nothing\.wav"):
        match(tmp_path / "nothing.wav", media / "silent.mp4", matching)


@pytest.fixture
def named(monkeypatch, matching):
    """The system by the name `level` on the command line."""
    monkeypatch.setattr(TrainedSystem, "load", lambda _: matching)


def test_the_command_line_prints_and_writes(media, named, tmp_path, capsys):
    paths = [str(media / name) for name in ("part.wav", "silent.mp4")]
    out = tmp_path / "out"
    assert run(["match", *paths, "--system", "level", "--top", "2", "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert "20 s" in said
    assert "24 s" in said
    assert (out / "matches.json").is_file()
    assert (out / "matches.csv").is_file()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--heard", "--seen"], "cannot both be looked for"),
        (["--top", "0"], "--top must be at least 1"),
        (["--from", "3", "--to", "3"], "got 3 to 3"),
    ],
)
def test_wrong_options_are_one_line(media, named, capsys, options, message):
    paths = [str(media / name) for name in ("part.wav", "silent.mp4")]
    assert run(["match", *paths, *options]) == 2
    said = capsys.readouterr().err
    assert message in said
    assert said.count("\n") == 1
