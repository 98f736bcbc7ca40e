"""One LightningModule around any system: what a step is, and how recordings are judged.

The loop, devices, precision, resuming and scaling out are Lightning's.
"""

from __future__ import annotations

import math
from typing import Any

import lightning
import torch
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from torch import Tensor
from torch.optim import Adam, AdamW, Optimizer
from torch.optim.lr_scheduler import LambdaLR

from hearsight.errors import HearsightError
from hearsight.systems.settings import TrainingSettings
from hearsight.systems.system import System
from hearsight.training.examples import Batch
from hearsight.training.material import Judge
from hearsight.training.schedule import learning_rate_share


class SystemModule(lightning.LightningModule):
    """A system as Lightning trains it.

    Parameters
    ----------
    system : System
    settings : TrainingSettings
    judge : Judge
        Of the validation recordings.
    """

    def __init__(self, system: System, settings: TrainingSettings, judge: Judge) -> None:
        super().__init__()
        self.network = system.network
        self.system, self._settings, self._judge = system, settings, judge
        self._found: dict[str, Any] = {}
        self.scores: dict[str, float] = {}
        """Of the last validation."""

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """Return AdamW, or Adam where weights decay by the gradient, and how fast they go."""
        settings = self._settings
        weights = [each for each in self.parameters() if each.requires_grad]
        kind: type[Optimizer] = AdamW if settings.decay == "decoupled" else Adam
        optimizer = kind(weights, lr=settings.learning_rate, weight_decay=settings.weight_decay)  # type: ignore[call-arg]
        total = self.trainer.estimated_stepping_batches
        schedule = LambdaLR(
            optimizer, lambda step: learning_rate_share(settings.schedule, step / total)
        )
        return {
            "optimizer": optimizer,
            "lr_scheduler": {"scheduler": schedule, "interval": "step"},
        }

    def on_train_epoch_start(self) -> None:
        """Draw dropout anew from seed, epoch and process, so that a resumed run is the same."""
        torch.manual_seed(
            (self._settings.seed * 1_000_003 + self.current_epoch) * 4099 + self.global_rank
        )

    def training_step(self, batch: Batch, _: int) -> Tensor:
        """Return the loss of a batch."""
        loss = self.system.loss(batch, self.current_epoch)
        n = len(next(iter(batch.values())))
        self.log("loss", loss, on_step=True, on_epoch=True, sync_dist=True, batch_size=n)
        return loss

    def on_train_epoch_end(self) -> None:
        """Stop a run that has gone astray."""
        loss = float(self.trainer.callback_metrics["loss_epoch"])
        if not loss < float("inf"):
            msg = (
                f"the loss is {loss} after epoch {self.current_epoch + 1}; lower "
                "training.learning_rate or set trainer.gradient_clip_val=1, with another --out"
            )
            raise HearsightError(msg)

    def on_validation_epoch_start(self) -> None:
        """Judge the weights of the first process: running means of batches differ."""
        if self.trainer.world_size > 1:
            for buffer in self.network.buffers():
                torch.distributed.broadcast(buffer, 0)

    def validation_step(self, part: int, _: int) -> None:
        """Judge one part of the validation data."""
        self._found.update(self._judge.predict(part))

    def on_validation_epoch_end(self) -> None:
        """Score what all processes have heard together."""
        found = self._found
        if self.trainer.world_size > 1:
            parts: list[dict[str, Any]] = [{} for _ in range(self.trainer.world_size)]
            torch.distributed.all_gather_object(parts, found)
            found = {name: each for part in parts for name, each in part.items()}
        self._found = {}
        self.scores = self._judge.score(found)
        known = {name: value for name, value in self.scores.items() if math.isfinite(value)}
        self.log_dict(known, sync_dist=True)
