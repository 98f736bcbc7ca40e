import numpy as np
import pytest

from hearsight.recording.layout import parse_layout
from hearsight.scenes.camera import boxes
from hearsight.scenes.mixer import render_audio
from hearsight.scenes.plan import ScenePlan, SceneSource, Trajectory, arc, still
from hearsight.scenes.truth import truth
from hearsight.spatial.arrays import SPEED_OF_SOUND
from hearsight.spatial.projection import Projection

RATE = 24000
LABELS = ("bell", "knock")


def burst(duration: float) -> np.ndarray:
    """A sound whose first and last sample are loud."""
    return np.random.default_rng(0).choice([-0.5, 0.5], round(duration * RATE)).astype(np.float32)


def test_onset_and_offset_are_exact_to_the_sample():
    path = Trajectory(np.array([0.0, 2.0]), np.array([[3.0, 1.0, 0.0], [1.0, -2.0, 0.5]]))
    plan = ScenePlan((SceneSource("bell", path, burst(0.8), onset=0.4321),), 2.0, RATE, LABELS)
    event = truth(plan).events[0]
    heard = np.abs(render_audio(plan, parse_layout("mono")).waveform[0])
    loud = np.flatnonzero(heard > 0.1 * heard.max())
    assert loud[0] == pytest.approx(event.onset * RATE, abs=1.0)
    assert loud[-1] + 1 == pytest.approx(event.offset * RATE, abs=1.0)
    assert event.onset == pytest.approx(0.4321 + np.linalg.norm(path.at(0.4321)) / SPEED_OF_SOUND)


def test_the_track_has_a_point_for_each_frame_the_event_touches():
    way = 2.0 / SPEED_OF_SOUND  # 5.8 ms
    plan = ScenePlan(
        (SceneSource("bell", still(30.0), burst(0.3), onset=0.5 - way),), 2.0, RATE, LABELS
    )
    np.testing.assert_allclose(truth(plan).events[0].track.times, [0.5, 0.6, 0.7])
    later = ScenePlan((SceneSource("bell", still(30.0), burst(0.3), 0.5),), 2.0, RATE, LABELS)
    np.testing.assert_allclose(truth(later).events[0].track.times, [0.5, 0.6, 0.7, 0.8])


def test_directions_and_distances_are_those_when_the_sound_left():
    path = arc((0.0, 0.0), (60.0, 0.0), 2.0, distance=5.0)
    plan = ScenePlan((SceneSource("knock", path, burst(2.0)),), 3.0, RATE, LABELS)
    track = truth(plan).events[0].track
    expected = 30.0 * np.clip(track.times - 5.0 / SPEED_OF_SOUND, 0.0, 2.0)
    np.testing.assert_allclose(track.azimuth, expected, atol=0.01)
    np.testing.assert_allclose(track.elevation, 0.0, atol=1e-9)
    np.testing.assert_allclose(track.distance, 5.0, atol=0.001)
    assert np.isnan(track.boxes).all()
    assert np.isnan(track.on_screen).all()


def test_the_sound_agrees_with_the_labels():
    path = arc((-40.0, -20.0), (120.0, 30.0), 2.0)
    plan = ScenePlan((SceneSource("knock", path, burst(2.0)),), 2.2, RATE, LABELS)
    track = truth(plan).events[0].track
    w, y, z, x = render_audio(plan, parse_layout("foa")).waveform.astype(float)
    for point in range(1, len(track) - 2):
        middle = round(track.times[point] * RATE)
        part = slice(middle - 240, middle + 240)  # the label is the frame's beginning
        azimuth = np.rad2deg(np.arctan2(w[part] @ y[part], w[part] @ x[part]))
        level = np.hypot(w[part] @ y[part], w[part] @ x[part])
        assert azimuth == pytest.approx(track.azimuth[point], abs=0.3)
        assert np.rad2deg(np.arctan2(w[part] @ z[part], level)) == pytest.approx(
            track.elevation[point], abs=0.3
        )


def test_boxes_are_the_camera_s_and_tell_what_is_on_screen():
    camera = Projection("perspective", 160, 90, 60.0)
    inside = SceneSource("bell", still(10.0), burst(0.5), 0.2)
    beside = SceneSource("bell", still(90.0), burst(0.5), 0.3)
    hidden = SceneSource("knock", still(-10.0), burst(0.5), 0.4, is_visible=False)
    passing = SceneSource("knock", arc((60.0, 0.0), (0.0, 0.0), 1.0), burst(1.0), 0.0)
    silent = SceneSource("knock", still(-20.0))
    plan = ScenePlan((inside, silent, beside, hidden, passing), 1.2, RATE, LABELS)
    events = {(e.label, e.onset > 0.1, round(e.azimuth)): e for e in truth(plan, projection=camera)}
    assert len(events) == 4
    on_screen = {key: event.track.on_screen for key, event in events.items()}
    assert (on_screen["bell", True, 10] == 1.0).all()
    assert (on_screen["bell", True, 90] == 0.0).all()
    assert (on_screen["knock", True, -10] == 0.0).all()
    moving = next(e for e in events.values() if e.onset < 0.1)
    assert moving.track.on_screen[0] == 0.0
    assert moving.track.on_screen[-1] == 1.0
    shown = events["bell", True, 10].track
    np.testing.assert_array_equal(shown.boxes, boxes(plan, camera, shown.times)[0])
    left, top, width, height = shown.boxes[0]
    x, y = camera.to_pixels(inside.trajectory.positions[0] / 2.0)
    assert left < x < left + width
    assert top < y < top + height


def test_instances_of_a_label_are_counted_and_the_scene_remembers():
    sources = tuple(SceneSource("bell", still(40.0 * i), burst(0.2), 0.1 * i) for i in range(3))
    plan = ScenePlan((*sources, SceneSource("knock", still(0.0), burst(0.2))), 1.0, RATE, LABELS)
    layout = parse_layout("fuma")
    scene = truth(plan, layout=layout)
    assert [e.source for e in scene if e.label == "bell"] == [0, 1, 2]
    assert [e.source for e in scene if e.label == "knock"] == [0]
    assert scene.events.labels == LABELS
    assert scene.duration == 1.0
    assert scene.layout == layout
    assert all(event.confidence is None for event in scene)


def test_a_plan_without_sound_has_no_events():
    plan = ScenePlan((SceneSource("bell", still(0.0)),), 1.0, RATE, LABELS)
    assert len(truth(plan, projection=Projection("equirectangular", 64, 32))) == 0
    assert (
        len(
            truth(
                ScenePlan((), 1.0, RATE, LABELS), projection=Projection("equirectangular", 64, 32)
            )
        )
        == 0
    )
