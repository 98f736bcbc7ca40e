"""Recordings labeled second by second: windows, events, where it looks, what is refused."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from torch import nn

import hearsight
from hearsight.errors import InputError, MediaError
from hearsight.features.picture_input import PictureFit
from hearsight.features.vggish_input import VggishInput
from hearsight.inference.labeling import THRESHOLD, attention_of, label
from hearsight.inference.trained import TrainedSystem
from hearsight.models.blocks.segments import SegmentOutput
from hearsight.models.vgg19 import Vgg19
from hearsight.models.vggish import Vggish
from hearsight.pictures.attention import write_attention_pictures
from hearsight.recording.findings import examine
from hearsight.recording.video import write_video
from hearsight.systems import find
from hearsight.systems.encoders import ClipEncoders, SoundEncoder, VisualEncoder
from hearsight.systems.segments import ClipSizes, SegmentSystem
from hearsight.weights.store import save_system

RATE = 16_000
LABELS = ("bell", "knock")


class Brightness(nn.Module):
    """Sees how bright the cells of a picture are."""

    n_channels = 1

    def __init__(self):
        super().__init__()
        self.place = nn.Parameter(torch.zeros(1))

    def forward(self, pictures):
        return nn.functional.adaptive_avg_pool2d(pictures.mean(dim=1, keepdim=True), 4)


class Loudness(nn.Module):
    """Hears how loud a second is."""

    n_channels = 1

    def __init__(self):
        super().__init__()
        self.place = nn.Parameter(torch.zeros(1))

    def forward(self, patches):
        return patches.mean(dim=(2, 3))


class BrightAndLoud(nn.Module):
    """Says "knock" while something bright is seen and something is heard, and looks at it."""

    def __init__(self):
        super().__init__()
        self.place = nn.Parameter(torch.zeros(1))
        self.lengths = []

    def forward(self, video, audio):
        self.lengths.append(video.shape[1])
        attention = (4.0 * video[..., 0]).flatten(2).softmax(dim=-1).unflatten(2, (4, 4))
        is_event = (video[..., 0].amax(dim=(2, 3)) > 1.0) & (audio[..., 0] > -3.0)
        logits = torch.stack([torch.zeros_like(is_event), is_event, ~is_event], dim=-1) * 6.0
        return SegmentOutput(logits, attention)


@pytest.fixture
def encoders():
    return ClipEncoders(
        VisualEncoder("resnet18", Brightness().eval(), PictureFit("squash", 64)),
        SoundEncoder("vggish", Loudness().eval(), VggishInput()),
        frames_per_segment=2,
    )


@pytest.fixture
def system():
    return SegmentSystem(
        "bright",
        None,
        BrightAndLoud().eval(),
        LABELS,
        ClipSizes(1, 1, 4, 4, seconds=6),
        lambda output, _: output.logits.sum(),
    )


def film(recordings, n_seconds, lit, loud, name="film.mp4"):
    """Write a film with a lamp at the upper right and noise, each in some seconds."""
    rng = np.random.default_rng(0)
    sound = 0.3 * rng.standard_normal((1, n_seconds * RATE)).astype(np.float32)
    for second in set(range(n_seconds)) - set(loud):
        sound[:, second * RATE : (second + 1) * RATE] = 0.0
    frames = np.zeros((n_seconds * 10, 3, 64, 64), dtype=np.uint8)
    for second in lit:
        frames[second * 10 : (second + 1) * 10, :, :16, 48:] = 255
    path = recordings.folder / name
    audio = recordings.write(sound, "sound.wav", RATE)
    write_video(path, frames, 10.0, size=(64, 64), audio=audio)
    return path


@pytest.mark.parametrize("n_seconds", [4, 6, 17])
def test_seconds_that_are_seen_and_heard_are_found(recordings, system, encoders, n_seconds):
    path = film(recordings, n_seconds, range(1, 3), range(2, n_seconds))
    probabilities, attention = label(system, encoders, examine(path))
    assert probabilities.shape == (n_seconds, 3)
    assert np.allclose(probabilities.sum(axis=1), 1.0)
    assert probabilities.argmax(axis=1).tolist() == [2, 2, 1, *[2] * (n_seconds - 3)]
    assert attention.shape == (n_seconds, 4, 4)
    assert np.allclose(attention.sum(axis=(1, 2)), 1.0, atol=1e-5)
    assert attention[2].argmax() == 3
    assert set(system.network.lengths) == {min(6, n_seconds)}


def small(folder, *, with_encoders=True):
    """Keep a system that knows nothing, and encoders as small."""
    settings = dataclasses.replace(
        find("av-att").small[0], sizes=ClipSizes(16, 8, 7, 7, seconds=5), labels=LABELS
    )
    system = find("av-att").build(settings)
    with torch.no_grad():
        system.network.heads[0].classes.bias.copy_(torch.tensor([0.0, 9.0, 0.0]))
    if with_encoders:
        system = system.with_encoders(
            ClipEncoders(
                VisualEncoder("vgg19-imagenet", Vgg19(n_filters=2).eval(), PictureFit()),
                SoundEncoder(
                    "vggish", Vggish(n_filters=2, n_hidden=8, n_channels=8).eval(), VggishInput()
                ),
                frames_per_segment=1,
            )
        )
    save_system(folder, system)
    return folder


def test_locate_gives_events_with_where_it_looked(recordings, tmp_path):
    path = film(recordings, 7, range(7), range(7))
    scene = hearsight.locate(path, system=small(tmp_path / "w"))
    assert [(event.label, event.onset, event.offset) for event in scene] == [("knock", 0.0, 7.0)]
    event = scene.events[0]
    assert event.confidence > 0.9
    heatmap = scene.heatmap("attention")
    assert heatmap.values.shape == (70, 21, 21)
    assert heatmap.values.max() == 1.0
    assert (heatmap.values.reshape(70, -1).max(axis=1) > THRESHOLD).all()
    assert np.isfinite(event.track.boxes).all()
    assert (event.track.on_screen == 1.0).all()
    assert any("labeled in windows of 5 s" in note for note in scene.notes)


def test_a_still_picture_is_looked_at_too(recordings, tmp_path):
    still = next(recordings.frames(1).iterdir())
    sound = recordings.write(0.1 * np.ones((1, 5 * RATE // 2)), rate=RATE)
    scene = hearsight.locate(still, audio=sound, system=small(tmp_path / "w"))
    # Half a second at the end is labeled as well.
    assert [(event.onset, event.offset) for event in scene] == [(0.0, 2.5)]
    assert scene.heatmap("attention").values.shape[0] == scene.duration * 10


def test_a_folder_of_pictures_needs_their_rate_alone(recordings, tmp_path):
    folder = recordings.frames(20)
    sound = recordings.write(0.1 * np.ones((1, 2 * RATE)), rate=RATE)
    scene = hearsight.locate(folder, audio=sound, frame_rate=10.0, system=small(tmp_path / "w"))
    assert len(scene) == 1


def test_what_it_cannot_label_is_said(recordings, tmp_path):
    weights = small(tmp_path / "w")
    sound = recordings.write(0.1 * np.ones((1, 3 * RATE)), rate=RATE)
    with pytest.raises(InputError, match="has no picture, but av-att"):
        hearsight.locate(sound, system=weights)
    path = film(recordings, 3, range(3), range(3))
    without = small(tmp_path / "x", with_encoders=False)
    with pytest.raises(InputError, match="nothing is known that makes them of videos"):
        hearsight.locate(path, system=without)


def test_attention_is_told_of_every_second(recordings, tmp_path):
    path = film(recordings, 3, range(3), range(3))
    attention = attention_of(TrainedSystem.load(small(tmp_path / "w")), path)
    assert attention.shape == (3, 7, 7)
    assert np.allclose(attention.sum(axis=(1, 2)), 1.0, atol=1e-5)
    assert write_attention_pictures(path, attention, tmp_path / "looked", per_segment=2) == 6
    assert len(list((tmp_path / "looked").iterdir())) == 12


def test_without_sound_nothing_guides_attention(recordings, tmp_path):
    silent = recordings.folder / "silent.mp4"
    write_video(silent, np.zeros((20, 3, 32, 32), np.uint8), 10.0, size=(32, 32))
    with pytest.raises(MediaError, match="has no sound, which guides where av-att looks"):
        attention_of(TrainedSystem.load(small(tmp_path / "w")), silent)
