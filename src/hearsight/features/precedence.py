"""Which time-frequency bins carry sound that has just arrived, rather than its reverberation.

The first wave front comes straight from its source, what follows comes from the walls. In a room
energy falls at a known pace, so a bin louder than what earlier bins can have left behind holds new
sound.

References
----------
.. [1] C. Faller and J. Merimaa, "Source localization in complex listening situations: selection
   of binaural cues based on interaural coherence", J. Acoust. Soc. Am. 116(5), 2004 (precedence
   in localization models).
"""

from __future__ import annotations

import torch


def freshness(power: torch.Tensor, decay: float, n_frames: int = 12) -> torch.Tensor:
    """Compute the part of each bin's power that earlier frames do not account for.

    Parameters
    ----------
    power : Tensor, shape (frames, bins)
        Not negative.
    decay : float
        What is left of a bin's power after one frame, in (0, 1).
    n_frames : int
        How many frames back sound is remembered.

    Returns
    -------
    Tensor, shape (frames, bins)
        In [0, 1]; 1 where nothing was before, 0 where the power only decays.
    """
    left = torch.zeros_like(power)
    for back in range(1, n_frames + 1):
        left[back:] = torch.maximum(left[back:], decay**back * power[:-back])
    return (1.0 - left / power.clamp_min(1e-20)).clamp(0.0, 1.0)
