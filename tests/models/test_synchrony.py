import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hearsight.errors import InputError
from hearsight.features.onsets import measure_onsets
from hearsight.models.significance import Agreement, period_of
from hearsight.models.synchrony import ALPHA, SynchronyMapper, explain, synchrony

FPS = 25.0
RATE = 8000
HEIGHT, WIDTH = 12, 20
OWN, OTHER = (slice(2, 5), slice(3, 6)), (slice(7, 10), slice(13, 17))


def strokes(seconds, seed, mean_gap=0.5):
    """Times of strokes that keep no tempo."""
    rng = np.random.default_rng(seed)
    times = np.cumsum(rng.uniform(0.4, 1.6, 500) * mean_gap)
    return times[times < seconds - 0.3]


def sound_of(times, seconds, seed=0):
    """Features of short noise bursts at the given times."""
    waveform = np.zeros(round(seconds * RATE), dtype=np.float32)
    burst = np.random.default_rng(seed).normal(0, 0.2, RATE // 10) * np.exp(-np.arange(800) / 200)
    for time in times:
        start = round(time * RATE)
        waveform[start : start + len(burst)] += burst.astype(np.float32)
    return measure_onsets(waveform, RATE, FPS, round(seconds * FPS))


def motion_of(times, seconds):
    """Energy that jumps at each of the times and fades within 0.2 s."""
    clock = np.arange(round(seconds * FPS)) / FPS
    since = clock[:, None] - np.asarray(times)
    return np.where(since >= 0.0, np.exp(-np.maximum(since, 0.0) / 0.08), 0.0).sum(axis=1)


def picture(own, other, seconds, seed=0):
    """Motion of one thing that goes with `own` times and another that goes with `other`."""
    rng = np.random.default_rng(seed)
    n_frames = round(seconds * FPS)
    motion = 0.05 * np.abs(rng.normal(0.0, 1.0, (n_frames, HEIGHT, WIDTH)))
    motion[:, *OWN] += 3.0 * motion_of(own, seconds)[:, None, None]
    motion[:, *OTHER] += 4.0 * motion_of(other, seconds)[:, None, None]
    return motion.astype(np.float32)


def test_the_map_shows_the_thing_that_moves_with_the_sound_while_it_does():
    own = strokes(6.0, 1)
    result = synchrony(picture(own, strokes(6.0, 2), 6.0), sound_of(own, 6.0), FPS)
    assert not result.is_empty
    assert result.values.shape == (150, HEIGHT, WIDTH)
    assert result.values.dtype == np.float32
    assert 0.5 < result.values.max() <= 1.0
    mean = result.values.mean(axis=0)
    row, column = np.unravel_index(mean.argmax(), mean.shape)
    assert 2 <= row < 5
    assert 3 <= column < 6
    assert mean[OTHER].max() < 0.05 * mean.max()
    at_cell = result.values[:, row, column]
    moving = motion_of(own, 6.0) > 0.5
    resting = motion_of(own, 6.0) < 0.05
    assert at_cell[moving].mean() > 2.0 * at_cell[resting].mean()
    assert "moves with the sound" in result.explanation


@pytest.mark.parametrize("lag", [-0.16, 0.16])
def test_motion_may_come_a_little_early_or_late(lag):
    own = strokes(8.0, 3)
    result = synchrony(picture(own + lag, strokes(8.0, 4), 8.0), sound_of(own, 8.0), FPS)
    mean = result.values.mean(axis=0)
    assert not result.is_empty
    assert mean[OWN].max() == mean.max()


def test_motion_that_is_half_a_second_late_does_not_match():
    own = strokes(8.0, 3)
    assert synchrony(picture(own + 0.5, [], 8.0), sound_of(own, 8.0), FPS).is_empty


def test_foreign_sound_gives_an_empty_map_and_a_sentence():
    moving = picture(strokes(8.0, 1), strokes(8.0, 2), 8.0)
    result = synchrony(moving, sound_of(strokes(8.0, 7), 8.0), FPS)
    assert result.is_empty
    assert not result.values.any()
    assert "nothing moves with the sound" in result.explanation


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("still", "the picture does not move"),
        ("silent", "the sound is silent"),
        ("short", "too short"),
        ("nothing", "no pictures"),
    ],
)
def test_what_cannot_be_judged_gives_an_empty_map_and_says_why(change, reason):
    own = strokes(8.0, 1)
    motion, sound = picture(own, [1.0], 8.0), sound_of(own, 8.0)
    if change == "still":
        motion = np.zeros_like(motion)
    elif change == "silent":
        sound = np.zeros_like(sound)
    n_frames = {"short": 60, "nothing": 0}.get(change, 200)
    result = synchrony(motion[:n_frames], sound[:n_frames], FPS)
    assert result.is_empty
    assert result.values.shape == (n_frames, HEIGHT, WIDTH)
    assert not result.values.any()
    assert reason in result.explanation


def test_stationary_noise_gives_an_empty_map_and_a_sentence():
    noise = np.random.default_rng(0).normal(0.0, 0.1, 8 * RATE).astype(np.float32)
    sound = measure_onsets(noise, RATE, FPS, 200)
    result = synchrony(picture(strokes(8.0, 1), strokes(8.0, 2), 8.0), sound, FPS)
    assert result.is_empty
    assert "steady" in result.explanation


def test_two_things_that_sound_are_both_shown():
    first, second = strokes(8.0, 1, 0.7), strokes(8.0, 5, 0.7)
    sound = sound_of(np.concatenate([first, second]), 8.0)
    mean = synchrony(picture(first, second, 8.0), sound, FPS).values.mean(axis=0)
    assert mean[OWN].max() > 0.2 * mean.max()
    assert mean[OTHER].max() > 0.2 * mean.max()


def test_p_values_of_foreign_sounds_are_rarely_small():
    p_values = []
    for seed in range(100):
        motion = picture(strokes(6.0, 3 * seed), strokes(6.0, 3 * seed + 1), 6.0, seed)
        sound = sound_of(strokes(6.0, 3 * seed + 2), 6.0)
        cells = motion.reshape(len(motion), -1)[:, ::7]
        p_values.append(Agreement.measure(cells, sound, FPS, ALPHA).p_value)
    # Short stretches may pass more often than the nominal rate, as the module says.
    assert np.mean(np.array(p_values) <= ALPHA) <= 0.08
    assert 0.3 < np.median(p_values) < 0.7


def test_scaling_sound_or_motion_changes_no_correlation():
    own = strokes(6.0, 1)
    motion, sound = picture(own, [], 6.0), sound_of(own, 6.0)
    result, scaled = synchrony(motion, sound, FPS), synchrony(8.0 * motion, 0.25 * sound, FPS)
    assert scaled.windows[0].correlation == pytest.approx(result.windows[0].correlation, abs=1e-5)


def test_a_metronome_is_no_evidence():
    beats = np.arange(0.2, 8.0, 0.8)
    motion = picture(beats, strokes(8.0, 2), 8.0)
    for shift in (0.0, 0.1, 0.8, 0.9):
        result = synchrony(motion, sound_of(beats[:-2] + shift, 8.0), FPS)
        assert result.is_empty
        assert "repeats every 0.80 s" in result.explanation


def test_a_regular_sound_is_told():
    assert period_of(sound_of(np.arange(0.2, 8.0, 0.6), 8.0), FPS) == pytest.approx(0.6, abs=0.05)
    assert period_of(sound_of(strokes(8.0, 1), 8.0), FPS) is None


@given(
    cuts=st.lists(st.integers(0, 550), max_size=5), shots=st.sets(st.integers(1, 549), max_size=3)
)
@settings(max_examples=10, deadline=None)
def test_blocks_do_not_matter(cuts, shots):
    own = strokes(22.0, 1)
    motion, sound = picture(own, strokes(22.0, 2), 22.0), sound_of(own, 22.0)
    is_cut = np.isin(np.arange(550), list(shots))
    whole = synchrony(motion, sound, FPS, is_cut=is_cut)
    mapper = SynchronyMapper(FPS)
    edges = sorted({0, 550, *cuts})
    parts = [
        mapper.push(motion[start:stop], sound[start:stop], is_cut[start:stop])
        for start, stop in itertools.pairwise(edges)
    ]
    np.testing.assert_array_equal(np.concatenate([*parts, mapper.finish()]), whole.values)
    assert tuple(mapper.windows) == whole.windows


def test_memory_stays_flat():
    mapper = SynchronyMapper(FPS)
    held = 0
    for _ in range(40):
        motion = picture(strokes(4.0, 1), [], 4.0)
        mapper.push(motion, sound_of(strokes(4.0, 1), 4.0), np.zeros(100, dtype=bool))
        held = max(held, len(mapper._cuts))
    assert held <= 15 * FPS


def test_a_long_video_is_judged_piece_by_piece():
    own = strokes(20.0, 1)
    first = picture(own, strokes(20.0, 2), 20.0)
    second = picture(strokes(20.0, 8), own, 20.0)  # after the cut the other place sounds
    sound = sound_of(own, 20.0)
    is_cut = np.zeros(1000, dtype=bool)
    is_cut[500] = True
    result = synchrony(
        np.concatenate([first, second]), np.concatenate([sound, sound]), FPS, is_cut=is_cut
    )
    before, after = result.values[:500].mean(axis=0), result.values[500:].mean(axis=0)
    assert before[OWN].max() > 5.0 * before[OTHER].max()
    assert after[OTHER].max() > 5.0 * after[OWN].max()
    assert all(window.stop <= 500 or window.start >= 500 for window in result.windows)
    assert "stretches" in result.explanation


def test_a_panorama_is_smoothed_over_its_seam():
    own = strokes(6.0, 1)
    motion = picture([], strokes(6.0, 2), 6.0)
    motion[:, 2:5, 0] += 3.0 * motion_of(own, 6.0)[:, None]
    flat, round_ = (synchrony(motion, sound_of(own, 6.0), FPS, wraps=w) for w in (False, True))
    assert not flat.values[:, :, -1].any()
    assert round_.values[:, 3, -1].max() > 0.1


def test_nothing_at_all_is_explained():
    assert "no pictures" in explain(())
    assert len(SynchronyMapper(FPS).finish()) == 0


@pytest.mark.parametrize(
    ("motion", "sound", "message"),
    [
        ((10, 4), (10, 3), "motion must have shape"),
        ((10, 4, 4), (9, 3), "sound must have shape"),
        ((10, 4, 4), (10,), "sound must have shape"),
    ],
)
def test_shapes_are_checked(motion, sound, message):
    with pytest.raises(InputError, match=message):
        synchrony(np.zeros(motion, np.float32), np.zeros(sound, np.float32), FPS)


@pytest.mark.parametrize(
    ("settings", "message"),
    [({"fps": -1.0}, "fps"), ({"fps": 25.0, "window_s": 2.0, "hop_s": 5.0}, "hop_s")],
)
def test_clocks_are_checked(settings, message):
    with pytest.raises(InputError, match=message):
        SynchronyMapper(**settings)
