"""`hearsight evaluate`: how right a system or a folder of predictions is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from hearsight.metrics.definitions import Average
    from hearsight.training.seld.evaluation import Evaluation

_COLUMNS = {
    "error_rate": ("ER", "{:.3f}", 1.0),
    "f_score": ("F", "{:.1f} %", 100.0),
    "localization_error": ("LE", "{:.1f}°", 1.0),
    "localization_recall": ("LR", "{:.1f} %", 100.0),
    "localization_f_score": ("LR (as F)", "{:.1f} %", 100.0),
    "doa_error": ("DOA error", "{:.1f}°", 1.0),
    "frame_recall": ("frame recall", "{:.1f} %", 100.0),
    "distance_error": ("distance", "{:.2f} m", 1.0),
    "relative_distance_error": ("RDE", "{:.3f}", 1.0),
    "on_screen_accuracy": ("on screen", "{:.1f} %", 100.0),
    "seld_score": ("SELD", "{:.3f}", 1.0),
}
"""How scores are called in tables, and how they are written: a format and a factor."""


def evaluate(
    subject: Annotated[
        str,
        typer.Argument(
            metavar="SYSTEM|WEIGHTS|PREDICTIONS",
            help="A system's name (its weights in runs/NAME), a folder of weights, or a folder of "
            "DCASE csv files named as the recordings.",
        ),
    ],
    data: Annotated[Path, typer.Option(help="The dataset's folder.")],
    split: Annotated[str, typer.Option(help="test or train.")] = "test",
    year: Annotated[
        int | None,
        typer.Option(help="By the rules of which challenge, 2019 to 2025. Default: the system's."),
    ] = None,
    average: Annotated[
        str | None,
        typer.Option(help="macro or micro (pseldnets_...). Default: what the year reported."),
    ] = None,
    features: Annotated[
        Path | None, typer.Option(help="Where features are stored (DATA/features).")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="The JSON file (evaluation-SPLIT.json beside weights or predictions)."),
    ] = None,
    predictions: Annotated[
        Path | None, typer.Option(help="Write what was heard here, a DCASE csv per recording.")
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1, ...")] = "auto",
) -> None:
    """Tell how right a system is, or predictions are, beside what guessing would score."""
    from rich.console import Console

    from hearsight.training.seld.evaluate import evaluate as run

    errors = Console(stderr=True)
    done = run(
        subject,
        data,
        split=split,
        year=year,
        average=cast("Average | None", average),
        features=features,
        device=device,
        tell=lambda line: typer.echo(line, err=True),
        is_watched=errors.is_terminal,
    )
    console = Console(soft_wrap=True, highlight=False)
    if not console.is_terminal:
        console.width = 200  # a file or pipe has no edge to cut a table at
    _show(console, done)
    target = out or done.folder / f"evaluation-{split}.json"
    done.write(target)
    console.print(f"everything in {target}", markup=False)
    if predictions is not None:
        done.write_predictions(predictions)
        console.print(f"predictions in {predictions}", markup=False)


def _show(console: Console, done: Evaluation) -> None:
    """Print scores, floors and ceilings, then classes and rooms."""
    scores = done.scores
    rules = scores.definition
    console.print(
        f"{done.name} on the {done.about['split']} split of {done.about['data']}: "
        f"{len(scores.names)} recordings, by the rules of {rules.year}, {scores.average} average",
        markup=False,
    )
    names = [name for name in _COLUMNS if name in scores.overall]
    table = _table("", names)
    _add(table, done.name, scores.overall, names)
    for place, title in enumerate(("  95 % from", "  95 % to")):
        _add(table, title, {name: scores.intervals[name][place] for name in names}, names)
    if done.on_off is not None:
        _add(table, "  with on/off-screen right", done.on_off.overall, names)
    for name, each in done.bounds.items():
        kind = "floor" if name in done.floors else "ceiling"
        _add(table, f"{kind}: {name.replace('_', ' ')}", each.overall, names)
    console.print(table)
    for sentence in (done.verdict, *done.notes):
        console.print(sentence, markup=False)
    # Substitutions between classes belong to none, so the error rate is one for all.
    told = next(iter(scores.by_class.values()))
    named = [name for name in names if name in told and name != "error_rate"]
    classes = _table("class", named)
    for label, row in scores.by_class.items():
        _add(classes, label, row, named)
    console.print(classes)
    rooms = _table("room", names)
    for room, each in done.by_room.items():
        _add(rooms, str(room), each.overall, names)
    console.print(rooms)


def _table(first: str, names: list[str]) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(first, box=SIMPLE_HEAD)
    for name in names:
        table.add_column(_COLUMNS[name][0], justify="right", no_wrap=True)
    return table


def _add(table: Table, title: str, scores: Mapping[str, float], names: list[str]) -> None:
    from rich.markup import escape

    table.add_row(escape(title), *(_written(scores[name], name) for name in names))


def _written(value: float, name: str) -> str:
    _, form, factor = _COLUMNS[name]
    return "-" if math.isnan(value) else form.format(factor * value)
