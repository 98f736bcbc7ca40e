import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hearsight.errors import InputError
from hearsight.features.gcc import GccPhat, LogGcc
from hearsight.features.intensity import LogIntensity
from hearsight.features.mel import LogSpectrum
from hearsight.features.phase import AmplitudePhase
from hearsight.features.salsa import Salsa, SalsaLite
from hearsight.features.stereo import StereoCues
from hearsight.features.stft import Stft
from hearsight.features.store import FeatureStore
from hearsight.features.streaming import Measuring, store_features, stream

FEATURES = {
    "log-mel 2020": LogSpectrum.dcase2020(),
    "log-mel 2020, zeros": LogSpectrum.dcase2020("zeros"),
    "log-mel 2020, whole frames": LogSpectrum.dcase2020("none"),
    "log-mel 2025": LogSpectrum.dcase2025(),
    "log-mel salsa": LogSpectrum.salsa(),
    "intensity 2020": LogIntensity.dcase2020(),
    "intensity 2023": LogIntensity.dcase2023(),
    "gcc": GccPhat(Stft(1024, 960, 480)),
    "gcc 2020": LogGcc.dcase2020(),
    "gcc salsa": LogGcc.salsa(),
    "salsa-lite 2022": SalsaLite.dcase2022(),
    "salsa-ipd": SalsaLite.salsa_ipd(),
    "salsa foa": Salsa.foa(),
    "stereo": StereoCues.dcase2025(),
    "amplitude and phase": AmplitudePhase.sony(),
    "amplitude and phase, whole recordings": AmplitudePhase.sony_inference(),
}
every_feature = pytest.mark.parametrize("feature", FEATURES.values(), ids=FEATURES.keys())


def sound(n_samples, n_channels=4, seed=0):
    """Return noise of changing loudness, so that floors differ from place to place."""
    rng = np.random.default_rng(seed)
    gains = 10.0 ** rng.uniform(-6.0, 0.0, (n_channels, n_samples // 2000 + 1))
    noise = 0.3 * rng.standard_normal((n_channels, n_samples))
    return (noise * gains.repeat(2000, axis=1)[:, :n_samples]).astype(np.float32)


def n_inputs(feature):
    return 2 if isinstance(feature, StereoCues) else 4


def in_blocks(waveform, borders):
    return [b for b in np.split(waveform, sorted(borders), axis=1) if b.shape[1]]


@every_feature
@settings(max_examples=15)
@given(
    n_samples=st.integers(2048, 30000),
    borders=st.lists(st.integers(1, 30000), max_size=40),
    at_once=st.integers(1, 30),
    seed=st.integers(0, 9),
)
def test_pieces_equal_the_whole(feature, n_samples, borders, at_once, seed):
    waveform = sound(n_samples, n_inputs(feature), seed)
    measuring = Measuring(feature, at_once)
    pieces = list(measuring.pieces(in_blocks(waveform, borders)))
    streamed = torch.cat([measuring.finish(piece) for piece in pieces]).transpose(0, 1)
    whole = feature(torch.from_numpy(waveform))
    torch.testing.assert_close(streamed, whole, rtol=1e-5, atol=1e-5)


@every_feature
@pytest.mark.parametrize("n_samples", [1, 300, 479, 481, 1023])
def test_a_blink_of_sound_is_as_it_is_whole(feature, n_samples):
    if feature.frames.padding == "none":
        pytest.skip("takes whole frames only")
    waveform = sound(n_samples, n_inputs(feature))
    streamed = torch.cat(list(stream(feature, in_blocks(waveform, [100, 200]))))
    whole = feature(torch.from_numpy(waveform)).transpose(0, 1)
    torch.testing.assert_close(streamed, whole, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("loud_first", [True, False])
def test_a_bang_anywhere_raises_the_floor_everywhere(loud_first):
    feature = LogIntensity.dcase2023()
    waveform = 1e-6 * sound(120_000)
    waveform[:, slice(0, 2000) if loud_first else slice(-2000, None)] = 0.5
    measuring = Measuring(feature, 20)
    pieces = list(measuring.pieces(in_blocks(waveform, range(0, 120_000, 5000))))
    assert len(pieces) > 5
    floored = torch.cat([measuring.finish(piece) for piece in pieces])
    quiet = floored[100:-100, :4]
    assert (quiet == floored[:, :4].amax(dim=(0, 2), keepdim=True) - 80.0).all()


@pytest.mark.parametrize("feature", [LogIntensity.dcase2023(), SalsaLite.dcase2022()])
def test_stored_and_streamed_features_are_those_of_the_whole(tmp_path, feature):
    waveform, store = sound(600_000), FeatureStore.of(tmp_path, feature)
    blocks = in_blocks(waveform, range(0, 600_000, 48_000))
    store_features(store, "a", feature, blocks)
    whole = feature(torch.from_numpy(waveform)).transpose(0, 1)
    torch.testing.assert_close(store.read("a"), whole, rtol=1e-5, atol=1e-5)
    assert torch.equal(torch.cat(list(stream(feature, blocks))), store.read("a"))


def test_few_samples_are_held_at_a_time():
    feature, longest = LogIntensity.dcase2023(), 0

    class Watched(type(feature)):
        def measure(self, waveform):
            nonlocal longest
            longest = max(longest, waveform.shape[1])
            return super().measure(waveform)

    watched = Watched(feature.spectrum)
    n_frames = sum(
        len(piece)
        for piece in Measuring(watched, 50).pieces(sound(1000, seed=i) for i in range(500))
    )
    assert n_frames == feature.n_frames(500_000)
    assert longest < 50 * 480 + 1000 + 4 * 1024


def test_sound_that_is_not_finite_and_no_sound_are_refused(tmp_path):
    feature = LogIntensity.dcase2023()
    waveform = sound(48_000)
    waveform[2, 20_000] = np.nan
    store, source = FeatureStore.of(tmp_path, feature), tmp_path / "mix001.wav"
    source.write_bytes(b"x")
    with pytest.raises(InputError, match=r"mix001\.wav: its features are not finite"):
        store_features(store, "mix001", feature, [waveform], source)
    assert not store.has("mix001")
    with pytest.raises(InputError, match="no sound"):
        store_features(store, "mix001", feature, [])
