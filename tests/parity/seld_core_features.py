"""Checks of the SELD features against the originals."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from scipy.signal import lfilter

from hearsight.features.gcc import LogGcc
from hearsight.features.intensity import LogIntensity
from hearsight.features.mel import LogSpectrum
from hearsight.features.phase import AmplitudePhase
from hearsight.features.salsa import Salsa, SalsaLite
from hearsight.features.stft import Stft, from_pcm16
from hearsight.spatial.ambisonics import encode_foa
from hearsight.spatial.arrays import SPEED_OF_SOUND
from hearsight.spatial.directions import to_vectors
from parity.reference import Check, Reference, known_stem

LIBRARY_PADDING = "zeros"
"""What the library of the originals pads with where they do not say: the json's notes."""

SINGLE_PRECISION = ("salsa", "ein", "pseldnets")
"""Begin the names of cases that the originals computed in float32: their weak bins are rounded."""

SELECTIVE = ("salsa_foa", "salsa_mic")
"""Cases that leave out bins in which no direction is heard."""


class Signals:
    """The recordings that a json describes, in words that hold all their numbers."""

    def __init__(self, reference: Reference) -> None:
        signal = reference.spec["cases"]["signal"]
        self.n_samples, self.rate = signal["samples"], signal["rate"]
        recipe = " ".join(signal["recipe"])
        sources = [self._source(reference, recipe, name) for name in ("src0", "src1")]
        (zeroed,) = re.findall(r"samples before N//(\d+) set to 0", recipe)
        sources[1][: self.n_samples // int(zeroed)] = 0.0
        (loudness,) = re.findall(r"ambient = ([\d.]+) \*", recipe)
        ambient = float(loudness) * reference.fill("input:ambient", (4, self.n_samples))
        angles = re.findall(r"\((-?[\d.]+),\s*(-?[\d.]+)\) deg", recipe)
        gains = encode_foa([to_vectors(float(az), float(el)) for az, el in angles])
        delays = [
            [int(delay) for delay in found.split(",")]
            for found in re.findall(r"src\d \[([\d, ]+)\]", recipe)
        ]
        foa = sum(gain[:, None] * source for gain, source in zip(gains, sources, strict=True))
        mic = sum(
            np.stack([np.concatenate([np.zeros(d), source[: self.n_samples - d]]) for d in late])
            for late, source in zip(delays, sources, strict=True)
        )
        (ends,) = re.findall(r"int\((\d*\.\d+)N\) to int\((\d*\.\d+)N\) set to 0", recipe)
        gap = slice(*(int(float(end) * self.n_samples) for end in ends))
        self.foa, self.mic = (self._finish(sound + ambient, gap) for sound in (foa, mic))
        for made, name in ((self.foa, "foa"), (self.mic, "mic")):
            for part, few in (("first8", slice(8)), ("last8", slice(-8, None))):
                if (stored := signal.get(f"{name}_{part}")) is not None:
                    np.testing.assert_allclose(made[:, few], np.array(stored), rtol=1e-6)

    def _source(self, reference: Reference, recipe: str, name: str) -> np.ndarray:
        found = re.search(rf"{name} = ([\d.]+) \* y, y\[n\] = x\[n\] \+ ([\d.]+) y\[n-1\]", recipe)
        assert found, f"the recipe of {name} reads in a way this test does not know"
        gain, feedback = (float(number) for number in found.groups())
        noise = reference.fill(f"input:{name}", (self.n_samples,)).astype(np.float64)
        return gain * lfilter([1.0], [1.0, -feedback], noise)

    @staticmethod
    def _finish(sound: np.ndarray, gap: slice) -> torch.Tensor:
        sound = sound.copy()
        sound[:, gap] = 0.0
        return torch.from_numpy(sound.astype(np.float32))


def by_frame(features: torch.Tensor) -> torch.Tensor:
    """(channels, frames, bins) -> (frames, channels * bins), channel after channel."""
    return features.transpose(0, 1).flatten(1)


def band_major(features: torch.Tensor) -> torch.Tensor:
    """(channels, frames, bins) -> (frames, bins * channels), band after band, as in 2020."""
    return features.permute(1, 2, 0).flatten(1)


Case = dict[str, Any]
Make = Callable[[Signals, Case], torch.Tensor]


def cut(signal: torch.Tensor, case: Case) -> torch.Tensor:
    return signal[:, slice(*case.get("segment", (None,)))]


def stereo(signals: Signals, right_gain: float) -> torch.Tensor:
    left_right = torch.stack([signals.foa[0] + signals.foa[1], signals.foa[0] - signals.foa[1]])
    return left_right.double() * torch.tensor([[1.0], [right_gain]])


def quiet_gain(case: Case) -> float:
    found = re.search(r"right channel scaled by ([\d.e-]+)", case["layout"])
    assert found, "the layout must say how quiet the right channel is"
    return float(found.group(1).rstrip("."))


def silence(signals: Signals, case: Case, value: float) -> torch.Tensor:
    n_samples = case["full_shape"][0] * LogSpectrum.dcase2020().stft.hop_length
    return torch.full((4, n_samples), value, dtype=torch.float64)


def lite(case: Case) -> SalsaLite:
    stft = SalsaLite.dcase2022(LIBRARY_PADDING).stft
    return SalsaLite(stft, 24000, case["lower_bin"], case["cutoff_bin"], case["upper_bin"])


def salsa(case: Case, kind: str) -> Salsa:
    make = {"foa": Salsa.foa, "mic": Salsa.mic}[kind]
    return make(**({"fmax": case["fmax_doa"]} if "fmax_doa" in case else {}))


def first_samples(signal: torch.Tensor, feature: AmplitudePhase, case: Case) -> torch.Tensor:
    """Return as many samples as fill the frames of the case."""
    stft = feature.stft
    length = (case["full_shape"][case["time_axis"]] - 1) * stft.hop_length - feature.n_leading
    return signal[:, : length + (stft.n_fft if stft.padding == "none" else 0)]


INTENSITY = {
    "2020": LogIntensity.dcase2020(LIBRARY_PADDING, interleaves=False),
    "2021": LogIntensity.dcase2021(LIBRARY_PADDING),
    "2023": LogIntensity.dcase2023(LIBRARY_PADDING),
}
PUBLISHED_LITE = {"salsa_lite": SalsaLite.salsa_lite(), "salsa_ipd": SalsaLite.salsa_ipd()}
GCC = LogGcc.dcase2020(LIBRARY_PADDING)
PCM_ZERO = float(from_pcm16(torch.tensor(0)))


def baseline(year: str) -> dict[str, Make]:
    arranged = band_major if year == "2020" else by_frame
    feature = INTENSITY[year]
    return {
        f"{year}_foa_logmel": lambda s, _: arranged(feature(s.foa.double())[:4]),
        f"{year}_foa_iv": lambda s, _: arranged(feature(s.foa.double())[4:]),
        f"{year}_mic_logmel": lambda s, _: arranged(GCC(s.mic.double())[:4]),
        f"{year}_mic_gcc": lambda s, _: arranged(GCC(s.mic.double())[4:]),
    }


CASES: dict[str, Make] = {
    **baseline("2020"),
    **baseline("2021"),
    **baseline("2023"),
    "2023_stft_real_imag_frames012": lambda s, c: torch.view_as_real(
        Stft(1024, 960, 480, LIBRARY_PADDING)(s.foa.double())[0, : c["full_shape"][1]]
    ).movedim(-1, 0),
    "2023_salsalite": lambda s, c: by_frame(lite(c)(s.mic.double())),
    "2025_stereo_logmel": lambda s, _: LogSpectrum.dcase2025(LIBRARY_PADDING)(stereo(s, 1.0)),
    "2025_stereo_logmel_quiet_right": lambda s, c: LogSpectrum.dcase2025(LIBRARY_PADDING)(
        stereo(s, quiet_gain(c))
    ),
    "2023_silence_logmel": lambda s, c: by_frame(INTENSITY["2023"](silence(s, c, PCM_ZERO))[:4]),
    "2023_silence_iv": lambda s, c: by_frame(INTENSITY["2023"](silence(s, c, PCM_ZERO))[4:]),
    "2023_silence_gcc_zero": lambda s, c: by_frame(GCC(silence(s, c, 0.0))[4:]),
    "salsa_melspeciv": lambda s, _: LogIntensity.salsa()(s.foa.double()),
    "salsa_melspecgcc": lambda s, _: LogGcc.salsa()(s.mic.double()),
    "salsa_linspeciv": lambda s, _: LogIntensity.salsa_linear()(s.foa.double()),
    "salsa_linspecgcc": lambda s, _: LogGcc.salsa_linear()(s.mic.double()),
    "salsa_foa": lambda s, c: salsa(c, "foa")(cut(s.foa, c).double()),
    "salsa_mic": lambda s, c: salsa(c, "mic")(cut(s.mic, c).double()),
    "salsa_foa_notracking": lambda s, c: Salsa.foa(is_selective=False)(cut(s.foa, c).double())[4:],
    "salsa_lite": lambda s, _: PUBLISHED_LITE["salsa_lite"](s.mic.double()),
    "salsa_ipd": lambda s, _: PUBLISHED_LITE["salsa_ipd"](s.mic.double())[4:],
    "ein_logmel_iv": lambda s, _: LogIntensity.einv2()(s.foa.double()),
    "pseldnets_logmel_iv": lambda s, _: LogIntensity.pseldnets()(s.foa.double()),
    "sony_amp_phasediff": lambda s, c: AmplitudePhase.sony(LIBRARY_PADDING)(
        first_samples(s.mic, AmplitudePhase.sony(), c).double()
    ).movedim(-1, -2),
    "sony_amp_phasediff_inference": lambda s, c: AmplitudePhase.sony_inference()(
        first_samples(s.mic, AmplitudePhase.sony_inference(), c).double()
    ).movedim(-1, -2),
}


def check_features(reference: Reference) -> None:
    signals = Signals(reference)
    cases = {name: case for name, case in reference.spec["cases"].items() if name != "signal"}
    assert cases
    for name, case in cases.items():
        known = known_stem(name, CASES)
        assert known, f"unknown case {name}"
        made = CASES[known](signals, case).numpy()
        assert list(made.shape) == case["full_shape"], name
        axis, frames = case["time_axis"], case["frames"]
        frames = list(range(made.shape[axis])) if frames == "all" else frames
        made = np.moveaxis(np.take(made, frames, axis), axis, 0)
        expected = np.moveaxis(reference.arrays[name], axis, 0)
        difference = np.abs(made - expected)
        difference = np.minimum(difference, turn_of(known, case, difference))
        if known in SELECTIVE:
            # A bin just at a threshold may fall on the other side of it in float32.
            chosen, theirs = ((part[:, 4:] != 0).any(axis=1) for part in (made, expected))
            assert (chosen != theirs).mean() < 1e-3, name
            difference[:, 4:] *= (chosen == theirs)[:, None]
        allowed = 1e-5 + 1e-6 * np.abs(expected)
        if name.startswith(SINGLE_PRECISION):
            n_levels = 4 if allowed.shape[1] > 4 else 0  # the spatial part may stand alone
            allowed[:, :n_levels] = 1e-3
            if frames[-1] == case["full_shape"][axis] - 1:
                # The library mirrors the tail of a recording alone; where that is one sample too
                # short, the last sample of the last frame differs: 4e-5 of the window.
                allowed[-1, :n_levels], allowed[-1, n_levels:] = 2e-2, 2e-4
        worst = np.unravel_index((difference - allowed).argmax(), difference.shape)
        assert (difference <= allowed).all(), (
            f"{name}: off by {difference[worst]:.2e} at {worst}, allowed {allowed[worst]:.2e}"
        )


def turn_of(known: str, case: Case, difference: np.ndarray) -> np.ndarray:
    """Return how far two values of the same phase may lie apart, less what they are off.

    A mirrored first frame has real spectra, and rounding alone decides between pi and -pi.
    """
    if known == "2023_salsalite":
        feature = lite(case)
    elif known in PUBLISHED_LITE:
        feature = PUBLISHED_LITE[known]
    else:
        return np.full_like(difference, np.inf)
    bins = np.arange(feature.first_bin, feature.end_bin).clip(1)
    wave_number = 2 * np.pi * feature.sample_rate / (feature.stft.n_fft * SPEED_OF_SOUND) * bins
    turn = 2 * np.pi / wave_number if feature.as_path else np.full(len(bins), 2.0)
    by_channel = difference.reshape(len(difference), -1, len(bins))
    turned = np.abs(turn - by_channel)
    turned[:, : by_channel.shape[1] - 3] = np.inf
    return turned.reshape(difference.shape)


BANDS = {
    "mel_24000_1024_64": LogSpectrum.dcase2020().bands,
    "mel_24000_512_128_50_12000": LogSpectrum.salsa().bands,
    "compress_matrix_512": LogSpectrum.salsa_linear().bands,
    "mel_pseldnets": LogSpectrum.pseldnets().bands,
}


def check_arrays_beside_the_cases(reference: Reference) -> None:
    arrays = reference.arrays
    for name, expected in arrays.items():
        if name in BANDS:
            weights = BANDS[name].weights().T
            np.testing.assert_allclose(weights, expected, atol=1e-7, err_msg=name)
        elif name == "pcm16_loaded_f64":
            loaded = from_pcm16(torch.from_numpy(arrays["pcm16_in"])).numpy()
            np.testing.assert_array_equal(loaded, expected)
        elif first := re.fullmatch(r"2023_foa_(logmel|iv)_reflect_first\d+", name):
            features = LogIntensity.dcase2023("reflect")(Signals(reference).foa.double())
            part = features[:4] if first[1] == "logmel" else features[4:]
            made = by_frame(part)[: len(expected)]
            np.testing.assert_allclose(made, expected, rtol=1e-6, atol=1e-5, err_msg=name)
        else:
            assert name in {"pcm16_in", *reference.spec["cases"]}, f"unknown array {name}"


def check(reference: Reference) -> None:
    check_features(reference)
    check_arrays_beside_the_cases(reference)


CHECKS: dict[str, Check] = {"features": check}
