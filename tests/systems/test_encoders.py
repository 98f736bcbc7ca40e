"""Clips encoded second by second, from videos whose content tells the time."""

import logging

import numpy as np
import pytest
import torch
from torch import nn

from hearsight.errors import InputError, MediaError
from hearsight.features.picture_input import CaffeFit, PictureFit
from hearsight.features.vggish_input import VggishInput
from hearsight.models.vgg19 import Vgg19
from hearsight.models.vggish import Vggish
from hearsight.recording.audio import write_audio
from hearsight.recording.video import write_video
from hearsight.systems import find
from hearsight.systems.encoders import (
    ClipEncoders,
    SoundEncoder,
    VisualEncoder,
    encode_clip,
    trunk_encoders,
)

FPS, RATE = 8, 16_000


class Brightness(nn.Module):
    """A map whose channels are the halves' mean colors."""

    n_channels = 3

    def __init__(self):
        super().__init__()
        self.gain = nn.Parameter(torch.ones(1))

    def forward(self, pictures):
        return self.gain * nn.functional.adaptive_avg_pool2d(pictures, (1, 2))


class Loudness(nn.Module):
    """A vector of how loud the bands of a patch are."""

    n_channels = 64

    def __init__(self):
        super().__init__()
        self.gain = nn.Parameter(torch.ones(1))

    def forward(self, patches):
        return self.gain * patches.mean(dim=(1, 2))


SEES = VisualEncoder("vgg19", Brightness().eval(), CaffeFit(16))
HEARS = SoundEncoder("vggish", Loudness().eval(), VggishInput())
BOTH = ClipEncoders(SEES, HEARS)


def frames(n, width=32):
    """Yield gray pictures, each 2 levels brighter, the right half black."""
    for number in range(n):
        picture = np.zeros((3, 24, width), np.uint8)
        picture[:, :, : width // 2] = 16 + 2 * number
        yield picture


def tones(seconds):
    """Return a tone in each second, 200 Hz higher than that before, in 16 bits."""
    times = np.arange(RATE) / RATE
    sines = [np.sin(2 * np.pi * 200 * (second + 2) * times) for second in range(seconds)]
    return (np.round(16_000 * np.concatenate(sines)) / 32_768)[None].astype(np.float32)


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    """A video of 4 s."""
    path = tmp_path_factory.mktemp("clips") / "clip.mkv"
    audio = (tones(4), RATE)
    write_video(path, frames(4 * FPS), FPS, size=(32, 24), audio=audio, sound="flac", crf=0)
    return path


def level(video, channel=0):
    """Return how bright the left half is, in gray levels."""
    return video[:, 0, 0, channel] + 103.939


@pytest.mark.parametrize(
    ("per_segment", "shown"), [(1, [0]), (2, [0, 4]), (16, np.arange(16) // 2)]
)
def test_pictures_of_a_second_are_averaged(video, per_segment, shown):
    found = encode_clip(BOTH, video, frames_per_segment=per_segment).video
    assert found.shape == (4, 1, 2, 3)
    assert found.dtype == np.float32
    expected = [16 + 2 * (FPS * second + np.mean(shown)) for second in range(4)]
    np.testing.assert_allclose(level(found), expected, atol=1.5)
    assert (found[:, 0, 1] < -100).all()  # the right half


@pytest.mark.parametrize("fps", [24, 25, 30])
def test_pictures_are_those_of_the_published_features(tmp_path, fps):
    """Which are numbered int(second * fps + i / 16 * fps)."""
    path = tmp_path / "clip.mkv"
    write_video(path, frames(3 * fps), fps, size=(32, 24), crf=0)
    found = level(encode_clip(BOTH, path).video)
    numbers = [[int(second * fps + i / 16 * fps) for i in range(16)] for second in range(3)]
    np.testing.assert_allclose(found, 16 + 2 * np.mean(numbers, axis=1), atol=0.5)


def test_each_second_is_heard_by_itself(video):
    found = encode_clip(BOTH, video, frames_per_segment=1).audio
    assert found.shape == (4, 64)
    alone = [HEARS([tones(4)[:, RATE * s : RATE * (s + 1)]], RATE)[0].numpy() for s in range(4)]
    np.testing.assert_allclose(found, alone, atol=1e-4)
    assert (np.diff(found.argmax(axis=1)) > 0).all()


def test_a_clip_is_cut_to_the_seconds_asked_for(video):
    whole = encode_clip(BOTH, video, frames_per_segment=2)
    short = encode_clip(BOTH, video, 3, frames_per_segment=2)
    assert short.n_segments == 3
    np.testing.assert_array_equal(short.video, whole.video[:3])
    np.testing.assert_array_equal(short.audio, whole.audio[:3])


def test_a_short_clip_is_continued_and_this_is_said(video, caplog):
    with caplog.at_level(logging.WARNING):
        found = encode_clip(BOTH, video, 6, frames_per_segment=2)
    assert "lasts 4.0 s and not 6 s" in caplog.text
    assert found.n_segments == 6
    last = 16 + 2 * (4 * FPS - FPS // 2)
    np.testing.assert_allclose(level(found.video)[4:], last, atol=1.5)
    np.testing.assert_allclose(found.audio[4:], np.log(0.01), rtol=1e-5)


def test_silent_films_and_sounds_alone(tmp_path):
    write_video(tmp_path / "film.mp4", frames(2 * FPS), FPS, size=(32, 24))
    film = encode_clip(BOTH, tmp_path / "film.mp4", frames_per_segment=1)
    assert film.audio is None
    assert film.n_segments == 2
    write_audio(tmp_path / "sound.wav", tones(3), RATE)
    sound = encode_clip(BOTH, tmp_path / "sound.wav")
    assert sound.video is None
    assert sound.n_segments == 3
    with pytest.raises(
        InputError, match=r"film\.mp4: has only pictures, and .* no encoder that sees"
    ):
        encode_clip(ClipEncoders(hears=HEARS), tmp_path / "film.mp4")
    with pytest.raises(
        InputError, match=r"sound\.wav: has only sound, and .* no encoder that hears"
    ):
        encode_clip(ClipEncoders(sees=SEES), tmp_path / "sound.wav")


@pytest.mark.parametrize(("seconds", "n_segments"), [(0.5, 1), (1.4, 1), (1.6, 2), (2.5, 3)])
def test_half_a_second_counts(tmp_path, seconds, n_segments):
    write_audio(tmp_path / "sound.wav", tones(3)[:, : round(seconds * RATE)], RATE)
    assert encode_clip(BOTH, tmp_path / "sound.wav").n_segments == n_segments


def test_what_cannot_be_encoded(tmp_path, video):
    write_audio(tmp_path / "click.wav", tones(1)[:, :2000], RATE)
    with pytest.raises(MediaError, match=r"click\.wav: lasts 0\.125 s, expected at least 0\.5 s"):
        encode_clip(BOTH, tmp_path / "click.wav")
    with pytest.raises(InputError, match="n_segments must be at least 1, got 0"):
        encode_clip(BOTH, video, 0)
    with pytest.raises(InputError, match="frames_per_segment must be at least 1, got -1"):
        encode_clip(BOTH, video, frames_per_segment=-1)
    with pytest.raises(MediaError, match="nowhere"):
        encode_clip(BOTH, tmp_path / "nowhere.mp4")
    with pytest.raises(InputError, match="got neither"):
        ClipEncoders()
    with pytest.raises(InputError, match="must be in evaluation mode"):
        VisualEncoder("vgg19", Vgg19(1), CaffeFit())


@pytest.mark.parametrize("window", [0.5, 1.0, 3.0, 2.2])
@pytest.mark.parametrize("block", [700, 1000, 5000])
def test_windows_are_the_sound_around_a_second(window, block):
    """Of a ramp that tells the time; at both ends there is less."""
    rate, n_segments = 1000, 5
    ramp = np.arange(rate * n_segments, dtype=np.float32)[None]
    blocks = (ramp[:, first : first + block] for first in range(0, ramp.size, block))

    class Records(nn.Module):
        n_channels = 3

        def __init__(self):
            super().__init__()
            self.unused = nn.Parameter(torch.ones(1))

        def forward(self, sounds):
            return sounds

    class Edges:
        sample_rate, duration_s = None, window

        def __call__(self, waveform, _):
            size = waveform.shape[1]
            return torch.tensor([waveform[0, 0], waveform[0, -1] + 1, size])

    encoder = SoundEncoder("vggish", Records().eval(), Edges())
    found = np.stack([*encoder.of_sound(blocks, rate, n_segments)])
    middles = (np.arange(n_segments) + 0.5) * rate
    begins = np.maximum(0, middles - 0.5 * window * rate)
    ends = np.minimum(ramp.size, middles + 0.5 * window * rate)
    np.testing.assert_array_equal(found[:, 0], begins)
    np.testing.assert_array_equal(found[:, 1], ends)
    np.testing.assert_array_equal(found[:, 2], ends - begins)


def test_what_is_not_finite_is_silence():
    sound = tones(1)
    broken = sound.copy()
    broken[:, ::100] = np.nan
    found = next(HEARS.of_sound(iter([broken]), RATE, 1))
    assert np.isfinite(found).all()


@pytest.mark.parametrize("name", ["visual-context", "lvs", "ez-vsl", "slavc"])
def test_the_trunks_of_a_system_for_heat_maps(video, name):
    registration = find(name)
    system = registration.build(registration.small[0])
    encoders = trunk_encoders(system)
    assert not system.network.training
    found = encode_clip(encoders, video, frames_per_segment=1)
    assert found.video.shape[0] == found.audio.shape[0] == 4
    assert found.video.shape[-1] == encoders.sees.n_channels
    assert found.audio.shape[-1] == encoders.hears.n_channels
    assert (found.video >= 0).all()
    assert found.video.any()
    assert found.audio.any()
    # Where the system itself looks.
    network = system.network
    network = getattr(network, "trunks", getattr(network, "online", network))
    picture = system.picture_fit(next(frames(1)))[None]
    with torch.no_grad():
        expected = network.picture_trunk(picture)[0].permute(1, 2, 0)
    torch.testing.assert_close(torch.from_numpy(found.video[0]), expected, rtol=1e-3, atol=1e-2)


def test_fingerprints_tell_encoders_apart():
    torch.manual_seed(0)
    network, other = Vgg19(1).eval(), Vgg19(1).eval()
    prints = {
        VisualEncoder("vgg19", network, CaffeFit()).fingerprint,
        VisualEncoder("vgg19", other, CaffeFit()).fingerprint,
        VisualEncoder("vgg19", network, CaffeFit(64)).fingerprint,
        VisualEncoder("vgg19-imagenet", network, PictureFit()).fingerprint,
    }
    assert len(prints) == 4
    assert VisualEncoder("vgg19", network, CaffeFit()).fingerprint in prints
    vggish = Vggish(1, 4, 3).eval()
    sounds = {SoundEncoder(name, vggish, VggishInput()).fingerprint for name in ("vggish", "trunk")}
    assert len(sounds) == 2


def test_pictures_are_taken_as_they_are_needed():
    taken = []
    pictures = (taken.append(n) or picture for n, picture in enumerate(frames(60)))
    found = SEES.of_pictures(pictures, 30, 2)
    next(found)
    assert len(taken) <= 16
