"""`hearsight import-weights`: a published checkpoint made a folder of weights."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def import_weights(
    file: Annotated[
        Path, typer.Argument(help="The checkpoint: .pth or .pt of torch.save, safetensors, HDF5.")
    ],
    origin: Annotated[
        str,
        typer.Option(
            "--from",
            help="Whose code has trained it: visual-context, lvs, sslalignment, ez-vsl, fnac, "
            "slavc; av-att, av-att-weak, dmrn, psp, psp-weak, avdln.",
        ),
    ],
    out: Annotated[Path | None, typer.Option(help="Folder of the weights (runs/SYSTEM).")] = None,
    calibrate: Annotated[
        Path | None,
        typer.Option(
            help="Heat maps: a set of pairs on which to find the threshold below which nothing "
            "visible makes a sound."
        ),
    ] = None,
    encoders: Annotated[
        list[str] | None,
        typer.Option(
            "--encoder",
            help="Clips: what makes features of videos, vgg19:FILE and vggish:FILE; repeat it.",
        ),
    ] = None,
    labels: Annotated[
        list[str] | None,
        typer.Option("--label", help="Clips: a class; repeat it for each (AVE's)."),
    ] = None,
) -> None:
    """Make a published checkpoint usable: safetensors and JSON, nothing that could run."""
    from hearsight.training.importing import import_weights as run

    done = run(
        file,
        origin,
        out=out,
        calibrate_on=calibrate,
        encoders=encoders or (),
        labels=labels or (),
        tell=typer.echo,
    )
    typer.echo(f"weights of {done.system.name} in {done.folder}")
