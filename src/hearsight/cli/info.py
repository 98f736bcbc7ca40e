"""`hearsight info`: say what a recording holds, and how that was found out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hearsight.errors import HearsightError, InputError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from hearsight.recording.findings import Findings


def info(
    files: Annotated[
        list[Path], typer.Argument(help="Recordings, videos, pictures, or folders of frames.")
    ],
    audio: Annotated[
        Path | None, typer.Option(help="The sound, where it lies beside the picture.")
    ] = None,
    channels: Annotated[
        str | None,
        typer.Option(
            help="What the channels are: mono, stereo, mid-side, ambix, fuma, n3d, mic, or letters "
            "such as XYW-Z-:sn3d. Default: found out."
        ),
    ] = None,
    geometry: Annotated[
        Path | None, typer.Option(help="YAML file with the microphones' positions in metres.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object per file, one line each.")
    ] = False,
) -> int:
    """Say what recordings hold: streams, channels, projection, faults, and the evidence."""
    import json

    from rich.console import Console

    from hearsight.recording.findings import examine

    if audio is not None and len(files) > 1:
        msg = f"--audio goes with one file, got {len(files)}; give them one by one"
        raise InputError(msg)
    console = Console(soft_wrap=True, highlight=False)
    if not console.is_terminal:
        console.width = 200  # a file or pipe has no edge to cut a table at
    n_failed = 0
    for file in files:
        try:
            findings = examine(file, audio=audio, channels=channels, geometry=geometry)
        except HearsightError as error:
            if len(files) == 1:
                raise
            n_failed += 1
            typer.echo(f"hearsight: {' '.join(str(error).split())}", err=True)
            continue
        if as_json:
            typer.echo(json.dumps(findings.to_dict()))
        else:
            _show(console, findings)
    return 2 if n_failed else 0


def _show(console: Console, findings: Findings) -> None:
    from rich.markup import escape

    media = findings.media
    console.print(f"[bold]{escape(str(media.path))}[/bold]: {escape(media.container)}, "
                  f"{findings.duration:.2f} s")  # fmt: skip
    console.print(_stream_table(findings))
    if findings.measured is not None:
        console.print(_channel_table(findings))
    for sentence in findings.sentences:
        style = "red" if sentence.startswith("fault") else ""
        console.print(escape(sentence), style=style)
    console.print()


def _table(*columns: str) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for column in columns:
        table.add_column(column, no_wrap=True)
    return table


def _stream_table(findings: Findings) -> Table:
    table = _table("stream", "codec", "holds", "rate", "seconds", "used")
    for sound in findings.sound_media.audio:
        is_used = findings.audio is not None and sound.index == findings.audio.index
        table.add_row(
            f"{sound.index} sound", sound.codec,
            f"{sound.n_channels} channels ({sound.declared})", f"{sound.sample_rate} Hz",
            f"{sound.duration:.2f}", "yes" if is_used else "",
        )  # fmt: skip
    for video in findings.media.video:
        is_used = findings.video is not None and video.index == findings.video.index
        rate = "still" if video.is_still else f"{video.fps:.6g} fps"
        table.add_row(
            f"{video.index} {'cover' if video.is_cover else 'picture'}", video.codec,
            f"{video.width} x {video.height} {video.pixel_format}"
            + (f", turned {video.rotation}" if video.rotation else ""),
            rate + (" varying" if video.is_variable_rate else ""),
            f"{video.duration:.2f}", "yes" if is_used else "",
        )  # fmt: skip
    return table


def _channel_table(findings: Findings) -> Table:
    """Levels of each channel and, where Ambisonics was tried, how it does as W."""
    import math

    measured, evidence = findings.measured, findings.layout_evidence
    rows = {row.channel: row for row in evidence.omni} if evidence else {}
    columns = ("channel", "is", "peak dB", "rms dB")
    tried = ("others / it dB", "scatter dB", "as W fits") if rows else ()
    table = _table(*columns, *tried)
    names: dict[int, str] = {}
    if findings.layout is not None:
        names = dict(zip(findings.layout.order, findings.layout.channel_names, strict=True))
    if measured is None:
        return table
    for channel in range(measured.n_channels):
        peak, power = float(measured.peak[channel]), float(measured.power[channel])
        cells = [
            str(channel + 1),
            names.get(channel, "-"),
            f"{20.0 * math.log10(peak):.1f}" if peak > 0.0 else "silent",
            f"{10.0 * math.log10(power):.1f}" if power > 0.0 else "silent",
        ]
        if row := rows.get(channel):
            cells += [f"{row.ratio_db:+.1f}", f"{row.spread_db:.1f}", " or ".join(row.fits) or "-"]
        table.add_row(*cells)
    return table
