import multiprocessing
import os
import pickle
import sys

import numpy as np
import pytest

from datasets.pairs.small_pairs import NAMES, picture_of, sound_of, write_pairs
from hearsight.datasets.pairs import lmdb as pairs_lmdb
from hearsight.datasets.pairs.folders import find_pairs
from hearsight.datasets.pairs.lmdb import open_lmdb, write_lmdb
from hearsight.errors import DatasetError, InputError, MediaError, MissingExtraError
from hearsight.recording.audio import read_audio
from hearsight.recording.resizing import resize_bilinear

lmdb = pytest.importorskip("lmdb")


@pytest.fixture
def source(root):
    return find_pairs(root, "007")


def records(path):
    with lmdb.open(str(path), readonly=True, lock=False) as env, env.begin() as transaction:
        return {bytes(key).decode(): bytes(value) for key, value in transaction.cursor()}


def fill(path, contents):
    path.mkdir(exist_ok=True)
    with lmdb.open(str(path), map_size=1 << 24) as env, env.begin(write=True) as transaction:
        for key, value in contents.items():
            transaction.put(key.encode(), value)


def test_records_have_the_published_keys_and_bytes(source, tmp_path):
    stored = list(write_lmdb(source, NAMES[:2], tmp_path / "set"))
    assert [(each.name, each.fault) for each in stored] == [(name, "") for name in NAMES[:2]]
    pictures = records(tmp_path / "set/train_images.lmdb")
    sounds = records(tmp_path / "set/train_audios.lmdb")
    assert list(pictures) == [f"{name}/007.jpg" for name in NAMES[:2]]
    assert list(sounds) == list(NAMES[:2])
    for index, name in enumerate(NAMES[:2]):
        pixels = pictures[f"{name}/007.jpg"]
        assert len(pixels) == 196_608
        bgr = np.frombuffer(pixels, np.uint8).reshape(256, 256, 3)
        rgb = resize_bilinear(picture_of(index), 256, 256)
        np.testing.assert_array_equal(bgr[:, :, ::-1].transpose(2, 0, 1), rgb)
        expected, _ = source.sound(name, 24_000)
        assert sounds[name] == expected[0].astype("<f4").tobytes()


def test_what_was_written_is_read_back(source, tmp_path):
    list(write_lmdb(source, NAMES, tmp_path / "set", threads=2))
    reader = open_lmdb(tmp_path / "set", "007")
    assert reader.names == NAMES
    for index, name in enumerate(NAMES):
        expected = resize_bilinear(picture_of(index), 256, 256)
        np.testing.assert_array_equal(reader.picture(name), expected)
        waveform, rate = reader.sound(name)
        assert rate == 24_000
        np.testing.assert_array_equal(waveform, source.sound(name, 24_000)[0])
    waveform, rate = reader.sound(NAMES[0], 16_000)
    assert rate == 16_000
    assert abs(waveform.shape[1] - 16_000) <= 1


def test_original_environments_with_twelve_frames_are_read(tmp_path):
    pixels = np.zeros((13, 256, 256, 3), np.uint8)
    pixels[..., 0] = np.arange(13)[:, None, None]  # blue comes first
    tone = sound_of(0)[0].astype("<f4").tobytes()
    frames = {f"a/{number:03d}.jpg": pixels[number].tobytes() for number in range(1, 13)}
    fill(tmp_path / "eval_images.lmdb", {**frames, "aa/001.jpg": bytes(196_608)})
    fill(tmp_path / "eval_audios.lmdb", {"a": tone, "b": tone})
    (tmp_path / "eval_images.lmdb/meta_info.pkl").write_bytes(b"cposix\nabort\n(tR.")
    for frame, number in (("007", 7), ("001", 1), ("center", 7)):
        reader = open_lmdb(tmp_path, frame)
        assert reader.names == ("a",)
        assert reader.picture("a")[:, 5, 5].tolist() == [0, 0, number]
    assert open_lmdb(tmp_path, "013").names == ()
    assert reader.missing("b") == ("b: its picture or sound is not in the LMDB",)


def test_the_map_grows(tmp_path, monkeypatch):
    monkeypatch.setattr(pairs_lmdb, "_FIRST_MAP", 1 << 16)
    source = find_pairs(write_pairs(tmp_path / "source"), "007")
    list(write_lmdb(source, NAMES, tmp_path / "set", mode="eval"))
    assert len(records(tmp_path / "set/eval_images.lmdb")) == 4


def test_bad_pairs_are_left_out_and_named_and_a_second_run_goes_on(source, root, tmp_path):
    picture = root / "frames" / f"{NAMES[1]}.png"
    whole = picture.read_bytes()
    picture.write_bytes(b"bad")
    faults = {each.name: each.fault for each in write_lmdb(source, NAMES, tmp_path / "set")}
    assert [name for name, fault in faults.items() if fault] == [NAMES[1]]
    assert f"{NAMES[1]}.png: cannot be read as a picture" in faults[NAMES[1]]
    before = records(tmp_path / "set/train_images.lmdb")
    assert len(before) == 3
    picture.write_bytes(whole)
    assert open_lmdb(tmp_path / "set", "007").names == (NAMES[0], *NAMES[2:])
    (root / "frames" / f"{NAMES[0]}.png").unlink()  # is not read again
    assert not any(each.fault for each in write_lmdb(source, NAMES, tmp_path / "set"))
    after = records(tmp_path / "set/train_images.lmdb")
    assert len(after) == 4
    assert before.items() <= after.items()


def test_records_of_the_wrong_size_are_named(source, tmp_path):
    list(write_lmdb(source, NAMES[:1], tmp_path / "set"))
    fill(tmp_path / "set/train_images.lmdb", {f"{NAMES[0]}/007.jpg": b"abc"})
    fill(tmp_path / "set/train_audios.lmdb", {NAMES[0]: b"abc"})
    reader = open_lmdb(tmp_path / "set", "007")
    with pytest.raises(MediaError, match="has 3 bytes, expected 196608"):
        reader.picture(NAMES[0])
    with pytest.raises(MediaError, match="3 bytes are no samples"):
        reader.sound(NAMES[0])


def _names_and_mean(reader):
    return os.getpid(), reader.names, float(reader.picture(NAMES[1]).mean())


@pytest.mark.parametrize("method", ["fork", "spawn"])
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_reader_that_was_used_goes_to_other_processes(source, tmp_path, method):
    list(write_lmdb(source, NAMES, tmp_path / "set"))
    reader = open_lmdb(tmp_path / "set", "007")
    here = _names_and_mean(reader)
    with multiprocessing.get_context(method).Pool(2) as pool:
        there = pool.map(_names_and_mean, [reader] * 4)
    assert here[0] not in {pid for pid, *_ in there}
    assert {each[1:] for each in there} == {here[1:]}
    assert _names_and_mean(pickle.loads(pickle.dumps(reader))) == here  # noqa: S301


def test_what_cannot_be_opened(source, tmp_path, monkeypatch):
    (tmp_path / "train_images.lmdb").mkdir()
    (tmp_path / "train_images.lmdb/data.mdb").write_bytes(b"nothing" * 999)
    with pytest.raises(DatasetError, match=r"train_images\.lmdb: cannot be read as LMDB"):
        open_lmdb(tmp_path, "007")
    with pytest.raises(InputError, match="did you mean train"):
        write_lmdb(source, NAMES, tmp_path, mode="trian")
    with pytest.raises(MediaError, match="cannot be written as LMDB"):
        list(write_lmdb(source, NAMES, tmp_path / "train_images.lmdb/data.mdb"))
    with pytest.raises(DatasetError, match="does not hold 'other'"):
        open_lmdb(tmp_path / "none", "007").picture("other")
    monkeypatch.setitem(sys.modules, "lmdb", None)
    with pytest.raises(MissingExtraError, match=r"hearsight\[legacy\]"):
        open_lmdb(tmp_path, "007")
    with pytest.raises(MissingExtraError, match=r"hearsight\[legacy\]"):
        write_lmdb(source, NAMES, tmp_path)


def test_stereo_becomes_mono(tmp_path):
    from hearsight.recording.audio import write_audio

    root = write_pairs(tmp_path / "source", NAMES[:1])
    stereo = np.concatenate([sound_of(0, rate=24_000), sound_of(2, rate=24_000)])
    write_audio(root / f"audio/{NAMES[0]}.wav", stereo, 24_000)
    list(write_lmdb(find_pairs(root, "007"), NAMES[:1], tmp_path / "set"))
    waveform, _ = open_lmdb(tmp_path / "set", "007").sound(NAMES[0])
    stored, _ = read_audio(root / f"audio/{NAMES[0]}.wav")
    np.testing.assert_allclose(waveform[0], stored.mean(axis=0), atol=1e-7, rtol=0)
