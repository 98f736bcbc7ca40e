"""Label tables of other tools: Audacity labels, RTTM and Raven selection tables.

They hold one line per event: exact times, label, and - where the tool leaves room - the mean
direction, distance and confidence, rounded to three decimals, and the source number. Tracks are
lost: read back, an event stays at its mean direction. Class lists and durations are lost as well.
"""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote, unquote

from hearsight.errors import InputError
from hearsight.events.events import Event, Events
from hearsight.events.formats.frames import still_track
from hearsight.events.formats.lines import (
    decimal,
    located,
    numbered_lines,
    parse_count,
    parse_number,
    write_text,
)
from hearsight.events.scene import Scene, as_scene

_MOST_SOURCES = 10**9

# --- Audacity ----------------------------------------------------------------------------------

_FACT = r"(?:azimuth|elevation|distance|confidence|source)=-?\d+(?:\.\d+)?"
_LABEL_WITH_FACTS = re.compile(rf"(?P<label>.+) \[(?P<facts>(?:{_FACT}(?: {_FACT})*)?)\]", re.ASCII)


def write_audacity(scene: Scene | Events, path: str | Path) -> None:
    """Write an Audacity label track: start, end and label, separated by tabs.

    What else is known of an event stands in brackets after its label:
    `knock [azimuth=90.0 elevation=-10.0 confidence=0.8]`.

    Raises
    ------
    MediaError
        If the file cannot be written.
    """
    lines = []
    for event in as_scene(scene).events:
        facts = " ".join(f"{name}={value}" for name, value in _facts(event).items())
        # A label that itself looks like one with facts gets an empty bracket to hide behind.
        is_ambiguous = _LABEL_WITH_FACTS.fullmatch(event.label) is not None
        text = f"{event.label} [{facts}]" if facts or is_ambiguous else event.label
        lines.append(f"{decimal(event.onset)}\t{decimal(event.offset)}\t{text}\n")
    write_text(path, "".join(lines))


def _facts(event: Event) -> dict[str, str]:
    """Return what is known of an event beside label and time, in thousandths at most."""
    numbers = {
        "azimuth": event.azimuth,
        "elevation": event.elevation,
        "distance": event.distance,
        "confidence": event.confidence,
    }
    facts = {
        name: decimal(round(value, 3) + 0.0)  # and not -0.0
        for name, value in numbers.items()
        if value is not None
    }
    return {**facts, "source": str(event.source)} if event.source else facts


def _event(label: str, onset: float, offset: float, facts: dict[str, str]) -> Event:
    """Make an event of what `_facts` says; empty texts count as unknown."""
    numbers = {
        name: parse_number(text, name) for name, text in facts.items() if text and name != "source"
    }
    source = parse_count(facts.get("source") or "0", "source", _MOST_SOURCES)
    track = still_track(
        onset, offset, numbers.get("azimuth"), numbers.get("elevation"), numbers.get("distance")
    )
    return Event(label, onset, offset, numbers.get("confidence"), track, source)


def read_audacity(path: str | Path) -> Events:
    """Read an Audacity label track.

    Lines that begin with a backslash (the frequency ranges of spectral selections) are skipped.

    Raises
    ------
    InputError
        If a line is wrong, has no label or no length; the message names the file and the line.
    MediaError
        If the file cannot be read.
    """
    events = []
    for number, line in numbered_lines(path):
        if line.startswith("\\"):
            continue
        with located(f"{path}: line {number}"):
            fields = line.split("\t")
            if len(fields) != 3:
                msg = f"{len(fields)} columns, expected start, end and label separated by tabs"
                raise InputError(msg)
            onset, offset = parse_number(fields[0], "start"), parse_number(fields[1], "end")
            match = _LABEL_WITH_FACTS.fullmatch(fields[2])
            label = match["label"] if match else fields[2]
            pairs = [fact.split("=") for fact in match["facts"].split()] if match else []
            events.append(_event(label, onset, offset, dict(pairs)))
    return Events(events)


# --- RTTM --------------------------------------------------------------------------------------


def write_rttm(scene: Scene | Events, path: str | Path) -> None:
    """Write Rich Transcription Time Marked lines: one `SPEAKER` line per event.

    The label stands in the speaker's field, spaces and signs escaped as in web addresses
    (`source%201`), with `#2` after it for source number 2; the recording's name is that of the
    scene's media file; the confidence is rounded to three decimals. Directions cannot be held.

    Raises
    ------
    MediaError
        If the file cannot be written.
    """
    whole = as_scene(scene)
    recording = quote(whole.media.stem if whole.media else "recording", safe="", errors="replace")
    lines = []
    for event in whole:
        # Without the rounding error of the difference, and never 0.
        duration = round(event.duration, 9) or event.duration
        speaker = quote(event.label, safe="") + (f"#{event.source}" if event.source else "")
        confidence = "<NA>" if event.confidence is None else decimal(round(event.confidence, 3))
        lines.append(
            f"SPEAKER {recording or 'recording'} 1 {decimal(event.onset)} "
            f"{decimal(duration)} <NA> <NA> {speaker} {confidence} <NA>\n"
        )
    write_text(path, "".join(lines))


def read_rttm(path: str | Path, *, recording: str | None = None) -> Events:
    """Read RTTM.

    Parameters
    ----------
    path : str or Path
    recording : str, optional
        Which recording's lines to take; needed if the file speaks of more than one.

    Returns
    -------
    Events
        Of the `SPEAKER` lines; other kinds of lines are skipped.

    Raises
    ------
    InputError
        If a line is wrong, or several recordings are mixed and none was chosen.
    MediaError
        If the file cannot be read.
    """
    events: dict[str, list[Event]] = {}
    for number, line in numbered_lines(path):
        fields = line.split()
        if fields[0] != "SPEAKER":
            continue
        with located(f"{path}: line {number}"):
            if len(fields) < 8:
                msg = f"{len(fields)} fields, a SPEAKER line of RTTM has at least 8"
                raise InputError(msg)
            events.setdefault(unquote(fields[1]), []).append(_event_of_speaker(fields))
    if recording is None and len(events) > 1:
        msg = f"{path}: speaks of several recordings; choose one of {', '.join(events)}"
        raise InputError(msg)
    if recording is not None:
        return Events(events.get(recording, ()))
    return Events(event for group in events.values() for event in group)


def _event_of_speaker(fields: list[str]) -> Event:
    onset = parse_number(fields[3], "onset")
    speaker, _, source = fields[7].partition("#")
    confidence = fields[8] if len(fields) > 8 and fields[8] != "<NA>" else ""
    facts = {"confidence": confidence, "source": source}
    return _event(unquote(speaker), onset, onset + parse_number(fields[4], "duration"), facts)


# --- Raven -------------------------------------------------------------------------------------

_RAVEN_FACTS = {
    "Azimuth (deg)": "azimuth",
    "Elevation (deg)": "elevation",
    "Distance (m)": "distance",
    "Confidence": "confidence",
    "Source": "source",
}
_RAVEN_COLUMNS = (
    "Selection",
    "View",
    "Channel",
    "Begin Time (s)",
    "End Time (s)",
    "Low Freq (Hz)",
    "High Freq (Hz)",
    "Label",
    *_RAVEN_FACTS,
)


def write_raven(
    scene: Scene | Events,
    path: str | Path,
    *,
    low_freq_hz: float = 0.0,
    high_freq_hz: float = 12_000.0,
) -> None:
    """Write a Raven selection table: tab separated, with a header.

    Parameters
    ----------
    scene : Scene or Events
    path : str or Path
    low_freq_hz, high_freq_hz : float
        Every selection's frequency range, which Raven requires and events do not have. The
        default fits all recordings of at least 24 kHz.

    Raises
    ------
    InputError
        If the frequencies are not 0 <= low < high.
    MediaError
        If the file cannot be written.
    """
    if not 0.0 <= low_freq_hz < high_freq_hz:
        msg = f"a selection needs 0 <= low < high frequency, got {low_freq_hz} and {high_freq_hz}"
        raise InputError(msg)
    band = [decimal(low_freq_hz), decimal(high_freq_hz)]
    lines = ["\t".join(_RAVEN_COLUMNS)]
    for number, event in enumerate(as_scene(scene).events, start=1):
        facts = {"source": "0", **_facts(event)}
        start = [str(number), "Spectrogram 1", "1", decimal(event.onset), decimal(event.offset)]
        rest = [facts.get(name, "") for name in _RAVEN_FACTS.values()]
        lines.append("\t".join([*start, *band, event.label, *rest]))
    write_text(path, "".join(f"{line}\n" for line in lines))


def read_raven(path: str | Path, *, label_column: str = "Label") -> Events:
    """Read a Raven selection table.

    Parameters
    ----------
    path : str or Path
    label_column : str
        The column that names the sound; tables from elsewhere call it "Species", "Annotation", ...

    Returns
    -------
    Events
        Raven lists a selection once for every view; each is taken once.

    Raises
    ------
    InputError
        If a needed column is missing or a row is wrong; the message names the file and the row.
    MediaError
        If the file cannot be read.
    """
    lines = numbered_lines(path)
    header = [name.strip() for name in lines[0][1].split("\t")] if lines else []
    for needed in ("Begin Time (s)", "End Time (s)", label_column):
        if needed not in header:
            found = ", ".join(header) or "nothing"
            msg = f"{path}: no column {needed!r}; a Raven table has it, this one has {found}"
            raise InputError(msg)
    seen: set[tuple[str, ...]] = set()
    events = []
    for number, line in lines[1:]:
        with located(f"{path}: row {number}"):
            fields = line.split("\t")
            if len(fields) != len(header):
                msg = f"{len(fields)} columns, but the header has {len(header)}"
                raise InputError(msg)
            values = dict(zip(header, fields, strict=True))
            begin, end = values["Begin Time (s)"], values["End Time (s)"]
            selection = (values.get("Selection", str(number)), begin, end)
            if selection in seen:
                continue
            seen.add(selection)
            facts = {name: values.get(column, "").strip() for column, name in _RAVEN_FACTS.items()}
            onset = parse_number(begin, "Begin Time (s)")
            offset = parse_number(end, "End Time (s)")
            events.append(_event(values[label_column].strip(), onset, offset, facts))
    return Events(events)
