"""Rooms: walls that reflect, by the image-source method in a shoebox.

Each image is heard like a source of its own, with its distance, its delay between samples and the
directivity of every capsule. An Ambisonics response is thereby exact, not measured through
simulated microphones. The walls absorb alike at all frequencies, as much as gives the reverberation
time asked for.

The direct sound is not the room's: it is `propagation.free_field`, exact for moving sources too.
Reflections of a moving source are cross-faded between points of its path.

References
----------
.. [1] J. B. Allen and D. A. Berkley, "Image method for efficiently simulating small-room
   acoustics", J. Acoust. Soc. Am. 65(4), 1979.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hearsight.errors import InputError
from hearsight.scenes.convolution import cross_fades, moving_convolution
from hearsight.scenes.plan import ScenePlan, SceneSource
from hearsight.scenes.propagation import TAPS, emitted_sound, sinc_kernels
from hearsight.scenes.receivers import Receiver
from hearsight.spatial.ambisonics import encode_foa
from hearsight.spatial.arrays import SPEED_OF_SOUND

MIN_RT60_S = 0.1
MAX_RT60_S = 1.0
"""Shorter is no decay but a few echoes; longer needs millions of images for a point of a path."""

_WALL_MARGIN_M = 0.1
_PATH_STEP_M = 0.5
_TAIL_DB = 45.0  # what comes later is left out: it is most of the images and little of the sound
_PHASES = 64


@dataclass(frozen=True)
class Room:
    """A shoebox room with the listener in it.

    Parameters
    ----------
    size_m : (float, float, float)
        Length along x (front), y (left) and z (up) in metres.
    listener_m : (float, float, float)
        Place of the listener in metres from the room's right rear lower corner.
    rt60_s : float
        Seconds in which the sound falls by 60 dB, 0.1 to 1: twice the time from -5 to
        -35 dB of the reflections' backward integrated energy, as heard from 500 Hz upwards. Below
        it the reflections, all of one sign, add up and ring somewhat longer.
    """

    size_m: tuple[float, float, float]
    listener_m: tuple[float, float, float]
    rt60_s: float

    def __post_init__(self) -> None:
        if not all(
            _WALL_MARGIN_M <= place <= length - _WALL_MARGIN_M
            for place, length in zip(self.listener_m, self.size_m, strict=True)
        ):
            msg = f"the listener at {self.listener_m} m must stand inside a room of {self.size_m} m"
            raise InputError(msg)
        if not MIN_RT60_S <= self.rt60_s <= MAX_RT60_S:
            msg = f"RT60 must lie in [{MIN_RT60_S:g}, {MAX_RT60_S:g}] s, got {self.rt60_s:g}"
            raise InputError(msg)

    def check(self, plan: ScenePlan) -> None:
        """Raise InputError if a sounding source leaves the room."""
        low = _WALL_MARGIN_M - np.array(self.listener_m)
        high = np.array(self.size_m) - _WALL_MARGIN_M - np.array(self.listener_m)
        for source in plan.sources:
            path = source.trajectory.positions
            if source.sound is not None and ((path < low) | (path > high)).any():
                msg = (
                    f"{source.label} leaves the room of {self.size_m} m; make the room larger or "
                    "bring the source nearer"
                )
                raise InputError(msg)

    @functools.cached_property
    def absorption(self) -> float:
        """The share of energy that a wall takes, so that RT60 is as asked.

        Found by bisection; Sabine's formula would give a decay up to a half too long, because in
        a bare shoebox some images meet few walls.

        Raises
        ------
        InputError
            If even walls that absorb nearly all reverberate longer than asked.
        """
        reference = np.array([0.31, 0.37, 0.43]) * self.size_m - self.listener_m
        places, orders = self.images(reference, down_to_db=60.0)
        distances = np.linalg.norm(places, axis=1)
        nearest_first = np.argsort(distances)
        distances, orders = distances[nearest_first], orders[nearest_first]

        def decay_s(absorption: float) -> float:
            energy = (1.0 - absorption) ** orders / distances**2
            left = np.cumsum(energy[::-1])[::-1]
            reached = np.interp([5.0, 35.0], -10.0 * np.log10(left / left[0]), distances)
            return float(2.0 * (reached[1] - reached[0]) / SPEED_OF_SOUND)

        low, high = 0.001, 0.95
        if decay_s(high) > self.rt60_s:
            length, width, height = self.size_m
            msg = (
                f"a room of {length:g} x {width:g} x {height:g} m reverberates longer than "
                f"{self.rt60_s:g} s whatever its walls; ask for a longer RT60 or for none"
            )
            raise InputError(msg)
        for _ in range(20):
            middle = 0.5 * (low + high)
            low, high = (middle, high) if decay_s(middle) > self.rt60_s else (low, middle)
        return 0.5 * (low + high)

    def images(
        self, position: NDArray[np.float64], *, down_to_db: float = _TAIL_DB
    ) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
        """Return the mirror images of a source, without the source itself.

        Parameters
        ----------
        position : ndarray, shape (3,)
            Metres from the listener.
        down_to_db : float
            By how much the sound has fallen when the last image is heard.

        Returns
        -------
        places : ndarray, shape (images, 3)
            Metres from the listener.
        orders : ndarray of int, shape (images,)
            How often their sound has met a wall, >= 1.
        """
        reach = SPEED_OF_SOUND * self.rt60_s * down_to_db / 60.0
        places, orders = mirror_images(
            self.size_m, position + self.listener_m, self.listener_m, reach
        )
        reflected = orders > 0
        return places[reflected], orders[reflected]

    def reflections(
        self, position: NDArray[np.float64], receiver: Receiver, sample_rate: int
    ) -> NDArray[np.float64]:
        """Return the room's impulse responses without the direct sound.

        Parameters
        ----------
        position : ndarray, shape (3,)
            Of the source, metres from the listener.
        receiver : Receiver
        sample_rate : int
            Hz.

        Returns
        -------
        ndarray, shape (channels, taps)
            For a source of level 1 at 1 m.
        """
        images, orders = self.images(position)
        n_taps = int(np.ceil((self.rt60_s + 0.02) * sample_rate)) + TAPS
        responses = np.zeros((receiver.n_channels, n_taps))
        delays, gains = arrivals(images, orders, self.absorption, receiver)
        for response, late, loud in zip(responses, delays * sample_rate, gains, strict=True):
            response += _pulses(late, loud, n_taps)
        return responses


def mirror_images(
    size_m: Sequence[float], source_m: ArrayLike, listener_m: ArrayLike, reach_m: float
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Return a source and its mirror images in the walls of a shoebox.

    Parameters
    ----------
    size_m : sequence of float
        Length, width and height of the room in metres.
    source_m, listener_m : array_like, shape (3,)
        Metres from the corner in which all coordinates are 0.
    reach_m : float
        How far from the listener images are wanted, in metres.

    Returns
    -------
    places : ndarray, shape (images, 3)
        Metres from the listener.
    orders : ndarray of int, shape (images,)
        How often their sound has met a wall; 0 for the source itself.
    """
    coordinates, meetings = [], []
    axes = zip(size_m, np.asarray(source_m, float), np.asarray(listener_m, float), strict=True)
    for length, source, listener in axes:
        n_cells = int(np.ceil((reach_m + length) / (2.0 * length)))
        cells = np.arange(-n_cells, n_cells + 1)
        # Two rooms on, everything is where it was; the room between is the other way round.
        coordinates.append(2.0 * length * cells[:, None] + [source, -source] - listener)
        meetings.append(np.abs(2 * cells[:, None] - [0, 1]))
    x, y, z = (axis.ravel() for axis in coordinates)
    distances = np.sqrt((x * x)[:, None, None] + (y * y)[:, None] + z * z)
    near = np.nonzero(distances <= reach_m)
    places = np.stack([axis[i] for axis, i in zip((x, y, z), near, strict=True)], axis=-1)
    orders = np.sum([count.ravel()[i] for count, i in zip(meetings, near, strict=True)], axis=0)
    return places, orders


def arrivals(
    images: NDArray[np.float64], orders: NDArray[np.intp], absorption: float, receiver: Receiver
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return when and how loud each channel hears each image.

    Parameters
    ----------
    images : ndarray, shape (images, 3)
        Metres from the listener.
    orders : ndarray of int, shape (images,)
        How often their sound has met a wall.
    absorption : float
        Share of the energy that a wall takes.
    receiver : Receiver

    Returns
    -------
    delays : ndarray, shape (channels, images)
        Seconds.
    gains : ndarray, shape (channels, images)
        For a source of level 1 at 1 m.
    """
    vectors = images - receiver.positions[:, None]
    distances = np.linalg.norm(vectors, axis=-1)
    gains = np.einsum("cig,cg->ci", encode_foa(vectors / distances[..., None]), receiver.patterns)
    return distances / SPEED_OF_SOUND, gains * (1.0 - absorption) ** (0.5 * orders) / distances


def _pulses(
    delays: NDArray[np.float64], gains: NDArray[np.float64], n_taps: int
) -> NDArray[np.float64]:
    """Sum band-limited pulses at delays given in samples, all below n_taps - TAPS.

    The pulses are first gathered on a grid 64 times finer than the samples, each shared linearly
    between its two neighbours (error below 1e-4), so that millions cost no more than thousands.
    """
    fine = delays * _PHASES
    whole = np.floor(fine).astype(np.intp)
    upper = gains * (fine - whole)
    size = n_taps * _PHASES
    grid = np.bincount(whole, gains - upper, size) + np.bincount(whole + 1, upper, size)
    spread = grid.reshape(n_taps, _PHASES) @ sinc_kernels(np.arange(_PHASES) / _PHASES)
    pulses = np.zeros(n_taps + TAPS)
    for tap in range(TAPS):
        pulses[tap : tap + n_taps] += spread[:, tap]
    first = TAPS // 2 - 1  # the kernels begin that many samples before their pulse
    return pulses[first : first + n_taps]


def room_around(plan: ScenePlan, rt60_s: float) -> Room:
    """Return a room that holds a plan's sources with a metre to spare.

    Parameters
    ----------
    plan : ScenePlan
    rt60_s : float
        Seconds.

    Returns
    -------
    Room
        At least 5 x 4 x 2.6 m, the listener 1.2 m or more above the floor. Its sides are kept
        from being equal to one another, so that their echoes do not coincide.
    """
    paths = [s.trajectory.positions for s in plan.sources if s.sound is not None]
    points = np.concatenate([*paths, np.zeros((1, 3))])
    behind = np.maximum(np.array([1.0, 0.9, 0.6]) - points.min(axis=0), [2.3, 1.9, 1.2])
    ahead = np.maximum(points.max(axis=0) + np.array([0.8, 1.0, 0.5]), [2.7, 2.1, 1.4])
    size, listener = np.round(behind + ahead, 2), np.round(behind, 2)
    return Room(
        (float(size[0]), float(size[1]), float(size[2])),
        (float(listener[0]), float(listener[1]), float(listener[2])),
        rt60_s,
    )


def reverberation(
    source: SceneSource, room: Room, receiver: Receiver, duration: float, sample_rate: int
) -> NDArray[np.float64]:
    """Render what the walls return of one source, its onset rounded to a sample.

    Parameters
    ----------
    source : SceneSource
    room : Room
    receiver : Receiver
    duration : float
        Seconds of the scene.
    sample_rate : int
        Hz.

    Returns
    -------
    ndarray, shape (channels, samples)
    """
    n_samples = round(duration * sample_rate)
    channels = np.zeros((receiver.n_channels, n_samples))
    emitted = emitted_sound(source, duration, sample_rate)
    if len(emitted) == 0:
        return channels
    start = round(source.onset * sample_rate)
    times = source.onset + np.arange(len(emitted)) / sample_rate
    knots = _path_knots(source, times)
    responses = (
        room.reflections(source.trajectory.at(knot), receiver, sample_rate) for knot in knots
    )
    channels[:, start:] = moving_convolution(
        emitted, cross_fades(times, knots), responses, n_samples - start
    )
    return channels


def _path_knots(source: SceneSource, times: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the times at which a source's path is sampled, some way apart."""
    path = source.trajectory.at(times)
    way = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
    n_knots = int(np.ceil(way[-1] / _PATH_STEP_M)) + 1
    targets = np.linspace(0.0, way[-1], n_knots)
    return np.unique(times[np.searchsorted(way, targets).clip(max=len(times) - 1)])
