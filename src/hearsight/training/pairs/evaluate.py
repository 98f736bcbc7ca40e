"""Judging heat maps: of a system that sees the pairs of a set, or those saved in a folder.

A system's maps are seen with other sounds as well, since maps that do not listen score well too:
silence, noise, and the sound of another picture, one draw of each.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hearsight.datasets.pairs import PairSet, open_pairs
from hearsight.errors import DatasetError, InputError, nearest
from hearsight.features.normalize import file_list_hash
from hearsight.inference.trained import TrainedSystem, means_weights
from hearsight.metrics.heatmaps.contrast import color_contrast
from hearsight.metrics.heatmaps.judge import judge_maps
from hearsight.metrics.heatmaps.styles import style_of
from hearsight.systems.heatmap import HeatMapSystem
from hearsight.training.pairs.evaluation import PairEvaluation
from hearsight.training.pairs.prepare import read_prepared
from hearsight.training.pairs.saved_maps import SavedMaps
from hearsight.training.pairs.trials import Shown, SystemTrials, interactive, on_fixed_range

SPLITS = ("test", "train")


def evaluate_maps(
    subject: str | Path,
    data: str | Path,
    *,
    split: str = "test",
    style: str | None = None,
    threshold: float | None = None,
    annotations: str | Path | None = None,
    test_list: str | Path | None = None,
    frame: str | None = None,
    features: str | Path | None = None,
    device: str = "auto",
    is_watched: bool = False,
) -> PairEvaluation:
    """Judge the heat maps of a trained system, or those in a folder.

    For arguments and errors see `hearsight.training.evaluate.evaluate`.
    """
    if split not in SPLITS:
        msg = f"unknown split {split!r}; {nearest(split, SPLITS)}"
        raise InputError(msg)
    if style is not None:
        style_of(style)
    if threshold is not None and not math.isfinite(threshold):
        msg = f"threshold must be finite, got {threshold}; leave it out if there is none"
        raise InputError(msg)
    pairs = open_pairs(data, annotations=annotations, test_list=test_list, frame=frame or "007")
    names = pairs.test if split == "test" else tuple(n for n in pairs.train if n in pairs.truth)
    if not names:
        n_pairs = len(getattr(pairs, split))
        msg = (
            f"{data}: none of the {n_pairs} pairs of the {split} split has boxes to judge maps by; "
            "give --annotations, or another --split"
        )
        raise DatasetError(msg)
    about = {"data": str(data), "split": split, "style": style or "hearsight"}
    show = Shown(is_watched)
    if not means_weights(subject):
        about["maps"] = str(subject)
        return _of_maps(Path(subject), pairs, names, about, threshold, show)
    trained = TrainedSystem.load(subject, device)
    system = trained.of_kind(HeatMapSystem)
    notes: tuple[str, ...] = ()
    if features is not None:
        pairs, notes = read_prepared(system, pairs, Path(features))
    about |= {
        "system": system.name,
        "weights": str(trained.folder),
        "fingerprint": trained.fingerprint,
        "origin": trained.about["origin"],
    }
    notes += (*_about_set(pairs), *about_learning(trained.about["origin"], pairs, names, split))
    return SystemTrials(system, pairs, names, show).judge(about, threshold, notes)


def _of_maps(
    folder: Path,
    pairs: PairSet,
    names: tuple[str, ...],
    about: Mapping[str, Any],
    threshold: float | None,
    show: Shown,
) -> PairEvaluation:
    maps, style, notes = SavedMaps(folder), style_of(about["style"]), [*_about_set(pairs)]
    # Absolute thresholds ask what a map's values mean, which files do not say.
    if style.normalization == "fixed_range" and not any((map_ < 0).any() for map_ in maps.values()):
        style = on_fixed_range(style)
        notes.append("No map has a value below 0: values are taken for (cosine + 1) / 2.")
    seen = show("pictures", (color_contrast(pairs.reader.picture(name)) for name in names), names)
    scores = judge_maps(
        maps,
        {name: pairs.truth[name] for name in names},
        style=style,
        universal=threshold,
        saliency=dict(zip(names, seen, strict=True)),
        labels=pairs.labels,
    )
    notes.extend(scores.notes)
    several = interactive(scores, pairs)
    return PairEvaluation(about, scores, threshold, {}, None, None, several, tuple(notes), maps)


def _about_set(pairs: PairSet) -> tuple[str, ...]:
    if not pairs.faults:
        return ()
    return (
        f"Listed or annotated, but not there or not readable: {len(pairs.faults)}; hearsight check "
        "names them.",
    )


def about_learning(
    origin: Mapping[str, Any], pairs: PairSet, names: Sequence[str], split: str
) -> tuple[str, ...]:
    """Say what is known of whether a system has learned from what it is judged on.

    Parameters
    ----------
    origin : mapping
        What is written beside its weights.
    pairs : PairSet
    names : sequence of str
        Of the pairs that are judged.
    split : str
        Of which they are.
    """
    judged = file_list_hash(names)
    learned, watched = (
        about if isinstance(about := origin.get(part), dict) else {}
        for part in ("train", "validation")
    )
    name = pairs.root.resolve().name
    if learned.get("list") == judged:
        return ("The system has learned from these very pairs: scores flatter.",)
    if watched.get("list") == judged:
        return ("The weights were chosen or calibrated on these very pairs: scores flatter.",)
    if split == "test" == watched.get("from") and name in (origin.get("data"), watched.get("data")):
        return (
            "The weights were chosen or calibrated on pairs of this test split: scores flatter.",
        )
    if not learned:
        return ("What the weights have learned from is not noted; it may have been these pairs.",)
    if split == "train" and name == origin.get("data"):
        return (
            "The system has learned from a set of this name, training pairs too: scores flatter.",
        )
    if split == "test" and pairs.dropped:
        return (
            f"Pairs that are judged and also in the set's training list: {len(pairs.dropped)}; "
            "weights trained with data.drop_test_ids=false have learned from them.",
        )
    return ()
