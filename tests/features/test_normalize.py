import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hearsight.errors import InputError, WeightsError
from hearsight.features.normalize import FeatureStatistics


def features(*shape, seed=0, shift=-40.0):
    return 5.0 * torch.randn(*shape, generator=torch.Generator().manual_seed(seed)) + shift


@given(
    lengths=st.lists(st.integers(0, 30), min_size=1, max_size=6).filter(any),
    seed=st.integers(0, 10),
    shift=st.sampled_from([0.0, -40.0, 1e4]),
)
def test_merged_parts_equal_the_whole(lengths, seed, shift):
    whole = features(3, sum(lengths), 5, seed=seed, shift=shift)
    parts = whole.split(lengths, dim=1)
    one = FeatureStatistics.of(whole)
    streamed = FeatureStatistics.fit(parts)
    backwards = FeatureStatistics.fit(reversed(parts))
    expected = whole.double().numpy()
    for made in (one, streamed, backwards):
        assert made.count == sum(lengths)
        np.testing.assert_allclose(made.mean, expected.mean(axis=1), rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(made.squares, len(expected[0]) * expected.var(axis=1), rtol=1e-8)


def test_batches_pool_their_items():
    batch = features(4, 3, 20, 5)
    pooled = FeatureStatistics.of(batch)
    joined = FeatureStatistics.of(torch.cat(list(batch), dim=1))
    assert pooled.count == joined.count == 80
    torch.testing.assert_close(pooled.mean, joined.mean)
    torch.testing.assert_close(pooled.squares, joined.squares)


def test_normalized_features_have_mean_zero_and_deviation_one():
    values = features(4, 3, 200, 5)
    made = FeatureStatistics.of(values).normalize(values)
    assert made.dtype == torch.float32
    assert made.mean(dim=(0, 2)).abs().max() < 1e-5
    torch.testing.assert_close(made.std(dim=(0, 2), correction=0), torch.ones(3, 5))


@pytest.mark.parametrize("value", [0.0, -100.0, 0.1, 1e-7])
def test_constant_bands_are_shifted_and_not_blown_up(value):
    values = features(2, 100, 5)
    values[1, :, 3] = value
    parts = FeatureStatistics.fit(values.split(7, dim=1))
    made = parts.normalize(values)
    assert made.isfinite().all()
    assert made[1, :, 3].abs().max() < 1e-6


def test_spatial_channels_can_stay_as_they_are():
    values = features(7, 50, 5)
    made = FeatureStatistics.of(values).normalize(values, n_channels=4)
    assert torch.equal(made[4:], values[4:])
    assert not torch.equal(made[:4], values[:4])


def test_saved_statistics_come_back(tmp_path):
    fitted = FeatureStatistics.fit([features(2, 10, 3), features(2, 4, 3)], feature="log-mel")
    fitted.save(tmp_path / "deep" / "scaler.safetensors")
    loaded = FeatureStatistics.load(tmp_path / "deep" / "scaler.safetensors")
    assert loaded.count == 14
    assert loaded.origin == {"feature": "log-mel"}
    assert torch.equal(loaded.mean, fitted.mean)
    assert torch.equal(loaded.squares, fitted.squares)


def test_damaged_and_foreign_files_are_refused(tmp_path):
    from safetensors.torch import save_file

    whole = tmp_path / "whole.safetensors"
    FeatureStatistics.of(features(2, 10, 3)).save(whole)
    torn = tmp_path / "torn.safetensors"
    torn.write_bytes(whole.read_bytes()[:60])
    foreign = tmp_path / "foreign.safetensors"
    save_file({"mean": torch.zeros(2)}, foreign)
    for path in (torn, foreign, tmp_path / "missing.safetensors", tmp_path):
        with pytest.raises(WeightsError, match=path.name):
            FeatureStatistics.load(path)


def test_what_does_not_fit_is_refused():
    statistics = FeatureStatistics.of(features(2, 10, 3))
    with pytest.raises(InputError, match="do not fit"):
        statistics.normalize(features(2, 10, 4))
    with pytest.raises(InputError, match="cannot be merged"):
        statistics.merged(FeatureStatistics.of(features(3, 10, 3)))
    with pytest.raises(InputError, match="none"):
        FeatureStatistics.fit([])
    with pytest.raises(InputError, match="not finite"):
        FeatureStatistics.of(torch.full((2, 10, 3), torch.nan))
    with pytest.raises(InputError, match="frames, bins"):
        FeatureStatistics.of(torch.zeros(10, 3))
