"""What `hearsight evaluate` prints of labels of seconds, and of matches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hearsight.cli.tables import add_row, score_table, written

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console

    from hearsight.metrics.heatmaps.scores import MapScores
    from hearsight.training.clips.evaluation import ClipEvaluation, MatchingEvaluation

_PERCENT = ("{:.1f} %", 100.0)
_SEGMENT_SCORES = {
    "accuracy": "accuracy",
    "event_accuracy": "in events",
    "background_recall": "in background",
    "boundary_accuracy": "in clips with a boundary",
    "video_accuracy": "class of the clip",
}
_EVENT_SCORES = {"precision": "precision", "recall": "recall", "f1": "F1", "mean_f1": "mean F1"}
_RULES = {
    "overlap": "events: half of both in common",
    "onset": "events: begin within 1 s",
    "onset_offset": "events: begin and end within 1 s",
}
_MAP_SCORES = {"success": "success", "mean_ciou": "mean cIoU", "auc": "AUC"}
_DIRECTIONS = {"a2v": "sound given, seen where", "v2a": "picture given, heard where"}


def show_clips(console: Console, done: ClipEvaluation) -> None:
    """Print scores of seconds beside floors, of events, of where it looks, and of classes."""
    segments = done.segments
    _print(
        console,
        f"{done.name} on the {done.about['split']} split of {done.about['data']}: "
        f"{len(segments.truth)} clips, {segments.n_with_boundary} of them with a boundary",
    )
    table = score_table("share of seconds labeled right", _SEGMENT_SCORES.values())
    for who, scores in segments.table.items():
        title = done.name if who == "labels" else f"floor: {who}"
        add_row(table, title, _cells(scores, _SEGMENT_SCORES))
        if who == "labels":
            for place, bound in enumerate(("  95 % from", "  95 % to")):
                bounds = {name: each[place] for name, each in segments.intervals[who].items()}
                add_row(table, bound, _cells(bounds, _SEGMENT_SCORES))
    console.print(table)
    for sentence in (*done.verdicts, *done.notes):
        _print(console, sentence)
    _show_events(console, done)
    if done.attention is not None:
        _show_attention(console, done.attention)
    _show_classes(console, done)


def show_matching(console: Console, done: MatchingEvaluation) -> None:
    """Print how many events are found in the other modality, beside floors."""
    scores = done.scores
    _print(
        console,
        f"{done.name} on the {done.about['split']} split of {done.about['data']}: "
        f"{scores.n_clips} clips whose event does not fill them",
    )
    headings = ("first second found", "95 % from", "95 % to", "seconds covered")
    table = score_table("", headings)
    for direction, title in _DIRECTIONS.items():
        low, high, _ = scores.intervals[direction]
        values = (scores.accuracy[direction], low, high, scores.segment_recall[direction])
        add_row(table, title, (written(value, *_PERCENT) for value in values))
    for floor, value in scores.floors.items():
        add_row(table, f"floor: {floor}", (written(value, *_PERCENT), "", "", ""))
    console.print(table)
    for sentence in (*done.verdicts, *scores.notes, *done.notes):
        _print(console, sentence)


def _show_events(console: Console, done: ClipEvaluation) -> None:
    table = score_table("", _EVENT_SCORES.values())
    for who, rules in done.events.table.items():
        for rule, scores in rules.items():
            title = _RULES[rule] if who == "events" else f"  floor: {who}, {rule}"
            add_row(table, title, _cells(scores, _EVENT_SCORES))
    console.print(table)


def _show_attention(console: Console, scores: MapScores) -> None:
    table = score_table("where it looks in events", _MAP_SCORES.values())
    add_row(table, "attention", _cells(scores.table["maps"][scores.rule], _MAP_SCORES))
    for floor in scores.floors:
        add_row(table, f"floor: {floor}", _cells(scores.table[floor][scores.rule], _MAP_SCORES))
    console.print(table)


def _show_classes(console: Console, done: ClipEvaluation) -> None:
    table = score_table("class", ("seconds", "recall", "precision"))
    for label, scores in done.segments.by_class().items():
        shares = (written(scores[name], *_PERCENT) for name in ("recall", "precision"))
        add_row(table, label, (f"{scores['n_segments']:.0f}", *shares))
    console.print(table)


def _cells(scores: Mapping[str, float], names: Mapping[str, str]) -> list[str]:
    return [written(scores[name], *_PERCENT) for name in names]


def _print(console: Console, text: str) -> None:
    console.print(text, markup=False)
