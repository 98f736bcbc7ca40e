import numpy as np
import pytest

from hearsight.errors import MediaError
from hearsight.recording.audio import read_audio, write_audio
from hearsight.recording.media import probe
from hearsight.recording.spherical import mark_equirectangular
from hearsight.recording.video import iterate_frames, write_video


def has_mark(path):
    video = probe(path).chosen_video
    assert video is not None
    return video.has_spherical_metadata


@pytest.mark.parametrize("name", ["a.mp4", "a.mov"])
def test_ffmpeg_sees_the_mark_and_the_content_stays(tmp_path, noise, counting_frames, name):
    path = tmp_path / name
    write_video(path, counting_frames(30), 25, size=(32, 16), audio=(noise(2, 16_000), 16_000))
    assert not has_mark(path)
    frames = [frame for _, frame in iterate_frames(path)]
    sound, _ = read_audio(path)
    mark_equirectangular(path)
    assert has_mark(path)
    for before, (_, after) in zip(frames, iterate_frames(path), strict=True):
        np.testing.assert_array_equal(after, before)
    np.testing.assert_array_equal(read_audio(path)[0], sound)


@pytest.mark.parametrize("version", [b"sv3d", bytes.fromhex("ffcc8263f8554a938814587a02521fdd")])
def test_either_version_is_a_mark_of_its_own(tmp_path, counting_frames, version):
    path = tmp_path / "a.mp4"
    write_video(path, counting_frames(3), 25, size=(32, 16), spherical=True)
    other = b"free" if version == b"sv3d" else b"frXX"
    data = path.read_bytes()
    assert version in data
    path.write_bytes(data.replace(version, (other * 4)[: len(version)]))
    assert has_mark(path)


def test_without_both_versions_there_is_no_mark(tmp_path, counting_frames):
    path = tmp_path / "a.mp4"
    write_video(path, counting_frames(3), 25, size=(32, 16), spherical=True)
    data = path.read_bytes().replace(b"sv3d", b"free")
    path.write_bytes(data.replace(bytes.fromhex("ffcc8263f8554a938814587a02521fdd"), bytes(16)))
    assert not has_mark(path)


def test_marking_again_changes_nothing(tmp_path, counting_frames):
    path = tmp_path / "a.mp4"
    write_video(path, counting_frames(3), 25, size=(32, 16), spherical=True)
    before = path.read_bytes()
    mark_equirectangular(path)
    assert path.read_bytes() == before


def test_other_files_are_refused_and_stay(tmp_path, noise, counting_frames):
    write_audio(tmp_path / "a.wav", noise(1, 1000), 16000)
    write_video(tmp_path / "a.mkv", counting_frames(3), 25, size=(32, 16))
    (tmp_path / "short.mp4").write_bytes(b"\0\0\0\x20ftypisom")
    (tmp_path / "empty.mp4").touch()
    for name in ("a.wav", "a.mkv", "short.mp4", "empty.mp4", "missing.mp4"):
        path = tmp_path / name
        before = path.read_bytes() if path.exists() else None
        with pytest.raises(MediaError, match=name):
            mark_equirectangular(path)
        assert (path.read_bytes() if path.exists() else None) == before
