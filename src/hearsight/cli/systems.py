"""`hearsight systems`: who can hear."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hearsight.systems.system import System


def systems() -> None:
    """List the systems: what each hears, how large it is, and where it was published."""
    import torch
    from rich.console import Console
    from rich.table import Table

    from hearsight.systems import find, names
    from hearsight.systems.system import weight_count

    console = Console(soft_wrap=True, highlight=False)
    if not console.is_terminal:
        console.width = 240  # a file or pipe has no edge to cut a table at
    table = Table("name", "what it is", "hears by default", "weights", "paper")
    table.add_row(
        "(default)",
        "directions from physics and synchrony, no training",
        "Ambisonics, any array, stereo, mono; sees",
        "none",
        "",
    )
    for name in names():
        known = find(name)
        with torch.device("meta"):  # weights are only counted
            system: System = known.build(known.settings())
        table.add_row(name, known.title, system.takes, f"{weight_count(system):,}", known.paper)
    console.print(table)
    console.print("hearsight train NAME makes weights; hearsight locate --system takes them.")
