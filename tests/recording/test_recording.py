import numpy as np
import pytest

from hearsight.errors import InputError
from hearsight.recording.layout import foa, mono, stereo
from hearsight.recording.recording import Recording, Video
from hearsight.spatial.projection import Projection

SOUND = np.linspace(-1, 1, 32_000, dtype=np.float32).reshape(2, 16_000)
FRAMES = np.zeros((10, 3, 20, 40), np.uint8)
PANORAMA = Projection("equirectangular", 40, 20)


def test_a_recording_knows_its_length_and_arranges_its_channels():
    video = Video(FRAMES, 5.0, PANORAMA)
    recording = Recording(SOUND, 16_000, stereo(), video)
    assert recording.duration == 1.0
    assert video.duration == 2.0
    np.testing.assert_array_equal(recording.arranged(), SOUND)


@pytest.mark.parametrize(
    ("waveform", "rate", "layout", "words"),
    [
        (SOUND.astype(np.float64), 16_000, stereo(), "float32"),
        (SOUND[0], 16_000, mono(), "shape"),
        (SOUND.T, 16_000, mono(), "waveform has 16000 channels"),
        (SOUND.T[:, :1], 16_000, mono(), "has 16000 channels, layout mono has 1; transpose it"),
        (SOUND, 16_000, foa(), "2 channels, layout WYZX:sn3d has 4"),
        (SOUND[:, :0], 16_000, stereo(), "at least one sample"),
        (np.where(SOUND > 0.9, np.float32("nan"), SOUND), 16_000, stereo(), "NaN"),
        (SOUND, 7_999, stereo(), "below 8000 Hz"),
    ],
)
def test_bad_recordings_are_refused(waveform, rate, layout, words):
    with pytest.raises(InputError, match=words):
        Recording(waveform, rate, layout)


@pytest.mark.parametrize(
    ("frames", "fps", "projection", "words"),
    [
        (FRAMES.astype(float), 5.0, PANORAMA, "uint8"),
        (FRAMES.transpose(0, 2, 3, 1), 5.0, PANORAMA, r"\(frames, 3, height, width\)"),
        (FRAMES[:0], 5.0, PANORAMA, "at least one frame"),
        (FRAMES, 0.0, PANORAMA, "fps"),
        (FRAMES, float("nan"), PANORAMA, "fps"),
        (FRAMES, 5.0, Projection("equirectangular", 20, 40), "40 x 20 .* 20 x 40"),
    ],
)
def test_bad_videos_are_refused(frames, fps, projection, words):
    with pytest.raises(InputError, match=words):
        Video(frames, fps, projection)
