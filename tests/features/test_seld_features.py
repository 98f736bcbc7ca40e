"""What every SELD feature must do, and where each finds a source that is known."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hearsight.errors import InputError
from hearsight.features.gcc import GccPhat, LogGcc, microphone_pairs
from hearsight.features.intensity import LogIntensity, active_intensity, energy_density
from hearsight.features.mel import LogSpectrum, MelBands
from hearsight.features.phase import AmplitudePhase
from hearsight.features.salsa import Salsa, SalsaLite
from hearsight.features.stereo import StereoCues
from hearsight.features.stft import Stft
from hearsight.spatial.ambisonics import encode_foa
from hearsight.spatial.arrays import SPEED_OF_SOUND, far_field_delays, tetrahedron
from hearsight.spatial.directions import angular_distance, to_vectors

RATE = 24000
FEATURES = {
    "log-mel 2020": LogSpectrum.dcase2020(),
    "log-mel 2020, zeros": LogSpectrum.dcase2020("zeros"),
    "log-mel 2025": LogSpectrum.dcase2025(),
    "log-mel salsa": LogSpectrum.salsa(),
    "log-linear salsa": LogSpectrum.salsa_linear(),
    "intensity 2020": LogIntensity.dcase2020(),
    "intensity 2021": LogIntensity.dcase2021(),
    "intensity 2023": LogIntensity.dcase2023(),
    "intensity salsa": LogIntensity.salsa(),
    "intensity salsa, linear": LogIntensity.salsa_linear(),
    "intensity einv2": LogIntensity.einv2(),
    "intensity pseldnets": LogIntensity.pseldnets(),
    "intensity av-seld": LogIntensity.av_seld(),
    "gcc 2020": LogGcc.dcase2020(),
    "gcc salsa": LogGcc.salsa(),
    "gcc salsa, linear": LogGcc.salsa_linear(),
    "salsa-lite": SalsaLite.salsa_lite(),
    "salsa-lite 2022": SalsaLite.dcase2022(),
    "salsa-ipd": SalsaLite.salsa_ipd(),
    "salsa foa": Salsa.foa(),
    "salsa foa, all bins": Salsa.foa(is_selective=False),
    "salsa mic": Salsa.mic(),
    "amplitude and phase": AmplitudePhase.sony(),
    "amplitude and phase, whole recordings": AmplitudePhase.sony_inference(),
    "stereo": StereoCues.dcase2025(),
}
every_feature = pytest.mark.parametrize("feature", FEATURES.values(), ids=FEATURES.keys())


def n_inputs(feature):
    return 2 if isinstance(feature, StereoCues) else 4


def noise(*shape, seed=0, dtype=torch.float32):
    generator = torch.Generator().manual_seed(seed)
    return 0.1 * torch.randn(*shape, generator=generator, dtype=dtype)


@every_feature
def test_a_batch_equals_its_items(feature):
    batch = noise(2, 3, n_inputs(feature), 7000)
    batch[0, 1] *= 1e-3  # a floor taken over the whole batch would show
    batch[1, 0, :, 3000:] = 0.0
    together = feature(batch)
    alone = torch.stack([torch.stack([feature(item) for item in row]) for row in batch])
    torch.testing.assert_close(together, alone, rtol=1e-5, atol=1e-5)


@every_feature
@pytest.mark.parametrize("n_samples", [512, 1023, 4800, 24001])
def test_shapes_are_as_announced(feature, n_samples):
    made = feature(noise(n_inputs(feature), n_samples))
    channels, frames = feature.n_channels(n_inputs(feature)), feature.n_frames(n_samples)
    assert made.shape == (channels, frames, feature.n_bins)
    assert made.dtype == torch.float32
    assert made.isfinite().all()


@every_feature
@pytest.mark.parametrize("n_samples", [1, 2, 299])
def test_a_blink_of_sound_is_one_frame_or_none(feature, n_samples):
    if feature == AmplitudePhase.sony_inference():
        pytest.skip("takes whole frames only")
    made = feature(noise(n_inputs(feature), n_samples))
    assert made.shape[1] == feature.n_frames(n_samples) <= 2
    assert made.isfinite().all()


@every_feature
@pytest.mark.parametrize("n_samples", [512, 9600])
def test_silence_is_finite_and_has_no_direction(feature, n_samples):
    silent = feature(torch.zeros(n_inputs(feature), n_samples))
    assert silent.isfinite().all()
    if isinstance(feature, LogIntensity) and not feature.interleaves:
        assert (silent[:4] == -100.0).all()
        assert (silent[4:] == 0.0).all()
    if isinstance(feature, Salsa | SalsaLite):
        assert (silent[n_inputs(feature) :] == 0.0).all()
    if isinstance(feature, LogGcc):
        assert (silent[4:].argmax(dim=-1) == feature.n_bins // 2).all()


@every_feature
def test_the_waveform_is_left_alone(feature):
    waveform = noise(n_inputs(feature), 3000)
    before = waveform.clone()
    feature(waveform)
    assert torch.equal(waveform, before)


@every_feature
def test_integers_and_missing_channels_are_refused(feature):
    with pytest.raises(InputError, match="waveform"):
        feature(torch.zeros(n_inputs(feature), 4800, dtype=torch.int16))
    with pytest.raises(InputError, match="waveform"):
        feature(torch.zeros(4800))


@pytest.mark.parametrize(
    "feature", [LogIntensity.dcase2023(), Salsa.foa(), StereoCues.dcase2025()], ids=str
)
def test_formats_have_their_number_of_channels(feature):
    with pytest.raises(InputError, match="channels"):
        feature(noise(3, 4800))


@pytest.mark.parametrize("feature", [GccPhat(Stft(1024, 960, 480)), Salsa.mic()], ids=str)
def test_one_microphone_has_no_differences(feature):
    with pytest.raises(InputError, match="two channels"):
        feature(noise(1, 4800))


@pytest.mark.parametrize("n_microphones", [2, 3, 6])
@pytest.mark.parametrize(
    "feature", [LogGcc.dcase2020(), SalsaLite.salsa_lite(), Salsa.mic()], ids=["gcc", "lite", "mic"]
)
def test_any_number_of_microphones(feature, n_microphones):
    made = feature(noise(2, n_microphones, 4800))
    assert made.shape[1] == feature.n_channels(n_microphones)
    assert made.isfinite().all()


@given(level=st.floats(0.0, 60.0), seed=st.integers(0, 20))
def test_levels_follow_the_gain_and_directions_do_not(level, seed):
    feature, waveform = LogIntensity.salsa(), noise(4, 2400, seed=seed, dtype=torch.float64)
    loud, soft = feature(waveform), feature(10.0 ** (level / 20.0) * waveform)
    torch.testing.assert_close(soft[:4] - loud[:4], torch.full_like(soft[:4], level))
    torch.testing.assert_close(soft[4:], loud[4:], atol=1e-3, rtol=0.0)


def test_memory_blocks_do_not_show():
    feature, waveform = LogIntensity.dcase2023(), noise(4, RATE * 8)
    step = max(16, (1 << 18) // (4 * feature.spectrum.stft.n_bins))
    assert feature.n_frames(RATE * 8) > 2 * step  # several blocks
    whole = feature.spectrum.stft(waveform)
    by_block = torch.cat(list(feature.spectrum.stft.blocks(waveform)), dim=-2)
    torch.testing.assert_close(by_block, whole)


@every_feature
def test_what_is_computed_stays_on_its_device(feature):
    if isinstance(feature, Salsa):
        pytest.skip("asks which bins are heard, and a device without memory cannot say")
    made = feature(torch.zeros(2, n_inputs(feature), 4800, device="meta"))
    assert made.device.type == "meta"
    assert made.shape == (2, *feature(torch.zeros(n_inputs(feature), 4800)).shape)


@pytest.mark.parametrize(
    "feature",
    [LogIntensity.salsa(), LogGcc.salsa(), SalsaLite.salsa_lite(), AmplitudePhase.sony()],
    ids=["intensity", "gcc", "lite", "phase"],
)
def test_a_cut_with_context_equals_the_whole(feature):
    waveform = noise(4, 300 * 80)
    hop = 240 if isinstance(feature, AmplitudePhase) else 300
    whole, cut = feature(waveform), feature(waveform[:, hop * 17 : hop * 43])
    torch.testing.assert_close(cut[:, 3:23], whole[:, 20:40], atol=1e-4, rtol=1e-5)


def test_features_pass_gradients():
    waveform = noise(4, 4800).requires_grad_()
    with torch.inference_mode():
        LogSpectrum.einv2()(waveform)  # fills the cache of bands, which must stay usable
    LogSpectrum.einv2()(waveform).sum().backward()
    assert waveform.grad is not None
    assert waveform.grad.isfinite().all()


def foa_of(azimuth, elevation, n_samples=RATE, seed=0):
    """Return noise from a direction, with a little noise in every channel."""
    gains = torch.from_numpy(encode_foa(to_vectors(azimuth, elevation)))[:, None]
    source = noise(n_samples, seed=seed, dtype=torch.float64)
    return gains * source + 1e-3 * noise(4, n_samples, seed=seed + 1, dtype=torch.float64)


def array_of(azimuth, elevation, n_samples=RATE, seed=0):
    """Return noise from a direction as the tetrahedral array hears it, and its delays."""
    delays = far_field_delays(tetrahedron(), to_vectors(azimuth, elevation))
    spectrum = torch.fft.rfft(noise(n_samples, seed=seed, dtype=torch.float64))
    frequency = torch.fft.rfftfreq(n_samples, 1.0 / RATE, dtype=torch.float64)
    turn = torch.exp(-2j * math.pi * torch.from_numpy(delays)[:, None] * frequency)
    heard = torch.fft.irfft(spectrum * turn, n=n_samples)
    return heard + 1e-3 * noise(4, n_samples, seed=seed + 1, dtype=torch.float64), delays


DIRECTIONS = [(40.0, 0.0), (-130.0, 35.0), (90.0, -60.0)]


def to_xyz(flow, order):
    return flow[[order.index(axis) for axis in "xyz"]].numpy()


@pytest.mark.parametrize(("azimuth", "elevation"), DIRECTIONS)
@pytest.mark.parametrize(
    "feature",
    [LogIntensity.dcase2021(), LogIntensity.dcase2023(), LogIntensity.einv2()],
    ids=["2021", "2023", "einv2"],
)
def test_intensity_points_at_the_source(feature, azimuth, elevation):
    flow = feature(foa_of(azimuth, elevation))[4:].mean(dim=1)
    found = to_xyz(flow, feature.order).T
    away = angular_distance(
        found / np.linalg.norm(found, axis=-1, keepdims=True), [to_vectors(azimuth, elevation)]
    )
    assert away.max() < 1.0


@pytest.mark.parametrize(("azimuth", "elevation"), DIRECTIONS)
def test_salsa_of_foa_points_at_the_source(azimuth, elevation):
    feature = Salsa.foa(is_selective=False)
    cues = feature(foa_of(azimuth, elevation))[4:, :, : feature.end_bin - 1]
    found = to_xyz(cues, "yzx").reshape(3, -1).T
    assert np.quantile(angular_distance(found, [to_vectors(azimuth, elevation)]), 0.99) < 1.0


@pytest.mark.parametrize(("azimuth", "elevation"), DIRECTIONS)
def test_phase_correlation_peaks_at_the_delay(azimuth, elevation):
    feature = GccPhat(Stft(1024, 960, 480), 64)
    waveform, delays = array_of(azimuth, elevation)
    peak = feature.lags()[feature(waveform).mean(dim=1).argmax(dim=-1)]
    pairs = microphone_pairs(4)
    later = RATE * (delays[pairs[:, 1]] - delays[pairs[:, 0]])
    assert np.abs(peak.numpy() - later).max() <= 0.51


@pytest.mark.parametrize(("azimuth", "elevation"), DIRECTIONS)
@pytest.mark.parametrize(
    "feature", [SalsaLite.salsa_lite(), Salsa.mic(is_selective=False)], ids=["lite", "mic"]
)
def test_salsa_of_an_array_gives_differences_of_path(feature, azimuth, elevation):
    waveform, delays = array_of(azimuth, elevation)
    kept = slice(4, 40)  # of the lowest bins one frame holds too few periods
    found = feature(waveform)[4:, :, kept].flatten(1).median(dim=1).values
    nearer = SPEED_OF_SOUND * (delays[0] - delays[1:])
    np.testing.assert_allclose(found, nearer, atol=2e-3)


def test_salsa_drops_what_two_sources_share_and_noise_lifts_nothing():
    feature, everywhere = Salsa.foa(), Salsa.foa(is_selective=False)
    burst = foa_of(40.0, 0.0, 2 * RATE)
    burst[:, :RATE] *= 1e-3
    cues = feature(burst)[4:, :, : feature.end_bin - 1]
    has_direction = cues.abs().sum(dim=0) > 0
    assert has_direction[90:120].float().mean() > 0.9
    assert has_direction[10:70].float().mean() < 0.05
    found = to_xyz(cues, "yzx")[:, has_direction.numpy()].T
    assert np.median(angular_distance(found, [to_vectors(40.0, 0.0)])) < 1.0

    diffuse = noise(4, 2 * RATE, dtype=torch.float64)
    diffuse[:, :RATE] *= 1e-3
    assert (feature(diffuse)[4:] != 0).float().mean() < 0.05
    assert (everywhere(diffuse)[4:, :, :190] != 0).all()


def test_salsa_hears_the_direction_of_a_silent_frame_from_its_neighbors():
    burst = foa_of(40.0, 0.0)
    stop = RATE // 2
    burst[:, stop:] = 0.0
    silent = stop // 300 + 1  # the first frame whose window holds no sound
    made = Salsa.foa(is_selective=False)(burst)[4:, :, :190]
    has_direction = (made != 0).any(dim=0).all(dim=-1)
    assert has_direction[: silent + 3].all()
    assert not has_direction[silent + 3 : -3].any()


def test_phases_above_the_limit_are_left_out():
    made = SalsaLite.salsa_lite()(array_of(40.0, 0.0)[0])[4:]
    assert (made[:, :, :42] != 0).any(dim=1).all()
    assert (made[:, :, 42:] == 0).all()


def test_a_floor_belongs_to_a_channel_or_to_all():
    waveform = noise(2, 24000)
    waveform[1] *= 1e-5
    own, common = LogSpectrum.dcase2020(), LogSpectrum.dcase2025()
    assert own(waveform)[1].max() < own(waveform)[0].max() - 80.0
    shared = common(waveform)
    assert float(shared[1].min()) == pytest.approx(float(shared.max()) - 80.0, abs=1e-4)
    assert (shared[1] == shared[1].min()).all()


def test_scrambling_of_2020_reads_bands_as_channels():
    right = LogIntensity.dcase2020(interleaves=False)
    waveform = foa_of(40.0, 10.0, 4800)
    plain, scrambled = right(waveform), LogIntensity.dcase2020()(waveform)
    n_frames = plain.shape[1]
    stored = plain[:4].numpy().transpose(1, 2, 0).reshape(n_frames, -1)  # band by band
    read = stored.reshape(n_frames, 4, 64).transpose(1, 0, 2)  # channel by channel
    np.testing.assert_array_equal(scrambled[:4].numpy(), read)
    assert not torch.equal(plain, scrambled)


def test_stereo_cues_tell_left_from_right():
    source = noise(RATE, dtype=torch.float64)
    panned = StereoCues.dcase2025()(torch.stack([2.0 * source, source]))
    torch.testing.assert_close(panned[2], torch.full_like(panned[2], 20.0 * math.log10(2.0)))
    torch.testing.assert_close(panned[3], torch.ones_like(panned[3]), atol=1e-4, rtol=0.0)
    torch.testing.assert_close(panned[4], torch.zeros_like(panned[4]), atol=1e-4, rtol=0.0)
    swapped = StereoCues.dcase2025()(torch.stack([source, 2.0 * source]))
    torch.testing.assert_close(swapped[:2], panned[:2])
    torch.testing.assert_close(swapped[2], -panned[2])

    apart = StereoCues.dcase2025()(noise(2, RATE, dtype=torch.float64))
    assert apart[3:, :, 40:].abs().mean() < 0.5
    assert (apart[3:].square().sum(dim=0) <= 1.0 + 1e-6).all()


def test_intensity_of_a_plane_wave_is_its_energy():
    spectra = Stft(1024, 960, 480)(foa_of(40.0, 10.0) - 0.0)
    ratio = active_intensity(spectra) / energy_density(spectra)
    direction = to_vectors(40.0, 10.0)
    np.testing.assert_allclose(ratio.flatten(1).median(dim=1).values, direction, atol=1e-2)
    batch = torch.stack([spectra, 2 * spectra])
    torch.testing.assert_close(active_intensity(batch)[0], active_intensity(spectra))
    torch.testing.assert_close(energy_density(batch)[0], energy_density(spectra))


@pytest.mark.parametrize(
    "make",
    [
        lambda: LogSpectrum(Stft(512, 512, 300), MelBands(RATE, 1024, 64, 0.0, 12000.0)),
        lambda: LogSpectrum(Stft(512, 512, 300), MelBands(RATE, 512, 64, 0.0, 12000.0), "file"),
        lambda: LogIntensity(LogSpectrum.salsa(), "power"),
        lambda: LogIntensity(LogSpectrum.salsa(), order="zyx"),
        lambda: LogIntensity(LogSpectrum.salsa(), epsilon=0.0),
        lambda: GccPhat(Stft(512, 512, 300), 63),
        lambda: LogGcc(LogSpectrum.salsa(), GccPhat(Stft(1024, 512, 300), 64)),
        lambda: LogGcc(LogSpectrum.salsa(), GccPhat(Stft(1024, 512, 240), 128)),
        lambda: SalsaLite(Stft(512, 512, 300), RATE, 5, 5, 2),
        lambda: Salsa("hoa", 9000.0),
        lambda: Salsa.foa(20000.0),
        lambda: AmplitudePhase(Stft(512, 512, 240), -1),
    ],
)
def test_settings_that_do_not_fit_are_refused(make):
    with pytest.raises(InputError, match=r"got|fit|called|must"):
        make()
