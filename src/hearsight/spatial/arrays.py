"""Microphone positions: the tetrahedral array of STARSS23, stereo pairs, and geometry files.

Positions are metres from the array's centre, in the axes x front, y left, z up.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import yaml
from numpy.typing import ArrayLike, NDArray

from hearsight.errors import InputError
from hearsight.spatial.directions import to_vectors

SPEED_OF_SOUND = 343.0
"""Metres per second, in air of 20 degrees Celsius."""


def tetrahedron(radius_m: float = 0.042) -> NDArray[np.float64]:
    """Return the four capsules of STARSS23's MIC format.

    Directions (azimuth, elevation): (45, 35), (-45, -35), (135, -35), (-135, 35) degrees.

    Parameters
    ----------
    radius_m : float
        Metres; the data set's is 0.042.

    Returns
    -------
    ndarray, shape (4, 3)
    """
    return radius_m * to_vectors([45.0, -45.0, 135.0, -135.0], [35.0, -35.0, -35.0, 35.0])


def stereo_pair(spacing_m: float = 0.17) -> NDArray[np.float64]:
    """Return a spaced pair, left channel first.

    Parameters
    ----------
    spacing_m : float
        Metres between the capsules; 0.17 is an ORTF pair.

    Returns
    -------
    ndarray, shape (2, 3)
    """
    return np.array([[0.0, 0.5 * spacing_m, 0.0], [0.0, -0.5 * spacing_m, 0.0]])


def check_positions(positions: ArrayLike) -> NDArray[np.float64]:
    """Return microphone positions as float64 after checking them.

    Raises
    ------
    InputError
        If there are fewer than two microphones, values are not finite, two microphones coincide,
        or the array is wider than 20 m (positions in centimetres or millimetres).
    """
    xyz = np.asarray(positions, float)
    if xyz.ndim != 2 or xyz.shape[0] < 2 or xyz.shape[1] != 3:
        msg = f"microphone positions must have shape (microphones >= 2, 3), got {xyz.shape}"
        raise InputError(msg)
    if not np.isfinite(xyz).all():
        msg = "microphone positions hold values that are not finite; give x, y, z in metres"
        raise InputError(msg)
    apart = np.linalg.norm(xyz[:, None] - xyz[None], axis=-1)
    if apart.max() > 20.0:
        msg = f"microphones lie {apart.max():g} m apart; give positions in metres"
        raise InputError(msg)
    if apart[np.triu_indices(len(xyz), 1)].min() < 1e-5:
        msg = "two microphones have the same position; give each its own"
        raise InputError(msg)
    return xyz


def read_geometry(path: str | Path) -> NDArray[np.float64]:
    """Read an array's geometry from a YAML file.

    The file holds `microphones:`, a list of `[x, y, z]` in metres in channel order, x front,
    y left, z up.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    ndarray, shape (microphones, 3)

    Raises
    ------
    InputError
        If the file is missing, is not YAML, or does not describe an array.
    """
    file = Path(path)
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        msg = f"{file}: no such geometry file; give a YAML file with microphones: [[x, y, z], ...]"
        raise InputError(msg) from error
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        # ValueError: not UTF-8, or a date that does not exist; RecursionError: thousands of [.
        first = (str(error).splitlines() or ["unknown"])[0]
        msg = f"{file}: not a readable YAML file ({first}); expected microphones: [[x, y, z], ...]"
        raise InputError(msg) from error
    microphones = content.get("microphones") if isinstance(content, dict) else None
    if not isinstance(microphones, list):
        msg = f"{file}: no list named microphones; write microphones: [[x, y, z], ...] in metres"
        raise InputError(msg)
    try:
        return check_positions(np.array(microphones, dtype=float))
    except (TypeError, ValueError, OverflowError) as error:  # InputError is a ValueError
        reason = "rows are not three numbers each; write [x, y, z] in metres"
        msg = f"{file}: {error if isinstance(error, InputError) else reason}"
        raise InputError(msg) from error


def far_field_delays(positions: ArrayLike, directions: ArrayLike) -> NDArray[np.float64]:
    """Return by how much each microphone hears a plane wave later than the array's origin.

    Parameters
    ----------
    positions : array_like, shape (microphones, 3)
        Metres.
    directions : array_like, shape (..., 3)
        Unit vectors towards the source.

    Returns
    -------
    ndarray, shape (..., microphones)
        Seconds; negative where a microphone lies nearer to the source.
    """
    return np.asarray(
        -np.einsum("...d,md->...m", np.asarray(directions, float), np.asarray(positions, float))
        / SPEED_OF_SOUND
    )
