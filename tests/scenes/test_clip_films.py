import numpy as np
import pytest

from hearsight.events.classes import DCASE_2022
from hearsight.scenes.clip_films import clip_pictures, clip_sound, steady_sound
from hearsight.scenes.clip_plans import ClipPlan
from hearsight.scenes.pair_pictures import draw_pair_picture
from hearsight.scenes.pair_sounds import SAMPLE_RATE

ALL, NONE = np.ones(6, bool), np.zeros(6, bool)


def plan(heard=ALL, seen=None, aside=None, labels=("bell", "door")):
    is_seen = np.ones((len(labels), 6), bool) if seen is None else seen
    return ClipPlan(labels, aside, is_seen, heard)


def levels(sound):
    """Level of each second in dB, without the tenths at its ends."""
    middles = sound.reshape(-1, SAMPLE_RATE)[:, SAMPLE_RATE // 10 : -SAMPLE_RATE // 10]
    return 20.0 * np.log10(middles.std(axis=1))


def sound_of(what, seed=0, snr_db=40.0, aside_db=-6.0):
    rng = np.random.default_rng(seed)
    own = steady_sound(what.labels[0], rng, what.n_seconds)
    return clip_sound(what, own, rng, snr_db, aside_db)


@pytest.mark.parametrize("label", DCASE_2022)
def test_a_steady_sound_leaves_no_second_silent(label):
    for seed in range(3):
        sound = steady_sound(label, np.random.default_rng(seed), 10)
        assert sound.shape == (10 * SAMPLE_RATE,)
        assert np.sqrt(np.mean(sound**2)) == pytest.approx(1.0)
        assert np.abs(sound.reshape(10, -1)).max(axis=1).min() > 0.1 * np.abs(sound).max()


@pytest.mark.parametrize("label", ["domestic sounds", "water tap", "musical instrument"])
def test_a_thing_is_heard_in_its_seconds_alone(label):
    heard = np.array([0, 0, 1, 1, 0, 0], bool)
    sound = sound_of(plan(heard, labels=(label,)))
    assert sound.shape == (1, 6 * SAMPLE_RATE)
    assert sound.dtype == np.float32
    assert 0.29 < np.abs(sound).max() < 0.96
    level = levels(sound)
    assert level[heard].min() > level[[0, 1, 5]].max() + 15.0


def test_a_sound_from_off_screen_is_drowned_while_the_thing_sounds():
    heard = np.array([1, 1, 1, 0, 0, 0], bool)
    what = plan(heard, aside="water tap", labels=("domestic sounds",))
    quiet, loud = sound_of(what, aside_db=-40.0), sound_of(what, aside_db=20.0)
    apart = levels(quiet), levels(loud)
    assert np.abs(np.diff(apart[0][[1, 4]])) < 6.0
    assert apart[1][1] > apart[1][4] + 9.0


def test_noise_alone_stays_quiet():
    sound = sound_of(plan(NONE), snr_db=25.0)
    assert 0.0 < np.abs(sound).max() < 0.3


def test_things_are_drawn_in_their_seconds_alone():
    rng = np.random.default_rng(2)
    view = draw_pair_picture(["bell", "door"], rng, 64)
    seen = np.array([[0, 0, 1, 1, 1, 1], [1, 1, 1, 1, 0, 0]], bool)
    own = steady_sound("bell", rng, 6)
    frames = list(clip_pictures(plan(NONE, seen), view, own, rng, fps=4))
    assert len(frames) == 24
    empty = view.frame([None, None]).astype(int)
    for number, frame in enumerate(frames):
        for thing in range(2):
            left, top, right, bottom = (round(64 * edge) for edge in view.things[thing].box)
            place = np.s_[:, top:bottom, left:right]
            changed = np.abs(frame[place] - empty[place]).max(axis=0) > 0
            is_seen = seen[thing, number // 4]
            others = seen[1 - thing, number // 4]
            assert changed.mean() > 0.3 if is_seen else others or not changed.any()


def test_silent_things_move_as_sounding_ones_do():
    rng = np.random.default_rng(3)
    view = draw_pair_picture(["musical instrument"], rng, 96)
    frames = {}
    for name, heard in (("heard", ALL), ("silent", NONE)):
        what = plan(heard, labels=("musical instrument",))
        own = steady_sound("musical instrument", np.random.default_rng(1), 6)
        frames[name] = np.stack(
            list(clip_pictures(what, view, own, np.random.default_rng(1), fps=8))
        )
    assert np.array_equal(frames["heard"], frames["silent"])
    assert np.abs(np.diff(frames["heard"].astype(int), axis=0)).mean() > 0.1
