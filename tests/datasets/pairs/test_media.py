import numpy as np
import pytest
import soundfile

from hearsight.datasets.pairs.media import decode_sound, read_picture, read_sound, resampled
from hearsight.errors import MediaError
from hearsight.recording.audio import read_audio
from hearsight.recording.video import write_video


@pytest.fixture
def noise():
    return (0.1 * np.random.default_rng(0).standard_normal((30_000, 2))).clip(-1, 1)


@pytest.mark.parametrize(
    ("name", "subtype"),
    [
        ("a.wav", "PCM_16"), ("a.wav", "PCM_24"), ("a.wav", "FLOAT"), ("a.wav", "PCM_U8"),
        ("a.wav", "ULAW"), ("a.flac", "PCM_16"), ("a.flac", "PCM_24"), ("a.ogg", "VORBIS"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("sample_rate", [None, 16_000])
def test_sound_is_that_of_read_audio(tmp_path, noise, name, subtype, sample_rate):
    soundfile.write(tmp_path / name, noise, 22_050, subtype)
    expected, expected_rate = read_audio(tmp_path / name, sample_rate=sample_rate)
    waveform, rate = read_sound(tmp_path / name, sample_rate)
    assert (waveform.dtype, rate) == (np.float32, expected_rate)
    np.testing.assert_allclose(waveform, expected, atol=1e-6, rtol=0)


@pytest.mark.parametrize("name", ["a.wav", "a.flac"])
@pytest.mark.parametrize("share", [0.0, 0.001, 0.5, 0.99])
def test_sound_that_is_cut_off_is_named(tmp_path, noise, name, share):
    path = tmp_path / name
    soundfile.write(path, noise, 22_050)
    stored = path.read_bytes()[: int(share * path.stat().st_size)]
    path.write_bytes(stored)
    with pytest.raises(MediaError, match=name):
        decode_sound(stored, name)
    if name == "a.wav":  # FFmpeg takes what is there of the other
        with pytest.raises(MediaError, match=name):
            read_sound(path)


def test_sound_without_samples_is_named(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.zeros((0, 1)), 16_000)
    with pytest.raises(MediaError, match=r"a\.wav"):
        read_sound(tmp_path / "a.wav")


def test_sound_that_only_ffmpeg_can_read(tmp_path, noise):
    picture = np.zeros((3, 16, 16), np.uint8)
    sound = noise.T.astype(np.float32), 16_000
    write_video(tmp_path / "a.mp4", [picture] * 2, 1, size=(16, 16), audio=sound)
    path = (tmp_path / "a.mp4").rename(tmp_path / "a.wav")
    with pytest.raises(MediaError, match="cannot be read as sound"):
        decode_sound(path.read_bytes(), "a.wav")
    waveform, rate = read_sound(path)
    assert rate == 16_000
    assert waveform.shape[1] == pytest.approx(30_000, abs=2048)


def test_the_own_rate_is_not_touched():
    sound = np.ones((1, 10), np.float32)
    assert resampled(sound, 8000, None)[0] is sound
    assert resampled(sound, 8000, 8000) == (sound, 8000)


@pytest.mark.parametrize("stored", [b"", b"no picture"])
def test_what_is_no_picture_is_named_once(tmp_path, stored):
    path = tmp_path / "a.jpg"
    path.write_bytes(stored)
    expected = (
        "cannot be read as a picture (empty, or of no known kind); copy it again or remove it"
    )
    with pytest.raises(MediaError) as caught:
        read_picture(path, str(path))
    assert str(caught.value) == f"{path}: {expected}"
