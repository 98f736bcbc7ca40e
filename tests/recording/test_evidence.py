"""Ambisonics of any order and normalization is told right or with doubt, never wrong and sure."""

import numpy as np
import pytest

from hearsight.recording.audio import write_audio
from hearsight.recording.evidence import judge_layout
from hearsight.recording.measurements import measure
from hearsight.recording.media import probe
from hearsight.spatial.ambisonics import encode_foa, gains_to_sn3d
from hearsight.spatial.arrays import far_field_delays, tetrahedron
from hearsight.spatial.directions import to_vectors

RATE = 16_000
DURATION_S = 5


def judge(tmp_path, sound, rate=RATE):
    path = tmp_path / "judged.wav"
    write_audio(path, sound.astype(np.float32), rate, encoding="float")
    stream = probe(path).chosen_audio
    assert stream is not None
    return judge_layout(measure(path, stream))


def babble(rng, n_samples=RATE * DURATION_S, rate=RATE):
    """Noise of a random slope that comes and goes, like somebody talking."""
    frequencies = np.fft.rfftfreq(n_samples, 1.0 / rate)
    spectrum = rng.standard_normal((2, len(frequencies))) / np.maximum(frequencies, 100.0)
    noise = np.fft.irfft(spectrum[0] + 1j * spectrum[1], n_samples)
    loudness = rng.random(n_samples * 8 // rate + 1) ** 3
    envelope = np.interp(np.arange(n_samples) * 8 / rate, np.arange(len(loudness)), loudness)
    return noise * envelope / np.std(noise)


def ambisonics(rng, n_sources=3, diffuse=0.2):
    """W, Y, Z, X in SN3D of talkers in random directions, in diffuse noise."""
    sound = np.zeros((4, RATE * DURATION_S))
    for _ in range(n_sources):
        direction = to_vectors(rng.uniform(-180, 180), rng.uniform(-30, 50))
        sound += rng.uniform(0.3, 1.0) * np.outer(encode_foa(direction), babble(rng))
    around = rng.standard_normal((30, 3))
    around /= np.linalg.norm(around, axis=1, keepdims=True)
    noise = rng.standard_normal((30, sound.shape[1])) / np.sqrt(30)
    return 0.1 * (sound + diffuse * encode_foa(around).T @ noise)


def stored(sound, letters, normalization):
    """Bring W, Y, Z, X in SN3D into a file's order and normalization."""
    scaled = sound / gains_to_sn3d(normalization)[:, None]
    silence = np.zeros(sound.shape[1])
    return np.stack([silence if c == "-" else scaled["WYZX".index(c)] for c in letters])


@pytest.mark.parametrize(
    ("letters", "normalization"),
    [
        ("WYZX", "sn3d"),
        ("WYZX", "n3d"),
        ("WXYZ", "fuma"),
        ("XYW-Z-", "sn3d"),
        ("WYZX--", "sn3d"),
    ],
)
@pytest.mark.parametrize("seed", range(4))
def test_ambisonics_by_convention_is_found(tmp_path, letters, normalization, seed):
    rng = np.random.default_rng(seed)
    sound = ambisonics(rng, n_sources=2 + seed % 3, diffuse=0.1 + 0.1 * seed)
    evidence = judge(tmp_path, stored(sound, letters, normalization))
    assert evidence.is_sure
    assert evidence.layout is not None
    assert evidence.layout.name == f"{letters}:{normalization}"
    omni = next(row for row in evidence.omni if row.channel == letters.index("W"))
    assert omni.fits == (normalization,)
    assert omni.spread_db == min(row.spread_db for row in evidence.omni)


ORDERS = ["WYZX", "WXYZ", "XWYZ", "YWXZ", "XYWZ", "ZYWX", "XYZW", "YZXW", "XYW-Z-", "X-YW-Z"]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("normalization", ["sn3d", "fuma", "n3d"])
def test_no_order_is_ever_told_wrong_with_certainty(tmp_path, normalization, seed):
    rng = np.random.default_rng(100 + seed)
    n_sources, diffuse = (0, 1, 1, 2, 3, 5)[seed], (1.0, 0.0, 0.5, 0.05, 0.3, 0.1)[seed]
    sound = ambisonics(rng, n_sources, diffuse)
    for letters in ORDERS:
        evidence = judge(tmp_path, stored(sound, letters, normalization))
        if evidence.is_sure:
            (layout,) = evidence.candidates
            assert layout.order[0] == letters.index("W")
            assert layout.normalization == normalization
        else:
            assert any("not sure" in r or "give" in r or "name" in r for r in evidence.reasons)


def test_one_still_source_leaves_doubt(tmp_path):
    sound = np.outer(encode_foa([1.0, 0.0, 0.0]), babble(np.random.default_rng(0)))
    evidence = judge(tmp_path, 0.1 * sound)
    assert not evidence.is_sure
    assert evidence.layout is not None
    assert evidence.layout.name == "WYZX:sn3d"
    assert any("could be W as well" in reason for reason in evidence.reasons)


def test_higher_orders_give_their_first(tmp_path):
    rng = np.random.default_rng(1)
    higher = 0.02 * rng.standard_normal((5, RATE * DURATION_S))
    evidence = judge(tmp_path, np.concatenate([ambisonics(rng), higher]))
    assert evidence.is_sure
    assert evidence.layout is not None
    assert evidence.layout.order == (0, 1, 2, 3)
    assert evidence.layout.n_channels == 9


def array_sound(rng, positions, n_sources=2, diffuse=0.2, rate=24_000):
    n_samples = rate * DURATION_S
    frequencies = np.fft.rfftfreq(n_samples, 1.0 / rate)
    sound = 1e-3 * rng.standard_normal((len(positions), n_samples))
    for number in range(n_sources + 20):
        direction = rng.standard_normal(3)
        direction /= np.linalg.norm(direction)
        is_source = number < n_sources
        signal = babble(rng, n_samples, rate) if is_source else rng.standard_normal(n_samples)
        phase = np.exp(-2j * np.pi * np.outer(far_field_delays(positions, direction), frequencies))
        gain = 1.0 if is_source else diffuse / np.sqrt(20)
        sound += gain * np.fft.irfft(phase * np.fft.rfft(signal), n_samples)
    return 0.1 * sound


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("radius_m", [0.02, 0.042, 0.1])
def test_close_microphones_are_no_ambisonics(tmp_path, radius_m, seed):
    rng = np.random.default_rng(seed)
    sound = array_sound(rng, tetrahedron(radius_m), n_sources=seed, diffuse=0.3)
    evidence = judge(tmp_path, sound, 24_000)
    assert not evidence.is_sure
    assert evidence.layout is not None
    assert evidence.layout.kind == "array"
    assert "microphones close together" in evidence.reasons[0]


def test_an_array_of_six_asks_for_its_geometry(tmp_path):
    line = np.zeros((6, 3))
    line[:, 1] = 0.03 * np.arange(6)
    evidence = judge(tmp_path, array_sound(np.random.default_rng(0), line), 24_000)
    assert evidence.candidates == ()
    assert "--geometry" in evidence.reasons[-1]


@pytest.mark.parametrize("seed", range(5))
def test_unrelated_and_panned_channels_are_never_sure(tmp_path, seed):
    rng = np.random.default_rng(seed)
    stems = np.stack([babble(rng) for _ in range(4)])
    noise = rng.standard_normal((4, RATE * DURATION_S))
    panned = np.abs(rng.standard_normal((4, 3))) @ stems[:3]
    for sound in (stems, noise, panned):
        assert not judge(tmp_path, 0.05 * sound).is_sure


@pytest.mark.parametrize("n_channels", [3, 5, 7])
def test_an_odd_number_of_channels_has_no_layout(tmp_path, n_channels):
    noise = 0.1 * np.random.default_rng(0).standard_normal((n_channels, RATE * 2))
    evidence = judge(tmp_path, noise)
    assert evidence.layout is None
    assert "--channels" in evidence.reasons[0]


def pair_sound(rng, gains, diffuse=0.03):
    sound = diffuse * rng.standard_normal((2, RATE * DURATION_S))
    for pair in gains:
        sound += np.outer(pair, babble(rng))
    return 0.1 * sound


def test_left_and_right_is_told(tmp_path):
    angles = np.deg2rad([20, 45, 75])
    gains = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    evidence = judge(tmp_path, pair_sound(np.random.default_rng(0), gains))
    assert evidence.is_sure
    assert evidence.candidates[0].kind == "stereo"


def test_mid_and_side_is_told(tmp_path):
    gains = [(1.0, 0.5), (1.0, -0.5), (0.8, 0.3), (0.8, -0.3)]
    evidence = judge(tmp_path, pair_sound(np.random.default_rng(0), gains))
    assert evidence.candidates[0].kind == "mid-side"


@pytest.mark.parametrize("seed", range(6))
def test_a_pair_is_never_told_wrong_with_certainty(tmp_path, seed):
    rng = np.random.default_rng(seed)
    aside = rng.uniform(-1.0, 1.0, 1 + seed % 4)
    angles = 0.25 * np.pi * (1.0 - aside)
    left_right = pair_sound(rng, np.stack([np.cos(angles), np.sin(angles)], axis=1))
    evidence = judge(tmp_path, left_right)
    assert not evidence.is_sure or evidence.candidates[0].kind == "stereo"
    mid_side = pair_sound(rng, np.stack([np.ones_like(aside), 0.5 * aside], axis=1))
    evidence = judge(tmp_path, mid_side)
    assert not evidence.is_sure or evidence.candidates[0].kind == "mid-side"


def test_one_sound_in_two_channels_is_mono(tmp_path):
    sound = np.outer([1.0, 1.0], 0.1 * babble(np.random.default_rng(0)))
    evidence = judge(tmp_path, sound)
    assert evidence.is_sure
    assert evidence.layout is not None
    assert (evidence.layout.kind, evidence.layout.order) == ("mono", (0,))
    sound[0] = 0.0
    evidence = judge(tmp_path, sound)
    assert evidence.layout is not None
    assert (evidence.layout.kind, evidence.layout.order) == ("mono", (1,))


@pytest.mark.parametrize("n_channels", [1, 2, 3, 4, 6, 9])
def test_silence_and_blinks_are_judged_without_certainty(tmp_path, n_channels):
    for sound in (np.zeros((n_channels, RATE)), 0.1 * np.ones((n_channels, 3))):
        evidence = judge(tmp_path, sound)
        assert n_channels <= 2 or not evidence.is_sure
        assert evidence.reasons
