import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hearsight.errors import InputError
from hearsight.recording.layout import parse_layout
from hearsight.scenes.plan import SceneSource, Trajectory, arc, still
from hearsight.scenes.propagation import (
    arrival_time,
    emission_times,
    emitted_sound,
    free_field,
    heard_interval,
    interpolate,
)
from hearsight.scenes.receivers import receiver_for
from hearsight.spatial.ambisonics import encode_foa
from hearsight.spatial.arrays import SPEED_OF_SOUND, tetrahedron
from hearsight.spatial.directions import to_vectors

RATE = 24000


def noise(duration: float, seed: int = 0) -> np.ndarray:
    """Band-limited noise: nothing above 0.4 of the sample rate."""
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(round(duration * RATE)))
    spectrum[np.fft.rfftfreq(round(duration * RATE)) > 0.4] = 0.0
    return np.fft.irfft(spectrum, round(duration * RATE)).astype(np.float32)


def delay_between(a: np.ndarray, b: np.ndarray) -> float:
    """Seconds by which b comes later than a, from the slope of the cross-spectrum's phase."""
    n = 2 * len(a)
    cross = np.conj(np.fft.rfft(a, n)) * np.fft.rfft(b, n)
    lag = int(np.argmax(np.fft.irfft(cross)))
    lag = lag - n if lag > n // 2 else lag
    turns = 2.0 * np.pi * np.arange(len(cross)) / n
    left = np.angle(cross * np.exp(1j * turns * lag))
    used = np.abs(cross) > 1e-3 * np.abs(cross).max()
    return (lag - np.average(left[used] / np.maximum(turns[used], 1e-9), weights=turns[used] ** 2
                             * np.abs(cross[used]))) / RATE  # fmt: skip


@pytest.mark.parametrize("frequency", [0.01, 0.2, 0.4])
def test_interpolation_is_exact_up_to_two_fifths_of_the_rate(frequency):
    signal = np.sin(2.0 * np.pi * frequency * np.arange(2000))
    positions = 100.0 + 1800.0 * np.random.default_rng(0).random(3000)
    expected = np.sin(2.0 * np.pi * frequency * positions)
    # In time: 3e-4 of a radian at 0.4 of 24 kHz are 5 nanoseconds.
    np.testing.assert_allclose(interpolate(signal, positions), expected, atol=3e-4)


def test_interpolation_at_samples_gives_the_samples_and_zero_outside():
    signal = np.random.default_rng(0).standard_normal(50)
    np.testing.assert_allclose(interpolate(signal, np.arange(50.0)), signal, atol=1e-12)
    np.testing.assert_allclose(interpolate(signal, np.array([-500.0, -20.0, 70.0, 1e6])), 0.0)


@settings(max_examples=20, deadline=None)
@given(st.floats(-180, 180), st.floats(-80, 80), st.floats(0.5, 10.0))
def test_foa_of_a_still_source_is_its_encoding_over_distance(azimuth, elevation, distance):
    source = SceneSource("a", still(azimuth, elevation, distance), noise(0.05))
    channels = free_field(source, receiver_for(parse_layout("foa")), 0.1, RATE)
    gains = channels @ channels[0] / (channels[0] @ channels[0])
    np.testing.assert_allclose(gains, encode_foa(to_vectors(azimuth, elevation)), atol=1e-9)
    level = np.linalg.norm(channels[0]) / np.linalg.norm(noise(0.05))
    assert level == pytest.approx(1.0 / distance, rel=1e-3)


@settings(max_examples=15, deadline=None)
@given(st.floats(-180, 180), st.floats(-80, 80), st.floats(0.5, 5.0))
def test_delays_at_an_array_are_those_of_the_geometry(azimuth, elevation, distance):
    source = SceneSource("a", still(azimuth, elevation, distance), noise(0.1))
    channels = free_field(source, receiver_for(parse_layout("mic")), 0.15, RATE)
    position = distance * to_vectors(azimuth, elevation)
    expected = np.linalg.norm(position - tetrahedron(), axis=1) / SPEED_OF_SOUND
    for channel, delay in zip(channels, expected, strict=True):
        measured = delay_between(
            np.pad(source.sound, (0, len(channel) - len(source.sound))), channel
        )
        assert measured == pytest.approx(delay, abs=1e-7)


def test_a_sound_starts_at_the_listener_when_its_way_is_done():
    click = np.zeros(100, np.float32)
    click[0] = 1.0
    distance = SPEED_OF_SOUND * 240 / RATE
    source = SceneSource("a", still(30.0, 0.0, distance), click, onset=0.05)
    heard = free_field(source, receiver_for(parse_layout("mono")), 0.2, RATE)[0]
    assert np.argmax(np.abs(heard)) == round(0.05 * RATE) + 240
    interval = heard_interval(source, 0.2, RATE)
    assert interval == pytest.approx((0.06, 0.06 + 100 / RATE))


def test_a_moving_source_has_the_gains_of_where_it_was_and_no_clicks():
    path = arc((0.0, 0.0), (90.0, 20.0), 2.0)
    tone = np.sin(2.0 * np.pi * 500.0 * np.arange(2 * RATE) / RATE).astype(np.float32)
    channels = free_field(
        SceneSource("a", path, tone), receiver_for(parse_layout("foa")), 2.0, RATE
    )
    times = np.arange(channels.shape[1]) / RATE
    emitted = emission_times(path, times)
    places = path.at(emitted)
    gains = encode_foa(places / np.linalg.norm(places, axis=1, keepdims=True))
    middle = slice(4800, 43200)
    np.testing.assert_allclose(channels[:, middle], (channels[0] * gains.T)[:, middle], atol=1e-9)
    # A click would be much faster than a tone of 500 Hz: its third difference stands out.
    rough = np.abs(np.diff(channels[:, middle], 3)).max()
    assert rough < 1.5 * (2.0 * np.pi * 500.0 / RATE) ** 3


def test_an_approaching_source_sounds_higher_by_the_doppler_shift():
    speed, rate = 20.0, RATE
    path = Trajectory(np.array([0.0, 1.0]), np.array([[30.0, 0.0, 0.0], [10.0, 0.0, 0.0]]))
    tone = np.sin(2.0 * np.pi * 1000.0 * np.arange(rate) / rate).astype(np.float32)
    heard = free_field(SceneSource("a", path, tone), receiver_for(parse_layout("mono")), 1.0, rate)
    part = heard[0, 8000:20000] * np.hanning(12000)
    peak = np.argmax(np.abs(np.fft.rfft(part, 1 << 19))) * rate / (1 << 19)
    assert peak == pytest.approx(1000.0 * SPEED_OF_SOUND / (SPEED_OF_SOUND - speed), abs=0.5)


def test_emission_and_arrival_are_inverse():
    path = Trajectory(
        np.array([0.0, 1.0, 2.5]), np.array([[1.0, 2.0, 0.0], [-3.0, 1.0, 1.0], [2.0, -8.0, 0.0]])
    )
    place = np.array([0.1, -0.2, 0.05])
    for emitted in (0.0, 0.7, 1.0, 2.2, 3.0):
        heard = arrival_time(path, emitted, place)
        assert emission_times(path, np.array([heard]), place)[0] == pytest.approx(
            emitted, abs=1e-10
        )


def test_sounds_are_cut_at_the_end_of_the_scene():
    source = SceneSource("a", still(0.0), noise(1.0), onset=0.4, gain_db=-20.0)
    emitted = emitted_sound(source, 0.5, RATE)
    np.testing.assert_allclose(emitted, 0.1 * source.sound[: round(0.1 * RATE)])
    assert heard_interval(source, 0.5, RATE) == pytest.approx((0.4 + 2.0 / SPEED_OF_SOUND, 0.5))


def test_silent_and_unheard_sources_have_no_interval():
    assert heard_interval(SceneSource("a", still(0.0)), 1.0, RATE) is None
    far = SceneSource("a", still(0.0, 0.0, 343.0), noise(0.1))
    assert heard_interval(far, 0.5, RATE) is None
    assert not free_field(far, receiver_for(parse_layout("foa")), 0.5, RATE).any()


def test_impossible_ways_are_refused():
    jump = Trajectory(np.array([0.0, 0.01]), np.array([[1.0, 0.0, 0.0], [9.0, 0.0, 0.0]]))
    with pytest.raises(InputError, match="800 m/s"):
        emission_times(jump, np.zeros(1))
    through = SceneSource("bell", still(45.0, 35.0, 0.051), noise(0.1))
    with pytest.raises(InputError, match="bell passes through a microphone"):
        free_field(through, receiver_for(parse_layout("mic")), 0.2, RATE)
