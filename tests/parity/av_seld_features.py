"""Checks of the features of audio-visual SELD and of their normalization."""

from __future__ import annotations

import os
import re
from typing import Any

import numpy as np
import torch

from hearsight.features.intensity import LogIntensity
from hearsight.features.mel import LogSpectrum, MelBands
from hearsight.features.normalize import FeatureStatistics
from hearsight.features.stft import Stft
from hearsight.spatial.ambisonics import encode_foa
from hearsight.spatial.directions import to_vectors
from parity.reference import Check, Reference

FILL = re.compile(r'([\d.]+)\s*\*\s*fill\("([^"]+)",\s*\(([\d,]+)\)\)')


def numbers(text: str) -> list[int]:
    return [int(number) for number in text.split(",") if number]


def filled(reference: Reference, words: str) -> np.ndarray:
    found = FILL.search(words)
    assert found, f"no filled tensor in: {words}"
    gain, name, shape = found.groups()
    return float(gain) * reference.fill(name, numbers(shape)).astype(np.float64)


def plane_wave(reference: Reference, words: str) -> np.ndarray:
    """Return one wave of sines and noise from the direction that the words give, (1, 4, N)."""
    noise = filled(reference, words)
    (rate,) = re.findall(r"f n/(\d+)", words)
    angles = re.search(r"az=(-?[\d.]+), el=(-?[\d.]+)", words)
    assert angles, f"no direction in: {words}"
    time = np.arange(len(noise)) / float(rate)
    for amplitude, frequency in re.findall(r"\((\d[\d.]*), (\d[\d.]*)\)", words):
        noise += float(amplitude) * np.sin(2 * np.pi * float(frequency) * time)
    gains = encode_foa(to_vectors(float(angles[1]), float(angles[2])))
    return (gains[:, None] * noise)[None]


def make_inputs(reference: Reference) -> dict[str, torch.Tensor]:
    made: dict[str, np.ndarray] = {}
    for name, words in reference.spec["inputs"].items():
        if zeros := re.match(r"zeros \(([\d,]+)\)", words):
            made[name] = np.zeros(numbers(zeros[1]))
        elif part := re.match(r"(\w+)\[:, :, :(\d+)\]", words):
            made[name] = made[part[1]][..., : int(part[2])]
        elif "channels W" in words:
            made[name] = plane_wave(reference, words)
        else:
            made[name] = filled(reference, words)
    return {name: torch.from_numpy(sound.astype(np.float32)) for name, sound in made.items()}


def make_feature(parameters: dict[str, Any]) -> LogIntensity:
    rate, n_fft, hop = (parameters[name] for name in ("sample_rate", "n_fft", "hop"))
    window = int(parameters["window"].split()[-1])
    stft = Stft(n_fft, window, hop, parameters["pad_mode"], drops_last=True)
    bands = MelBands(
        rate,
        n_fft,
        parameters["n_mels"],
        parameters["fmin"],
        parameters["fmax"],
        parameters["mel"].split()[0],
    )
    return LogIntensity(LogSpectrum(stft, bands), "unit", epsilon=parameters["iv_eps"])


def check_audio_features(reference: Reference) -> None:
    feature, arrays = make_feature(reference.spec["parameters"]), reference.arrays
    # Another folder may hold other settings than those published.
    assert feature == LogIntensity.av_seld() or "HEARSIGHT_REFERENCE" in os.environ
    bands = feature.spectrum.bands
    np.testing.assert_allclose(bands.weights(), arrays["mel_matrix"], atol=1e-8)
    for name, sound in make_inputs(reference).items():
        made = feature(sound.double())
        assert list(made.shape) == reference.spec["shapes"][name]
        listed = made[:, :, arrays[f"{name}_frames"]].numpy()
        # The original's spectra are float32: 1e-4 dB in weak bins; it counts as silence what is 0.
        np.testing.assert_allclose(listed[:, :4], arrays[name][:, :4], atol=1e-3, err_msg=name)
        np.testing.assert_allclose(listed[:, 4:], arrays[name][:, 4:], atol=1e-5, err_msg=name)
        if f"{name}_iv_mean" in arrays:
            mean = made[0, 4:].mean(dim=1)
            np.testing.assert_allclose(mean, arrays[f"{name}_iv_mean"], atol=1e-5, err_msg=name)


def check_scaler(reference: Reference) -> None:
    ((name, shape),) = reference.spec["inputs"].items()
    words = reference.spec["transform"]
    ramp = re.search(r"linspace\(([\d.]+),([\d.]+),F", words)
    shift = re.search(r"\+ (\d+)\*channel - (\d+)", words)
    constant = re.search(r"x\[:,(\d+),:,(\d+)\]=([\d.]+)", words)
    assert ramp, "the transform must name its ramp"
    assert shift, "the transform must name its shift"
    assert constant, "the transform must name its constant band"
    slope = np.linspace(float(ramp[1]), float(ramp[2]), shape[-1], dtype=np.float32)
    channel = np.arange(shape[1], dtype=np.float32)[:, None, None]
    features = reference.fill(f"input:{name}", shape) * slope + float(shift[1]) * channel
    features = (features - float(shift[2])).astype(np.float32)
    features[:, int(constant[1]), :, int(constant[2])] = float(constant[3])

    statistics = FeatureStatistics.fit(torch.from_numpy(features))
    arrays = reference.arrays
    deviation = statistics.squares.div(statistics.count).sqrt()
    np.testing.assert_allclose(statistics.mean[:, None], arrays["mean"], rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(deviation[:, None], arrays["std"], rtol=1e-5, atol=1e-6)
    made = statistics.normalize(torch.from_numpy(features[1])).numpy()
    # The original divides the constant band by zero; here it is only shifted to zero.
    expected = np.nan_to_num(arrays["normalised"])
    np.testing.assert_allclose(made, expected, atol=2e-5)


CHECKS: dict[str, Check] = {"audio_features": check_audio_features, "scaler": check_scaler}
