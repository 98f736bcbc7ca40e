"""Windows change nothing: not in what a model sees, and not in what `locate` finds."""

import gc
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hearsight
from hearsight.inference import windows
from hearsight.inference.windows import CONTEXT, LABEL_SAMPLES, FrameStore, arranged_blocks, hear
from hearsight.recording.audio import read_audio
from hearsight.recording.findings import examine

REACH = 3
"""Label frames that models look around themselves: 0.3 s."""


def smeared(sound):
    """A model that hears, in each label frame, all that sounds within its reach."""
    n_labels = sound.shape[1] // LABEL_SAMPLES
    assert n_labels * LABEL_SAMPLES == sound.shape[1]
    power = (sound.reshape(len(sound), n_labels, -1) ** 2).sum(axis=(0, 2))
    padded = np.pad(power, REACH)
    around = np.lib.stride_tricks.sliding_window_view(padded, 2 * REACH + 1)
    return power, around.sum(axis=1)


def in_blocks(sound, n_samples):
    for start in range(0, sound.shape[1], n_samples):
        yield sound[:, start : start + n_samples]


@given(
    n_samples=st.integers(1, 45 * LABEL_SAMPLES),
    window=st.integers(CONTEXT, 20),
    seed=st.integers(0, 9),
)
def test_windows_show_a_model_the_same_as_one_piece(n_samples, window, seed):
    sound = np.random.default_rng(seed).standard_normal((2, n_samples)).astype(np.float32)
    found = list(hear(in_blocks(sound, window * LABEL_SAMPLES), smeared, window))
    whole = smeared(np.pad(sound, ((0, 0), (0, -n_samples % LABEL_SAMPLES))))
    assert sum(len(each[0]) for each in found) == -(-n_samples // LABEL_SAMPLES)
    for index in range(2):
        joined = np.concatenate([each[index] for each in found])
        np.testing.assert_allclose(joined, whole[index], rtol=1e-5)


def test_nothing_to_hear_gives_nothing():
    assert list(hear(iter(()), smeared, 20)) == []


def test_context_covers_what_models_look_at():
    """A model that looks further than the context would notice."""
    assert CONTEXT > REACH


def events_of(scene):
    return [(event.label, event.onset, event.offset) for event in scene]


@pytest.mark.parametrize(
    ("layout", "method"),
    [
        ("foa", "srp"),
        ("mic", "srp"),
        ("mic", "music"),
        ("stereo", "srp"),
        ("mid-side", "srp"),
        ("mono", "srp"),
    ],
)
def test_small_windows_find_the_same(recordings, layout, method):
    path = recordings.scene(layout, 5.05, azimuths=(40.0, -30.0), snr_db=20.0)
    options = {"channels": layout, "method": method}
    whole = hearsight.locate(path, window_s=60.0, **options)
    pieces = hearsight.locate(path, window_s=1.7, **options)
    assert len(whole) >= 1
    assert events_of(pieces) == events_of(whole)
    assert pieces.notes == whole.notes
    for one, other in zip(pieces, whole, strict=True):
        assert one.confidence == pytest.approx(other.confidence, abs=1e-4)
        for name in ("azimuth", "elevation"):
            np.testing.assert_allclose(
                getattr(one.track, name), getattr(other.track, name), atol=0.01, equal_nan=True
            )
    assert len(pieces.heatmaps) == len(whole.heatmaps) == (0 if layout == "mono" else 1)
    for one, other in zip(pieces.heatmaps, whole.heatmaps, strict=True):
        # Maps are kept as float16.
        np.testing.assert_allclose(
            one.values.astype(np.float32), other.values.astype(np.float32), atol=1e-3
        )


def test_windows_that_are_too_small_are_refused(recordings):
    path = recordings.scene("mono", 3.0)
    with pytest.raises(hearsight.InputError, match="at least 1 seconds"):
        hearsight.locate(path, window_s=0.5)


def test_blocks_are_arranged_and_finite(recordings):
    sound = np.random.default_rng(0).uniform(-0.5, 0.5, (4, 12_000)).astype(np.float32)
    sound[1, 100:110] = np.nan
    sound[2, 200] = np.inf
    findings = examine(recordings.write(sound), channels="fuma")
    joined = np.concatenate(list(arranged_blocks(findings, 5000)), axis=1)
    expected = np.nan_to_num(sound, posinf=0.0)[[0, 2, 3, 1]]
    np.testing.assert_allclose(joined[0], np.sqrt(2.0) * expected[0], rtol=1e-6)
    np.testing.assert_array_equal(joined[1:], expected[1:])


@given(lengths=st.lists(st.integers(0, 5), max_size=6))
def test_a_store_gives_back_what_it_took(lengths):
    store, taken = FrameStore(), [np.zeros((0, 3, 4), np.float16)]
    for index, length in enumerate(lengths):
        frames = np.random.default_rng(index).random((length, 3, 4)).astype(np.float16)
        store.append(frames.astype(np.float32))
        taken.append(frames)
    found = store.finish()
    expected = np.concatenate(taken)
    assert len(found) == len(expected)
    if len(expected):
        np.testing.assert_array_equal(found, expected)
        found[0] = 0.0  # scaled in place later


def test_a_map_outlives_its_store():
    store = FrameStore()
    store.append(np.ones((2, 3, 4)))
    frames = store.finish()
    del store
    gc.collect()
    assert frames.sum() == 24.0


@pytest.mark.parametrize("n_frames", [0, 1, 2, 5])
def test_a_map_is_cut_off_or_filled_up(n_frames):
    store = FrameStore()
    assert store.finish(n_frames).shape == (n_frames, 1, 1)
    store.append(np.ones((2, 3, 4)))
    frames = store.finish(n_frames)
    assert frames.shape == (n_frames, 3, 4)
    assert (frames[:2] == 1.0).all()
    assert not frames[2:].any()


def test_a_full_disk_is_said(monkeypatch):
    class Full:
        def write(self, _content):
            raise OSError(28, "No space left on device")

        def close(self):
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(windows.tempfile, "TemporaryFile", Full)
    store = FrameStore()
    with pytest.raises(hearsight.MediaError, match=r"No space left on device.*TMPDIR"):
        store.append(np.ones((1, 2, 2)))
    del store
    gc.collect()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="other systems count memory otherwise")
def test_memory_is_flat(recordings, peak_memory):
    """Five minutes hold 92 MB of samples more than one, and 50 MB more of a map in float64."""
    third = read_audio(recordings.scene("mic", 20.0, snr_db=20.0))[0]
    sound = np.tile(third, 3)
    peaks = []
    for n_minutes in (1, 5):
        path = recordings.write(np.tile(sound, n_minutes), f"{n_minutes}.wav")
        peaks.append(peak_memory(path, channels="mic"))
    assert peaks[1] - peaks[0] < 10.0
