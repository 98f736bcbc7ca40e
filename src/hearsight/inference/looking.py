"""Looking with a trained system: where in the picture the sound comes from, twice a second.

At each moment the system is given the whole picture shown then and the seconds of sound around it.
Its maps are rescaled so that 0.5 is the threshold of its weights; what lies below everywhere says
that nothing visible makes the sound.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hearsight.errors import InputError
from hearsight.events.events import Events
from hearsight.features.picture_input import PictureFit
from hearsight.features.sound_input import SoundInput
from hearsight.inference.trained import TrainedSystem
from hearsight.inference.watching import Seen
from hearsight.inference.windows import FrameStore, plain_blocks
from hearsight.models.fusion import between_grids
from hearsight.models.spectrum import SILENCE
from hearsight.recording.findings import Findings
from hearsight.recording.grid import LABEL_HOP_S, frame_at, frame_count, frame_time, sample_at
from hearsight.recording.video import iterate_frames
from hearsight.systems.heatmap import HeatMapSystem

LABELS_PER_LOOK = 5
LOOK_S = LABELS_PER_LOOK * LABEL_HOP_S
"""From one look to the next, in seconds; in between a map stays what it is."""

FINER = 3
"""Cells of a heat map along one of the network's. Odd, so that none of its peaks is lost."""

THRESHOLD = 0.5
"""What the threshold of the weights becomes."""

_AT_ONCE = 8
_MAX_SPANS = 6


def with_picture(trained: TrainedSystem, findings: Findings) -> Findings:
    """Return a recording as it is, if it has a picture to look at.

    Raises
    ------
    InputError
        If it has none.
    """
    if findings.video is None:
        msg = (
            f"{findings.media.path}: has no picture, but {trained.system.name} with the weights "
            f"{trained.folder} looks at one; give the picture, its sound with --audio"
        )
        raise InputError(msg)
    return findings


def look(
    trained: TrainedSystem,
    findings: Findings,
    events: Events,
    *,
    frame_rate: float | None = None,
    progress: Callable[[float], None] = lambda _: None,
) -> Seen:
    """Map where the picture is like the sound.

    Parameters
    ----------
    trained : TrainedSystem
        That draws heat maps.
    findings : Findings
        With a picture and a sound.
    events : Events
        What was heard: maps are empty while none of them sounds. If nothing stood out as an event,
        only where there is silence.
    frame_rate : float, optional
        Frames per second of a folder of pictures.
    progress : callable
        Told the seconds looked at.

    Returns
    -------
    Seen
    """
    system, n_labels = trained.of_kind(HeatMapSystem), frame_count(findings.duration)
    sounds, on_screen = _sounding(events, n_labels), np.full(n_labels, np.nan)
    store, n_done = FrameStore(), 0
    for maps, is_silent in _looks(system, findings, frame_rate):
        values, verdicts = rescaled(_finer(maps), system.threshold)
        here = slice(n_done, n_done + LABELS_PER_LOOK * len(maps))
        which = np.arange(len(sounds[here])) // LABELS_PER_LOOK
        is_judged = sounds[here] & ~is_silent[which]
        store.append(np.where(is_judged[:, None, None], values[which], 0.0))
        on_screen[here] = np.where(is_judged, verdicts[which], np.nan)
        n_done += len(which)
        progress(frame_time(n_done))
    return Seen(
        store.finish(n_labels),
        "similarity",
        notes=absence_in_words(on_screen),
        method=(*trained.sentences, _calibration_in_words(system.threshold)),
        threshold=THRESHOLD,
        on_screen=on_screen,
    )


def rescaled(
    maps: NDArray[np.float32], threshold: float | None
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Bring maps to a scale that people can read, and judge them.

    Parameters
    ----------
    maps : ndarray, shape (looks, rows, columns)
        In [0, 1].
    threshold : float, optional
        What a map reaches where something in the picture makes the sound.

    Returns
    -------
    values : ndarray of float32, shape (looks, rows, columns)
        0 in the lesser half of a map, 0.5 at the threshold, 1 at 1, straight between; 0 everywhere
        if no place reaches the threshold. Without a threshold from 0 for a map's least to 1 for
        its greatest value.
    verdicts : ndarray, shape (looks,)
        1 if something in the picture makes the sound, 0 if not, NaN without a threshold.
    """
    most = maps.max(axis=(1, 2), keepdims=True)
    if threshold is None:
        least = maps.min(axis=(1, 2), keepdims=True)
        span = np.where(most > least, most - least, 1.0)
        return (maps - least) / span, np.full(len(maps), np.nan)
    # Not from the least value: a single low one would raise, and color, all the rest.
    usual = np.minimum(np.median(maps, axis=(1, 2), keepdims=True), threshold)
    below = THRESHOLD * np.maximum(maps - usual, 0.0) / np.maximum(threshold - usual, 1e-6)
    above = 1.0 - (1.0 - THRESHOLD) * (1.0 - maps) / max(1.0 - threshold, 1e-6)
    is_found = most >= threshold
    values = np.where(is_found, np.where(maps < threshold, below, above), 0.0)
    return values.astype(np.float32), is_found[:, 0, 0].astype(float)


def absence_in_words(on_screen: NDArray[np.float64]) -> tuple[str, ...]:
    """Say when nothing in the picture makes what sounds.

    Parameters
    ----------
    on_screen : ndarray, shape (label frames,)
        1 where something does, 0 where nothing does, NaN where this is not known.

    Returns
    -------
    tuple of str
        One sentence, or none.
    """
    spans = []
    frames = np.flatnonzero(~np.isnan(on_screen)).tolist()
    for verdict, group in itertools.groupby(frames, key=on_screen.__getitem__):
        together = list(group)
        if verdict == 0.0:
            first, end = frame_time(together[0]), frame_time(together[-1] + 1)
            spans.append(f"from {first:.1f} to {end:.1f} s")
    if not spans:
        return ()
    said = spans[:_MAX_SPANS] + ["and later"] * (len(spans) > _MAX_SPANS)
    return (f"Nothing visible makes the sound {', '.join(said)}.",)


def _sounding(events: Events, n_labels: int) -> NDArray[np.bool_]:
    """Tell in which label frames an event sounds; in all if there is none."""
    sounds = np.full(n_labels, len(events) == 0)
    for event in events:
        sounds[frame_at(event.onset) : frame_count(event.offset)] = True
    return sounds


def _calibration_in_words(threshold: float | None) -> str:
    if threshold is None:
        return (
            "Its weights have no threshold: each map shows where the picture is most like the "
            "sound, even if nothing in it makes the sound."
        )
    return (
        f"Where its map reaches {THRESHOLD:g}, it reaches the threshold of its weights "
        f"({threshold:.3f}), which best told sounds of the picture from all others."
    )


def _finer(maps: NDArray[np.float32]) -> NDArray[np.float32]:
    """Divide the cells of maps."""
    rows, columns = maps.shape[1:]
    # Not over the seam of a panorama, which the network does not know of.
    return between_grids((rows, columns), (FINER * rows, FINER * columns), wraps=False)(maps)


def _looks(
    system: HeatMapSystem, findings: Findings, frame_rate: float | None
) -> Iterator[tuple[NDArray[np.float32], NDArray[np.bool_]]]:
    """Yield the network's maps of some looks, and in which of them nothing is heard."""
    device = next(system.network.parameters()).device
    sounds = _Sounds(system.sound_input, findings)
    moments = enumerate(_pictures(system.picture_fit, findings, frame_rate))
    while some := list(itertools.islice(moments, _AT_ONCE)):
        pictures = torch.stack([picture for _, picture in some])
        heard = [sounds.around(LOOK_S * (index + 0.5)) for index, _ in some]
        spectrograms = torch.stack([spectrogram for spectrogram, _ in heard])
        with torch.inference_mode():
            maps = system.maps(pictures.to(device), spectrograms.to(device))
        yield maps.float().cpu().numpy(), np.array([is_silent for _, is_silent in heard])


def _pictures(fit: PictureFit, findings: Findings, frame_rate: float | None) -> Iterator[Tensor]:
    """Yield the picture of each look, as the network sees it, while there are picture and sound."""
    video = findings.video
    assert video is not None
    whole = dataclasses.replace(fit, kind="squash") if fit.kind == "short_side_crop" else fit
    shown = iterate_frames(
        findings.media.path,
        stream=video.index,
        start=0.5 * min(LOOK_S, video.duration),
        fps=round(1.0 / LOOK_S),
        frame_rate=frame_rate,
    )
    pictures = (whole(picture) for _, picture in shown)
    n_looks = frame_count(findings.duration, LOOK_S)
    if video.is_still:
        return itertools.repeat(next(pictures), n_looks)
    return itertools.islice(pictures, n_looks)


class _Sounds:
    """The sound around moments that come in order, read as it is needed."""

    def __init__(self, sound_input: SoundInput, findings: Findings) -> None:
        assert findings.audio is not None
        # The part that is heard is cut out here.
        self._input = dataclasses.replace(sound_input, span_s=None, rolls=False, wraps_short=False)
        self._rate = sound_input.sample_rate or findings.audio.sample_rate
        self._end = findings.duration
        self._blocks = plain_blocks(findings, self._rate, self._rate)
        self._kept, self._first = next(self._blocks), 0

    def around(self, time: float) -> tuple[Tensor, bool]:
        """Return the spectrogram of what is heard at a time, and whether it is silence."""
        middle, half = min(time, self._end), 0.5 * self._input.duration_s
        first = max(0, sample_at(middle - half, self._rate))
        end = sample_at(middle + half, self._rate)
        while self._first + self._kept.shape[1] < end:
            block = next(self._blocks, None)
            if block is None:
                break
            self._kept = np.concatenate([self._kept, block], axis=1)
        self._kept, self._first = self._kept[:, first - self._first :], first
        excerpt = self._input.excerpt(self._kept[:, : end - first], self._rate)
        is_silent = bool(np.sqrt(np.mean(np.square(excerpt))) <= SILENCE)
        return self._input.spectrogram(excerpt, self._rate), is_silent
