from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

from hearsight.errors import MediaError
from hearsight.recording.audio import write_audio
from hearsight.recording.media import AudioStream, Media, VideoStream, folder_frames, probe
from hearsight.recording.video import write_video


def test_a_video_with_sound_is_described(tmp_path, noise, counting_frames):
    path = tmp_path / "clip.mp4"
    write_video(path, counting_frames(20), 20, size=(32, 16), audio=(noise(2, 16000), 16000))
    media = probe(path)
    assert media.duration == pytest.approx(1.0, abs=0.05)
    (sound,), (picture,) = media.audio, media.video
    assert (sound.codec, sound.n_channels, sound.sample_rate) == ("aac", 2, 16000)
    assert (picture.codec, picture.width, picture.height, picture.fps) == ("h264", 32, 16, 20.0)
    assert not picture.is_still
    assert not picture.is_variable_rate
    assert not picture.has_spherical_metadata
    assert media.choices == ()


def test_a_picture_is_a_still_of_no_duration(tmp_path):
    Image.new("RGB", (30, 20)).save(tmp_path / "50% done %03d.png")
    media = probe(tmp_path / "50% done %03d.png")
    assert media.duration == 0.0
    assert media.chosen_video is not None
    assert media.chosen_video.is_still
    assert media.chosen_audio is None


def test_a_photo_turned_by_its_metadata_is_described_as_displayed(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # turn clockwise by 90 degrees
    Image.new("RGB", (30, 20)).save(tmp_path / "photo.jpg", exif=exif)
    video = probe(tmp_path / "photo.jpg").chosen_video
    assert video is not None
    assert (video.width, video.height, video.rotation) == (20, 30, 270)


def test_oblong_pixels_are_made_square(encode):
    frames = [np.zeros((3, 32, 32), np.uint8)] * 3
    video = probe(encode("dv.mp4", frames, aspect=Fraction(2))).chosen_video
    assert video is not None
    assert (video.width, video.height, float(video.sample_aspect)) == (64, 32, 2.0)


def test_a_varying_rate_is_seen(encode):
    frames = [np.zeros((3, 32, 32), np.uint8)] * 5
    video = probe(encode("phone.mkv", frames, times=[0.0, 0.04, 0.2, 0.24, 0.3])).chosen_video
    assert video is not None
    assert video.is_variable_rate


def test_a_rate_rounded_to_milliseconds_does_not_vary(tmp_path, counting_frames):
    path = tmp_path / "clip.mkv"
    write_video(path, counting_frames(60), 29.97, size=(32, 16))
    video = probe(path).chosen_video
    assert video is not None
    assert not video.is_variable_rate


@pytest.mark.parametrize("name", ["clip.mp4", "clip.mkv"])
def test_the_scan_of_a_long_video_ends_without_a_false_alarm(tmp_path, counting_frames, name):
    write_video(tmp_path / name, (next(counting_frames(1)) for _ in range(400)), 25, size=(32, 16))
    video = probe(tmp_path / name).chosen_video
    assert video is not None
    assert not video.is_variable_rate
    assert video.duration == pytest.approx(16.0, abs=0.1)


def test_choices_go_by_size_and_channels_and_are_said(tmp_path):
    media = Media(
        tmp_path,
        "mov",
        1.0,
        audio=(
            AudioStream(1, "aac", 48000, 2, "stereo", 1.0),
            AudioStream(2, "aac", 44100, 4, "quad", 1.0),
            AudioStream(3, "aac", 48000, 4, "quad", 1.0),
            AudioStream(4, "aac", 48000, 4, "quad", 1.0),
        ),
        video=(
            VideoStream(0, "png", 4000, 4000, 0.0, 0.0, is_still=True, is_cover=True),
            VideoStream(5, "h264", 320, 180, 25.0, 1.0),
            VideoStream(6, "h264", 640, 360, 25.0, 1.0),
        ),
    )
    assert media.chosen_audio == media.audio[2]
    assert media.chosen_video == media.video[2]
    assert media.choices == (
        "4 sound streams: stream 3 is used (it comes first)",
        "2 picture streams: stream 6 is used (the largest picture, 640 x 360)",
    )


def test_a_cover_alone_is_no_picture(tmp_path):
    cover = VideoStream(1, "png", 10, 10, 0.0, 0.0, is_still=True, is_cover=True)
    assert Media(tmp_path, "mp3", 1.0, (), (cover,)).chosen_video is None


def test_a_folder_is_ordered_by_number_not_by_name(tmp_path):
    for number in (10, 2, 1):
        Image.new("RGB", (8, 6)).save(tmp_path / f"frame{number}.png")
    (tmp_path / "notes.txt").write_text("no picture")
    assert [file.stem for file in folder_frames(tmp_path)] == ["frame1", "frame2", "frame10"]
    media = probe(tmp_path, frame_rate=5.0)
    assert media.container == "folder"
    assert media.duration == pytest.approx(0.6)
    assert media.chosen_video is not None
    assert (media.chosen_video.width, media.chosen_video.fps) == (8, 5.0)


@pytest.mark.parametrize("rate", [0.0, -1.0, float("nan")])
def test_a_folder_needs_a_positive_rate(tmp_path, rate):
    Image.new("RGB", (8, 6)).save(tmp_path / "1.png")
    with pytest.raises(MediaError, match="frame rate must be above 0"):
        probe(tmp_path, frame_rate=rate)


def test_missing_empty_and_other_files_are_refused_in_one_line(tmp_path):
    (tmp_path / "empty.wav").touch()
    (tmp_path / "text.wav").write_text("not sound\n" * 100)
    (tmp_path / "art.txt").write_text("FFmpeg would draw this as a picture\n" * 100)
    (tmp_path / "list.m3u8").write_text("#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/a.ts\n")
    (tmp_path / "list.ffconcat").write_text("ffconcat version 1.0\nfile empty.wav\n")
    (tmp_path / "folder").mkdir()
    names = ["missing.mp4", "empty.wav", "text.wav", "art.txt", "list.m3u8", "list.ffconcat"]
    for name in (*names, "folder", "a\0b"):
        with pytest.raises(MediaError) as caught:
            probe(tmp_path / name)
        assert "\n" not in str(caught.value)
        assert name.split("\0")[0] in str(caught.value)


@pytest.mark.parametrize("name", ["clip.mp4", "clip.mov"])
def test_a_video_cut_off_anywhere_is_refused(tmp_path, noise, counting_frames, name):
    whole = tmp_path / name
    write_video(whole, counting_frames(20, 64, 48), 20, size=(64, 48), audio=(noise(1, 8000), 8000))
    data = whole.read_bytes()
    for share in (0.1, 0.5, 0.9, 0.99):
        part = tmp_path / f"part.{name}"
        part.write_bytes(data[: int(share * len(data))])
        with pytest.raises(MediaError):
            probe(part)


def test_a_wav_cut_off_is_refused_but_one_of_unknown_length_is_read(tmp_path, noise):
    path = tmp_path / "a.wav"
    write_audio(path, noise(2, 8000), 16000)
    data = path.read_bytes()
    path.write_bytes(data[:20000])
    with pytest.raises(MediaError, match="cut off"):
        probe(path)
    endless = b"\xff\xff\xff\xff"
    path.write_bytes(data[:4] + endless + data[8:40] + endless + data[44:])
    assert probe(path).duration == pytest.approx(0.5)


@pytest.mark.media
def test_real_files_are_described(real):
    hidden = probe(real("yt360_a.m4a")).chosen_audio
    assert hidden is not None
    assert (hidden.n_channels, hidden.declared, hidden.sample_rate) == (6, "5.1", 48000)
    several = probe(real("nasa.mp4"))
    assert several.chosen_audio is not None
    assert several.chosen_video is not None
    assert (several.chosen_audio.index, several.chosen_video.index) == (4, 3)
    assert len(several.choices) == 2
