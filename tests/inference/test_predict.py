"""What a system says to whole recordings: which windows it hears, and what becomes of the ends."""

import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from hearsight.features.store import FeatureStore
from hearsight.inference.predict import (
    WINDOWS_AT_ONCE,
    cut_windows,
    predict,
    predict_stored,
    predict_windows,
)

N_CHANNELS = {"foa": 4, "mic": 4, "stereo": 2}


@pytest.fixture(scope="module", params=[2023, 2025], ids=["foa", "stereo"])
def system(request, make_system):
    stereo = {"audio_format": "stereo"} if request.param == 2025 else {}
    return make_system(year=request.param, **stereo)


def features_of(system, n_samples, seed=0):
    generator = torch.Generator().manual_seed(seed)
    sound = 0.1 * torch.randn(N_CHANNELS[system.audio_format], n_samples, generator=generator)
    return system.feature(sound).transpose(0, 1)


class Means(nn.Module):
    """Tells the mean of the features of each label frame, so that it is seen what was heard."""

    def __init__(self, system):
        super().__init__()
        self.n_window, self.ratio = system.n_window, system.frames_per_label
        self.place = nn.Parameter(torch.zeros(1))

    def forward(self, audio):
        heard = audio[:, :, : self.n_window * self.ratio]
        groups = heard.unflatten(2, (self.n_window, self.ratio))
        return groups.mean(dim=(1, 3, 4))[..., None]


def test_windows_are_heard_as_the_baselines_hear_them_in_tests(system):
    """All frames, filled up to whole windows with 1e-6 after normalization, window after window."""
    features = features_of(system, 24_000 * 3 + 7_000)
    length = system.n_window_frames
    normal = system.normalize(features.transpose(0, 1)).transpose(0, 1)
    filled = torch.cat([normal, torch.full((length, *normal.shape[1:]), 1e-6)])
    outputs = []
    for start in range(0, 32, system.n_window):
        frames = filled[start * system.frames_per_label :][:length]
        with torch.no_grad():
            outputs.append(system.network(frames.transpose(0, 1)[None])[0])
    expected = torch.cat(outputs)[:32]
    found = predict(system, [features])
    np.testing.assert_allclose(found, expected.numpy(), rtol=1e-4, atol=1e-6)


@settings(max_examples=15)
@given(
    n_samples=st.integers(3_000, 24_000 * 6),
    sizes=st.lists(st.integers(1, 400), min_size=1, max_size=6),
)
def test_pieces_of_any_length_say_the_same(system, n_samples, sizes):
    system = dataclasses.replace(system, network=Means(system))
    features = features_of(system, n_samples)
    cuts = np.cumsum(np.resize(sizes, 400))
    pieces = torch.tensor_split(features, cuts[cuts < len(features)].tolist())
    found = predict(system, pieces)
    np.testing.assert_allclose(found, predict(system, [features]), rtol=1e-5, atol=1e-6)
    # Each label frame is told of its own features.
    ratio = system.frames_per_label
    whole = system.normalize(features.transpose(0, 1))[:, : ratio * len(found)]
    expected = whole.unflatten(1, (-1, ratio)).mean(dim=(0, 2, 3))
    np.testing.assert_allclose(found[:, 0], expected.numpy(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("n_samples", [600, 2_399, 2_400, 24_000, 26_399, 26_400, 120_000, 122_399])
def test_there_are_as_many_label_frames_as_fit_in_the_recording(system, n_samples):
    found = predict(system, [features_of(system, n_samples)])
    assert len(found) == max(1, n_samples // 2_400)


def test_a_window_hears_nothing_of_another(system):
    one, other = (features_of(system, 48_000, seed) for seed in (0, 1))
    hop = system.n_window * system.frames_per_label + system.overhang
    mixed = torch.cat([one[:hop], other[hop:]])
    first, second = predict(system, [one]), predict(system, [mixed])
    np.testing.assert_array_equal(first[:10], second[:10])
    assert np.abs(first[10:] - second[10:]).max() > 1e-4


def test_more_windows_than_fit_at_once_are_heard_one_by_one(system):
    n_windows = WINDOWS_AT_ONCE + 3
    features = features_of(system, n_windows * 24_000)
    windows = torch.cat(list(cut_windows(system, [features])))
    assert windows.shape[0] == n_windows
    together = predict_windows(system, windows)
    one_by_one = np.concatenate([predict_windows(system, each[None]) for each in windows])
    np.testing.assert_allclose(together, one_by_one, rtol=1e-4, atol=1e-5)


def test_stored_features_say_the_same(system, tmp_path):
    store = FeatureStore.of(tmp_path, system.feature)
    features = features_of(system, (WINDOWS_AT_ONCE + 1) * 24_000 + 12_000)
    store.write("scene", features)
    found = predict_stored(system, store, "scene")
    np.testing.assert_allclose(found, predict(system, [features]), rtol=1e-4, atol=1e-6)
    assert len(found) == (WINDOWS_AT_ONCE + 1) * 10 + 5


@pytest.mark.parametrize("is_training", [True, False])
def test_dropout_is_off_while_it_predicts_and_as_before_afterwards(make_system, is_training):
    system = make_system(dropout=0.5)
    system.network.train(is_training)
    windows = torch.cat(list(cut_windows(system, [features_of(system, 48_000)])))
    np.testing.assert_array_equal(
        predict_windows(system, windows), predict_windows(system, windows)
    )
    assert all(part.training is is_training for part in system.network.modules())


def test_pictures_go_with_their_windows_and_missing_ones_are_empty(make_system, tmp_path):
    system = make_system(year=2024, sees=True)
    features = features_of(system, 60_000)
    maps = torch.rand(25, 7, 7, generator=torch.Generator().manual_seed(2))
    found = predict(system, [features], maps)
    filled = torch.cat([maps, torch.zeros(5, 7, 7)]).reshape(3, 10, 7, 7)
    for index, windows in enumerate(torch.cat(list(cut_windows(system, [features])))):
        alone = predict_windows(system, windows[None], filled[index][None])
        part = found[10 * index : 10 * (index + 1)]
        np.testing.assert_allclose(part, alone[: len(part)], rtol=1e-4, atol=1e-6)
    assert np.abs(found - predict(system, [features], 0.0 * maps)).max() > 1e-4
    heard, seen = FeatureStore(tmp_path, "heard", {}), FeatureStore(tmp_path, "seen", {})
    heard.write("scene", features)
    seen.write("scene", maps)
    stored = predict_stored(system, heard, "scene", pictures=seen)
    np.testing.assert_allclose(stored, found, rtol=1e-4, atol=1e-6)
