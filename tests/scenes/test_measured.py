import dataclasses

import numpy as np
import pytest

from hearsight.errors import InputError, MediaError
from hearsight.recording.layout import parse_layout
from hearsight.scenes.folder import write_scene
from hearsight.scenes.measured import MeasuredRoom
from hearsight.scenes.mixer import render_audio
from hearsight.scenes.plan import ScenePlan, SceneSource, arc, still
from hearsight.scenes.propagation import free_field
from hearsight.scenes.receivers import receiver_for
from hearsight.scenes.trajectories import straight
from hearsight.scenes.truth import truth
from hearsight.spatial.directions import to_angles, to_vectors

RATE = 8000
FOA = parse_layout("foa")
AZIMUTHS = np.arange(-180.0, 180.0, 15.0)
PLACES = 2.0 * to_vectors(AZIMUTHS, 0.0)


def click_from(place):
    click = np.zeros(1, np.float32) + 1.0
    source = SceneSource("click", straight(place, 1.001 * place, 1.0), click)
    return free_field(source, receiver_for(FOA), 0.02, RATE)


ROOM = MeasuredRoom(FOA, PLACES, np.stack([click_from(place) for place in PLACES]), RATE)


def plan_with(trajectory, onset=0.25, length=1.0, rate=RATE):
    sound = np.random.default_rng(0).standard_normal(round(length * rate)).astype(np.float32)
    source = SceneSource("a", trajectory, 0.1 * sound, onset)
    return ScenePlan((source, SceneSource("a", still(5.0, 5.0))), 2.0, rate, ("a",))


def test_a_still_source_is_heard_as_in_the_place_nearest_to_it():
    plan = ROOM.snapped(plan_with(still(33.0, 4.0, 2.3)))
    np.testing.assert_allclose(plan.sources[0].trajectory.positions, [PLACES[14]])
    assert AZIMUTHS[14] == 30.0
    heard = render_audio(plan, FOA, room=ROOM).waveform
    start = round(0.25 * RATE)
    for channel, response in zip(heard, ROOM.responses[14], strict=True):
        expected = np.convolve(plan.sources[0].sound, response)
        np.testing.assert_allclose(channel[start : start + len(expected)], expected, atol=1e-6)
    assert not heard[:, :start].any()


def test_a_moving_source_passes_the_places_on_its_way_and_labels_follow():
    plan = ROOM.snapped(plan_with(arc((2.0, 0.0), (88.0, 0.0), 1.0, onset=0.25)))
    path = plan.sources[0].trajectory
    index = ROOM.nearest(path.positions)
    np.testing.assert_allclose(AZIMUTHS[index], [0.0, 15.0, 30.0, 45.0, 60.0, 75.0, 90.0])
    assert 0.25 <= path.times[0] < path.times[-1] <= 1.25
    heard = render_audio(plan, FOA, room=ROOM).waveform
    energies = np.square(heard)
    early, late = slice(round(0.27 * RATE), round(0.35 * RATE)), slice(round(1.15 * RATE), None)
    assert energies[3, early].sum() > 10.0 * energies[1, early].sum()  # X before Y
    assert energies[1, late].sum() > 10.0 * energies[3, late].sum()
    (event,) = truth(plan)
    assert event.track.azimuth[0] == pytest.approx(0.0, abs=1e-6)
    emitted = event.track.times - 2.0 / 343.0  # all places are 2 m away
    expected, _ = to_angles(path.at(emitted))
    np.testing.assert_allclose(event.track.azimuth[1:], expected[1:], atol=0.1)


def test_a_snapped_plan_stays_as_it_is():
    plan = ROOM.snapped(plan_with(arc((-20.0, 0.0), (50.0, 0.0), 1.0, onset=0.25)))
    again = ROOM.snapped(plan)
    ROOM.check(again)
    np.testing.assert_array_equal(
        again.sources[0].trajectory.positions, plan.sources[0].trajectory.positions
    )


def test_silent_things_stay_where_they_are():
    plan = plan_with(still(33.0, 4.0))
    assert ROOM.snapped(plan).sources[1] is plan.sources[1]


def test_normalized_responses_are_as_loud_as_from_one_metre():
    loud = dataclasses.replace(ROOM, responses=7.0 * ROOM.responses)
    normal = loud.normalized()
    norms = np.linalg.norm(normal.responses, axis=-1)
    np.testing.assert_allclose(norms.mean(axis=1), 1.0)
    np.testing.assert_allclose(normal.responses, ROOM.normalized().responses)


def test_scenes_are_written_with_measured_rooms(tmp_path):
    np.savez(tmp_path / "room.npz", positions=PLACES, responses=ROOM.responses, sample_rate=RATE)
    room = MeasuredRoom.read(tmp_path / "room.npz", FOA)
    plan = room.snapped(plan_with(still(33.0, 4.0)))
    scene = write_scene(tmp_path / "out", plan, FOA, room=room)
    (event,) = scene
    assert event.track.azimuth[0] == pytest.approx(30.0)
    assert (tmp_path / "out" / "scene.wav").stat().st_size > 2 * 4 * 2 * RATE


def test_files_that_hold_no_responses_are_named(tmp_path):
    path = tmp_path / "room.npz"
    with pytest.raises(MediaError, match=r"room.npz: cannot be read"):
        MeasuredRoom.read(path, FOA)
    path.write_bytes(b"no responses")
    with pytest.raises(MediaError, match=r"room.npz: cannot be read"):
        MeasuredRoom.read(path, FOA)
    np.savez(path, positions=PLACES, sample_rate=RATE)
    with pytest.raises(InputError, match=r"room.npz: holds no responses"):
        MeasuredRoom.read(path, FOA)
    np.savez(path, positions=PLACES, responses=ROOM.responses[:, :2], sample_rate=RATE)
    with pytest.raises(InputError, match=r"room.npz: responses must have shape"):
        MeasuredRoom.read(path, FOA)
    np.savez(path, positions=PLACES, responses=0.0 * ROOM.responses, sample_rate=RATE)
    with pytest.raises(InputError, match=r"room.npz: response 0 is silent"):
        MeasuredRoom.read(path, FOA)


def test_scenes_that_do_not_fit_the_room_are_refused():
    with pytest.raises(InputError, match="snap the plan first"):
        render_audio(plan_with(still(33.0, 4.0)), FOA, room=ROOM)
    with pytest.raises(InputError, match="resample them"):
        render_audio(ROOM.snapped(plan_with(still(33.0), rate=16000)), FOA, room=ROOM)
    with pytest.raises(InputError, match="measured as WYZX:sn3d, not as array"):
        render_audio(ROOM.snapped(plan_with(still(33.0))), parse_layout("mic"), room=ROOM)
    with pytest.raises(InputError, match="not finite"):
        dataclasses.replace(ROOM, positions=np.nan * PLACES)
