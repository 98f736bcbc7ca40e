"""`hearsight import-weights`: a published checkpoint made a folder of weights."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def import_weights(
    file: Annotated[Path, typer.Argument(help="The checkpoint: .pth of torch.save, safetensors.")],
    origin: Annotated[
        str,
        typer.Option(
            "--from",
            help="Whose code has trained it: visual-context, lvs, sslalignment, ez-vsl, fnac, "
            "slavc.",
        ),
    ],
    out: Annotated[Path | None, typer.Option(help="Folder of the weights (runs/SYSTEM).")] = None,
    calibrate: Annotated[
        Path | None,
        typer.Option(
            help="A set of pairs on which to find the threshold below which nothing visible makes "
            "a sound."
        ),
    ] = None,
) -> None:
    """Make a published checkpoint usable: safetensors and JSON, nothing that could run."""
    from hearsight.training.pairs.importing import import_heatmap_weights

    done = import_heatmap_weights(file, origin, out=out, calibrate_on=calibrate, tell=typer.echo)
    typer.echo(f"weights of {done.system.name} in {done.folder}")
