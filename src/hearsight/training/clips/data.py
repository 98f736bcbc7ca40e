"""Clips as a network learns from them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from hearsight.datasets.clips import ClipSet
from hearsight.features.clips import ClipFeatures
from hearsight.training.clips.sources import ClipSource
from hearsight.training.examples import Batch, Examples


class ClipExamples(Examples):
    """Clips with the class of every second.

    Parameters
    ----------
    clips : ClipSet
    source : ClipSource
        Of their features.
    rows : sequence of int
    as_listed : bool
        Whether every epoch goes through them as they are listed, without those at the end that
        fill no batch: as the original does.
    """

    def __init__(
        self, clips: ClipSet, source: ClipSource, rows: Sequence[int], *, as_listed: bool = False
    ) -> None:
        self._clips, self._source, self._rows = clips, source, tuple(rows)
        self.keeps_order = self.drops_rest = as_listed

    def __len__(self) -> int:
        return len(self._rows)

    def __getitems__(self, places: Sequence[int]) -> Batch:
        """Return a batch: `video`, `audio`, `labels` of seconds and `label` of clips."""
        rows = [self._rows[place % len(self)] for place in places]
        labels = np.stack([self._clips.labels(row) for row in rows])
        return {
            **stacked([self._source.read(row) for row in rows]),
            "labels": torch.from_numpy(labels).long(),
            "label": torch.tensor([self._clips.video_label(row) for row in rows]),
        }


def stacked(features: Sequence[ClipFeatures]) -> Batch:
    """Return a batch of clips that have pictures and sound, and are equally long."""
    video = np.stack([each.video for each in features if each.video is not None])
    audio = np.stack([each.audio for each in features if each.audio is not None])
    return {"video": torch.from_numpy(video), "audio": torch.from_numpy(audio)}
