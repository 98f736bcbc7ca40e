import io
import json
import multiprocessing
import os
import pickle
import tarfile
import threading

import numpy as np
import pytest
from PIL import Image

from datasets.pairs.small_pairs import NAMES, picture_of, sound_of, write_pairs
from hearsight.datasets.pairs.folders import find_pairs
from hearsight.datasets.pairs.shards import ShardPairs, shard_key
from hearsight.datasets.pairs.writing import ShardSettings, write_shards
from hearsight.errors import DatasetError, InputError, MediaError

SMALL = ShardSettings(pairs_per_shard=3)


@pytest.fixture
def source(root):
    return find_pairs(root, "007")


@pytest.fixture
def shards(source, tmp_path):
    list(write_shards(source, NAMES, tmp_path / "shards", SMALL))
    return tmp_path / "shards"


def members(path):
    with tarfile.open(path) as tar:
        return {member.name: tar.extractfile(member).read() for member in tar}


def test_the_files_are_in_the_convention_of_webdataset(shards):
    files = {path.name for path in shards.iterdir()}
    tars = {"pairs-00000.tar", "pairs-00001.tar"}
    assert files == tars | {f"{tar}.index.npz" for tar in tars} | {"shards.json"}
    first = members(shards / "pairs-00000.tar")
    suffixes = (".jpg", ".flac", ".json")
    assert list(first) == [name + suffix for name in NAMES[:3] for suffix in suffixes]
    assert json.loads(first[f"{NAMES[1]}.json"]) == {"name": NAMES[1], "start": 0.0}


def test_what_was_written_is_read_back(shards):
    reader = ShardPairs(shards)
    assert reader.names == NAMES
    for index, name in enumerate(NAMES):
        waveform, rate = reader.sound(name)
        assert rate == 16_000
        np.testing.assert_array_equal(waveform, sound_of(index))
        jpeg = reader.picture(name).astype(int)
        assert np.abs(jpeg - picture_of(index)).mean() < 6
    assert reader.sound(NAMES[0], 24_000)[0].shape == (1, 24_000)


def test_pictures_are_scaled_to_their_short_side_and_sound_is_cut(tmp_path):
    root = write_pairs(tmp_path / "source", NAMES[:1])
    source = find_pairs(root, "007")
    for settings, first in (
        (ShardSettings(12, duration=0.25), 6000),
        (ShardSettings(12, start=0.5, duration=0.25), 8000),
    ):
        folder = tmp_path / str(first)
        list(write_shards(source, NAMES[:1], folder, settings))
        reader = ShardPairs(folder)
        assert reader.picture(NAMES[0]).shape == (3, 12, 16)  # of 30 x 40
        waveform, _ = reader.sound(NAMES[0])
        np.testing.assert_array_equal(waveform, sound_of(0)[:, first : first + 4000])
        about = json.loads(members(folder / "pairs-00000.tar")[f"{NAMES[0]}.json"])
        assert about["start"] == first / 16_000
    list(write_shards(source, NAMES[:1], tmp_path / "other", ShardSettings(sample_rate=8000)))
    waveform, rate = ShardPairs(tmp_path / "other").sound(NAMES[0])
    assert (waveform.shape, rate) == ((1, 8000), 8000)


def test_threads_change_nothing(source, shards, tmp_path):
    list(write_shards(source, NAMES, tmp_path / "again", SMALL, threads=3))
    for path in shards.glob("*.tar"):
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes()


def test_bad_pairs_are_left_out_and_named(root, source, tmp_path):
    (root / "audio" / f"{NAMES[1]}.wav").write_bytes(b"bad")
    stored = list(write_shards(source, [*NAMES, "other"], tmp_path / "shards", SMALL))
    faults = {each.name: each.fault for each in stored if each.fault}
    assert set(faults) == {NAMES[1], "other"}
    assert f"{NAMES[1]}.wav: cannot be read" in faults[NAMES[1]]
    assert "no picture of 'other'" in faults["other"]
    reader = ShardPairs(tmp_path / "shards")
    assert reader.names == (NAMES[0], NAMES[2], NAMES[3])
    assert reader.missing(NAMES[1]) == (f"{NAMES[1]}: is in no shard",)
    again = list(write_shards(source, [*NAMES, "other"], tmp_path / "shards", SMALL))
    assert [bool(each.fault) for each in again] == [bool(each.fault) for each in stored]
    with pytest.raises(DatasetError, match=f"no shard holds '{NAMES[1]}'"):
        reader.picture(NAMES[1])


@pytest.mark.parametrize("n_seen", [1, 3, 4])
def test_an_interrupted_run_goes_on_where_it_stopped(source, shards, tmp_path, n_seen):
    folder = tmp_path / "again"
    made = write_shards(source, NAMES, folder, SMALL)
    for _ in range(n_seen):
        next(made)
    made.close()
    whole = {path.name: path.stat().st_mtime_ns for path in folder.glob("*.tar")}
    assert len(whole) == (1 if n_seen == 4 else 0)
    assert [each.name for each in write_shards(source, NAMES, folder, SMALL)] == list(NAMES)
    assert {path.name for path in folder.iterdir()} == {path.name for path in shards.iterdir()}
    for path in shards.glob("*.tar"):
        assert path.read_bytes() == (folder / path.name).read_bytes()
        assert whole.get(path.name) in (None, (folder / path.name).stat().st_mtime_ns)


def test_a_folder_keeps_its_settings_and_names(source, shards):
    with pytest.raises(InputError, match=r"other settings \(short_side_px\)"):
        write_shards(source, NAMES, shards, ShardSettings(64, pairs_per_shard=3))
    with pytest.raises(InputError, match=r"other settings \(names\)"):
        write_shards(source, NAMES[::-1], shards, SMALL)


@pytest.mark.parametrize(
    "settings",
    [{"short_side_px": 0}, {"duration": -1.0}, {"start": -1.0}, {"quality": 0}, {"sample_rate": 0}],
)
def test_settings_out_of_range(settings):
    with pytest.raises(InputError, match=f"{next(iter(settings))} of shards"):
        ShardSettings(**settings)


def test_sound_that_ends_before_the_excerpt(source, tmp_path):
    settings = ShardSettings(start=2.0, duration=1.0)
    (stored,) = write_shards(source, NAMES[:1], tmp_path / "shards", settings)
    assert "its sound ends at 1 s, before 2.0 s" in stored.fault


def test_the_index_is_made_again_when_the_tar_has_changed(source, shards):
    tar = shards / "pairs-00001.tar"
    (shards / "pairs-00001.tar.index.npz").unlink()
    assert ShardPairs(shards).names == NAMES
    assert (shards / "pairs-00001.tar.index.npz").is_file()
    stored = members(tar)
    with tarfile.open(tar, "w") as again:
        for name, content in [*stored.items(), ("note.txt", b"x"), ("b/c.jpg", b"only a picture")]:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            again.addfile(member, io.BytesIO(content))
    reader = ShardPairs(shards)
    assert reader.names == NAMES
    np.testing.assert_array_equal(reader.sound(NAMES[3])[0], sound_of(3))
    (shards / "pairs-00001.tar.index.npz").write_bytes(b"damaged")
    assert ShardPairs(shards).names == NAMES


def test_damaged_shards_are_named(shards, tmp_path):
    tar = shards / "pairs-00000.tar"
    whole = tar.read_bytes()
    reader = ShardPairs(shards)
    (shards / "pairs-00000.tar.index.npz").unlink()
    with tarfile.open(tar) as opened:
        header = opened.getmembers()[4].offset
    for content in (
        whole[:700],
        whole[: len(whole) // 2],
        b"",
        b"x" * 2000,
        whole[:header] + b"x" * 512 + whole[header + 512 :],
    ):
        tar.write_bytes(content)
        with pytest.raises(DatasetError, match=r"pairs-00000\.tar: .*again"):
            ShardPairs(shards)
    tar.write_bytes(whole[:700])
    with pytest.raises(MediaError, match=r"pairs-00000\.tar: is shorter"):
        reader.sound(NAMES[2])
    tar.unlink()
    with pytest.raises(MediaError, match=r"pairs-00000\.tar: cannot be read"):
        reader.picture(NAMES[2])


def test_damaged_members_are_named(shards):
    reader, tar = ShardPairs(shards), shards / "pairs-00000.tar"
    content = bytearray(tar.read_bytes())
    content[512:1024] = bytes(512)  # the beginning of the first picture
    tar.write_bytes(content)
    with pytest.raises(MediaError, match=f"picture of {NAMES[0]}: cannot be read"):
        reader.picture(NAMES[0])


def test_a_name_comes_once(shards):
    (shards / "copy.tar").write_bytes((shards / "pairs-00001.tar").read_bytes())
    with pytest.raises(DatasetError, match=rf"copy\.tar: holds '{NAMES[3]}', and so does pairs-00"):
        ShardPairs(shards)


def test_any_name_can_be_stored(source, tmp_path):
    class Renamed:
        names = ("a.b", "sub/c.d.e", "ü %")
        picture = staticmethod(lambda name: source.picture(NAMES[len(name) % 4]))
        sound = staticmethod(lambda name, rate=None: source.sound(NAMES[len(name) % 4], rate))

    list(write_shards(Renamed, Renamed.names, tmp_path / "shards"))
    reader = ShardPairs(tmp_path / "shards")
    assert reader.names == tuple(sorted(Renamed.names))
    np.testing.assert_array_equal(reader.sound("ü %")[0], sound_of(3))
    assert all("." not in shard_key(name) for name in reader.names)


def test_foreign_shards_are_read(tmp_path):
    """Written by others: folders in keys, png, wav, further files."""
    picture, sound = io.BytesIO(), io.BytesIO()
    Image.fromarray(picture_of(0).transpose(1, 2, 0)).save(picture, "PNG")
    import soundfile

    soundfile.write(sound, sound_of(0).T, 16_000, format="WAV")
    with tarfile.open(tmp_path / "train-0.tar", "w") as tar:
        for name, content in (
            ("x/a.png", picture.getvalue()),
            ("x/a.cls", b"3"),
            ("x/a.wav", sound.getvalue()),
        ):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    reader = ShardPairs(tmp_path)
    assert reader.names == ("x/a",)
    np.testing.assert_array_equal(reader.picture("x/a"), picture_of(0))
    np.testing.assert_array_equal(reader.sound("x/a")[0], sound_of(0))


def _read_all(reader):
    return os.getpid(), [float(reader.sound(name)[0].sum()) for name in reader.names]


@pytest.mark.parametrize("method", ["fork", "spawn"])
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_many_processes_read_at_once(shards, method):
    reader = ShardPairs(shards)
    here = _read_all(reader)
    with multiprocessing.get_context(method).Pool(2) as pool:
        there = pool.map(_read_all, [reader] * 4)
    assert all(each[1] == here[1] for each in there)
    assert here[0] not in {pid for pid, _ in there}


def test_a_reader_that_is_handed_on_is_small(shards):
    assert len(pickle.dumps(ShardPairs(shards))) < 500


def test_many_threads_read_at_once(shards):
    reader, found = ShardPairs(shards), []
    work = [threading.Thread(target=lambda: found.append(_read_all(reader))) for _ in range(8)]
    for each in work:
        each.start()
    for each in work:
        each.join()
    assert found == [_read_all(reader)] * 8
