"""Drawing into video frames as they are stored: brightness and two colors (YUV), without RGB.

A frame of 640 x 320 is drawn upon in about a millisecond, because nothing is converted: heat maps
and labels are turned into YUV once, and mixed with whole-number arithmetic. Opacity is counted in
128ths, so that value * opacity fits into 16 bits.

The color planes may have half the size of the brightness plane (4:2:0) or the same (4:4:4).
Sprites are placed at even pixels, so that they lie alike in all planes.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hearsight.pictures.heatmap import DEFAULT_OPACITY, color_table, interpolation_taps
from hearsight.pictures.palette import Rgb
from hearsight.recording.rewriting import Planes

_OPAQUE = 128


def rgb_to_yuv(rgb: NDArray[np.floating], *, is_bt709: bool) -> NDArray[np.float64]:
    """Turn colors into the limited range of video.

    Parameters
    ----------
    rgb : ndarray, shape (..., 3)
        From 0 to 255.
    is_bt709 : bool
        Whether the video follows BT.709 (high definition) rather than BT.601.

    Returns
    -------
    ndarray, shape (..., 3)
        Y from 16 to 235, U and V from 16 to 240.
    """
    red, blue = (0.2126, 0.0722) if is_bt709 else (0.299, 0.114)
    scaled = np.asarray(rgb, np.float64) / 255.0
    luma = scaled @ np.array([red, 1.0 - red - blue, blue])
    u = (scaled[..., 2] - luma) / (2.0 * (1.0 - blue))
    v = (scaled[..., 0] - luma) / (2.0 * (1.0 - red))
    return np.stack([16.0 + 219.0 * luma, 128.0 + 224.0 * u, 128.0 + 224.0 * v], axis=-1)


@dataclass(frozen=True, eq=False)
class Sprite:
    """A small picture, ready to be mixed into the planes of a frame.

    Parameters
    ----------
    paint : tuple of three ndarray of uint16
        For Y, U, V: value times opacity.
    cover : tuple of three ndarray of uint16
        For Y, U, V: what is left of the frame, in 128ths.
    """

    paint: tuple[NDArray[np.uint16], NDArray[np.uint16], NDArray[np.uint16]]
    cover: tuple[NDArray[np.uint16], NDArray[np.uint16], NDArray[np.uint16]]

    @property
    def width(self) -> int:
        """Pixels of brightness."""
        return self.paint[0].shape[1]

    @property
    def height(self) -> int:
        """Pixels of brightness."""
        return self.paint[0].shape[0]


def make_sprite(rgba: NDArray[np.uint8], *, is_bt709: bool, has_full_chroma: bool) -> Sprite:
    """Prepare a picture with transparency for drawing.

    Parameters
    ----------
    rgba : ndarray of uint8, shape (height, width, 4)
        Padded to even sizes with transparent pixels.
    is_bt709 : bool
        See `rgb_to_yuv`.
    has_full_chroma : bool
        Whether the frames are 4:4:4.
    """
    odd = rgba.shape[0] % 2, rgba.shape[1] % 2
    padded = np.pad(rgba, ((0, odd[0]), (0, odd[1]), (0, 0)))
    yuv = rgb_to_yuv(padded[..., :3].astype(np.float64), is_bt709=is_bt709)
    opacity = padded[..., 3] * (_OPAQUE / 255.0)
    paint, cover = [], []
    for plane in range(3):
        painted, alpha = yuv[..., plane] * opacity, opacity
        if plane > 0 and not has_full_chroma:
            painted, alpha = _halved(painted), _halved(alpha)
        whole = np.round(alpha)
        # Rounding the opacity must not leave paint where there is no cover.
        share = np.divide(whole, alpha, out=np.zeros_like(alpha), where=alpha > 0.0)
        paint.append(np.round(painted * share).astype(np.uint16))
        cover.append((_OPAQUE - whole).astype(np.uint16))
    return Sprite((paint[0], paint[1], paint[2]), (cover[0], cover[1], cover[2]))


def draw_sprite(planes: Planes, sprite: Sprite, left: int, top: int) -> None:
    """Mix a sprite into a frame; what lies outside the frame is cut off.

    Parameters
    ----------
    planes : Planes
        Changed in place.
    sprite : Sprite
    left, top : int
        Pixels of the sprite's corner, rounded down to even ones.
    """
    left, top = left // 2 * 2, top // 2 * 2
    for plane, paint, cover in zip(planes, sprite.paint, sprite.cover, strict=True):
        scale = sprite.height // paint.shape[0]
        x, y = left // scale, top // scale
        rows = slice(max(0, -y), max(0, min(paint.shape[0], plane.shape[0] - y)))
        columns = slice(max(0, -x), max(0, min(paint.shape[1], plane.shape[1] - x)))
        if rows.start >= rows.stop or columns.start >= columns.stop:
            continue
        below = plane[y + rows.start : y + rows.stop, x + columns.start : x + columns.stop]
        below[...] = (below * cover[rows, columns] + paint[rows, columns]) >> 7


def draw_frame(
    planes: Planes, box: tuple[float, float, float, float], color: Rgb, *, is_bt709: bool
) -> None:
    """Draw the outline of a box, two pixels broad.

    Parameters
    ----------
    planes : Planes
        Changed in place.
    box : tuple of float
        Left, top, width, height in pixels.
    color : tuple of int
        RGB.
    is_bt709 : bool
        See `rgb_to_yuv`.
    """
    yuv = np.round(rgb_to_yuv(np.array(color, float), is_bt709=is_bt709)).astype(np.uint8)
    height, width = planes[0].shape
    left, top = (int(np.clip(box[i], 0, (width, height)[i] - 2)) // 2 * 2 for i in (0, 1))
    right = int(np.clip(box[0] + box[2], left + 2, width)) // 2 * 2
    bottom = int(np.clip(box[1] + box[3], top + 2, height)) // 2 * 2
    for plane, value in zip(planes, yuv, strict=True):
        scale = 1 if plane.shape == (height, width) else 2
        line = max(1, 2 // scale)
        x0, x1, y0, y1 = left // scale, right // scale, top // scale, bottom // scale
        for rows, columns in (
            (slice(y0, y0 + line), slice(x0, x1)),
            (slice(y1 - line, y1), slice(x0, x1)),
            (slice(y0, y1), slice(x0, x0 + line)),
            (slice(y0, y1), slice(x1 - line, x1)),
        ):
            plane[rows, columns] = value


def draw_heatmap(
    planes: Planes,
    values: NDArray[np.float32],
    *,
    is_panorama: bool,
    is_bt709: bool,
    opacity: float = DEFAULT_OPACITY,
) -> None:
    """Mix a heat map into a frame; rows and columns of the picture without evidence are skipped.

    Parameters
    ----------
    planes : Planes
        Changed in place; untouched where the map is 0.
    values : ndarray of float32, shape (rows, columns)
        In [0, 1]; the cells divide the picture evenly.
    is_panorama : bool
        Whether left and right edge touch.
    is_bt709 : bool
        See `rgb_to_yuv`.
    opacity : float
        Of the value 1.
    """
    if not values.any():
        return
    height, width = planes[0].shape
    rows = interpolation_taps(values.shape[0], height, is_periodic=False)
    columns = interpolation_taps(values.shape[1], width, is_periodic=is_panorama)
    top, bottom = _span(rows.touched(np.asarray(values.any(axis=1))), height)
    left, right = _span(columns.touched(np.asarray(values.any(axis=0))), width)
    broad = np.ascontiguousarray(columns[left:right].stretch(values.T).T)
    large = rows[top:bottom].stretch(broad)
    level = (np.clip(large, 0.0, 1.0) * np.float32(255.0) + np.float32(0.5)).astype(np.uint8)
    paint, cover = _heat_tables(is_bt709, opacity)
    for plane, table in zip(planes, paint, strict=True):
        scale = 1 if plane.shape == (height, width) else 2
        index = level[::scale, ::scale]
        y, x = top // scale, left // scale
        below = plane[y : y + index.shape[0], x : x + index.shape[1]]
        # With mode="clip" NumPy skips a check that takes three times as long as the look-up.
        left_over = cover.take(index, mode="clip")
        below[...] = (below * left_over + table.take(index, mode="clip")) >> 7


@functools.cache
def _heat_tables(
    is_bt709: bool,  # noqa: FBT001 - private, and a cache key
    opacity: float,
) -> tuple[NDArray[np.uint16], NDArray[np.uint16]]:
    """Return paint, shape (3, 256), and cover, shape (256,), of each level of a heat map."""
    yuv = rgb_to_yuv(color_table().astype(np.float64), is_bt709=is_bt709)
    alpha = np.round(_OPAQUE * opacity * np.arange(256) / 255.0)
    paint = np.round(yuv.T * alpha).astype(np.uint16)
    return paint, (_OPAQUE - alpha).astype(np.uint16)


def _span(touched: NDArray[np.intp], length: int) -> tuple[int, int]:
    """Return the range of touched pixels, widened to even numbers to cut 4:2:0 planes alike."""
    return int(touched[0]) // 2 * 2, min(length, (int(touched[-1]) + 2) // 2 * 2)


def _halved(plane: NDArray[np.floating]) -> NDArray[np.float64]:
    height, width = plane.shape
    return np.asarray(plane.reshape(height // 2, 2, width // 2, 2).mean(axis=(1, 3)))
