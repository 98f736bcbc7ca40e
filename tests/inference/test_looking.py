"""`locate` with a system that sees: the right place at the right time, or nothing visible."""

import dataclasses
import sys

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torch import nn

import hearsight
from hearsight.cli import run
from hearsight.errors import InputError
from hearsight.events.formats.arrays import read_heatmaps
from hearsight.features.frames import DEVIATION, MEAN
from hearsight.features.picture_input import PictureFit, TrainingView
from hearsight.features.sound_input import SoundInput
from hearsight.inference.locate import locate_examined
from hearsight.inference.looking import LABELS_PER_LOOK, absence_in_words, look, rescaled
from hearsight.inference.trained import TrainedSystem
from hearsight.recording.findings import examine
from hearsight.recording.video import iterate_frames, write_video
from hearsight.systems import find
from hearsight.systems.heatmap import HeatMapSystem
from hearsight.systems.lvs import LvsSettings
from hearsight.systems.seld import SeldSystem
from hearsight.weights.store import save_system

RATE = 16_000
LOW, HIGH = 300.0, 4000.0
RED, BLUE = (230, 20, 20), (20, 20, 230)
SOUND = SoundInput(RATE, duration_s=1.0)
WIDE = (128, 64)
NOTHING = hearsight.Events()


class Colors(nn.Module):
    """Needs no training: low tones are made by what is red, high ones by what is blue."""

    def __init__(self):
        super().__init__()
        self.place = nn.Parameter(torch.zeros(1))
        self.shown, self.heard = [], []

    def cosine(self, pictures, sounds):
        self.shown.append(pictures)
        self.heard.append(sounds)
        rgb = pictures * torch.tensor(DEVIATION)[:, None, None] + torch.tensor(MEAN)[:, None, None]
        rgb = nn.functional.avg_pool2d(rgb, 8)
        half = sounds.shape[2] // 4
        is_low = sounds[:, 0, :half].amax(dim=(1, 2)) > sounds[:, 0, half:].amax(dim=(1, 2))
        red, blue = rgb[:, 0] - rgb[:, 2], rgb[:, 2] - rgb[:, 0]
        return torch.where(is_low[:, None, None], red, blue).clamp(-1.0, 1.0)


def sees(threshold=0.75, sound=SOUND, fit="squash"):
    system = HeatMapSystem(
        "colors",
        None,
        Colors().eval(),
        sound,
        PictureFit(fit, 64),
        TrainingView(64),
        lambda output, *_: output.sum(),
        "ez-vsl",
        threshold=threshold,
    )
    return TrainedSystem("folder", system, {"origin": {}, "scores": {}}, "0123456789abcdef")


def tone(frequency, duration):
    time = np.arange(round(RATE * duration)) / RATE
    return 0.3 * np.sin(2 * np.pi * frequency * time)


def picture(*squares, size=WIDE):
    """Gray, with squares of a quarter of the height in it: (color, left)."""
    pixels = np.full((3, size[1], size[0]), 60, np.uint8)
    for color, left in squares:
        pixels[:, 16:32, left : left + 16] = np.array(color)[:, None, None]
    return pixels


@pytest.fixture
def film(recordings):
    """Write a film: pictures with how long each is shown, and the sounds one after the other."""

    def write(shown, *sounds, **options):
        frames = [frame for frame, seconds in shown for _ in range(round(10 * seconds))]
        path = recordings.folder / "film.mp4"
        size = frames[0].shape[:0:-1]
        write_video(path, frames, 10.0, size=size, **options)
        return path, recordings.write(np.concatenate(sounds)[None], "film.wav", RATE)

    return write


def located(trained, path, sound, **options):
    return locate_examined(examine(path, audio=sound, **options), system=trained)


def test_the_box_is_around_what_sounds(film):
    both = picture((RED, 16), (BLUE, 96))
    path, sound = film([(both, 6.0)], tone(LOW, 3.0), tone(HIGH, 3.0))
    scene = located(sees(), path, sound)
    (heatmap,) = scene.heatmaps
    assert heatmap.kind == "similarity"
    assert heatmap.projection == scene.projection
    assert (scene.projection.width, scene.projection.height) == WIDE
    assert len(heatmap.times) == 60
    for frame, left in ((10, 16.0), (50, 96.0)):
        ((box, score),) = heatmap.boxes(frame)
        assert box == pytest.approx((left, 16.0, 16.0, 16.0), abs=6.0)
        assert score > 0.5
    for event in scene:
        assert (event.track.on_screen == 1.0).all()
        lefts = {10: 16.0, 50: 96.0}
        for time, box in zip(event.track.times, event.track.boxes, strict=True):
            if round(10 * time) in lefts:
                assert box[0] == pytest.approx(lefts[round(10 * time)], abs=6.0)
    assert not any("Nothing visible" in note for note in scene.notes)


def test_it_is_said_when_nothing_visible_sounds(film):
    alone, both = picture((BLUE, 96)), picture((BLUE, 96), (RED, 16))
    path, sound = film([(alone, 3.0), (both, 3.0)], tone(LOW, 6.0))
    scene = located(sees(), path, sound)
    assert "Nothing visible makes the sound from 0.0 to 3.0 s." in scene.notes
    values = scene.heatmap("similarity").values
    assert not values[:30].any()
    assert (values[30:].max(axis=(1, 2)) > 0.5).all()
    (event,) = scene
    assert (event.track.on_screen == (event.track.times >= 3.0)).all()
    assert np.isnan(event.track.boxes[event.track.times < 3.0]).all()
    assert not np.isnan(event.track.boxes[event.track.times >= 3.0]).any()


def test_who_has_looked_is_said_with_the_threshold(film):
    path, sound = film([(picture((RED, 16)), 1.0)], tone(LOW, 1.0))
    notes = " ".join(located(sees(), path, sound).notes)
    assert "Looked at by colors, weights folder (0123456789abcdef)." in notes
    assert "threshold of its weights (0.750)" in notes
    assert "Heard by" not in notes


def test_without_a_threshold_nothing_is_said_of_what_cannot_be_seen(film):
    path, sound = film([(picture((BLUE, 96)), 2.0)], tone(LOW, 2.0))
    scene = located(sees(threshold=None), path, sound)
    assert any("no threshold" in note for note in scene.notes)
    assert not any("Nothing visible" in note for note in scene.notes)
    assert all(np.isnan(event.track.on_screen).all() for event in scene)
    values = scene.heatmap("similarity").values
    np.testing.assert_allclose(values.max(axis=(1, 2)), 1.0)


def test_silence_is_not_judged(film):
    path, sound = film([(picture((RED, 16)), 4.0)], tone(LOW, 1.5), np.zeros(round(2.5 * RATE)))
    scene = located(sees(), path, sound)
    assert not any("Nothing visible" in note for note in scene.notes)
    values = scene.heatmap("similarity").values
    assert values[:15].any(axis=(1, 2)).all()
    assert not values[16:].any()  # even where the tone lies within what is heard
    unheard = look(sees(), examine(path, audio=sound), NOTHING)
    assert np.isnan(unheard.on_screen[20:]).all()
    assert unheard.on_screen[:20].all()
    path, sound = film([(picture((RED, 16)), 1.0)], np.zeros(RATE))
    silent = located(sees(), path, sound)
    assert len(silent) == 0
    assert silent.notes[0] == "No events: the sound is silent."
    assert silent.heatmap("similarity").is_empty


def test_a_picture_and_a_sound(recordings):
    from PIL import Image

    tall = recordings.folder / "tall.png"
    pixels = picture((RED, 8), size=(64, 128))
    Image.fromarray(np.moveaxis(pixels, 0, -1)).save(tall)
    sound = recordings.write(tone(LOW, 2.3)[None], "low.wav", RATE)
    scene = located(sees(), tall, sound)
    heatmap = scene.heatmap("similarity")
    assert len(heatmap.values) == 23
    ((box, _),) = heatmap.boxes(22)
    assert box == pytest.approx((8.0, 16.0, 16.0, 16.0), abs=6.0)


@pytest.mark.parametrize("fit", ["squash", "short_side_crop"])
def test_each_look_is_at_the_whole_picture_with_the_sound_around_it(film, fit):
    shown = [(picture((RED, 8 * n)), 0.5) for n in range(6)]
    draw = np.random.default_rng(0).uniform(-0.3, 0.3, round(2.7 * RATE)).astype(np.float32)
    path, sound = film(shown, draw)
    trained = sees(fit=fit)
    seen = look(trained, examine(path, audio=sound), NOTHING)
    network = trained.system.network
    pictures, heard = torch.cat(network.shown), torch.cat(network.heard)
    assert len(pictures) == len(heard) == 6
    assert seen.values.shape[0] == len(seen.on_screen) == 27
    stored = [frame for _, frame in iterate_frames(path)]
    for n in range(6):
        torch.testing.assert_close(pictures[n], PictureFit("squash", 64)(stored[5 * n + 2]))
        begin, end = (round((min(0.5 * n + 0.25, 2.7) + side) * RATE) for side in (-0.5, 0.5))
        around = SOUND(draw[max(0, begin) : end], RATE)
        torch.testing.assert_close(heard[n], around, rtol=1e-4, atol=1e-3)


def test_a_part_of_a_span_is_heard_around_each_look(film):
    draw = np.random.default_rng(0).uniform(-0.3, 0.3, 4 * RATE).astype(np.float32)
    path, sound = film([(picture(), 4.0)], draw)
    spans = dataclasses.replace(SOUND, span_s=3.0, rolls=True)
    trained, plain = sees(sound=spans), sees()
    for each in (trained, plain):
        look(each, examine(path, audio=sound), NOTHING)
    one, other = (torch.cat(each.system.network.heard) for each in (trained, plain))
    torch.testing.assert_close(one, other)


def test_a_folder_of_pictures_takes_a_rate(recordings):
    sound = recordings.write(tone(LOW, 4.0)[None], "low.wav", RATE)
    path = recordings.frames(20)
    for frame_rate, n_looks in ((10.0, 4), (5.0, 8)):
        trained = sees()
        findings = examine(path, audio=sound, frame_rate=frame_rate)
        look(trained, findings, NOTHING, frame_rate=frame_rate)
        assert len(torch.cat(trained.system.network.shown)) == n_looks


def test_where_the_pictures_end_nothing_is_known(film):
    path, sound = film([(picture((BLUE, 96)), 1.0)], tone(LOW, 3.0))
    scene = located(sees(), path, sound)
    assert "Nothing visible makes the sound from 0.0 to 1.0 s." in scene.notes
    assert len(scene.heatmap("similarity").values) == 30
    (event,) = scene
    assert np.isnan(event.track.on_screen[event.track.times >= 1.0]).all()


@pytest.mark.parametrize(("shown_s", "sound_s"), [(0.1, 0.02), (0.1, 3.0), (3.0, 0.02)])
def test_what_is_very_short_is_looked_at(film, shown_s, sound_s):
    path, sound = film([(picture((RED, 16)), shown_s)], tone(LOW, sound_s))
    seen = look(sees(), examine(path, audio=sound), NOTHING)
    assert seen.on_screen[0] == 1.0
    assert len(seen.values) == len(seen.on_screen) == max(1, round(10 * sound_s))


def test_directions_say_what_is_on_screen_and_both_maps_are_joined(recordings, film):
    red = picture((RED, 80))
    path, _ = film([(red, 3.0)], tone(LOW, 3.0), spherical=True)
    sound = recordings.scene("foa", 3.0, azimuths=(-65.0,))
    scene = located(sees(threshold=0.99), path, sound, channels="ambix")
    assert [each.kind for each in scene.heatmaps] == ["similarity", "acoustic"]
    assert all((event.track.on_screen == 1.0).all() for event in scene)
    assert any("Nothing visible" in note for note in scene.notes)
    scene = located(sees(threshold=None), path, sound, channels="ambix")
    assert [each.kind for each in scene.heatmaps] == ["similarity", "acoustic", "combined"]


@pytest.mark.parametrize(
    ("verdicts", "said"),
    [
        ("1111", ()),
        ("????", ()),
        ("0000", ("from 0.0 to 0.4 s",)),
        ("?01?", ("from 0.1 to 0.2 s",)),
        ("0100", ("from 0.0 to 0.1 s, from 0.2 to 0.4 s",)),
        ("0?00", ("from 0.0 to 0.4 s",)),
        ("01" * 10, ("from 1.0 to 1.1 s, and later.",)),
    ],
)
def test_absence_in_words(verdicts, said):
    known = {"0": 0.0, "1": 1.0, "?": np.nan}
    on_screen = np.array([known[each] for each in verdicts])
    words = absence_in_words(on_screen)
    assert len(words) == len(said)
    assert all(part in word for part, word in zip(said, words, strict=True))


@given(
    arrays(np.float32, (3, 4, 5), elements=st.floats(0.0, 1.0, width=16)),
    st.none() | st.floats(0.0, 1.0),
)
def test_rescaling(maps, threshold):
    values, verdicts = rescaled(maps, threshold)
    assert ((values >= 0.0) & (values <= 1.0)).all()
    for before, after, verdict in zip(maps, values, verdicts, strict=True):
        if threshold is None:
            assert np.isnan(verdict)
            assert after.max() == (before.max() > before.min())
        else:
            assert verdict == (before.max() >= threshold)
            assert not verdict or np.array_equal(before >= threshold, after >= 0.5)
            assert verdict or not after.any()


def test_rescaling_is_linear_on_both_sides_of_the_threshold():
    usual, least = [0.2, 0.2, 0.2, 0.2, 0.2], [0.1, 0.1, 0.1, 0.1, 0.1]
    maps = np.array(
        [
            [least, usual, [0.2, 0.5, 0.8, 0.9, 1.0]],
            [least, usual, [0.1, 0.1, 0.2, 0.7, 0.1]],
            [[0.9] * 5, [0.9] * 5, least],  # what sounds fills more than half of the picture
        ],
        np.float32,
    )
    values, verdicts = rescaled(maps, 0.8)
    assert not values[0, :2].any()
    np.testing.assert_allclose(values[0, 2], [0.0, 0.25, 0.5, 0.75, 1.0], atol=1e-6)
    assert not values[1].any()
    np.testing.assert_allclose(values[2, :2], 0.75, rtol=1e-6)
    assert not values[2, 2].any()
    assert verdicts.tolist() == [1.0, 0.0, 1.0]


def test_what_is_missing_is_refused(recordings, make_system):
    sound = recordings.write(tone(LOW, 1.0)[None], "low.wav", RATE)
    with pytest.raises(InputError, match=r"low.wav: has no picture, but colors .* looks at one"):
        locate_examined(examine(sound), system=sees())
    with pytest.raises(InputError, match="folder: holds weights of colors, which sees what makes"):
        sees().of_kind(SeldSystem)
    hears = dataclasses.replace(sees(), system=make_system())
    with pytest.raises(InputError, match="holds weights of seldnet, which hears where classes"):
        hears.of_kind(HeatMapSystem)


def small_weights(folder, threshold):
    torch.manual_seed(0)
    small = LvsSettings(width=8, picture_px=64, sound=dataclasses.replace(SOUND, n_fft=128))
    save_system(folder, find("lvs").build(small).with_threshold(threshold))
    return folder


def test_the_command_writes_everything(film, tmp_path, capsys):
    weights = small_weights(tmp_path / "weights", 0.0)
    path, sound = film([(picture((RED, 16)), 2.0)], tone(LOW, 2.0))
    out = tmp_path / "out"
    command = ["locate", str(path), "--audio", str(sound), "--out", str(out), "--system"]
    assert run([*command, str(weights)]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "Looked at by lvs" in said
    (heatmap,) = read_heatmaps(out / "heatmaps.npz")
    assert heatmap.kind == "similarity"
    assert len(heatmap.values) == 4 * LABELS_PER_LOOK
    assert (out / "overlay.mp4").is_file()
    page = (out / "report.html").read_text()
    assert "what is like the sound" in page
    assert "<td>in the picture</td>" in page
    small_weights(weights, 1.0)
    assert run([*command, str(weights)]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "Nothing visible makes the sound from 0.0 to 2.0 s." in said
    assert "<td>not in the picture</td>" in (out / "report.html").read_text()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="other systems count memory otherwise")
def test_memory_is_flat(recordings, tmp_path, peak_memory):
    """Nine more minutes hold 35 MB of samples, 56 MB of pictures as the network sees them."""
    weights = small_weights(tmp_path / "weights", 0.5)
    still = next(recordings.frames(1).iterdir())
    peaks = []
    for n_minutes in (1, 10):
        draw = np.random.default_rng(0).uniform(-0.3, 0.3, (1, 60 * RATE))
        path = recordings.write(np.tile(draw, n_minutes), f"{n_minutes}.wav", RATE)
        peaks.append(peak_memory(still, audio=str(path), system=str(weights)))
    assert peaks[1] - peaks[0] < 10.0
