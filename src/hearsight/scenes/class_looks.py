"""What the sources of the thirteen procedural sounds look like: drawings made by code.

Each class of `sounds` is tied to a look, as a bell looks like a bell, so that somebody who learns
what sounds together with what can tell the thing from its sound. No single color gives a class
away: hues are drawn from several that other classes have too, and every thing is turned, mirrored,
stretched and toned on its own. A stranger is a shape that belongs to no class.

Drawings are made on the square [-1, 1] x [-1, 1], x to the right and y down, which the thing fills.
"""

from __future__ import annotations

import colorsys
from collections.abc import Callable, Iterable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from hearsight.errors import InputError, nearest
from hearsight.events.classes import DCASE_2022

SIDE_PX = 256
"""Side of the square that a thing is drawn on."""

Color = tuple[int, int, int]
Point = tuple[float, float]

_TURN = np.linspace(0.0, 2.0 * np.pi, 36, endpoint=False)
_CIRCLE = np.stack([np.cos(_TURN), np.sin(_TURN)], axis=-1)

_INK: Color = (28, 26, 32)
_IVORY: Color = (240, 236, 222)
_RED: Color = (150, 30, 35)
_SKINS: tuple[Color, ...] = ((236, 196, 164), (205, 150, 112), (150, 100, 70), (98, 64, 46))


def draw_class(label: str, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Draw a thing that makes the sounds of a class.

    Parameters
    ----------
    label : str
        One of `events.classes.DCASE_2022`.
    rng : numpy.random.Generator
        Decides about colors, proportions, turn and stretch.

    Returns
    -------
    ndarray of uint8, shape (height, width, 4)
        RGBA, cut to what is not transparent; at most `SIDE_PX` high and wide.

    Raises
    ------
    InputError
        If the label is unknown.
    """
    if label not in _DRAWERS:
        msg = f"no look for {label!r}; {nearest(label, _DRAWERS)}"
        raise InputError(msg)
    return _drawn(_DRAWERS[label], rng, largest_turn_deg=10.0)


def draw_stranger(rng: np.random.Generator) -> NDArray[np.uint8]:
    """Draw a thing that belongs to no class, RGBA as `draw_class` gives it."""
    return _drawn(_stranger, rng, largest_turn_deg=180.0)


class _Pen:
    """Draws filled shapes through a linear map: turned, mirrored and stretched as a whole."""

    def __init__(self, matrix: NDArray[np.float64]) -> None:
        self.image = Image.new("RGBA", (SIDE_PX, SIDE_PX))
        self._draw = ImageDraw.Draw(self.image)
        self._matrix = matrix

    def polygon(self, points: Iterable[Point], color: Color) -> None:
        mapped = np.array(list(points)) @ self._matrix.T
        self._draw.polygon(((mapped + 1.0) * (0.5 * SIDE_PX)).ravel().tolist(), fill=color)

    def disc(self, x: float, y: float, across: float, down: float, color: Color) -> None:
        self.polygon(np.array([x, y]) + [across, down] * _CIRCLE, color)

    def box(self, left: float, top: float, right: float, bottom: float, color: Color) -> None:
        self.polygon([(left, top), (right, top), (right, bottom), (left, bottom)], color)

    def rounded(self, left: float, top: float, right: float, bottom: float, color: Color) -> None:
        """Draw a box whose outline is a superellipse."""
        bulge = np.sign(_CIRCLE) * np.sqrt(np.abs(_CIRCLE))
        half = [0.5 * (right - left), 0.5 * (bottom - top)]
        self.polygon(np.array([left, top]) + half * (1.0 + bulge), color)

    def stroke(self, points: Iterable[Point], width: float, color: Color) -> None:
        """Draw a line with round joints and ends."""
        path = list(points)
        for (x, y), (next_x, next_y) in pairwise(path):
            share = 0.5 * width / max(np.hypot(next_x - x, next_y - y), 1e-9)
            across, down = share * (y - next_y), share * (next_x - x)
            corners = [(x + across, y + down), (next_x + across, next_y + down)]
            corners += [(next_x - across, next_y - down), (x - across, y - down)]
            self.polygon(corners, color)
        for x, y in path:
            self.disc(x, y, 0.5 * width, 0.5 * width, color)

    def ring(self, x: float, y: float, radius: float, width: float, color: Color) -> None:
        path = np.array([x, y]) + radius * _CIRCLE
        self.stroke([*path.tolist(), path[0].tolist()], width, color)


def _drawn(
    draw: Callable[[_Pen, np.random.Generator], None],
    rng: np.random.Generator,
    *,
    largest_turn_deg: float,
) -> NDArray[np.uint8]:
    turn = np.deg2rad(rng.uniform(-largest_turn_deg, largest_turn_deg))
    stretch, shear = np.exp(rng.uniform(-0.12, 0.12)), rng.uniform(-0.08, 0.08)
    mirror = rng.choice([-1.0, 1.0])
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    matrix = rotation @ np.array([[mirror * stretch, shear], [0.0, 1.0 / stretch]])
    # No point of the square may leave the canvas.
    pen = _Pen(matrix / np.abs(matrix).sum(axis=1).max())
    draw(pen, rng)
    return np.asarray(pen.image.crop(pen.image.getbbox()))


def _tone(rng: np.random.Generator, *hues: float, vivid: float = 0.65, light: float = 0.7) -> Color:
    """Return a color near one of some hues (in turns: 0 red, 1/3 green, 2/3 blue)."""
    hue = rng.choice(hues) + rng.normal(0.0, 0.025)
    saturation, value = np.clip(rng.normal([vivid, light], 0.08), 0.1, 0.95)
    red, green, blue = colorsys.hsv_to_rgb(hue % 1.0, saturation, value)
    return round(255 * red), round(255 * green), round(255 * blue)


def _shaded(color: Color, factor: float) -> Color:
    red, green, blue = (min(255, round(factor * channel)) for channel in color)
    return red, green, blue


def _skin(rng: np.random.Generator) -> Color:
    return _SKINS[rng.integers(len(_SKINS))]


def _eyes(pen: _Pen, y: float, apart: float) -> None:
    for x in (-apart, apart):
        pen.disc(x, y, 0.11, 0.09, _IVORY)
        pen.disc(x, y, 0.05, 0.07, _INK)


def _female_speech(pen: _Pen, rng: np.random.Generator) -> None:
    """Draw a head with long hair, a dress and a bow."""
    hair, dress = _tone(rng, 0.03, 0.1, 0.08, light=0.45), _tone(rng, 0.85, 0.95, 0.55)
    skin = _skin(rng)
    pen.disc(0.0, -0.2, 0.72, 0.75, hair)
    pen.rounded(-0.78, -0.2, 0.78, 0.85, hair)
    pen.polygon([(-0.35, 0.5), (0.35, 0.5), (0.9, 1.0), (-0.9, 1.0)], dress)
    pen.disc(0.0, 0.0, 0.46, 0.58, skin)
    pen.polygon([(-0.5, -0.05), (-0.1, -0.62), (0.5, -0.1), (0.3, -0.7), (-0.4, -0.65)], hair)
    _eyes(pen, -0.05, 0.2)
    pen.disc(0.0, 0.33, 0.19, 0.11 + 0.08 * rng.random(), _RED)
    for side in (-1.0, 1.0):
        pen.polygon([(0.0, -0.85), (0.4 * side, -1.0), (0.4 * side, -0.65)], dress)


def _male_speech(pen: _Pen, rng: np.random.Generator) -> None:
    """Draw a square head with a brimmed hat, a beard, and a tie on a shirt."""
    beard = _tone(rng, 0.05, 0.08, light=0.3, vivid=0.4)
    hat = _tone(rng, 0.6, 0.35, 0.08, light=0.4)
    skin = _skin(rng)
    pen.rounded(-0.95, 0.55, 0.95, 1.0, _shaded(hat, 1.5))
    pen.rounded(-0.5, -0.5, 0.5, 0.72, skin)
    pen.rounded(-0.52, 0.12, 0.52, 0.8, beard)
    pen.disc(0.0, 0.38, 0.24, 0.08 + 0.07 * rng.random(), _RED)
    pen.stroke([(-0.25, 0.22), (0.25, 0.22)], 0.12, _shaded(beard, 0.7))
    _eyes(pen, -0.15, 0.22)
    pen.stroke([(-0.92, -0.4), (0.92, -0.4)], 0.16, hat)
    pen.rounded(-0.55, -0.98, 0.55, -0.35, hat)
    pen.box(-0.55, -0.6, 0.55, -0.46, _IVORY)
    pen.polygon([(-0.14, 0.8), (0.14, 0.8), (0.2, 1.0), (-0.2, 1.0)], _RED)


def _clapping(pen: _Pen, rng: np.random.Generator) -> None:
    """Draw two hands with spread fingers."""
    skin, cuff = _skin(rng), _tone(rng, 0.3, 0.5, 0.78)
    for side in (-1.0, 1.0):
        for finger in range(4):
            lean = side * (0.14 + 0.17 * finger)
            length = (0.98, 0.95, 0.75, 0.45)[finger]
            tip = (lean + side * 0.1 * finger, -length)
            pen.stroke([(lean * 0.8 + side * 0.1, 0.2), tip], 0.17, skin)
            pen.disc(tip[0], tip[1] + 0.02, 0.05, 0.06, _IVORY)
        pen.stroke([(side * 0.3, 0.3), (side * 0.03, -0.12)], 0.17, skin)
        pen.disc(side * 0.42, 0.25, 0.36, 0.36, skin)
        pen.stroke([(side * 0.2, 0.35), (side * 0.6, 0.15)], 0.04, _shaded(skin, 0.7))
        pen.box(side * 0.2, 0.55, side * 0.72, 1.0, cuff)
        pen.box(side * 0.2, 0.7, side * 0.72, 0.78, _IVORY)


def _telephone(pen: _Pen, rng: np.random.Generator) -> None:
    """Draw a telephone with a dial and the receiver on its fork."""
    body = _tone(rng, 0.0, 0.45, 0.62, vivid=0.8, light=0.55)
    pen.polygon([(-0.45, -0.35), (0.45, -0.35), (0.95, 0.75), (-0.95, 0.75)], body)
    pen.rounded(-1.0, 0.6, 1.0, 0.95, _shaded(body, 0.75))
    pen.stroke([(-0.7, -0.65), (0.0, -0.78), (0.7, -0.65)], 0.24, _shaded(body, 0.6))
    for side in (-0.76, 0.76):
        pen.rounded(side - 0.24, -0.75, side + 0.24, -0.3, _shaded(body, 0.6))
    pen.disc(0.0, 0.22, 0.45, 0.42, _IVORY)
    for hole in np.linspace(0.4, 2.0 * np.pi, 9, endpoint=False):
        pen.disc(0.31 * np.cos(hole), 0.22 + 0.29 * np.sin(hole), 0.07, 0.07, _INK)
    pen.disc(0.0, 0.22, 0.14, 0.13, body)


def _laughter(pen: _Pen, rng: np.random.Generator) -> None:
    """Draw a round face with a wide open mouth, eyes shut, tears."""
    face = _tone(rng, 0.13, 0.08, 0.25, vivid=0.8, light=0.92)
    pen.disc(0.0, 0.0, 1.0, 1.0, _shaded(face, 0.75))
    pen.disc(0.0, 0.0, 0.92, 0.92, face)
    for side in (-1.0, 1.0):
        arch = [(side * 0.65, -0.15), (side * 0.42, -0.42), (side * 0.18, -0.15)]
        pen.stroke(arch, 0.12, _INK)
        pen.disc(side * 0.78, 0.15, 0.12, 0.2, (90, 170, 235))
    turn = np.linspace(0.0, np.pi, 18)
    depth = rng.uniform(0.55, 0.75)
    mouth = np.stack([0.62 * np.cos(turn), 0.08 + depth * np.sin(turn)], -1)
    pen.polygon(mouth, _RED)
    pen.polygon([(-0.6, 0.08), (0.6, 0.08), (0.5, 0.26), (-0.5, 0.26)], _IVORY)
    pen.disc(0.0, 0.0 + depth, 0.28, 0.1, (235, 110, 120))


def _domestic_sounds(pen: _Pen, rng: np.random.Generator) -> None:
    """Draw a vacuum cleaner: a body on wheels, a ribbed hose, a brush."""
    body, hose = _tone(rng, 0.38, 0.55, 0.02), _tone(rng, 0.6, light=0.45, vivid=0.15)
    turn = np.linspace(0.0, 1.0, 14)
    path = np.stack([0.35 - 1.2 * turn, -0.1 - 0.85 * np.sin(np.pi * turn**0.8)], -1)
    path[-1] = (-0.85, 0.7)
    pen.stroke(path.tolist(), 0.24, hose)
    for x, y in path[1:-1]:
        pen.disc(x, y, 0.06, 0.06, _IVORY)
    pen.polygon([(-1.0, 0.95), (-0.9, 0.65), (-0.6, 0.65), (-0.4, 0.95)], _INK)
    pen.disc(0.32, 0.2, 0.66, 0.6, body)
    pen.box(-0.34, 0.2, 0.98, 0.75, body)
    pen.box(-0.36, 0.38, 0.99, 0.52, _IVORY)
    pen.disc(0.4, 0.0, 0.26, 0.18, _shaded(body, 0.6))
    for x in (-0.02, 0.7):
        pen.disc(x, 0.76, 0.22, 0.22, _INK)
        pen.disc(x, 0.78, 0.08, 0.08, _IVORY)


def _footsteps(pen: _Pen, rng: np.random.Generator) -> None:
    """Draw a boot with laces and a ridged sole."""
    leather, sole = _tone(rng, 0.06, 0.1, 0.9, light=0.5), _shaded(_IVORY, rng.uniform(0.6, 1.0))
    pen.box(-0.8, -1.0, 0.12, 0.4, leather)
    pen.disc(0.4, 0.42, 0.58, 0.42, leather)
    pen.box(-0.8, 0.2, 0.4, 0.75, leather)
    pen.box(-0.84, -1.0, 0.16, -0.78, _shaded(leather, 0.55))
    for y in (-0.6, -0.38, -0.16, 0.06):
        pen.stroke([(-0.1, y), (0.26, y + 0.12)], 0.08, _IVORY)
    pen.box(-0.86, 0.68, 1.0, 0.86, sole)
    for x in np.arange(-0.86, 0.95, 0.31):
        pen.box(x, 0.84, x + 0.2, 1.0, sole)
    pen.box(-0.8, 0.3, -0.6, 0.68, _shaded(leather, 0.55))


def _door(pen: _Pen, rng: np.random.Generator) -> None:
    """Draw a door with four panels in its frame."""
    wood = _tone(rng, 0.07, 0.4, 0.6, vivid=0.5, light=0.55)
    pen.box(-0.68, -1.0, 0.68, 1.0, _shaded(wood, 0.5))
    pen.box(-0.56, -0.9, 0.56, 1.0, wood)
    for left, right in ((-0.44, -0.06), (0.06, 0.44)):
        for top, bottom in ((-0.78, -0.02), (0.2, 0.85)):
            pen.box(left, top, right, bottom, _shaded(wood, 0.65))
            pen.box(left + 0.08, top + 0.08, right - 0.04, bottom - 0.04, _shaded(wood, 1.3))
    pen.disc(0.42, 0.1, 0.1, 0.1, (225, 185, 70))


def _music(pen: _Pen, rng: np.random.Generator) -> None:
    """Draw a radio with two loudspeakers, a handle and a display."""
    case = _tone(rng, 0.75, 0.02, 0.5, light=0.45)
    pen.stroke([(-0.7, -0.3), (-0.6, -0.75), (0.6, -0.75), (0.7, -0.3)], 0.12, _INK)
    pen.stroke([(0.75, -0.4), (0.95, -0.95)], 0.05, (190, 190, 195))
    pen.rounded(-1.0, -0.5, 1.0, 0.75, case)
    for x in (-0.58, 0.58):
        for radius, color in ((0.4, _INK), (0.32, (150, 150, 155)), (0.22, _INK), (0.1, _IVORY)):
            pen.disc(x, 0.2, radius, radius, color)
    pen.box(-0.3, -0.38, 0.3, -0.18, (150, 225, 150))
    for x in (-0.12, 0.0, 0.12):
        level = rng.uniform(0.1, 0.6)
        pen.box(x - 0.05, 0.6 - level, x + 0.05, 0.6, (235, 200, 60))


def _musical_instrument(pen: _Pen, rng: np.random.Generator) -> None:
    """Draw a guitar."""
    wood = _tone(rng, 0.09, 0.0, 0.12, vivid=0.75, light=0.75)
    neck = _shaded(wood, 0.4)
    for radius, color in ((0.06, _shaded(wood, 0.55)), (0.0, wood)):
        pen.disc(0.0, 0.55, 0.52 + radius, 0.4 + radius, color)
        pen.disc(0.0, 0.02, 0.38 + radius, 0.32 + radius, color)
    pen.disc(0.0, 0.2, 0.19, 0.19, _INK)
    pen.box(-0.09, -0.85, 0.09, 0.15, neck)
    for y in np.arange(-0.7, -0.25, 0.12):
        pen.box(-0.09, y, 0.09, y + 0.03, _IVORY)
    pen.polygon([(-0.16, -1.0), (0.16, -1.0), (0.12, -0.76), (-0.12, -0.76)], wood)
    for y in (-0.95, -0.85):
        for side in (-0.2, 0.2):
            pen.disc(side, y, 0.06, 0.04, _IVORY)
    pen.box(-0.25, 0.66, 0.25, 0.74, neck)
    for x in (-0.05, 0.0, 0.05):
        pen.stroke([(x, -0.8), (x, 0.7)], 0.02, _IVORY)


def _water_tap(pen: _Pen, rng: np.random.Generator) -> None:
    """Draw a tap whose water runs."""
    metal, water = _tone(rng, 0.58, 0.12, vivid=0.2, light=0.75), (70, 150, 240)
    dark = _shaded(metal, 0.6)
    pen.polygon([(0.2, 0.0), (0.8, 0.0), (0.95, 0.9), (0.0, 0.9)], water)
    for x in np.linspace(0.2, 0.78, 5):
        wave = rng.uniform(-0.05, 0.05)
        pen.stroke([(x, 0.05), (x + wave, 0.45), (x, 0.85)], 0.05, (205, 230, 255))
    pen.disc(0.48, 0.92, 0.5, 0.08, (205, 230, 255))
    pen.stroke([(-0.75, -0.15), (0.3, -0.15), (0.5, -0.05)], 0.55, metal)
    pen.stroke([(-0.7, -0.25), (0.3, -0.25)], 0.1, _IVORY)
    pen.box(0.14, -0.1, 0.86, 0.12, dark)
    pen.box(-1.0, -0.65, -0.72, 0.35, dark)
    pen.box(-0.15, -0.8, 0.15, -0.4, dark)
    pen.stroke([(-0.55, -0.85), (0.55, -0.85)], 0.26, _tone(rng, 0.0, 0.6))


def _bell(pen: _Pen, rng: np.random.Generator) -> None:
    """Draw a bell with its clapper."""
    metal = _tone(rng, 0.13, 0.08, 0.45, vivid=0.7, light=0.8)
    pen.disc(0.0, 0.8, 0.2, 0.2, _shaded(metal, 0.45))
    pen.ring(0.0, -0.82, 0.13, 0.08, _shaded(metal, 0.55))
    y = np.linspace(-0.72, 0.75, 16)
    half = 0.5 + 0.45 * np.linspace(0.0, 1.0, 16) ** 1.8
    half[:2] = 0.2, 0.42
    right = np.stack([half, y], -1)
    pen.polygon([*right.tolist(), *(right[::-1] * [-1.0, 1.0]).tolist()], metal)
    shine = np.stack([-0.75 * half[2:-2], y[2:-2]], -1)
    pen.stroke(shine.tolist(), 0.08, _shaded(metal, 1.4))
    for level, factor in ((-0.25, 0.6), (0.25, 0.6), (0.68, 0.5)):
        reach = float(np.interp(level, y, half))
        pen.box(-reach, level - 0.05, reach, level + 0.05, _shaded(metal, factor))


def _knock(pen: _Pen, rng: np.random.Generator) -> None:
    """Draw a door knocker: a studded plate and its ring."""
    plate, iron = _tone(rng, 0.33, 0.7, 0.95, light=0.5), _tone(rng, 0.1, light=0.25, vivid=0.15)
    corners = np.pi / 8.0 + np.pi / 4.0 * np.arange(8)
    octagon = np.stack([np.cos(corners), np.sin(corners)], -1)
    pen.polygon(1.05 * octagon, iron)
    pen.polygon(0.95 * octagon, plate)
    for x, y in 0.83 * octagon:
        pen.disc(x, y, 0.1, 0.1, _IVORY)
    pen.ring(0.0, 0.2, 0.42, 0.16, iron)
    pen.disc(0.0, 0.62, 0.16, 0.13, _shaded(iron, 0.7))
    pen.rounded(-0.3, -0.5, 0.3, -0.05, iron)
    pen.disc(0.0, -0.28, 0.12, 0.12, (225, 185, 70))


def _stranger(pen: _Pen, rng: np.random.Generator) -> None:
    """Draw a star, a heap of discs or a bent bar in two colors of any hue."""
    first, second = (_tone(rng, *rng.random(1), light=rng.uniform(0.3, 0.9)) for _ in range(2))
    kind = rng.integers(3)
    if kind == 0:
        n = 2 * int(rng.integers(3, 8))
        turn = np.linspace(0.0, 2.0 * np.pi, n, endpoint=False)
        reach = np.where(np.arange(n) % 2 == 0, 1.0, rng.uniform(0.4, 0.8))
        star = np.stack([reach * np.cos(turn), reach * np.sin(turn)], -1)
        pen.polygon(star, first)
        pen.polygon(rng.uniform(0.3, 0.7) * star, second)
    elif kind == 1:
        for i, (x, y) in enumerate(rng.uniform(-0.55, 0.55, (6, 2))):
            radius = rng.uniform(0.25, 0.45)
            pen.disc(x, y, radius, radius, (first, second)[i % 2])
    else:
        corners = rng.uniform(-0.8, 0.8, (4, 2))
        pen.stroke(corners.tolist(), 0.4, first)
        pen.stroke(corners.tolist(), 0.15, second)


_IN_ORDER = (
    _female_speech,
    _male_speech,
    _clapping,
    _telephone,
    _laughter,
    _domestic_sounds,
    _footsteps,
    _door,
    _music,
    _musical_instrument,
    _water_tap,
    _bell,
    _knock,
)
_DRAWERS: dict[str, Callable[[_Pen, np.random.Generator], None]] = dict(
    zip(DCASE_2022, _IN_ORDER, strict=True)
)
