"""Pages that several scripts write: each replaces its own section and leaves the others alone."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from hearsight.errors import InputError
from hearsight.recording.files import replacing

RESULTS = Path("docs/results.md")

HEAD = """# Results

Each section is written by the script that it names, which makes the data, trains and judges; all
figures of a section are of one run.
"""


def write_section(page: Path, name: str, text: str) -> None:
    """Put a section between its marks; one that the page does not have yet comes last."""
    begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
    known = page.read_text(encoding="utf-8") if page.is_file() else HEAD
    before, mark, rest = known.partition(begin)
    _, closed, after = rest.partition(end)
    if mark and not closed:
        msg = f"{page}: {begin} is not followed by {end}; write it where the section ends"
        raise InputError(msg)
    if not mark:
        before, after = f"{known.rstrip()}\n\n", "\n"
    with replacing(page) as temporary:
        section = f"{begin}\n\n{text.strip()}\n\n{end}"
        temporary.write_text(f"{before}{section}{after}", encoding="utf-8")


def row(*cells: object) -> str:
    """Write one row of a table."""
    return f"| {' | '.join(map(str, cells))} |"


def table(headings: Iterable[str], rows: Iterable[str]) -> str:
    """Write a table."""
    titles = list(headings)
    return "\n".join([row(*titles), "|---" * len(titles) + "|", *rows])
