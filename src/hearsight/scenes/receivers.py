"""What hears a synthetic scene: capsules at places, each with a first-order directivity.

Every format the generator writes is a case of one model: channel c hears a wave from the unit
vector u with the gain `patterns[c] @ encode_foa(u)`, at the place `positions[c]`. Ambisonics is
four coincident capsules with the gains 1, y, z, x; a microphone array is one omnidirectional
capsule per place; mid-side is an omnidirectional and a sideways figure-of-eight capsule.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hearsight.errors import InputError
from hearsight.recording.layout import ChannelLayout
from hearsight.spatial.ambisonics import encode_foa, gains_to_sn3d
from hearsight.spatial.arrays import stereo_pair


@dataclass(frozen=True, eq=False)
class Receiver:
    """Capsules that turn a sound field into the channels of a file.

    Parameters
    ----------
    layout : ChannelLayout
        What the channels are.
    positions : ndarray, shape (channels, 3)
        Metres from the listener.
    patterns : ndarray, shape (channels, 4)
        Gain of each channel for W, Y, Z, X of the wave (SN3D); a row of zeros is a silent channel.
    """

    layout: ChannelLayout
    positions: NDArray[np.float64]
    patterns: NDArray[np.float64]

    def __post_init__(self) -> None:
        n = self.layout.n_channels
        if self.positions.shape != (n, 3) or self.patterns.shape != (n, 4):
            msg = (
                f"a receiver of layout {self.layout.name} needs positions of shape ({n}, 3) and "
                f"patterns of shape ({n}, 4), got {self.positions.shape} and {self.patterns.shape}"
            )
            raise InputError(msg)

    @property
    def n_channels(self) -> int:
        """The file's number of channels."""
        return self.layout.n_channels

    def places(self) -> list[tuple[NDArray[np.float64], NDArray[np.intp]]]:
        """Return each different capsule position with the channels that hear there."""
        unique, index = np.unique(self.positions, axis=0, return_inverse=True)
        channels = np.reshape(index, -1)  # NumPy 2.0 gave it another shape than 2.1
        return [(place, np.flatnonzero(channels == i)) for i, place in enumerate(unique)]

    def pressure_channels(self) -> NDArray[np.intp]:
        """Return the channels that hear every direction alike; all audible ones if none does.

        Levels and signal-to-noise ratios are measured on them.
        """
        omnidirectional = (self.patterns[:, 0] != 0.0) & ~self.patterns[:, 1:].any(axis=1)
        chosen = omnidirectional if omnidirectional.any() else self.patterns.any(axis=1)
        return np.flatnonzero(chosen)


def receiver_for(layout: ChannelLayout, omni: float = 1.0) -> Receiver:
    """Return the receiver that records a channel layout: the inverse of `ChannelLayout.arrange`.

    Parameters
    ----------
    layout : ChannelLayout
        "foa" in any order and normalization, unused channels stay silent; "array" as free-field
        omnidirectional microphones; "stereo" as a spaced omnidirectional pair (of
        `stereo_pair()` where the layout has no positions); "mid-side" as a coincident
        omnidirectional and figure-of-eight pair; "mono" as one omnidirectional microphone.
    omni : float
        How far from a figure-of-eight the microphones of an "array" are: 1 omnidirectional, 0.5
        cardioids, 0.25 hypercardioids, facing away from the array's origin.

    Returns
    -------
    Receiver

    Raises
    ------
    InputError
        If `omni` lies outside [0, 1], or is not 1 for another layout or a microphone at the origin.

    Examples
    --------
    >>> from hearsight.recording.layout import parse_layout
    >>> receiver_for(parse_layout("fuma")).patterns[1].tolist()  # X
    [0.0, 0.0, 0.0, 1.0]
    """
    positions = np.zeros((layout.n_channels, 3))
    patterns = np.zeros((layout.n_channels, 4))
    used = list(layout.order)
    if layout.kind == "foa" and layout.normalization is not None:
        patterns[used] = np.diag(1.0 / gains_to_sn3d(layout.normalization))
    elif layout.kind == "mid-side":
        patterns[used] = np.eye(4)[:2]
    else:
        patterns[used, 0] = 1.0
    if layout.positions is not None:
        positions[used] = layout.positions
    elif layout.kind == "stereo":
        positions[used] = stereo_pair()
    if omni != 1.0:
        patterns[used] = _facing_outwards(layout, omni)
    return Receiver(layout, positions, patterns)


def _facing_outwards(layout: ChannelLayout, omni: float) -> NDArray[np.float64]:
    positions = np.asarray(layout.positions if layout.kind == "array" else np.zeros((1, 3)), float)
    distances = np.linalg.norm(positions, axis=-1, keepdims=True)
    if not 0.0 <= omni <= 1.0 or not distances.all():
        msg = (
            "directional microphones need omni in [0, 1] and an array around its origin, got "
            f"{omni:g} and {layout.name}"
        )
        raise InputError(msg)
    patterns = (1.0 - omni) * encode_foa(positions / distances)
    patterns[:, 0] = omni
    return patterns
