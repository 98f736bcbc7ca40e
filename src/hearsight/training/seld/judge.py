"""How well a system hears events and directions, told after every few epochs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hearsight.datasets.listing import Listed
from hearsight.events.points import Points
from hearsight.features.store import FeatureStore
from hearsight.inference.predict import predict_stored
from hearsight.metrics.frames import FrameTable
from hearsight.metrics.seld import seld_scores
from hearsight.systems.seld import SeldSystem


class SeldJudge:
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
        self._names = [recording.name for recording in recordings]
        self._truth = {
            each.name: FrameTable.from_events(each.events(system.labels), system.labels)
            for each in recordings
        }

    def __len__(self) -> int:
        return len(self._names)

    def predict(self, part: int) -> dict[str, Points]:
        """Return what the system hears in a recording, by the recording's name."""
        name = self._names[part]
        output = predict_stored(self._system, self._store, name, pictures=self._pictures)
        return {name: self._system.codec.decode_points(output)}

    def score(self, found: Mapping[str, Points]) -> dict[str, float]:
        """Return the scores of all recordings by the rules of the system's year."""
        system = self._system
        scores = seld_scores(self._truth, found, year=system.year, labels=system.labels)
        return {name: float(value) for name, value in scores.overall.items()}
