"""Whether SELDnet learns: `python -m benchmarks.learning [FOLDER]` writes it into docs/results.md.

A corpus of simulated rooms, a reduced system trained on some of them, judged in others that were
neither learned nor used to choose anything. FOLDER keeps corpus and weights; what is there is not
made again.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import torch

from benchmarks.page import RESULTS, write_section
from hearsight.datasets import open_dataset
from hearsight.events.scene import Scene
from hearsight.pictures.azimuth import write_azimuth
from hearsight.scenes.planner import SceneSettings
from hearsight.scenes.starss23 import Starss23Settings, write_starss23
from hearsight.systems.system import weight_count
from hearsight.training.fit import train
from hearsight.training.seld.evaluate import evaluate_events
from hearsight.training.seld.evaluation import Evaluation
from hearsight.weights.store import load_system

N_RECORDINGS = 200
SCENE = SceneSettings(
    duration=30.0, n_sources=10, max_polyphony=2, n_silent=0, elevation_deg=(-45.0, 45.0)
)
CORPUS = Starss23Settings(SCENE, rt60_s=0.3, seed=7, kinds=("foa",))

SETTINGS = Path(__file__).with_name("learning.yaml")

SCORES = {
    "error_rate": ("ER", "{:.2f}"),
    "f_score": ("F", "{:.1%}"),
    "localization_error": ("LE", "{:.1f}°"),
    "localization_recall": ("LR", "{:.1%}"),
    "seld_score": ("SELD", "{:.3f}"),
}

SECTION = """## SELDnet on simulated rooms

Made by

```console
$ python -m benchmarks.learning
```

which makes the corpus, trains, judges and writes this section; every figure of it is of one run.

{n_recordings} recordings of {duration:g} s by the [generator](generator.md) (seed {seed}),
{minutes:g} minutes in all: thirteen classes of procedural sounds, {n_sources} sounds each, up to
{polyphony} at once, half of them moving, up to {elevation:g}° above and below the listener, rooms
with an RT60 of about {rt60:g} s, noise at {snr:g} dB.
Half of the recordings, in rooms {learned}, are the training split, of which
rooms {chosen} only choose the best weights; the rooms of the test split, {tested},
are heard for the first time when they are judged.

A SELDnet of {weights:,} weights (the published one has 737,141):

```yaml
{settings}```

Trained in {train_minutes:.1f} minutes on {threads} CPU cores, loading and validation included;
best weights after epoch {epoch}. Scores on the test split by the rules of 2023, with 95 %
jackknife intervals, beside [floors and ceilings](metrics.md):

{scores}

{verdict}

![Azimuth and elevation over time in one recording, with the truth](images/results-azimuth.png)

One recording of the test split: what was heard in colors, the truth in gray.

| class | F | LE | LR |
|---|---|---|---|
{classes}

LE, averaged over classes, counts 180° for a class that was never found. Procedural sounds are
easier to tell apart than recorded ones, and no figure here can be compared with one on STARSS23.
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=Path("runs/learning"))
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    corpus, run = options.folder / "corpus", options.folder / "seldnet"
    for place in write_starss23(corpus, N_RECORDINGS, CORPUS):
        print(place.name, end=" ", flush=True)
    print()
    spent = trained(corpus, run)
    done = evaluate_events(run, corpus)
    write_section(options.out, "learning", section(done, run, spent))
    name, heard = next(iter(done.predictions.items()))
    recording = next(each for each in open_dataset(corpus).recordings if each.name == name)
    picture = options.out.parent / "images" / "results-azimuth.png"
    write_azimuth(Scene(heard), picture, recording.events(heard.labels))
    print(f"{options.out}: written")


def trained(corpus: Path, run: Path) -> dict[str, float]:
    """Train, or find trained; return the seconds it took when done in one go, and the threads."""
    record = run.with_suffix(".json")
    if not record.is_file():
        begin = time.perf_counter()
        train("seldnet", corpus, out=run, config=SETTINGS, tell=print)
        spent = {"seconds": time.perf_counter() - begin, "threads": torch.get_num_threads()}
        record.write_text(json.dumps(spent))
    known: dict[str, float] = json.loads(record.read_text())
    return known


def section(done: Evaluation, run: Path, spent: Mapping[str, float]) -> str:
    about = json.loads((run / "system.json").read_text())
    origin = about["origin"]
    assert CORPUS.noise is not None
    return SECTION.format(
        n_recordings=N_RECORDINGS,
        duration=SCENE.duration,
        seed=CORPUS.seed,
        minutes=N_RECORDINGS * SCENE.duration / 60,
        n_sources=SCENE.n_sources,
        polyphony=SCENE.max_polyphony,
        elevation=SCENE.elevation_deg[1],
        rt60=CORPUS.rt60_s,
        snr=CORPUS.noise.snr_db,
        learned=listed([*origin["train"]["rooms"], *origin["validation"]["rooms"]]),
        chosen=listed(origin["validation"]["rooms"]),
        tested=listed(done.by_room),
        weights=weight_count(load_system(run)),
        settings=SETTINGS.read_text(),
        train_minutes=spent["seconds"] / 60,
        threads=spent["threads"],
        epoch=origin["epoch"],
        scores="\n".join(score_table(done)),
        verdict=done.verdict,
        classes="\n".join(class_rows(done)),
    )


def listed(rooms: Iterable[int]) -> str:
    """Write room numbers as a person does."""
    *first, last = map(str, sorted(rooms))
    return f"{', '.join(first)} and {last}" if first else last


def score_table(done: Evaluation) -> Iterator[str]:
    """Write the scores of all recordings, their intervals, and what they stand beside."""
    yield "| | " + " | ".join(title for title, _ in SCORES.values()) + " |"
    yield "|---" * (len(SCORES) + 1) + "|"
    yield row("**SELDnet**", done.scores.overall)
    for side in ("low", "high"):
        limits = {name: getattr(done.scores.intervals[name], side) for name in SCORES}
        yield row(f"95 %, {side}", limits)
    for name, bound in done.bounds.items():
        kind = "ceiling" if name.startswith("oracle") else "floor"
        yield row(f"{kind}: {name.replace('_', ' ')}", bound.overall)


def row(title: str, scores: Mapping[str, float]) -> str:
    """Write one row of a table."""
    cells = (form.format(scores[name]) for name, (_, form) in SCORES.items())
    return f"| {title} | " + " | ".join(cells) + " |"


def class_rows(done: Evaluation) -> Iterator[str]:
    """Write the scores of each class."""
    for label, scores in done.scores.by_class.items():
        names = ("f_score", "localization_error", "localization_recall")
        cells = (SCORES[name][1].format(scores[name]) for name in names)
        yield f"| {label} | " + " | ".join(cells) + " |"


if __name__ == "__main__":
    main()
