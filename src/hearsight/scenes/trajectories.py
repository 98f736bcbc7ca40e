"""Paths through a room from one place to another, in metres (paths of directions: `plan.arc`)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hearsight.errors import InputError
from hearsight.scenes.plan import Trajectory
from hearsight.spatial.directions import check_vectors

_STEP_S = 0.1


def straight(
    start: ArrayLike, stop: ArrayLike, duration: float, *, onset: float = 0.0
) -> Trajectory:
    """Return a straight path at constant speed.

    Parameters
    ----------
    start, stop : array_like, shape (3,)
        Metres from the listener.
    duration : float
        Seconds for the way.
    onset : float
        Seconds at which it begins.

    Raises
    ------
    InputError
        If the duration is not positive, or the path comes too near to the listener.
    """
    first, last = check_vectors(start), check_vectors(stop)
    share = _shares(duration)
    return Trajectory(onset + share * duration, first + share[:, None] * (last - first))


def semicircle(
    start: ArrayLike,
    stop: ArrayLike,
    duration: float,
    *,
    onset: float = 0.0,
    around: ArrayLike = (0.0, 0.0, 1.0),
) -> Trajectory:
    """Return a path along a half circle at constant speed.

    Parameters
    ----------
    start, stop : array_like, shape (3,)
        Metres from the listener; both ends of the diameter.
    duration : float
        Seconds for the way.
    onset : float
        Seconds at which it begins.
    around : array_like, shape (3,)
        The axis around which it turns counter-clockwise, as far as the ends allow; default: as
        level as possible.

    Raises
    ------
    InputError
        If the duration is not positive, the path comes too near to the listener, or the axis
        points from one end to the other.
    """
    first, last = check_vectors(start), check_vectors(stop)
    middle, radius = 0.5 * (first + last), 0.5 * (first - last)
    axis = check_vectors(around)
    across = np.cross(axis, radius)
    length = float(np.linalg.norm(across))
    if length < 1e-9:
        msg = f"no half circle from {first} to {last} m turns around {axis}; give another"
        raise InputError(msg)
    across *= np.linalg.norm(radius) / length
    share = _shares(duration)
    turn = np.pi * share[:, None]
    return Trajectory(
        onset + share * duration, middle + np.cos(turn) * radius + np.sin(turn) * across
    )


def _shares(duration: float) -> NDArray[np.float64]:
    """Return which share of the way is behind at about every 100 ms, from 0 to 1."""
    if not duration > 0.0:
        msg = f"a path must last longer than 0 s, got {duration:g}"
        raise InputError(msg)
    return np.linspace(0.0, 1.0, max(2, round(duration / _STEP_S) + 1))
