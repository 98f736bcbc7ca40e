"""What `benchmarks.clips` writes: trained systems for clips in words and tables."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.page import row, table
from hearsight.metrics.intervals import Interval, bootstrap, resampling_weights
from hearsight.metrics.matching import DIRECTIONS
from hearsight.scenes.clip_sets import ClipSetSettings
from hearsight.systems import find
from hearsight.systems.system import weight_count
from hearsight.training.clips.evaluation import ClipEvaluation, MatchingEvaluation
from hearsight.weights.store import is_weights_folder, load_system, read_about

N_DRAWS = 2000

SECTION = """## When it is both heard and seen

Made by

```console
$ python -m benchmarks.clips --encoders {encoders}
```

which makes the set, encodes it, trains, judges and writes this section. What sees and hears does
not learn here: {learned}

{n_train} clips of {n_segments} s to learn from, {n_validation} to choose weights by, {n_test} to
judge by and {n_negatives} without events for weak labels, made by the [generator](generator.md)
(seed {seed}). Two thirds of the events fill their clip; the others begin or end within it, since
the thing falls silent, leaves the picture, or both. Often another class sounds from off screen.
The recipe; every run is trained with each of the seeds:

```yaml
{recipe}```

### Labels of seconds

Shares of the test clips' seconds that are labeled right, background counted as a class: mean of the
seeds, in brackets the 95 % bootstrap interval over clips, then the least and the greatest of the
seeds. Boundary: in clips in which the label changes. F1: of events that share half of their time.
Where it looks: success of the attention's maps in seconds of events, as in the section above.
Floors neither hear nor see; the last is told the class of each clip, but not when.

{segments}

### The paper's claims

Differences of accuracy on the same clips, mean of the seeds, with 95 % bootstrap intervals over
clips.

{claims}

### Matching

Events that do not fill their clip, whose first second is found in the other modality: mean of the
seeds, interval over clips of the first.

{matching}

### Where they look

![Attention in test clips by each system](images/{picture})

Second 5 of {n_shown} test clips with the box of what is heard; under each map what the system takes
the second for. Generated clips are easier than real ones: no figure here can be compared with one
on AVE.
"""


@dataclass(frozen=True, eq=False)
class ClipRun:
    """A recipe's run with all its seeds.

    Parameters
    ----------
    name : str
    done : tuple of ClipEvaluation or of MatchingEvaluation
        One for each seed.
    minutes : float
        Of training, mean of the seeds.
    """

    name: str
    done: tuple[Any, ...]
    minutes: float

    @functools.cached_property
    def right(self) -> NDArray[np.float64]:
        """Share of right seconds of each clip, mean of the seeds."""
        return np.mean([_right(done).mean(axis=1) for done in self.done], axis=0)


def section(
    runs: Sequence[ClipRun],
    settings: ClipSetSettings,
    *,
    claims: Sequence[tuple[str, str, str]],
    recipe: str,
    encoders: str,
    picture: str,
    n_shown: int,
) -> str:
    """Write all that is known of some runs."""
    labeling = [run for run in runs if isinstance(run.done[0], ClipEvaluation)]
    matching = [run for run in runs if isinstance(run.done[0], MatchingEvaluation)]
    return SECTION.format(
        **{name: getattr(settings, name) for name in settings.__dataclass_fields__},
        recipe=recipe,
        encoders=encoders,
        learned=_learned(encoders),
        picture=picture,
        n_shown=n_shown,
        segments=_segments(labeling),
        claims="\n".join(_claims({run.name: run for run in labeling}, claims)),
        matching=_matching(matching),
    )


def _learned(encoders: str) -> str:
    """Say what the encoders are, if they are the parts of a system for heat maps."""
    if not is_weights_folder(encoders):
        return f"`{encoders}`."
    about = read_about(encoders)
    name = about["system"]
    usual = dataclasses.asdict(find(name).settings())
    changes = [
        f"`{key}` {value}"
        for key, value in about["settings"].items()
        if value != usual[key] and not isinstance(value, dict)
    ]
    n_pairs = about["origin"]["train"]["pairs"]
    return (
        f"the trunks of [{name}](systems/{name}.md) with {', '.join(changes)}, which has learned "
        f"from the {n_pairs:,} pairs of the section above for {about['origin']['epoch']} epochs."
    )


def _segments(runs: Sequence[ClipRun]) -> str:
    headings = (
        *("", "weights", "minutes", "accuracy", "of the seeds", "in events", "in background"),
        *("boundary", "F1", "where it looks"),
    )
    rows = []
    for run in runs:
        seeds = [done.segments["accuracy"] for done in run.done]
        n_weights = weight_count(load_system(run.done[0].folder))
        rows.append(
            row(
                f"**{_linked(run.name)}**",
                f"{n_weights:,}",
                f"{run.minutes:.1f}",
                f"{_percent(np.mean(seeds))}{_reach(_interval(run.right))}",
                f"{_percent(min(seeds))} to {_percent(max(seeds))}",
                *(
                    _percent(np.mean([done.segments[score] for done in run.done]))
                    for score in ("event_accuracy", "background_recall", "boundary_accuracy")
                ),
                _percent(np.mean([done.events["overlap"]["f1"] for done in run.done])),
                _looks(run),
            )
        )
    first = runs[0].done[0]
    for floor, scores in first.segments.table.items():
        if floor != "labels":
            names = ("event_accuracy", "background_recall", "boundary_accuracy")
            cells = (_percent(scores[name]) for name in ("accuracy", *names))
            accuracy, *others = cells
            rows.append(row(f"floor: {floor}", "", "", accuracy, "", *others, "", ""))
    if first.attention is not None:
        scores = first.attention
        best = scores.table[scores.best_floor][scores.rule]["success"]
        cells = ("",) * 8
        rows.append(row(f"floor of where it looks: {scores.best_floor}", *cells, _percent(best)))
    return table(headings, rows)


def _looks(run: ClipRun) -> str:
    found = [done.attention for done in run.done]
    if found[0] is None:
        return ""
    return _percent(np.mean([each.table["maps"][each.rule]["success"] for each in found]))


def _claims(runs: dict[str, ClipRun], claims: Sequence[tuple[str, str, str]]) -> Iterator[str]:
    for better, worse, said in claims:
        difference = runs[better].right - runs[worse].right
        interval = _interval(difference)
        if interval.low > 0.0:
            verdict = "holds here"
        else:
            verdict = "does not hold here" if interval.high < 0.0 else "cannot be told here"
        yield (
            f"- {said[0].upper()}{said[1:]}: {verdict} ({100 * difference.mean():+.1f} points, "
            f"{100 * interval.low:+.1f} to {100 * interval.high:+.1f})."
        )


def _matching(runs: Sequence[ClipRun]) -> str:
    headings = ("", "minutes", "sound given, found in pictures", "pictures given, found in sound")
    rows = []
    for run in runs:
        cells = []
        for direction in DIRECTIONS:
            mean = np.mean([done.scores.accuracy[direction] for done in run.done])
            cells.append(f"{_percent(mean)}{_reach(run.done[0].scores.intervals[direction])}")
        rows.append(row(f"**{_linked(run.name)}**", f"{run.minutes:.1f}", *cells))
    for floor, value in runs[0].done[0].scores.floors.items():
        rows.append(row(f"floor: {floor}", "", _percent(value), _percent(value)))
    return table(headings, rows)


def _right(done: ClipEvaluation) -> NDArray[np.bool_]:
    return done.segments.predicted == done.segments.truth


def _interval(values: NDArray[np.float64]) -> Interval:
    weights = resampling_weights(len(values), N_DRAWS, np.random.default_rng(0))
    return bootstrap(float(values.mean()), weights @ values / weights.sum(axis=1))


def _percent(share: Any) -> str:
    return f"{100 * float(share):.1f} %"


def _reach(interval: Interval) -> str:
    return f" ({100 * interval.low:.1f} to {100 * interval.high:.1f})"


def _linked(name: str) -> str:
    system = name.split(",")[0]
    return f"[{system}](systems/{system}.md){name.removeprefix(system)}"
