"""What networks see of a video: pictures as ImageNet's weights want them, maps, boxes of persons.

Pictures are uint8 RGB, (..., 3, height, width). There is one for each label frame of 100 ms: the
picture shown when the frame begins.

References
----------
.. [1] K. Shimada et al., "STARSS23: An audio-visual dataset of spatial recordings of real scenes
   with spatiotemporal annotations of sound events", NeurIPS 2023 (boxes of persons).
.. [2] D. Berghi et al., "Fusion of audio and visual embeddings for sound event localization and
   detection", ICASSP 2024 (maps of ResNet-50).
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn
from torch.nn import functional

from hearsight.errors import InputError, nearest
from hearsight.recording.grid import LABEL_HOP_S
from hearsight.recording.video import iterate_frames

Crop = Literal["none", "center"]

SIZE_PX = 224
"""Height and width of what a network sees."""

SHORT_SIDE_PX = 232
"""Of the whole picture, before its center is cut out."""

MEAN = (0.485, 0.456, 0.406)
"""Of red, green and blue in ImageNet, in [0, 1]."""

DEVIATION = (0.229, 0.224, 0.225)

_AT_ONCE = 16
"""Pictures of a video that are looked at together."""


@dataclass(frozen=True)
class PictureInput:
    """Pictures of any size to the input of a network with ImageNet's weights.

    Parameters
    ----------
    crop : {"none", "center"}
        "none" squeezes the whole picture into a square, which panoramas need: "center", the
        transform the weights were published with, shows no more than the middle 224 of 464 columns
        of a panorama, 48 % of all azimuths.

    Raises
    ------
    InputError
        If `crop` has another name.
    """

    crop: Crop = "none"

    def __post_init__(self) -> None:
        if self.crop not in get_args(Crop):
            msg = f"no crop is called {self.crop}; {nearest(self.crop, get_args(Crop))}"
            raise InputError(msg)

    def __call__(self, pictures: Tensor) -> Tensor:
        """Scale and normalize pictures.

        Parameters
        ----------
        pictures : Tensor of uint8, shape (batch, 3, height, width)

        Returns
        -------
        Tensor of float32, shape (batch, 3, 224, 224)
            Zero mean and unit deviation in each color over ImageNet.

        Raises
        ------
        InputError
            If the shape or type is another one.
        """
        if pictures.ndim != 4 or pictures.shape[1] != 3 or pictures.dtype != torch.uint8:
            msg = (
                "pictures must be uint8 of shape (batch, 3, height, width), got "
                f"{pictures.dtype} of {tuple(pictures.shape)}; transpose or scale them"
            )
            raise InputError(msg)
        pixels = pictures.float()
        scaled = _center(pixels) if self.crop == "center" else _scaled(pixels, SIZE_PX, SIZE_PX)
        mean, deviation = (scaled.new_tensor(c)[:, None, None] for c in (MEAN, DEVIATION))
        return (scaled / 255.0 - mean) / deviation


def _center(pixels: Tensor) -> Tensor:
    """Scale until the shorter side fits, then cut out the middle."""
    short = min(pixels.shape[-2:])
    scaled = _scaled(pixels, *(SHORT_SIDE_PX * length // short for length in pixels.shape[-2:]))
    top, left = (round((length - SIZE_PX) / 2) for length in scaled.shape[-2:])
    return scaled[..., top : top + SIZE_PX, left : left + SIZE_PX]


def _scaled(pixels: Tensor, height: int, width: int) -> Tensor:
    """Scale by linear interpolation, averaging where pixels become fewer."""
    return functional.interpolate(pixels, (height, width), mode="bilinear", antialias=True)


@dataclass(frozen=True)
class VisualMap:
    """Where a network sees something: its last map, averaged over the channels.

    Parameters
    ----------
    network : Module
        From normalized pictures (batch, 3, 224, 224) to maps (batch, channels, rows, columns), in
        evaluation mode; ResNet-50 in the baselines of 2024 and 2025.
    pictures : PictureInput
        What is done with pictures first; the baselines cut out the center.
    size : tuple of int
        Width and height to which the pictures of a video are scaled when they are read; that of
        the baselines.

    Attributes
    ----------
    weights : str
        A hash of what the network is and has learned, by which stored maps are told apart.

    Raises
    ------
    InputError
        If the network is in training mode.
    """

    network: nn.Module = field(repr=False, compare=False)
    pictures: PictureInput = field(default_factory=PictureInput)
    size: tuple[int, int] = (360, 180)
    weights: str = field(init=False)

    def __post_init__(self) -> None:
        if self.network.training:
            msg = "the network of a VisualMap must be in evaluation mode; call its eval() first"
            raise InputError(msg)
        object.__setattr__(self, "weights", fingerprint(self.network))

    @torch.no_grad()
    def __call__(self, pictures: Tensor) -> Tensor:
        """Look at pictures.

        Parameters
        ----------
        pictures : Tensor of uint8, shape (frames, 3, height, width)
            On the network's device.

        Returns
        -------
        Tensor of float32, shape (frames, rows, columns)
            7 x 7 for ResNets; rows from the top down, columns from left to right.

        Raises
        ------
        InputError
            If the shape or type is another one.
        """
        maps: Tensor = self.network(self.pictures(pictures))
        return maps.mean(dim=1)

    def of_video(self, path: str | Path) -> Iterator[Tensor]:
        """Look at a video.

        Parameters
        ----------
        path : str or Path
            A video, or a folder of numbered pictures.

        Yields
        ------
        Tensor of float32, shape (frames, rows, columns)
            Some label frames at a time, on the CPU.

        Raises
        ------
        MediaError
            If the file holds no picture or none can be decoded.
        """
        parameter = next(self.network.parameters(), torch.empty(0))
        shown = iterate_frames(path, fps=round(1.0 / LABEL_HOP_S), size=self.size)
        while some := [frame for _, frame in itertools.islice(shown, _AT_ONCE)]:
            yield self(torch.from_numpy(np.stack(some)).to(parameter.device)).cpu()


def fingerprint(network: nn.Module) -> str:
    """Return a short name for what a network is and has learned, which changes with either."""
    digest = hashlib.sha256(type(network).__name__.encode())
    for name, tensor in network.state_dict().items():
        digest.update(name.encode())
        digest.update(tensor.cpu().reshape(-1).view(torch.uint8).numpy())
    return digest.hexdigest()[:16]


@dataclass(frozen=True)
class PersonBoxes:
    """Where persons are: a bell curve over azimuths and one over elevations for each box.

    Any detector will do that gives corners and confidences.

    Parameters
    ----------
    n_boxes : int
        As many as fit; further ones are left out.
    n_points : int
        Of each curve, spread evenly from one edge of the picture to the other.
    threshold : float
        Boxes of higher confidence count.

    Raises
    ------
    InputError
        If there are no boxes, or less than two points.
    """

    n_boxes: int = 6
    n_points: int = 37
    threshold: float = 0.1

    def __post_init__(self) -> None:
        if self.n_boxes < 1 or self.n_points < 2:
            msg = (
                "PersonBoxes need n_boxes of at least 1 and n_points of at least 2, got "
                f"{self.n_boxes} and {self.n_points}"
            )
            raise InputError(msg)

    def boxes(self, detections: ArrayLike, size: tuple[int, int]) -> Tensor:
        """Choose boxes and bring them to the unit square.

        Parameters
        ----------
        detections : array_like, shape (n, 5)
            Left, top, right and bottom in pixels, and confidence. The first ones count.
        size : tuple of int
            Width and height of the picture in pixels.

        Returns
        -------
        Tensor of float32, shape (chosen, 4)
            Left, top, right and bottom in [0, 1], at most `n_boxes`.

        Raises
        ------
        InputError
            If the shape is another one, or a value is not finite.
        """
        # In single precision, as detectors give them: a confidence of exactly the threshold, which
        # is no binary fraction, does not count.
        rows = np.asarray(detections, dtype=np.float32)
        found = torch.tensor(rows.reshape(0, 5) if rows.size == 0 else rows)
        if found.ndim != 2 or found.shape[1] != 5 or not bool(found.isfinite().all()):
            msg = (
                f"detections of shape {rows.shape} must be finite rows of left, top, right, bottom "
                "and confidence, shape (n, 5)"
            )
            raise InputError(msg)
        kept = found[found[:, 4] > self.threshold][: self.n_boxes, :4]
        return kept / torch.tensor([*size, *size], dtype=torch.float32)

    def __call__(self, detections: ArrayLike, size: tuple[int, int]) -> Tensor:
        """Draw the curves of one picture.

        Parameters
        ----------
        detections : array_like, shape (n, 5)
        size : tuple of int
            See `boxes`.

        Returns
        -------
        Tensor of float32, shape (2, n_boxes, n_points)
            Along the width and along the height: 1 in the middle of a box, 1 / e at its edges;
            zeros for boxes that are not there, and along the width of a box that has none.

        Raises
        ------
        InputError
            If the shape is another one, or a value is not finite.
        """
        boxes = self.boxes(detections, size).double()
        # (2, boxes, 1): width and height apart.
        first, last = boxes.T.reshape(2, 2, -1, 1) * (self.n_points - 1)
        distance = torch.arange(self.n_points) - (first + last) / 2
        half = (last - first) / 2
        curves = torch.exp(-(distance / half).square()).where(half != 0.0, 0.0).float()
        return functional.pad(curves, (0, 0, 0, self.n_boxes - len(boxes)))
