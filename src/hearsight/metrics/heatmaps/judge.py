"""`judge_maps`: how well heat maps find what sounds, beside what is scored without listening.

Maps may have any size and come from anyone's code. They are stretched to the square in which the
truth is drawn, 224 pixels a side. Published tables differ in how a map becomes an area (`styles`),
so every map is scored under every threshold; that of the style is the one that counts.

What is annotated but has no map is failed: to judge only the pictures that you have, give the truth
of those alone. Maps that no truth belongs to are left out and named.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from hearsight.errors import InputError
from hearsight.events.sounding import SIZE, Truth
from hearsight.metrics.heatmaps.extended import confidence
from hearsight.metrics.heatmaps.floors import (
    ceiling,
    centered_disc,
    chance_map,
    floor_mask,
    saliency_map,
)
from hearsight.metrics.heatmaps.overlap import ciou
from hearsight.metrics.heatmaps.scores import MapScores, PictureScores
from hearsight.metrics.heatmaps.styles import Style, Threshold, style_of

HeatMaps = Mapping[str, NDArray[np.floating]] | Iterable[tuple[str, NDArray[np.floating]]]

_THRESHOLDS: tuple[Threshold, ...] = ("adaptive", "median", "rank_half", "absolute")


def judge_maps(
    maps: HeatMaps,
    truths: Mapping[str, Truth],
    *,
    style: str | Style = "hearsight",
    universal: float | None = None,
    saliency: Mapping[str, NDArray[np.floating]] | None = None,
    labels: Mapping[str, str] | None = None,
    size: int = SIZE,
) -> MapScores:
    """Score heat maps against boxes under every threshold, with floors and ceilings.

    Parameters
    ----------
    maps : mapping of str to ndarray, or iterable of (str, ndarray), shapes (height, width)
        By the name of the picture, read once and one by one: an iterable, or a mapping that loads
        on demand, needs no memory for more than one map.
    truths : mapping of str to Truth
        Boxes or a mask of every picture that is to be judged.
    style : str or Style
        How a map becomes an area: a key of `STYLES` (default: our own) or a style of yours.
    universal : float, optional
        A threshold calibrated on sounds that nothing in view makes, on the scale of the maps as
        given; what is above it is marked. Adds the rule `universal`.
    saliency : mapping of str to ndarray, optional
        Maps of the images alone, of every picture in `truths`: one more floor.
    labels : mapping of str to str, optional
        Class of pictures, for scores by class.
    size : int
        Pixels a side of the square in which maps and truth are compared.

    Returns
    -------
    MapScores

    Raises
    ------
    InputError
        If there is nothing to judge, a map is not a finite array (height, width) or comes twice, or
        a picture has no saliency map.

    Examples
    --------
    >>> from hearsight.events.sounding import SoundingBoxes
    >>> truths = {"dog": SoundingBoxes(((0.0, 0.0, 0.5, 0.5),))}
    >>> scores = judge_maps({"dog": np.array([[1.0, 0.2], [0.2, 0.1]])}, truths)
    >>> scores["success"], round(scores.table["centered disc"]["adaptive"]["mean_ciou"], 2)
    (1.0, 0.14)
    """
    chosen = style_of(style)
    rules = _rules(chosen, universal)
    _check_truths(truths, saliency)
    disc = centered_disc(size)

    def judge(name: str, values: NDArray[np.floating] | None) -> PictureScores:
        truth = truths[name].to_map(size)
        n_boxes = sum(truths[name].is_usable(size))
        floors = {"centered disc": disc, "chance": chance_map(name, size)}
        if saliency is not None:
            floors["saliency"] = saliency_map(_checked(name, saliency[name]), chosen, size)
        enlarged = None if values is None else chosen.enlarge(values, size)
        return _judge_picture(enlarged, truth, rules, floors, n_boxes)

    pictures: dict[str, PictureScores] = {}
    superfluous = []
    for name, values in maps.items() if isinstance(maps, Mapping) else maps:
        if name in pictures:
            msg = f"picture {name!r} has two maps; give one for each name"
            raise InputError(msg)
        if name in truths:
            pictures[name] = judge(name, _checked(name, values))
        else:
            superfluous.append(name)
    if not pictures:
        named = f"maps are named like {superfluous[0]!r}" if superfluous else "there are no maps"
        msg = f"no picture has a map: {named}, truths like {min(truths)!r}"
        raise InputError(msg)
    missing = tuple(sorted(truths.keys() - pictures.keys()))
    pictures |= {name: judge(name, None) for name in missing}
    in_order = {name: pictures[name] for name in sorted(pictures)}
    return MapScores(in_order, chosen, missing, tuple(sorted(superfluous)), labels or {})


def _rules(style: Style, universal: float | None) -> dict[str, Style]:
    """Return the style itself first, then with other thresholds."""
    rules: dict[str, Style] = {style.threshold: style}
    rules |= {each: replace(style, threshold=each) for each in _THRESHOLDS}
    if universal is not None:
        rules["universal"] = Style(style.upsampling, "none", "absolute", "above", universal)
    return rules


def _check_truths(truths: Mapping[str, Truth], saliency: Mapping[str, object] | None) -> None:
    if not truths:
        msg = "there is no picture to judge: truths is empty"
        raise InputError(msg)
    lacking = sorted(truths.keys() - saliency.keys()) if saliency is not None else []
    if lacking:
        msg = f"{len(lacking)} pictures have no saliency map, such as {lacking[0]!r}; give all"
        raise InputError(msg)


def _checked(name: str, values: NDArray[np.floating]) -> NDArray[np.floating]:
    values = np.asarray(values)
    if values.ndim != 2 or not values.size:
        msg = f"the map of {name!r} must have shape (height, width), got {values.shape}"
        raise InputError(msg)
    if not np.isfinite(values).all():
        msg = f"the map of {name!r} has values that are not finite; look at how it was made"
        raise InputError(msg)
    return values


def _judge_picture(
    enlarged: NDArray[np.float32] | None,
    truth: NDArray[np.float32],
    rules: Mapping[str, Style],
    floors: Mapping[str, NDArray[np.float32]],
    n_boxes: int,
) -> PictureScores:
    """Score the map of one picture, None if it has none, and all that stands beside it."""
    area = int(np.count_nonzero(truth))
    ranked = np.sort(truth, axis=None)[::-1]
    nothing = np.zeros(truth.shape, dtype=np.bool_)
    whole = ciou(~nothing, truth)
    cious: dict[str, dict[str, float]] = {
        contender: {} for contender in ("maps", "whole image", *floors, "ceiling")
    }
    for rule, style in rules.items():
        mask = nothing if enlarged is None else style.mask(enlarged, area)
        n_marked = int(np.count_nonzero(mask))
        # A picture without a map is failed, also where there is nothing to find.
        cious["maps"][rule] = 0.0 if enlarged is None else ciou(mask, truth)
        cious["whole image"][rule] = whole
        for floor, values in floors.items():
            cious[floor][rule] = ciou(floor_mask(values, style, area, n_marked), truth)
        cious["ceiling"][rule] = ceiling(ranked, style, n_marked)
    share = area / truth.size
    if enlarged is None:
        return PictureScores(cious, share, n_boxes, peak=float("nan"), confidence=float("nan"))
    return PictureScores(cious, share, n_boxes, float(enlarged.max()), confidence(enlarged))
