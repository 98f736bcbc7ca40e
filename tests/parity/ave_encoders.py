"""Checks of the encoders that made AVE's features: VGGish with its front end, and VGG-19."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from hearsight.features.picture_input import CaffeFit, PictureFit
from hearsight.features.vggish_input import (
    N_FRAMES,
    VggishInput,
    log_mel,
    mel_matrix,
    patches,
    to_16_khz,
)
from hearsight.models.vgg19 import Vgg19
from hearsight.models.vggish import AudioSetCodes, Vggish
from hearsight.weights.vgg19 import from_torchvision
from parity.reference import Check, Reference, fill_parameter

RATE, STEREO_RATE = 16_000, 44_100


def as_pcm16(samples: np.ndarray) -> np.ndarray:
    return np.clip(np.round(32767 * samples), -32768, 32767) / 32768


def close(found: Tensor, expected: np.ndarray, rtol: float = 0.0, atol: float = 1e-4) -> None:
    torch.testing.assert_close(found.detach(), torch.from_numpy(expected), rtol=rtol, atol=atol)


def seconds(waveform: np.ndarray, rate: int) -> Tensor:
    """Return the patches of all seconds, (seconds, 96, 64)."""
    return torch.cat(
        [
            VggishInput()(waveform[:, first : first + rate], rate)
            for first in range(0, waveform.shape[1], rate)
        ]
    )


def every(found: Tensor, expected: np.ndarray) -> Tensor:
    """Take as many frames of each patch as were stored."""
    return found[:, :: N_FRAMES // expected.shape[1]]


def check_log_mel(reference: Reference) -> None:
    arrays = reference.arrays
    np.testing.assert_allclose(mel_matrix(), arrays["mel_matrix"], rtol=1e-5, atol=1e-6)

    # The sounds are those of the json's input_transform and input_transform_stereo.
    mono = 0.1 * reference.fill("input:waveform", (10 * RATE,)).astype(np.float64)
    mono[48_000:64_000] = 0.0
    mono[80_000:96_000] = np.sin(2 * np.pi * 1000 * np.arange(16_000) / RATE)
    mono = as_pcm16(mono)
    for found, name in (
        (seconds(mono[None], RATE), "per_second"),
        (patches(log_mel(torch.from_numpy(mono))), "contiguous"),
    ):
        close(every(found, arrays[name]), arrays[name])

    stereo = 0.1 * reference.fill("input:stereo", (2 * STEREO_RATE, 2)).astype(np.float64)
    times = np.arange(2 * STEREO_RATE) / STEREO_RATE
    stereo[:, 0] += 0.4 * np.sin(2 * np.pi * 440 * times)
    stereo[:, 1] += 0.2 * np.sin(2 * np.pi * 3000 * times)
    channels = as_pcm16(stereo).T
    expected = arrays["resampled_44100"]
    resampled = to_16_khz(channels[:, :STEREO_RATE], STEREO_RATE)
    assert len(resampled) == RATE
    stored = resampled[:: RATE // len(expected)]
    np.testing.assert_allclose(stored, expected, rtol=0, atol=1e-6)
    found = seconds(channels, STEREO_RATE)
    close(every(found, arrays["stereo_44100"]), arrays["stereo_44100"])

    counts = reference.spec["patches_by_number_of_samples"]
    assert counts
    for n_samples, shape in counts.items():
        assert list(patches(log_mel(torch.zeros(int(n_samples)))).shape) == shape


def filled_state(reference: Reference) -> dict[str, Tensor]:
    state = reference.filled_state_dict(reference.spec["state_dict"])
    return {name: torch.from_numpy(array) for name, array in state.items()}


def check_vggish(reference: Reference) -> None:
    spec, arrays = reference.spec, reference.arrays
    state = filled_state(reference)
    sizes = [len(state[f"{name}.bias"]) for name in ("features.0", "embeddings.0", "embeddings.4")]
    network = Vggish(*sizes).eval()
    network.load_state_dict(state, strict=True)
    log_mels = torch.from_numpy(4 * reference.fill("input:logmel", spec["inputs"]["logmel"]))
    with torch.no_grad():
        flattened = network.flattened(log_mels)
        step = flattened.shape[1] // arrays["flattened_sub"].shape[1]
        close(flattened[:, ::step], arrays["flattened_sub"], rtol=1e-4, atol=2e-5)
        close(network(log_mels), arrays["embedding"], rtol=1e-4, atol=2e-5)
        network.relu_last = False
        close(network(log_mels), arrays["pre_activation"], rtol=1e-4, atol=2e-5)

    # Sizes and factors are those of the json's input_transform.
    shape = arrays["quantised_float"].shape
    vectors = np.abs(reference.fill("input:embeddings", shape))
    n = shape[1]
    codes = AudioSetCodes(
        4 * fill_parameter("pca_eigen_vectors", (n, n), reference.salt).astype(np.float64),
        fill_parameter("pca_means", (n,), reference.salt).astype(np.float64),
    )
    levels = codes.levels(vectors)
    np.testing.assert_allclose(levels, arrays["quantised_float"], rtol=1e-6, atol=1e-4)
    is_settled = {
        "quantised_truncated": np.abs(levels - np.rint(levels)) > 1e-3,
        "quantised_rounded": np.abs(levels - np.floor(levels) - 0.5) > 1e-3,
    }
    for name, which in is_settled.items():
        found = codes(vectors, rounds=name.endswith("rounded"))
        # At the ends of the scale a level is exact: it was cut off there.
        which = which | (levels == 0.0) | (levels == 255.0)
        assert found.dtype == np.uint8
        np.testing.assert_array_equal(found[which], arrays[name][which])


def check_vgg19(reference: Reference) -> None:
    spec, arrays = reference.spec, reference.arrays
    state, dropped = from_torchvision(filled_state(reference))
    assert not dropped
    network = Vgg19(len(state["features.0.bias"])).eval()
    network.load_state_dict(state, strict=True)
    noise = reference.fill("input:image", spec["inputs"]["image"])
    pictures = np.clip(np.round(128 + 50 * noise), 0, 255).astype(np.uint8)
    size_px = pictures.shape[1]
    fits: dict[str, Callable[[np.ndarray], Tensor]] = {
        "caffe": CaffeFit(size_px),
        "torchvision": PictureFit("squash", size_px),
    }
    for name, fit in fits.items():
        prepared = torch.stack([fit(picture.transpose(2, 0, 1)) for picture in pictures])
        expected = arrays[f"preprocessed_sub_{name}"]
        step = size_px // expected.shape[1]
        close(prepared.permute(0, 2, 3, 1)[:, ::step, ::step], expected, rtol=1e-5, atol=1e-5)
        with torch.no_grad():
            maps = network(prepared).permute(0, 2, 3, 1)
        expected = arrays[f"pool5_{name}"]
        step = network.n_channels // expected.shape[-1]
        for found, stem in (
            (maps[..., ::step], "pool5"),
            (maps.mean(dim=0)[..., ::step], "mean_over_frames"),
            (maps.mean(dim=(0, 1, 2)), "gap"),
        ):
            close(found, arrays[f"{stem}_{name}"], rtol=1e-4, atol=2e-5)


CHECKS: dict[str, Check] = {
    "vggish_logmel": check_log_mel,
    "vggish_network": check_vggish,
    "vgg19_pool5": check_vgg19,
}
