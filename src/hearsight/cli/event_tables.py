"""What `hearsight evaluate` prints of events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from hearsight.cli.tables import add_row, score_table, written

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from hearsight.training.seld.evaluation import Evaluation

_COLUMNS = {
    "error_rate": ("ER", "{:.3f}", 1.0),
    "f_score": ("F", "{:.1f} %", 100.0),
    "localization_error": ("LE", "{:.1f}°", 1.0),
    "localization_recall": ("LR", "{:.1f} %", 100.0),
    "localization_f_score": ("LR (as F)", "{:.1f} %", 100.0),
    "doa_error": ("DOA error", "{:.1f}°", 1.0),
    "frame_recall": ("frame recall", "{:.1f} %", 100.0),
    "distance_error": ("distance", "{:.2f} m", 1.0),
    "relative_distance_error": ("RDE", "{:.3f}", 1.0),
    "on_screen_accuracy": ("on screen", "{:.1f} %", 100.0),
    "seld_score": ("SELD", "{:.3f}", 1.0),
}
"""How scores are called in tables, and how they are written: a format and a factor."""


def show_events(console: Console, done: Evaluation) -> None:
    """Print scores, floors and ceilings, then classes and rooms."""
    scores = done.scores
    rules = scores.definition
    console.print(
        f"{done.name} on the {done.about['split']} split of {done.about['data']}: "
        f"{len(scores.names)} recordings, by the rules of {rules.year}, {scores.average} average",
        markup=False,
    )
    names = [name for name in _COLUMNS if name in scores.overall]
    table = _table("", names)
    _add(table, done.name, scores.overall, names)
    for place, title in enumerate(("  95 % from", "  95 % to")):
        _add(table, title, {name: scores.intervals[name][place] for name in names}, names)
    if done.on_off is not None:
        _add(table, "  with on/off-screen right", done.on_off.overall, names)
    for name, each in done.bounds.items():
        kind = "floor" if name in done.floors else "ceiling"
        _add(table, f"{kind}: {name.replace('_', ' ')}", each.overall, names)
    console.print(table)
    for sentence in (done.verdict, *done.notes):
        console.print(sentence, markup=False)
    # Substitutions between classes belong to none, so the error rate is one for all.
    told = next(iter(scores.by_class.values()))
    named = [name for name in names if name in told and name != "error_rate"]
    classes = _table("class", named)
    for label, row in scores.by_class.items():
        _add(classes, label, row, named)
    console.print(classes)
    rooms = _table("room", names)
    for room, each in done.by_room.items():
        _add(rooms, str(room), each.overall, names)
    console.print(rooms)


def _table(first: str, names: list[str]) -> Table:
    return score_table(first, [_COLUMNS[name][0] for name in names])


def _add(table: Table, title: str, scores: Mapping[str, float], names: list[str]) -> None:
    add_row(table, title, [written(scores[name], *_COLUMNS[name][1:]) for name in names])
