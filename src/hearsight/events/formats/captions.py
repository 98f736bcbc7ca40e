"""Captions: WebVTT and SubRip (SRT), one cue per event, with the direction in words.

A cue reads "knock, front left". Times are held to a millisecond, directions to the sector of
`hearsight.events.words`; tracks, distances, confidences, source numbers, class lists and durations
are lost. Read back, an event stays in the middle of its sector.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path

from hearsight.errors import InputError
from hearsight.events.events import Event, Events
from hearsight.events.formats.frames import still_track
from hearsight.events.formats.lines import located, read_text, write_text
from hearsight.events.scene import Scene, as_scene
from hearsight.events.words import UNKNOWN, direction_in_words, split_direction

_CLOCK = r"(?:(\d{1,6}):)?(\d{1,2}):(\d{1,2})[.,](\d{3})"
_TIMING = re.compile(rf"\s*{_CLOCK}\s+-->\s+{_CLOCK}(?:\s.*)?", re.ASCII)


def write_webvtt(scene: Scene | Events, path: str | Path) -> None:
    """Write WebVTT captions.

    Raises
    ------
    MediaError
        If the file cannot be written.
    """
    cues = [
        f"\n{_timing(event, '.')}\n{html.escape(_caption(event), quote=False)}\n"
        for event in as_scene(scene).events
    ]
    write_text(path, "".join(["WEBVTT\n", *cues]))


def write_srt(scene: Scene | Events, path: str | Path) -> None:
    """Write SubRip captions.

    Raises
    ------
    MediaError
        If the file cannot be written.
    """
    cues = [
        f"{number}\n{_timing(event, ',')}\n{_caption(event)}\n"
        for number, event in enumerate(as_scene(scene).events, start=1)
    ]
    write_text(path, "\n".join(cues))


def _timing(event: Event, point: str) -> str:
    start = round(1000.0 * event.onset)
    stop = max(start + 1, round(1000.0 * event.offset))  # a cue may not end when it begins
    return f"{_clock(start, point)} --> {_clock(stop, point)}"


def _clock(milliseconds: int, point: str) -> str:
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{rest // 1000:02d}{point}{rest % 1000:03d}"


def _caption(event: Event) -> str:
    if event.azimuth is not None:
        return f"{event.label}, {direction_in_words(event.azimuth, event.elevation)}"
    # A label such as "applause, left" must not be taken for one with a direction.
    is_ambiguous = split_direction(event.label)[0] != event.label
    return f"{event.label}, {UNKNOWN}" if is_ambiguous else event.label


def read_webvtt(path: str | Path) -> Events:
    """Read WebVTT captions.

    Notes, styles, regions, cue names, cue settings and tags are skipped; the lines of a cue are
    joined to one label.

    Raises
    ------
    InputError
        If the header is missing or a cue is wrong; the message names the file and the line.
    MediaError
        If the file cannot be read.
    """
    text = read_text(path)
    if not re.match(r"WEBVTT(?:\s|$)", text):
        msg = f"{path}: line 1: a WebVTT file begins with WEBVTT"
        raise InputError(msg)
    events = []
    for number, block in _blocks(text):
        if number == 1 or re.match(r"(NOTE|STYLE|REGION)(\s|$)", block[0]):
            continue
        with located(f"{path}: line {number}"):
            timing, lines = _split_block(block)
            caption = html.unescape(re.sub(r"<[^>]*>", "", " ".join(lines)))
            events.append(_event(timing, caption))
    return Events(events)


def read_srt(path: str | Path) -> Events:
    """Read SubRip captions; the lines of a cue are joined to one label.

    Raises
    ------
    InputError
        If a cue is wrong; the message names the file and the line.
    MediaError
        If the file cannot be read.
    """
    events = []
    for number, block in _blocks(read_text(path)):
        with located(f"{path}: line {number}"):
            timing, lines = _split_block(block)
            events.append(_event(timing, " ".join(lines)))
    return Events(events)


def _blocks(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield groups of lines between blank ones, with the number of the first line."""
    block: list[str] = []
    start = 1
    for number, line in enumerate([*text.split("\n"), ""], start=1):
        if line.strip():
            start = start if block else number
            block.append(line)
        elif block:
            yield start, block
            block = []


def _split_block(block: list[str]) -> tuple[str, list[str]]:
    """Split a cue into its timing line and text; a name or number may stand before."""
    at = 0 if "-->" in block[0] else 1
    if len(block) < at + 2:
        msg = "a cue needs a line with its times and a line of text"
        raise InputError(msg)
    return block[at], [line.strip() for line in block[at + 1 :]]


def _event(timing: str, caption: str) -> Event:
    match = _TIMING.fullmatch(timing)
    if match is None:
        msg = f"expected times such as 00:00:01.000 --> 00:00:02.500, got {timing.strip()!r}"
        raise InputError(msg)
    onset, offset = _seconds(match.groups()[:4]), _seconds(match.groups()[4:])
    label, azimuth, elevation = split_direction(caption.strip())
    return Event(label, onset, offset, track=still_track(onset, offset, azimuth, elevation))


def _seconds(clock: tuple[str | None, ...]) -> float:
    hours, minutes, seconds, milliseconds = (int(part or 0) for part in clock)
    return (((hours * 60 + minutes) * 60 + seconds) * 1000 + milliseconds) / 1000
