"""What is wrong with a recording: faults that would spoil directions, each with a cure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from hearsight.recording.evidence import OmniEvidence, name_channels
from hearsight.recording.layout import ChannelLayout
from hearsight.recording.measurements import Measurements
from hearsight.recording.media import AudioStream, VideoStream
from hearsight.recording.recording import MIN_SAMPLE_RATE

FaultKind = Literal[
    "silence", "dead", "duplicated", "inverted", "clipped", "over", "not finite", "offset",
    "order", "sample rate", "lengths",
]  # fmt: skip

_FAINT_PEAK = 1e-3  # -60 dB
_CLIPPED_SHARE = 1e-5
_ALIKE = 1e-6  # energy of the difference over that of both: 60 dB below


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong.

    Parameters
    ----------
    kind : str
        One of `FaultKind`.
    message : str
        A sentence: what, how much, and the cure.
    channels : tuple of int
        Which channels, counted from 0; empty if it is not about channels.
    """

    kind: FaultKind
    message: str
    channels: tuple[int, ...] = ()


def sound_faults(
    stream: AudioStream, measured: Measurements, layout: ChannelLayout | None
) -> tuple[Fault, ...]:
    """Find what is wrong with a sound stream.

    Parameters
    ----------
    stream : AudioStream
    measured : Measurements
        Of that stream.
    layout : ChannelLayout or None
        What the channels are beyond doubt: channels that it leaves out may be silent.

    Returns
    -------
    tuple of Fault
    """
    return (
        *_level_faults(measured, layout),
        *_likeness_faults(measured),
        *_stream_faults(stream),
    )


def order_faults(
    layout: ChannelLayout, omni: tuple[OmniEvidence, ...], measured: Measurements
) -> tuple[Fault, ...]:
    """Find signs that the channels of an Ambisonics layout stand in another order.

    Parameters
    ----------
    layout : ChannelLayout
        What the channels are taken for.
    omni : tuple of OmniEvidence
    measured : Measurements

    Returns
    -------
    tuple of Fault
        At most one.
    """
    if layout.kind != "foa":
        return ()
    omnidirectional = layout.order[0]
    row = next((r for r in omni if r.channel == omnidirectional), None)
    if row is not None and layout.normalization not in row.fits:
        expected = " or ".join(row.fits) or "no normalization"
        message = (
            f"likely wrong order or normalization: channel {omnidirectional + 1} as W has the "
            f"energy of {expected}, not of {layout.normalization}; check --channels"
        )
        return (Fault("order", message, (omnidirectional,)),)
    _, left, up, front = (measured.power[channel] for channel in layout.order)
    if up > 3.0 * (left + front):
        vertical = layout.order[2]
        message = (
            f"likely wrong order: channel {vertical + 1}, taken for up and down, is far louder "
            "than left-right and front-back; check --channels"
        )
        return (Fault("order", message, (vertical,)),)
    return ()


def length_faults(measured: Measurements, video: VideoStream | None) -> tuple[Fault, ...]:
    """Find sound that lasts much longer or shorter than the picture.

    Parameters
    ----------
    measured : Measurements
    video : VideoStream or None
        A still picture has no length.

    Returns
    -------
    tuple of Fault
        At most one.
    """
    if video is None or video.is_still:
        return ()
    decoded = measured.duration
    if abs(decoded - video.duration) <= max(1.0, 0.05 * max(decoded, video.duration)):
        return ()
    message = (
        f"sound lasts {decoded:.2f} s but the picture {video.duration:.2f} s; check that they "
        "belong together"
    )
    return (Fault("lengths", message),)


def _level_faults(measured: Measurements, layout: ChannelLayout | None) -> Iterator[Fault]:
    yield from _silence_faults(measured, layout)
    bad = np.flatnonzero(measured.n_bad)
    if len(bad):
        message = (
            f"{name_channels(bad)}: {measured.n_bad.sum()} samples are NaN or infinite; they are "
            "taken as 0, export the sound again"
        )
        yield Fault("not finite", message, tuple(bad.tolist()))
    clipped = np.flatnonzero(measured.n_clipped > max(3, _CLIPPED_SHARE * measured.n_samples))
    if len(clipped):
        share = 100.0 * measured.n_clipped[clipped].max() / measured.n_samples
        message = (
            f"{name_channels(clipped)}: clipped, up to {share:.2g} % of the samples at full scale; "
            "directions of loud sounds may be wrong, record at a lower level"
        )
        yield Fault("clipped", message, tuple(clipped.tolist()))
    over = np.flatnonzero(measured.peak > 1.0 + 1e-3)
    if len(over) and measured.peak.max() > 4.0:
        message = (
            f"{name_channels(over)}: values up to {measured.peak.max():.3g}, far beyond full "
            "scale; scale them to +-1"
        )
        yield Fault("over", message, tuple(over.tolist()))
    is_offset = np.abs(measured.mean) > np.maximum(2e-3, 0.1 * np.sqrt(measured.power))
    offset = np.flatnonzero(is_offset)
    if len(offset):
        message = (
            f"{name_channels(offset)}: constant offset up to "
            f"{np.abs(measured.mean[offset]).max():.3f}; remove it with a high-pass filter"
        )
        yield Fault("offset", message, tuple(offset.tolist()))


def _silence_faults(measured: Measurements, layout: ChannelLayout | None) -> Iterator[Fault]:
    if measured.is_silent.all():
        yield Fault("silence", "all channels are silent; nothing can be located by ear")
        return
    if measured.peak.max() < _FAINT_PEAK:
        peak_db = 20.0 * np.log10(measured.peak.max())
        yield Fault("silence", f"almost silent, peak {peak_db:.0f} dB; check the gain")
    # An Ambisonics layout may leave silent channels out; any other silent channel is broken.
    used: Sequence[int] = range(measured.n_channels)
    if layout is not None and layout.kind == "foa":
        used = layout.order
    dead = [c for c in np.flatnonzero(measured.is_silent).tolist() if c in used]
    if dead:
        message = f"{name_channels(np.array(dead))}: dead, nothing but zeros; check the connection"
        yield Fault("dead", message, tuple(dead))


def _likeness_faults(measured: Measurements) -> Iterator[Fault]:
    gram = measured.gram
    for first in range(measured.n_channels):
        for second in range(first + 1, measured.n_channels):
            if measured.is_silent[[first, second]].any():
                continue
            both = gram[first, first] + gram[second, second]
            names = name_channels(np.array([first, second]))
            pair = first, second
            if both - 2.0 * gram[pair] < _ALIKE * both:
                yield Fault("duplicated", f"{names} are the same; check the wiring", pair)
            elif both + 2.0 * gram[pair] < _ALIKE * both:
                message = f"{names} are the same with opposite sign; check the wiring"
                yield Fault("inverted", message, pair)


def _stream_faults(stream: AudioStream) -> Iterator[Fault]:
    if stream.sample_rate < MIN_SAMPLE_RATE:
        message = (
            f"sample rate {stream.sample_rate} Hz is below {MIN_SAMPLE_RATE} Hz; too little is "
            "left to locate anything, record again"
        )
        yield Fault("sample rate", message)
