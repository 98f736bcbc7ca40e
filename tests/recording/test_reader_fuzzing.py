"""Whatever bytes a file holds, the readers answer or refuse it with an error of ours."""

import functools
import itertools
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from hearsight.errors import HearsightError
from hearsight.recording.audio import read_audio, write_audio
from hearsight.recording.findings import examine
from hearsight.recording.media import probe
from hearsight.recording.spherical import mark_equirectangular
from hearsight.recording.video import iterate_frames, write_video
from hearsight.spatial.arrays import read_geometry

GEOMETRY = b"microphones:\n  - [0.0, 0.1, 0.2]\n  - [0.1, -0.1, 0.0]\n  - [-0.05, 0, 0.3]\n"
MAX_FRAMES = 300


@functools.cache
def whole_file(suffix):
    """Bytes of a small file without a fault."""
    rng = np.random.default_rng(0)
    sound = rng.uniform(-0.5, 0.5, (2, 2000)).astype(np.float32)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"whole{suffix}"
        if suffix in (".wav", ".flac"):
            write_audio(path, sound, 8000)
        elif suffix in (".jpg", ".png"):
            Image.fromarray(rng.integers(0, 256, (9, 12, 3), dtype=np.uint8)).save(path)
        elif suffix == ".yaml":
            path.write_bytes(GEOMETRY)
        else:
            frames = rng.integers(0, 256, (5, 3, 16, 32), dtype=np.uint8)
            write_video(path, frames, 10, size=(32, 16), audio=(sound, 8000))
        return path.read_bytes()


@st.composite
def spoilt(draw, suffix):
    """A whole file cut off, with bits turned, with bytes replaced; or nothing like it at all."""
    data = bytearray(whole_file(suffix))
    how = draw(st.sampled_from(["cut", "bits", "head", "tail", "foreign"]))
    if how == "cut":
        return bytes(data[: draw(st.integers(0, len(data) - 1))])
    if how == "foreign":
        return draw(st.binary(max_size=300))
    if how == "tail":
        return bytes(data[: draw(st.integers(8, 64))]) + draw(st.binary(max_size=300))
    end = min(len(data), 600) if how == "head" else len(data)
    for _ in range(draw(st.integers(1, 12))):
        place = draw(st.integers(0, end - 1))
        data[place] = (
            data[place] ^ (1 << draw(st.integers(0, 7)))
            if how == "bits"
            else draw(st.sampled_from([0, 1, 127, 128, 255]))
        )
    return bytes(data)


def answer_or_refuse(read, path):
    try:
        read(path)
    except HearsightError as error:
        assert "\n" not in str(error)  # noqa: PT017
        assert path.name in str(error)  # noqa: PT017


READERS = [
    probe,
    read_audio,
    lambda path: read_audio(path, sample_rate=4000),
    lambda path: list(itertools.islice(iterate_frames(path), MAX_FRAMES)),
    lambda path: list(itertools.islice(iterate_frames(path, fps=30, size=(8, 8)), MAX_FRAMES)),
    lambda path: examine(path).to_dict(),
]


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".mp4", ".mkv", ".jpg", ".png"])
@settings(max_examples=40)
@given(data=st.data())
def test_spoilt_media_are_read_or_refused(suffix, data):
    content = data.draw(spoilt(suffix))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"spoilt{suffix}"
        path.write_bytes(content)
        for read in READERS:
            answer_or_refuse(read, path)
        if suffix == ".mp4":
            answer_or_refuse(mark_equirectangular, path)


@settings(max_examples=200)
@given(content=st.one_of(spoilt(".yaml"), st.binary(max_size=200), st.text().map(str.encode)))
def test_spoilt_geometries_are_read_or_refused(content):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "spoilt.yaml"
        path.write_bytes(content)
        answer_or_refuse(read_geometry, path)
