"""Tables of scores on the console, alike for all kinds of systems."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table


def score_table(first: str, headings: Iterable[str]) -> Table:
    """Return an empty table: names on the left, numbers on the right."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(first, box=SIMPLE_HEAD)
    for heading in headings:
        table.add_column(heading, justify="right", no_wrap=True)
    return table


def add_row(table: Table, title: str, cells: Iterable[str]) -> None:
    """Add a row, whatever signs its title has."""
    from rich.markup import escape

    table.add_row(escape(title), *cells)


def written(value: float, form: str, factor: float = 1.0) -> str:
    """Return a score in a format such as "{:.1f} %"; a dash where it is undefined."""
    return "-" if math.isnan(value) else form.format(factor * value)
