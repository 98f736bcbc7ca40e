"""Still pictures that hold several things, one of which is heard, with exact boxes and masks.

Things stand side by side on a background, nearer ones over farther ones. Positions are pixels from
the picture's upper left corner, x to the right and y down. A thing at rest lies where its place
says; `PairPicture.frame` moves it about that place, so that a clip can be made of a picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from hearsight.scenes.class_looks import draw_class, draw_stranger
from hearsight.scenes.things import Pose

SMALLEST_SHARE, LARGEST_SHARE = 0.08, 0.3
"""Least and greatest share of a picture that a thing covers when nothing hides it. Things that
are many, or long, have to be smaller than the greatest to have room."""

MOST_HIDDEN = 1.0 / 3.0
"""Greatest share of a thing that others may hide."""

REST = Pose(0.0, 0.0, 0.0)

_CROWDED = 0.56  # of the picture: as much do the things cover together, at most
_LONGEST = 0.95  # of the picture's side
_SOLID = 128  # from this opacity a pixel shows the thing
_SWELL = 0.12  # how much larger a thing is when fully driven
_SHIFT = 0.25  # of its height, for a pose displaced by one
_MOST_TRIES = 60


@dataclass(frozen=True)
class Thing:
    """A thing in a picture.

    Parameters
    ----------
    label : str
        Its class.
    box : tuple of float
        (xmin, ymin, xmax, ymax) around the pixels that show it, as fractions of the picture.
    area : float
        Share of the picture's pixels that show it.
    hidden : float
        Share of the thing that others hide.
    """

    label: str
    box: tuple[float, float, float, float]
    area: float
    hidden: float


@dataclass(frozen=True, eq=False)
class Drawing:
    """Something drawn, and where its middle lies.

    Parameters
    ----------
    image : PIL.Image.Image
        RGBA.
    middle : (int, int)
        x and y in pixels.
    """

    image: Image.Image
    middle: tuple[int, int]

    def at(self, pose: Pose) -> tuple[Image.Image, tuple[int, int]]:
        """Return the image in a pose, and where its upper left corner lies."""
        image, (x, y) = self.image, self.middle
        if pose != REST:
            grown = 1.0 + _SWELL * pose.opening
            size = round(grown * image.width), round(grown * image.height)
            image = image.resize(size, Image.Resampling.BILINEAR)
            x += round(_SHIFT * pose.u * image.height)
            y -= round(_SHIFT * pose.v * image.height)
        return image, (x - image.width // 2, y - image.height // 2)


@dataclass(frozen=True, eq=False)
class PairPicture:
    """A square picture with all that is known of it.

    Parameters
    ----------
    things : tuple of Thing
    drawings : tuple of Drawing
        Of the things, in the same order.
    depth : tuple of int
        Indices into `drawings`, far ones first.
    shown : ndarray of int8, shape (side, side)
        Index of the thing that each pixel shows when all are at rest; -1 for what is behind them.
    scenery : PIL.Image.Image
        What is behind them: the background and the strangers on it.
    light : ndarray of float32, shape (3, side, side)
        What every value is multiplied by.
    """

    things: tuple[Thing, ...]
    drawings: tuple[Drawing, ...]
    depth: tuple[int, ...]
    shown: NDArray[np.int8]
    scenery: Image.Image
    light: NDArray[np.float32]

    @property
    def picture(self) -> NDArray[np.uint8]:
        """The picture with everything at rest, shape (3, side, side)."""
        return self.frame([REST] * len(self.things))

    def frame(self, poses: Sequence[Pose | None]) -> NDArray[np.uint8]:
        """Return the picture with its things in given poses.

        Parameters
        ----------
        poses : sequence of Pose or None
            One for each thing; None leaves it out.

        Returns
        -------
        ndarray of uint8, shape (3, side, side)
        """
        canvas = self.scenery.copy()
        for index in self.depth:
            pose = poses[index]
            if pose is not None:
                image, corner = self.drawings[index].at(pose)
                canvas.paste(image, corner, image)
        lit = np.moveaxis(np.asarray(canvas), -1, 0) * self.light
        return np.minimum(lit, 255.0).astype(np.uint8)


def draw_pair_picture(
    labels: Sequence[str], rng: np.random.Generator, size_px: int = 256
) -> PairPicture:
    """Draw a square picture that holds one thing of each label, before up to two strangers.

    Parameters
    ----------
    labels : sequence of str
        Of `events.classes.DCASE_2022`, at least one.
    rng : numpy.random.Generator
        Decides about everything else: looks, sizes, places, background and light.
    size_px : int
        Of a side.

    Returns
    -------
    PairPicture
        Its things are in the order of `labels`.
    """
    images = [Image.fromarray(draw_class(label, rng)) for label in labels]
    depth = tuple(rng.permutation(len(images)).tolist())
    drawings = _placed(images, depth, rng, size_px)
    shown, covers = _shown(drawings, depth, size_px)
    things = (
        _thing(label, shown == index, int(covers[index])) for index, label in enumerate(labels)
    )
    scenery = _scenery(rng, size_px)
    for _ in range(rng.integers(0, 3)):
        # Strangers are behind, so that a thing's box is as good as its drawing.
        image = _scaled(Image.fromarray(draw_stranger(rng)), rng.uniform(0.01, 0.04), size_px)
        left, top = rng.integers(-image.width // 2, size_px - image.width // 2, 2).tolist()
        scenery.paste(image, (left, top), image)
    return PairPicture(tuple(things), tuple(drawings), depth, shown, scenery, _light(rng, size_px))


def _scaled(image: Image.Image, share: float, size_px: int) -> Image.Image:
    """Return a drawing that covers a share of the picture, or less if it is long."""
    covered = np.count_nonzero(np.asarray(image.getchannel("A")) >= _SOLID)
    scale = float(np.sqrt(share * size_px**2 / covered))
    scale = min(scale, _LONGEST * size_px / max(image.width, image.height))
    size = max(1, round(scale * image.width)), max(1, round(scale * image.height))
    return image.resize(size, Image.Resampling.BILINEAR)


def _placed(
    images: list[Image.Image], depth: Sequence[int], rng: np.random.Generator, size_px: int
) -> list[Drawing]:
    """Give images sizes and places at which others hide at most `MOST_HIDDEN` of each.

    Where all tries fail everything is made a little smaller.
    """
    largest = max(SMALLEST_SHARE, min(LARGEST_SHARE, _CROWDED / len(images)))
    shares = rng.uniform(SMALLEST_SHARE, largest, len(images))
    while True:
        scaled = [_scaled(i, share, size_px) for i, share in zip(images, shares, strict=True)]
        sizes = np.array([image.size for image in scaled])
        for _ in range(_MOST_TRIES):
            corners = (rng.random(sizes.shape) * (size_px - sizes)).astype(int)
            if not _boxes_are_apart(corners, sizes):
                continue
            middles = (corners + sizes // 2).tolist()
            drawings = [Drawing(i, (x, y)) for i, (x, y) in zip(scaled, middles, strict=True)]
            shown, covers = _shown(drawings, depth, size_px)
            seen = np.array([np.count_nonzero(shown == index) for index in range(len(drawings))])
            if (seen >= (1.0 - MOST_HIDDEN) * covers).all():
                return drawings
        shares = 0.85 * shares


def _boxes_are_apart(corners: NDArray[np.int_], sizes: NDArray[np.int_]) -> bool:
    """Tell whether no two boxes share more than two fifths of the smaller: a quick first look."""
    ends = corners + sizes
    sides = np.minimum(ends[:, None], ends) - np.maximum(corners[:, None], corners)
    common, areas = np.maximum(sides, 0).prod(axis=-1), sizes.prod(axis=-1)
    apart = common <= 0.4 * np.minimum(areas[:, None], areas)
    return bool((apart | np.eye(len(areas), dtype=bool)).all())


def _shown(
    drawings: Sequence[Drawing], depth: Sequence[int], size_px: int
) -> tuple[NDArray[np.int8], NDArray[np.int_]]:
    """Return what each pixel shows, and how many pixels each drawing would cover alone."""
    shown = np.full((size_px, size_px), -1, dtype=np.int8)
    covers = np.zeros(len(drawings), dtype=int)
    for index in depth:
        image, (left, top) = drawings[index].at(REST)
        solid = np.asarray(image.getchannel("A")) >= _SOLID
        covers[index] = np.count_nonzero(solid)
        shown[top : top + image.height, left : left + image.width][solid] = index
    return shown, covers


def _thing(label: str, mask: NDArray[np.bool_], cover: int) -> Thing:
    size_px = len(mask)
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    edges = columns[0], rows[0], columns[-1] + 1, rows[-1] + 1
    left, top, right, bottom = (float(edge) / size_px for edge in edges)
    n_seen = int(np.count_nonzero(mask))
    return Thing(label, (left, top, right, bottom), n_seen / mask.size, 1.0 - n_seen / cover)


def _scenery(rng: np.random.Generator, size_px: int) -> Image.Image:
    """Draw a background: two tones that meet at a horizon, with blots from coarse to fine."""
    above, below = rng.uniform(70.0, 215.0, (2, 3))
    horizon, haze = rng.uniform(0.2, 0.9), rng.uniform(0.02, 0.5)
    y = np.linspace(0.0, 1.0, size_px)[:, None, None]
    share = 1.0 / (1.0 + np.exp(np.clip((horizon - y) / haze * 4.0, -30.0, 30.0)))
    picture = (above + share * (below - above)).astype(np.float32)
    picture = np.broadcast_to(picture, (size_px, size_px, 3)).copy()
    for cells in (5, 17, 61):
        blots = rng.uniform(-1.0, 1.0, (cells, cells)).astype(np.float32)
        tint = rng.normal(1.0, 0.35, 3) * rng.uniform(4.0, 24.0)
        wide = Image.fromarray(blots).resize((size_px, size_px), Image.Resampling.BICUBIC)
        picture += np.asarray(wide)[..., None] * tint.astype(np.float32)
    return Image.fromarray(np.clip(picture, 0.0, 255.0).astype(np.uint8))


def _light(rng: np.random.Generator, size_px: int) -> NDArray[np.float32]:
    """Return what every value is multiplied by: brightness, its fall to one side, its warmth."""
    axis = np.linspace(-1.0, 1.0, size_px, dtype=np.float32)
    slope_x, slope_y = rng.uniform(-0.2, 0.2, 2)
    fall = 1.0 + slope_x * axis[None, :] + slope_y * axis[:, None]
    warmth = rng.uniform(0.93, 1.07, 3)[:, None, None] * rng.uniform(0.7, 1.1)
    return np.asarray(fall * warmth, np.float32)
