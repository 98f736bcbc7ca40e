import csv
import json
import re

import numpy as np
import pytest
import soundfile

from hearsight.errors import InputError, MediaError
from hearsight.events.formats.dcase import read_dcase
from hearsight.recording.media import probe
from hearsight.scenes import starss23
from hearsight.scenes.planner import SceneSettings
from hearsight.scenes.soundbank import ProceduralSounds
from hearsight.scenes.starss23 import Entry, Starss23Settings, entry, write_starss23

SMALL = Starss23Settings(
    scene=SceneSettings(duration=2.0, n_sources=2, n_silent=1), width=64, seed=4
)
KINDS = {"foa": "wav", "mic": "wav", "video": "mp4", "metadata": "csv"}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpus")
    entries = list(write_starss23(folder, 5, SMALL))
    return folder, entries


def test_every_recording_has_its_four_files_and_nothing_else_is_there(corpus):
    folder, entries = corpus
    found = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    files = {
        f"{kind}_dev/{e.subset}/{e.name}.{suffix}"
        for e in entries
        for kind, suffix in KINDS.items()
    }
    lists = {
        f"dcase2023t3_{kind}_{split}.txt"
        for kind in ("foa", "mic")
        for split in ("devtrain", "devtrain_audiovisual", "devtest")
    }
    assert found == files | lists | {"simulation.json"}
    assert len(files) == 20
    for e in entries:
        fold = 3 if "train" in e.subset else 4
        assert re.fullmatch(rf"fold{fold}_room\d+_mix\d{{3}}", e.name)


def test_names_and_rooms_are_the_data_set_s():
    entries = [entry(index) for index in range(168)]
    assert len({e.name for e in entries}) == 168
    rooms = {
        fold: {e.room for e in entries if e.name.startswith(fold)} for fold in ("fold3", "fold4")
    }
    assert rooms["fold3"] == {4, 6, 7, 9, 12, 13, 14, 21, 22}
    assert rooms["fold4"] == {2, 8, 10, 15, 16, 23, 24}
    assert {e.subset for e in entries} == {
        "dev-train-sony", "dev-train-tau", "dev-test-sony", "dev-test-tau"
    }  # fmt: skip
    assert entry(0) == Entry("dev-train-sony", 21, 1)


def test_split_lists_are_sorted_lines_with_unix_endings(corpus):
    folder, entries = corpus
    for kind in ("foa", "mic"):
        for split, fold in (
            ("devtrain", "fold3"),
            ("devtrain_audiovisual", "fold3"),
            ("devtest", "fold4"),
        ):
            data = (folder / f"dcase2023t3_{kind}_{split}.txt").read_bytes()
            assert b"\r" not in data
            assert data.endswith(b"\n")
            lines = data.decode().splitlines()
            assert lines == sorted(
                f"{kind}_dev/{e.subset}/{e.name}.wav" for e in entries if e.name.startswith(fold)
            )
            assert all((folder / line).is_file() for line in lines)


def test_sound_and_video_have_the_data_set_s_formats(corpus):
    folder, entries = corpus
    for kind in ("foa", "mic"):
        info = soundfile.info(folder / entries[0].path(kind))
        assert (info.samplerate, info.channels, info.subtype) == (24000, 4, "PCM_16")
        assert info.frames == 48000
    video = probe(folder / entries[0].path("video")).chosen_video
    assert (video.width, video.height) == (64, 32)
    assert video.fps == pytest.approx(30000 / 1001)


def test_metadata_are_integers_within_bounds_that_fit_the_sound(corpus):
    folder, entries = corpus
    for e in entries:
        path = folder / e.path("metadata")
        rows = [[int(field) for field in row] for row in csv.reader(path.read_text().splitlines())]
        assert rows
        assert rows == sorted(rows, key=lambda row: row[:3])
        table = np.array(rows)
        assert table.shape[1] == 6
        assert table[:, 0].min() >= 0
        assert table[:, 0].max() < 20
        assert set(table[:, 1]) <= set(range(13))
        assert (np.abs(table[:, 3]) <= 180).all()
        assert (np.abs(table[:, 4]) <= 30).all()
        assert ((table[:, 5] >= 100) & (table[:, 5] <= 300)).all()
        assert len(read_dcase(path)) >= 2
        waveform, _ = soundfile.read(folder / e.path("foa"))
        power = (waveform[:, 0] ** 2).reshape(20, 2400).mean(axis=1)
        silent = sorted(set(range(20)) - set(table[:, 0]))
        if silent:
            assert power[silent].mean() < 0.3 * power[sorted(set(table[:, 0]))].mean()


def test_the_first_recordings_of_a_larger_corpus_are_the_smaller_one(corpus, tmp_path):
    folder, entries = corpus
    assert list(write_starss23(tmp_path, 1, SMALL)) == entries[:1]
    for kind in KINDS:
        path = entries[0].path(kind)
        assert (tmp_path / path).read_bytes() == (folder / path).read_bytes()


def test_an_interrupted_run_goes_on_where_it_stopped(tmp_path, monkeypatch):
    made = write_starss23(tmp_path, 3, SMALL)
    first = next(made)
    made.close()
    assert not list(tmp_path.glob("*.txt"))
    kept = {kind: (tmp_path / first.path(kind)).stat().st_mtime_ns for kind in KINDS}
    second = entry(1)
    (tmp_path / second.path("foa")).parent.mkdir(parents=True)
    (tmp_path / second.path("foa")).write_bytes(b"only one of four files")
    written = []
    original = starss23._write_recording
    monkeypatch.setattr(
        starss23, "_write_recording", lambda *a: (written.append(a[1]), original(*a))
    )
    assert list(write_starss23(tmp_path, 3, SMALL)) == [entry(i) for i in range(3)]
    assert written == [entry(1), entry(2)]
    assert {kind: (tmp_path / first.path(kind)).stat().st_mtime_ns for kind in KINDS} == kept
    assert soundfile.info(tmp_path / second.path("foa")).frames == 48000
    assert len(list(tmp_path.glob("*.txt"))) == 6


def test_a_corpus_of_other_settings_is_not_mixed_in(corpus, tmp_path):
    folder, _ = corpus
    with pytest.raises(InputError, match=r"other settings \(seed\)"):
        write_starss23(folder, 5, Starss23Settings(scene=SMALL.scene, width=64, seed=5))
    (tmp_path / "simulation.json").write_text("{")
    with pytest.raises(MediaError, match="not readable"):
        write_starss23(tmp_path, 1, SMALL)


def test_a_room_number_is_one_room(tmp_path):
    settings = Starss23Settings(scene=SMALL.scene, width=64, rt60_s=0.3)
    room = starss23._room(21, settings, 0.3)
    assert room == starss23._room(21, settings, 0.3)
    assert room != starss23._room(22, settings, 0.3)
    assert 0.24 <= room.rt60_s <= 0.36
    assert len(list(write_starss23(tmp_path, 1, settings))) == 1


def test_what_the_settings_cannot_be(tmp_path):
    with pytest.raises(InputError, match="at least one recording"):
        write_starss23(tmp_path, 0)
    with pytest.raises(InputError, match="24000 Hz"):
        Starss23Settings(scene=SceneSettings(sample_rate=16000))
    with pytest.raises(InputError, match="width"):
        Starss23Settings(width=30)


def test_settings_are_noted(corpus):
    noted = json.loads((corpus[0] / "simulation.json").read_text())
    assert noted["seed"] == 4
    assert noted["labels"] == list(ProceduralSounds().class_list)
    assert noted["scene"]["duration"] == 2.0
