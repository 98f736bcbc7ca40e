"""What each challenge year calls the score: unit, thresholds, angle, and what is reported.

====  =======  ==========================================================================
year  unit     particulars
====  =======  ==========================================================================
2019  second   detection and localization apart: classes by the second, directions by the
               frame without regard to class
2020  second   one instance a class; a class counts as found if it is near enough
2021  second   several instances of a class, by assignment
2022  second   as 2021, but an error of place costs a full false positive; by class
2023  second   as 2022
2024  frame    with distance
2025  frame    stereo: azimuth folded to the front, distance, on-screen flag
====  =======  ==========================================================================
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Literal

import numpy as np

from hearsight.errors import InputError
from hearsight.metrics.frames import Floats, FrameTable, Integers
from hearsight.spatial.directions import angular_distance

AngleRule = Literal["exact", "polar", "cartesian", "frontal"]
"""How the angle between two directions is computed.

`polar` and `cartesian` are the formulas of the official tools with their rounding: the first is off
by up to 2e-6 degrees between equal directions, the second by 8e-4. `frontal` folds azimuths to the
front and leaves elevation out.
"""

Average = Literal["macro", "micro", "pseldnets_macro", "pseldnets_micro"]
"""How classes are put together; the last two are those of the PSELDNets tool."""

_TINY = 1e-10


@dataclass(frozen=True)
class Definition:
    """The rules of one challenge.

    Parameters
    ----------
    year : int
        2019 to 2025.
    unit : str
        `segment` (blocks of ten label frames) or `frame`.
    angle_rule : str
        See `AngleRule`.
    average : str
        `macro` (mean over classes) or `micro` (all classes together): what the challenge reported.
    angle_threshold : float
        Degrees up to which a direction is right.
    distance_threshold : float
        Metres up to which a distance is right.
    relative_distance_threshold : float
        Distance error over true distance up to which a distance is right.
    with_distance, with_on_screen : bool
        Whether they are scored.
    require_on_screen : bool
        Whether a wrong on-screen flag makes an event wrong ("F on/off").
    distance_unit : float
        Metres in which distances are compared; the official tool of 2025 counts centimetres.
    """

    year: int
    unit: Literal["segment", "frame"]
    angle_rule: AngleRule = "exact"
    average: Average = "macro"
    angle_threshold: float = 20.0
    distance_threshold: float = np.inf
    relative_distance_threshold: float = 1.0
    with_distance: bool = False
    with_on_screen: bool = False
    require_on_screen: bool = False
    distance_unit: float = 1.0


DEFINITIONS: dict[int, Definition] = {
    2019: Definition(2019, "segment", average="micro"),
    2020: Definition(2020, "segment", average="micro"),
    2021: Definition(2021, "segment", average="micro"),
    2022: Definition(2022, "segment"),
    2023: Definition(2023, "segment"),
    2024: Definition(2024, "frame", with_distance=True),
    2025: Definition(2025, "frame", "frontal", with_distance=True, with_on_screen=True),
}

_OFFICIAL_ANGLE: dict[int, AngleRule] = {2024: "cartesian", 2025: "frontal"}


def definition_of(year: int, *, strict_parity: bool = False) -> Definition:
    """Return the rules of a year.

    Parameters
    ----------
    year : int
        2019 to 2025.
    strict_parity : bool
        Take the angle formula of that year's official tool rather than the exact one.

    Raises
    ------
    InputError
        If there was no such challenge.
    """
    if year not in DEFINITIONS:
        msg = f"no SELD metric of the year {year}; valid: {min(DEFINITIONS)} to {max(DEFINITIONS)}"
        raise InputError(msg)
    definition = DEFINITIONS[year]
    if not strict_parity:
        return definition
    return dataclasses.replace(
        definition,
        angle_rule=_OFFICIAL_ANGLE.get(year, "polar"),
        distance_unit=0.01 if year == 2025 else 1.0,
    )


def exact_angle(truth: FrameTable, i: Integers, prediction: FrameTable, j: Integers) -> Floats:
    """Return great-circle angles, accurate near 0 and 180 degrees too."""
    return angular_distance(_unit(truth.vectors)[i], _unit(prediction.vectors)[j])


def _unit(vectors: Floats) -> Floats:
    length = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))[:, None]
    return vectors / np.where(length > 0.0, length, 1.0)


def polar_angle(truth: FrameTable, i: Integers, prediction: FrameTable, j: Integers) -> Floats:
    """Return angles by the law of cosines on azimuth and elevation."""
    a1, a2 = truth.azimuth[i] * np.pi / 180.0, prediction.azimuth[j] * np.pi / 180.0
    e1, e2 = truth.elevation[i] * np.pi / 180.0, prediction.elevation[j] * np.pi / 180.0
    cosine = np.sin(e1) * np.sin(e2) + np.cos(e1) * np.cos(e2) * np.cos(np.abs(a1 - a2))
    return np.asarray(np.arccos(np.clip(cosine, -1.0, 1.0)) * 180.0 / np.pi)


def cartesian_angle(truth: FrameTable, i: Integers, prediction: FrameTable, j: Integers) -> Floats:
    """Return angles by the dot product of vectors that are not quite of unit length."""

    def scaled(vectors: Floats) -> Floats:
        x, y, z = vectors.T
        return np.asarray(vectors / np.sqrt(x**2 + y**2 + z**2 + _TINY)[:, None])

    a, b = scaled(truth.vectors)[i], scaled(prediction.vectors)[j]
    cosine = a[..., 0] * b[..., 0] + a[..., 1] * b[..., 1] + a[..., 2] * b[..., 2]
    return np.asarray(np.arccos(np.clip(cosine, -1.0, 1.0)) * 180.0 / np.pi)


def frontal_angle(truth: FrameTable, i: Integers, prediction: FrameTable, j: Integers) -> Floats:
    """Return differences of azimuths mirrored to the front, where stereo hears them."""

    def folded(azimuth: Floats) -> Floats:
        behind = np.where(azimuth < 0.0, -180.0 - azimuth, 180.0 - azimuth)
        return np.asarray(np.where(np.abs(azimuth) > 90.0, behind, azimuth))

    return np.asarray(np.abs(folded(truth.azimuth)[i] - folded(prediction.azimuth)[j]))


ANGLES = {
    "exact": exact_angle,
    "polar": polar_angle,
    "cartesian": cartesian_angle,
    "frontal": frontal_angle,
}
