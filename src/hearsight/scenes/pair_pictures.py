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

_REST = Pose(0.0, 0.0, 0.0)
_SWELL = 0.12  # how much larger a thing is when fully driven
_SHIFT = 0.25  # of its height, for a pose that is displaced by one
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
class _Placed:
    """A drawn thing: an RGBA image and the pixel at which its middle lies."""

    image: Image.Image
    middle: tuple[int, int]

    def at(self, pose: Pose) -> tuple[Image.Image, tuple[int, int]]:
        """Return the image in a pose and its left upper corner."""
        image, (x, y) = self.image, self.middle
        if pose != _REST:
            grown = 1.0 + _SWELL * pose.opening
            size = round(grown * image.width), round(grown * image.height)
            image = image.resize(size, Image.Resampling.BILINEAR)
            x, y = (
                x + round(_SHIFT * pose.u * image.height),
                y - round(_SHIFT * pose.v * image.height),
            )
        return image, (x - image.width // 2, y - image.height // 2)


@dataclass(frozen=True, eq=False)
class PairPicture:
    """A picture with all that is known of it.

    Parameters
    ----------
    things : tuple of Thing
        Those of a class; the first is the one that was asked for first.
    shown : ndarray of int8, shape (height, width)
        Index into `things` of what each pixel shows; -1 for background and strangers.
    """

    things: tuple[Thing, ...]
    shown: NDArray[np.int8]
    _scenery: Image.Image
    _placed: tuple[_Placed, ...]  # in order of `things`, then strangers
    _depth: tuple[int, ...]  # indices into _placed, far ones first
    _light: NDArray[np.float32]

    @property
    def picture(self) -> NDArray[np.uint8]:
        """The picture at rest, shape (3, height, width)."""
        return self.frame([_REST] * len(self.things))

    def frame(self, poses: Sequence[Pose]) -> NDArray[np.uint8]:
        """Return the picture with its things in given poses.

        Parameters
        ----------
        poses : sequence of Pose
            One for each thing.

        Returns
        -------
        ndarray of uint8, shape (3, height, width)
        """
        canvas = self._scenery.copy()
        for index in self._depth:
            pose = poses[index] if index < len(self.things) else _REST
            image, corner = self._placed[index].at(pose)
            canvas.paste(image, corner, image)
        lit = np.moveaxis(np.asarray(canvas), -1, 0) * self._light
        return np.minimum(lit, 255.0).astype(np.uint8)


def draw_pair_picture(
    labels: Sequence[str], rng: np.random.Generator, size_px: int = 256
) -> PairPicture:
    """Draw a square picture that holds one thing of each label, and perhaps strangers.

    Parameters
    ----------
    labels : sequence of str
        Of `events.classes.DCASE_2022`.
    rng : numpy.random.Generator
        Decides about everything else: looks, sizes, places, background and light.
    size_px : int
        Of a side.

    Returns
    -------
    PairPicture
        Its things are in the order of `labels`.
    """
    n_strangers = int(rng.integers(0, 3))
    drawn = [Image.fromarray(draw_class(label, rng)) for label in labels]
    strangers = [Image.fromarray(draw_stranger(rng)) for _ in range(n_strangers)]
    # Strangers lie behind: they hide nothing, so that a thing's box is as good as its drawing.
    depth = (*range(len(drawn), len(drawn) + n_strangers), *rng.permutation(len(drawn)).tolist())
    largest = min(LARGEST_SHARE, 0.56 / max(len(drawn), 1))
    shares = rng.uniform(SMALLEST_SHARE, largest, len(drawn))
    placed = _place_all(drawn, shares, depth[n_strangers:], rng, size_px)
    for image in strangers:
        small = _scaled(image, rng.uniform(0.01, 0.04), size_px)
        x, y = rng.integers(0, size_px, 2).tolist()
        placed.append(_Placed(small, (x, y)))
    shown, covers = _shown(placed[: len(drawn)], depth[n_strangers:], size_px)
    things = tuple(
        _thing(label, shown == index, cover)
        for index, (label, cover) in enumerate(zip(labels, covers, strict=True))
    )
    return PairPicture(
        things,
        shown,
        _scenery(rng, size_px),
        tuple(placed),
        depth,
        _light(rng, size_px),
    )


def _scaled(image: Image.Image, share: float, size_px: int) -> Image.Image:
    """Return a drawing that covers a share of the picture, or less if it is long."""
    covered = np.count_nonzero(np.asarray(image.getchannel("A")) >= 128)
    scale = float(np.sqrt(share * size_px**2 / max(covered, 1)))
    scale = min(scale, 0.95 * size_px / max(image.width, image.height))
    size = max(1, round(scale * image.width)), max(1, round(scale * image.height))
    return image.resize(size, Image.Resampling.BILINEAR)


def _place_all(
    drawn: list[Image.Image],
    shares: NDArray[np.float64],
    depth: Sequence[int],
    rng: np.random.Generator,
    size_px: int,
) -> list[_Placed]:
    """Find places such that nothing is hidden by more than `MOST_HIDDEN`.

    Where all tries fail everything is made a little smaller.
    """
    while True:
        images = [_scaled(i, s, size_px) for i, s in zip(drawn, shares, strict=True)]
        room = np.array([[size_px - image.width, size_px - image.height] for image in images])
        half = np.array([[image.width // 2, image.height // 2] for image in images])
        for _ in range(_MOST_TRIES):
            middles = (half + rng.random((len(images), 2)) * room).astype(int)
            if _overlap_little(half, middles):
                placed = [
                    _Placed(image, (int(x), int(y)))
                    for image, (x, y) in zip(images, middles, strict=True)
                ]
                shown, covers = _shown(placed, depth, size_px)
                counts = [np.count_nonzero(shown == index) for index in range(len(placed))]
                if all(
                    count >= (1.0 - MOST_HIDDEN) * cover
                    for count, cover in zip(counts, covers, strict=True)
                ):
                    return placed
        shares = 0.85 * shares


def _overlap_little(half: NDArray[np.int_], middles: NDArray[np.int_]) -> bool:
    """Tell whether no two boxes share more than two fifths of the smaller: a quick first look."""
    low, high = middles - half, middles + half
    sides = np.minimum(high[:, None], high) - np.maximum(low[:, None], low)
    common = np.maximum(sides, 0).prod(axis=-1)
    area = (2 * half).prod(axis=-1)
    apart = common <= 0.4 * np.minimum(area[:, None], area)
    return bool((apart | np.eye(len(half), dtype=bool)).all())


def _shown(
    placed: list[_Placed], depth: Sequence[int], size_px: int
) -> tuple[NDArray[np.int8], list[int]]:
    """Return what each pixel shows, and how many pixels each thing would cover alone."""
    shown = np.full((size_px, size_px), -1, dtype=np.int8)
    covers = [0] * len(placed)
    for index in depth:
        image, (left, top) = placed[index].at(_REST)
        solid = np.asarray(image.getchannel("A")) >= 128
        covers[index] = int(np.count_nonzero(solid))
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
