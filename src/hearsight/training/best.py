"""`KeepBest`: the best weights so far, in a folder that is always whole."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lightning
from lightning.pytorch.callbacks import Callback

from hearsight.errors import InputError
from hearsight.metrics.formulas import LOWER_IS_BETTER
from hearsight.training.module import SystemModule
from hearsight.weights.store import save_system

LAST = "epoch"
"""The metric by which the last weights are the best."""


def use_of_validation(metric: str) -> str:
    """Say what the validation data is for, when weights are kept by a metric."""
    return "to watch it by" if metric == LAST else f"to choose by {metric}"


class KeepBest(Callback):
    """Writes a folder of weights whenever the validation score is better than ever.

    A score that is not a number is better than none, and worse than any other.

    Parameters
    ----------
    folder : Path
    metric : str
    origin : dict
        Saved with the weights.
    tell : callable
        Gets a line after every validation.
    """

    def __init__(
        self, folder: Path, metric: str, origin: dict[str, Any], tell: Callable[[str], None]
    ) -> None:
        self._folder, self._metric, self._origin, self._tell = folder, metric, origin, tell
        self._best: float | None = None

    def state_dict(self) -> dict[str, Any]:
        """Return the best score so far, for a run that goes on."""
        return {"best": self._best}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up the best score of an interrupted run."""
        self._best = state_dict["best"]

    def on_load_checkpoint(
        self,
        trainer: lightning.Trainer,
        pl_module: lightning.LightningModule,
        checkpoint: dict[str, Any],
    ) -> None:
        """Refuse to shorten a run."""
        del pl_module
        n_done = checkpoint["epoch"] + 1
        if trainer.max_epochs is not None and n_done > trainer.max_epochs:
            msg = (
                f"{self._folder}: has been trained for {n_done} epochs; set training.epochs to as "
                "many or more, or choose another --out"
            )
            raise InputError(msg)

    def on_train_epoch_start(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule
    ) -> None:
        """See that the last epoch is followed by a validation, whatever its number."""
        del pl_module
        if trainer.current_epoch + 1 == trainer.max_epochs:
            trainer.check_val_every_n_epoch = 1

    def on_validation_end(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule
    ) -> None:
        """Compare, and save on the first process."""
        assert isinstance(pl_module, SystemModule)
        scores, epoch = pl_module.scores, trainer.current_epoch + 1
        score = float(epoch) if self._metric == LAST else scores[self._metric]
        is_better = self._best is None or _is_better(self._metric, score, self._best)
        if is_better:
            self._best = score
            if trainer.is_global_zero:
                origin = {**self._origin, "epoch": epoch, "metric": self._metric}
                save_system(self._folder, pl_module.system, scores=_finite(scores), origin=origin)
        if trainer.is_global_zero:
            mark = " (best)" if is_better else f" (best {self._best:.3f})"
            said = (
                f"{self._metric} {score:.3f}{mark}" if self._metric != LAST else _in_words(scores)
            )
            self._tell(f"epoch {epoch} of {trainer.max_epochs}: {said}")


def _is_better(metric: str, score: float, best: float) -> bool:
    if math.isnan(best) or math.isnan(score):
        return not math.isnan(score)
    return score < best if metric in LOWER_IS_BETTER else score > best


def _in_words(scores: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.3f}" for name, value in scores.items())


def _finite(scores: dict[str, float]) -> dict[str, float | None]:
    return {name: value if math.isfinite(value) else None for name, value in scores.items()}
