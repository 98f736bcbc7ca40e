"""`hearsight check`: say what a folder of pairs or clips holds, and what is missing or wrong."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from hearsight.datasets.pairs import PairSet

_READ = 200
_SHOWN = 20


def check(
    folder: Annotated[
        Path,
        typer.Argument(help="Frames and sounds, videos, LMDB, shards, or clips (Annotations.txt)."),
    ],
    annotations: Annotated[
        Path | None, typer.Option(help="A folder of .xml, or a .json (Annotations, vggss.json).")
    ] = None,
    train_list: Annotated[
        Path | None, typer.Option(help="Names to learn from, text or .xz (train.txt, else all).")
    ] = None,
    test_list: Annotated[
        Path | None, typer.Option(help="Names to judge, .csv (test.csv, else all annotated).")
    ] = None,
    frame: Annotated[
        str, typer.Option(help="Which picture of several: its number, or center.")
    ] = "007",
    drop_test_ids: Annotated[
        bool, typer.Option(help="Leave names that are judged out of training.")
    ] = True,
    read: Annotated[
        bool, typer.Option("--read", help=f"Decode everything, not only {_READ} pairs or clips.")
    ] = False,
    every: Annotated[
        bool, typer.Option("--all", help=f"Name every problem, not only {_SHOWN} of them.")
    ] = False,
) -> None:
    """Say what a folder of pairs or clips holds, and name what is missing or wrong."""
    from hearsight.datasets.clips.opening import holds_clips
    from hearsight.datasets.pairs import open_pairs
    from hearsight.datasets.pairs.check import media_problems, read_pairs, spread

    has_lists = annotations or train_list or test_list  # those of pairs
    if folder.is_dir() and not has_lists and holds_clips(folder):
        _check_clips(folder, read=read, every=every)
        return
    pairs = open_pairs(
        folder,
        annotations=annotations,
        train_list=train_list,
        test_list=test_list,
        frame=frame,
        drop_test_ids=drop_test_ids,
    )
    typer.echo("\n".join(_described(pairs)))
    used = tuple(dict.fromkeys([*pairs.test, *pairs.train]))
    chosen = used if read else spread(used, _READ)
    found = list(read_pairs(pairs.reader, chosen))
    problems = [*pairs.problems(), *media_problems(found)]
    _tell(problems, len(chosen), len(used), "pairs", every=every)


def _check_clips(folder: Path, *, read: bool, every: bool) -> None:
    from hearsight.datasets.clips import open_clips
    from hearsight.datasets.clips.check import (
        check_clips,
        describe_clips,
        watch_clips,
        watched_problems,
    )
    from hearsight.datasets.pairs.check import spread

    clips = open_clips(folder)
    typer.echo("\n".join(describe_clips(clips)))
    names = tuple(clips.videos)
    chosen = names if read else spread(names, _READ)
    problems = [*check_clips(clips), *watched_problems(clips, watch_clips(clips, chosen))]
    _tell(problems, len(chosen), len(names), "clips", every=every)


def _tell(problems: list[str], n_read: int, n_all: int, what: str, *, every: bool) -> None:
    more = "" if n_read == n_all else "; --read reads all"
    n_problems = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    typer.echo(f"read {n_read} of {n_all} {what}{more}: {n_problems}")
    for problem in problems if every else problems[:_SHOWN]:
        typer.echo(f"  {problem}")
    if not every and len(problems) > _SHOWN:
        typer.echo(f"  and {len(problems) - _SHOWN} more; --all names them")


def _described(pairs: PairSet) -> list[str]:
    """Return what a corpus holds, a line each."""
    boxes = [pairs.truth[name] for name in pairs.test]
    classes = {pairs.labels[name] for name in pairs.test if name in pairs.labels}
    lines = [
        f"{pairs.root}: {pairs.kind}, {len(pairs.reader.names)} pairs of picture and sound",
        f"learned: {len(pairs.train)}" + _dropped(pairs),
        f"judged: {len(boxes)}" + (f" of {len(classes)} classes" if classes else ""),
    ]
    if pairs.silent:
        lines.append(f"sound without its source in the picture: {len(pairs.silent)}")
    return lines


def _dropped(pairs: PairSet) -> str:
    return f" ({len(pairs.dropped)} left out, for they are judged)" if pairs.dropped else ""
