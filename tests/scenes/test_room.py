import numpy as np
import pyroomacoustics
import pytest
from scipy.signal import butter, sosfiltfilt

from hearsight.errors import InputError
from hearsight.recording.layout import mono, parse_layout
from hearsight.scenes.plan import ScenePlan, SceneSource, arc, still
from hearsight.scenes.receivers import receiver_for
from hearsight.scenes.room import Room, mirror_images, reverberation, room_around
from hearsight.spatial.ambisonics import encode_foa
from hearsight.spatial.arrays import SPEED_OF_SOUND

RATE = 24000
ROOM = Room((6.0, 5.0, 3.0), (3.0, 2.4, 1.3), 0.4)
PLACE = np.array([2.0, 0.5, 0.3])


def decay_s(response: np.ndarray) -> float:
    left = np.cumsum(response[::-1] ** 2)[::-1]
    level = 10.0 * np.log10(left / left[0] + 1e-12)
    return 2.0 * float(np.argmax(level < -35.0) - np.argmax(level < -5.0)) / RATE


@pytest.mark.parametrize("rt60", [0.25, 0.4, 0.6])
def test_the_room_reverberates_as_long_as_asked(rt60):
    room = Room(ROOM.size_m, ROOM.listener_m, rt60)
    response = room.reflections(PLACE, receiver_for(mono()), RATE)[0]
    filtered = sosfiltfilt(butter(4, [500, 8000], "band", fs=RATE, output="sos"), response)
    assert decay_s(filtered) == pytest.approx(rt60, rel=0.15)


def test_images_are_those_of_pyroomacoustics():
    box = pyroomacoustics.ShoeBox(ROOM.size_m, RATE, max_order=60)
    box.add_source(PLACE + ROOM.listener_m)
    box.add_microphone(ROOM.listener_m)
    box.image_source_model()
    source = box.sources[0]
    reach = 40.0
    theirs = {
        (*place, order)
        for place, order in zip(
            (source.images.T - ROOM.listener_m).round(3).tolist(), source.orders, strict=True
        )
        if np.linalg.norm(place) <= reach
    }
    places, orders = mirror_images(ROOM.size_m, PLACE + ROOM.listener_m, ROOM.listener_m, reach)
    ours = {(*place, order) for place, order in zip(places.round(3).tolist(), orders, strict=True)}
    assert len(ours) == len(places) > 1000
    assert ours == theirs


def test_reflections_equal_those_of_pyroomacoustics():
    before = pyroomacoustics.constants.get("rir_hpf_enable")
    pyroomacoustics.constants.set("rir_hpf_enable", False)
    try:
        box = pyroomacoustics.ShoeBox(
            ROOM.size_m, RATE, materials=pyroomacoustics.Material(ROOM.absorption), max_order=40
        )
        box.add_source(PLACE + ROOM.listener_m)
        box.add_microphone(ROOM.listener_m)
        box.compute_rir()
    finally:
        pyroomacoustics.constants.set("rir_hpf_enable", before)
    theirs = box.rir[0][0][40:]  # its filters delay by 40 samples
    ours = ROOM.reflections(PLACE, receiver_for(mono()), RATE)[0]
    part = slice(190, 2000)  # after the direct sound at 147 samples
    spectra = [
        np.fft.rfft(r[part] * np.hanning(1810), 8192)[: round(0.4 * 8192)] for r in (ours, theirs)
    ]
    scale = np.vdot(spectra[1], spectra[0]) / np.vdot(spectra[1], spectra[1])
    assert np.abs(spectra[0] - scale * spectra[1]).max() < 2e-3 * np.abs(spectra[0]).max()


def test_the_first_reflection_comes_from_the_floor_s_mirror_image():
    source = np.array([1.0, 0.0, -1.0])  # 30 cm above the floor, which is 1.3 m below
    response = ROOM.reflections(source, receiver_for(parse_layout("foa")), RATE)
    image = np.array([1.0, 0.0, -1.6])
    distance = np.linalg.norm(image)
    first = round(distance / SPEED_OF_SOUND * RATE)
    assert np.argmax(np.abs(response[0, : first + 20])) == first
    around = response[:, first - 8 : first + 8]
    gains = around @ around[0] / (around[0] @ around[0])
    np.testing.assert_allclose(gains, encode_foa(image / distance), atol=0.02)


def test_microphones_hear_the_same_images_at_their_own_distances():
    mic = receiver_for(parse_layout("mic"))
    responses = ROOM.reflections(PLACE, mic, RATE)
    image = np.array([2.0, 0.5, -2.9])  # in the floor
    expected = np.linalg.norm(image - mic.positions, axis=1) / SPEED_OF_SOUND * RATE
    for response, delay in zip(responses, expected, strict=True):
        window = slice(round(delay) - 6, round(delay) + 7)
        assert window.start + np.argmax(response[window]) == pytest.approx(delay, abs=0.6)


def test_a_still_source_is_heard_through_its_response():
    sound = np.random.default_rng(0).standard_normal(2000).astype(np.float32)
    source = SceneSource("a", still(14.0, 8.4, float(np.linalg.norm(PLACE))), sound, onset=0.1)
    foa = receiver_for(parse_layout("foa"))
    heard = reverberation(source, ROOM, foa, 1.0, RATE)
    response = ROOM.reflections(source.trajectory.positions[0], foa, RATE)
    for channel, tail in zip(heard, response, strict=True):
        expected = np.zeros(RATE)
        convolved = np.convolve(sound, tail)
        expected[2400 : 2400 + len(convolved)] = convolved
        np.testing.assert_allclose(channel, expected, atol=1e-9)


def test_a_moving_source_begins_and_ends_as_still_ones_would():
    path = arc((0.0, 0.0), (80.0, 0.0), 1.0, distance=1.5)
    room = Room(ROOM.size_m, ROOM.listener_m, 0.25)
    foa = receiver_for(parse_layout("foa"))

    def with_click_at(time):
        clicks = np.zeros(RATE, np.float32)
        clicks[round(time * (RATE - 1))] = 1.0
        return reverberation(SceneSource("a", path, clicks), room, foa, 1.5, RATE)

    for time in (0.0, 1.0):
        response = room.reflections(path.at(time), foa, RATE)
        heard = with_click_at(time)[:, round(time * (RATE - 1)) :][:, : response.shape[1]]
        np.testing.assert_allclose(heard, response, atol=2e-3)
    middle = with_click_at(0.5)[0]
    ends = [room.reflections(path.at(t), foa, RATE)[0] for t in (0.0, 1.0)]
    assert 0.3 < np.sum(middle**2) / np.mean([np.sum(e**2) for e in ends]) < 2.0


def test_a_room_around_a_plan_holds_it():
    sound = np.ones(100, np.float32)
    sources = (
        SceneSource("a", still(10.0, 40.0, 4.0), sound),
        SceneSource("a", still(-160.0, -20.0, 5.0), sound),
        SceneSource("a", still(90.0, 0.0, 50.0)),  # silent: may stand outside
    )
    plan = ScenePlan(sources, 1.0, RATE, ("a",))
    room_around(plan, 0.5).check(plan)
    with pytest.raises(InputError, match="a leaves the room"):
        ROOM.check(plan)


@pytest.mark.parametrize(
    ("size", "listener", "rt60", "message"),
    [
        ((6.0, 5.0, 3.0), (6.0, 2.0, 1.0), 0.4, "must stand inside"),
        ((6.0, 5.0, 3.0), (3.0, 2.0, 1.0), 0.0, "RT60 must lie"),
        ((6.0, 5.0, 3.0), (3.0, 2.0, 1.0), float("nan"), "RT60 must lie"),
        ((6.0, 5.0, 3.0), (3.0, 2.0, 1.0), 5.0, "RT60 must lie"),
    ],
)
def test_impossible_rooms_are_refused(size, listener, rt60, message):
    with pytest.raises(InputError, match=message):
        Room(size, listener, rt60)


def test_a_large_room_cannot_be_dry():
    room = Room((15.0, 12.0, 8.0), (7.0, 6.0, 2.0), 0.12)
    with pytest.raises(InputError, match=r"longer than 0.12 s"):
        _ = room.absorption
