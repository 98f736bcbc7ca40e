"""Whether systems see what sounds: `python -m benchmarks.looking` writes it into docs/results.md.

One generated set of pairs of picture and sound, on which all systems for heat maps are trained by
the recipe in looking.yaml, and judged with pictures that they have never seen. The folder of
--work keeps set and weights; what is there is not made again, and with another recipe refused.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from omegaconf import OmegaConf

from benchmarks.looking_section import Run, best_listener, section, system_of
from benchmarks.map_sheet import Column, write_sheet
from benchmarks.page import RESULTS, write_section
from hearsight.datasets.pairs import PairSet, open_pairs
from hearsight.errors import InputError, nearest
from hearsight.events.sounding import SIZE, SoundingBoxes
from hearsight.inference.pair_maps import map_pairs
from hearsight.scenes.pair_sets import PairSetSettings, write_pairs
from hearsight.systems.heatmap import HeatMapSystem
from hearsight.systems.settings import changed
from hearsight.training.fit import train
from hearsight.training.pairs.evaluate import evaluate_maps
from hearsight.training.pairs.listening import Map
from hearsight.weights.store import load_system

RECIPE = Path(__file__).with_name("looking.yaml")
N_SHOWN = 6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--systems", nargs="*", help="names of systems (all of the recipe)")
    parser.add_argument("--work", type=Path, default=Path("runs/looking"))
    parser.add_argument("--recipe", type=Path, default=RECIPE)
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    write_results(options.recipe, options.work, options.out, options.systems)
    print(f"{options.out}: written")


def write_results(
    recipe_file: Path, work: Path, out: Path, systems: Sequence[str] | None = None
) -> list[Run]:
    """Make what is missing in `work`, judge it, and write section and picture."""
    recipe: Any = OmegaConf.to_container(OmegaConf.load(recipe_file))
    names = chosen(list(recipe["runs"]), systems)
    settings = changed(PairSetSettings(), recipe["set"], str(recipe_file))
    corpus = work / "set"
    made = write_pairs(corpus, settings)  # refuses a folder with another set at once
    if not (corpus / "truth.json").is_file():  # which is written last
        print(f"{corpus}: {sum(1 for _ in made)} pairs made")
    runs = []
    for name in names:
        run_settings = OmegaConf.merge(recipe["shared"], recipe["runs"][name])
        runs.append(judged(name, work, corpus, OmegaConf.to_yaml(run_settings)))
    pairs = open_pairs(corpus)
    picture = out.parent / "images" / f"{out.stem}-maps.jpg"
    n_shown = write_picture(picture, runs, pairs)
    text = section(
        runs, settings, recipe=recipe_file.read_text(), n_shown=n_shown, picture=picture.name
    )
    write_section(out, "looking", text)
    return runs


def chosen(names: list[str], systems: Sequence[str] | None) -> list[str]:
    """Return the runs of some systems."""
    known = list(dict.fromkeys(map(system_of, names)))
    for system in systems or ():
        if system not in known:
            msg = f"the recipe has no system {system!r}; {nearest(system, known)}"
            raise InputError(msg)
    return [name for name in names if not systems or system_of(name) in systems]


def judged(name: str, work: Path, corpus: Path, settings: str) -> Run:
    """Train and judge a system, or judge it as it was trained before."""
    folder = work / name.replace(" ", "-")
    record, config = (folder.with_suffix(suffix) for suffix in (".json", ".yaml"))
    known = json.loads(record.read_text()) if record.is_file() else {}
    if known.get("settings") != settings:
        print(f"{name}: training")
        # Seconds that nobody counted cannot be added to.
        before = known.get("seconds") if folder.exists() else 0.0
        config.write_text(settings)
        begin = time.perf_counter()
        train(system_of(name), corpus, out=folder, config=config, tell=print)
        spent = time.perf_counter() - begin
        known = {
            "settings": settings,
            "seconds": None if before is None else before + spent,
            "threads": torch.get_num_threads(),
        }
        record.write_text(json.dumps(known, indent=2))
    minutes = None if known["seconds"] is None else known["seconds"] / 60
    done = evaluate_maps(folder, corpus)
    print(f"{name}: {' '.join(done.verdicts)}")
    return Run(name, folder, minutes, known["threads"], done)


def write_picture(path: Path, runs: Sequence[Run], pairs: PairSet) -> int:
    """Draw the maps of the first test pictures, and return of how many."""
    elsewhere = dict(pairs.silent)
    names = [name for name in pairs.test if name in elsewhere][:N_SHOWN]
    columns = [Column("picture, sound", (), [pairs.labels[name] for name in names])]
    for run in runs:
        pictures = run.done.scores.pictures
        found = [f"cIoU {100 * pictures[name].cious['maps']['adaptive']:.0f} %" for name in names]
        columns.append(column(run, "", [run.done.maps[name] for name in names], found))
    listener = best_listener(runs)
    system = load_system(listener.folder)
    assert isinstance(system, HeatMapSystem)
    others = [(name, elsewhere[name]) for name in names]
    heard = [pairs.labels[other] for _, other in others]
    maps = list(map_pairs(system, pairs.reader, others))
    columns.append(column(listener, "with another sound", maps, heard))
    maps = list(map_pairs(system, pairs.reader, others, heard="silence"))
    columns.append(column(listener, "with silence", maps, ["silence"] * len(names)))
    truths = [pairs.truth[name] for name in names]
    boxes = [truth.boxes for truth in truths if isinstance(truth, SoundingBoxes)]
    write_sheet(path, list(map(pairs.reader.picture, names)), boxes, columns)
    return len(names)


def column(run: Run, heard: str, maps: Sequence[Map], captions: Sequence[str]) -> Column:
    """Return a column of maps, on the scale of all that a system draws for the pictures' sounds."""
    known, style = np.stack(list(run.done.maps.values())), run.done.scores.style
    said = [
        caption + "\nsays nothing" * bool(style.enlarge(map_, SIZE).max() <= run.done.threshold)
        for map_, caption in zip(maps, captions, strict=True)
    ]
    return Column(f"{run.name} {heard}", maps, said, (float(np.median(known)), float(known.max())))


if __name__ == "__main__":
    main()
