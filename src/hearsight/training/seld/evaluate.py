"""Judging events: let a system hear a split of a dataset, or read predictions, and judge them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import Progress

from hearsight.datasets import open_dataset
from hearsight.datasets.listing import AUDIO_FORMATS, ChallengeFolders, Listed
from hearsight.errors import DatasetError, InputError, nearest
from hearsight.events.events import Events
from hearsight.events.formats.dcase import read_dcase
from hearsight.events.multi_accdoa import N_TRACKS
from hearsight.inference.predict import predict_stored
from hearsight.inference.trained import TrainedSystem, means_weights
from hearsight.metrics.bounds import seld_bounds
from hearsight.metrics.definitions import Average
from hearsight.metrics.seld import seld_scores
from hearsight.systems.seld import SeldSystem
from hearsight.training.seld.evaluation import Evaluation
from hearsight.training.seld.pictures import pictures_of, prepare_pictures
from hearsight.training.seld.prepare import duration_of, prepare, store_of

SPLITS = ("test", "train")

Tell = Callable[[str], None]


def evaluate_events(
    subject: str | Path,
    data: str | Path,
    *,
    split: str = "test",
    year: int | None = None,
    average: Average | None = None,
    features: str | Path | None = None,
    device: str = "auto",
    tell: Tell = lambda _: None,
    is_watched: bool = False,
) -> Evaluation:
    """Judge a trained system, or predictions made by anything.

    For arguments and errors see `hearsight.training.evaluate.evaluate`.
    """
    if split not in SPLITS:
        msg = f"unknown split {split!r}; {nearest(split, SPLITS)}"
        raise InputError(msg)
    root, folder = Path(data), Path(subject)
    if not means_weights(folder):
        candidate = _predictions(folder, root, split)
    else:
        trained = TrainedSystem.load(subject, device)
        candidate = _system(trained, root, split, features, is_watched=is_watched)
    recordings, labels = candidate.recordings, candidate.labels
    truth = {each.name: each.events(labels, duration_of(each.audio)) for each in recordings}
    options: dict[str, Any] = {
        "year": year or candidate.year,
        "average": average,
        "labels": labels,
    }
    # Before anything is heard: what does not fit is refused at once.
    bounds = seld_bounds(truth, n_tracks=candidate.n_instances, **options)
    found = candidate.hear(truth, tell)
    notes = [*candidate.notes]
    scores = seld_scores(truth, found, interval="jackknife", **options)
    on_off = None
    if any(map(_tells_on_screen, found.values())) and scores.definition.with_on_screen:
        on_off = seld_scores(truth, found, require_on_screen=True, **options)
    elif scores.definition.with_on_screen:
        notes.append("No on-screen flags are told, so F on/off cannot be given.")
    rooms = {each.name: each.room for each in recordings}
    groups = scores.grouped(lambda name: str(rooms[name]))
    by_room = {room: groups[str(room)] for room in sorted(set(rooms.values()))}
    about = {**candidate.about, "data": str(data), "split": split}
    return Evaluation(about, scores, bounds, by_room, on_off, tuple(notes), found)


def _tells_on_screen(events: Events) -> bool:
    tracks = [event.track for event in events if event.track is not None]
    return any(not np.isnan(track.on_screen).all() for track in tracks)


@dataclass(frozen=True, eq=False)
class _Candidate:
    """What is to be judged, on which recordings, and how to get what it heard."""

    about: dict[str, Any]
    recordings: tuple[Listed, ...]
    labels: tuple[str, ...]
    year: int
    n_instances: int
    notes: tuple[str, ...]
    hear: Callable[[Mapping[str, Events], Tell], dict[str, Events]]


def _predictions(folder: Path, data: Path, split: str) -> _Candidate:
    formats = [each for each in AUDIO_FORMATS if (data / f"{each}_dev").is_dir()]
    dataset = open_dataset(data, *formats[:1])
    recordings = _annotated(dataset, split)
    usual, labels = 2025 if dataset.format == "stereo" else 2024, dataset.labels
    names_there = {file.stem for file in folder.glob("*.csv")}
    files = {each.name: folder / f"{each.name}.csv" for each in recordings}
    there = {name: file for name, file in files.items() if name in names_there}
    if not there:
        found = ", ".join(f"{name}.csv" for name in sorted(names_there)[:3])
        msg = (
            f"{folder}: no file is named as a recording of the {split} split; expected names such "
            f"as {recordings[0].name}.csv, found {found}"
        )
        raise InputError(msg)
    notes = []
    if len(there) < len(files):
        n_missing = len(files) - len(there)
        notes.append(f"{n_missing} of {len(files)} recordings have no file: scored as empty.")
    others = names_there - set(files)
    if others:
        notes.append(f"Not of this split and left out: {', '.join(sorted(others)[:5])}.")

    def read(truth: Mapping[str, Events], _: Tell) -> dict[str, Events]:
        heard = {name: Events((), labels, truth[name].duration) for name in files}
        for name, file in there.items():
            heard[name] = read_dcase(file, labels=labels, duration=truth[name].duration)
        return heard

    about = {"predictions": str(folder)}
    return _Candidate(about, recordings, labels, usual, N_TRACKS, tuple(notes), read)


def _system(
    trained: TrainedSystem,
    data: Path,
    split: str,
    features: str | Path | None,
    *,
    is_watched: bool,
) -> _Candidate:
    system = trained.of_kind(SeldSystem)
    dataset = open_dataset(data, system.audio_format)
    recordings = _annotated(dataset, split)
    notes = []
    if system.sees:
        n_all, recordings = len(recordings), tuple(each for each in recordings if each.video)
        if not recordings:
            msg = (
                f"{data}: the {split} split has no pictures, but {system.name} sees; add video_dev"
            )
            raise DatasetError(msg)
        if len(recordings) < n_all:
            notes.append(f"Without a picture and left out: {n_all - len(recordings)} of {n_all}.")
    noted = dataset.noted_labels
    if noted and noted != system.labels:
        other = sorted(set(noted) ^ set(system.labels)) or ["their order"]
        msg = (
            f"{data}: its class list is not that of {trained.folder} (different: "
            f"{', '.join(other)}); give data with the classes that the system was trained on"
        )
        raise InputError(msg)
    store = store_of(features or data / "features", system)

    def hear(truth: Mapping[str, Events], tell: Tell) -> dict[str, Events]:
        prepare(system, recordings, store, tell=tell, is_watched=is_watched)
        pictures = None
        if system.sees:
            pictures = pictures_of(store.folder.parent, system)
            prepare_pictures(system, recordings, pictures, tell=tell, is_watched=is_watched)
        heard = {}
        with Progress(console=Console(stderr=True), disable=not is_watched) as progress:
            for name in progress.track(list(truth), description=system.name):
                output = predict_stored(system, store, name, pictures=pictures)
                heard[name] = system.codec.decode(output, truth[name].duration)
        return heard

    about = {
        "system": system.name,
        "weights": str(trained.folder),
        "fingerprint": trained.fingerprint,
        "origin": trained.about["origin"],
    }
    return _Candidate(
        about,
        recordings,
        system.labels,
        system.year,
        system.codec.n_instances,
        (*notes, *_known_rooms(trained, data, recordings)),
        hear,
    )


def _known_rooms(
    trained: TrainedSystem, data: Path, recordings: Sequence[Listed]
) -> tuple[str, ...]:
    """Warn of rooms that the system has learnt in."""
    rooms = {each.room for each in recordings} & set(trained.training_rooms)
    if not rooms or trained.about["origin"].get("data") != data.resolve().name:
        return ()
    known = ", ".join(map(str, sorted(rooms)))
    return (f"The system has learnt in rooms that it is judged in ({known}): scores flatter.",)


def _annotated(dataset: ChallengeFolders, split: str) -> tuple[Listed, ...]:
    """Return the recordings of a split that can be judged."""
    listed = [each for each in dataset.recordings if each.split == split]
    known = tuple(each for each in listed if each.metadata is not None)
    if not known:
        why = f"the {len(listed)} recordings of" if listed else "there are no recordings in"
        msg = (
            f"{dataset.root}: {why} the {split} split{' have no annotations' * bool(listed)}; "
            f"expected metadata_dev/dev-{split}-*/*.csv, or choose another --split"
        )
        raise DatasetError(msg)
    return known
