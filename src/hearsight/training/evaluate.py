"""`evaluate`: how right a system or saved output is, in the way of its kind.

A system that hears where classes sound, and DCASE csv files, are judged by `training.seld`; one
that sees what makes a sound, and npy heat maps, by `training.pairs`; those that label or match the
seconds of clips, and labels in segments.csv, by `training.clips`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from hearsight.errors import InputError
from hearsight.inference.trained import find_weights, means_weights
from hearsight.metrics.definitions import Average
from hearsight.systems import find
from hearsight.systems.heatmap import HeatMapSystem
from hearsight.systems.matching import MatchingSystem
from hearsight.systems.segments import SegmentSystem
from hearsight.systems.seld import SeldSystem
from hearsight.systems.system import System
from hearsight.training.clips.evaluate import evaluate_clips
from hearsight.training.clips.evaluation import ClipEvaluation, MatchingEvaluation
from hearsight.training.clips.saved_labels import FILE_NAME
from hearsight.training.pairs.evaluate import evaluate_maps
from hearsight.training.pairs.evaluation import PairEvaluation
from hearsight.training.pairs.saved_maps import SUFFIX
from hearsight.training.seld.evaluate import evaluate_events
from hearsight.training.seld.evaluation import Evaluation
from hearsight.weights.store import ABOUT_NAME, read_about

_TASKS: dict[type[System], str] = {
    SeldSystem: "events in recordings",
    HeatMapSystem: "heat maps of pictures",
    SegmentSystem: "labels of seconds",
    MatchingSystem: "matches of seconds",
}


def evaluate(
    subject: str | Path,
    data: str | Path,
    *,
    split: str = "test",
    year: int | None = None,
    average: Average | None = None,
    style: str | None = None,
    threshold: float | None = None,
    annotations: str | Path | None = None,
    test_list: str | Path | None = None,
    frame: str | None = None,
    features: str | Path | None = None,
    device: str = "auto",
    tell: Callable[[str], None] = lambda _: None,
    is_watched: bool = False,
) -> Evaluation | PairEvaluation | ClipEvaluation | MatchingEvaluation:
    """Judge a trained system, or predictions made by anything.

    Parameters
    ----------
    subject : str or Path
        A folder of weights; the name of a system, for the weights in `runs/<name>`; a folder of
        DCASE csv files named as the recordings, in any format `read_dcase` takes; a folder of
        heat maps, `<picture>.npy` of shape (height, width), any size and scale; or a folder with
        the labels of seconds in `segments.csv`.
    data : str or Path
        The dataset's folder.
    split : {"test", "train", "validation"}
        "validation" only for clips.
    year : int, optional
        Events: by whose rules; default: the system's, or 2024 (2025 for stereo) for predictions.
    average : str, optional
        Events: see `seld_scores`; default: what the year reported.
    style : str, optional
        Heat maps: how they become areas, a key of `STYLES`; default: "hearsight", which asks where
        a sound comes from and not how large its source is. Papers differ.
    threshold : float, optional
        Heat maps: above which they say that something in view makes the sound, on their own scale;
        default: what the system was calibrated to, nothing for saved maps.
    annotations, test_list : str or Path, optional
        Heat maps: where boxes and the names to judge are, see `open_pairs`.
    frame : str, optional
        Heat maps: which picture of a clip; default: "007".
    features : str or Path, optional
        Events: where features are stored; default: `features` in the dataset's folder. Those that
        are missing are computed and stored. Heat maps: where shards are prepared; default: none,
        pairs are read as they lie.
    device : str
        "auto", "cpu", "cuda" and the like.
    tell : callable
        Gets a line of text now and then.
    is_watched : bool
        Whether progress bars are drawn.

    Returns
    -------
    Evaluation, PairEvaluation, ClipEvaluation or MatchingEvaluation
        Of events, of heat maps, of labels of seconds, or of matches.

    Raises
    ------
    InputError
        If an option does not exist or is for what is not judged here, class lists differ, or a map
        is not a finite array.
    DatasetError
        If the split has nothing annotated, or not what the system needs.
    WeightsError
        If weights are missing or damaged.
    """
    kind = _kind(subject)
    of_seld: dict[str, Any] = {"year": year, "average": average}
    of_maps: dict[str, Any] = {
        "style": style,
        "threshold": threshold,
        "annotations": annotations,
        "test_list": test_list,
        "frame": frame,
    }
    common: dict[str, Any] = {
        "split": split,
        "features": features,
        "device": device,
        "is_watched": is_watched,
    }
    if kind is HeatMapSystem:
        _refuse(of_seld, kind, of_maps)
        return evaluate_maps(subject, data, **of_maps, **common)
    if kind in (SegmentSystem, MatchingSystem):
        _refuse({**of_seld, **of_maps}, kind, {"split": split, "features": features})
        return evaluate_clips(subject, data, **common, tell=tell)
    _refuse(of_maps, kind, of_seld)
    return evaluate_events(subject, data, **of_seld, **common, tell=tell)


def _kind(subject: str | Path) -> type[System]:
    """Tell what is judged."""
    if means_weights(subject):
        return find(read_about(find_weights(subject))["system"]).kind
    if (Path(subject) / FILE_NAME).is_file():
        return SegmentSystem
    suffixes = {file.suffix for file in Path(subject).iterdir()}
    # Maps first: beside them lies the csv of an earlier evaluation.
    for suffix, kind in ((SUFFIX, HeatMapSystem), (".csv", SeldSystem)):
        if suffix in suffixes:
            return kind
    msg = (
        f"{subject}: holds neither weights ({ABOUT_NAME} is missing) nor predictions (csv files "
        f"named as the recordings, npy heat maps named as the pictures, or {FILE_NAME})"
    )
    raise InputError(msg)


def _refuse(given: dict[str, Any], kind: type[System], known: dict[str, Any]) -> None:
    """Refuse options of the other kind."""
    for option, value in given.items():
        if value is not None:
            msg = (
                f"{option} is no option for {_TASKS[kind]}, which are judged here; leave it out, "
                f"or choose among {', '.join(known)}"
            )
            raise InputError(msg)
