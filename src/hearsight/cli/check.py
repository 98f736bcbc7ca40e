"""`hearsight check`: say what a folder of pairs holds, and what is missing or wrong."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from hearsight.datasets.pairs import PairSet

_READ = 200
_SHOWN = 20


def check(
    folder: Annotated[Path, typer.Argument(help="Frames and sounds, videos, LMDB or shards.")],
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
        bool, typer.Option("--read", help=f"Decode every pair, not only {_READ} of them.")
    ] = False,
    every: Annotated[
        bool, typer.Option("--all", help=f"Name every problem, not only {_SHOWN} of them.")
    ] = False,
) -> None:
    """Say what a folder of pairs holds, and name what is missing or wrong."""
    from hearsight.datasets.pairs import open_pairs
    from hearsight.datasets.pairs.check import media_problems, read_pairs, spread

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
    more = "" if read or len(chosen) == len(used) else "; --read reads all"
    n_problems = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    typer.echo(f"read {len(chosen)} of {len(used)} pairs{more}: {n_problems}")
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
