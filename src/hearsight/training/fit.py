"""`fit`: train a system on a dataset, and leave a folder with its weights.

    weights.safetensors, statistics.safetensors, system.json    the best weights (hearsight.weights)
    settings.yaml      all settings of the run
    log/               for TensorBoard
    checkpoints/       what an interrupted run goes on from

The same call on the same folder goes on where it was interrupted, with the same result as if it
had not been.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hearsight.errors import InputError
from hearsight.recording.files import replacing
from hearsight.systems.registry import Registration, find
from hearsight.systems.settings import as_yaml
from hearsight.systems.system import weight_count
from hearsight.training.best import LAST, KeepBest
from hearsight.training.config import RunSettings, differences, run_settings
from hearsight.training.machine import (
    CHECKPOINT_NAME,
    CHECKPOINTS_NAME,
    interruptible,
    make_loaders,
    make_trainer,
    quiet,
    unwrapped,
)
from hearsight.training.module import SystemModule
from hearsight.training.tasks import material_of
from hearsight.weights.store import is_weights_folder, load_system, read_about, save_system

SETTINGS_NAME = "settings.yaml"

_MACHINE = ("accelerator", "devices", "num_nodes", "strategy", "log_every_n_steps")
_MAY_CHANGE = {"training.epochs", "data.workers", *(f"trainer.{name}" for name in _MACHINE)}
"""More epochs continue a run; on what machine it runs does not change what it is."""


@dataclass(frozen=True)
class Trained:
    """What a run has left.

    Parameters
    ----------
    folder : Path
        With the best weights.
    epoch : int
        After which they were kept, from 1.
    scores : mapping of str to float
        Theirs on the validation recordings; None for what could not be told.
    """

    folder: Path
    epoch: int
    scores: dict[str, float | None]


def train(
    name: str,
    data: str | Path,
    *,
    out: str | Path | None = None,
    config: str | Path | None = None,
    changes: tuple[str, ...] = (),
    features: str | Path | None = None,
    tell: Callable[[str], None] = lambda _: None,
    is_watched: bool = False,
) -> Trained:
    """Train a system on a dataset.

    Parameters
    ----------
    name : str
        Of a registered system, such as "seldnet".
    data : str or Path
        The dataset's folder.
    out : str or Path, optional
        Where the run is kept; default: runs/<name>. A run that is there with the same settings
        goes on, also with more epochs.
    config : str or Path, optional
        YAML with settings.
    changes : tuple of str
        Such as "training.epochs=5"; count more than `config`.
    features : str or Path, optional
        Where features are stored; default: `features` in the dataset's folder.
    tell : callable
        Gets a line of text now and then.
    is_watched : bool
        Whether progress bars are drawn.

    Returns
    -------
    Trained

    Raises
    ------
    InputError
        If a setting does not exist or cannot be, or `out` holds another run.
    DatasetError
        If the dataset is not what the system needs.
    MediaError
        If something cannot be written.
    """
    registration = find(name)
    settings = run_settings(registration, config, changes)
    root = Path(out) if out is not None else Path("runs") / name
    _check_place(root, registration, settings)
    material = material_of(registration).open(registration, settings, data, features)
    _check_data(root, material.origin)
    metric = settings.training.metric
    if metric != LAST:
        material.check_metric(metric)
    best = KeepBest(root, metric, material.origin, tell)
    with quiet():
        trainer = make_trainer(root, settings, best, is_watched=is_watched)
        system = material.prepared(tell, is_watched=is_watched)
        judge, examples = material.judge(system), material.examples(system)
        loaders = make_loaders(examples, settings, trainer, len(judge))
        if not _has_learned(root):
            _note(root, settings)
        tell(f"{name}: {weight_count(system):,} weights; {material.describe(examples)}")
        checkpoint = root / CHECKPOINTS_NAME / CHECKPOINT_NAME
        with interruptible(), unwrapped():
            trainer.fit(
                SystemModule(system, settings.training, judge),
                *loaders,
                ckpt_path=checkpoint if checkpoint.is_file() else None,
                weights_only=True,
            )
    _note(root, settings)  # only now: what a run that goes on may not change is refused meanwhile
    about = read_about(root)
    if trainer.is_global_zero:
        best_system = load_system(root)
        best_system.network.to(trainer.strategy.root_device)
        finished = material.finish(best_system, material.judge(best_system))
        if finished is not best_system:
            save_system(root, finished, scores=about["scores"], origin=about["origin"])
    return Trained(root, about["origin"]["epoch"], about["scores"])


def _note(root: Path, settings: RunSettings) -> None:
    with replacing(root / SETTINGS_NAME) as temporary:
        temporary.write_text(as_yaml(settings), encoding="utf-8")


def _check_place(root: Path, registration: Registration, settings: RunSettings) -> None:
    """See that a run may be kept in a folder: an empty one, or that of a run like this one."""
    path = root / SETTINGS_NAME
    if path.is_file() and _has_learned(root):
        try:
            earlier = run_settings(registration, path)
        except InputError as error:
            msg = (
                f"{root}: holds a run with settings that {registration.name} does not have; choose "
                "another --out"
            )
            raise InputError(msg) from error
        changed = [name for name in differences(earlier, settings) if name not in _MAY_CHANGE]
        if changed:
            msg = (
                f"{root}: holds a run with other settings ({', '.join(changed)}); repeat those of "
                f"{path} or choose another --out"
            )
            raise InputError(msg)
    elif not path.is_file() and root.exists() and (not root.is_dir() or any(root.iterdir())):
        msg = f"{root}: is no folder of a training run; choose another --out"
        raise InputError(msg)


def _has_learned(root: Path) -> bool:
    """Tell whether a run has left anything; one that failed before may begin in another way."""
    return (root / CHECKPOINTS_NAME / CHECKPOINT_NAME).is_file() or is_weights_folder(root)


def _check_data(root: Path, origin: Mapping[str, Any]) -> None:
    """See that the weights in a folder, if any, are of a run on the same recordings."""
    earlier = read_about(root)["origin"] if is_weights_folder(root) else origin
    changed = [name for name in origin if earlier.get(name) != origin[name]]
    if changed:
        msg = (
            f"{root}: holds a run on other data than {origin['data']} (different: "
            f"{', '.join(changed)}); choose another --out"
        )
        raise InputError(msg)
