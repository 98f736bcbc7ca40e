"""`SeldMaterial`: recordings to learn from and to choose by, and what is made of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from hearsight.augment.augmentation import Augmentation
from hearsight.augment.swaps import FoaSwaps, MicSwaps
from hearsight.datasets import open_dataset
from hearsight.datasets.listing import Listed
from hearsight.errors import InputError
from hearsight.events.events import Events
from hearsight.features.gcc import LogGcc
from hearsight.features.intensity import LogIntensity
from hearsight.features.normalize import file_list_hash
from hearsight.features.salsa import SalsaLite
from hearsight.features.store import FeatureStore
from hearsight.inference.trained import choose_device
from hearsight.metrics.seld import seld_scores
from hearsight.systems.registry import Registration
from hearsight.systems.seld import SeldSystem
from hearsight.training.best import use_of_validation
from hearsight.training.config import RunSettings
from hearsight.training.examples import Examples
from hearsight.training.material import (
    FEATURES_NAME,
    Judge,
    Tell,
    check_known,
    seeded_system,
)
from hearsight.training.seld.data import Split, Windows, split
from hearsight.training.seld.judge import SeldJudge
from hearsight.training.seld.pictures import pictures_of, prepare_pictures
from hearsight.training.seld.prepare import fit_statistics, prepare, store_of
from hearsight.training.seld.settings import SeldData
from hearsight.weights.resnet import load_resnet


@dataclass(frozen=True, eq=False)
class SeldMaterial:
    """What a run has to learn from.

    Parameters
    ----------
    settings : RunSettings
    system : SeldSystem
        With its first weights, and eyes if it sees.
    data : Path
        The dataset's folder.
    parts : Split
    measured : tuple of Listed
        The recordings that statistics are fitted on.
    store : FeatureStore
    pictures : FeatureStore, optional
        If the system sees.
    augmentations : tuple of callable
        What changes the training windows.
    """

    settings: RunSettings
    system: SeldSystem
    data: Path
    parts: Split
    measured: tuple[Listed, ...]
    store: FeatureStore
    pictures: FeatureStore | None
    augmentations: tuple[Augmentation, ...]

    @classmethod
    def open(
        cls,
        registration: Registration,
        settings: RunSettings,
        data: str | Path,
        features: str | Path | None = None,
    ) -> Self:
        """Find the recordings; nothing is computed yet. For arguments and errors see `train`."""
        system = seeded_system(registration, settings)
        augmentations = _augmentations(system, settings.data)
        if system.sees:
            system = system.with_eyes(load_resnet(_eyes_of(settings)))
        dataset = open_dataset(data, system.audio_format)
        noted = dataset.noted_labels
        if noted and noted != system.labels:
            msg = (
                f"{data}: its classes are {', '.join(noted)}; give them to the system by "
                "system.labels, in this order"
            )
            raise InputError(msg)
        # As the baselines, a system that sees does not learn from recordings without a picture.
        recordings = tuple(each for each in dataset.recordings if each.video or not system.sees)
        parts = split(recordings, settings.data)
        developed = tuple(each for each in recordings if each.split != "eval")
        folder = Path(features) if features is not None else Path(data) / FEATURES_NAME
        return cls(
            settings,
            system,
            Path(data),
            parts,
            parts.train if settings.data.statistics == "train" else developed,
            store_of(folder, system),
            pictures_of(folder, system) if system.sees else None,
            augmentations,
        )

    def prepared(self, tell: Tell, *, is_watched: bool) -> SeldSystem:
        """Compute what is not stored yet, and return the system with statistics if it needs them.

        Parameters
        ----------
        tell : callable
            Gets a line of text now and then.
        is_watched : bool
            Whether progress bars are drawn.
        """
        learned = (*self.parts.train, *self.parts.validation)
        heard = tuple(dict.fromkeys((*learned, *self.measured)))
        prepare(self.system, heard, self.store, tell=tell, is_watched=is_watched)
        if self.pictures is not None:
            device = choose_device("cpu" if self.settings.trainer.accelerator == "cpu" else "auto")
            prepare_pictures(
                self.system, heard, self.pictures, device=device, tell=tell, is_watched=is_watched
            )
        if not self.system.is_normalized:
            return self.system
        return self.system.with_statistics(fit_statistics(self.measured, self.store))

    def examples(self, system: SeldSystem) -> Windows:
        """Return the training windows of the prepared system."""
        return Windows(
            system,
            self.parts.train,
            self.store,
            self.pictures,
            hop=self.settings.data.hop,
            order=self.settings.data.order,
            augmentations=self.augmentations,
            seed=self.settings.training.seed,
        )

    def judge(self, system: SeldSystem) -> SeldJudge:
        """Return what judges the prepared system on the validation recordings."""
        return SeldJudge(system, self.parts.validation, self.store, self.pictures)

    def check_metric(self, name: str) -> None:
        """Raise InputError if there is no score of that name in the system's year."""
        system, none = self.system, Events()
        scores = seld_scores(none, none, year=system.year, labels=system.labels)
        check_known(name, scores.overall)

    def describe(self, examples: Examples) -> str:
        """Say what is learned from."""
        role = use_of_validation(self.settings.training.metric)
        return (
            f"{len(examples)} windows of {len(self.parts.train)} recordings to learn from, "
            f"{len(self.parts.validation)} recordings {role}"
        )

    def finish(self, system: SeldSystem, judge: Judge) -> SeldSystem:
        """Return the system as it is."""
        del judge
        return system

    @property
    def origin(self) -> dict[str, Any]:
        """What weights are trained on, in words and numbers."""
        return {
            "data": self.data.resolve().name,
            "features": self.store.key,
            "train": _described(self.parts.train),
            "validation": _described(self.parts.validation),
        }


def _augmentations(system: SeldSystem, settings: SeldData) -> tuple[Augmentation, ...]:
    if not settings.swaps:
        return ()
    if not system.sees and isinstance(system.feature, LogIntensity):
        return (FoaSwaps(system.feature),)
    if not system.sees and isinstance(system.feature, LogGcc | SalsaLite):
        return (MicSwaps(system.feature),)
    kind = "maps of pictures" if system.sees else system.audio_format
    msg = f"data.swaps: {kind} cannot be swapped, only foa and mic can; set data.swaps=false"
    raise InputError(msg)


def _eyes_of(settings: RunSettings) -> str:
    if not settings.data.eyes:
        msg = (
            "data.eyes is not set; give the safetensors of a ResNet-50 with torchvision's names, "
            "by which the system sees"
        )
        raise InputError(msg)
    return settings.data.eyes


def _described(recordings: Sequence[Listed]) -> dict[str, Any]:
    names = [recording.name for recording in recordings]
    rooms = sorted({recording.room for recording in recordings})
    return {"recordings": len(names), "rooms": rooms, "list": file_list_hash(names)}
