"""Pictures as the networks of the visual-context family want them, at test and in training.

All are scaled to a square and, but for `CaffeFit`, normalized with ImageNet's mean and deviation.
"squash" shows the whole picture, so a heat map covers all of it. "short_side_crop" keeps the aspect
and cuts off two sides: its heat map belongs to the middle of the picture alone.

References
----------
.. [1] X. Zhou et al., "Exploiting visual context semantics for sound source localization",
   WACV 2023.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn import functional

from hearsight.errors import InputError, nearest
from hearsight.features.frames import DEVIATION, MEAN, SIZE_PX
from hearsight.recording.resizing import resize_bilinear

Picture = NDArray[np.uint8]

_STORED_PX = 256
"""Height and width of the pictures in the database of the visual-context system."""
_CAFFE_MEAN = (103.939, 116.779, 123.68)
"""Of blue, green and red in ImageNet, in [0, 255]."""


@dataclass(frozen=True)
class PictureFit:
    """A picture of any size to the input of a network, the same each time.

    Parameters
    ----------
    kind : str
        One of `PICTURE_FITS`.
    size_px : int
        Height and width of the result.

    Raises
    ------
    InputError
        If the kind is unknown or the size is below 1.
    """

    kind: str = "squash"
    size_px: int = SIZE_PX

    def __post_init__(self) -> None:
        if self.kind not in PICTURE_FITS:
            msg = f"no picture fit is called {self.kind}; {nearest(self.kind, PICTURE_FITS)}"
            raise InputError(msg)
        _check_size(self.size_px)

    def __call__(self, picture: Picture) -> Tensor:
        """Scale and normalize a picture.

        Parameters
        ----------
        picture : ndarray of uint8, shape (3, height, width)
            RGB.

        Returns
        -------
        Tensor of float32, shape (3, size_px, size_px)

        Raises
        ------
        InputError
            If the picture has another shape or type.
        """
        return _normalized(PICTURE_FITS[self.kind](_checked(picture), self.size_px))


@dataclass(frozen=True)
class CaffeFit:
    """A picture of any size to the input of networks with Keras' weights of ImageNet, as AVE's.

    Parameters
    ----------
    size_px : int
        Height and width of the result.

    Raises
    ------
    InputError
        If the size is below 1.
    """

    size_px: int = SIZE_PX

    def __post_init__(self) -> None:
        _check_size(self.size_px)

    def __call__(self, picture: Picture) -> Tensor:
        """Scale a picture, reverse its colors and take their means away.

        Parameters
        ----------
        picture : ndarray of uint8, shape (3, height, width)
            RGB.

        Returns
        -------
        Tensor of float32, shape (3, size_px, size_px)
            Blue, green and red, about -128 to 128.

        Raises
        ------
        InputError
            If the picture has another shape or type.
        """
        scaled = resize_bilinear(_checked(picture), self.size_px, self.size_px)
        pixels = torch.from_numpy(scaled[::-1].copy()).float()
        return pixels - pixels.new_tensor(_CAFFE_MEAN)[:, None, None]


@dataclass(frozen=True)
class TrainingView:
    """A picture as training shows it: another part each time, often mirrored.

    Parameters
    ----------
    size_px : int
        Height and width of the result. The short side is scaled to 1.1 times as much first.

    Raises
    ------
    InputError
        If the size is below 1.
    """

    size_px: int = SIZE_PX

    def __post_init__(self) -> None:
        _check_size(self.size_px)

    def __call__(self, picture: Picture, rng: np.random.Generator) -> Tensor:
        """Scale, cut out, mirror and normalize a picture.

        Parameters
        ----------
        picture : ndarray of uint8, shape (3, height, width)
            RGB.
        rng : Generator
            Draws where the part lies, and whether left and right are exchanged: every second time.

        Returns
        -------
        Tensor of float32, shape (3, size_px, size_px)

        Raises
        ------
        InputError
            If the picture has another shape or type.
        """
        scaled = resize_short_side(_checked(picture), self.size_px * 11 // 10)
        top, left = (rng.integers(length - self.size_px + 1) for length in scaled.shape[1:])
        part = scaled[:, top : top + self.size_px, left : left + self.size_px]
        return _normalized(_unit(part[..., ::-1] if rng.random() < 0.5 else part))


def resize_short_side(picture: Picture, short_px: int) -> Picture:
    """Scale until the short side has a length, keeping the aspect; bicubic, as Pillow does.

    Parameters
    ----------
    picture : ndarray of uint8, shape (3, height, width)
    short_px : int
        New length of the short side; the other is rounded down.

    Returns
    -------
    ndarray of uint8, shape (3, height, width)
    """
    short = min(picture.shape[1:])
    height, width = (short_px * length // short for length in picture.shape[1:])
    return _bicubic(picture, height, width)


def _short_side_crop(picture: Picture, size_px: int) -> Tensor:
    scaled = resize_short_side(picture, size_px)
    top, left = (round((length - size_px) / 2) for length in scaled.shape[1:])
    return _unit(scaled[:, top : top + size_px, left : left + size_px])


def _squash(picture: Picture, size_px: int) -> Tensor:
    return _unit(_bicubic(picture, size_px, size_px))


def _squash_256(picture: Picture, size_px: int) -> Tensor:
    return _squash(resize_bilinear(picture, _STORED_PX, _STORED_PX), size_px)


def _tensor_squash(picture: Picture, size_px: int, *, antialias: bool = True) -> Tensor:
    return functional.interpolate(
        _unit(picture)[None], (size_px, size_px), mode="bicubic", antialias=antialias
    )[0]


def _tensor_squash_no_antialias(picture: Picture, size_px: int) -> Tensor:
    return _tensor_squash(picture, size_px, antialias=False)


PICTURE_FITS: Mapping[str, Callable[[Picture, int], Tensor]] = MappingProxyType(
    {
        "squash": _squash,
        "short_side_crop": _short_side_crop,
        "squash_256": _squash_256,
        "tensor_squash": _tensor_squash,
        "tensor_squash_no_antialias": _tensor_squash_no_antialias,
    }
)
"""How a picture becomes a square in [0, 1], by name.

"squash": EZ-VSL, SLAVC and FNAC; "short_side_crop": LVS, and visual-context on Flickr;
"squash_256": visual-context on VGG-SS, whose database holds pictures of 256 x 256 pixels;
"tensor_squash": SSLalignment, which scales numbers, not bytes, so that values may leave [0, 1];
"tensor_squash_no_antialias": the same with the libraries of its time.
"""


def _bicubic(picture: Picture, height: int, width: int) -> Picture:
    image = Image.fromarray(np.ascontiguousarray(picture.transpose(1, 2, 0)))
    return np.asarray(image.resize((width, height), Image.Resampling.BICUBIC)).transpose(2, 0, 1)


def _unit(picture: Picture) -> Tensor:
    """Bring bytes to [0, 1]."""
    # A copy: what was read may lie in memory that cannot be written to.
    return torch.tensor(np.ascontiguousarray(picture)).float() / 255.0


def _normalized(pixels: Tensor) -> Tensor:
    mean, deviation = (pixels.new_tensor(of)[:, None, None] for of in (MEAN, DEVIATION))
    return (pixels - mean) / deviation


def _checked(picture: Picture) -> Picture:
    is_picture = picture.ndim == 3 and picture.shape[0] == 3 and 0 not in picture.shape
    if not is_picture or picture.dtype != np.uint8:
        msg = (
            "picture must be uint8 of shape (3, height, width), got "
            f"{picture.dtype} of {picture.shape}; transpose or scale it"
        )
        raise InputError(msg)
    return picture


def _check_size(size_px: int) -> None:
    if size_px < 1:
        msg = f"size_px must be at least 1 pixel, got {size_px}"
        raise InputError(msg)
