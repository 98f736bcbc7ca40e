"""Files of every kind, sound and broken, made on the spot."""

from __future__ import annotations

import io
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
from PIL import Image

RATE = 24000


class Media:
    """Makes files in one folder; every method returns the file's path.

    The pictures are noise and the sounds without a name are noise too; `foa` is one source at
    azimuth 40 degrees.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._random = np.random.default_rng(0)

    def __truediv__(self, name: str) -> Path:
        return self.folder / name

    def noise(self, n_channels: int, n_samples: int = RATE) -> np.ndarray:
        return 0.2 * self._random.standard_normal((n_channels, n_samples))

    def foa(self, n_samples: int = RATE) -> np.ndarray:
        source, angle = self.noise(1, n_samples)[0], np.deg2rad(40.0)
        gains = np.array([1.0, np.sin(angle), 0.0, np.cos(angle)])
        return gains[:, None] * source + 1e-4 * self._random.standard_normal((4, n_samples))

    def wav(self, sound: np.ndarray, name: str = "sound.wav", rate: int = RATE) -> Path:
        """As float, so that nothing is rounded or clipped on the way."""
        content = io.BytesIO()
        soundfile.write(content, sound.T, rate, "FLOAT", format="WAV")
        return self.raw(content.getvalue(), name)

    def raw(self, content: bytes | str, name: str) -> Path:
        (self / name).write_bytes(content.encode() if isinstance(content, str) else content)
        return self / name

    def cut(self, whole: Path, share: float) -> Path:
        content = whole.read_bytes()
        return self.raw(content[: int(share * len(content))], f"cut{whole.suffix}")

    def picture(self, name: str = "picture.png", size: tuple[int, int] = (64, 32)) -> Path:
        Image.fromarray(self._pixels(*size)).save(self / name)
        return self / name

    def frames(self, name: str = "frames", n_frames: int = 10) -> Path:
        (self / name).mkdir()
        for number in range(n_frames):
            self.picture(f"{name}/{number:04d}.png")
        return self / name

    def video(
        self,
        name: str = "video.mp4",
        size: tuple[int, int] = (64, 32),
        *,
        times: np.ndarray | None = None,
        codec: str = "libx264",
        pixels: str = "yuv420p",
        rotation: int | None = None,
        sound: np.ndarray | None = None,
        sound_codec: str = "aac",
    ) -> Path:
        """One second of pictures, unless their times are given."""
        clock = Fraction(1, 1000)
        with av.open(str(self / name), "w") as container:
            stream = container.add_stream(codec, rate=25)
            stream.width, stream.height, stream.pix_fmt = *size, pixels
            stream.codec_context.time_base = clock
            if rotation is not None:
                stream.set_display_rotation(rotation)
            if sound is not None:
                layout = {1: "mono", 2: "stereo"}[len(sound)]
                track = container.add_stream(sound_codec, rate=RATE, layout=layout)
            for time in np.arange(25) / 25 if times is None else times:
                frame = av.VideoFrame.from_ndarray(self._pixels(*size), format="rgb24")
                frame = frame.reformat(format=pixels)
                frame.pts, frame.time_base = round(float(time) / clock), clock
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
            if sound is not None:
                packed = np.ascontiguousarray(sound.T, np.float32).reshape(1, -1)
                block = av.AudioFrame.from_ndarray(packed, format="flt", layout=layout)
                block.sample_rate, block.pts, block.time_base = RATE, 0, Fraction(1, RATE)
                container.mux(track.encode(block))
                container.mux(track.encode(None))
        return self / name

    def _pixels(self, width: int, height: int) -> np.ndarray:
        return self._random.integers(0, 255, (height, width, 3), dtype=np.uint8)


@pytest.fixture
def media(tmp_path: Path) -> Iterator[Media]:
    folder = tmp_path / "in"
    folder.mkdir()
    return Media(folder)


@pytest.fixture
def listing(tmp_path: Path):
    """Tell every file and folder of the test, hidden ones too."""
    return lambda: {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")}
