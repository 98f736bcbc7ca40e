import pickle

import numpy as np
import pytest

from datasets.pairs.small_pairs import NAMES, picture_of, sound_of, write_pairs, write_picture
from hearsight.datasets.pairs.folders import find_pairs
from hearsight.errors import DatasetError, MediaError
from hearsight.recording.audio import write_audio

LAYOUTS = {
    "visual context, training": ("video_frames/{}/007.png", "audios/{}.flac"),
    "visual context, test": ("images/{}.png", "audios/{}.wav"),
    "lvs": ("frames/{}.png", "audio/{}.wav"),
    "sslalignment, vgg-ss": ("{}/image_050.png", "audio/{}.wav"),
    "sslalignment, frames": ("frames/{}/image_050.png", "audio/{}.wav"),
    "sslalignment, flickr": ("{}.mp4/any.png", "audio/{}.wav"),
    "as downloaded": ("Data/3/{}.png", "Data/3/{}.wav"),
    "as downloaded, in folders": ("Data/3/{}/12.png", "Data/3/{}/12.flac"),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_published_layout_is_read(layout, tmp_path):
    write_pairs(tmp_path, NAMES, *LAYOUTS[layout])
    reader = find_pairs(tmp_path, "007")
    assert reader.names == NAMES
    for index, name in enumerate(NAMES):
        np.testing.assert_array_equal(reader.picture(name), picture_of(index))
        waveform, rate = reader.sound(name)
        assert rate == 16_000
        np.testing.assert_array_equal(waveform, sound_of(index))


def test_the_frame_is_chosen(tmp_path):
    write_audio(tmp_path / "audios/a.wav", sound_of(0), 16_000)
    for number in range(1, 13):
        write_picture(tmp_path / f"video_frames/a/{number:03d}.jpg", picture_of(number % 7))
    chosen = {frame: find_pairs(tmp_path, frame).pictures["a"] for frame in ("007", "002")}
    assert chosen == {f: f"video_frames/a/{f}.jpg" for f in chosen}
    # Of twelve, the pictures 6 and 7 are equally near; of eleven, 6 is the middle one.
    assert find_pairs(tmp_path, "center").pictures["a"].endswith("007.jpg")
    (tmp_path / "video_frames/a/012.jpg").unlink()
    assert find_pairs(tmp_path, "center").pictures["a"].endswith("006.jpg")
    assert find_pairs(tmp_path, "019").names == ()


def test_a_pair_lacks_its_picture_or_its_sound(root):
    (root / "frames" / f"{NAMES[1]}.png").unlink()
    (root / "audio" / f"{NAMES[2]}.wav").unlink()
    reader = find_pairs(root, "007")
    assert reader.names == (NAMES[0], NAMES[3])
    assert reader.missing(NAMES[1]) == (f"{NAMES[1]}: its picture is missing",)
    assert reader.missing(NAMES[2]) == (f"{NAMES[2]}: its sound is missing",)
    assert len(reader.missing("other")) == 2
    with pytest.raises(DatasetError, match="no picture of 'clip1"):
        reader.picture(NAMES[1])
    with pytest.raises(DatasetError, match="no sound of 'clip2"):
        reader.sound(NAMES[2])


def test_clips_named_by_milliseconds_have_their_published_name(tmp_path):
    write_pairs(tmp_path, ("abcdefghijk_30000_40000",), "{}/image_050.jpg", "audio/{}.wav")
    assert find_pairs(tmp_path, "007").names == ("abcdefghijk_000030",)


def test_sound_is_resampled_and_keeps_its_channels(tmp_path):
    write_picture(tmp_path / "frames/a.jpg", picture_of(0))
    stereo = np.concatenate([sound_of(0), sound_of(1)])
    write_audio(tmp_path / "audio/a.wav", stereo, 16_000)
    waveform, rate = find_pairs(tmp_path, "007").sound("a", 24_000)
    assert (waveform.shape, rate) == ((2, 24_000), 24_000)


@pytest.mark.parametrize("content", [b"", b"no picture", b"\xff\xd8\xff\xe0 cut off"])
def test_a_bad_picture_is_named(root, content):
    path = root / "frames" / f"{NAMES[0]}.png"
    path.write_bytes(content)
    with pytest.raises(MediaError, match=rf"{NAMES[0]}\.png: cannot be read as a picture"):
        find_pairs(root, "007").picture(NAMES[0])


def test_a_picture_cut_off_is_named(root):
    path = root / "frames" / f"{NAMES[0]}.png"
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(MediaError, match=rf"{NAMES[0]}\.png: cannot be read as a picture"):
        find_pairs(root, "007").picture(NAMES[0])


def test_a_gray_picture_has_three_equal_colors(tmp_path):
    from PIL import Image

    (tmp_path / "frames").mkdir()
    Image.new("L", (8, 6), 77).save(tmp_path / "frames/a.png")
    write_audio(tmp_path / "audio/a.wav", sound_of(0), 16_000)
    np.testing.assert_array_equal(
        find_pairs(tmp_path, "007").picture("a"), np.full((3, 6, 8), 77, np.uint8)
    )


def test_a_reader_goes_to_other_processes(root):
    again = pickle.loads(pickle.dumps(find_pairs(root, "007")))  # noqa: S301
    np.testing.assert_array_equal(again.picture(NAMES[2]), picture_of(2))
