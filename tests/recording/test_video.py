from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

from hearsight.errors import InputError, MediaError
from hearsight.recording.audio import read_audio, write_audio
from hearsight.recording.media import probe
from hearsight.recording.video import (
    exact_rate,
    iterate_frames,
    sample_pictures,
    shown_pictures,
    write_video,
)

RED, GREEN, BLUE, WHITE = (200, 30, 30), (30, 180, 30), (30, 30, 200), (230, 230, 230)


def quarters(width=64, height=48):
    """Red, green over blue, white: no turn and no mirror leaves it as it is."""
    picture = np.empty((3, height, width), np.uint8)
    for row, colours in enumerate(((RED, GREEN), (BLUE, WHITE))):
        for column, colour in enumerate(colours):
            rows = slice(row * height // 2, (row + 1) * height // 2)
            columns = slice(column * width // 2, (column + 1) * width // 2)
            picture[:, rows, columns] = np.array(colour, np.uint8)[:, None, None]
    return picture


def assert_alike(first, second, *, mean=6.0):
    assert first.shape == second.shape
    assert np.abs(first.astype(int) - second.astype(int)).mean() < mean


def levels(frames):
    """Undo `counting_frames`: which picture is this?"""
    return [round(frame.mean() / 4.0) for _, frame in frames]


@pytest.mark.parametrize(
    ("fps", "exact"),
    [
        (25, Fraction(25)),
        (29.97, Fraction(30000, 1001)),
        (29.97002997002997, Fraction(30000, 1001)),
        (23.976, Fraction(24000, 1001)),
        (12.5, Fraction(25, 2)),
        (0.1, Fraction(1, 10)),
        (Fraction(60000, 1001), Fraction(60000, 1001)),
    ],
)
def test_frame_rates_become_exact(fps, exact):
    assert exact_rate(fps) == exact


@pytest.mark.parametrize("fps", [0.0, -1.0, float("nan"), float("inf")])
def test_other_frame_rates_are_refused(fps):
    with pytest.raises(InputError, match="fps must be"):
        exact_rate(fps)


@pytest.mark.parametrize("name", ["a.mp4", "a.mov", "a.mkv"])
@pytest.mark.parametrize("size", [(64, 48), (63, 47), (16, 16), (33, 20)])
def test_what_is_written_is_read(tmp_path, name, size):
    picture = quarters(*size)
    write_video(tmp_path / name, [picture] * 10, 25, size=size)
    read = list(iterate_frames(tmp_path / name, fps=25))
    assert [time for time, _ in read] == [number / 25 for number in range(10)]
    for _, frame in read:
        assert_alike(frame, picture)


@pytest.mark.parametrize("width", range(32, 64, 2))
@pytest.mark.parametrize("gray", [False, True])
def test_pictures_are_whole_whatever_their_width(tmp_path, width, gray):
    frame = np.full((3, 32, width), 130, np.uint8)
    write_video(tmp_path / "v.mp4", [frame] * 3, 10, size=(width, 32))
    for _, picture in iterate_frames(tmp_path / "v.mp4", gray=gray):
        np.testing.assert_allclose(picture.astype(int), 130, atol=3)


def test_colours_survive(tmp_path):
    flat = np.empty((3, 32, 32), np.uint8)
    for colour in (RED, GREEN, BLUE, WHITE, (0, 0, 0), (255, 255, 255)):
        flat[:] = np.array(colour, np.uint8)[:, None, None]
        write_video(tmp_path / "a.mp4", [flat] * 2, 25, size=(32, 32))
        _, frame = next(iterate_frames(tmp_path / "a.mp4"))
        np.testing.assert_allclose(frame.mean(axis=(1, 2)), colour, atol=4.0)


@pytest.mark.parametrize(
    ("name", "codec", "pixel_format"),
    [
        ("a.mp4", "libx264", "yuv420p10le"),
        ("a.mp4", "libx264", "yuvj420p"),
        ("a.mp4", "libx264", "yuv422p"),
        ("a.mkv", "ffv1", "yuva420p"),
        ("a.mkv", "ffv1", "gbrp12le"),
        ("a.mov", "png", "rgba"),
        ("a.avi", "mjpeg", "yuvj420p"),
        ("a.mkv", "ffv1", "gray"),
    ],
)
def test_pixel_formats_of_all_kinds_are_read(encode, name, codec, pixel_format):
    picture = quarters()
    path = encode(
        name, [picture] * 3, codec=codec, pixel_format=pixel_format, clock=Fraction(1, 25)
    )
    shown = list(iterate_frames(path))
    assert len(shown) == 3
    if pixel_format == "gray":
        brightness = np.array([0.299, 0.587, 0.114])
        picture = np.broadcast_to(np.tensordot(brightness, picture, 1), picture.shape)
    assert_alike(shown[0][1], picture)


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("mirrored", [False, True])
def test_turned_video_is_shown_upright(encode, rotation, mirrored):
    upright = quarters(48, 64)
    stored = upright[:, :, ::-1] if mirrored else upright
    # FFmpeg turns by the display matrix first and mirrors the outcome.
    stored = np.rot90(stored, -rotation // 90, axes=(1, 2))
    path = encode("phone.mov", [stored] * 2, rotation=rotation, mirrored=mirrored)
    video = probe(path).chosen_video
    assert video is not None
    assert (video.width, video.height) == (48, 64)
    assert video.rotation == rotation
    assert_alike(next(iterate_frames(path))[1], upright)
    _, small = next(iterate_frames(path, size=(24, 32), gray=True))
    assert small.shape == (32, 24)


def test_a_photo_is_turned_by_its_exif(tmp_path):
    upright = quarters(48, 64)
    stored = np.rot90(upright, 1, axes=(1, 2))  # as a camera held upright stores it
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(stored.transpose(1, 2, 0)).save(tmp_path / "a.jpg", exif=exif, quality=95)
    assert_alike(next(iterate_frames(tmp_path / "a.jpg"))[1], upright)


def test_oblong_pixels_are_stretched(encode):
    path = encode("dv.mp4", [quarters(32, 48)] * 2, aspect=Fraction(2))
    assert_alike(next(iterate_frames(path))[1], quarters(64, 48), mean=12.0)


@pytest.mark.parametrize("fps", [5, 10, 25, 29.97, 50])
@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
def test_a_constant_rate_shows_the_latest_picture(tmp_path, counting_frames, name, fps):
    write_video(tmp_path / name, counting_frames(50), 25, size=(32, 16))
    read = list(iterate_frames(tmp_path / name, fps=fps))
    rate = exact_rate(fps)
    assert len(read) == -(-2 * rate // 1)  # two seconds, rounded up
    assert [time for time, _ in read] == [float(k / rate) for k in range(len(read))]
    # A picture's time may be rounded up to the next millisecond by the container.
    assert levels(read) == [int((k / rate + Fraction(1, 1000)) * 25) for k in range(len(read))]


@pytest.mark.parametrize("fps", [29.97, 23.976])
def test_the_own_rate_neither_drops_nor_repeats(tmp_path, counting_frames, fps):
    write_video(tmp_path / "a.mkv", counting_frames(60), fps, size=(32, 16))
    assert levels(iterate_frames(tmp_path / "a.mkv", fps=fps)) == list(range(60))


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
def test_reading_from_a_time_on_is_the_rest_of_reading_all(tmp_path, counting_frames, name):
    # More than one key picture, every two seconds, so that there is something to jump to.
    write_video(tmp_path / name, counting_frames(60), 10, size=(32, 16))
    whole = list(iterate_frames(tmp_path / name))
    for start in (0.1, 1.95, 2.0, 3.7, 5.9):
        rest = list(iterate_frames(tmp_path / name, start=start))
        expected = [(time, frame) for time, frame in whole if time + 0.0999 > start]
        assert [time for time, _ in rest] == [time for time, _ in expected]
        np.testing.assert_array_equal(
            np.stack([f for _, f in rest]), np.stack([f for _, f in expected])
        )


def test_a_constant_rate_counts_from_the_start(tmp_path, counting_frames):
    write_video(tmp_path / "a.mp4", counting_frames(50), 25, size=(32, 16))
    read = list(iterate_frames(tmp_path / "a.mp4", start=0.5, fps=10))
    assert [time for time, _ in read] == [k / 10 for k in range(5, 20)]
    assert levels(read) == [k * 25 // 10 for k in range(5, 20)]
    assert list(iterate_frames(tmp_path / "a.mp4", start=2.0, fps=10)) == []


def test_a_still_is_shown_at_any_time(tmp_path):
    Image.fromarray(quarters().transpose(1, 2, 0)).save(tmp_path / "a.png")
    assert len(list(iterate_frames(tmp_path / "a.png", start=7.0))) == 1


@pytest.mark.parametrize("start", [-0.1, float("nan"), float("inf")])
def test_a_start_that_cannot_be(tmp_path, counting_frames, start):
    write_video(tmp_path / "a.mp4", counting_frames(2), 25, size=(32, 16))
    with pytest.raises(InputError, match="start must be at least 0"):
        iterate_frames(tmp_path / "a.mp4", start=start)


def test_a_varying_rate_becomes_constant(encode, counting_frames):
    times = [0.0, 0.1, 0.5, 0.6, 1.0]
    path = encode("phone.mkv", list(counting_frames(5)), times=times)
    own = list(iterate_frames(path))
    assert [time for time, _ in own] == pytest.approx(times)
    shown = levels(iterate_frames(path, fps=10))
    assert shown[:10] == [0, 1, 1, 1, 1, 2, 3, 3, 3, 3]
    assert set(shown[10:]) == {4}


def test_a_picture_that_begins_late_is_shown_from_the_start(encode, counting_frames, noise):
    path = encode(
        "a.mkv", list(counting_frames(3)), times=[0.4, 0.5, 0.6], sound=(noise(1, 16000), 16000)
    )
    assert next(iterate_frames(path))[0] == pytest.approx(0.4, abs=0.07)
    assert levels(iterate_frames(path, fps=10))[:4] == [0, 0, 0, 0]


def test_shown_pictures_join_without_gaps(tmp_path, counting_frames):
    write_video(tmp_path / "a.mp4", counting_frames(10), 25, size=(32, 16))
    media = probe(tmp_path / "a.mp4")
    assert media.chosen_video is not None
    spans = [(begin, end) for begin, end, _ in shown_pictures(media, media.chosen_video)]
    assert [begin for begin, _ in spans] == [Fraction(k, 25) for k in range(10)]
    assert [end for _, end in spans] == [Fraction(k, 25) for k in range(1, 11)]


def test_a_still_comes_once_at_any_rate(tmp_path):
    Image.fromarray(quarters().transpose(1, 2, 0)).save(tmp_path / "a.png")
    for fps in (None, 10.0, 100.0):
        ((time, frame),) = iterate_frames(tmp_path / "a.png", fps=fps)
        assert time == 0.0
        np.testing.assert_array_equal(frame, quarters())


def test_a_folder_is_a_video(tmp_path):
    for number in range(12):
        Image.new("RGB", (20, 10), (20 * number,) * 3).save(tmp_path / f"{number}.png")
    read = list(iterate_frames(tmp_path, frame_rate=5.0))
    assert [time for time, _ in read] == pytest.approx([k / 5 for k in range(12)])
    assert [round(frame.mean() / 20) for _, frame in read] == list(range(12))
    late = list(iterate_frames(tmp_path, frame_rate=5.0, start=1.0))
    assert [round(frame.mean() / 20) for _, frame in late] == list(range(5, 12))
    half = list(iterate_frames(tmp_path, frame_rate=5.0, fps=2.5))
    assert [round(frame.mean() / 20) for _, frame in half] == [0, 2, 4, 6, 8, 10]


def test_a_damaged_picture_in_a_folder_is_named(tmp_path):
    Image.new("RGB", (20, 10)).save(tmp_path / "1.png")
    (tmp_path / "2.png").write_bytes(b"not a picture")
    with pytest.raises(MediaError, match=r"2\.png"):
        list(iterate_frames(tmp_path))


def test_gray_is_brightness_and_size_is_obeyed(tmp_path):
    write_video(tmp_path / "a.mp4", [quarters()] * 2, 25, size=(64, 48))
    _, gray = next(iterate_frames(tmp_path / "a.mp4", gray=True, size=(31, 17)))
    assert gray.shape == (17, 31)
    assert gray[2, -2] > gray[2, 2]  # green is brighter than red, red than blue
    assert gray[2, 2] > gray[-2, 2]


def test_sampled_pictures_are_spread(tmp_path, counting_frames):
    write_video(tmp_path / "a.mp4", counting_frames(60), 5, size=(32, 16))
    media = probe(tmp_path / "a.mp4")
    assert media.chosen_video is not None
    sampled = sample_pictures(media, media.chosen_video, 4, size=(16, 8))
    np.testing.assert_allclose([picture.mean() / 4 for picture in sampled], [0, 15, 30, 45], atol=2)


@pytest.mark.parametrize(
    ("name", "codec", "n_channels", "exact"),
    [
        ("a.mp4", "aac", 1, False),
        ("a.mp4", "aac", 2, False),
        ("a.mp4", "flac", 4, True),
        ("a.mkv", "flac", 8, True),
        ("a.mov", "pcm", 16, True),
        ("a.mkv", "pcm", 4, True),
    ],
)
def test_sound_is_written_with_the_picture(
    tmp_path, noise, counting_frames, name, codec, n_channels, exact
):
    sound = noise(n_channels, 20_000)
    if not exact:  # coders know tones, not noise
        sound = 0.5 * np.sin(np.arange(20_000) * 0.05 * np.arange(1, n_channels + 1)[:, None])
        sound = sound.astype(np.float32)
    path = tmp_path / name
    write_video(path, counting_frames(20), 20, size=(32, 16), audio=(sound, 16_000), sound=codec)
    read, rate = read_audio(path)
    assert rate == 16_000
    atol = 2.0**-14 if exact else 0.05
    np.testing.assert_allclose(read[:, 2000:18_000], sound[:, 2000:18_000], atol=atol)


def test_a_rate_unknown_to_aac_is_resampled(tmp_path, counting_frames):
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(10_000) / 10_000)[None].astype(np.float32)
    write_video(tmp_path / "a.mp4", counting_frames(5), 5, size=(32, 16), audio=(tone, 10_000))
    read, rate = read_audio(tmp_path / "a.mp4")
    assert rate == 48_000
    assert np.argmax(np.abs(np.fft.rfft(read[0, :48_000]))) == 440


@pytest.mark.parametrize(
    ("source", "target", "codec"),
    [
        ("a.wav", "b.mp4", "flac"),
        ("a.wav", "b.mov", "pcm_s16le"),
        ("a.mp4", "b.mp4", "aac"),
        ("a.mp4", "b.mkv", "flac"),
    ],
)
def test_sound_of_a_file_is_taken_over_unchanged(
    tmp_path, noise, counting_frames, source, target, codec
):
    sound = noise(2, 16_000)
    if source == "a.wav":
        write_audio(tmp_path / source, sound, 16_000)
    else:
        write_video(
            tmp_path / source, counting_frames(10), 10, size=(32, 16), audio=(sound, 16_000)
        )
    write_video(tmp_path / target, counting_frames(10), 10, size=(32, 16), audio=tmp_path / source)
    stream = probe(tmp_path / target).chosen_audio
    assert stream is not None
    assert stream.codec == codec
    before, after = read_audio(tmp_path / source)[0], read_audio(tmp_path / target)[0]
    n_samples = min(before.shape[1], after.shape[1], 16_000)
    assert n_samples >= 15_900
    atol = 2.0**-15 if codec == "flac" else 0.0
    np.testing.assert_allclose(after[:, :n_samples], before[:, :n_samples], rtol=0, atol=atol)


def test_a_file_without_sound_gives_a_video_without_sound(tmp_path, counting_frames):
    write_video(tmp_path / "a.mp4", counting_frames(3), 10, size=(32, 16))
    write_video(tmp_path / "b.mp4", counting_frames(3), 10, size=(32, 16), audio=tmp_path / "a.mp4")
    assert probe(tmp_path / "b.mp4").audio == ()


@pytest.mark.parametrize(
    ("name", "changes", "message"),
    [
        ("a.gif", {}, "name it with one of .mp4, .mov, .mkv"),
        ("a.mkv", {"spherical": True}, "name it with one of .mp4, .mov$"),
        ("a.mp4", {"crf": 60}, "crf must be"),
        ("a.mp4", {"size": (0, 16)}, "sides 1 to"),
        ("a.mp4", {"size": (16, 32)}, "frames must be uint8"),
        ("a.mp4", {"fps": 0}, "fps must be"),
        ("a.mp4", {"frames": []}, "at least one frame"),
        ("a.mp4", {"audio": (np.zeros((3, 90), np.float32), 9000)}, "aac keeps 1 to 2"),
        ("a.mp4", {"audio": (np.zeros(90, np.float32), 9000)}, "audio must have shape"),
        (
            "a.mp4",
            {"audio": (np.zeros((1, 90), np.float32), 9000), "sound": "pcm"},
            "holds no pcm",
        ),
        (
            "a.mp4",
            {"audio": (np.zeros((1, 90), np.float32), 9000), "sound": "mp3"},
            "unknown sound codec",
        ),
    ],
)
def test_what_cannot_be_written_is_refused_and_leaves_nothing(
    tmp_path, counting_frames, name, changes, message
):
    arguments = {"frames": counting_frames(2), "fps": 25, "size": (32, 16)} | changes
    frames, fps = arguments.pop("frames"), arguments.pop("fps")
    with pytest.raises(InputError, match=message):
        write_video(tmp_path / name, frames, fps, **arguments)
    assert not list(tmp_path.iterdir())


def test_an_error_half_way_leaves_the_old_file(tmp_path, counting_frames):
    def breaking():
        yield from counting_frames(2)
        msg = "no more"
        raise InputError(msg)

    path = tmp_path / "a.mp4"
    write_video(path, counting_frames(3), 25, size=(32, 16))
    before = path.read_bytes()
    with pytest.raises(InputError, match="no more"):
        write_video(path, breaking(), 25, size=(32, 16))
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_reading_refuses_what_is_not_there(tmp_path, noise, counting_frames):
    write_audio(tmp_path / "a.wav", noise(1, 100), 16000)
    with pytest.raises(MediaError, match="holds no picture"):
        iterate_frames(tmp_path / "a.wav")
    write_video(tmp_path / "a.mp4", counting_frames(2), 25, size=(32, 16))
    with pytest.raises(InputError, match="no picture stream 3; valid: 0"):
        iterate_frames(tmp_path / "a.mp4", stream=3)
    with pytest.raises(InputError, match="size must be"):
        iterate_frames(tmp_path / "a.mp4", size=(0, 3))
