"""`hearsight prepare`: verify a dataset and compute its features."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

_SHOWN = 20

if TYPE_CHECKING:
    from hearsight.datasets.catalog import Known
    from hearsight.datasets.listing import ChallengeFolders
    from hearsight.systems.seld import SeldSystem


def prepare(
    dataset: Annotated[str, typer.Argument(help="Which, such as starss23; see the datasets verb.")],
    root: Annotated[
        Path, typer.Argument(help="The folder that holds foa_dev, Annotations.txt or the like.")
    ],
    system: Annotated[
        str | None,
        typer.Option(
            help="Whose features; see hearsight systems (seldnet; visual-context for pairs, "
            "av-att for clips)."
        ),
    ] = None,
    features: Annotated[
        Path | None, typer.Option(help="Where features are stored (ROOT/features).")
    ] = None,
    changes: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="A setting, such as system.audio_format=mic, or for clips "
            "data.encoders=[vgg19:FILE,vggish:FILE]; may be repeated.",
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(min=0, help="Processes that compute (one per core); 0 starts none."),
    ] = None,
    hdf5: Annotated[
        Path | None,
        typer.Option(help="For clips: a folder for the same features as AVE's were published."),
    ] = None,
) -> int:
    """Verify a dataset: what is missing, by name; then compute its features. Resumes."""
    from rich.console import Console

    from hearsight.datasets.catalog import CLIPS, PAIRS, find
    from hearsight.errors import InputError
    from hearsight.inference.trained import choose_device
    from hearsight.training.seld.pictures import pictures_of, prepare_pictures
    from hearsight.training.seld.prepare import in_bytes, store_of
    from hearsight.training.seld.prepare import prepare as run

    n_workers = (os.cpu_count() or 1) if workers is None else workers
    if dataset in {each.name for each in CLIPS}:
        name = system or "av-att"
        return _prepare_clips(root, name, tuple(changes or ()), features, n_workers, hdf5)
    if hdf5 is not None:
        msg = f"--hdf5 is for clips; leave it out, or give {' or '.join(c.name for c in CLIPS)}"
        raise InputError(msg)
    if dataset in {each.name for each in PAIRS}:
        name = system or "visual-context"
        return _prepare_pairs(root, name, tuple(changes or ()), features, n_workers)
    known = find(dataset)
    chosen = _system(system or "seldnet", tuple(changes or ()), known)
    data = known.open(root, chosen.audio_format)
    n_problems = _verify(data)
    folder = features or root / "features"
    store, is_watched = store_of(folder, chosen), Console(stderr=True).is_terminal
    run(chosen, data.recordings, store, workers=n_workers, tell=typer.echo, is_watched=is_watched)
    if chosen.sees:
        maps = pictures_of(folder, chosen)
        prepare_pictures(
            chosen,
            data.recordings,
            maps,
            device=choose_device(),
            tell=typer.echo,
            is_watched=is_watched,
        )
    n_bytes = sum(store.path(each.name).stat().st_size for each in data.recordings)
    typer.echo(f"{store.folder}: features of all recordings, {in_bytes(n_bytes)}")
    if n_problems:
        files = "1 file is" if n_problems == 1 else f"{n_problems} files are"
        typer.echo(f"hearsight: {files} missing, empty or wrong (above)", err=True)
    return 2 if n_problems else 0


def _prepare_pairs(
    root: Path, name: str, changes: tuple[str, ...], features: Path | None, n_workers: int
) -> int:
    """Look through a corpus of pairs, and cut out what a system hears and sees."""
    from rich.console import Console

    from hearsight.errors import InputError
    from hearsight.systems import find
    from hearsight.systems.heatmap import HeatMapSystem
    from hearsight.training.config import run_settings
    from hearsight.training.material import FEATURES_NAME
    from hearsight.training.pairs.material import open_listed
    from hearsight.training.pairs.prepare import prepare_pairs

    registration = find(name)
    if registration.kind is not HeatMapSystem:
        msg = f"{name} does not learn from pairs; give --system visual-context or one like it"
        raise InputError(msg)
    settings = run_settings(registration, None, changes)
    pairs = open_listed(root, settings.data)
    _tell_some(pairs.problems())
    typer.echo(f"{root}: {len(pairs.train)} pairs to learn from, {len(pairs.test)} to judge on")
    folder = prepare_pairs(
        registration.build(settings.system),
        pairs,
        features or root / FEATURES_NAME,
        threads=n_workers,
        tell=lambda line: typer.echo(f"hearsight: {line}", err=True),
        is_watched=Console(stderr=True).is_terminal,
    )
    typer.echo(f"{folder}: shards of all pairs; hearsight train {name} reads them")
    return 0


def _prepare_clips(
    root: Path,
    name: str,
    changes: tuple[str, ...],
    features: Path | None,
    n_workers: int,
    hdf5: Path | None,
) -> int:
    """Look through a set of clips, and encode the videos that are there."""
    from rich.console import Console

    from hearsight.datasets.clips.check import describe_clips
    from hearsight.errors import InputError
    from hearsight.inference.trained import choose_device
    from hearsight.systems import find
    from hearsight.training.clips.corpus import Corpus
    from hearsight.training.clips.prepare import begin_files, write_files
    from hearsight.training.clips.settings import ClipData
    from hearsight.training.clips.sources import StoredClips
    from hearsight.training.config import run_settings
    from hearsight.training.seld.prepare import in_bytes

    chosen = run_settings(find(name), None, changes).data
    if not isinstance(chosen, ClipData):
        msg = f"{name} does not learn from clips; give --system av-att or one like it"
        raise InputError(msg)
    if not chosen.encoders:
        msg = 'say what sees and hears with --set "data.encoders=[vgg19:FILE,vggish:FILE]"'
        raise InputError(msg)
    corpus = Corpus.open(root, chosen, features)
    clips, stored = corpus.clips, corpus.source
    assert isinstance(stored, StoredClips)
    assert corpus.encoders is not None
    corpus.encoders.to(choose_device())
    typer.echo("\n".join(describe_clips(clips)))
    missing = clips.without_video
    _tell_some([f"{each}: its video is missing" for each in missing])
    files = None if hdf5 is None else begin_files(stored, hdf5)
    is_watched = Console(stderr=True).is_terminal
    rows = corpus.available(clips.rows)
    corpus.prepare(rows, typer.echo, is_watched=is_watched, threads=n_workers)
    size = in_bytes(stored.n_bytes(clips.videos))
    typer.echo(f"{stored.place}: features of {len(clips.videos)} clips, {size}")
    if files is not None:
        write_files(files, stored, is_watched=is_watched)
        typer.echo(f"{hdf5}: features of all {len(clips.rows)} rows as published")
    return 2 if missing else 0


def _tell_some(problems: Sequence[str]) -> None:
    """Say what is wrong, a line each, some of it where there is much."""
    for problem in problems[:_SHOWN]:
        typer.echo(f"hearsight: {problem}", err=True)
    if len(problems) > _SHOWN:
        typer.echo(f"hearsight: and {len(problems) - _SHOWN} more; see hearsight check", err=True)


def _system(name: str, changes: tuple[str, ...], known: Known) -> SeldSystem:
    """Build the system whose features are wanted, if the dataset has what it needs."""
    from hearsight.errors import InputError
    from hearsight.systems import find
    from hearsight.training.config import run_settings
    from hearsight.weights.resnet import load_resnet

    registration = find(name)
    settings = run_settings(registration, None, changes)
    system = registration.build(settings.system)
    formats = known.open.formats
    if system.audio_format not in formats:
        msg = (
            f"{name} hears {system.audio_format}, but {known.name} has {' and '.join(formats)}; "
            f"add --set system.audio_format={formats[0]}"
        )
        raise InputError(msg)
    if not system.sees:
        return system
    if not settings.data.eyes:
        msg = f"{name} sees; say by which ResNet with --set data.eyes=FILE.safetensors"
        raise InputError(msg)
    return system.with_eyes(load_resnet(settings.data.eyes))


def _verify(data: ChallengeFolders) -> int:
    """Say what is there, and what is missing or wrong; returns the number of such files."""
    problems = [*data.problems(), *_wrong_annotations(data)]
    for problem in problems:
        typer.echo(f"hearsight: {problem}", err=True)
    n_annotated = sum(each.metadata is not None for each in data.recordings)
    n_filmed = sum(each.video is not None for each in data.recordings)
    typer.echo(
        f"{data.root}: {len(data.recordings)} recordings ({data.format}), {n_annotated} with "
        f"annotations, {n_filmed} with a picture"
    )
    return len(problems)


def _wrong_annotations(data: ChallengeFolders) -> Iterator[str]:
    """Find rows that training and judging would stumble over."""
    from hearsight.errors import InputError

    for each in data.recordings:
        if each.metadata is not None:
            try:
                each.events(data.labels)
            except InputError as error:
                yield str(error)
