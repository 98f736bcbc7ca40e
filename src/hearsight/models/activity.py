"""When a recording without directions sounds: bands that rise above their own background.

The background of each band is its level in the quietest tenth of the recording. This is judged
over the whole recording at once, from one small vector per 100 ms.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from hearsight.features.onsets import BAND_EDGES_HZ
from hearsight.models.spectrum import FRAMES_PER_LABEL, SILENCE, label_spectra


def band_powers(waveform: torch.Tensor, sample_rate: int) -> NDArray[np.float32]:
    """Measure the power in bands.

    Parameters
    ----------
    waveform : Tensor, shape (channels, samples)
        The mean over channels of their powers is taken.
    sample_rate : int
        Hz.

    Returns
    -------
    ndarray of float32, shape (labels, bands)
    """
    spectra, frequencies = label_spectra(
        waveform, sample_rate, (BAND_EDGES_HZ[0], BAND_EDGES_HZ[-1])
    )
    power = (spectra.real.square() + spectra.imag.square()).mean(dim=0)
    band = torch.bucketize(frequencies, torch.tensor(BAND_EDGES_HZ), right=True) - 1
    sums = torch.zeros(len(power), len(BAND_EDGES_HZ)).index_add_(1, band, power)
    per_label = sums[:, :-1].view(-1, FRAMES_PER_LABEL, len(BAND_EDGES_HZ) - 1)
    return np.asarray(per_label.mean(dim=1).numpy())


def activity(powers: NDArray[np.float32]) -> NDArray[np.float64]:
    """Tell how much of the sound rises above the background.

    Parameters
    ----------
    powers : ndarray, shape (labels, bands)
        Of a whole recording.

    Returns
    -------
    ndarray, shape (labels,)
        In [0, 1]: the part of the sound, counted by amplitude, that is not background. 0 for
        silence; near 0 for steady noise.
    """
    if len(powers) == 0:
        return np.zeros(0)
    # Steady noise strays around its mean from frame to frame; the floor allows for it.
    floor = 2.0 * np.quantile(powers, 0.1, axis=0) + SILENCE**2
    risen = np.sqrt(np.maximum(powers - floor, 0.0)).sum(axis=1)
    return np.asarray(risen / np.sqrt(powers + floor).sum(axis=1))
