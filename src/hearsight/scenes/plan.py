"""What shall happen in a synthetic scene: sources, their paths and when they sound.

A plan is made once (by hand or at random) and then rendered by `mixer` to sound, by `camera` to
pictures and by `truth` to labels, so that all three agree. Positions are metres from the listener,
who is both the microphone and the camera: x front, y left, z up.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hearsight.errors import InputError
from hearsight.spatial.directions import check_vectors, to_vectors


@dataclass(frozen=True, eq=False)
class Trajectory:
    """A path through space, linear between its points and at rest beyond them.

    Parameters
    ----------
    times : ndarray, shape (n,)
        Seconds, increasing, n >= 1.
    positions : ndarray, shape (n, 3)
        Metres from the listener, none at the listener's own place.
    """

    times: NDArray[np.float64]
    positions: NDArray[np.float64]

    def __post_init__(self) -> None:
        positions = check_vectors(self.positions)
        if positions.shape != (len(self.times), 3) or len(self.times) == 0:
            msg = f"positions must have shape ({len(self.times)}, 3), got {positions.shape}"
            raise InputError(msg)
        if (np.diff(self.times) <= 0.0).any():
            msg = "times of a trajectory must increase"
            raise InputError(msg)
        if (np.linalg.norm(positions, axis=-1) < 0.05).any():
            msg = "a source may not come nearer to the listener than 5 cm"
            raise InputError(msg)

    def at(self, times: ArrayLike) -> NDArray[np.float64]:
        """Return positions in metres at the given seconds, shape (..., 3)."""
        moments = np.asarray(times, float)
        return np.stack(
            [np.interp(moments, self.times, self.positions[:, axis]) for axis in range(3)], axis=-1
        )

    @property
    def is_moving(self) -> bool:
        """Whether the position changes."""
        return bool(np.ptp(self.positions, axis=0).any())


def still(azimuth: float, elevation: float = 0.0, distance: float = 2.0) -> Trajectory:
    """Return the trajectory of something that stays at a direction (degrees) and distance (m)."""
    return Trajectory(np.zeros(1), distance * to_vectors([azimuth], [elevation]))


def arc(
    start: tuple[float, float],
    stop: tuple[float, float],
    duration: float,
    *,
    onset: float = 0.0,
    distance: float = 2.0,
) -> Trajectory:
    """Return a path from one (azimuth, elevation) to another at constant distance and speed.

    Parameters
    ----------
    start, stop : (float, float)
        Degrees. Azimuths are not wrapped, so that (170, 0) to (190, 0) crosses the back.
    duration : float
        Seconds for the way.
    onset : float
        Seconds at which it begins.
    distance : float
        Metres.
    """
    share = np.linspace(0.0, 1.0, max(2, round(duration / 0.05) + 1))
    azimuth = start[0] + share * (stop[0] - start[0])
    elevation = start[1] + share * (stop[1] - start[1])
    return Trajectory(onset + share * duration, distance * to_vectors(azimuth, elevation))


@dataclass(frozen=True, eq=False)
class SceneSource:
    """One thing in a scene: it sounds, is seen, or both.

    Parameters
    ----------
    label : str
        Class name.
    trajectory : Trajectory
        Where it is at each time of the scene.
    sound : ndarray of float32, shape (samples,), optional
        What it emits, at the plan's sample rate, beginning at `onset`; None for a silent thing.
    onset : float
        Seconds at which the sound begins.
    gain_db : float
        Level of the sound at 1 m, in dB relative to the waveform as given.
    is_visible : bool
        Whether the camera may see it.
    picture : ndarray of uint8, shape (height, width, 4), optional
        RGBA picture of the thing; None draws a shape of its own.
    size_m : float
        Height of the visible thing in metres.
    """

    label: str
    trajectory: Trajectory
    sound: NDArray[np.float32] | None = None
    onset: float = 0.0
    gain_db: float = 0.0
    is_visible: bool = True
    picture: NDArray[np.uint8] | None = None
    size_m: float = 0.5


@dataclass(frozen=True, eq=False)
class ScenePlan:
    """All sources of a scene.

    Parameters
    ----------
    sources : tuple of SceneSource
    duration : float
        Seconds; sounds are cut there.
    sample_rate : int
        Hz.
    labels : tuple of str
        The class list in order of class index; holds every source's label.
    seed : int
        Makes noise, backgrounds and silent motion reproducible.
    """

    sources: tuple[SceneSource, ...]
    duration: float
    sample_rate: int
    labels: tuple[str, ...]
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.duration > 0.0:
            msg = f"a scene's duration must be positive, got {self.duration}"
            raise InputError(msg)
        unknown = sorted({source.label for source in self.sources} - set(self.labels))
        if unknown:
            msg = f"sources have labels that are not in the class list: {', '.join(unknown)}"
            raise InputError(msg)
        for source in self.sources:
            if source.sound is not None and not 0.0 <= source.onset < self.duration:
                msg = f"{source.label} begins at {source.onset} s of {self.duration} s"
                raise InputError(msg)
