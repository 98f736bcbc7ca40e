"""`ClipSet`: the rows of a corpus of clips, their classes, splits, videos and stored features.

A row is an annotated event; rows from `len(annotations)` on are the clips without any event.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hearsight.datasets.clips.annotations import Annotation
from hearsight.datasets.clips.files import ClipFiles
from hearsight.datasets.clips.splits import Split
from hearsight.events.sounding import SoundingBoxes

Boxes = tuple[SoundingBoxes, ...]


@dataclass(frozen=True)
class ClipSet:
    """A corpus of clips; `open_clips` opens one.

    Parameters
    ----------
    root : Path
    annotations : tuple of Annotation
        By row.
    classes : tuple of str
        In the order in which the annotations name them. The background is the class after them.
    n_segments : int
        T, seconds of a clip.
    train, validation, test : tuple of int
        Rows, in the order of the lists.
    matching : Split or None
        Rows of the matching task, where the corpus has lists for it.
    negatives : tuple of str
        Names of the clips without any event.
    videos : mapping of str to Path
        By name of the clip, as far as there.
    features : ClipFiles or None
        Stored features of all rows.
    boxes : mapping of str to tuple of SoundingBoxes, or None
        By name of the clip, of each of its seconds; empty where nothing in view sounds.
    dropped : tuple of int
        Rows that were left out, for their clip is judged under another class.
    """

    root: Path
    annotations: tuple[Annotation, ...] = field(repr=False)
    classes: tuple[str, ...]
    n_segments: int
    train: tuple[int, ...] = field(repr=False)
    validation: tuple[int, ...] = field(repr=False)
    test: tuple[int, ...] = field(repr=False)
    matching: Split | None = field(default=None, repr=False)
    negatives: tuple[str, ...] = field(default=(), repr=False)
    videos: Mapping[str, Path] = field(default_factory=dict, repr=False)
    features: ClipFiles | None = field(default=None, repr=False)
    boxes: Mapping[str, Boxes] | None = field(default=None, repr=False)
    dropped: tuple[int, ...] = field(default=(), repr=False)

    @property
    def background(self) -> int:
        """Index of the background, the last class."""
        return len(self.classes)

    @property
    def negative_rows(self) -> tuple[int, ...]:
        """Rows of the clips without any event."""
        n_rows = len(self.annotations)
        return tuple(range(n_rows, n_rows + len(self.negatives)))

    @property
    def rows(self) -> range:
        """All rows, also those of clips without any event."""
        return range(len(self.annotations) + len(self.negatives))

    @property
    def without_video(self) -> tuple[str, ...]:
        """Names of the clips whose video is not there."""
        names = dict.fromkeys(map(self.name, self.rows))
        return tuple(name for name in names if name not in self.videos)

    def name(self, row: int) -> str:
        """Return the name of a row's clip."""
        n_rows = len(self.annotations)
        return self.annotations[row].name if row < n_rows else self.negatives[row - n_rows]

    def labels(self, row: int) -> NDArray[np.intp]:
        """Return the class of each second of a row, shape (T,)."""
        labels = np.full(self.n_segments, self.background, dtype=np.intp)
        if row < len(self.annotations):
            event = self.annotations[row]
            labels[event.start : event.end] = self._index[event.category]
        return labels

    def video_label(self, row: int) -> int:
        """Return the class of a row's event, also of one that lasts no second.

        Of clips without any event it is the background.
        """
        if row >= len(self.annotations):
            return self.background
        return self._index[self.annotations[row].category]

    def one_hot(self, rows: Iterable[int]) -> NDArray[np.float32]:
        """Return the labels of some rows as the released files hold them.

        Returns
        -------
        ndarray of float32, shape (n, T, C)
            C counts the background.
        """
        labels = [self.labels(row) for row in rows]
        chosen = np.array(labels, dtype=np.intp).reshape(-1, self.n_segments)
        return np.eye(len(self.classes) + 1, dtype=np.float32)[chosen]

    def has_boundary(self, row: int) -> bool:
        """Tell whether a row's event begins or ends within the clip: it lasts 1 to T - 1 s."""
        return row < len(self.annotations) and (
            0 < self.annotations[row].duration < self.n_segments
        )

    @functools.cached_property
    def _index(self) -> dict[str, int]:
        return {label: index for index, label in enumerate(self.classes)}
