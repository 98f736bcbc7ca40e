"""Whether events are found that are both heard and seen: writes its section of docs/results.md.

    python -m benchmarks.clips --encoders runs/looking/visual-context-with-silence-and-noise

One generated set of clips, whose features the encoders make; on it all systems are trained by the
recipe in clips.yaml, each with several seeds, and judged with clips that they have never seen. The
folder of --work keeps set and weights; what is there is not made again.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from omegaconf import OmegaConf

from benchmarks.clips_section import ClipRun, section
from benchmarks.map_sheet import Column, write_sheet
from benchmarks.page import RESULTS, write_section
from hearsight.datasets.clips import open_clips
from hearsight.inference.trained import TrainedSystem
from hearsight.recording.video import iterate_frames
from hearsight.scenes.clip_sets import ClipSetSettings, write_clips
from hearsight.systems import find
from hearsight.systems.matching import MatchingSystem
from hearsight.systems.segments import SegmentSystem
from hearsight.systems.settings import changed
from hearsight.training.clips.corpus import Corpus
from hearsight.training.clips.data import stacked
from hearsight.training.clips.evaluate import evaluate_clips
from hearsight.training.clips.settings import ClipData
from hearsight.training.fit import train

RECIPE = Path(__file__).with_name("clips.yaml")
N_SHOWN = 6
SHOWN = ("av-att", "dmrn", "psp", "av-att, weak labels")
SECOND = 4
"""Which second of a clip is drawn, if something in view sounds then."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--encoders", required=True, help="as data.encoders takes them")
    parser.add_argument("--work", type=Path, default=Path("runs/clips"))
    parser.add_argument("--recipe", type=Path, default=RECIPE)
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    write_results(options.recipe, options.encoders, options.work, options.out)
    print(f"{options.out}: written")


def write_results(recipe_file: Path, encoders: str, work: Path, out: Path) -> list[ClipRun]:
    """Make what is missing in `work`, judge it, and write section and picture."""
    recipe: Any = OmegaConf.to_container(OmegaConf.load(recipe_file))
    settings = changed(ClipSetSettings(), recipe["set"], str(recipe_file))
    corpus = work / "set"
    n_made = sum(1 for _ in write_clips(corpus, settings))
    print(f"{corpus}: {n_made} clips")
    _encode(corpus, encoders, recipe)
    runs = []
    for name, own in recipe["runs"].items():
        runs.append(ClipRun(name, *_trained(name, own, recipe, encoders, work, corpus)))
    picture = out.parent / "images" / f"{out.stem}-attention.jpg"
    n_shown = write_picture(picture, runs, corpus)
    text = section(
        runs,
        settings,
        claims=recipe["claims"],
        recipe=recipe_file.read_text(),
        encoders=encoders,
        picture=picture.name,
        n_shown=n_shown,
    )
    write_section(out, "clips", text)
    return runs


def _encode(corpus: Path, encoders: str, recipe: Mapping[str, Any]) -> None:
    """Make all features, so that no run's minutes hold it."""
    given = {**recipe["shared"]["data"], "encoders": encoders.split(",")}
    opened = Corpus.open(corpus, changed(ClipData(), given), corpus / "features")
    clips = opened.clips
    rows = (*clips.train, *clips.validation, *clips.test, *clips.negative_rows)
    opened.prepare(rows, print, is_watched=False)


def _trained(
    name: str,
    own: Mapping[str, Any],
    recipe: Mapping[str, Any],
    encoders: str,
    work: Path,
    data: Path,
) -> tuple[tuple[Any, ...], float]:
    """Train a run with each seed, or take what was trained before; return judgments, minutes."""
    system = system_of(name)
    kind = find(system).kind
    group = recipe["of_matches" if kind is MatchingSystem else "of_seconds"]
    own = dict(own)
    start = own.pop("start", None)
    done, minutes = [], 0.0
    for seed in recipe["seeds"]:
        given = OmegaConf.merge(recipe["shared"], group, own)
        given = OmegaConf.merge(
            given, {"training": {"seed": seed}, "data": {"encoders": encoders.split(",")}}
        )
        if not _has_attention(system) and "system" in given:
            given["system"].pop("audio_axis", None)
        if start is not None:
            given = OmegaConf.merge(given, {"data": {"start": str(_folder(work, start, seed))}})
        folder = _folder(work, name, seed)
        minutes += _train(system, folder, data, OmegaConf.to_yaml(given))
        done.append(evaluate_clips(folder, data, features=data / "features"))
        print(f"{name}, seed {seed}: {' '.join(done[-1].verdicts)}")
    return tuple(done), minutes / len(done)


def _has_attention(system: str) -> bool:
    return hasattr(find(system).settings(), "audio_axis")


def _train(system: str, folder: Path, data: Path, settings: str) -> float:
    record, config = folder.with_suffix(".json"), folder.with_suffix(".yaml")
    known = json.loads(record.read_text()) if record.is_file() else {}
    if known.get("settings") != settings:
        config.parent.mkdir(parents=True, exist_ok=True)
        config.write_text(settings)
        begin = time.perf_counter()
        train(system, data, out=folder, config=config)
        spent = time.perf_counter() - begin
        known = {
            "settings": settings,
            "minutes": spent / 60,
            "threads": torch.get_num_threads(),
        }
        record.write_text(json.dumps(known, indent=2))
    return float(known["minutes"])


def _folder(work: Path, name: str, seed: int) -> Path:
    return work / f"{name.replace(',', '').replace(' ', '-')}-seed{seed}"


def system_of(name: str) -> str:
    """Return the system that a run is of."""
    return name.split(",")[0].split()[0]


def write_picture(path: Path, runs: list[ClipRun], data: Path) -> int:
    """Draw where systems look in a second of the first test clips, and return of how many."""
    clips = open_clips(data)
    assert clips.boxes is not None
    rows = [
        row
        for row in clips.test
        if clips.labels(row)[SECOND] != clips.background
        and clips.boxes[clips.name(row)][SECOND].boxes
    ]
    step = max(1, len(rows) // N_SHOWN)
    rows = rows[::step][:N_SHOWN]  # which are sorted by class
    boxes = [clips.boxes[clips.name(row)][SECOND].boxes for row in rows]
    pictures = [
        next(picture for _, picture in iterate_frames(clips.videos[clips.name(row)], start=SECOND))
        for row in rows
    ]
    labels = [clips.classes[clips.video_label(row)] for row in rows]
    columns = [Column("picture, event", (), labels)]
    for run in runs:
        if run.name not in SHOWN:
            continue
        trained = TrainedSystem.load(run.done[0].folder, "cpu")
        system = trained.of_kind(SegmentSystem)
        corpus = Corpus.open(data, ClipData(), data / "features", system.encoders)
        batch = stacked([corpus.source.read(row) for row in rows])
        answer = system.answer(batch["video"], batch["audio"])
        assert answer.attention is not None
        maps = answer.attention[:, SECOND].numpy()
        said = answer.probabilities[:, SECOND].argmax(dim=-1).tolist()
        captions = [(*clips.classes, "background")[label] for label in said]
        maps = [map_ / map_.max() for map_ in maps]
        columns.append(Column(run.name, maps, captions, (0.0, 1.0)))
    write_sheet(path, pictures, boxes, columns)
    return len(rows)


if __name__ == "__main__":
    main()
