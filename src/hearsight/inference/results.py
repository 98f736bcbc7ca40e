"""The result folder of one recording: whole or absent, and known again when asked for twice."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hearsight import __version__
from hearsight.errors import InputError, MediaError
from hearsight.events.scene import Scene
from hearsight.pictures.album import write_pictures
from hearsight.viewer.report import write_report

RUN_NAME = "run.json"
"""Says with which settings and from which files a folder was made; it makes a folder a result."""

EVENTS_NAME = "events.json"


def write_result(
    scene: Scene,
    folder: str | Path,
    *,
    run: Mapping[str, Any] | None = None,
    frame_rate: float | None = None,
) -> Path:
    """Write everything about a scene into a folder.

    `events.json`, `events.jsonl`, `events.csv` (DCASE 2024), `directions.csv`, `labels.txt`
    (Audacity), `captions.vtt`, `captions.srt`, `events.rttm`, `events.selections.txt` (Raven),
    `boxes.coco.json`, `heatmaps.npz`, the pictures, the overlay video and `report.html`.

    Parameters
    ----------
    scene : Scene
    folder : str or Path
        Takes the place of an earlier result; appears only when everything is written.
    run : mapping, optional
        What `run.json` shall say (see `describe_run`).
    frame_rate : float, optional
        Frames per second where the picture is a folder of pictures.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    InputError
        If something else than an earlier result stands at `folder`.
    MediaError
        If it cannot be written.
    """
    target = Path(folder).absolute()
    check_target(target)
    partial = target.with_name(f".{target.name}.part")
    earlier = target.with_name(f".{target.name}.old")
    made = [parent for parent in target.parents if not parent.exists()]
    try:
        _clear_up(target, partial, earlier)
        partial.mkdir(parents=True)
        _write_files(scene, partial, frame_rate)
        text = json.dumps(dict(run or {"version": __version__}), indent=2, sort_keys=True)
        (partial / RUN_NAME).write_text(f"{text}\n", encoding="utf-8")
        if target.exists():
            target.rename(earlier)
            partial.rename(target)
            shutil.rmtree(earlier, ignore_errors=True)
        else:
            partial.rename(target)
    except MediaError as error:
        raise MediaError(str(error).replace(str(partial), str(target))) from error
    except OSError as error:
        msg = f"{target}: cannot be written ({error.strerror or error}); choose another --out"
        raise MediaError(msg) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        if not target.exists():
            for folder_made in made:
                with contextlib.suppress(OSError):
                    folder_made.rmdir()
    return target


def _clear_up(target: Path, partial: Path, earlier: Path) -> None:
    """Remove what a run that was killed has left; what it was about to replace comes back."""
    if earlier.exists() and not target.exists():
        earlier.rename(target)
    for leftover in (partial, earlier):
        shutil.rmtree(leftover, ignore_errors=True)


def _write_files(scene: Scene, folder: Path, frame_rate: float | None) -> None:
    scene.to_json(folder / EVENTS_NAME)
    scene.to_jsonl(folder / "events.jsonl")
    scene.to_csv(folder / "events.csv")
    scene.to_directions(folder / "directions.csv")
    scene.to_audacity(folder / "labels.txt")
    scene.to_webvtt(folder / "captions.vtt")
    scene.to_srt(folder / "captions.srt")
    scene.to_rttm(folder / "events.rttm")
    scene.to_raven(folder / "events.selections.txt")
    if scene.projection is not None:
        scene.to_coco(folder / "boxes.coco.json")
    if scene.heatmaps:
        scene.to_npz(folder / "heatmaps.npz")
    write_pictures(scene, folder, frame_rate=frame_rate)
    write_report(scene, folder, frame_rate=frame_rate)


def is_result(folder: Path) -> bool:
    """Tell whether a folder is a result: another program's run.json alone does not make it one."""
    return (folder / RUN_NAME).is_file() and (folder / EVENTS_NAME).is_file()


def check_target(folder: Path) -> None:
    """Tell before the work whether a result can be written.

    Raises
    ------
    InputError
        If something else than a result or an empty folder stands at `folder`.
    MediaError
        If `folder` cannot be made.
    """
    if folder.is_dir() and (is_result(folder) or not any(folder.iterdir())):
        return
    if folder.exists():
        msg = f"{folder}: exists and is no result of hearsight; choose another place with --out"
        raise InputError(msg)
    place = next(parent for parent in folder.parents if parent.exists())
    if not (place.is_dir() and os.access(place, os.W_OK)):
        msg = f"{folder}: cannot be written in {place}; choose another place with --out"
        raise MediaError(msg)


def describe_run(files: list[Path], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Describe a run, so that an unchanged one is known again.

    Parameters
    ----------
    files : list of Path
        Everything that is read; folders stand for the files in them.
    settings : mapping
        Options, as plain values.

    Returns
    -------
    dict
        `version`, `settings`, and `files` with size and time of last change.
    """
    found = [f for each in files for f in (sorted(each.iterdir()) if each.is_dir() else [each])]
    stats = [(str(file.absolute()), file.stat()) for file in found if file.exists()]
    listing = [[name, stat.st_size, stat.st_mtime_ns] for name, stat in stats]
    digest = hashlib.sha256(json.dumps(listing).encode()).hexdigest()
    return {
        "version": __version__,
        "settings": dict(settings),
        "inputs": [str(file) for file in files],
        "inputs_sha256": digest,
    }


def is_done(folder: Path, run: Mapping[str, Any]) -> bool:
    """Tell whether a folder holds the result of just this run."""
    try:
        earlier = json.loads((folder / RUN_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return bool(earlier == json.loads(json.dumps(dict(run))))
