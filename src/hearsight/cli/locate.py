"""`hearsight locate`: what is sounding in recordings, when, and where."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from hearsight.inference.batch import Outcome


def locate(
    files: Annotated[
        list[Path],
        typer.Argument(help="Recordings, videos, pictures, or folders of recordings."),
    ],
    audio: Annotated[
        Path | None, typer.Option(help="The sound, where it lies in another file.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="The result's folder; for several files the folder of their results."),
    ] = None,
    channels: Annotated[
        str | None,
        typer.Option(
            help="What the channels are: ambix, fuma, n3d, mic, stereo, mid-side, mono, or letters "
            "such as XYW-Z-:sn3d. Default: found out."
        ),
    ] = None,
    geometry: Annotated[
        Path | None,
        typer.Option(help="YAML of a microphone array, its positions in metres (see the docs)."),
    ] = None,
    projection: Annotated[
        str | None,
        typer.Option(help="equirectangular or perspective. Default: found out."),
    ] = None,
    fov: Annotated[
        float | None,
        typer.Option(help="Horizontal field of view of a perspective picture, in degrees."),
    ] = None,
    method: Annotated[
        str, typer.Option(help="How arrays are heard: srp (SRP-PHAT) or music.")
    ] = "srp",
    system: Annotated[
        str | None,
        typer.Option(
            help="Who hears, or looks at the picture: a folder of trained weights, or a system's "
            "name for those in runs/NAME. Default: nobody trained; sources have no names."
        ),
    ] = None,
    frame_rate: Annotated[
        float | None, typer.Option(help="Pictures per second of a folder of pictures.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Do again what an earlier run has done.")
    ] = False,
) -> int:
    """Tell what is sounding in recordings, when, and where."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    from hearsight.errors import InputError, nearest
    from hearsight.inference.batch import plan_jobs, run_job
    from hearsight.spatial.projection import PROJECTIONS
    from hearsight.systems.training_free import ARRAY_METHODS

    if projection is not None and projection not in PROJECTIONS:
        msg = f"unknown --projection {projection!r}; {nearest(projection, PROJECTIONS)}"
        raise InputError(msg)
    if method not in ARRAY_METHODS:
        msg = f"unknown --method {method!r}; {nearest(method, ARRAY_METHODS)}"
        raise InputError(msg)
    if frame_rate is not None and not 0.0 < frame_rate <= 1000.0:
        msg = f"--frame-rate must lie between 0 and 1000 pictures per second, got {frame_rate:g}"
        raise InputError(msg)
    if fov is not None and not 0.0 < fov < 180.0:
        msg = f"--fov must lie between 0 and 180 degrees, got {fov:g}"
        raise InputError(msg)
    locating: dict[str, Any] = {"method": method, "frame_rate": frame_rate}
    if system is not None:
        from hearsight.inference.trained import TrainedSystem

        locating["system"] = TrainedSystem.load(system)
    jobs = plan_jobs(files, out, has_audio=audio is not None)
    finding = {
        "audio": audio,
        "channels": channels,
        "geometry": geometry,
        "projection": projection,
        "fov_deg": fov,
        "frame_rate": frame_rate,
    }
    console, errors = Console(), Console(stderr=True)
    n_failed = 0
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal) as bar:
        task = bar.add_task("", total=float(len(jobs)))
        for index, job in enumerate(jobs):
            bar.update(task, description=job.path.name, completed=float(index))
            outcome = run_job(
                job,
                finding_options=finding,
                locating_options=locating,
                is_forced=force,
                progress=lambda share, start=index: bar.update(task, completed=start + share),  # type: ignore[misc]
            )
            if outcome.error is not None:
                n_failed += 1
                if len(jobs) == 1:
                    raise outcome.error
                typer.echo(f"hearsight: {' '.join(str(outcome.error).split())}", err=True)
            else:
                _show(console, outcome)
    if n_failed:
        typer.echo(f"hearsight: {n_failed} of {len(jobs)} files failed", err=True)
    return 2 if n_failed else 0


def _show(console: Console, outcome: Outcome) -> None:
    """Print what was found, when and where, and where to look."""
    from rich.markup import escape
    from rich.table import Table

    from hearsight.events.words import place_in_words

    scene = outcome.scene
    assert scene is not None
    again = " (done before; --force does it again)" if outcome.was_done else ""
    console.print(f"\n[bold]{escape(str(outcome.job.path))}[/bold]{again}", soft_wrap=True)
    for note in scene.notes:
        console.print(f"  {escape(note)}", style="dim", highlight=False)
    if len(scene):
        table = Table("what", "from", "to", "azimuth", "elevation", "where", "confidence")
        for event in scene:
            table.add_row(
                escape(event.label),
                f"{event.onset:.1f} s",
                f"{event.offset:.1f} s",
                _degrees(event.azimuth),
                _degrees(event.elevation),
                place_in_words(event),
                "" if event.confidence is None else f"{event.confidence:.2f}",
            )
        console.print(table)
    page = escape(str(outcome.job.out / "report.html"))
    console.print(f"look at {page}", highlight=False, soft_wrap=True)


def _degrees(angle: float | None) -> str:
    return "" if angle is None else f"{angle:+.0f}°"
