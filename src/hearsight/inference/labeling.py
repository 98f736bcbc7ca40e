"""Locating with a system that labels seconds: events that are both heard and seen, and where.

A recording of any length is encoded second by second as it is read. Windows as long as the clips
that the system learned from follow on one another by half of their length, and what they say of a
second is averaged. Where it looks in the seconds of an event becomes a heat map.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from hearsight.errors import InputError, MediaError
from hearsight.events.events import Event, Events, Track
from hearsight.events.segments import SegmentCodec
from hearsight.features.clips import SEGMENT_S, segment_count
from hearsight.inference.hearing import Heard
from hearsight.inference.looking import with_picture
from hearsight.inference.trained import TrainedSystem
from hearsight.inference.watching import Seen
from hearsight.inference.windows import FrameStore, plain_blocks
from hearsight.models.fusion import between_grids
from hearsight.recording.findings import Findings, examine
from hearsight.recording.grid import LABEL_HOP_S, frame_count
from hearsight.recording.video import iterate_frames
from hearsight.systems.encoders import ClipEncoders
from hearsight.systems.segments import SegmentSystem

FINER = 3
"""Cells of a heat map along one of the attention's. Odd, so that none of its peaks is lost."""

THRESHOLD = 0.5
"""Of a map's greatest value: a box is around its place, and all beside it that reaches half."""

_FRAMES_PER_SEGMENT = round(SEGMENT_S / LABEL_HOP_S)

Progress = Callable[[float], None]


class Labeler:
    """Hears and looks at one recording after the other; it looks at what it has just heard.

    Parameters
    ----------
    trained : TrainedSystem
        That labels seconds, with the encoders of its features.
    frame_rate : float, optional
        Frames per second of a folder of pictures.

    Raises
    ------
    InputError
        If nothing is known that makes features of videos.
    """

    def __init__(self, trained: TrainedSystem, frame_rate: float | None = None) -> None:
        self._frame_rate = frame_rate
        self._trained, self._system = trained, trained.of_kind(SegmentSystem)
        self._encoders = encoders_of(trained)
        self._attention: NDArray[np.float32] | None = None
        self._labels = np.empty(0, dtype=np.intp)

    def suited(self, findings: Findings) -> Findings:
        """Return a recording as it is, if it has a picture; raise InputError if it has none."""
        return with_picture(self._trained, findings)

    def hear(self, findings: Findings, *, progress: Progress, **_: Any) -> Heard:
        """Label the seconds of a recording."""
        probabilities, self._attention = label(
            self._system,
            self._encoders,
            findings,
            frame_rate=self._frame_rate,
            progress=progress,
        )
        self._labels = probabilities.argmax(axis=1)
        codec = SegmentCodec(self._system.labels, SEGMENT_S)
        events = codec.decode(self._labels, probabilities)
        notes = () if len(events) else (f"No event of {self._system.name} is heard and seen.",)
        return Heard(
            Events(
                (_tracked(event, findings.duration) for event in events),
                events.labels,
                findings.duration,
            ),
            has_directions=False,
            notes=notes,
            method=(*self._trained.sentences, self._method()),
        )

    def look(self, findings: Findings, _: Events, *, progress: Progress, **__: Any) -> Seen:
        """Return where the system looked when it heard, in the seconds of events."""
        n_labels = frame_count(findings.duration)
        if self._attention is None:
            empty = np.zeros((n_labels, 1, 1), dtype=np.float16)
            return Seen(
                empty, "attention", ("Attention map empty: it looks nowhere in particular.",)
            )
        is_event = self._labels != self._system.background
        store = FrameStore()
        for attention, shown in zip(self._attention, is_event, strict=True):
            finer = _finer(attention[None]) / attention.max() * shown
            store.append(np.repeat(finer, _FRAMES_PER_SEGMENT, axis=0))
        progress(findings.duration)
        return Seen(store.finish(n_labels), "attention", threshold=THRESHOLD)

    def _method(self) -> str:
        sizes = self._system.sizes
        return (
            f"Each second was labeled in windows of {sizes.seconds} s; its map says where the "
            "system looked, which it has never been told."
        )


def encoders_of(trained: TrainedSystem) -> ClipEncoders:
    """Return what makes a system's input of videos.

    Raises
    ------
    InputError
        If that is not known.
    """
    encoders: ClipEncoders | None = getattr(trained.system, "encoders", None)
    if encoders is None or encoders.sees is None or encoders.hears is None:
        msg = (
            f"{trained.folder}: was trained on stored features, and nothing is known that makes "
            "them of videos; train with data.encoders, or add them with hearsight import-weights"
        )
        raise InputError(msg)
    return encoders


def attention_of(trained: TrainedSystem, path: str | Path) -> NDArray[np.float32]:
    """Tell where a system looks in every second of a video, events or not.

    Parameters
    ----------
    trained : TrainedSystem
        That labels seconds, with the encoders of its features.
    path : str or Path
        A video with a sound.

    Returns
    -------
    ndarray, shape (seconds, rows, columns)
        Sums to 1 in each second. `hearsight.pictures.attention` lays it over the video.

    Raises
    ------
    MediaError
        If the video cannot be read, or has no sound.
    InputError
        If it has no picture, the system does not label seconds or looks nowhere in particular, or
        nothing is known that makes its features of videos.
    """
    system, encoders = trained.of_kind(SegmentSystem), encoders_of(trained)
    findings = with_picture(trained, examine(path))
    if findings.audio is None:
        msg = f"{path}: has no sound, which guides where {system.name} looks; give a video with one"
        raise MediaError(msg)
    _, attention = label(system, encoders, findings)
    if attention is None:
        msg = (
            f"{trained.folder}: {system.name} so trained looks nowhere in particular; train av-att"
        )
        raise InputError(msg)
    return attention


def label(
    system: SegmentSystem,
    encoders: ClipEncoders,
    findings: Findings,
    *,
    frame_rate: float | None = None,
    progress: Progress = lambda _: None,
) -> tuple[NDArray[np.float64], NDArray[np.float32] | None]:
    """Tell for every second what is both heard and seen.

    Parameters
    ----------
    system : SegmentSystem
    encoders : ClipEncoders
        Of both.
    findings : Findings
        With a picture and a sound.
    frame_rate : float, optional
        Frames per second of a folder of pictures.
    progress : callable
        Told the seconds done.

    Returns
    -------
    probabilities : ndarray, shape (seconds, classes and background)
        Half a second and more of a last one is a whole one.
    attention : ndarray, shape (seconds, rows, columns), or None
        Sums to 1 in each second.
    """
    n_seconds = segment_count(findings.duration)
    n_window = min(system.sizes.seconds, n_seconds)
    total = np.zeros((n_seconds, len(system.labels) + 1))
    looked: NDArray[np.float32] | None = None
    count = np.zeros(n_seconds)
    device = next(system.network.parameters()).device
    seconds = _seconds(encoders, findings, n_seconds, frame_rate)
    for start, video, audio in _windows(seconds, n_seconds, n_window):
        answer = system.answer(
            torch.from_numpy(video)[None].to(device), torch.from_numpy(audio)[None].to(device)
        )
        here = slice(start, start + n_window)
        total[here] += answer.probabilities[0].double().cpu().numpy()
        count[here] += 1.0
        if answer.attention is not None:
            found = answer.attention[0].float().cpu().numpy()
            if looked is None:
                looked = np.zeros((n_seconds, *found.shape[1:]), dtype=np.float32)
            looked[here] += found
        progress(start + n_window)
    if looked is not None:
        looked /= count[:, None, None].astype(np.float32)
    return total / count[:, None], looked


def _seconds(
    encoders: ClipEncoders, findings: Findings, n_seconds: int, frame_rate: float | None
) -> Iterator[tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """Yield the map of the picture and the vector of the sound of each second."""
    sees, hears, video = encoders.sees, encoders.hears, findings.video
    assert sees is not None
    assert hears is not None
    assert video is not None
    assert findings.audio is not None
    per_second = 1 if video.is_still else encoders.frames_per_segment
    pictures = (
        picture
        for _, picture in iterate_frames(
            findings.media.path, stream=video.index, fps=per_second, frame_rate=frame_rate
        )
    )
    rate = hears.heard.sample_rate or findings.audio.sample_rate
    sound = plain_blocks(findings, rate, rate)
    return zip(
        sees.of_pictures(pictures, n_seconds, per_second),
        hears.of_sound(sound, rate, n_seconds),
        strict=True,
    )


def _windows(
    seconds: Iterator[tuple[NDArray[np.float32], NDArray[np.float32]]], n: int, n_window: int
) -> Iterator[tuple[int, NDArray[np.float32], NDArray[np.float32]]]:
    """Yield windows that overlap by half, and one that ends with the last second."""
    hop = max(1, n_window // 2)
    starts = sorted({*range(0, n - n_window + 1, hop), n - n_window})
    kept: list[tuple[NDArray[np.float32], NDArray[np.float32]]] = []
    first = 0
    for start in starts:
        kept = kept[start - first :]
        first = start
        kept.extend(itertools.islice(seconds, n_window - len(kept)))
        video, audio = zip(*kept, strict=True)
        yield start, np.stack(video), np.stack(audio)


def _tracked(event: Event, duration: float) -> Event:
    """Return an event with label frames to put boxes at."""
    offset = min(event.offset, duration)
    frames = np.arange(round(event.onset / LABEL_HOP_S), frame_count(offset))
    track = Track(np.round(frames * LABEL_HOP_S, 9), on_screen=np.ones(len(frames)))
    return Event(event.label, event.onset, offset, event.confidence, track)


def _finer(attention: NDArray[np.float32]) -> NDArray[np.float32]:
    """Divide the cells of maps, (seconds, rows, columns)."""
    rows, columns = attention.shape[1:]
    return between_grids((rows, columns), (FINER * rows, FINER * columns), wraps=False)(attention)
