import numpy as np
import pytest

from hearsight.errors import InputError
from hearsight.recording.layout import parse_layout
from hearsight.scenes.mixer import CEILING, NoiseSettings, active_samples, render_audio, render_mix
from hearsight.scenes.plan import ScenePlan, SceneSource, still
from hearsight.scenes.room import Room

RATE = 16000


def plan(gain_db=-20.0, seed=0, azimuths=(40.0,), distance=2.0):
    rng = np.random.default_rng(5)
    sources = tuple(
        SceneSource(
            "hiss",
            still(azimuth, 10.0, distance),
            rng.standard_normal(RATE).astype(np.float32),
            onset=0.5 + 0.2 * i,
            gain_db=gain_db,
        )
        for i, azimuth in enumerate(azimuths)
    )
    return ScenePlan(sources, 3.0, RATE, ("hiss",), seed)


@pytest.mark.parametrize("layout", ["foa", "fuma", "mic", "stereo", "mid-side", "mono", "XYW-Z-"])
@pytest.mark.parametrize("field", ["diffuse", "sensor"])
def test_the_measured_snr_is_the_one_asked_for(layout, field):
    scene, channels = plan(azimuths=(40.0, -100.0)), parse_layout(layout)
    mix = render_mix(scene, channels, noise=NoiseSettings(12.0, field=field))
    omnidirectional = {"XYW-Z-": [2], "mic": range(4), "stereo": range(2)}.get(layout, [0])
    active = np.zeros(mix.noise.shape[1], bool)
    way = round(2.0 / 343.0 * RATE)
    active[round(0.5 * RATE) + way : round(1.7 * RATE) + way] = True
    signal = np.mean(mix.sources[omnidirectional][:, active] ** 2)
    noise = np.mean(mix.noise[omnidirectional] ** 2)
    assert 10.0 * np.log10(signal / noise) == pytest.approx(12.0, abs=0.2)


def test_noise_alone_has_the_level_asked_for():
    silent = ScenePlan((), 2.0, RATE, ())
    mix = render_mix(silent, parse_layout("foa"), noise=NoiseSettings(level_db=-40.0))
    assert 10.0 * np.log10(np.mean(mix.noise[0] ** 2)) == pytest.approx(-40.0, abs=0.01)
    assert not mix.sources.any()


def test_the_room_counts_as_signal():
    room = Room((6.0, 5.0, 3.0), (3.0, 2.4, 1.3), 0.3)
    dry = render_mix(plan(), parse_layout("mono"))
    wet = render_mix(plan(), parse_layout("mono"), room=room, noise=NoiseSettings(20.0))
    active = active_samples(plan())
    power = np.mean(wet.sources[:, active] ** 2)
    assert power > 1.5 * np.mean(dry.sources[:, active] ** 2)
    assert 10.0 * np.log10(power / np.mean(wet.noise**2)) == pytest.approx(20.0, abs=0.2)


def test_levels_are_kept_below_the_ceiling_and_brought_down_above_it():
    quiet = render_mix(plan(-20.0), parse_layout("foa"), noise=NoiseSettings(30.0))
    assert quiet.scale == 1.0
    loud = render_mix(plan(20.0), parse_layout("foa"), noise=NoiseSettings(30.0))
    assert loud.scale < 1.0
    assert np.abs(loud.sources + loud.noise).max() == pytest.approx(CEILING)
    np.testing.assert_allclose(loud.sources, loud.scale * 100.0 * quiet.sources, atol=1e-12)
    np.testing.assert_allclose(loud.noise, loud.scale * 100.0 * quiet.noise, atol=1e-12)


def test_sources_add_up():
    both, one, other = (
        render_mix(plan(azimuths=a), parse_layout("mic")).sources
        for a in ((40.0, -100.0), (40.0,), ())
    )
    assert not other.any()
    rest = both - one
    assert not rest[:, : round(0.7 * RATE)].any()
    assert rest.any()


def test_the_seed_decides_and_nothing_else():
    settings = {"noise": NoiseSettings(10.0)}
    first, again, another = (
        render_audio(plan(seed=seed), parse_layout("foa"), **settings).waveform
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, another)
    assert first.dtype == np.float32
    assert first.shape == (4, 3 * RATE)


@pytest.mark.parametrize("numbers", [(None, None), (10.0, -30.0), (float("nan"), None)])
def test_noise_needs_one_number(numbers):
    with pytest.raises(InputError, match="snr_db"):
        NoiseSettings(*numbers)


def test_an_snr_needs_a_sound():
    with pytest.raises(InputError, match="level_db"):
        render_audio(ScenePlan((), 1.0, RATE, ()), parse_layout("foa"), noise=NoiseSettings(10.0))
