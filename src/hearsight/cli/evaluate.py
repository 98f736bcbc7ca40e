"""`hearsight evaluate`: how right a system or a folder of predictions is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

if TYPE_CHECKING:
    from hearsight.metrics.definitions import Average


def evaluate(
    subject: Annotated[
        str,
        typer.Argument(
            metavar="SYSTEM|WEIGHTS|PREDICTIONS",
            help="A system's name (its weights in runs/NAME), a folder of weights, or a folder of "
            "DCASE csv files named as the recordings, of npy heat maps named as the pictures, or "
            "with labels of seconds in segments.csv.",
        ),
    ],
    data: Annotated[Path, typer.Option(help="The dataset's folder.")],
    split: Annotated[str, typer.Option(help="test or train; of clips also validation.")] = "test",
    year: Annotated[
        int | None,
        typer.Option(
            help="Events: by the rules of which challenge, 2019 to 2025. Default: the system's."
        ),
    ] = None,
    average: Annotated[
        str | None,
        typer.Option(
            help="Events: macro or micro (pseldnets_...). Default: what the year reported."
        ),
    ] = None,
    style: Annotated[
        str | None,
        typer.Option(
            help="Heat maps: how they become areas; hearsight (default), or as in a paper: "
            "visual-context, lvs, ez-vsl, slavc, ..."
        ),
    ] = None,
    threshold: Annotated[
        float | None,
        typer.Option(
            help="Heat maps: above which they say that something in view sounds. Default: what the "
            "system is calibrated to."
        ),
    ] = None,
    annotations: Annotated[
        Path | None,
        typer.Option(help="Heat maps: a folder of .xml, or a .json (Annotations, vggss.json)."),
    ] = None,
    test_list: Annotated[
        Path | None, typer.Option(help="Heat maps: names to judge, .csv (test.csv, else all).")
    ] = None,
    frame: Annotated[
        str | None,
        typer.Option(help="Heat maps: which picture of several, its number or center (007)."),
    ] = None,
    features: Annotated[
        Path | None, typer.Option(help="Where features are stored (DATA/features), or shards.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            dir_okay=False,
            help="The JSON file (evaluation-SPLIT.json beside weights or predictions).",
        ),
    ] = None,
    predictions: Annotated[
        Path | None,
        typer.Option(
            file_okay=False,
            help="Write what was found here: a DCASE csv per recording, an npy per picture, or "
            "segments.csv.",
        ),
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1, ...")] = "auto",
) -> None:
    """Tell how right a system is, or predictions are, beside what guessing would score.

    Of a system that sees what makes a sound, tell also whether it listens.
    """
    from rich.console import Console

    from hearsight.cli.clip_tables import show_clips, show_matching
    from hearsight.cli.event_tables import show_events
    from hearsight.cli.map_tables import show_maps
    from hearsight.training.clips.evaluation import ClipEvaluation, MatchingEvaluation, clips_path
    from hearsight.training.evaluate import evaluate as run
    from hearsight.training.pairs.evaluation import pictures_path
    from hearsight.training.seld.evaluation import Evaluation

    errors = Console(stderr=True)
    done = run(
        subject,
        data,
        split=split,
        year=year,
        average=cast("Average | None", average),
        style=style,
        threshold=threshold,
        annotations=annotations,
        test_list=test_list,
        frame=frame,
        features=features,
        device=device,
        tell=lambda line: typer.echo(line, err=True),
        is_watched=errors.is_terminal,
    )
    console = Console(soft_wrap=True, highlight=False)
    if not console.is_terminal:
        console.width = 200  # a file or pipe has no edge to cut a table at
    target = out or done.folder / f"evaluation-{split}.json"
    if isinstance(done, Evaluation):
        show_events(console, done)
        rows = ""
    elif isinstance(done, MatchingEvaluation):
        show_matching(console, done)
        rows = ""
    elif isinstance(done, ClipEvaluation):
        show_clips(console, done)
        rows = f", each clip in {clips_path(target)}"
    else:
        show_maps(console, done)
        rows = f", each picture in {pictures_path(target)}"
    done.write(target)
    console.print(f"everything in {target}{rows}", markup=False)
    if predictions is not None:
        done.write_predictions(predictions)
        console.print(f"predictions in {predictions}", markup=False)
