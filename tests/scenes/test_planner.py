import numpy as np
import pytest

from hearsight.errors import InputError
from hearsight.scenes.planner import SceneSettings, random_plan
from hearsight.scenes.soundbank import ProceduralSounds
from hearsight.scenes.truth import truth
from hearsight.spatial.directions import angular_distance, to_angles
from hearsight.spatial.projection import Projection

BANK = ProceduralSounds()


def drawn(seed=0, projection=None, **settings):
    bounds = SceneSettings(sample_rate=8000, **settings)
    return random_plan(np.random.default_rng(seed), BANK, bounds, projection=projection)


def extent(source):
    return source.onset, source.onset + len(source.sound) / 8000


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(("n_sources", "polyphony"), [(1, 3), (5, 1), (7, 2), (9, 3)])
def test_polyphony_lengths_and_counts_keep_their_bounds(seed, n_sources, polyphony):
    plan = drawn(seed, n_sources=n_sources, max_polyphony=polyphony, duration=20.0, n_silent=2)
    sounding = [s for s in plan.sources if s.sound is not None]
    assert len(sounding) == n_sources
    assert len(plan.sources) == n_sources + 2
    extents = [extent(source) for source in sounding]
    for start, _ in extents:
        assert sum(a <= start < b for a, b in extents) <= polyphony
    assert all(0.0 <= a < b <= 20.0 and b - a <= 8.0 for a, b in extents)
    assert [a for a, _ in extents] == sorted(a for a, _ in extents)


@pytest.mark.parametrize("seed", range(6))
def test_places_keep_their_bounds_and_their_distance_from_one_another(seed):
    plan = drawn(
        seed, n_sources=6, duration=15.0, distance_m=(1.5, 2.5), elevation_deg=(-10.0, 20.0)
    )
    sounding = [s for s in plan.sources if s.sound is not None]
    for source in sounding:
        _, elevation = to_angles(source.trajectory.positions)
        assert elevation.min() > -10.001
        assert elevation.max() < 20.001
        assert np.linalg.norm(source.trajectory.positions, axis=1).min() > 1.499
        assert np.linalg.norm(source.trajectory.positions, axis=1).max() < 2.501
    for i, a in enumerate(sounding):
        for b in sounding[i + 1 :]:
            start, stop = max(a.onset, b.onset), min(extent(a)[1], extent(b)[1])
            if start < stop:
                times = np.linspace(start, stop, 50)
                directions = [s.trajectory.at(times) for s in (a, b)]
                units = [d / np.linalg.norm(d, axis=1, keepdims=True) for d in directions]
                assert angular_distance(*units).min() > 28.0


def test_shares_of_moving_and_hidden_things():
    def shares(**settings):
        plan = drawn(n_sources=8, duration=30.0, n_silent=0, **settings)
        return [
            np.mean([getattr(s, name) if name else s.trajectory.is_moving for s in plan.sources])
            for name in ("", "is_visible")
        ]

    assert shares(moving_share=0.0) == [0.0, 1.0]
    assert shares(moving_share=1.0, off_screen_share=1.0) == [1.0, 0.0]


@pytest.mark.parametrize("seed", range(4))
def test_a_perspective_camera_sees_what_is_on_screen_and_nothing_else(seed):
    camera = Projection("perspective", 160, 90, 70.0)
    for share, expected in ((0.0, 1.0), (1.0, 0.0)):
        plan = drawn(seed, camera, off_screen_share=share, n_sources=4, n_silent=0)
        for source in plan.sources:
            assert source.is_visible
            positions = source.trajectory.at(np.linspace(0.0, 12.0, 50))
            directions = positions / np.linalg.norm(positions, axis=1, keepdims=True)
            assert camera.is_on_screen(directions).mean() == expected


def test_levels_are_those_asked_for():
    plan = drawn(n_sources=8, duration=30.0, level_db=(-25.0, -25.0))
    for source in plan.sources[:8]:
        sound = source.sound.astype(float) * 10.0 ** (source.gain_db / 20.0)
        blocks = sound[: len(sound) // 400 * 400].reshape(-1, 400)
        power = np.mean(blocks**2, axis=1)
        loud = power[power > 1e-3 * power.max()]
        assert 10.0 * np.log10(loud.mean()) == pytest.approx(-25.0, abs=0.5)


def test_labels_come_once_before_any_comes_twice():
    plan = drawn(n_sources=10, n_silent=3, duration=30.0, max_polyphony=3)
    assert len({source.label for source in plan.sources}) == 13


def test_the_generator_decides():
    first, again, another = (truth(drawn(seed)).to_dicts() for seed in (1, 1, 2))
    assert first == again
    assert first != another
    assert drawn(1).seed == drawn(1).seed != drawn(2).seed


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"duration": 0.5}, "1 to 3600 s"),
        ({"duration": float("nan")}, "1 to 3600 s"),
        ({"n_sources": 30}, "at most 24"),
        ({"n_silent": -1}, "n_silent"),
        ({"max_polyphony": 0}, "max_polyphony"),
        ({"moving_share": 1.5}, "moving_share"),
        ({"distance_m": (3.0, 1.0)}, "distance_m"),
        ({"distance_m": (0.0, 1.0)}, "distance_m"),
        ({"event_s": (0.01, 1.0)}, "event_s"),
    ],
)
def test_impossible_settings_are_refused(settings, message):
    with pytest.raises(InputError, match=message):
        SceneSettings(**settings)


def test_a_camera_that_cannot_be_used_is_refused():
    with pytest.raises(InputError, match="field of view"):
        drawn(projection=Projection("perspective", 160, 90))
    with pytest.raises(InputError, match="no elevation from 60 to 80"):
        drawn(projection=Projection("perspective", 160, 90, 60.0), elevation_deg=(60.0, 80.0))
