"""Timeline, azimuth over time and map of the sphere."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from hearsight import Event, Events, HeatMap, MediaError, Projection, Scene, Track
from hearsight.pictures.azimuth import draw_azimuth, unwrapped_line, write_azimuth
from hearsight.pictures.figure import drawable
from hearsight.pictures.palette import event_colors, to_rgb
from hearsight.pictures.sphere import draw_sphere, mean_on_sphere, write_sphere
from hearsight.pictures.timeline import draw_timeline, write_timeline

WRITERS = [write_timeline, write_azimuth, write_sphere]


def texts(figure):
    found = [text.get_text() for text in figure.texts]
    for axes in figure.axes:
        found += [text.get_text() for text in axes.texts]
    return "\n".join(found)


@pytest.mark.parametrize("write", WRITERS)
def test_pictures_are_whole_png_files(write, scene, tmp_path):
    path = write(scene, tmp_path / "deep" / "picture.png")
    with Image.open(path) as image:
        image.load()
        assert image.format == "PNG"
        assert image.width > 1000
    assert [file.name for file in path.parent.iterdir()] == ["picture.png"]


@pytest.mark.parametrize("write", WRITERS)
def test_what_cannot_be_written_is_said(write, scene, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(MediaError, match="cannot be written"):
        write(scene, tmp_path / "file" / "picture.png")


@pytest.mark.parametrize("draw", [draw_timeline, draw_azimuth, draw_sphere])
def test_without_events_the_notes_are_shown(draw):
    empty = Scene(Events(duration=5.0), notes=("The sound is $silent_ from {start to end.",))
    shown = texts(draw(empty))
    assert "nothing located" in shown
    assert "silent_" in shown


@pytest.mark.parametrize("write", WRITERS)
def test_odd_labels_and_many_events_are_drawn_without_warnings(write, tmp_path):
    labels = ["$x_{", "日本語の音", "a" * 300, "emoji 🎸", "%s {} \\frac"]
    track = Track([0.0, 3600.0], [10.0, np.nan], [np.nan, np.nan])
    events = [Event(f"{labels[i % 5]}{i}", i, i + 1 + 60 * i, i / 60, track) for i in range(60)]
    assert write(Scene(Events(events, duration=7200.0)), tmp_path / "many.png").exists()


def test_bars_lie_where_the_events_are(scene):
    axes = draw_timeline(scene).axes[0]
    bars = sorted(
        (round(bar.get_x(), 3), round(bar.get_width(), 3), bar.get_edgecolor()[:3])
        for bar in axes.patches
    )
    spans = [(0.0, 1.0), (0.2, 0.6), (0.5, 0.5)]
    expected = [
        (*span, tuple(c / 255 for c in to_rgb(color)))
        for span, color in zip(spans, event_colors(scene.events), strict=True)
    ]
    for bar, (onset, length, color) in zip(bars, expected, strict=True):
        assert bar[:2] == (onset, length)
        assert bar[2] == pytest.approx(color)


def test_a_track_behind_the_listener_is_broken_at_the_edge():
    times, angles = unwrapped_line(np.array([0.0, 0.1]), np.array([170.0, -170.0]))
    np.testing.assert_allclose(times, [0.0, 0.05, 0.05, 0.05, 0.1])
    np.testing.assert_allclose(angles, [170.0, 180.0, np.nan, -180.0, -170.0])


def test_a_gap_in_time_is_not_bridged():
    _, angles = unwrapped_line(np.array([0.0, 0.1, 1.0]), np.array([0.0, 1.0, 2.0]))
    np.testing.assert_allclose(angles, [0.0, 1.0, np.nan, 2.0])


def test_no_line_crosses_the_azimuth_picture(scene):
    axes = draw_azimuth(scene, truth=scene.events).axes[0]
    for line in axes.lines:
        steps = np.abs(np.diff(line.get_ydata()))
        assert not (steps[np.isfinite(steps)] > 180.0).any()
    assert axes.get_ylim() == (-180.0, 180.0)  # left, +90, lies above the front


def test_truth_is_gray_and_underneath(scene):
    axes = draw_azimuth(scene, truth=scene.events).axes[0]
    first, last = axes.lines[0], axes.lines[-1]
    assert first.get_color() == "#9aa5b1"
    assert last.get_color() in event_colors(scene.events)


def test_discs_lie_at_mean_directions_with_left_on_the_left(scene):
    axes = draw_sphere(scene).axes[0]
    discs = {tuple(np.round(c.get_offsets()[0]).tolist()) for c in axes.collections}
    expected = {(round(e.azimuth), round(e.elevation)) for e in scene.events}
    assert discs == expected
    assert axes.get_xlim() == (180.0, -180.0)


def test_the_mean_map_has_its_peak_where_the_sound_is(scene):
    mean = mean_on_sphere(scene.heatmap("acoustic"))
    _, column = np.unravel_index(mean.argmax(), mean.shape)
    assert mean.max() == pytest.approx(1.0, abs=0.15)
    # Column 4 of 16 is 180 - 360 * 4.5 / 16 degrees.
    assert 180.0 - 360.0 * (column + 0.5) / 720 == pytest.approx(78.75, abs=2.0)


def test_a_perspective_map_is_brought_to_the_sphere():
    camera = Projection("perspective", 64, 32, fov_deg=90.0)
    values = np.zeros((1, 4, 8), np.float32)
    values[0, :, 0] = 1.0  # the left eighth of the picture
    shown = mean_on_sphere(HeatMap(values, np.zeros(1), "combined", camera))
    columns = np.flatnonzero(shown.any(axis=0))
    azimuth = 180.0 - 360.0 * (columns + 0.5) / 720
    assert azimuth.max() == pytest.approx(45.0, abs=0.6)
    assert azimuth.min() == pytest.approx(np.rad2deg(np.arctan(0.75)), abs=0.6)
    unknown = replace(camera, fov_deg=None)
    assert mean_on_sphere(HeatMap(values, np.zeros(1), "combined", unknown)) is None


def test_a_frame_of_the_video_lies_under_the_sphere(scene):
    frame = np.zeros((3, 64, 128), np.uint8)
    assert len(draw_sphere(scene, frame).axes[0].images) == 2
    assert len(draw_sphere(scene).axes[0].images) == 1


def test_texts_are_made_drawable():
    assert drawable("日a") == "□a"
    assert drawable("abcdef", max_length=4) == "abc…"
