"""`hearsight train`: teach a system on a dataset."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import Annotated

import typer


def train(
    system: Annotated[str, typer.Argument(help="Which; see hearsight systems.")],
    data: Annotated[Path, typer.Option(help="The dataset's folder.")],
    out: Annotated[
        Path | None, typer.Option(help="Where the run and its weights are kept (runs/SYSTEM).")
    ] = None,
    config: Annotated[Path | None, typer.Option(help="YAML with settings.")] = None,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", help="A setting, such as training.epochs=10; may be repeated."),
    ] = None,
    features: Annotated[
        Path | None, typer.Option(help="Where features are stored (DATA/features).")
    ] = None,
    show: Annotated[
        bool, typer.Option("--show-settings", help="Print all settings as YAML and leave.")
    ] = False,
) -> None:
    """Teach a system; goes on where an interrupted run has stopped."""
    if show:
        from hearsight.systems import find
        from hearsight.systems.settings import as_yaml
        from hearsight.training.config import run_settings

        typer.echo(as_yaml(run_settings(find(system), config, tuple(changes or ()))), nl=False)
        return
    from rich.console import Console

    from hearsight.training.fit import train as run

    # Of several processes on one machine the first one speaks.
    is_first = os.environ.get("LOCAL_RANK", "0") == "0"
    errors = Console(stderr=True)
    done = run(
        system,
        data,
        out=out,
        config=config,
        changes=tuple(changes or ()),
        features=features,
        tell=_tell if is_first else _say_nothing,
        is_watched=is_first and errors.is_terminal,
    )
    if is_first:
        scores = ", ".join(
            f"{name} {value:.3f}" for name, value in done.scores.items() if value is not None
        )
        typer.echo(f"kept: the weights of epoch {done.epoch}, {scores}")
        then = shlex.join(["hearsight", "evaluate", str(done.folder), "--data", str(data)])
        typer.echo(f"weights in {done.folder}; try {then}")


def _tell(line: str) -> None:
    typer.echo(line)


def _say_nothing(line: str) -> None:
    del line
