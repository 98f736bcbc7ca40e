"""`fit`: train a system on a dataset, and leave a folder with its weights.

    weights.safetensors, statistics.safetensors, system.json    the best weights (hearsight.weights)
    settings.yaml      all settings of the run
    log/               for TensorBoard
    checkpoints/       what an interrupted run goes on from

The same call on the same folder goes on where it was interrupted, with the same result as if it
had not been.
"""

from __future__ import annotations

import dataclasses
import logging
import math
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import lightning
import torch
from lightning.pytorch.callbacks import Callback, ModelCheckpoint, RichProgressBar
from lightning.pytorch.loggers import TensorBoardLogger
from torch.utils.data import DataLoader

from hearsight.augment.augmentation import Augmentation
from hearsight.augment.swaps import FoaSwaps, MicSwaps
from hearsight.datasets import open_dataset
from hearsight.datasets.listing import Listed
from hearsight.errors import InputError
from hearsight.features.gcc import LogGcc
from hearsight.features.intensity import LogIntensity
from hearsight.features.normalize import file_list_hash
from hearsight.features.salsa import SalsaLite
from hearsight.features.store import FeatureStore
from hearsight.metrics.formulas import LOWER_IS_BETTER
from hearsight.recording.files import replacing
from hearsight.systems.registry import Registration, find
from hearsight.systems.seld import SeldSystem
from hearsight.systems.settings import as_yaml
from hearsight.training.config import RunSettings, differences, run_settings
from hearsight.training.data import EpochOrder, Split, Windows, split
from hearsight.training.module import Judge, SystemModule
from hearsight.training.pictures import pictures_of, prepare_pictures
from hearsight.training.prepare import fit_statistics, prepare, store_of
from hearsight.weights.resnet import load_resnet
from hearsight.weights.store import read_about, save_system

SETTINGS_NAME = "settings.yaml"
LOG_NAME = "log"
CHECKPOINTS_NAME = "checkpoints"
FEATURES_NAME = "features"
CHECKPOINT_NAME = "last.ckpt"

Tell = Callable[[str], None]

_NOT_FOR_THE_USER = (
    ".*does not have many workers.*",  # data.workers is a setting of ours
    ".*exists and is not empty.*",  # a run that goes on
    ".*smaller than the logging interval.*",  # epochs are logged all the same
    ".*LeafSpec.*",  # between Lightning and PyTorch
)


@dataclasses.dataclass(frozen=True)
class Trained:
    """What a run has left.

    Parameters
    ----------
    folder : Path
        With the best weights.
    epoch : int
        After which they were kept, from 1.
    scores : mapping of str to float
        Theirs on the validation recordings.
    was_done : bool
        Whether an earlier call had finished the run.
    """

    folder: Path
    epoch: int
    scores: dict[str, float]


def train(
    name: str,
    data: str | Path,
    *,
    out: str | Path | None = None,
    config: str | Path | None = None,
    changes: tuple[str, ...] = (),
    features: str | Path | None = None,
    tell: Tell = lambda _: None,
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
    checkpoint = root / CHECKPOINTS_NAME / CHECKPOINT_NAME
    _check_place(root, registration, settings)
    system = seeded_system(registration, settings)
    if system.sees:
        system = system.with_eyes(load_resnet(_eyes_of(settings)))
    dataset = open_dataset(data, system.audio_format)
    # As the baselines, a system that sees does not learn from recordings without a picture.
    recordings = [each for each in dataset.recordings if each.video or not system.sees]
    parts = split(recordings, settings.data)
    store = store_of(features or Path(data) / "features", system)
    wanted = tuple(dict.fromkeys((*parts.train, *parts.validation)))
    fitted_on = parts.train if settings.data.statistics == "train" else tuple(recordings)
    heard = tuple(dict.fromkeys((*wanted, *fitted_on)))
    prepare(system, heard, store, tell=tell, is_watched=is_watched)
    pictures = None
    if system.sees:
        pictures = pictures_of(store.folder.parent, system)
        prepare_pictures(system, wanted, pictures, tell=tell, is_watched=is_watched)
    if system.is_normalized:
        system = system.with_statistics(fit_statistics(fitted_on, store))
    origin = _origin(Path(data), store, parts)
    tell(
        f"{name}: {system.weight_count():,} weights, {len(parts.train)} recordings to learn from, "
        f"{len(parts.validation)} to choose by {settings.training.metric}"
    )
    judge = Judge(system, parts.validation, store, pictures)
    judge.check(settings.training.metric)
    with replacing(root / SETTINGS_NAME) as temporary:
        temporary.write_text(as_yaml(settings), encoding="utf-8")
    best = KeepBest(root, system, settings.training.metric, origin, tell)
    with _quiet():
        trainer = _trainer(root, settings, best, is_watched=is_watched)
        module = SystemModule(system, settings.training, judge)
        windows = Windows(
            system,
            parts.train,
            store,
            pictures,
            hop=settings.data.hop,
            augmentations=_augmentations(system, settings),
            seed=settings.training.seed,
        )
        loaders = _loaders(windows, settings, trainer, len(parts.validation))
        trainer.fit(
            module,
            *loaders,
            ckpt_path=checkpoint if checkpoint.is_file() else None,
            weights_only=True,
        )
    return _result(root)


def _eyes_of(settings: RunSettings) -> str:
    if not settings.data.eyes:
        msg = (
            "data.eyes is not set; give the safetensors of a ResNet-50 with torchvision's names, "
            "by which the system sees"
        )
        raise InputError(msg)
    return settings.data.eyes


def seeded_system(registration: Registration, settings: RunSettings) -> SeldSystem:
    """Build a system with the first weights that the seed gives."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.training.seed)
        return registration.build(settings.system)


def _check_place(root: Path, registration: Registration, settings: RunSettings) -> None:
    """See that a run may be kept in a folder: an empty one, or that of a run like this one."""
    path = root / SETTINGS_NAME
    if path.is_file():
        earlier = run_settings(registration, path)
        # More epochs continue a run; on what machine it runs does not change what it is.
        changed = [
            name
            for name in differences(earlier, settings)
            if name != "training.epochs" and not name.startswith("trainer.")
        ]
        if changed:
            msg = (
                f"{root}: holds a run with other settings ({', '.join(changed)}); repeat those of "
                f"{path} or choose another --out"
            )
            raise InputError(msg)
    elif root.exists() and (not root.is_dir() or any(root.iterdir())):
        msg = f"{root}: is no folder of a training run; choose another --out"
        raise InputError(msg)


def _origin(data: Path, store: FeatureStore, parts: Split) -> dict[str, Any]:
    """Say what weights were trained on."""
    return {
        "data": data.resolve().name,
        "features": store.key,
        "train": _described(parts.train),
        "validation": _described(parts.validation),
    }


def _described(recordings: Sequence[Listed]) -> dict[str, Any]:
    names = [recording.name for recording in recordings]
    rooms = sorted({recording.room for recording in recordings})
    return {"recordings": len(names), "rooms": rooms, "list": file_list_hash(names)}


def _augmentations(system: SeldSystem, settings: RunSettings) -> tuple[Augmentation, ...]:
    if not settings.data.swaps:
        return ()
    feature = system.feature
    if isinstance(feature, LogIntensity):
        return (FoaSwaps(feature),)
    if isinstance(feature, LogGcc | SalsaLite):
        return (MicSwaps(feature),)
    msg = f"data.swaps: {system.audio_format} cannot be swapped; only foa and mic can"
    raise InputError(msg)


def _loaders(
    windows: Windows, settings: RunSettings, trainer: lightning.Trainer, n_validation: int
) -> tuple[DataLoader[Any], DataLoader[Any]]:
    data, rank, n_ranks = settings.data, trainer.global_rank, trainer.world_size
    order = EpochOrder(windows, data.order, settings.training.seed, rank, n_ranks)
    # Loaders draw seeds for their workers; dropout shall not depend on when they do.
    generator = torch.Generator()
    training: DataLoader[Any] = DataLoader(
        windows,
        batch_size=settings.training.batch_size,
        sampler=order,
        num_workers=data.workers,
        collate_fn=_as_it_is,
        pin_memory=torch.cuda.is_available(),
        persistent_workers=data.workers > 0,
        generator=generator,
    )
    # Every process needs one; a recording that is heard twice is judged once.
    share = range(rank, max(n_validation, n_ranks), n_ranks)
    validation: DataLoader[Any] = DataLoader(
        [place % n_validation for place in share],  # type: ignore[arg-type]
        batch_size=None,
        generator=generator,
    )
    return training, validation


def _as_it_is(batch: Any) -> Any:
    return batch  # `Windows` gives whole batches


def _trainer(
    root: Path, settings: RunSettings, best: KeepBest, *, is_watched: bool
) -> lightning.Trainer:
    every = settings.training.validate_every
    state = ModelCheckpoint(
        root / CHECKPOINTS_NAME,
        filename=CHECKPOINT_NAME.removesuffix(".ckpt"),
        save_top_k=1,
        save_on_train_epoch_end=True,
        enable_version_counter=False,
    )
    bars: list[Callback] = [RichProgressBar(leave=False)] if is_watched else []
    return lightning.Trainer(
        **dataclasses.asdict(settings.trainer),
        max_epochs=settings.training.epochs,
        check_val_every_n_epoch=every,
        callbacks=[best, state, *bars],
        logger=TensorBoardLogger(root, name=LOG_NAME, version=""),
        enable_progress_bar=is_watched,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        use_distributed_sampler=False,
    )


class KeepBest(Callback):
    """Writes a folder of weights whenever the validation score is better than ever.

    Parameters
    ----------
    folder : Path
    system : SeldSystem
        Whose network is trained.
    metric : str
    origin : dict
        Saved with the weights.
    tell : callable
        Gets a line after every validation.
    """

    def __init__(
        self, folder: Path, system: SeldSystem, metric: str, origin: dict[str, Any], tell: Tell
    ) -> None:
        self._folder, self._system, self._metric = folder, system, metric
        self._origin, self._tell = origin, tell
        self._best: float | None = None

    def state_dict(self) -> dict[str, Any]:
        """Return the best score so far, for a run that goes on."""
        return {"best": self._best}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up the best score of an interrupted run."""
        self._best = state_dict["best"]

    def on_validation_end(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule
    ) -> None:
        """Compare, and save on the first process."""
        assert isinstance(pl_module, SystemModule)
        scores, epoch = pl_module.scores, trainer.current_epoch + 1
        score = scores[self._metric]
        is_better = self._best is None or _is_better(self._metric, score, self._best)
        if is_better:
            self._best = score
            if trainer.is_global_zero:
                origin = {**self._origin, "epoch": epoch, "metric": self._metric}
                save_system(self._folder, self._system, scores=_finite(scores), origin=origin)
        if trainer.is_global_zero:
            mark = " (best)" if is_better else f" (best {self._best:.3f})"
            self._tell(f"epoch {epoch} of {trainer.max_epochs}: {self._metric} {score:.3f}{mark}")


def _is_better(metric: str, score: float, best: float) -> bool:
    if math.isnan(best) or math.isnan(score):
        return not math.isnan(score)
    return score < best if metric in LOWER_IS_BETTER else score > best


def _finite(scores: dict[str, float]) -> dict[str, float | None]:
    return {name: value if math.isfinite(value) else None for name, value in scores.items()}


def _result(root: Path) -> Trained:
    about = read_about(root)
    return Trained(root, about["origin"]["epoch"], about["scores"])


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Lightning from telling what it finds in the machine, and what it would do itself."""
    logger = logging.getLogger("lightning.pytorch")
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        with warnings.catch_warnings():
            for message in _NOT_FOR_THE_USER:
                warnings.filterwarnings("ignore", message=message)
            yield
    finally:
        logger.setLevel(level)
