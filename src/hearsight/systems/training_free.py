"""The default system: directions from physics, pictures from synchrony, no training, no download.

Chooses the acoustic model that a channel layout allows and says what an event's confidence means.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import torch
from numpy.typing import NDArray

from hearsight.errors import InputError, nearest
from hearsight.events.tracking import TrackingSettings
from hearsight.models.intensity_map import IntensityMap
from hearsight.models.level_map import LevelMap
from hearsight.models.music import Music
from hearsight.models.spectrum import SpatialSpectrum
from hearsight.models.steered_response import SteeredResponse
from hearsight.recording.grid import LABEL_HOP_S
from hearsight.recording.layout import ChannelLayout
from hearsight.spatial.arrays import stereo_pair

SAMPLE_RATE = 24000
"""Hz at which every recording is analyzed."""

ArrayMethod = Literal["srp", "music"]
ARRAY_METHODS: tuple[ArrayMethod, ...] = get_args(ArrayMethod)

StereoCue = Literal["time", "level"]


@dataclass(frozen=True)
class AcousticModel:
    """How directions are found in one recording.

    Parameters
    ----------
    find : callable
        Takes the arranged waveform (channels, samples) at `SAMPLE_RATE`, returns a
        SpatialSpectrum.
    tracking : TrackingSettings
        With thresholds that suit the shares of this model.
    has_elevation : bool
        Whether elevations are told; else they are unknown.
    sentence : str
        How directions were found, for the person.
    """

    find: Callable[[torch.Tensor], SpatialSpectrum]
    tracking: TrackingSettings
    has_elevation: bool
    sentence: str

    def confidence(self, share: float) -> float:
        """Turn a mean share into the confidence of an event.

        With t the share that begins an event, it is share^2 / (share^2 + t^2): 0.5 where the
        evidence just suffices to begin an event, 0.9 at three times that.

        Parameters
        ----------
        share : float
            Mean over the event of the part of otherwise unexplained sound that arrives from its
            direction, in [0, 1].

        Returns
        -------
        float
            In [0, 1).
        """
        return share**2 / (share**2 + self.tracking.onset_share**2)


def acoustic_model(
    layout: ChannelLayout, *, method: ArrayMethod = "srp", stereo_cue: StereoCue = "level"
) -> AcousticModel | None:
    """Choose how to find directions.

    Parameters
    ----------
    layout : ChannelLayout
    method : {"srp", "music"}
        For arrays.
    stereo_cue : {"time", "level"}
        For stereo without positions; see `choose_stereo_cue`.

    Returns
    -------
    AcousticModel or None
        None for mono, which has no directions.

    Raises
    ------
    InputError
        If the method is unknown.
    """
    if method not in ARRAY_METHODS:
        msg = f"unknown method {method!r}; {nearest(str(method), ARRAY_METHODS)}"
        raise InputError(msg)
    if layout.kind == "mono":
        return None
    if layout.kind == "foa":
        return AcousticModel(
            IntensityMap(SAMPLE_RATE),
            # A bell or steps on a floor may be heard only once a second.
            TrackingSettings(onset_share=0.03, offset_share=0.015, max_gap=10, min_relative=0.15),
            has_elevation=True,
            sentence="Directions come from the active intensity of first-order Ambisonics.",
        )
    if layout.kind in ("stereo", "mid-side"):
        return _stereo_model(layout, stereo_cue)
    positions = np.array(layout.positions)
    model = (SteeredResponse if method == "srp" else Music)(positions, SAMPLE_RATE)
    name = "steered response power (SRP-PHAT)" if method == "srp" else "MUSIC"
    doubt = {
        1: " Microphones on a line tell only the angle to the line: azimuths are given as if all "
        "sources were in front, elevations are unknown.",
        2: " Microphones in a plane cannot tell its two sides: sources are taken to be on the "
        "front or upper one.",
        3: "",
    }[model.candidates.dimensions]
    return AcousticModel(
        model,
        TrackingSettings(onset_share=0.12, offset_share=0.06, max_gap=5),
        has_elevation=model.candidates.dimensions > 1,
        sentence=f"Directions come from {len(positions)} microphones by {name}.{doubt}",
    )


def _stereo_model(layout: ChannelLayout, cue: StereoCue) -> AcousticModel:
    front = "only the front half-plane can be told, elevations are unknown."
    if cue == "level" or layout.kind == "mid-side":
        return AcousticModel(
            LevelMap(SAMPLE_RATE),
            # Diffuse sound leans to the middle of a pair: its share there is 0.46 at most.
            TrackingSettings(onset_share=0.5, offset_share=0.35, max_gap=5, min_relative=0.5),
            has_elevation=False,
            sentence=f"Azimuths come from level differences between left and right; {front}",
        )
    positions = stereo_pair() if layout.positions is None else np.array(layout.positions)
    spacing = float(np.linalg.norm(positions[0] - positions[1]))
    assumed = " (assumed)" if layout.positions is None else ""
    return AcousticModel(
        SteeredResponse(positions, SAMPLE_RATE, n_sources=2),
        TrackingSettings(onset_share=0.25, offset_share=0.15, max_gap=5, min_relative=0.5),
        has_elevation=False,
        sentence=(
            f"Azimuths come from time differences between left and right, {100 * spacing:.0f} cm "
            f"apart{assumed}; {front}"
        ),
    )


def choose_stereo_cue(waveform: NDArray[np.float32]) -> StereoCue:
    """Tell by which differences between left and right a recording is to be read.

    A coincident or mixed recording has no delays, a spaced one hardly any level differences: the
    cue that leads away from the center decides.

    Parameters
    ----------
    waveform : ndarray, shape (2, samples)
        Left and right at `SAMPLE_RATE`; a minute is enough.

    Returns
    -------
    {"time", "level"}
    """
    missing = -waveform.shape[1] % round(SAMPLE_RATE * LABEL_HOP_S)  # models take whole labels
    sound = torch.nn.functional.pad(torch.from_numpy(waveform), (0, missing))
    by_time = SteeredResponse(stereo_pair(), SAMPLE_RATE, n_sources=1)(sound)
    by_level = LevelMap(SAMPLE_RATE, n_sources=1)(sound)

    def off_center(found: SpatialSpectrum) -> float:
        share, side = found.shares[:, 0], np.abs(np.nan_to_num(found.directions[:, 0, 1]))
        return float((share * side).sum() / max(float(share.sum()), 1e-9))

    # Levels of a spaced pair stray a little, delays of a mixed one do not.
    return "time" if off_center(by_time) > 0.5 * off_center(by_level) else "level"
