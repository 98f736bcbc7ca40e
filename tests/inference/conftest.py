"""Short recordings of known scenes, and systems that hear them."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import pytest
import torch

from hearsight.features.normalize import FeatureStatistics
from hearsight.recording.audio import write_audio
from hearsight.recording.layout import parse_layout
from hearsight.recording.video import write_video
from hearsight.scenes.mixer import NoiseSettings, render_audio
from hearsight.scenes.noise import ambient_noise
from hearsight.scenes.plan import ScenePlan, SceneSource, still
from hearsight.scenes.receivers import receiver_for
from hearsight.systems import find
from hearsight.systems.seld import N_CHANNELS
from hearsight.systems.seldnet import SeldnetSettings

RATE = 24000
NAMES = ("foa", "mic", "stereo", "mid-side", "mono")


class Recordings:
    """Makes recordings in one folder; every method returns a path."""

    def __init__(self, folder):
        self.folder = folder

    def write(self, waveform, name="sound.wav", rate=RATE):
        write_audio(self.folder / name, np.asarray(waveform, np.float32), rate, encoding="float")
        return self.folder / name

    def scene(self, layout, duration=6.0, *, azimuths=(40.0,), snr_db=None, name="sound.wav"):
        """Bursts of noise, one from each azimuth, the later ones beginning later."""
        sources = []
        for index, azimuth in enumerate(azimuths):
            onset = 0.5 + 0.7 * index
            draw = np.random.default_rng(index).standard_normal(
                round((duration - onset - 1) * RATE)
            )
            sources.append(
                SceneSource("noise", still(azimuth, 0.0), 0.2 * draw.astype(np.float32), onset)
            )
        plan = ScenePlan(tuple(sources), duration, RATE, ("noise",), 0)
        noise = None if snr_db is None else NoiseSettings(snr_db)
        return self.write(render_audio(plan, parse_layout(layout), noise=noise).waveform, name)

    def diffuse(self, layout, duration=6.0, *, color="pink", name="sound.wav"):
        receiver, n_samples = receiver_for(parse_layout(layout)), round(duration * RATE)
        rng = np.random.default_rng(7)
        return self.write(0.1 * ambient_noise(rng, receiver, n_samples, RATE, color=color), name)

    def silence(self, layout, duration=6.0, name="sound.wav"):
        n_channels = parse_layout(layout).n_channels
        return self.write(np.zeros((n_channels, round(duration * RATE))), name)

    def video(self, duration=2.0, *, size=(64, 32), moves=True, spherical=False, name="video.mp4"):
        width, height = size
        rng = np.random.default_rng(0)
        texture = rng.integers(0, 255, (3, height, width), dtype=np.uint8)
        if not moves:
            texture[:] = 90  # coders give plain gray back without any flicker
        frames = (np.roll(texture, i, axis=2) for i in range(round(25 * duration)))
        write_video(self.folder / name, frames, 25.0, size=size, spherical=spherical)
        return self.folder / name

    def frames(self, n_frames=20, size=(64, 32)):
        from PIL import Image

        place = self.folder / "frames"
        place.mkdir()
        rng = np.random.default_rng(0)
        for number in range(n_frames):
            pixels = rng.integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
            Image.fromarray(pixels).save(place / f"{number:03d}.png")
        return place


@pytest.fixture
def recordings(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    return Recordings(folder)


@pytest.fixture(scope="session")
def make_system():
    """Make a small SELDnet that has learnt nothing but the statistics of its features."""

    def make(**changes):
        torch.manual_seed(0)
        small = {"n_filters": 4, "rnn_size": 8, "fnn_size": 8, "n_heads": 2, "n_window": 10}
        system = find("seldnet").build(SeldnetSettings(**{**small, **changes}))
        system.network.eval()
        sound = 0.1 * torch.randn(N_CHANNELS[system.audio_format], 48_000)
        return system.with_statistics(FeatureStatistics.fit([system.feature(sound)]))

    return make


# Not ru_maxrss, which counts what the process was before it was ours.
MEASURE = """
import json, sys
from pathlib import Path
import hearsight
scene = hearsight.locate(sys.argv[1], **json.loads(sys.argv[2]))
assert scene.duration > 50.0
status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
print(status["VmHWM"].split()[0])
"""


@pytest.fixture(scope="session")
def peak_memory():
    """Return the greatest memory in MB of a process that does no more than locate."""

    def measure(path, **options):
        # Larger buffers are mapped one by one and given back at once. The heap would keep what
        # lies between others: some tens of MB that differ from run to run.
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "MALLOC_MMAP_THRESHOLD_": "65536"}
        command = [sys.executable, "-c", MEASURE, str(path), json.dumps(options)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
        return int(done.stdout) / 1024

    return measure
