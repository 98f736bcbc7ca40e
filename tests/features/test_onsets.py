import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hearsight.errors import InputError
from hearsight.features.onsets import SILENT_LEVEL, OnsetMeter, measure_onsets

RATE = 16000
LEVEL, ONSET, CHANGE = range(3)


def noise(seconds, seed=0):
    return np.random.default_rng(seed).normal(0.0, 0.1, round(seconds * RATE)).astype(np.float32)


def test_a_burst_is_an_onset_in_its_own_row_and_its_end_a_change():
    sound = np.zeros(2 * RATE, dtype=np.float32)
    sound[round(1.005 * RATE) : round(1.5 * RATE)] = noise(0.495)
    rows = measure_onsets(sound, RATE, 25.0)
    # Row i lies between pictures i - 1 and i, so 1.005 s is in row 26.
    assert rows[:, ONSET].argmax() == 26
    assert rows[27:38, LEVEL].min() > 10 * max(rows[:26, LEVEL].max(), 1e-6)
    ending = slice(37, 41)
    assert rows[ending, CHANGE].max() > 3 * rows[ending, ONSET].max()


def test_level_follows_amplitude_by_its_square_root():
    loud, soft = (measure_onsets(gain * noise(1.0), RATE, 25.0)[2:-2, LEVEL] for gain in (1, 0.01))
    np.testing.assert_allclose(loud / soft, 10.0, rtol=1e-3)
    np.testing.assert_allclose(loud, np.sqrt(0.1), rtol=0.15)


def test_silent_level_is_80_db_below_full_scale():
    time = np.arange(RATE) / RATE
    sine = np.sin(2 * np.pi * 1000.0 * time).astype(np.float32) * np.sqrt(2.0).astype(np.float32)
    at_limit = measure_onsets(1e-4 * sine, RATE, 25.0)[3:-3, LEVEL]
    np.testing.assert_allclose(at_limit, SILENT_LEVEL, rtol=0.02)


@given(
    cuts=st.lists(st.integers(0, 24000), max_size=6),
    fps=st.sampled_from([10.0, 12.5, 24.0, 25.0, 29.97, 60.0]),
    sample_rate=st.sampled_from([8000, 16000, 44100]),
)
@settings(max_examples=25, deadline=None)
def test_blocks_do_not_matter(cuts, fps, sample_rate):
    sound = noise(1.5)
    whole = measure_onsets(sound, sample_rate, fps)
    meter = OnsetMeter(sample_rate, fps)
    parts = [meter.push(block) for block in np.split(sound, sorted(cuts))]
    together = np.concatenate([*parts, meter.finish()])
    np.testing.assert_allclose(together, whole, atol=1e-6)
    assert len(whole) == int(np.ceil(len(sound) / sample_rate * fps - 1e-6)) + 1


@pytest.mark.parametrize("n_frames", [1, 10, 25, 26, 40])
def test_rows_end_with_the_picture(n_frames):
    rows = measure_onsets(noise(1.0), RATE, 25.0, n_frames)
    assert rows.shape == (n_frames, 3)
    assert (rows[0] == 0.0).all() or n_frames == 1
    assert (rows[30:] == 0.0).all()


def test_no_sound_gives_silence():
    rows = measure_onsets(np.zeros(0, dtype=np.float32), RATE, 25.0, 5)
    assert rows.shape == (5, 3)
    assert (rows == 0.0).all()


def test_stereo_must_be_mixed_first():
    with pytest.raises(InputError, match="mix the channels"):
        OnsetMeter(RATE, 25.0).push(np.zeros((2, 100), dtype=np.float32))


@pytest.mark.parametrize(("sample_rate", "fps"), [(RATE, 0.0), (RATE, float("nan")), (10, 25.0)])
def test_clocks_must_run(sample_rate, fps):
    with pytest.raises(InputError, match=r"fps|sample rate"):
        OnsetMeter(sample_rate, fps)
