"""Checks of what networks of the visual-context family hear and see."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from hearsight.features.frames import DEVIATION, MEAN
from hearsight.features.picture_input import PictureFit, resize_short_side
from hearsight.features.sound_input import SOUND_INPUTS, SoundInput
from hearsight.recording.audio import read_audio, write_audio
from hearsight.recording.resizing import resize_bilinear
from parity.reference import Check, Reference

Case = dict[str, Any]

SOUND_INPUT_OF = {
    "visual-context": "visual-context",
    "LVS": "lvs",
    "EZ-VSL / SLAVC": "ez-vsl",
    "SSLalignment (LVS-style)": "sslalign-lvs",
    "SSLalignment (EZ-VSL-style loader)": "sslalign-ez-vsl",
}

SUMMARIES = {"mean": np.mean, "std": np.std, "min": np.min, "max": np.max}


def from_wav(reference: Reference, case: Case) -> np.ndarray:
    """Write the 16-bit samples of a case to a file and read them."""
    n_silent = 60000 if case["name"] == "vcs_silence_then_noise" else 0  # the json's notes
    shape = [case["samples"] - n_silent, *([case["channels"]] if "channels" in case else [])]
    noise = case["gain"] * reference.fill(f"input:{case['name']}", shape)
    samples = np.clip(np.round(noise), -32768, 32767).reshape(shape[0], -1).T
    samples = np.pad(samples, [(0, 0), (n_silent, 0)])
    with TemporaryDirectory() as folder:
        path = Path(folder) / "case.wav"
        write_audio(path, samples / np.float32(32768), case["sample_rate"])
        waveform, rate = read_audio(path)
    assert rate == case["sample_rate"]
    np.testing.assert_array_equal(waveform * 32768, samples)
    return waveform


def sound_input(case: Case) -> SoundInput:
    preset = SOUND_INPUTS[SOUND_INPUT_OF[case["system"]]]
    assert (preset.n_fft, preset.n_fft - preset.hop_length) == (case["nperseg"], case["noverlap"])
    if "start_s" in case:
        first, last = case["start_s"], case["end_s"]
        assert (preset.duration_s, preset.span_s) == (last - first, last + first)
    return replace(preset, wraps_short=case["name"].endswith("_reference_bug"))


def check_spectrograms(reference: Reference) -> None:
    assert reference.spec["cases"]
    for case in reference.spec["cases"]:
        name = case["name"]
        made = sound_input(case)(from_wav(reference, case), case["sample_rate"]).numpy()
        assert list(made.shape) == case["shape"], name
        for summary, of in SUMMARIES.items():
            found = of(made.astype(np.float64))
            np.testing.assert_allclose(found, case[summary], atol=1e-6, err_msg=f"{name} {summary}")
        expected = reference.arrays[name]
        np.testing.assert_allclose(made[0, ::4, ::3], expected, atol=1e-6, err_msg=name)


FIT_OF = {
    "short_side_crop": "short_side_crop",
    "squash": "squash",
    "lmdb_256": "squash_256",
    "tensor_squash_antialias": "tensor_squash",
    "tensor_squash_no_antialias": "tensor_squash_no_antialias",
}


def pictures(reference: Reference) -> dict[str, np.ndarray]:
    """Return the pictures of a json by name, uint8 RGB of shape (3, height, width)."""
    sizes = {case["image"]: case["source_size_hw"] for case in reference.spec["cases"]}
    return {
        name: np.clip(128 + 60 * reference.fill(f"input:image_{name}", (*size, 3)), 0, 255)
        .astype(np.uint8)
        .transpose(2, 0, 1)
        for name, size in sizes.items()
    }


def transformed(picture: np.ndarray, transform: str, out_shape: list[int]) -> np.ndarray:
    """Scale and normalize a picture as a case says."""
    if transform in FIT_OF:
        assert out_shape[1] == out_shape[2]
        return PictureFit(FIT_OF[transform], out_shape[1])(picture).numpy()
    assert transform.startswith("train_resize_"), f"unknown transform {transform}"
    scaled = resize_short_side(picture, int(transform.removeprefix("train_resize_")))
    mean, deviation = (np.array(of, np.float32)[:, None, None] for of in (MEAN, DEVIATION))
    return (scaled / np.float32(255) - mean) / deviation


def check_images(reference: Reference) -> None:
    sources, read = pictures(reference), set()
    for case in reference.spec["cases"]:
        name = f"{case['image']}/{case['transform']}"
        made = transformed(sources[case["image"]], case["transform"], case["out_shape"])
        assert list(made.shape) == case["out_shape"], name
        summary = [made.mean(dtype=np.float64), made.std(dtype=np.float64, ddof=1)]
        np.testing.assert_allclose(summary, [case["mean"], case["std"]], atol=1e-6, err_msg=name)
        expected = reference.arrays[name]
        np.testing.assert_allclose(made[:, ::9, ::9], expected, atol=1e-6, err_msg=name)
        read.add(name)
    for image, picture in sources.items():
        name = f"{image}/lmdb_bytes_256"
        stored = resize_bilinear(picture, 256, 256)[::-1].transpose(1, 2, 0)
        np.testing.assert_array_equal(stored[::16, ::16], reference.arrays[name], err_msg=name)
        read.add(name)
    assert read == set(reference.arrays), f"not compared: {set(reference.arrays) - read}"


CHECKS: dict[str, Check] = {"spectrograms": check_spectrograms, "images": check_images}
