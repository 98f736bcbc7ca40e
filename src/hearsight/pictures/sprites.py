"""Labels and marks of events, drawn once and then laid into frame after frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hearsight.pictures.canvas import Sprite, make_sprite
from hearsight.pictures.figure import drawable, font_path
from hearsight.pictures.palette import to_rgb

_OVERSAMPLING = 4
_BACKGROUND = (14, 18, 26, 205)


def mark_radius(height: int) -> int:
    """Return the radius in pixels of a mark in a picture of this height."""
    return max(5, round(height / 45))


def draw_mark(color: str, radius: int) -> NDArray[np.uint8]:
    """Draw a ring in a color between two rims, white inside and dark outside.

    Parameters
    ----------
    color : str
        `#rrggbb`.
    radius : int
        Pixels from the middle to the middle of the ring.

    Returns
    -------
    ndarray of uint8, shape (size, size, 4)
        Size is even; the middle of the ring is the middle of the picture.
    """
    from PIL import Image, ImageDraw

    size = 2 * (radius + 4)
    image = Image.new("RGBA", (size * _OVERSAMPLING, size * _OVERSAMPLING), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    middle = size * _OVERSAMPLING / 2
    thick = max(3.0, 0.4 * radius)
    for outer, line, fill in (
        (radius + thick / 2 + 1.5, thick + 3.0, (*_BACKGROUND[:3], 170)),
        (radius + thick / 2, thick, (*to_rgb(color), 255)),
        (radius - thick / 2 + 0.6, 1.2, (255, 255, 255, 255)),
    ):
        reach = outer * _OVERSAMPLING
        draw.ellipse(
            (middle - reach, middle - reach, middle + reach, middle + reach),
            outline=fill,
            width=round(line * _OVERSAMPLING),
        )
    return np.asarray(image.resize((size, size), Image.Resampling.LANCZOS))


def draw_label(text: str, color: str, picture_height: int) -> NDArray[np.uint8]:
    """Draw a name on a dark plate with a stripe in the event's color.

    Parameters
    ----------
    text : str
        Cut to 32 characters.
    color : str
        `#rrggbb`.
    picture_height : int
        Of the picture it is meant for: letters are a 27th of it, at least 11 pixels.

    Returns
    -------
    ndarray of uint8, shape (height, width, 4)
    """
    from PIL import Image, ImageDraw, ImageFont

    size = max(11, round(picture_height / 27))
    font = ImageFont.truetype(str(font_path(is_bold=True)), size)
    shown = drawable(text, 32)
    left, _, right, _ = font.getbbox(shown)
    ascent, descent = font.getmetrics()
    pad = max(3, size // 3)
    stripe = max(3, size // 4)
    width = round(right - left) + 2 * pad + stripe
    height = ascent + descent + pad // 2
    image = Image.new("RGBA", (width, height), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    radius = max(2, size // 4)
    draw.rounded_rectangle((0, 0, width - 1, height - 1), radius, fill=_BACKGROUND)
    draw.rectangle((0, 0, stripe - 1, height - 1), fill=(*to_rgb(color), 255))
    draw.text((stripe + pad - left, pad // 4), shown, font=font, fill=(255, 255, 255, 255))
    return np.asarray(image)


@dataclass(frozen=True)
class SpriteMaker:
    """Makes sprites for the frames of one video.

    Parameters
    ----------
    height : int
        Of the frames.
    is_bt709, has_full_chroma : bool
        See `hearsight.pictures.canvas.make_sprite`.
    """

    height: int
    is_bt709: bool
    has_full_chroma: bool

    def mark(self, color: str) -> Sprite:
        """Return the ring that marks a place."""
        return self._make(draw_mark(color, mark_radius(self.height)))

    def label(self, text: str, color: str) -> Sprite:
        """Return a name on a plate."""
        return self._make(draw_label(text, color, self.height))

    def _make(self, rgba: NDArray[np.uint8]) -> Sprite:
        return make_sprite(rgba, is_bt709=self.is_bt709, has_full_chroma=self.has_full_chroma)
