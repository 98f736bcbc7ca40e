"""Physics first: what is at one place must be heard and seen at the same one."""

import numpy as np
import pytest

from hearsight.datasets.stereo import (
    CLIP_S,
    SAMPLE_RATE,
    is_on_screen,
    iterate_views,
    read_stereo,
    stereo_events,
    stereo_sound,
    view_height,
)
from hearsight.errors import DatasetError, InputError
from hearsight.events.events import Event, Events, Track
from hearsight.events.formats.dcase import read_dcase, write_dcase
from hearsight.recording.audio import write_audio
from hearsight.recording.video import write_video
from hearsight.spatial.ambisonics import encode_foa
from hearsight.spatial.directions import angular_distance, equirectangular_grid, to_vectors
from hearsight.spatial.projection import Projection

LABELS = ("knock", "speech")


def spot(azimuth, elevation, width=720):
    """A panorama that is white within two degrees of one direction."""
    grid = equirectangular_grid(width // 2, width)
    near = angular_distance(grid, to_vectors(azimuth, elevation)) < 2.0
    return np.broadcast_to((255 * near).astype(np.uint8), (3, *near.shape))


def knock(azimuth, elevation, *, first=0, n=3, distance=2.0, source=0):
    return Event(
        "knock",
        first / 10,
        (first + n) / 10,
        track=Track(
            (first + np.arange(n)) / 10, np.full(n, azimuth), np.full(n, elevation), [distance] * n
        ),
        source=source,
    )


@pytest.mark.parametrize("turn", [0, 77, 180, 359])
@pytest.mark.parametrize(("left", "up"), [(0, 0), (25, 12), (-38, -15), (48, 0)])
def test_sound_picture_and_label_agree(tmp_path, turn, left, up):
    azimuth = left - turn  # the view looks to -turn
    noise = np.random.default_rng(0).normal(0, 0.1, 6 * SAMPLE_RATE).astype(np.float32)
    gains = encode_foa(to_vectors(azimuth, up)).astype(np.float32)
    write_audio(tmp_path / "a.wav", gains[:, None] * noise, SAMPLE_RATE)
    write_video(tmp_path / "a.mp4", [spot(azimuth, up)] * 6, 1.0, size=(720, 360))

    sound = read_stereo(tmp_path / "a.wav", turn, 7)
    assert sound.shape == (2, CLIP_S * SAMPLE_RATE)
    loudness = sound.std(axis=1)
    sideways = (loudness[0] - loudness[1]) / loudness.sum()
    assert sideways == pytest.approx(np.sin(np.deg2rad(left)) * np.cos(np.deg2rad(up)), abs=1e-3)

    views = np.stack(list(iterate_views(tmp_path / "a.mp4", turn, 7, fps=1.0, width=320)))
    assert views.shape == (5, 3, 180, 320)
    rows, columns = np.nonzero(views[0].mean(axis=0) > 127)
    expected = Projection("perspective", 320, 180, 100.0).to_pixels(to_vectors(left, up))
    assert np.hypot(*(expected - (columns.mean() + 0.5, rows.mean() + 0.5))) < 3.0

    (event,) = stereo_events(Events([knock(azimuth, up)], LABELS), turn)
    assert event.azimuth == pytest.approx(left)
    assert event.elevation is None
    assert event.track.on_screen.all()


def test_sound_keeps_its_samples():
    foa = np.random.default_rng(1).normal(size=(4, 100)).astype(np.float32)
    w, y, _, x = foa
    np.testing.assert_array_equal(stereo_sound(foa, 0), [w + y, w - y])
    np.testing.assert_allclose(stereo_sound(foa, 90), [w + x, w - x], rtol=1e-6)
    np.testing.assert_allclose(stereo_sound(foa, 180)[0], w - y, rtol=1e-6, atol=1e-6)
    assert stereo_sound(foa, 33).dtype == np.float32


def test_what_is_behind_is_heard_in_front():
    for azimuth, heard in ((180, 0), (-180, 0), (100, 80), (-100, -80), (90, 90), (-90, -90)):
        for turn in (0, 120, 300):
            (event,) = stereo_events(Events([knock(azimuth - turn, 0)], LABELS), turn)
            assert event.azimuth == pytest.approx(heard, abs=1e-9)
            assert not event.track.on_screen.any()


def test_a_clip_holds_what_sounds_within_it():
    events = Events(
        [
            knock(10, 5, first=0, n=40),
            knock(-20, 5, first=40, n=100, source=3, distance=1.23),
            knock(90, 5, first=95, n=2),
        ],
        LABELS,
        20.0,
    )
    clip = stereo_events(events, 0, start=38)
    assert clip.labels == LABELS
    assert clip.duration == CLIP_S
    assert [(e.onset, e.offset, e.source) for e in clip] == [(0.0, 0.2, 0), (0.2, 5.0, 3)]
    assert clip[1].distance == pytest.approx(1.23)
    assert len(stereo_events(events, 0, start=140)) == 0


@pytest.mark.parametrize("turn", [0, 45, 200])
def test_labels_survive_their_file(tmp_path, turn):
    events = Events([knock(30, 10, n=5), knock(-150, -20, first=2, source=1)], LABELS)
    clip = stereo_events(events, turn)
    write_dcase(clip, tmp_path / "a.csv", year=2025)
    assert read_dcase(tmp_path / "a.csv", labels=LABELS, duration=CLIP_S) == clip


def test_the_rules_for_what_is_on_screen_differ_at_the_edge_alone():
    azimuth, elevation = np.meshgrid(np.arange(-180, 180), np.arange(-90, 90))
    table = is_on_screen(azimuth, elevation)
    geometric = is_on_screen(azimuth, elevation, "geometric")
    inside = Projection("perspective", 640, 360, 100.0)
    np.testing.assert_array_equal(geometric, inside.is_on_screen(to_vectors(azimuth, elevation)))
    # A step of one and a half degrees towards or away from the middle settles it.
    shifts = [(a, e) for a in (-1.5, 0, 1.5) for e in (-1.5, 0, 1.5)]
    near = [inside.is_on_screen(to_vectors(azimuth + a, elevation + e)) for a, e in shifts]
    assert not table[~np.any(near, axis=0)].any()
    assert table[np.all(near, axis=0)].all()
    assert (table != geometric).any()
    assert is_on_screen(0.4, np.nan)
    with pytest.raises(InputError, match="did you mean geometric"):
        is_on_screen(0, 0, "geometrical")


def test_pictures_are_those_of_the_clip(tmp_path, counting_panoramas):
    write_video(tmp_path / "a.mp4", counting_panoramas(60), 10.0, size=(64, 32))
    views = list(iterate_views(tmp_path / "a.mp4", 90, 6, fps=10.0, width=64))
    assert [round(view.mean() / 4) for view in views] == list(range(6, 56))
    # A video a little shorter than its sound: the last picture stays.
    late = list(iterate_views(tmp_path / "a.mp4", 90, 12, fps=10.0, width=64))
    assert [round(view.mean() / 4) for view in late] == [*range(12, 60), 59, 59]
    with pytest.raises(DatasetError, match=r"a\.mp4: ends before 6\.5 s"):
        list(iterate_views(tmp_path / "a.mp4", 90, 65, fps=10.0, width=64))


@pytest.fixture
def counting_panoramas():
    return lambda n: (np.full((3, 32, 64), 4 * i, np.uint8) for i in range(n))


def test_what_is_no_ambisonics_or_panorama_is_named(tmp_path):
    write_audio(tmp_path / "a.wav", np.zeros((2, 6 * SAMPLE_RATE), np.float32), SAMPLE_RATE)
    with pytest.raises(DatasetError, match=r"a\.wav: has 2 channels"):
        read_stereo(tmp_path / "a.wav", 0, 0)
    write_video(tmp_path / "a.mp4", [np.zeros((3, 36, 64), np.uint8)] * 3, 1.0, size=(64, 36))
    with pytest.raises(DatasetError, match=r"a\.mp4: 64 x 36"):
        next(iterate_views(tmp_path / "a.mp4", 0, 0, fps=1.0))
    for width in (0, 32, 100):
        with pytest.raises(InputError, match="multiple of 64"):
            view_height(width)
