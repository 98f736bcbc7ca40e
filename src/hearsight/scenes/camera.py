"""The camera of a synthetic scene: frames, and which of their pixels show which source.

Picture i of a video shows the scene at i / fps seconds. Things face the camera: each is a patch in
the plane that touches the sphere of directions where the thing is, of its size over its distance.
Every pixel looks along its own direction, so that panoramas are bent as they must be and things
run over the seam at 180 degrees. Nearer things hide farther ones. A pixel shows the nearest
source that covers at least half of it; boxes and masks are made from exactly that.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hearsight.errors import InputError
from hearsight.scenes.backgrounds import Background, SensorNoise, draw_background
from hearsight.scenes.plan import ScenePlan, SceneSource
from hearsight.scenes.things import Look, Motion, Portrait, Pose, motion_of
from hearsight.spatial.projection import Projection

NOTHING = -1
"""The source index of a pixel that shows the background."""

MIN_DISTANCE_M = 0.05
"""A path between two allowed points may lead through the camera; no nearer than this counts."""


def render_video(
    plan: ScenePlan,
    projection: Projection,
    fps: float,
    *,
    background: Background | NDArray[np.uint8] = "texture",
    sensor_noise: float = 0.0,
) -> Iterator[NDArray[np.uint8]]:
    """Render a scene frame by frame, in constant memory.

    Parameters
    ----------
    plan : ScenePlan
        Its seed decides about looks, silent motion, background and noise.
    projection : Projection
        A perspective one needs its field of view.
    fps : float
        Frames per second; `round(duration * fps)` frames are made, at least one.
    background : {"texture", "gradient", "plain"} or ndarray of uint8, shape (3, height, width)
        A kind to draw, or a picture.
    sensor_noise : float
        Standard deviation of the camera's noise in 8-bit steps.

    Yields
    ------
    ndarray of uint8, shape (3, height, width)
        RGB.

    Raises
    ------
    InputError
        At once, if the rate, the background or the projection cannot be used.
    """
    if not (np.isfinite(fps) and fps > 0.0):
        msg = f"fps must be a positive number, got {fps}"
        raise InputError(msg)
    camera = _Camera(plan, projection)
    scenery = _scenery(background, projection, np.random.default_rng([plan.seed, 1]))
    noise = SensorNoise(sensor_noise, np.random.default_rng([plan.seed, 2]))
    n_frames = max(1, round(plan.duration * fps))
    return (noise.add(camera.picture(i / fps, scenery)) for i in range(n_frames))


def shown_sources(
    plan: ScenePlan, projection: Projection, times: ArrayLike
) -> Iterator[NDArray[np.int16]]:
    """Tell for every pixel which source it shows, frame by frame, in constant memory.

    Parameters
    ----------
    plan : ScenePlan
    projection : Projection
    times : array_like, shape (frames,)
        Seconds.

    Yields
    ------
    ndarray of int16, shape (height, width)
        Index into `plan.sources`, `NOTHING` where the background shows.
    """
    camera = _Camera(plan, projection)
    return (camera.shown(float(time)) for time in np.atleast_1d(np.asarray(times, float)))


def masks(plan: ScenePlan, projection: Projection, times: ArrayLike) -> Iterator[NDArray[np.bool_]]:
    """Tell which pixels show each source, frame by frame, in constant memory.

    Yields
    ------
    ndarray of bool, shape (sources, height, width)
        Of one time; no pixel belongs to two sources.
    """
    index = np.arange(len(plan.sources), dtype=np.int16)[:, None, None]
    return (shown == index for shown in shown_sources(plan, projection, times))


def boxes(plan: ScenePlan, projection: Projection, times: ArrayLike) -> NDArray[np.float64]:
    """Return the smallest box around the pixels that show each source.

    Parameters
    ----------
    plan : ScenePlan
    projection : Projection
    times : array_like, shape (frames,)
        Seconds.

    Returns
    -------
    ndarray, shape (sources, frames, 4)
        Left, top, width, height in pixels; NaN where no pixel shows the source. In a panorama the
        box of a thing on the seam begins before the right edge and ends beyond it: left lies in
        [0, width), left + width may exceed the picture's width and then goes on at its left edge.
    """
    frames = list(_frame_boxes(plan, projection, times))
    empty = np.empty((0, len(plan.sources), 4))
    return np.moveaxis(np.stack(frames) if frames else empty, 0, 1)


def _frame_boxes(
    plan: ScenePlan, projection: Projection, times: ArrayLike
) -> Iterator[NDArray[np.float64]]:
    """Yield for each time the boxes of all sources, shape (sources, 4) (see `boxes`)."""
    wraps = projection.kind == "equirectangular"
    for shown in shown_sources(plan, projection, times):
        yield np.array([_box(shown == i, wraps=wraps) for i in range(len(plan.sources))]).reshape(
            -1, 4
        )


def on_screen(plan: ScenePlan, projection: Projection, times: ArrayLike) -> NDArray[np.bool_]:
    """Tell at which times at least one pixel shows each source, shape (sources, frames)."""
    return ~np.isnan(boxes(plan, projection, times)[..., 0])


def _scenery(
    background: Background | NDArray[np.uint8], projection: Projection, rng: np.random.Generator
) -> NDArray[np.uint8]:
    if isinstance(background, str):
        return draw_background(background, projection, rng)
    expected = (3, projection.height, projection.width)
    if background.shape != expected or background.dtype != np.uint8:
        msg = (
            f"background must be uint8 of shape {expected}, got {background.dtype} "
            f"{background.shape}; resize it to the picture"
        )
        raise InputError(msg)
    return background


def _box(mask: NDArray[np.bool_], *, wraps: bool) -> tuple[float, float, float, float]:
    columns = np.flatnonzero(mask.any(axis=0))
    if len(columns) == 0:
        return (np.nan, np.nan, np.nan, np.nan)
    rows = np.flatnonzero(mask.any(axis=1))
    left, n_columns = int(columns[0]), int(columns[-1] - columns[0]) + 1
    if wraps:
        # The box is what remains of the circle when its widest gap is left out.
        width = mask.shape[1]
        gaps = np.diff(np.append(columns, columns[0] + width))
        widest = int(gaps.argmax())
        left = int(columns[(widest + 1) % len(columns)])
        n_columns = width - int(gaps[widest]) + 1
    return float(left), float(rows[0]), float(n_columns), float(rows[-1] - rows[0] + 1)


@dataclass(frozen=True, eq=False)
class _Thing:
    index: int
    source: SceneSource
    look: Look | Portrait
    motion: Motion


@dataclass(frozen=True, eq=False)
class _Layer:
    """One thing as seen at one time: the pixels it covers, and where on it each of them lies."""

    thing: _Thing
    pose: Pose
    rows: NDArray[np.intp]
    columns: NDArray[np.intp]
    u: NDArray[np.float32]
    v: NDArray[np.float32]
    opacity: NDArray[np.float32]


class _Camera:
    def __init__(self, plan: ScenePlan, projection: Projection) -> None:
        self._projection = projection
        self._rays = projection.grid(projection.height, projection.width).astype(np.float32)
        self._things = [
            _make_thing(index, source, plan, projection)
            for index, source in enumerate(plan.sources)
            if source.is_visible
        ]

    def picture(self, time: float, scenery: NDArray[np.uint8]) -> NDArray[np.uint8]:
        frame = scenery.copy()
        for layer in self._layers(time):
            pixels = (slice(None), layer.rows, layer.columns)
            below = frame[pixels].astype(np.float32)
            color = layer.thing.look.paint(layer.u, layer.v, layer.pose)
            frame[pixels] = np.rint(below + layer.opacity * (color - below)).astype(np.uint8)
        return frame

    def shown(self, time: float) -> NDArray[np.int16]:
        shown = np.full((self._projection.height, self._projection.width), NOTHING, dtype=np.int16)
        for layer in self._layers(time):
            covered = layer.opacity >= 0.5
            shown[layer.rows[covered], layer.columns[covered]] = layer.thing.index
        return shown

    def _layers(self, time: float) -> Iterator[_Layer]:
        """Yield what is in the picture, far things first."""
        places = [(thing.source.trajectory.at(time), thing) for thing in self._things]
        for position, thing in sorted(places, key=lambda place: -np.linalg.norm(place[0])):
            layer = self._layer(thing, position, time)
            if layer is not None:
                yield layer

    def _layer(self, thing: _Thing, position: NDArray[np.float64], time: float) -> _Layer | None:
        distance = max(float(np.linalg.norm(position)), MIN_DISTANCE_M)
        half = 0.5 * thing.source.size_m / distance
        axes = _tangent_axes(position / distance)
        pixel = _pixel_angle(self._projection) / half
        extent = half * (np.array(thing.look.reach, dtype=np.float32) + np.float32(pixel))
        rows, columns = self._window(axes, float(np.hypot(*extent)))
        if len(rows) == 0 or len(columns) == 0:
            return None
        rays = self._rays[rows[:, None], columns].reshape(-1, 3) @ axes.T.astype(np.float32)
        rays = rays.reshape(len(rows), len(columns), 3)
        # Rays that point away from the thing meet its plane behind the camera, if at all.
        depth = np.maximum(rays[..., 0], np.float32(1e-6))
        near = (np.abs(rays[..., 1]) <= extent[0] * depth) & (
            np.abs(rays[..., 2]) <= extent[1] * depth
        )
        row, column = np.nonzero(near)
        u, v = rays[near][:, 1:].T / (np.float32(half) * depth[near])
        pose = thing.motion.at(time)
        opacity = thing.look.opacity(u, v, pose, pixel)
        seen = opacity > 0.0
        row, column = rows[row[seen]], columns[column[seen]]
        return _Layer(thing, pose, row, column, u[seen], v[seen], opacity[seen])

    def _window(
        self, axes: NDArray[np.float64], reach: float
    ) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Return rows and columns that hold all within `reach` of a thing's tangent point."""
        if self._projection.kind == "equirectangular":
            return self._panorama_window(axes[0], float(np.arctan(reach)))
        width, height = self._projection.width, self._projection.height
        corners = axes[0] + reach * np.array(
            [a * axes[1] + b * axes[2] for a in (-1, 1) for b in (-1, 1)]
        )
        if (corners[:, 0] < 1e-3).all():
            return np.arange(0), np.arange(0)
        if (corners[:, 0] < 1e-3).any():
            return np.arange(height), np.arange(width)
        pixels = self._projection.to_pixels(corners)
        low, high = pixels.min(axis=0) - 1.0, pixels.max(axis=0) + 1.0
        columns = np.arange(max(0, int(low[0])), min(width, int(high[0]) + 1))
        return np.arange(max(0, int(low[1])), min(height, int(high[1]) + 1)), columns

    def _panorama_window(
        self, direction: NDArray[np.float64], radius: float
    ) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        width, height = self._projection.width, self._projection.height
        x, y = self._projection.to_pixels(direction)
        elevation = float(np.arcsin(np.clip(direction[2], -1.0, 1.0)))
        reach_y = radius / np.pi * height + 1.0
        rows = np.arange(max(0, int(y - reach_y)), min(height, int(y + reach_y) + 1))
        if abs(elevation) + radius >= 0.5 * np.pi - 1e-3:
            return rows, np.arange(width)
        # The meridians that touch a circle around the direction.
        reach_x = np.arcsin(np.sin(radius) / np.cos(elevation)) / (2.0 * np.pi) * width + 1.0
        columns = np.arange(int(np.floor(x - reach_x)), int(np.ceil(x + reach_x)) + 1)
        return rows, columns % width if len(columns) < width else np.arange(width)


def _make_thing(index: int, source: SceneSource, plan: ScenePlan, projection: Projection) -> _Thing:
    # Each thing has its own generator, so that a scene stays the same when another thing leaves.
    rng = np.random.default_rng([plan.seed, 0, index])
    motion = motion_of(source, plan, rng)
    if source.picture is None:
        return _Thing(index, source, Look.draw(rng), motion)
    picture = _check_picture(source.label, source.picture)
    nearest_m = float(np.linalg.norm(source.trajectory.positions, axis=-1).min())
    height_px = source.size_m / nearest_m / _pixel_angle(projection)
    return _Thing(index, source, Portrait.draw(picture, height_px, rng), motion)


def _check_picture(label: str, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    if picture.ndim != 3 or picture.shape[2] != 4 or picture.dtype != np.uint8 or not picture.size:
        msg = (
            f"the picture of {label} must be uint8 RGBA of shape (height, width, 4), got "
            f"{picture.dtype} {picture.shape}"
        )
        raise InputError(msg)
    return picture


def _pixel_angle(projection: Projection) -> float:
    """Return the height of a pixel in the middle of the picture, in radians."""
    if projection.kind == "equirectangular":
        return float(np.pi / projection.height)
    middle = 0.5 * np.array([projection.width, projection.height])
    ray = projection.to_directions(middle - np.array([0.0, 1.0]))
    return float(ray[2] / ray[0])


def _tangent_axes(direction: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return towards, right and up, as seen from the camera, shape (3, 3)."""
    right = np.array([direction[1], -direction[0], 0.0])
    length = float(np.linalg.norm(right))
    right = right / length if length > 1e-6 else np.array([0.0, -1.0, 0.0])
    return np.stack([direction, right, np.cross(right, direction)])
