"""Pictures with several things: whether the map moves when another of them sounds.

A set has several rows for each picture, one for each thing that sounds in it. A picture counts only
if every one of its rows is right, so that a map which always points at the same thing fails. IIoU
is the share of pictures whose every row has a cIoU of 0.5 or more, IAUC the area under that share
over the 21 thresholds of `overlap.auc`. cIoUs by size-adaptive masks give the adaptive kinds.

References
----------
.. [1] A. Senocak et al., "Sound source localization is all about cross-modal alignment", ICCV 2023
   (arXiv:2309.10724), extended in arXiv:2407.13676.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from hearsight.errors import InputError
from hearsight.metrics.heatmaps.overlap import auc, success
from hearsight.metrics.heatmaps.rows import ScoreRows, score_rows


def picture_of(name: str) -> str:
    """Return the picture that a row such as `cat_dog_12_dog` is of: the name without its last part.

    Raises
    ------
    InputError
        If the name has only one part.

    Examples
    --------
    >>> picture_of("cat_dog_12_dog.jpg")
    'cat_dog_12'
    """
    picture, _, thing = name.rpartition("_")
    if not picture or not thing:
        msg = f"{name!r} names no picture and thing; expected something like cat_dog_12_dog"
        raise InputError(msg)
    return picture


def interactive_scores(
    cious: Mapping[str, Mapping[str, float]],
    *,
    group: Callable[[str], str] = picture_of,
    n_draws: int = 1000,
    generator: np.random.Generator | None = None,
) -> ScoreRows:
    """Score rows by pictures.

    Parameters
    ----------
    cious : mapping of str to mapping of str to float
        For each rule that makes masks of maps, the cIoU by the name of the row; NaN fails. All
        rules have the same names.
    group : callable
        From the name of a row to that of its picture.
    n_draws : int
        Bootstrap draws for 95 % intervals over pictures; 0 for none.
    generator : numpy.random.Generator, optional
        Default: seeded with 0, so that the same call gives the same intervals.

    Returns
    -------
    ScoreRows
        `iiou` and `iauc` for each rule.

    Raises
    ------
    InputError
        If there is nothing to score, or rules have other names.

    Examples
    --------
    >>> rows = {"a_b_1_a": 0.9, "a_b_1_b": 0.4, "c_d_2_c": 0.6, "c_d_2_d": 0.7}
    >>> interactive_scores({"adaptive": rows}, n_draws=0)["adaptive"]["iiou"]
    0.5
    """
    if not cious or not all(cious.values()):
        msg = "cious has no rows to score; give the cIoU of at least one for each rule"
        raise InputError(msg)
    first, *others = cious
    for rule in others:
        differing = sorted(cious[first].keys() ^ cious[rule].keys())
        if differing:
            msg = f"cious of {first} and {rule} differ in names such as {differing[0]!r}"
            raise InputError(f"{msg}; give both for all rows")
    members: dict[str, list[str]] = {}
    for name in cious[first]:
        members.setdefault(group(name), []).append(name)
    # All rows of a picture reach a threshold if the least does; NaN is the least of all.
    worst = {
        rule: np.array([np.min([values[name] for name in names]) for names in members.values()])
        for rule, values in cious.items()
    }
    return score_rows(
        lambda chosen: {
            rule: {"iiou": success(values[chosen]), "iauc": auc(values[chosen])}
            for rule, values in worst.items()
        },
        len(members),
        dict.fromkeys(cious, len(members)),
        n_draws=n_draws,
        generator=generator,
    )
