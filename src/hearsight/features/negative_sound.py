"""Sounds that do not belong to the picture: a network that listens finds nothing for them.

Silence and noise replace what is heard (`SoundInput.excerpt`); an off-screen sound is that of
another clip.

References
----------
.. [1] X. Juanola et al., "A critical assessment of visual sound source localization models
   including negative audio", arXiv:2410.01020.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType

import numpy as np

from hearsight.errors import InputError
from hearsight.features.sound_input import Samples

_NOTHING: Mapping[str, Collection[str]] = MappingProxyType({})


def silence(excerpt: Samples) -> Samples:
    """Return zeros in place of what is heard."""
    return np.zeros_like(excerpt)


def noise(excerpt: Samples, rng: np.random.Generator) -> Samples:
    """Return white noise of unit deviation in place of what is heard.

    It is not clipped, so it is louder than any recording.
    """
    return rng.standard_normal(excerpt.shape).astype(excerpt.dtype)


def off_screen(
    names: Sequence[str],
    labels: Mapping[str, str],
    rng: np.random.Generator,
    *,
    in_view: Mapping[str, Collection[str]] = _NOTHING,
) -> tuple[str, ...]:
    """Draw another clip for each picture, whose sound comes from nothing in view.

    Parameters
    ----------
    names : sequence of str
        Of the pictures, and of the clips to choose from.
    labels : mapping of str to str
        Classes of the sounds by name. One that is not known counts as different from all others.
    rng : Generator
    in_view : mapping of str to collection of str
        Further classes that are seen in a picture, beside that of its own sound, by name.

    Returns
    -------
    tuple of str, of the length of `names`
        All clips that fit are equally probable.

    Raises
    ------
    InputError
        If no clip fits one of the pictures.
    """
    kinds = np.array([labels.get(name, name) for name in names])
    drawn = []
    for name, kind in zip(names, kinds, strict=True):
        fits = kinds != kind
        for seen in in_view.get(name, ()):
            fits &= kinds != seen
        others = np.flatnonzero(fits)
        if others.size == 0:
            msg = (
                f"no clip can be the off-screen sound of {name}: all {len(names)} sounds are of "
                "classes in view; give clips of more classes"
            )
            raise InputError(msg)
        drawn.append(names[rng.choice(others)])
    return tuple(drawn)
