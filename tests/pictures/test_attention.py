import numpy as np
import pytest
from PIL import Image

from hearsight.errors import InputError, MediaError
from hearsight.pictures.attention import (
    attention_levels,
    blend_attention,
    jet_table,
    sampled_frames,
    write_attention_pictures,
    write_attention_video,
)
from hearsight.recording.audio import read_audio
from hearsight.recording.media import probe
from hearsight.recording.video import iterate_frames, write_video

RNG = np.random.default_rng(0)


def grays(n):
    """Frames of one gray each, darker to brighter."""
    return [np.full((3, 32, 48), 20 + 200 * i // n, np.uint8) for i in range(n)]


@pytest.fixture
def video(tmp_path):
    path = tmp_path / "clip.mp4"
    sound = (RNG.normal(0.0, 0.1, (1, 24000)).astype(np.float32), 8000)
    write_video(path, grays(30), 10, size=(48, 32), audio=sound, crf=5)
    return path


def corner(segments=3):
    """Attention that sits in the upper left of the first second, then moves to the right."""
    maps = np.zeros((segments, 3, 4))
    maps[np.arange(segments), 0, np.arange(segments)] = 1.0
    return maps


def test_frames_are_taken_evenly_and_never_from_behind_the_end():
    for n_frames in (1, 9, 10, 11, 159, 160, 250, 299):
        frames = sampled_frames(n_frames, 10)
        assert frames.shape == (160,)
        assert (np.diff(frames) >= 0).all()
        assert 0 == frames[0] <= frames[-1] < n_frames
    assert sampled_frames(5, 10, 2).tolist() == [0] * 20


def test_each_map_uses_all_levels_and_peaks_where_it_was():
    maps = RNG.random((2, 7, 7)) * np.array([1e-6, 1e6])[:, None, None]
    levels = attention_levels(maps, 7 * 31, 7 * 33)
    assert levels.dtype == np.uint8
    assert levels.shape == (2, 217, 231)
    assert levels.reshape(2, -1).max(axis=1).tolist() == [255, 255]
    assert levels.reshape(2, -1).min(axis=1).tolist() == [0, 0]
    for small, large in zip(maps, levels, strict=True):
        row, column = np.unravel_index(small.argmax(), small.shape)
        assert large[31 * row + 15, 33 * column + 16] == 255
    assert np.array_equal(attention_levels(maps[0], 217, 231), levels[0])


def test_a_map_of_its_own_size_is_only_scaled():
    assert attention_levels(np.array([[0.0, 0.5], [0.25, 1.0]]), 2, 2).tolist() == [
        [0, 127],
        [63, 255],
    ]


def test_a_constant_map_is_level_zero():
    assert not attention_levels(np.full((2, 7, 7), 1 / 49), 20, 30).any()


def test_the_colors_run_from_blue_over_green_to_red():
    table = jet_table()
    assert table.shape == (256, 3)
    assert table[0].tolist() == [0, 0, 128]
    assert table[255].tolist() == [128, 0, 0]
    assert table[127].tolist()[1] == 255
    assert table[[64, 191]].argmax(axis=1).tolist() == [2, 0]


def test_a_frame_is_darkened_and_tinted():
    frame = np.full((3, 4, 4), 100, np.uint8)
    shown = blend_attention(frame, np.zeros((4, 4), np.uint8))
    assert shown[:, 0, 0].tolist() == [60, 60, 86]  # 0.6 * 100, and 0.2 * 128 of blue
    brightest = blend_attention(np.full((3, 1, 1), 255, np.uint8), np.full((1, 1), 128, np.uint8))
    assert brightest.max() == 204


def test_pictures_of_a_clip(video, tmp_path):
    folder = tmp_path / "pictures"
    assert write_attention_pictures(video, corner(), folder, per_segment=4, size=None) == 12
    names = sorted(path.name for path in folder.iterdir())
    assert names == [f"{kind}{number:04d}.jpg" for kind in ("ori", "pic") for number in range(12)]
    expected = grays(30)
    for number, index in enumerate(sampled_frames(30, 3, 4)):
        with Image.open(folder / f"ori{number:04d}.jpg") as image:
            assert image.size == (48, 32)
            assert abs(np.mean(np.asarray(image)) - expected[index].mean()) < 3.0
        with Image.open(folder / f"pic{number:04d}.jpg") as image:
            red = np.asarray(image)[..., 0].astype(float)
            column = red.mean(axis=0).argmax() // 12
            assert column == number // 4


def test_published_pictures_are_squares_of_224_pixels(video, tmp_path):
    write_attention_pictures(video, corner(1), tmp_path, per_segment=1)
    with Image.open(tmp_path / "pic0000.jpg") as image:
        assert image.size == (224, 224)


def test_a_clip_with_fewer_frames_than_segments(tmp_path):
    path = tmp_path / "short.mp4"
    write_video(path, grays(2), 10, size=(48, 32))
    assert write_attention_pictures(path, corner(3), tmp_path / "out", per_segment=2) == 6
    assert len(list((tmp_path / "out").iterdir())) == 12


def test_a_video_keeps_its_sound_and_gets_the_map_of_each_second(video, tmp_path):
    target = tmp_path / "attention.mp4"
    write_attention_video(video, corner(), target, per_segment=5, size=None)
    frames = list(iterate_frames(target))
    assert len(frames) == 15
    for time, frame in frames:
        assert frame.shape == (3, 32, 48)
        assert frame[0].astype(float).mean(axis=0).argmax() // 12 == int(time)
    sounds = [read_audio(path)[0] for path in (video, target)]
    assert np.array_equal(*sounds)


def test_a_video_ends_with_its_maps(video, tmp_path):
    write_attention_video(video, corner(2), tmp_path / "two.mp4", per_segment=4)
    frames = list(iterate_frames(tmp_path / "two.mp4"))
    assert (len(frames), frames[0][1].shape) == (8, (3, 224, 224))
    assert probe(tmp_path / "two.mp4").chosen_audio is not None


@pytest.mark.parametrize("write", [write_attention_pictures, write_attention_video])
def test_what_cannot_be_drawn(write, video, tmp_path):
    target = tmp_path / "out.mp4"
    with pytest.raises(InputError, match="segments, rows, columns"):
        write(video, np.ones((7, 7)), target)
    with pytest.raises(InputError, match="finite"):
        write(video, np.full((3, 7, 7), np.nan), target)
    still = tmp_path / "still.png"
    Image.new("RGB", (8, 8)).save(still)
    with pytest.raises(MediaError, match="no moving picture"):
        write(still, corner(), target)
    assert not target.exists()
