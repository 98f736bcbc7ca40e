"""Stereo clips with an ordinary picture, cut out of Ambisonics and panoramas: DCASE 2025, task 3.

A clip of 5 s listens and looks in one direction: the sound field, the annotations and the picture
are turned by the same angle, `turn`, so that what was at azimuth -turn is in front. Sound is a pair
of opposite cardioids, which hears front and back alike, so azimuths are folded to the front;
elevations are dropped.

Whether a source is in the picture has two rules. `table` is the published set's: a direction in
whole degrees is on screen if it would light a pixel when the panorama were 360 x 180 pixels and all
others black; so half a degree beyond the edges still counts. `geometric` is the field of view
itself. They differ in 301 of 64800 directions, all at the edge.

References
----------
.. [1] DCASE 2025 challenge, task 3: "Stereo sound event localization and detection in regular video
   content", arXiv:2507.12042.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hearsight.errors import DatasetError, InputError, nearest
from hearsight.events.events import Events
from hearsight.events.formats.dcase import fold_to_front
from hearsight.events.formats.frames import events_from_rows, frame_rows
from hearsight.recording.audio import read_audio
from hearsight.recording.grid import frame_time
from hearsight.recording.video import iterate_frames
from hearsight.spatial.ambisonics import turn_foa
from hearsight.spatial.directions import to_vectors, wrap_azimuth
from hearsight.spatial.projection import Projection
from hearsight.spatial.views import PanoramaView

SAMPLE_RATE = 24000
CLIP_FRAMES = 50
"""Label frames of 100 ms in a clip."""
CLIP_S = frame_time(CLIP_FRAMES)
PEAK = 0.9999
"""A clip that is louder was not taken into the set."""

FOV_DEG = 100.0
SIZE = (640, 360)
"""Width and height of the set's pictures; they show `FOV_DEG` from left to right."""

OnScreenRule = Literal["table", "geometric"]
ON_SCREEN_RULES: tuple[OnScreenRule, ...] = get_args(OnScreenRule)


def stereo_sound(foa: NDArray[np.floating], turn: float) -> NDArray[np.floating]:
    """Listen to a sound field in one direction.

    Parameters
    ----------
    foa : ndarray of float, shape (4, samples)
        W, Y, Z, X in SN3D.
    turn : float
        Degrees by which azimuths grow.

    Returns
    -------
    ndarray, shape (2, samples)
        Left and right, the sum and difference of the middle and side channels. A plane wave from
        the side comes twice as loud as in W; `PEAK` says when that is too loud.

    Raises
    ------
    InputError
        If there are not four channels.
    """
    mid, side, _, _ = turn_foa(foa, turn)
    return np.stack([mid + side, mid - side])


def stereo_events(
    events: Events,
    turn: float,
    *,
    start: int = 0,
    n_frames: int = CLIP_FRAMES,
    on_screen: OnScreenRule = "table",
) -> Events:
    """Turn annotations as the sound is turned, and cut out those of a clip.

    Parameters
    ----------
    events : Events
        Points without an azimuth are lost.
    turn : float
        Degrees by which azimuths grow.
    start, n_frames : int
        Label frames of the recording: where the clip begins and how long it is.
    on_screen : {"table", "geometric"}
        How to tell what is in the picture; see the module.

    Returns
    -------
    Events
        Azimuths in [-90, 90], no elevations, the same distances, classes and source numbers.
    """
    rows = [
        row._replace(frame=row.frame - start, azimuth=float(wrap_azimuth(row.azimuth + turn)))
        for row in frame_rows(events, directed_only=True)
        if start <= row.frame < start + n_frames
    ]
    seen = is_on_screen([row.azimuth for row in rows], [row.elevation for row in rows], on_screen)
    flat = (
        row._replace(azimuth=fold_to_front(row.azimuth), elevation=np.nan, on_screen=float(flag))
        for row, flag in zip(rows, seen, strict=True)
    )
    return events_from_rows(flat, events.labels, frame_time(n_frames))


def is_on_screen(
    azimuth: ArrayLike, elevation: ArrayLike, rule: OnScreenRule = "table"
) -> NDArray[np.bool_]:
    """Tell which directions are in the picture of a clip.

    Parameters
    ----------
    azimuth, elevation : array_like
        Degrees after turning, before folding; an unknown elevation (NaN) counts as 0. For the rule
        `table` they are rounded to whole degrees, halves to even.
    rule : {"table", "geometric"}
        See the module.

    Returns
    -------
    ndarray of bool

    Examples
    --------
    >>> is_on_screen([50, 51], 0), is_on_screen([50, 51], 0, "geometric")
    (array([ True,  True]), array([ True, False]))
    """
    if rule not in ON_SCREEN_RULES:
        msg = f"unknown rule {rule!r} for what is on screen; {nearest(str(rule), ON_SCREEN_RULES)}"
        raise InputError(msg)
    level = np.nan_to_num(np.asarray(elevation, float), nan=0.0)
    if rule == "geometric":
        return Projection("perspective", *SIZE, FOV_DEG).is_on_screen(to_vectors(azimuth, level))
    row = (90 - np.rint(level).astype(int)) % 180
    column = (180 - np.rint(np.asarray(azimuth, float)).astype(int)) % 360
    return _lighting_pixels()[row, column]


@functools.cache
def _lighting_pixels() -> NDArray[np.bool_]:
    """Tell for each pixel of a panorama, shape (180, 360), whether the picture shows any of it."""
    sampling = PanoramaView(0.0, *SIZE, FOV_DEG).sampling(360, 180)
    shown = np.zeros(180 * 360, dtype=bool)
    shown[sampling.corners[sampling.weights > 0.0]] = True
    return shown.reshape(180, 360)


def read_stereo(audio: Path, turn: float, start: int) -> NDArray[np.floating]:
    """Read a clip's sound out of an Ambisonics recording.

    Parameters
    ----------
    audio : Path
        W, Y, Z, X in SN3D.
    turn : float
        Degrees by which azimuths grow.
    start : int
        Label frame at which the clip begins.

    Returns
    -------
    ndarray, shape (2, samples)
        `CLIP_S` at `SAMPLE_RATE`.

    Raises
    ------
    DatasetError
        If the recording has other than four channels.
    """
    foa, _ = read_audio(audio, start=frame_time(start), duration=CLIP_S, sample_rate=SAMPLE_RATE)
    if len(foa) != 4:
        msg = f"{audio}: has {len(foa)} channels; expected the four of Ambisonics, W, Y, Z, X"
        raise DatasetError(msg)
    return stereo_sound(foa, turn)


def iterate_views(
    video: Path, turn: float, start: int, *, fps: float, width: int = SIZE[0]
) -> Iterator[NDArray[np.uint8]]:
    """Read a clip's pictures out of a panoramic video.

    Parameters
    ----------
    video : Path
        Equirectangular.
    turn : float
        Degrees by which azimuths grow.
    start : int
        Label frame at which the clip begins.
    fps : float
        Pictures per second.
    width : int
        Of the pictures in pixels; they are 9/16 as high.

    Yields
    ------
    ndarray of uint8, shape (3, height, width)
        `round(CLIP_S * fps)` of them; where the video ends before, the last one stays.

    Raises
    ------
    DatasetError
        If the video is not twice as wide as high, or has ended before the clip begins.
    """
    view = PanoramaView(-turn, width, view_height(width), FOV_DEG)
    sampling = None
    for panorama in _lasting(iterate_frames(video, start=frame_time(start), fps=fps), fps):
        rows, columns = panorama.shape[1:]
        if columns != 2 * rows:
            msg = (
                f"{video}: {columns} x {rows} pixels are no panorama of all directions; expected "
                "twice as wide as high; replace or remove it"
            )
            raise DatasetError(msg)
        sampling = sampling or view.sampling(columns, rows)
        yield sampling(panorama)
    if sampling is None:
        msg = f"{video}: ends before {frame_time(start):g} s, unlike its sound; copy it again"
        raise DatasetError(msg)


def view_height(width: int) -> int:
    """Return how high the pictures of a width are.

    Raises
    ------
    InputError
        If the width is no multiple of 64 pixels; of those the height is whole and even.
    """
    if width < 64 or width % 64:
        msg = f"width must be a multiple of 64 of at least 64 pixels, got {width}"
        raise InputError(msg)
    return width * SIZE[1] // SIZE[0]


def _lasting(
    timed: Iterable[tuple[float, NDArray[np.uint8]]], fps: float
) -> Iterator[NDArray[np.uint8]]:
    """Yield the pictures of a clip, the last one again and again where there are too few."""
    n_missing = round(CLIP_S * fps)
    picture = None
    for _, picture in itertools.islice(timed, n_missing):
        n_missing -= 1
        yield picture
    if picture is not None:
        yield from itertools.repeat(picture, n_missing)
