"""Published weights of networks for clips made systems: converted, checked, given encoders."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from hearsight.errors import InputError
from hearsight.events.classes import AVE
from hearsight.systems import find
from hearsight.systems.segments import ClipSizes, SegmentSystem
from hearsight.weights.ave import ORIGINS as LABELING
from hearsight.weights.ave import import_published
from hearsight.weights.encoder_names import parse_encoders
from hearsight.weights.files import load_strictly
from hearsight.weights.heatmap import Published
from hearsight.weights.matching import import_matching

MATCHING = "avdln"
ORIGINS = (*LABELING, MATCHING)

_CHANGES: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "av-att": {"parity": True},
        "av-att-weak": {"parity": True, "supervision": "weak"},
        "dmrn": {"parity": True},
        "psp-weak": {"supervision": "weak"},
    }
)
"""What a published network was, beside its sizes."""

_OF_FEATURES = ("n_video", "n_audio")
_GRID = 7
"""Rows, and columns, of the maps that all of them were trained on."""


def build_published(
    file: str | Path,
    origin: str,
    encoders: Sequence[str] = (),
    labels: Sequence[str] = (),
) -> tuple[Any, Published]:
    """Read a published checkpoint into a system.

    Parameters
    ----------
    file : str or Path
        A whole pickled module, of which nothing is run, a state dict, or Keras' HDF5 for "avdln".
    origin : str
        One of `ORIGINS`.
    encoders : sequence of str
        What makes its features of videos, see `parse_encoders`; those of AVE are Keras' VGG-19 and
        VGGish. Without, it can only be given stored features.
    labels : sequence of str
        The class list; default: AVE's.

    Returns
    -------
    system : SegmentSystem or MatchingSystem
    published : Published

    Raises
    ------
    InputError
        If encoders do not give what the network takes, or labels are more or fewer than its
        classes.
    WeightsError
        If the file is none, or not of that origin.
    """
    is_matching = origin == MATCHING
    published = import_matching(file) if is_matching else import_published(file, origin)
    sizes: dict[str, Any] = dict(published.sizes)
    features = {name: sizes.pop(name) for name in _OF_FEATURES}
    changes: dict[str, Any] = {**_CHANGES.get(origin, {})}
    if not is_matching:
        changes["labels"] = _class_list(sizes.pop("n_classes"), tuple(labels), file)
        sizes.pop("is_weak", None)
        n_regions = sizes.pop("n_regions")
        if n_regions != _GRID**2:
            features |= {"rows": 1, "columns": n_regions}
    registration = find(published.system)
    settings = dataclasses.replace(
        registration.settings(), **sizes, **changes, sizes=ClipSizes(**features)
    )
    system = registration.build(settings)
    load_strictly(system.network, published.state, file)
    system.network.eval()
    if encoders:
        system = system.with_encoders(parse_encoders(encoders))
        _check_encoders(system)
    return system, published


def _class_list(n_classes: int, labels: tuple[str, ...], file: str | Path) -> tuple[str, ...]:
    """Return the labels of a network with so many classes and background."""
    known = labels or AVE
    if len(known) == n_classes - 1:
        return known
    if labels:
        msg = (
            f"{file}: tells {n_classes - 1} classes and background, but {len(labels)} labels are "
            "given; give one for each class"
        )
        raise InputError(msg)
    return tuple(f"class {index}" for index in range(n_classes - 1))


def _check_encoders(system: Any) -> None:
    encoders, sizes = system.encoders, system.sizes
    for encoder, n_expected in ((encoders.sees, sizes.n_video), (encoders.hears, sizes.n_audio)):
        if encoder is not None and encoder.n_channels != n_expected:
            msg = (
                f"encoder {encoder.name} gives {encoder.n_channels} numbers, but {system.name} "
                f"with these weights takes {n_expected}; give the encoders it was trained with"
            )
            raise InputError(msg)
    if isinstance(system, SegmentSystem) and (encoders.sees is None or encoders.hears is None):
        msg = "give two encoders, one that sees and one that hears: vgg19:FILE and vggish:FILE"
        raise InputError(msg)
