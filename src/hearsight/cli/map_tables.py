"""What `hearsight evaluate` prints of heat maps."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from hearsight.cli.tables import add_row, score_table, written

if TYPE_CHECKING:
    from rich.console import Console

    from hearsight.metrics.heatmaps.rows import ScoreRows
    from hearsight.metrics.heatmaps.scores import MapScores
    from hearsight.training.pairs.evaluation import PairEvaluation
    from hearsight.training.pairs.listening import Listening

_PERCENT = ("{:.1f} %", 100.0)
_SCORES = {
    "success": ("success", *_PERCENT),
    "mean_ciou": ("mean cIoU", *_PERCENT),
    "auc": ("AUC", *_PERCENT),
}
_EXPLAINED = (
    "cIoU: what the marked area and the annotated one share, of all that either covers. success: "
    "share of pictures with a cIoU of 50 % or more, which papers call cIoU or AP50. AUC: mean of "
    "that share over all demands from 0 to 100 %."
)
_RULES = {
    "adaptive": "adaptive: as much as is annotated",
    "median": "median: half of the picture",
    "rank_half": "rank_half: half, to the upper middle value",
    "absolute": "absolute: {level:g} on the scale of the style",
    "universal": "universal: above {threshold:.3f}, where something sounds",
}
_VARIANTS = {
    "guided": "  mixed with what looks like an object",
    "visual": "  without any sound",
}
_SOUNDS = {
    "own": "its own",
    "off_screen": "of another picture",
    "silence": "silence",
    "noise": "noise",
    "all": "all but its own",
}
_EXTENDED = {
    "average_precision": ("AP", *_PERCENT),
    "max_f1": ("max-F1", *_PERCENT),
    "localization_accuracy": ("LocAcc", *_PERCENT),
    "ap_reference": ("AP as published", *_PERCENT),
    "max_f1_reference": ("max-F1 as published", *_PERCENT),
}
_MOST_CLASSES = 25


def show_maps(console: Console, done: PairEvaluation) -> None:
    """Print scores beside floors and ceiling, thresholds, other sounds, sets, and classes."""
    scores = done.scores
    console.print(
        f"{done.name} on the {done.about['split']} split of {done.about['data']}: "
        f"{len(scores.pictures)} pictures, in the style of {done.about['style']}",
        markup=False,
    )
    _show_scores(console, done)
    _explain(console, _EXPLAINED)
    for sentence in (*done.verdicts, *done.notes):
        console.print(sentence, markup=False)
    _show_rules(console, done)
    if done.listening is not None:
        _show_sounds(console, done.listening)
    if done.extended is not None:
        _show_extended(console, done.extended)
    if done.interactive is not None:
        _show_interactive(console, done, done.interactive)
    _show_classes(console, scores)


def _show_scores(console: Console, done: PairEvaluation) -> None:
    scores, rule = done.scores, done.scores.rule
    table = score_table("", _headings(_SCORES))
    add_row(table, done.name, _cells(scores.table["maps"][rule]))
    for place, title in enumerate(("  95 % from", "  95 % to")):
        bounds = {name: each[place] for name, each in scores.intervals[rule].items()}
        add_row(table, title, _cells(bounds))
    for variant, row in done.variants.items():
        add_row(table, _VARIANTS[variant], _cells(row))
    for floor in scores.floors:
        add_row(table, f"floor: {floor}", _cells(scores.table[floor][rule]))
    add_row(table, "ceiling: best area of that size", _cells(scores.table["ceiling"][rule]))
    console.print(table)


def _show_rules(console: Console, done: PairEvaluation) -> None:
    """Print what other thresholds would give: papers differ in little else."""
    scores = done.scores
    table = score_table("what is marked", [*_headings(_SCORES), "best floor", "ceiling"])
    for rule, row in scores.table["maps"].items():
        floor = max(scores.table[name][rule]["success"] for name in scores.floors)
        around = (floor, scores.table["ceiling"][rule]["success"])
        title = _title(done, rule) + " *" * (rule == scores.rule)
        add_row(table, title, [*_cells(row), *(written(each, *_PERCENT) for each in around)])
    console.print(table)
    console.print("* the threshold that counts; floor and ceiling by success", markup=False)


def _show_sounds(console: Console, listening: Listening) -> None:
    headings = ["success", "says nothing", "marks (pIA)", "AUC_N", "F_LOC", "F_AUC", "mean peak"]
    table = score_table("sound", headings)
    for sound, title in _SOUNDS.items():
        swapped, negative = listening.swapped, listening.negative.rows.get(sound, {})
        row = {"own": "own", "off_screen": "swapped"}.get(sound)
        cells = [
            swapped[row]["success"] if swapped is not None and row else float("nan"),
            listening.says_nothing.get(sound, float("nan")),
            *(negative.get(n, float("nan")) for n in ("pia", "auc_negative", "f_loc", "f_auc")),
        ]
        if negative or sound == "own":
            peak = listening.maxima.get(sound, {}).get("mean", float("nan"))
            percents = [written(cell, *_PERCENT) for cell in cells]
            add_row(table, title, [*percents, written(peak, "{:.3f}")])
    console.print(table)
    _explain(
        console,
        f"A map says something where it is above {listening.threshold:.3f}. With its own sound it "
        "should; with any other it should not, and mark no part of the picture (pIA near 0). F_LOC "
        "and F_AUC are high only if both hold.",
    )


def _show_extended(console: Console, scores: ScoreRows) -> None:
    table = score_table("with sounds out of view", ["pictures", *_headings(_EXTENDED)])
    for name, row in scores.rows.items():
        subset, min_ciou = name.split("@")
        if min_ciou == "0.5" and scores.n_pictures[name]:
            n_pictures = str(scores.n_pictures[name])
            add_row(table, subset, [n_pictures, *_cells(row, _EXTENDED)])
    console.print(table)
    _explain(
        console,
        "Other sounds have no source in view: AP and F1 are high if maps are surer where there is "
        "one, and right there. LocAcc: found among all. Half of the picture is marked.",
    )


def _show_interactive(console: Console, done: PairEvaluation, scores: ScoreRows) -> None:
    table = score_table("several things in turn", ["pictures", "IIoU", "IAUC"])
    for rule, row in scores.rows.items():
        percents = [written(row[name], *_PERCENT) for name in ("iiou", "iauc")]
        add_row(table, _title(done, rule), [str(scores.n_pictures[rule]), *percents])
    console.print(table)
    _explain(
        console,
        "A picture counts (IIoU) only if every one of its things is found when it sounds.",
    )


def _show_classes(console: Console, scores: MapScores) -> None:
    classes = scores.by_class()
    if not classes:
        return
    if len(classes) > _MOST_CLASSES:
        console.print(f"The scores of {len(classes)} classes are in the file.", markup=False)
        return
    table = score_table("class", ["pictures", *_headings(_SCORES)])
    for label, row in classes.items():
        add_row(table, label, [str(row["n_pictures"]), *_cells(row)])
    console.print(table)


def _explain(console: Console, text: str) -> None:
    console.print(textwrap.fill(text, 100), markup=False)


def _title(done: PairEvaluation, rule: str) -> str:
    return _RULES[rule].format(level=done.scores.style.level, threshold=done.threshold)


def _headings(columns: Mapping[str, tuple[str, str, float]]) -> list[str]:
    return [heading for heading, _, _ in columns.values()]


def _cells(
    row: Mapping[str, float], columns: Mapping[str, tuple[str, str, float]] = _SCORES
) -> Sequence[str]:
    return [written(row[name], form, factor) for name, (_, form, factor) in columns.items()]
