"""Hearing with a trained system: which class sounds, when, and from where."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator

import numpy as np
import torch
from numpy.typing import NDArray

from hearsight.datasets.listing import AudioFormat
from hearsight.errors import InputError
from hearsight.events.events import Events
from hearsight.events.formats.dcase import fold_to_front
from hearsight.features.streaming import stream
from hearsight.inference.hearing import SILENT, Heard
from hearsight.inference.predict import predict
from hearsight.inference.trained import TrainedSystem
from hearsight.inference.windows import arranged_blocks
from hearsight.recording.findings import Findings
from hearsight.recording.layout import ChannelLayout, tetrahedral
from hearsight.spatial.arrays import tetrahedron
from hearsight.systems.seld import SeldSystem

FORMAT_WORDS: dict[AudioFormat, str] = {
    "foa": "first-order Ambisonics",
    "mic": "the tetrahedral array of STARSS23",
    "stereo": "left and right",
}

_SAME_PLACE_M = 0.005


def suited(trained: TrainedSystem, findings: Findings) -> Findings:
    """Take a recording for what the system hears and sees, if it can be that.

    Parameters
    ----------
    trained : TrainedSystem
        That hears.
    findings : Findings

    Returns
    -------
    Findings
        With the likeliest layout that the system hears; silence stays as it is.

    Raises
    ------
    InputError
        If no layout that fits the recording is one that the system hears, or if it sees and
        there is no picture.
    """
    system = trained.of_kind(SeldSystem)
    if system.sees and findings.video is None:
        msg = (
            f"{findings.media.path}: has no picture, but {system.name} with the weights "
            f"{trained.folder} sees as well; give the picture, its sound with --audio"
        )
        raise InputError(msg)
    if findings.measured is not None and findings.measured.is_silent.all():
        return findings
    evidence = findings.layout_evidence
    others = () if findings.is_layout_given or evidence is None else evidence.candidates
    for layout in (findings.layout, *others):
        arranged = None if layout is None else _arranged(layout, system.audio_format)
        if arranged is not None:
            return dataclasses.replace(findings, layout=arranged)
    found = "unknown" if findings.layout is None else findings.layout.name
    msg = (
        f"{findings.sound_media.path}: its channels are {found}, but {system.name} hears "
        f"{FORMAT_WORDS[system.audio_format]} ({system.audio_format}); say what they are with "
        "--channels, or leave --system out"
    )
    raise InputError(msg)


def hear_trained(
    trained: TrainedSystem,
    findings: Findings,
    *,
    window_s: float = 20.0,
    progress: Callable[[float], None] = lambda _: None,
) -> Heard:
    """Hear a recording.

    Parameters
    ----------
    trained : TrainedSystem
        That hears.
    findings : Findings
        With a layout that the system hears; see `suited`.
    window_s : float
        Seconds read at a time; the result does not depend on it.
    progress : callable
        Told the seconds heard.

    Returns
    -------
    Heard
    """
    system, duration = trained.of_kind(SeldSystem), findings.duration
    assert findings.measured is not None
    if findings.measured.is_silent.all():
        return Heard(Events((), system.labels, duration), has_directions=True, notes=(SILENT,))
    pieces = stream(system.feature, _blocks(system, findings, window_s, progress))
    seen = None
    if system.eyes is not None:  # two kilobytes a second: even those of hours can be held
        seen = torch.cat([*system.eyes.of_video(findings.media.path)])
    output = predict(system, pieces, seen)
    points = system.codec.decode_points(output)
    if system.audio_format == "stereo":  # which sounds the same from behind
        front = np.array([fold_to_front(azimuth) for azimuth in points.azimuth])
        points = dataclasses.replace(points, azimuth=front)
    found = points.to_events(duration)
    events = (dataclasses.replace(each, offset=min(each.offset, duration)) for each in found)
    return Heard(
        Events(events, system.labels, duration),
        has_directions=True,
        notes=() if len(found) else (f"No events: {system.name} heard none of its classes.",),
        method=trained.sentences,
    )


def _blocks(
    system: SeldSystem,
    findings: Findings,
    window_s: float,
    progress: Callable[[float], None],
) -> Iterator[NDArray[np.float32]]:
    block = round(window_s * system.sample_rate)
    for index, sound in enumerate(arranged_blocks(findings, block, system.sample_rate)):
        progress(index * window_s)
        # A click of a file is heard as one label frame.
        missing = max(0, system.label_samples - sound.shape[1]) if index == 0 else 0
        yield np.pad(sound, ((0, 0), (0, missing)))


def _arranged(layout: ChannelLayout, audio_format: AudioFormat) -> ChannelLayout | None:
    """Return a layout with the channels in the order of a format, None if it is another one."""
    if audio_format == "mic":
        return _tetrahedral(layout) if layout.kind == "array" else None
    fits = layout.kind in (("foa",) if audio_format == "foa" else ("stereo", "mid-side"))
    return layout if fits else None


def _tetrahedral(layout: ChannelLayout) -> ChannelLayout | None:
    """Find the capsules of the tetrahedron among the microphones of an array."""
    positions = np.array(layout.positions)
    distance = np.linalg.norm(tetrahedron()[:, None] - positions, axis=-1)
    nearest_one = distance.argmin(axis=1)
    if len(positions) != len(distance) or (distance.min(axis=1) > _SAME_PLACE_M).any():
        return None
    order = tuple(layout.order[index] for index in nearest_one)
    return dataclasses.replace(tetrahedral(), order=order, n_channels=layout.n_channels)
