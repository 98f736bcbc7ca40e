"""Lightning's Trainer and the loaders, as the settings of a run say."""

from __future__ import annotations

import dataclasses
import logging
import signal
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import lightning
import torch
from lightning.fabric.utilities.exceptions import MisconfigurationException
from lightning.pytorch.callbacks import Callback, ModelCheckpoint, RichProgressBar
from lightning.pytorch.loggers import TensorBoardLogger
from lightning.pytorch.strategies.launchers import _MultiProcessingLauncher
from torch.utils.data import DataLoader

from hearsight.errors import HearsightError, InputError
from hearsight.training.checkpoints import WholeCheckpoints
from hearsight.training.config import RunSettings
from hearsight.training.examples import EpochOrder, Examples

LOG_NAME = "log"
CHECKPOINTS_NAME = "checkpoints"
CHECKPOINT_NAME = "last.ckpt"

_NOT_FOR_THE_USER = (
    ".*does not have many workers.*",  # data.workers is a setting of ours
    ".*exists and is not empty.*",  # a run that goes on
    ".*smaller than the logging interval.*",  # epochs are logged all the same
    ".*LeafSpec.*",  # between Lightning and PyTorch
)


def make_trainer(
    root: Path, settings: RunSettings, best: Callback, *, is_watched: bool
) -> lightning.Trainer:
    """Return Lightning's Trainer.

    Parameters
    ----------
    root : Path
        Of the run: where the log and the last state are kept.
    settings : RunSettings
    best : Callback
        Called before the state is kept.
    is_watched : bool
        Whether a progress bar is drawn.

    Raises
    ------
    InputError
        If a setting of `trainer` cannot be on this machine.
    """
    state = ModelCheckpoint(
        root / CHECKPOINTS_NAME,
        filename=CHECKPOINT_NAME.removesuffix(".ckpt"),
        save_top_k=1,
        save_on_train_epoch_end=True,
        enable_version_counter=False,
    )
    bars: list[Callback] = [RichProgressBar(leave=False)] if is_watched else []
    given = ", ".join(f"{k} {v}" for k, v in dataclasses.asdict(settings.trainer).items())
    try:
        trainer = lightning.Trainer(
            **dataclasses.asdict(settings.trainer),
            max_epochs=settings.training.epochs,
            check_val_every_n_epoch=settings.training.validate_every,
            callbacks=[best, state, *bars],
            plugins=[WholeCheckpoints()],
            logger=TensorBoardLogger(root, name=LOG_NAME, version=""),
            enable_progress_bar=is_watched,
            enable_model_summary=False,
            num_sanity_val_steps=0,
            use_distributed_sampler=False,
        )
    except (MisconfigurationException, TypeError, ValueError, ImportError) as error:
        reason = (str(error).splitlines() or ["unknown"])[0].rstrip(".")
        msg = f"trainer: {reason}; set what this machine has (now: {given})"
        raise InputError(msg) from error
    # Processes that are copies of this one would all take its share of the windows.
    if isinstance(trainer.strategy.launcher, _MultiProcessingLauncher):
        msg = (
            "trainer: processes must be started from a script or the command line, not copied as "
            f"in notebooks; set trainer.devices=1 or trainer.strategy=ddp (now: {given})"
        )
        raise InputError(msg)
    return trainer


def make_loaders(
    examples: Examples, settings: RunSettings, trainer: lightning.Trainer, n_validation: int
) -> tuple[DataLoader[Any], DataLoader[Any]]:
    """Return the loaders of training examples, and of the numbers of the validation's parts.

    Raises
    ------
    InputError
        If the share of a process does not fill a batch where nothing less is learned from.
    """
    data, rank, n_ranks = settings.data, trainer.global_rank, trainer.world_size
    order = EpochOrder(examples, settings.training.seed, rank, n_ranks)
    trainer.callbacks.append(GoesOn(order))  # type: ignore[attr-defined]
    # Loaders draw seeds for their workers; dropout shall not depend on when they do.
    generator = torch.Generator()
    training: DataLoader[Any] = DataLoader(
        examples,
        batch_size=settings.training.batch_size,
        drop_last=examples.drops_rest,
        sampler=order,
        num_workers=data.workers,
        collate_fn=_as_it_is,
        pin_memory=torch.cuda.is_available(),
        persistent_workers=data.workers > 0,
        generator=generator,
    )
    if not len(training):
        msg = (
            f"training.batch_size is {settings.training.batch_size}, but each of {n_ranks} "
            f"processes has {len(order)} examples; lower it, or trainer.devices"
        )
        raise InputError(msg)
    # Every process needs one; a part that is predicted twice is judged once.
    share = range(rank, max(n_validation, n_ranks), n_ranks)
    validation: DataLoader[Any] = DataLoader(
        [place % n_validation for place in share],  # type: ignore[arg-type]
        batch_size=None,
        generator=generator,
    )
    return training, validation


class GoesOn(Callback):
    """Tells the order of examples with which epoch an interrupted run goes on.

    Lightning does so only when processes that load have begun with the first epoch's.

    Parameters
    ----------
    order : EpochOrder
    """

    def __init__(self, order: EpochOrder) -> None:
        self._order = order

    def on_load_checkpoint(
        self,
        trainer: lightning.Trainer,
        pl_module: lightning.LightningModule,
        checkpoint: dict[str, Any],
    ) -> None:
        """Take the epoch after the one that is kept."""
        del trainer, pl_module
        self._order.set_epoch(checkpoint["epoch"] + 1)


def _as_it_is(batch: Any) -> Any:
    return batch  # `Examples` give whole batches


@contextmanager
def interruptible() -> Iterator[None]:
    """Hand Ctrl-C on: Lightning would leave Python for it, and ignore the next one."""
    try:
        yield
    except SystemExit as error:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        raise KeyboardInterrupt from error


@contextmanager
def unwrapped() -> Iterator[None]:
    """Hand on what a loader's process has raised, without the report PyTorch makes of it."""
    try:
        yield
    except HearsightError as error:
        kind = type(error)
        report, _, said = str(error).rstrip().rpartition(f"{kind.__module__}.{kind.__name__}: ")
        if not report.startswith("Caught "):
            raise
        raise kind(said) from None


@contextmanager
def quiet() -> Iterator[None]:
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
