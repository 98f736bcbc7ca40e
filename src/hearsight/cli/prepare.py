"""`hearsight prepare`: verify a dataset and compute its features."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer


def prepare(
    dataset: Annotated[str, typer.Argument(help="Which, such as starss23; see the datasets verb.")],
    root: Annotated[Path, typer.Argument(help="The folder that holds foa_dev and the like.")],
    system: Annotated[str, typer.Option(help="Whose features; see hearsight systems.")] = "seldnet",
    features: Annotated[
        Path | None, typer.Option(help="Where features are stored (ROOT/features).")
    ] = None,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", help="A setting, such as system.audio_format=mic; may be repeated."),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(min=0, help="Processes that compute (one per core); 0 starts none."),
    ] = None,
) -> int:
    """Verify a dataset: what is missing, by name; then compute its features. Resumes."""
    from rich.console import Console

    from hearsight.datasets.catalog import find
    from hearsight.errors import InputError
    from hearsight.systems import find as find_system
    from hearsight.training.config import run_settings
    from hearsight.training.prepare import in_bytes, store_of
    from hearsight.training.prepare import prepare as run

    known = find(dataset)
    registration = find_system(system)
    chosen = registration.build(run_settings(registration, None, tuple(changes or ())).system)
    if chosen.audio_format not in known.open.formats:
        formats = " and ".join(known.open.formats)
        msg = (
            f"{system} hears {chosen.audio_format}, but {dataset} has {formats}; add "
            f"--set system.audio_format={known.open.formats[0]}"
        )
        raise InputError(msg)
    data = known.open(root, chosen.audio_format)
    problems = data.problems()
    for problem in problems:
        typer.echo(f"hearsight: {problem}", err=True)
    n_annotated = sum(each.metadata is not None for each in data.recordings)
    n_filmed = sum(each.video is not None for each in data.recordings)
    typer.echo(
        f"{root}: {len(data.recordings)} recordings ({data.format}), {n_annotated} with "
        f"annotations, {n_filmed} with a picture"
    )
    store = store_of(features or root / "features", chosen)
    run(
        chosen,
        data.recordings,
        store,
        workers=(os.cpu_count() or 1) if workers is None else workers,
        tell=typer.echo,
        is_watched=Console(stderr=True).is_terminal,
    )
    n_bytes = sum(store.path(each.name).stat().st_size for each in data.recordings)
    typer.echo(f"{store.folder}: features of all recordings, {in_bytes(n_bytes)}")
    if problems:
        typer.echo(f"hearsight: {len(problems)} files are missing or empty (above)", err=True)
    return 2 if problems else 0
