import numpy as np
import pytest

from hearsight.errors import InputError
from hearsight.features.clips import ClipFeatures

VIDEO = np.zeros((10, 7, 7, 4), np.float32)
AUDIO = np.zeros((10, 3), np.float32)


@pytest.mark.parametrize(
    "features", [ClipFeatures(VIDEO, AUDIO), ClipFeatures(VIDEO), ClipFeatures(audio=AUDIO)]
)
def test_either_tells_the_seconds(features):
    assert features.n_segments == 10


@pytest.mark.parametrize(
    ("video", "audio", "message"),
    [
        (None, None, "got neither"),
        (VIDEO[0], AUDIO, r"video must have shape \(segments, rows, columns, channels\)"),
        (VIDEO, AUDIO[..., None], r"audio must have shape \(segments, channels\)"),
        (VIDEO[:0], AUDIO[:0], "none of them 0"),
        (VIDEO, AUDIO[1:], "video has 10 segments and audio 9"),
    ],
)
def test_what_is_no_clip(video, audio, message):
    with pytest.raises(InputError, match=message):
        ClipFeatures(video, audio)
