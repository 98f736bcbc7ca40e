"""Draw the picture of the page on features: `python docs/pictures/features.py`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image

from hearsight.features.gcc import GccPhat
from hearsight.features.intensity import LogIntensity
from hearsight.features.salsa import Salsa
from hearsight.features.stft import Stft
from hearsight.pictures.figure import new_figure, write_figure
from hearsight.scenes.sounds import make_sound
from hearsight.spatial.ambisonics import encode_foa
from hearsight.spatial.arrays import far_field_delays, tetrahedron
from hearsight.spatial.directions import to_vectors

RATE, DURATION_S = 24000, 4.0
HEARD = (("female speech", 60.0, 0.2), ("telephone", -90.0, 2.2))
"""Label, azimuth in degrees, onset in seconds."""


def sounds() -> list[tuple[np.ndarray, np.ndarray]]:
    """Return each sound on the time axis of the picture, and the direction it comes from."""
    placed = []
    for seed, (label, azimuth, onset) in enumerate(HEARD):
        signal = np.zeros(round(RATE * DURATION_S))
        sound = make_sound(label, np.random.default_rng(seed), 1.6, RATE)
        start = round(RATE * onset)
        signal[start : start + len(sound)] = sound[: len(signal) - start]
        placed.append((0.3 * signal / np.abs(signal).max(), to_vectors(azimuth, 0.0)))
    return placed


def foa_and_array() -> tuple[torch.Tensor, torch.Tensor]:
    """Return the scene in Ambisonics and as the tetrahedral array hears it."""
    rng = np.random.default_rng(5)
    n_samples = round(RATE * DURATION_S)
    foa, array = 3e-4 * rng.normal(size=(2, 4, n_samples))
    frequency = np.fft.rfftfreq(n_samples, 1.0 / RATE)
    for signal, direction in sounds():
        foa += encode_foa(direction)[:, None] * signal
        late = far_field_delays(tetrahedron(), direction)[:, None]
        turned = np.fft.rfft(signal) * np.exp(-2j * np.pi * late * frequency)
        array += np.fft.irfft(turned, n=n_samples)
    return torch.from_numpy(foa), torch.from_numpy(array)


def main() -> None:
    """Write features.png beside this file."""
    foa, array = foa_and_array()
    log_intensity = LogIntensity.dcase2023()(foa)
    salsa = Salsa.foa()(foa)
    gcc = GccPhat(Stft(1024, 960, 480), 32)
    panels = [
        ("log-mel of W (dB)", log_intensity[0], "magma", (-60.0, 10.0), "mel band"),
        ("intensity to the left, mel bands", log_intensity[4], "RdBu", (-0.03, 0.03), "mel band"),
        ("SALSA to the left, bins", salsa[4], "RdBu", (-1.0, 1.0), "bin"),
        ("GCC-PHAT, front left and right", gcc(array)[0], "magma", (0.0, 0.3), "lag (samples)"),
    ]
    figure = new_figure(7.2, 4.6)
    for place, (title, values, colors, (low, high), unit) in enumerate(panels, start=1):
        axes = figure.add_subplot(2, 2, place)
        lowest = -gcc.n_lags / 2 if "lag" in unit else 0
        axes.imshow(
            values.T.numpy(),
            origin="lower",
            aspect="auto",
            cmap=colors,
            vmin=low,
            vmax=high,
            extent=(0.0, DURATION_S, lowest, lowest + values.shape[1]),
        )
        axes.set_title(title, fontsize=9)
        axes.set_ylabel(unit, fontsize=8)
        axes.set_xlabel("time (s)", fontsize=8)
        axes.tick_params(labelsize=7)
    figure.tight_layout()
    path = write_figure(figure, Path(__file__).with_suffix(".png"))
    with Image.open(path) as picture:
        few_colors = picture.convert("RGB").quantize(48)
    few_colors.save(path, optimize=True)


if __name__ == "__main__":
    main()
