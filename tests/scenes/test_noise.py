import numpy as np
import pytest

from hearsight.errors import InputError
from hearsight.recording.layout import array, parse_layout
from hearsight.scenes.noise import NOISE_COLORS, NOISE_FIELDS, ambient_noise, fibonacci_sphere
from hearsight.scenes.receivers import receiver_for
from hearsight.spatial.ambisonics import encode_foa
from hearsight.spatial.arrays import SPEED_OF_SOUND

RATE = 24000


def drawn(layout, seconds=20, seed=0, **settings):
    rng = np.random.default_rng(seed)
    return ambient_noise(rng, receiver_for(layout), seconds * RATE, RATE, **settings)


def test_the_sphere_is_covered_evenly():
    directions = fibonacci_sphere(400)
    np.testing.assert_allclose(np.linalg.norm(directions, axis=1), 1.0)
    covariance = encode_foa(directions).T @ encode_foa(directions) / 400
    np.testing.assert_allclose(covariance, np.diag([1.0, 1 / 3, 1 / 3, 1 / 3]), atol=5e-3)


@pytest.mark.parametrize("color", NOISE_COLORS)
def test_diffuse_noise_has_equal_energy_in_pressure_and_velocity_and_no_direction(color):
    w, y, z, x = drawn(parse_layout("foa"), color=color)
    power = [np.mean(channel**2) for channel in (w, y, z, x)]
    assert power[0] == pytest.approx(1.0, rel=0.03)
    assert sum(power[1:]) == pytest.approx(power[0], rel=0.03)
    intensity = np.array([np.mean(w * x), np.mean(w * y), np.mean(w * z)])
    assert np.linalg.norm(intensity) < 0.03


def test_microphones_of_a_diffuse_field_cohere_as_a_sinc():
    spacing = 0.1
    first, second = drawn(array([[0, 0, 0], [spacing, 0, 0]]), 60, color="white")
    n = 1024
    spectra = [
        np.fft.rfft(channel[: len(channel) // n * n].reshape(-1, n) * np.hanning(n))
        for channel in (first, second)
    ]
    cross = np.mean(spectra[0] * spectra[1].conj(), axis=0)
    powers = [np.mean(np.abs(s) ** 2, axis=0) for s in spectra]
    coherence = (cross / np.sqrt(powers[0] * powers[1]))[5:-5]
    frequency = np.fft.rfftfreq(n, 1 / RATE)[5:-5]
    expected = np.sinc(2.0 * frequency * spacing / SPEED_OF_SOUND)
    assert np.abs(coherence - expected).mean() < 0.04


def test_sensor_noise_is_independent_and_leaves_unused_channels_silent():
    noise = drawn(parse_layout("XYW-Z-"), field="sensor", color="white")
    assert not noise[[3, 5]].any()
    np.testing.assert_allclose(np.cov(noise[[0, 1, 2, 4]]), np.eye(4), atol=0.03)


def test_pink_noise_falls_by_three_decibels_per_octave():
    noise = drawn(parse_layout("mono"), 60)[0]
    spectrum = np.abs(np.fft.rfft(noise)) ** 2
    frequency = np.fft.rfftfreq(len(noise), 1 / RATE)
    octaves = [
        spectrum[(frequency >= f) & (frequency < 2 * f)].mean() for f in (200, 400, 800, 1600)
    ]
    np.testing.assert_allclose(10 * np.log10(np.array(octaves[1:]) / octaves[:-1]), -3.0, atol=0.4)


def test_noise_is_stationary_from_the_first_sample():
    noise = np.stack([drawn(parse_layout("mono"), 1, seed)[0] for seed in range(30)])
    power = (noise**2).reshape(30, 12, -1).mean(axis=(0, 2))
    np.testing.assert_allclose(power, 1.0, atol=0.25)


@pytest.mark.parametrize("field", NOISE_FIELDS)
def test_the_generator_decides(field):
    layout = parse_layout("mic")
    np.testing.assert_array_equal(
        drawn(layout, 1, 3, field=field), drawn(layout, 1, 3, field=field)
    )
    assert not np.array_equal(drawn(layout, 1, 3, field=field), drawn(layout, 1, 4, field=field))


@pytest.mark.parametrize("settings", [{"color": "pnik"}, {"field": "difuse"}])
def test_unknown_names_are_refused(settings):
    with pytest.raises(InputError, match="did you mean"):
        drawn(parse_layout("mono"), 1, **settings)
