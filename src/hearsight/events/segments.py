"""`SegmentCodec`: events to one class for each segment of a clip, and back.

Segments follow one another, a second each in the published corpora. The class after all others is
the background. A segment has one class: of two events at once, the one that fills more of it gives
that. Times are rounded to segments, tracks are lost.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hearsight.errors import InputError
from hearsight.events.events import Event, Events

LEAST_SHARE = 0.5
"""How much of a segment an event must fill to give its class."""


@dataclass(frozen=True)
class SegmentCodec:
    """Events as a class a segment.

    Parameters
    ----------
    labels : tuple of str
        Class list, without the background.
    segment_s : float
        Seconds of a segment.

    Raises
    ------
    InputError
        If a label comes twice or `segment_s` is not above 0.

    Examples
    --------
    >>> codec = SegmentCodec(("bell", "bark"))
    >>> events = codec.decode([2, 0, 0, 2, 1])
    >>> [(event.label, event.onset, event.offset) for event in events]
    [('bell', 1.0, 3.0), ('bark', 4.0, 5.0)]
    >>> codec.encode(events, 5).tolist()
    [2, 0, 0, 2, 1]
    """

    labels: tuple[str, ...]
    segment_s: float = 1.0

    def __post_init__(self) -> None:
        if len(set(self.labels)) != len(self.labels):
            msg = "the class list holds a label twice"
            raise InputError(msg)
        if not (np.isfinite(self.segment_s) and self.segment_s > 0.0):
            msg = f"segment_s must be above 0, got {self.segment_s}"
            raise InputError(msg)

    @property
    def background(self) -> int:
        """Index of the background, the last class."""
        return len(self.labels)

    def encode(self, events: Events, n_segments: int) -> NDArray[np.intp]:
        """Return the class of each segment.

        Parameters
        ----------
        events : Events
            What ends after the last segment is cut.
        n_segments : int
            At least 0.

        Returns
        -------
        ndarray of int, shape (n_segments,)
            Of events that fill a segment alike, the first.

        Raises
        ------
        InputError
            If an event is of no class of the list.
        """
        unknown = sorted({event.label for event in events}.difference(self.labels))
        if unknown:
            msg = f"no class is called {unknown[0]!r}; valid: {', '.join(self.labels)}"
            raise InputError(msg)
        if not len(events):
            return np.full(n_segments, self.background, dtype=np.intp)
        times = np.arange(n_segments + 1) * self.segment_s
        shares = np.zeros((len(events), n_segments))
        for share, event in zip(shares, events, strict=True):
            inside = np.minimum(times[1:], event.offset) - np.maximum(times[:-1], event.onset)
            share[:] = inside / self.segment_s
        classes = np.array([self.labels.index(event.label) for event in events], dtype=np.intp)
        is_filled = shares.max(axis=0) >= LEAST_SHARE
        return np.where(is_filled, classes[shares.argmax(axis=0)], self.background)

    def decode(self, labels: ArrayLike, probabilities: ArrayLike | None = None) -> Events:
        """Join equal segments that follow one another to events.

        Parameters
        ----------
        labels : array_like of int, shape (T,)
        probabilities : array_like, shape (T, C), optional
            Of each class in each segment, the background last; the confidence of an event is the
            mean of its class over its segments.

        Returns
        -------
        Events

        Raises
        ------
        InputError
            If an index is not of a class, or the shapes do not fit.
        """
        chosen = np.asarray(labels)
        if chosen.ndim != 1 or (chosen.size and not np.issubdtype(chosen.dtype, np.integer)):
            msg = f"labels must be class indices (T,), got {chosen.dtype} of shape {chosen.shape}"
            raise InputError(msg)
        if ((chosen < 0) | (chosen > self.background)).any():
            msg = f"labels hold a class that is not in 0 to {self.background}, the background"
            raise InputError(msg)
        scores = None if probabilities is None else np.asarray(probabilities, dtype=float)
        if scores is not None and scores.shape != (len(chosen), self.background + 1):
            msg = (
                f"probabilities must have shape ({len(chosen)}, {self.background + 1}), got "
                f"{scores.shape}"
            )
            raise InputError(msg)
        events = self._runs(chosen, scores)
        return Events(events, self.labels, duration=len(chosen) * self.segment_s)

    def _runs(
        self, labels: NDArray[np.intp], scores: NDArray[np.float64] | None
    ) -> Iterator[Event]:
        begin = 0
        for index, run in groupby(labels.tolist()):
            end = begin + len(list(run))
            if index != self.background:
                # float32 lets a probability come out above 1.
                confidence = None if scores is None else min(1.0, scores[begin:end, index].mean())
                onset, offset = begin * self.segment_s, end * self.segment_s
                yield Event(self.labels[index], onset, offset, confidence)
            begin = end


def segment_table(
    codec: SegmentCodec, labels: ArrayLike, probabilities: ArrayLike | None = None
) -> list[dict[str, object]]:
    """Return a plain dictionary for each segment, ready for JSON or a table.

    Parameters
    ----------
    codec : SegmentCodec
    labels : array_like of int, shape (T,)
    probabilities : array_like, shape (T, C), optional
        Of each class in each segment.

    Returns
    -------
    list of dict
        Keys `onset`, `offset`, `label` ("background", where there is no event) and `confidence`,
        None if unknown.
    """
    names = (*codec.labels, "background")
    scores = None if probabilities is None else np.asarray(probabilities, dtype=float)
    return [
        {
            "onset": second * codec.segment_s,
            "offset": (second + 1) * codec.segment_s,
            "label": names[index],
            "confidence": None if scores is None else float(scores[second, index]),
        }
        for second, index in enumerate(np.asarray(labels).tolist())
    ]
