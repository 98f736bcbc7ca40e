"""How well a system labels seconds, told after every few epochs."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from hearsight.datasets.clips import ClipSet
from hearsight.metrics.segments import judge_segments
from hearsight.systems.segments import SegmentSystem
from hearsight.training.clips.data import stacked
from hearsight.training.clips.sources import ClipSource

METRICS = (
    "accuracy",
    "event_accuracy",
    "background_recall",
    "boundary_accuracy",
    "video_accuracy",
)
_AT_ONCE = 64


class ClipJudge:
    """Tells how well a system labels the seconds of some clips.

    Parameters
    ----------
    system : SegmentSystem
    clips : ClipSet
    source : ClipSource
    rows : tuple of int
    """

    def __init__(
        self, system: SegmentSystem, clips: ClipSet, source: ClipSource, rows: tuple[int, ...]
    ) -> None:
        self._system, self._clips, self._source, self._rows = system, clips, source, rows

    def __len__(self) -> int:
        return -(-len(self._rows) // _AT_ONCE)

    def predict(self, part: int) -> dict[str, NDArray[np.float32]]:
        """Return the probabilities of the seconds of some clips, by row."""
        rows = self._rows[part * _AT_ONCE : (part + 1) * _AT_ONCE]
        batch = stacked([self._source.read(row) for row in rows])
        place = next(self._system.network.parameters()).device
        answer = self._system.answer(batch["video"].to(place), batch["audio"].to(place))
        return dict(zip(map(str, rows), answer.probabilities.cpu().numpy(), strict=True))

    def score(self, found: Mapping[str, NDArray[np.float32]]) -> dict[str, float]:
        """Return the scores of all clips.

        Returns
        -------
        dict
            See `SegmentScores`; `accuracy` is the share of seconds labeled right, background
            counted as a class.
        """
        truth = [self._clips.labels(int(row)) for row in found]
        labels = np.stack(list(found.values())).argmax(axis=-1)
        scores = judge_segments(labels, np.stack(truth), self._clips.classes)
        return {name: scores[name] for name in METRICS}
