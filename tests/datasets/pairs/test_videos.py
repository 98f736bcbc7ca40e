import numpy as np
import pytest

from hearsight.datasets.pairs.videos import find_videos
from hearsight.errors import DatasetError, InputError, MediaError
from hearsight.recording.video import write_video

FPS = 10


@pytest.fixture
def root(tmp_path):
    """A video of 10 s whose brightness tells the time, with a tone."""
    frames = (np.full((3, 32, 48), 2 * i + 20, np.uint8) for i in range(10 * FPS))
    tone = np.sin(np.arange(160_000) / 10)[None].astype(np.float32)
    write_video(tmp_path / "videos/a.mp4", frames, FPS, size=(48, 32), audio=(tone, 16_000))
    return tmp_path


def second(picture):
    return (picture.mean() - 20) / 2 / FPS


@pytest.mark.parametrize(("frame", "expected"), [("007", 6.5), ("001", 0.5), ("center", 5.0)])
def test_the_picture_is_that_of_the_chosen_second(root, frame, expected):
    reader = find_videos(root, frame)
    assert reader.names == ("a",)
    picture = reader.picture("a")
    assert picture.shape == (3, 32, 48)
    assert second(picture) == pytest.approx(expected, abs=0.15)


def test_the_sound_is_that_of_the_file(root):
    waveform, rate = find_videos(root, "007").sound("a")
    assert rate == 16_000
    assert waveform.shape[1] == pytest.approx(160_000, abs=2048)
    assert 0.5 < np.abs(waveform).max() < 1.1


def test_videos_may_lie_in_the_folder_itself(root):
    assert find_videos(root / "videos", "007").names == ("a",)


def test_what_cannot_be_given(root):
    with pytest.raises(MediaError, match=r"a\.mp4: lasts 10 s, picture 011 is at 10\.5 s"):
        find_videos(root, "011").picture("a")
    with pytest.raises(DatasetError, match="no video of 'b'"):
        find_videos(root, "007").picture("b")
    with pytest.raises(InputError, match="number from 1, or center, got '0'"):
        find_videos(root, "0")
    (root / "videos/b.mp4").write_bytes(b"nothing")
    with pytest.raises(MediaError, match=r"b\.mp4"):
        find_videos(root, "007").picture("b")
    write_video(
        root / "videos/c.mp4", iter([np.zeros((3, 32, 48), np.uint8)] * 80), FPS, size=(48, 32)
    )
    with pytest.raises(MediaError, match=r"c\.mp4: holds no sound"):
        find_videos(root, "007").sound("c")
