import csv
import json
import re

import numpy as np
import pytest
import soundfile

from hearsight.datasets import dcase2025, open_dataset
from hearsight.datasets.dcase2025 import ConversionSettings, Dcase2025, write_dcase2025
from hearsight.datasets.starss23 import Starss23
from hearsight.errors import DatasetError, InputError
from hearsight.events.classes import DCASE_2022
from hearsight.recording.audio import write_audio
from hearsight.recording.media import probe
from hearsight.scenes.planner import SceneSettings
from hearsight.scenes.starss23 import Starss23Settings, write_starss23

SMALL = ConversionSettings(seed=3, width=64)
NAME = re.compile(r"(fold\d_room\d+_mix\d{3})_deg(\d{3})_start(\d{4})")
SUFFIXES = {"stereo": ".wav", "video": ".mp4", "metadata": ".csv"}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Four scenes of six seconds, one of them without a picture."""
    folder = tmp_path_factory.mktemp("world")
    scene = SceneSettings(duration=6.0, n_sources=3)
    list(write_starss23(folder, 4, Starss23Settings(scene, width=64, kinds=("foa", "video"))))
    next(folder.glob("video_dev/dev-test-tau/*.mp4")).unlink()
    return Starss23(folder)


@pytest.fixture(scope="module")
def converted(world, tmp_path_factory):
    folder = tmp_path_factory.mktemp("clips")
    return folder, list(write_dcase2025(folder, world, 12, SMALL))


def contents(folder):
    """What each file holds; of pictures only whether they are there.

    The encoder does not give the same bytes each time for so small ones.
    """
    return {
        path.relative_to(folder): path.suffix == ".mp4" or path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def silent_world(root, n_samples, *, level=0.0):
    """One annotated recording that nothing sounds in."""
    name = "dev-train-tau/fold3_room4_mix001"
    write_audio(root / f"foa_dev/{name}.wav", np.full((4, n_samples), level, np.float32), 24000)
    metadata = root / f"metadata_dev/{name}.csv"
    metadata.parent.mkdir(parents=True)
    metadata.write_text("")
    return Starss23(root)


def test_files_lie_where_the_set_has_them(converted, world):
    folder, clips = converted
    names = {clip.name for clip in clips}
    assert len(names) == 12
    filmed = {each.name for each in world.recordings if each.video is not None}
    assert len(filmed) == 3
    expected = {
        f"{kind}_dev/{clip.recording.audio.parent.name}/{clip.name}{suffix}"
        for clip in clips
        for kind, suffix in SUFFIXES.items()
        if kind != "video" or clip.recording.name in filmed
    }
    assert {str(path) for path in contents(folder)} == expected | {"conversion.json"}
    sizes = {each.name: 60 for each in world.recordings}
    noted = json.loads((folder / "conversion.json").read_text())
    assert noted["recordings"] == sizes
    assert (noted["seed"], noted["width"], noted["on_screen"]) == (3, 64, "table")


def test_a_converted_set_is_read_back_whole(converted):
    folder, clips = converted
    data = open_dataset(folder, "stereo")
    assert isinstance(data, Dcase2025)
    assert data.problems() == ()
    assert {each.name for each in data.recordings} == {clip.name for clip in clips}
    for each in data.recordings:
        origin, turn, start = NAME.fullmatch(each.name).groups()
        assert 0 <= int(turn) < 360
        assert 0 <= int(start) <= 10
        assert each.split == {"fold3": "train", "fold4": "test"}[origin[:5]]
        assert f"_room{each.room}_" in origin
        assert {event.label for event in each.events(DCASE_2022)} <= set(DCASE_2022)
        info = soundfile.info(each.audio)
        assert (info.samplerate, info.channels, info.subtype) == (24000, 2, "PCM_16")
        assert info.frames == 120_000
        if each.video is not None:
            video = probe(each.video).chosen_video
            assert (video.width, video.height) == (64, 36)
            assert video.duration == pytest.approx(5.0, abs=0.01)
            assert not video.has_spherical_metadata


def test_labels_and_sound_are_the_recording_s_turned(converted, world):
    folder, clips = converted
    n_rows = 0
    for clip in clips:
        source = clip.recording
        old = [list(map(int, row)) for row in csv.reader(source.metadata.read_text().splitlines())]
        header, *rows = csv.reader(
            (folder / clip.path("metadata", ".csv")).read_text().splitlines()
        )
        assert ",".join(header) == "frame,class,source,azimuth,distance,onscreen"
        table = {tuple(map(int, row[:3])): list(map(int, row[3:])) for row in rows}
        n_rows += len(rows)
        for frame, label, number, azimuth, _, distance in old:
            if not clip.start <= frame < clip.start + 50:
                continue
            x, y = np.cos(np.deg2rad(azimuth + clip.turn)), np.sin(np.deg2rad(azimuth + clip.turn))
            heard = round(np.rad2deg(np.arctan2(y, abs(x))))
            found = table.pop((frame - clip.start, label, number))
            assert found[:2] == [heard, distance]
            assert not found[2] or x > 0
        assert not table
        foa, _ = soundfile.read(source.audio, start=2400 * clip.start, frames=120_000)
        stereo, _ = soundfile.read(folder / clip.path("stereo", ".wav"))
        side = np.sin(np.deg2rad(clip.turn)) * foa[:, 3] + np.cos(np.deg2rad(clip.turn)) * foa[:, 1]
        # Rounded to 16 bits, by a writer that scales by one step less than the reader.
        np.testing.assert_allclose(stereo[:, 0], foa[:, 0] + side, atol=2 / 32768, rtol=0)
        np.testing.assert_allclose(stereo[:, 1], foa[:, 0] - side, atol=2 / 32768, rtol=0)
    assert n_rows > 100


def test_a_smaller_set_is_the_beginning_of_a_larger(converted, world, tmp_path):
    folder, clips = converted
    assert list(write_dcase2025(tmp_path, world, 3, SMALL)) == clips[:3]
    whole = contents(folder)
    assert all(whole[path] == data for path, data in contents(tmp_path).items())


def test_an_interrupted_run_goes_on_where_it_stopped(converted, world, tmp_path):
    folder, clips = converted
    made = write_dcase2025(tmp_path, world, 12, SMALL)
    first, second = next(made), next(made)
    made.close()
    kept = (tmp_path / first.path("stereo", ".wav")).stat().st_mtime_ns
    (tmp_path / second.path("metadata", ".csv")).unlink()  # as when stopped before the last file
    (tmp_path / second.path("stereo", ".wav")).write_bytes(b"half")
    assert list(write_dcase2025(tmp_path, world, 12, SMALL)) == clips
    assert contents(tmp_path) == contents(folder)
    assert (tmp_path / first.path("stereo", ".wav")).stat().st_mtime_ns == kept


def test_another_seed_gives_other_clips(converted, world, tmp_path):
    _, clips = converted
    others = list(write_dcase2025(tmp_path, world, 3, ConversionSettings(seed=4, width=64)))
    assert not {clip.name for clip in others} & {clip.name for clip in clips}


def test_no_clip_comes_twice(tmp_path):
    world = silent_world(tmp_path / "world", 120_000)  # only its 360 directions can differ
    clips = list(write_dcase2025(tmp_path / "clips", world, 60))
    assert len({clip.name for clip in clips}) == 60
    assert {clip.start for clip in clips} == {0}


def test_long_recordings_come_more_often(tmp_path):
    world = silent_world(tmp_path / "world", 120_000)
    write_audio(
        tmp_path / "world/foa_dev/dev-train-tau/fold3_room4_mix002.wav",
        np.zeros((4, 9 * 120_000), np.float32),
        24000,
    )
    (tmp_path / "world/metadata_dev/dev-train-tau/fold3_room4_mix002.csv").write_text("")
    clips = list(write_dcase2025(tmp_path / "clips", Starss23(world.root), 60))
    n_long = sum(clip.recording.name.endswith("mix002") for clip in clips)
    assert 46 <= n_long <= 59  # of 60 with probability 0.9: within three standard deviations
    starts = [clip.start for clip in clips if clip.recording.name.endswith("mix002")]
    assert min(starts) < 100
    assert max(starts) > 300


def test_what_is_too_loud_is_left_out(tmp_path, monkeypatch):
    monkeypatch.setattr(dcase2025, "_DRAWS", 20)
    world = silent_world(tmp_path / "world", 120_000, level=1.0)
    with pytest.raises(DatasetError, match="too loud"):
        list(write_dcase2025(tmp_path / "loud", world, 1))
    assert [path.name for path in (tmp_path / "loud").rglob("*")] == ["conversion.json"]
    # With Y = X = W the louder side comes to W (1 + sqrt(2) |sin(turn + 45)|), often too much.
    mixed = silent_world(tmp_path / "mixed", 120_000, level=0.6)
    for clip in write_dcase2025(tmp_path / "clips", mixed, 10):
        assert 0.6 * (1 + np.sqrt(2) * abs(np.sin(np.deg2rad(clip.turn + 45)))) < 0.9999


def test_what_cannot_be_converted(converted, world, tmp_path):
    folder, _ = converted
    with pytest.raises(InputError, match=r"other settings \(on_screen\)"):
        write_dcase2025(folder, world, 1, ConversionSettings(3, 64, "geometric"))
    with pytest.raises(InputError, match="at least one clip"):
        write_dcase2025(tmp_path / "out", world, 0)
    with pytest.raises(InputError, match="'stereo'; give foa"):
        write_dcase2025(tmp_path / "out", Dcase2025(folder), 1)
    short = silent_world(tmp_path / "short", 119_999)
    with pytest.raises(
        DatasetError, match="none of its 1 recordings has annotations and lasts 5 s"
    ):
        write_dcase2025(tmp_path / "out", short, 1)
    assert not (tmp_path / "out").exists()
    with pytest.raises(InputError, match="did you mean table"):
        ConversionSettings(on_screen="tables")
    with pytest.raises(InputError, match="seed"):
        ConversionSettings(seed=-1)
    with pytest.raises(InputError, match="multiple of 64"):
        ConversionSettings(width=33)


def test_a_bad_annotation_is_named(tmp_path):
    world = silent_world(tmp_path / "world", 120_000)
    world.recordings[0].metadata.write_text("0,1,0,400,0,100\n")
    with pytest.raises(InputError, match=r"mix001\.csv: row 1: azimuth"):
        list(write_dcase2025(tmp_path / "clips", world, 1))
    assert not list((tmp_path / "clips").rglob("*.csv"))
