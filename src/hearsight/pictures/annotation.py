"""Marks, boxes and names of events, laid into each frame of a video.

An event with a box gets the box, one with a direction in the picture a ring, one with a direction
beside the picture its name at that edge with an arrow, one without a place its name in the upper
left corner.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hearsight.events.events import Box, Event, Track
from hearsight.events.scene import Scene
from hearsight.pictures.canvas import Sprite, draw_frame, draw_sprite
from hearsight.pictures.palette import event_colors, event_names, to_rgb
from hearsight.pictures.sprites import SpriteMaker
from hearsight.recording.rewriting import Planes, VideoFormat
from hearsight.spatial.projection import Projection

Place = tuple[float, float]
"""Column and row in pixels."""

Rectangle = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels."""

_MAX_JOINED_S = 0.25


@dataclass(frozen=True)
class Position:
    """Where an event is in the picture at a moment.

    Parameters
    ----------
    point : (float, float), optional
        Pixels; None where it has no place in the picture.
    box : (float, float, float, float), optional
        Left, top, width, height in pixels.
    side : {"", "left", "right"}
        Beside which edge of the picture it is.
    """

    point: Place | None = None
    box: Box | None = None
    side: str = ""


def position_at(event: Event, time: float, projection: Projection) -> Position:
    """Find an event in the picture.

    Parameters
    ----------
    event : Event
    time : float
        Seconds. Between two points of the track the direction is interpolated; the box is that of
        the latest point.
    projection : Projection
        Of the picture.

    Returns
    -------
    Position
        Empty where nothing is known.
    """
    track = event.track
    if track is None:
        return Position()
    index = int(np.searchsorted(track.times, time + 1e-9, side="right")) - 1
    if index < 0:
        index = 0  # an event may begin within the label frame before its first point
    box = track.boxes[index]
    if not np.isnan(box).any():
        left, top, width, height = (float(value) for value in box)
        return Position((left + 0.5 * width, top + 0.5 * height), (left, top, width, height))
    if np.isnan(track.azimuth[index]) or not projection.has_directions:
        return Position()
    direction = _direction(track, index, time)
    if bool(projection.is_on_screen(direction)):
        x, y = (float(value) for value in projection.to_pixels(direction))
        return Position((x, y))
    return Position(side="left" if direction[1] > 0.0 else "right")


def _direction(track: Track, index: int, time: float) -> NDArray[np.float64]:
    following = min(index + 1, len(track) - 1)
    directions = track.directions[[index, following]]
    step = float(track.times[following] - track.times[index])
    if not 0.0 < step < _MAX_JOINED_S or np.isnan(directions[1]).any():
        return np.asarray(directions[0])
    share = float(np.clip((time - track.times[index]) / step, 0.0, 1.0))
    mixed = (1.0 - share) * directions[0] + share * directions[1]
    length = float(np.linalg.norm(mixed))
    return np.asarray(mixed / length if length > 1e-6 else directions[0])


class Annotator:
    """Draws events into a frame: those that sound at a moment, or all.

    Parameters
    ----------
    scene : Scene
        With a projection.
    video : VideoFormat
        Of the frames; boxes and directions are scaled to its size.
    """

    def __init__(self, scene: Scene, video: VideoFormat) -> None:
        assert scene.projection is not None  # checked by the caller
        self._projection = scene.projection
        self._size = video.width, video.height
        self._scale = video.width / scene.projection.width, video.height / scene.projection.height
        self._is_bt709 = video.is_bt709
        maker = SpriteMaker(
            video.height, is_bt709=video.is_bt709, has_full_chroma=video.has_full_chroma
        )
        self._maker = maker
        self._events = list(
            zip(scene.events, event_names(scene.events), event_colors(scene.events), strict=True)
        )
        self._onsets = np.array([event.onset for event in scene.events])
        self._offsets = np.array([event.offset for event in scene.events])
        self._lengths = self._offsets - self._onsets
        self._signs: dict[tuple[str, str], tuple[Sprite, Sprite, Sprite, Sprite]] = {}

    def __call__(self, time: float, planes: Planes) -> None:
        """Draw into the planes of the frame shown at `time`, in seconds."""
        sounding = np.flatnonzero((self._onsets <= time) & (time < self._offsets))
        self._draw(planes, [(index, time) for index in sounding.tolist()])

    def draw_all(self, planes: Planes) -> None:
        """Draw into the planes of a still picture: each name once, amid its longest event."""
        longest = {self._events[index][1]: index for index in np.argsort(self._lengths).tolist()}
        middles = self._onsets + 0.5 * self._lengths
        self._draw(planes, [(index, float(middles[index])) for index in longest.values()])

    def _draw(self, planes: Planes, moments: list[tuple[int, float]]) -> None:
        """Draw events, given by their places in the list, as they are at moments in seconds."""
        taken: list[Rectangle] = []
        names: list[tuple[Sprite, Position]] = []
        for index, time in moments:
            event, name, color = self._events[index]
            position = self._scaled(position_at(event, time, self._projection))
            mark, plain, to_left, to_right = self._sprites(name, color)
            if position.box is not None:
                self._draw_box(planes, position.box, color)
            elif position.point is not None:
                self._draw_mark(planes, mark, position.point)
            names.append(({"left": to_left, "right": to_right}.get(position.side, plain), position))
        for sprite, position in names:  # after all marks, so that names stay readable
            left, top = self._place(sprite, position, taken)
            taken.append((left, top, left + sprite.width, top + sprite.height))
            draw_sprite(planes, sprite, left, top)

    def _sprites(self, name: str, color: str) -> tuple[Sprite, Sprite, Sprite, Sprite]:
        """Return mark, name, and the name with an arrow to the left and to the right."""
        if (name, color) not in self._signs:
            self._signs[name, color] = (
                self._maker.mark(color),
                self._maker.label(name, color),
                self._maker.label(f"◀ {name}", color),
                self._maker.label(f"{name} ▶", color),
            )
        return self._signs[name, color]

    def _scaled(self, position: Position) -> Position:
        x, y = self._scale
        box = position.box
        return Position(
            None if position.point is None else (position.point[0] * x, position.point[1] * y),
            None if box is None else (box[0] * x, box[1] * y, box[2] * x, box[3] * y),
            position.side,
        )

    def _draw_mark(self, planes: Planes, mark: Sprite, point: Place) -> None:
        left = round(point[0] - mark.width / 2)
        top = round(point[1] - mark.height / 2)
        draw_sprite(planes, mark, left, top)
        if self._projection.kind == "equirectangular":  # the other half of a mark on the seam
            width = self._size[0]
            for shifted in (left - width, left + width):
                if -mark.width < shifted < width:
                    draw_sprite(planes, mark, shifted, top)

    def _draw_box(self, planes: Planes, box: Box, color: str) -> None:
        draw_frame(planes, box, to_rgb(color), is_bt709=self._is_bt709)
        left, top, width, height = box
        beyond = left + width - self._size[0]
        if beyond > 0.0 and self._projection.kind == "equirectangular":  # over the seam
            rest = (left - self._size[0], top, width, height)
            draw_frame(planes, rest, to_rgb(color), is_bt709=self._is_bt709)

    def _place(self, sprite: Sprite, position: Position, taken: list[Rectangle]) -> tuple[int, int]:
        """Choose the first place for a name that is in the picture and free."""
        right_most, lowest = self._size[0] - sprite.width, self._size[1] - sprite.height
        choices = list(self._candidates(sprite, position))
        for left, top in choices:
            corner = left // 2 * 2, top // 2 * 2
            if 0 <= corner[0] <= right_most and 0 <= corner[1] <= lowest:
                box = (*corner, corner[0] + sprite.width, corner[1] + sprite.height)
                if not any(_overlap(box, other) for other in taken):
                    return corner
        left, top = choices[0]
        return (
            int(np.clip(left, 0, max(0, right_most))) // 2 * 2,
            int(np.clip(top, 0, max(0, lowest))) // 2 * 2,
        )

    def _candidates(self, sprite: Sprite, position: Position) -> Iterator[tuple[int, int]]:
        step = sprite.height + 2
        if position.box is not None:
            left, top, _, height = (round(value) for value in position.box)
            yield from ((left, top - step), (left, top + height + 2), (left + 2, top + 2))
            yield from ((left, top - step * (n + 2)) for n in range(3))
        elif position.point is not None:
            x, y = (round(value) for value in position.point)
            gap = max(8, self._size[1] // 30)
            beside = y - sprite.height // 2
            yield from ((x + gap, beside), (x - gap - sprite.width, beside))
            for n in range(1, 5):
                yield from ((x + gap, beside + n * step), (x + gap, beside - n * step))
                yield from ((x - gap - sprite.width, beside + n * step),)
        else:
            left = self._size[0] - sprite.width - 4 if position.side == "right" else 4
            middle = self._size[1] // 2 if position.side else 4
            yield from ((left, middle + n * step) for n in range(12))


def _overlap(a: Rectangle, b: Rectangle) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
