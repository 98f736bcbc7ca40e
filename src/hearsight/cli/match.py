"""`hearsight match`: this sound in that silent film, or these pictures in that sound."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from hearsight.inference.matching import By, Matches


def match(
    query: Annotated[Path, typer.Argument(help="What is looked for: a sound, or a video.")],
    target: Annotated[Path, typer.Argument(help="Where: a silent film, a video, or a sound.")],
    system: Annotated[
        str,
        typer.Option(
            help="Who matches: a folder of trained weights, or a system's name for those in "
            "runs/NAME."
        ),
    ] = "avdln",
    heard: Annotated[
        bool, typer.Option("--heard", help="Look for the query's sound in the target's pictures.")
    ] = False,
    seen: Annotated[
        bool, typer.Option("--seen", help="Look for the query's pictures in the target's sound.")
    ] = False,
    start: Annotated[
        int, typer.Option("--from", help="First second of the query to look for.")
    ] = 0,
    end: Annotated[
        int | None, typer.Option("--to", help="Second of the query to look up to (its end).")
    ] = None,
    top: Annotated[int, typer.Option(help="How many windows to show.")] = 3,
    out: Annotated[
        Path | None, typer.Option(help="Folder for matches.json and matches.csv.")
    ] = None,
) -> None:
    """Find where in one recording is seen what is heard in another, or the reverse."""
    from hearsight.errors import InputError
    from hearsight.inference.matching import match as find
    from hearsight.inference.trained import TrainedSystem

    if heard and seen:
        msg = "--heard and --seen cannot both be looked for; give one of them"
        raise InputError(msg)
    if top < 1:
        msg = f"--top must be at least 1, got {top}"
        raise InputError(msg)
    by: By | None = "heard" if heard else "seen" if seen else None
    trained = TrainedSystem.load(system)
    found = find(query, target, trained, by=by, start=start, end=end, n_best=top)
    _show(found)
    if out is not None:
        found.write(out)
        typer.echo(f"written to {out}")


def _show(found: Matches) -> None:
    """Print the nearest windows, and what they are worth."""
    from rich.console import Console

    from hearsight.cli.tables import add_row, score_table, written

    console = Console()
    where = "the pictures" if found.by == "heard" else "the sound"
    what = "heard" if found.by == "heard" else "seen"
    console.print(
        f"What is {what} in {found.query} from {found.start} to {found.end} s, in {where} of "
        f"{found.target} ({found.n_searched} s)",
        markup=False,
        soft_wrap=True,
    )
    console.print(found.system, markup=False, soft_wrap=True)
    table = score_table("from", ["to", "distance", "below the usual", "nearer than", "stands out"])
    words = {True: "yes", False: "no", None: "-"}
    for window in found.windows:
        cells = (
            f"{window.end} s",
            f"{window.distance:.3f}",
            written(window.margin, "{:.1f} sd"),
            written(window.share_farther, "{:.0f} %", 100.0),
            words[window.stands_out],
        )
        add_row(table, f"{window.start} s", cells)
    console.print(table)
    console.print(found.verdict, markup=False, soft_wrap=True)
