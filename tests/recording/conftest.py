"""Small media made on the spot, some of them with features that our own writer does not make."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

REAL_MEDIA = Path(__file__).parents[3] / "shared" / "media"


@pytest.fixture
def real():
    """Path of a real recording; skips where they are not at hand."""

    def find(name):
        if not (REAL_MEDIA / name).is_file():
            pytest.skip(f"the real recording {name} is not in {REAL_MEDIA}")
        return REAL_MEDIA / name

    return find


@pytest.fixture
def noise():
    """Make noise of shape (channels, samples), different in each channel."""

    def make(n_channels, n_samples, seed=0):
        draw = np.random.default_rng(seed).uniform(-0.5, 0.5, (n_channels, n_samples))
        return draw.astype(np.float32)

    return make


@pytest.fixture
def counting_frames():
    """Pictures whose gray level counts: frame i has level 4 * i."""

    def make(n_frames, width=32, height=16):
        for number in range(n_frames):
            yield np.full((3, height, width), 4 * number, np.uint8)

    return make


@pytest.fixture
def encode(tmp_path):
    """Write a video through PyAV itself, with any times, pixel format, turn and sound."""

    def write(
        name,
        frames,
        *,
        codec="libx264",
        pixel_format="yuv420p",
        times=None,
        clock=Fraction(1, 1000),
        rotation=None,
        mirrored=False,
        aspect=None,
        sound=None,
        sound_start=0.0,
        options=None,
    ):
        path = tmp_path / name
        with av.open(path, "w") as container:
            height, width = frames[0].shape[1:]
            stream = container.add_stream(codec, rate=25, options=options or {})
            stream.width, stream.height, stream.pix_fmt = width, height, pixel_format
            stream.codec_context.time_base = clock
            if aspect is not None:
                stream.codec_context.sample_aspect_ratio = aspect
            if rotation is not None:
                stream.set_display_rotation(rotation, hflip=mirrored)
            track = None
            if sound is not None:
                waveform, rate = sound
                layout = {1: "mono", 2: "stereo"}[len(waveform)]
                track = container.add_stream("aac", rate=rate, layout=layout)
            for number, frame in enumerate(frames):
                time = number / 25 if times is None else times[number]
                picture = av.VideoFrame.from_ndarray(
                    np.ascontiguousarray(frame.transpose(1, 2, 0)), format="rgb24"
                ).reformat(format=pixel_format)
                picture.pts, picture.time_base = round(time / clock), clock
                container.mux(stream.encode(picture))
            container.mux(stream.encode(None))
            if track is not None:
                packed = np.ascontiguousarray(waveform.T).reshape(1, -1)
                block = av.AudioFrame.from_ndarray(packed, format="flt", layout=layout)
                block.sample_rate, block.pts = rate, round(sound_start * rate)
                block.time_base = Fraction(1, rate)
                container.mux(track.encode(block))
                container.mux(track.encode(None))
        return path

    return write
