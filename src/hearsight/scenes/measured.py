"""Rooms as they were measured: impulse responses from known places to one receiver.

A plan is first brought to the places that were measured (`MeasuredRoom.snapped`), so that labels,
pictures and sound agree: each source is where a response holds, and between two of them both its
path and its sound go over linearly from one to the other. Responses hold the direct sound too.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from zipfile import BadZipFile

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree

from hearsight.errors import InputError, MediaError
from hearsight.recording.layout import ChannelLayout
from hearsight.scenes.convolution import cross_fades, moving_convolution
from hearsight.scenes.plan import ScenePlan, SceneSource, Trajectory
from hearsight.scenes.propagation import emitted_sound
from hearsight.spatial.directions import check_vectors

_STEP_S = 0.1
_SAME_PLACE_M = 1e-3


@dataclass(frozen=True, eq=False)
class MeasuredRoom:
    """Impulse responses of a room.

    Parameters
    ----------
    layout : ChannelLayout
        What the receiver's channels are.
    positions : ndarray, shape (places, 3)
        Where the sounds came from, metres from the receiver.
    responses : ndarray, shape (places, channels, taps)
        Beginning when the sound leaves its source.
    sample_rate : int
        Hz.

    Raises
    ------
    InputError
        If shapes do not fit, or values are not finite.
    """

    layout: ChannelLayout
    positions: NDArray[np.float64]
    responses: NDArray[np.float64]
    sample_rate: int

    def __post_init__(self) -> None:
        n_places = len(check_vectors(self.positions))
        wanted = (n_places, self.layout.n_channels)
        if n_places == 0 or self.responses.ndim != 3 or self.responses.shape[:2] != wanted:
            msg = (
                f"responses must have shape (places, channels, taps), here {wanted} and any number "
                f"of taps, got {self.responses.shape}; give a place for each response"
            )
            raise InputError(msg)
        if not (np.isfinite(self.positions).all() and np.isfinite(self.responses).all()):
            msg = "positions or responses hold values that are not finite; measure them again"
            raise InputError(msg)

    @classmethod
    def read(cls, path: str | Path, layout: ChannelLayout) -> Self:
        """Read responses from an npz file and normalize them.

        Parameters
        ----------
        path : str or Path
            Holds `positions` (places, 3) in metres from the receiver, x front, y left, z up,
            `responses` (places, channels, taps) and `sample_rate` in Hz.
        layout : ChannelLayout
            What the channels are.

        Raises
        ------
        MediaError
            If the file is missing or is no npz file.
        InputError
            If something is missing in it or does not fit.
        """
        try:
            with np.load(path, allow_pickle=False) as file:
                positions, responses = (
                    np.asarray(file[name], float) for name in ("positions", "responses")
                )
                sample_rate = int(file["sample_rate"])
        except KeyError as error:
            msg = f"{path}: holds no {error.args[0]}; save positions, responses and sample_rate"
            raise InputError(msg) from error
        except (OSError, ValueError, TypeError, AttributeError, EOFError, BadZipFile) as error:
            reason = (str(error).splitlines() or ["unknown"])[0]
            msg = f"{path}: cannot be read as impulse responses ({reason}); give an npz file"
            raise MediaError(msg) from error
        try:
            return cls(layout, positions, responses, sample_rate).normalized()
        except InputError as error:
            msg = f"{path}: {error}"
            raise InputError(msg) from error

    def normalized(self) -> Self:
        """Return the same room with responses of norm 1, on average over the channels.

        Sounds from everywhere then arrive about as loud as from 1 m in the free field.

        Raises
        ------
        InputError
            If a response is silent.
        """
        norms = np.linalg.norm(self.responses, axis=-1).mean(axis=1)
        if not norms.all():
            msg = f"response {int(norms.argmin())} is silent; leave it and its place out"
            raise InputError(msg)
        return dataclasses.replace(self, responses=self.responses / norms[:, None, None])

    def nearest(self, points: ArrayLike) -> NDArray[np.intp]:
        """Return the measured place nearest to each point.

        Parameters
        ----------
        points : array_like, shape (..., 3)
            Metres.

        Returns
        -------
        ndarray of int, shape (...)
        """
        _, index = cKDTree(self.positions).query(check_vectors(points))
        return np.asarray(index)

    def route(self, trajectory: Trajectory, onset: float, offset: float) -> Trajectory:
        """Return a path as near to another as measured places allow.

        Parameters
        ----------
        trajectory : Trajectory
        onset, offset : float
            Seconds between which the path matters.

        Returns
        -------
        Trajectory
            Through the place nearest to the path at any time (looked up every 100 ms), when the
            path comes nearest to it.
        """
        n_steps = int(np.ceil((offset - onset) / _STEP_S)) + 1
        times = np.minimum(onset + _STEP_S * np.arange(n_steps), offset)
        points = trajectory.at(times)
        places = self.nearest(points)
        apart = np.linalg.norm(points - self.positions[places], axis=-1)
        arrivals = np.flatnonzero(np.diff(places)) + 1
        stays = np.split(np.arange(n_steps), arrivals)
        knots = np.array([stay[apart[stay].argmin()] for stay in stays])
        return Trajectory(times[knots], self.positions[places[knots]])

    def snapped(self, plan: ScenePlan) -> ScenePlan:
        """Return a plan whose sounding sources move through measured places alone."""

        def moved(source: SceneSource) -> SceneSource:
            if source.sound is None:
                return source
            offset = source.onset + len(source.sound) / plan.sample_rate
            route = self.route(source.trajectory, source.onset, offset)
            return dataclasses.replace(source, trajectory=route)

        return dataclasses.replace(plan, sources=tuple(moved(source) for source in plan.sources))

    def check(self, plan: ScenePlan) -> None:
        """Raise InputError if a plan has another sample rate or leaves the measured places."""
        if plan.sample_rate != self.sample_rate:
            msg = (
                f"responses at {self.sample_rate} Hz do not fit a scene at {plan.sample_rate} Hz; "
                "resample them"
            )
            raise InputError(msg)
        for source in plan.sources:
            path = source.trajectory.positions
            apart = np.linalg.norm(path - self.positions[self.nearest(path)], axis=-1).max()
            if source.sound is not None and apart > _SAME_PLACE_M:
                msg = f"{source.label} goes where nothing was measured; snap the plan first"
                raise InputError(msg)

    def heard(self, source: SceneSource, duration: float) -> NDArray[np.float64]:
        """Render a source, its onset rounded to a sample.

        Parameters
        ----------
        source : SceneSource
            Of a plan that passes `check`.
        duration : float
            Seconds of the scene.

        Returns
        -------
        ndarray, shape (channels, samples)
        """
        n_samples = round(duration * self.sample_rate)
        channels = np.zeros((self.layout.n_channels, n_samples))
        emitted = emitted_sound(source, duration, self.sample_rate)
        if len(emitted) == 0:
            return channels
        start = round(source.onset * self.sample_rate)
        times = source.onset + np.arange(len(emitted)) / self.sample_rate
        channels[:, start:] = moving_convolution(
            emitted,
            cross_fades(times, source.trajectory.times),
            self.responses[self.nearest(source.trajectory.positions)],
            n_samples - start,
        )
        return channels
