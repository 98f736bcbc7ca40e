import av
import numpy as np
import pytest
import soundfile

from hearsight.errors import InputError, MediaError
from hearsight.recording.audio import (
    Resampler,
    iterate_audio,
    read_audio,
    read_recording,
    write_audio,
)
from hearsight.recording.layout import foa, stereo
from hearsight.recording.media import probe
from hearsight.recording.video import write_video


@pytest.mark.parametrize("n_channels", [1, 2, 3, 4, 6, 7, 8, 9, 16, 32])
@pytest.mark.parametrize(("encoding", "error"), [("pcm16", 2.0**-15), ("pcm24", 2.0**-22)])
def test_wav_of_any_number_of_channels_keeps_their_order(
    tmp_path, noise, n_channels, encoding, error
):
    written = noise(n_channels, 5000)
    write_audio(tmp_path / "a.wav", written, 48000, encoding=encoding)
    read, rate = read_audio(tmp_path / "a.wav")
    assert rate == 48000
    np.testing.assert_allclose(read, written, rtol=0, atol=1.01 * error)


@pytest.mark.parametrize("n_channels", [1, 4, 8])
def test_flac_keeps_order(tmp_path, noise, n_channels):
    written = noise(n_channels, 5000)
    write_audio(tmp_path / "a.flac", written, 44100, encoding="pcm24")
    np.testing.assert_allclose(read_audio(tmp_path / "a.flac")[0], written, rtol=0, atol=2.0**-22)


@pytest.mark.parametrize(
    ("codec", "name", "layout", "n_channels"),
    [
        ("aac", "a.m4a", "5.1", 6),
        ("aac", "a.mp4", "7.1", 8),
        ("aac", "a.m4a", "quad", 4),
        ("libopus", "a.ogg", "quad", 4),
        ("alac", "a.m4a", "7.1(wide)", 8),
        ("wavpack", "a.wv", "12 channels", 12),
    ],
)
def test_coded_channels_keep_their_order(tmp_path, codec, name, layout, n_channels):
    rate = 48000
    time = np.arange(rate) / rate
    pitches = 200.0 * 1.3 ** np.arange(n_channels)
    if layout in ("5.1", "7.1", "7.1(wide)"):
        pitches[3] = 60.0  # coders pass only low tones to the woofer's channel
    written = 0.5 * np.sin(2 * np.pi * pitches[:, None] * time).astype(np.float32)
    with av.open(tmp_path / name, "w") as container:
        stream = container.add_stream(codec, rate=rate, layout=layout)
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(written.T).reshape(1, -1), format="flt", layout=layout
        )
        frame.sample_rate, frame.pts = rate, 0
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    read, _ = read_audio(tmp_path / name)
    assert read.shape[0] == n_channels
    spectra = np.abs(np.fft.rfft(read[:, :rate]))
    found = np.argmax(spectra, axis=1) * rate / min(rate, read.shape[1])
    np.testing.assert_allclose(found, pitches, atol=3.0)


def test_integers_floats_and_8_bits_come_out_alike(tmp_path, noise):
    written = noise(2, 1000)
    for subtype, error in (("PCM_U8", 2.0**-7), ("PCM_32", 1e-7), ("FLOAT", 0), ("DOUBLE", 0)):
        soundfile.write(tmp_path / "a.wav", written.T, 16000, subtype)
        read, _ = read_audio(tmp_path / "a.wav")
        np.testing.assert_allclose(read, written, rtol=0, atol=error)


def test_values_beyond_full_scale_and_nan_survive(tmp_path, noise):
    written = 10.0 * noise(2, 1000)
    written[0, 10], written[1, 20] = np.nan, -np.inf
    write_audio(tmp_path / "a.wav", written, 16000, encoding="float")
    np.testing.assert_array_equal(read_audio(tmp_path / "a.wav")[0], written)


def test_blocks_are_of_one_length_and_join_to_the_whole(tmp_path, noise):
    write_audio(tmp_path / "a.wav", noise(3, 10_001), 16000)
    whole, _ = read_audio(tmp_path / "a.wav")
    for block in (1000, 4096, 10_001, 20_000):
        blocks = list(iterate_audio(tmp_path / "a.wav", block=block))
        assert {b.shape[1] for b in blocks[:-1]} <= {block}
        assert 0 < blocks[-1].shape[1] <= block
        np.testing.assert_array_equal(np.concatenate(blocks, axis=1), whole)


def test_a_part_is_the_same_as_in_the_whole(tmp_path, noise):
    write_audio(tmp_path / "a.wav", noise(2, 16_000), 16000)
    whole, _ = read_audio(tmp_path / "a.wav")
    part, _ = read_audio(tmp_path / "a.wav", start=0.25, duration=0.5)
    np.testing.assert_array_equal(part, whole[:, 4000:12_000])
    rest, _ = read_audio(tmp_path / "a.wav", start=0.75, duration=9.0)
    np.testing.assert_array_equal(rest, whole[:, 12_000:])


@pytest.mark.parametrize("n_channels", [1, 6, 16])
def test_resampling_keeps_tones_length_and_channels_apart(tmp_path, n_channels):
    time = np.arange(48_000) / 48_000
    tones = 0.5 * np.sin(2 * np.pi * 100.0 * np.arange(1, n_channels + 1)[:, None] * time)
    write_audio(tmp_path / "a.wav", tones.astype(np.float32), 48_000, encoding="float")
    resampled, rate = read_audio(tmp_path / "a.wav", sample_rate=16_000)
    assert (rate, resampled.shape) == (16_000, (n_channels, 16_000))
    middle = slice(1000, 15_000)
    np.testing.assert_allclose(resampled[:, middle], tones[:, ::3][:, middle], atol=2e-3)


def test_resampling_in_blocks_is_resampling_at_once(noise):
    sound = noise(2, 9000)
    whole, parts = Resampler(2, 48_000, 32_000), Resampler(2, 48_000, 32_000)
    at_once = np.concatenate([whole.feed(sound), whole.finish()], axis=1)
    pieces = [parts.feed(sound[:, i : i + 700]) for i in range(0, 9000, 700)]
    np.testing.assert_allclose(
        np.concatenate([*pieces, parts.finish()], axis=1), at_once, atol=1e-6
    )


def test_sound_that_begins_late_is_preceded_by_silence(encode):
    rate = 16_000
    sound = np.full((1, rate), 0.5, np.float32)
    frames = [np.zeros((3, 32, 32), np.uint8)] * 50
    path = encode("late.mp4", frames, sound=(sound, rate), sound_start=0.5)
    stream = probe(path).chosen_audio
    assert stream is not None
    assert stream.start == pytest.approx(0.5, abs=0.1)
    read, _ = read_audio(path)
    first = int(np.argmax(np.abs(read[0]) > 0.25)) / rate
    assert first == pytest.approx(0.5, abs=0.005)


def test_a_pause_within_the_file_is_filled_with_silence(tmp_path):
    rate = 16_000
    with av.open(tmp_path / "a.mkv", "w") as container:
        stream = container.add_stream("pcm_s16le", rate=rate, layout="mono")
        for start in (0, 2 * rate):
            frame = av.AudioFrame.from_ndarray(
                np.full((1, rate), 8000, np.int16), format="s16", layout="mono"
            )
            frame.sample_rate, frame.pts = rate, start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    read, _ = read_audio(tmp_path / "a.mkv")
    assert read.shape[1] == pytest.approx(3 * rate, abs=rate // 100)
    middle = read[0, rate + 200 : 2 * rate - 200]
    assert not middle.any()
    assert read[0, 2 * rate + 200 : 3 * rate - 200].all()


def test_files_without_sound_are_refused(tmp_path, counting_frames):
    write_video(tmp_path / "mute.mp4", counting_frames(3), 25, size=(32, 16))
    with pytest.raises(MediaError, match="holds no sound"):
        read_audio(tmp_path / "mute.mp4")
    soundfile.write(tmp_path / "none.wav", np.zeros((0, 2)), 16000)
    with pytest.raises(MediaError, match="no sound could be decoded"):
        read_audio(tmp_path / "none.wav")


def test_arguments_out_of_range_are_refused(tmp_path, noise):
    path = tmp_path / "a.wav"
    write_audio(path, noise(1, 100), 16000)
    with pytest.raises(InputError, match="no sound stream 7; valid: 0"):
        read_audio(path, stream=7)
    with pytest.raises(InputError, match="start must be"):
        read_audio(path, start=-1.0)
    with pytest.raises(InputError, match="before the start"):
        read_audio(path, start=5.0)
    with pytest.raises(InputError, match="block must be"):
        iterate_audio(path, block=0)
    with pytest.raises(InputError, match="sample_rate must be"):
        iterate_audio(path, block=10, sample_rate=0)


@pytest.mark.parametrize(
    ("name", "shape", "encoding", "message"),
    [
        ("a.mp3", (1, 10), "pcm16", "written as .wav"),
        ("a.flac", (1, 10), "float", "written as .wav"),
        ("a.flac", (9, 10), "pcm16", "8 channels at most"),
        ("a.wav", (10,), "pcm16", "shape"),
        ("a.wav", (2, 0), "pcm16", "shape"),
        ("a.wav", (1, 10), "pcm12", "unknown encoding"),
    ],
)
def test_what_cannot_be_written_is_refused_and_leaves_nothing(
    tmp_path, name, shape, encoding, message
):
    with pytest.raises(InputError, match=message):
        write_audio(tmp_path / name, np.zeros(shape, np.float32), 16000, encoding=encoding)
    assert not list(tmp_path.iterdir())


def test_a_recording_carries_its_layout(tmp_path, noise):
    write_audio(tmp_path / "a.wav", noise(4, 9000), 16000)
    recording = read_recording(tmp_path / "a.wav", foa("WXYZ", "fuma"), duration=0.5)
    assert recording.duration == 0.5
    assert recording.layout.name == "WXYZ:fuma"
    with pytest.raises(InputError, match="4 channels"):
        read_recording(tmp_path / "a.wav", stereo())


@pytest.mark.media
def test_the_hidden_ambisonics_channels_come_as_stored(real):
    sound, rate = read_audio(real("yt360_a.m4a"))
    assert sound.shape == (6, 480_256)
    assert rate == 48_000
    rms = np.sqrt(np.mean(sound.astype(np.float64) ** 2, axis=1))
    assert np.argmax(rms) == 2
    assert not sound[[3, 5]].any()
