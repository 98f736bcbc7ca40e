"""Watching a recording: where its picture moves with its sound, frame by frame, in flat memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from hearsight.events.heatmaps import HeatMapKind
from hearsight.features.motion import ANALYSIS_SIZE, CELL_PX, MotionMeter
from hearsight.features.onsets import OnsetMeter
from hearsight.inference.windows import FrameStore, plain_blocks
from hearsight.models.synchrony import SynchronyMapper, explain
from hearsight.recording.findings import Findings
from hearsight.recording.grid import frame_count
from hearsight.recording.video import iterate_frames
from hearsight.systems.training_free import SAMPLE_RATE

ANALYSIS_FPS = 25
"""Pictures per second at which motion is compared with sound."""

_BATCH = 100


@dataclass(frozen=True, eq=False)
class Seen:
    """What was seen of a recording.

    Parameters
    ----------
    values : ndarray of float16, shape (label frames, rows, columns)
        In [0, 1], a heat map for every 100 ms; may be a memory map.
    kind : {"synchrony", "similarity", "attention"}
    notes : tuple of str
        What was found, or why the map is empty.
    method : tuple of str
        How it was found.
    threshold : float, optional
        What a map reaches in a box around what sounds; None: half of what it reaches at most,
        smoothed over a second.
    on_screen : ndarray, shape (label frames,), optional
        1 where something in the picture makes the sound, 0 where nothing does, NaN where this is
        not known, as nowhere without it.
    """

    values: NDArray[np.float16]
    kind: HeatMapKind
    notes: tuple[str, ...] = ()
    method: tuple[str, ...] = ()
    threshold: float | None = None
    on_screen: NDArray[np.float64] | None = None


def watch(
    findings: Findings,
    *,
    frame_rate: float | None = None,
    progress: Callable[[float], None] = lambda _: None,
) -> Seen:
    """Map where the picture moves with the sound.

    Parameters
    ----------
    findings : Findings
        With a picture and a sound.
    frame_rate : float, optional
        Frames per second of a folder of pictures.
    progress : callable
        Told the seconds watched.

    Returns
    -------
    Seen
    """
    assert findings.video is not None
    assert findings.projection is not None
    n_labels = frame_count(findings.duration)
    if findings.video.is_still:
        cells = (n_labels, ANALYSIS_SIZE[0] // CELL_PX, ANALYSIS_SIZE[1] // CELL_PX)
        empty = np.zeros(cells, dtype=np.float16)
        return Seen(empty, "synchrony", ("Synchrony map empty: the picture is still.",))
    mapper = SynchronyMapper(ANALYSIS_FPS, wraps=findings.projection.kind == "equirectangular")
    labels = _LabelFrames()
    meter = MotionMeter()
    sounds = _SoundRows(findings)
    n_done = 0
    for frames in _batches(findings, frame_rate):
        motion, is_cut = meter.push(frames)
        labels.push(mapper.push(motion, sounds.take(len(frames)), is_cut))
        n_done += len(frames)
        progress(n_done / ANALYSIS_FPS)
    labels.push(mapper.finish())
    return Seen(labels.finish(n_labels), "synchrony", (explain(mapper.windows),))


def _batches(findings: Findings, frame_rate: float | None) -> Iterator[NDArray[np.uint8]]:
    assert findings.video is not None
    batch: list[NDArray[np.uint8]] = []
    height, width = ANALYSIS_SIZE
    for _, frame in iterate_frames(
        findings.media.path,
        stream=findings.video.index,
        fps=Fraction(ANALYSIS_FPS),
        size=(width, height),
        gray=True,
        frame_rate=frame_rate,
    ):
        batch.append(frame)
        if len(batch) == _BATCH:
            yield np.stack(batch)
            batch = []
    if batch:
        yield np.stack(batch)


class _SoundRows:
    """Rows of sound features on the clock of the pictures, read as they are needed."""

    def __init__(self, findings: Findings) -> None:
        self._meter = OnsetMeter(SAMPLE_RATE, ANALYSIS_FPS)
        self._blocks = plain_blocks(findings, SAMPLE_RATE)
        self._rows = np.zeros((0, 3), dtype=np.float32)
        self._ended = False

    def take(self, n_rows: int) -> NDArray[np.float32]:
        """Return the next rows; silence after the sound's end."""
        while len(self._rows) < n_rows and not self._ended:
            block = next(self._blocks, None)
            if block is None:
                new, self._ended = self._meter.finish(), True
            else:
                new = self._meter.push(block.mean(axis=0))
            self._rows = np.concatenate([self._rows, new])
        taken, self._rows = self._rows[:n_rows], self._rows[n_rows:]
        return np.pad(taken, ((0, n_rows - len(taken)), (0, 0)))


class _LabelFrames:
    """Bring maps from the pictures' clock to label frames: the strongest of each 100 ms."""

    def __init__(self) -> None:
        self._store = FrameStore()
        self._rest: NDArray[np.float32] | None = None
        self._first = 0
        self._done = 0

    def push(self, values: NDArray[np.float32], *, is_last: bool = False) -> None:
        if self._rest is not None and len(self._rest):
            values = np.concatenate([self._rest, values]) if len(values) else self._rest
        label = (self._first + np.arange(len(values))) * 10 // ANALYSIS_FPS
        end = (self._first + len(values)) * 10 // ANALYSIS_FPS
        stop = end + 1 if is_last else end
        complete = [
            values[label == k].max(axis=0) for k in range(self._done, stop) if (label == k).any()
        ]
        if complete:
            self._store.append(np.stack(complete))
        self._done += len(complete)
        kept = label >= self._done
        self._first += int((~kept).sum())
        self._rest = values[kept]

    def finish(self, n_labels: int) -> NDArray[np.float16]:
        """Return exactly `n_labels` frames, nothing found where the pictures ended earlier."""
        if self._rest is not None:
            self.push(self._rest[:0], is_last=True)
        return self._store.finish(n_labels)
