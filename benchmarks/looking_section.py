"""What `benchmarks.looking` writes: trained systems in words and tables."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.page import row, table
from hearsight.metrics.intervals import Interval
from hearsight.scenes.pair_sets import PairSetSettings
from hearsight.systems.system import weight_count
from hearsight.training.pairs.evaluation import PairEvaluation
from hearsight.weights.store import load_system

SECTION = """## Which pixels make the sound

Made by

```console
$ python -m benchmarks.looking
```

which makes the set, trains, judges and writes this section; every figure of it is of one run.

{n_train:,} pairs of picture and sound to learn from and {n_test} others to judge by, made by the
[generator](generator.md) (seed {seed}): pictures of {size_px} x {size_px} pixels with {least} to
{most} things of different classes, of which one is heard for {duration:g} s. Each of the
{n_classes} classes has its looks and its procedural sounds; nothing but the sound tells which thing
of a picture sounds. The systems learn from pictures and sounds alone and begin with random weights;
boxes are for judging. Of the training pairs {n_held} are held out, to find the threshold above
which a map says that something in view sounds. The recipe:

```yaml
{recipe}```

{trainings}

### Where the sound comes from

Success: the share of test pictures with a cIoU of 50 % or more, which means that marked area and
box have in common half of what they cover together. In brackets, 95 % bootstrap intervals. Papers
mark half of each picture, and so can hardly succeed where sources are smaller (see the ceiling);
marking as much as is annotated only asks where. Floors are [scored without
listening](heatmap-metrics.md).

{scores}

{verdicts}

### Whether they listen

With a sound of another class, success should fall to the floor; and to a sound that nothing in view
makes, a map should say nothing, which is to lie nowhere above the system's threshold. F_LOC is high
if maps mark the source at that threshold, and no part of the picture with other sounds. IIoU: the
share of {n_interactive} more pictures in which both of two things are found, each by its own sound.

{listening}

### Maps

![Heat maps of test pictures by each system](images/{picture})

The first {n_shown} pictures of the test list, with the box of what is heard; under each map its
cIoU with as much marked as annotated, and whether it says nothing. The colors of a system run from
the median to the greatest value of all its maps of test pictures. What best says nothing,
{shown_twice}, is also shown with another sound, named below, and with silence. Generated things are
easier to tell apart than real ones: no figure here can be compared with one on VGG-SS or
Flickr-SoundNet.
"""


@dataclass(frozen=True, eq=False)
class Run:
    """A trained system and what is known of it.

    Parameters
    ----------
    name : str
        As the recipe has it.
    folder : Path
        With the weights.
    minutes : float or None
        That training took, with loading and validation; None if it was interrupted.
    n_threads : int
        On which it was trained.
    done : PairEvaluation
    """

    name: str
    folder: Path
    minutes: float | None
    n_threads: int
    done: PairEvaluation


def best_listener(runs: Sequence[Run]) -> Run:
    """Return the run that most often says nothing to silence and noise."""

    def share(run: Run) -> float:
        said = run.done.listening.says_nothing if run.done.listening else {}
        return said.get("silence", 0.0) + said.get("noise", 0.0)

    return max(runs, key=share)


def system_of(name: str) -> str:
    """Return the system that a run is of."""
    return name.split()[0]


def percent(share: float) -> str:
    """Write a share."""
    return f"{100 * share:.1f} %"


def reach(interval: Interval) -> str:
    """Write an interval of a share; nothing if it cannot be told."""
    if math.isnan(interval.low):
        return ""
    return f" ({100 * interval.low:.1f} to {100 * interval.high:.1f})"


def linked(name: str) -> str:
    """Write a run's name with a link to the page of its system."""
    system = system_of(name)
    return f"[{system}](systems/{system}.md){name.removeprefix(system)}"


def section(
    runs: Sequence[Run],
    settings: PairSetSettings,
    *,
    recipe: str,
    n_shown: int,
    picture: str,
) -> str:
    """Write the section."""
    first = runs[0]
    least, most = settings.n_things
    return SECTION.format(
        n_train=settings.n_train,
        n_test=settings.n_test,
        seed=settings.seed,
        size_px=settings.size_px,
        least=least,
        most=most,
        duration=settings.duration,
        n_classes=len(set(first.done.scores.labels.values())),
        n_held=first.done.about["origin"]["validation"]["pairs"],
        recipe=recipe,
        trainings=table(("run", "weights", "epochs", "minutes", "CPU threads"), trainings(runs)),
        scores=table(SCORES, score_rows(runs)),
        verdicts="\n".join(f"- {verdict(run)}" for run in runs),
        listening=table(LISTENING, map(listening_row, runs)),
        n_interactive=settings.n_interactive,
        picture=picture,
        n_shown=n_shown,
        shown_twice=best_listener(runs).name,
    )


def trainings(runs: Sequence[Run]) -> Iterator[str]:
    """Write what each training was."""
    for run in runs:
        weights = weight_count(load_system(run.folder))
        minutes = "interrupted" if run.minutes is None else f"{run.minutes:.1f}"
        epochs = run.done.about["origin"]["epoch"]
        yield row(linked(run.name), f"{weights:,}", epochs, minutes, run.n_threads)


RULES = ("adaptive", "median", "universal")

SCORES = (
    "",
    "success, as much marked as annotated",
    "mean cIoU",
    "AUC",
    "success, half marked",
    "mean cIoU",
    "AUC",
    "success, above the threshold",
)


def score_rows(runs: Sequence[Run]) -> Iterator[str]:
    """Write the scores of each system, then what they stand beside."""
    for run in runs:
        adaptive, median, universal = (own_cells(run, rule) for rule in RULES)
        yield row(f"**{linked(run.name)}**", *adaptive, *median, universal[0])
        for variant, found in run.done.variants.items():
            kind = {"visual": "without any sound", "guided": "mixed with objects"}[variant]
            cells = (percent(found[score]) for score in ("success", "mean_ciou", "auc"))
            yield row(f"{run.name}, {kind}", *cells, *[""] * 4)
    # Of the same pictures, so the same for all systems; but not at a system's own threshold.
    scores = runs[0].done.scores
    for name in (*scores.floors, "ceiling"):
        cells = (
            percent(value) for rule in RULES[:2] for value in scores.table[name][rule].values()
        )
        yield row(name if name == "ceiling" else f"floor: {name}", *cells, "")


def own_cells(run: Run, rule: str) -> list[str]:
    """Write the scores of a system by a threshold rule."""
    scores = run.done.scores
    success, *others = (percent(value) for value in scores.table["maps"][rule].values())
    return [f"{success}{reach(scores.intervals[rule]['success'])}", *others]


LISTENING = (
    "",
    "success with the own sound",
    "with another's",
    "says nothing to the own sound",
    "to a sound out of view",
    "to silence",
    "to noise",
    "F_LOC",
    "IIoU",
)


def listening_row(run: Run) -> str:
    """Write what a system makes of other sounds."""
    heard, several = run.done.listening, run.done.interactive
    assert heard is not None
    assert several is not None
    swapped = "-"
    if heard.swapped is not None:
        value = percent(heard.swapped["swapped"]["success"])
        swapped = f"{value}{reach(heard.swapped.intervals['swapped']['success'])}"
    silent = (heard.says_nothing.get(kind) for kind in ("own", "off_screen", "silence", "noise"))
    return row(
        f"**{linked(run.name)}**",
        percent(run.done.scores["success"]),
        swapped,
        *("-" if share is None else percent(share) for share in silent),
        percent(heard.negative["all"]["f_loc"]),
        percent(several["adaptive"]["iiou"]),
    )


def verdict(run: Run) -> str:
    """Say whether a system clears its floors, and whether it listens, in a sentence."""
    scores, heard = run.done.scores, run.done.listening
    assert heard is not None
    low, high, _ = (100 * bound for bound in scores.margin)
    clears = "clears" if scores.clears_floors else "does not clear"
    margin = 100 * (scores["success"] - scores.table[scores.best_floor][scores.rule]["success"])
    return (
        f"**{run.name}** {clears} its best floor, {scores.best_floor} ({margin:+.1f} points, "
        f"{low:+.1f} to {high:+.1f}), and with the sounds of other pictures {falls(run)}."
    )


def falls(run: Run) -> str:
    """Say what becomes of success with other sounds."""
    heard = run.done.listening
    assert heard is not None
    if heard.follows_sound is None:
        return "could not be tried"
    if not heard.follows_sound:
        return "is not shown to lose anything"
    return "falls to the floor" if heard.falls_to_floor else "loses, but stays above the floor"
