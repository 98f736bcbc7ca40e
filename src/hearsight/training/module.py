"""One LightningModule around any system: what a step is, and how recordings are judged.

The loop, devices, precision, resuming and scaling out are Lightning's.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import lightning
import torch
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from torch import Tensor
from torch.optim import Adam, AdamW, Optimizer
from torch.optim.lr_scheduler import LambdaLR

from hearsight.augment.augmentation import Batch
from hearsight.datasets.listing import Listed
from hearsight.errors import HearsightError, InputError, nearest
from hearsight.events.events import Events
from hearsight.events.points import Points
from hearsight.features.store import FeatureStore
from hearsight.inference.predict import predict_stored
from hearsight.metrics.frames import FrameTable
from hearsight.metrics.seld import seld_scores
from hearsight.systems.seld import SeldSystem
from hearsight.systems.settings import TrainingSettings
from hearsight.training.schedule import learning_rate_share


class Judge:
    """Tells how well a system hears a list of recordings.

    Parameters
    ----------
    system : SeldSystem
    recordings : sequence of Listed
        With annotations.
    store : FeatureStore
    pictures : FeatureStore, optional
    """

    def __init__(
        self,
        system: SeldSystem,
        recordings: Sequence[Listed],
        store: FeatureStore,
        pictures: FeatureStore | None = None,
    ) -> None:
        self._system, self._store, self._pictures = system, store, pictures
        self.names = [recording.name for recording in recordings]
        self._truth = {
            each.name: FrameTable.from_events(each.events(system.labels), system.labels)
            for each in recordings
        }

    def predict(self, index: int) -> dict[str, Points]:
        """Return what the system hears in a recording, by the recording's name."""
        name = self.names[index]
        output = predict_stored(self._system, self._store, name, pictures=self._pictures)
        return {name: self._system.codec.decode_points(output)}

    def score(self, found: Mapping[str, Points]) -> dict[str, float]:
        """Return the scores of all recordings by the rules of the system's year."""
        system = self._system
        scores = seld_scores(self._truth, found, year=system.year, labels=system.labels)
        return {name: float(value) for name, value in scores.overall.items()}


def check_metric(name: str, system: SeldSystem) -> None:
    """Raise InputError if there is no score of that name in the system's year."""
    scores = seld_scores(Events(), Events(), year=system.year, labels=system.labels).overall
    if name not in scores:
        msg = f"training.metric: no score is called {name!r}; {nearest(name, scores)}"
        raise InputError(msg)


class SystemModule(lightning.LightningModule):
    """A system as Lightning trains it.

    Parameters
    ----------
    system : SeldSystem
    settings : TrainingSettings
    judge : Judge
        Of the validation recordings.
    """

    def __init__(self, system: SeldSystem, settings: TrainingSettings, judge: Judge) -> None:
        super().__init__()
        self.network = system.network
        self.system, self._settings, self._judge = system, settings, judge
        self._found: dict[str, Points] = {}
        self.scores: dict[str, float] = {}
        """Of the last validation."""

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """Return Adam, or AdamW where weights shall decay, and how fast they go."""
        settings = self._settings
        if settings.weight_decay > 0.0:
            optimizer: Optimizer = AdamW(
                self.parameters(), settings.learning_rate, weight_decay=settings.weight_decay
            )
        else:
            optimizer = Adam(self.parameters(), settings.learning_rate)
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
        loss = self.system.loss(batch)
        n = len(batch["target"])
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

    def validation_step(self, index: int, _: int) -> None:
        """Hear one recording."""
        self._found.update(self._judge.predict(index))

    def on_validation_epoch_end(self) -> None:
        """Score what all processes have heard together."""
        found = self._found
        if self.trainer.world_size > 1:
            parts: list[dict[str, Points]] = [{} for _ in range(self.trainer.world_size)]
            torch.distributed.all_gather_object(parts, found)
            found = {name: points for part in parts for name, points in part.items()}
        self._found = {}
        self.scores = self._judge.score(found)
        known = {name: value for name, value in self.scores.items() if math.isfinite(value)}
        self.log_dict(known, sync_dist=True)
