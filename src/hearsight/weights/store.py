"""A trained system on disk: a folder with safetensors and JSON, nothing that could run.

    weights.safetensors      what was learned, by our names
    statistics.safetensors   mean and deviation of the training set's features, where needed
    eyes.safetensors         another network that looks at pictures, where the system has one
    encoders.json, ...       what makes its input of videos, where known (weights.encoders)
    system.json              the system's name and settings, class list, version, scores, origin

The folder is what `hearsight train` leaves, and what `--system` and `evaluate` take.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hearsight.errors import HearsightError, WeightsError
from hearsight.features.normalize import FeatureStatistics
from hearsight.recording.files import replacing
from hearsight.systems import registry
from hearsight.systems.heatmap import HeatMapSystem
from hearsight.systems.matching import MatchingSystem
from hearsight.systems.segments import SegmentSystem
from hearsight.systems.seld import SeldSystem
from hearsight.systems.settings import changed
from hearsight.systems.system import System
from hearsight.weights.encoders import ENCODERS_NAME, has_encoders, load_encoders, save_encoders
from hearsight.weights.files import load_strictly, read_tensors, write_network, write_once
from hearsight.weights.resnet import load_resnet

WEIGHTS_NAME = "weights.safetensors"
STATISTICS_NAME = "statistics.safetensors"
EYES_NAME = "eyes.safetensors"
ABOUT_NAME = "system.json"
_FORMAT = "hearsight weights 1"
Systems = SeldSystem | HeatMapSystem | SegmentSystem | MatchingSystem
"""The kinds of systems."""

_ENTRIES = {"system": str, "settings": dict, "labels": list, "scores": dict, "origin": dict}


def save_system(
    folder: str | Path,
    system: System,
    *,
    scores: Mapping[str, float | None] | None = None,
    origin: Mapping[str, Any] | None = None,
) -> None:
    """Write a system's weights.

    Parameters
    ----------
    folder : str or Path
        Is made; weights there are replaced, each file as a whole.
    system : System
    scores : mapping of str to float, optional
        How good they are, and on what.
    origin : mapping, optional
        What they were trained on and how; anything JSON holds.

    Raises
    ------
    MediaError
        If a file cannot be written.
    """
    from hearsight import __version__

    root = Path(folder)
    write_network(root / WEIGHTS_NAME, system.network, system=system.name)
    if isinstance(system, SeldSystem) and system.statistics is not None:
        system.statistics.save(root / STATISTICS_NAME)
    # What weights that lay here before were kept with must not be taken for a part of these.
    if system.eyes is not None:
        write_once(root / EYES_NAME, system.eyes.network, system.eyes.weights)
    else:
        (root / EYES_NAME).unlink(missing_ok=True)
    if isinstance(system, SegmentSystem | MatchingSystem) and system.encoders is not None:
        save_encoders(root, system.encoders)
    else:
        (root / ENCODERS_NAME).unlink(missing_ok=True)
    about = {
        "format": _FORMAT,
        "system": system.name,
        "settings": dataclasses.asdict(system.settings),
        "labels": list(system.labels),
        "threshold": system.threshold if isinstance(system, HeatMapSystem) else None,
        "hearsight": __version__,
        "scores": dict(scores or {}),
        "origin": dict(origin or {}),
    }
    with replacing(root / ABOUT_NAME) as temporary:
        temporary.write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")


def read_about(folder: str | Path) -> dict[str, Any]:
    """Read what is said of the weights in a folder.

    Raises
    ------
    WeightsError
        If the folder holds no weights, or their description is damaged.
    """
    path = Path(folder) / ABOUT_NAME
    if not path.is_file():
        msg = f"{folder}: holds no weights ({ABOUT_NAME} is missing); give a folder train has made"
        raise WeightsError(msg)
    try:
        about = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        msg = f"{path}: cannot be read ({error}); train again or copy the folder again"
        raise WeightsError(msg) from error
    if not isinstance(about, dict) or about.get("format") != _FORMAT:
        found = about.get("format") if isinstance(about, dict) else type(about).__name__
        msg = f"{path}: expected the format {_FORMAT!r}, found {found!r}; use a fitting version"
        raise WeightsError(msg)
    wrong = [name for name, kind in _ENTRIES.items() if not isinstance(about.get(name), kind)]
    if wrong:
        msg = f"{path}: has no proper {', '.join(wrong)}; train again or copy the folder again"
        raise WeightsError(msg)
    return about


def load_system(folder: str | Path) -> Systems:
    """Read a system from the folder that `save_system` wrote.

    Returns
    -------
    SeldSystem, HeatMapSystem, SegmentSystem or MatchingSystem
        Its network in evaluation mode, on the CPU.

    Raises
    ------
    WeightsError
        If a file is missing or damaged, or the weights do not fit the settings.
    """
    root, about = Path(folder), read_about(folder)
    try:
        registration = registry.find(str(about.get("system")))
        settings = changed(registration.settings(), about["settings"], str(root / ABOUT_NAME))
        system: Systems = registration.build(settings)
    except (HearsightError, KeyError, TypeError) as error:
        where = f"{root / ABOUT_NAME}: "
        msg = f"{where}{str(error).removeprefix(where)}; train again or copy the folder again"
        raise WeightsError(msg) from error
    if list(system.labels) != about["labels"]:
        msg = f"{root / ABOUT_NAME}: labels are not those of its settings; copy the folder again"
        raise WeightsError(msg)
    load_strictly(system.network, read_tensors(root / WEIGHTS_NAME), root / WEIGHTS_NAME)
    system.network.eval()
    if isinstance(system, HeatMapSystem):
        return _calibrated(system, root, about)
    if isinstance(system, SegmentSystem | MatchingSystem):
        return system.with_encoders(load_encoders(root)) if has_encoders(root) else system
    if system.is_normalized:
        system = system.with_statistics(FeatureStatistics.load(root / STATISTICS_NAME))
    if system.sees:
        system = system.with_eyes(load_resnet(root / EYES_NAME))
    return system


def _calibrated(system: HeatMapSystem, root: Path, about: Mapping[str, Any]) -> HeatMapSystem:
    """Return a system with all that lies beside its weights."""
    threshold = about.get("threshold")
    if threshold is not None:
        if not isinstance(threshold, int | float) or not 0.0 <= threshold <= 1.0:
            msg = f"{root / ABOUT_NAME}: threshold must lie in [0, 1], got {threshold!r}; mend it"
            raise WeightsError(msg)
        system = system.with_threshold(float(threshold))
    if (root / EYES_NAME).is_file():
        system = system.with_eyes(load_resnet(root / EYES_NAME))
    return system


def fingerprint(folder: str | Path) -> str:
    """Return a short name for the weights in a folder that changes when they do.

    Raises
    ------
    WeightsError
        If there are none.
    """
    digest = hashlib.sha256()
    for name in (WEIGHTS_NAME, ABOUT_NAME, STATISTICS_NAME, EYES_NAME, ENCODERS_NAME):
        path = Path(folder) / name
        if path.is_file():
            digest.update(path.read_bytes())
        elif name in (WEIGHTS_NAME, ABOUT_NAME):
            msg = f"{path}: is missing; give a folder that train has made"
            raise WeightsError(msg)
    return digest.hexdigest()[:16]


def is_weights_folder(path: str | Path) -> bool:
    """Tell whether a path is a folder with weights."""
    return (Path(path) / ABOUT_NAME).is_file()
