"""Locating in several recordings: which ones, where their results go, and going on after a stop."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hearsight.errors import HearsightError, InputError, MediaError
from hearsight.events.formats.structured import read_json
from hearsight.events.scene import Scene
from hearsight.inference.locate import locate_examined
from hearsight.inference.results import (
    EVENTS_NAME,
    check_target,
    describe_run,
    is_done,
    is_result,
    write_result,
)
from hearsight.recording.findings import examine

_VIDEO_SUFFIXES = {".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v"}
_SOUND_SUFFIXES = {".wav", ".flac", ".mp3", ".ogg", ".opus", ".m4a", ".aac", ".aif", ".aiff"}
MEDIA_SUFFIXES = frozenset(_VIDEO_SUFFIXES | _SOUND_SUFFIXES)
"""What is taken from a folder of recordings."""

DEFAULT_OUT = Path("results")


@dataclass(frozen=True)
class Job:
    """One recording to locate in.

    Parameters
    ----------
    path : Path
        The recording.
    out : Path
        The result's folder.
    """

    path: Path
    out: Path


@dataclass(frozen=True)
class Outcome:
    """What came of a job.

    Parameters
    ----------
    job : Job
    scene : Scene or None
        None if it failed.
    error : HearsightError or None
        Why it failed.
    was_done : bool
        Whether an earlier run had done it already.
    """

    job: Job
    scene: Scene | None
    error: HearsightError | None = None
    was_done: bool = False


def plan_jobs(inputs: Iterable[Path], out: Path | None, *, has_audio: bool) -> list[Job]:
    """Turn files and folders into jobs.

    Parameters
    ----------
    inputs : iterable of Path
        Recordings; folders of recordings, taken with all below them; with `has_audio`, a folder
        of numbered pictures is a recording itself.
    out : Path, optional
        For one file: the result's folder itself. For several: the folder of their folders.
        Default: `results/NAME`.
    has_audio : bool
        Whether the sound is given apart.

    Returns
    -------
    list of Job
        In the order given; none twice.

    Raises
    ------
    InputError
        If there is nothing to do, or a sound given apart would belong to several pictures.
    """
    given = list(inputs)
    is_single = len(given) == 1 and (has_audio or not given[0].is_dir())
    paths = list(dict.fromkeys(p for each in given for p in _expand(each, has_audio=has_audio)))
    if not paths:
        where = ", ".join(str(each) for each in given)
        msg = (
            f"{where}: no recordings there; give files such as .mp4 or .wav, or the sound that "
            "belongs to a folder of pictures with --audio"
        )
        raise InputError(msg)
    if has_audio and len(paths) > 1:
        msg = f"--audio belongs to one picture, got {len(paths)}; locate in them one by one"
        raise InputError(msg)
    if is_single:
        return [Job(paths[0], out or DEFAULT_OUT / paths[0].absolute().stem)]
    stems = [path.stem for path in paths]
    names = [p.stem if stems.count(p.stem) == 1 else p.name for p in paths]
    if len(set(names)) < len(names):
        names = ["_".join(p.parts[1:] if p.is_absolute() else p.parts) for p in paths]
    names = list(_made_distinct(names))
    return [Job(p, (out or DEFAULT_OUT) / name) for p, name in zip(paths, names, strict=True)]


def _made_distinct(names: list[str]) -> Iterator[str]:
    """Append numbers to what is still alike, such as x_y/a.wav and x/y_a.wav."""
    taken: set[str] = set()
    for name in names:
        tries = itertools.chain([name], (f"{name}_{number}" for number in itertools.count(2)))
        chosen = next(each for each in tries if each not in taken)
        taken.add(chosen)
        yield chosen


def _expand(path: Path, *, has_audio: bool) -> list[Path]:
    if not path.is_dir() or has_audio:
        return [path]
    return sorted(
        file
        for file in path.rglob("*")
        if file.suffix.lower() in MEDIA_SUFFIXES
        and file.is_file()
        and not any(part.startswith(".") for part in file.relative_to(path).parts)
        and not any(is_result(path / parent) for parent in file.relative_to(path).parents)
    )


def run_job(
    job: Job,
    *,
    finding_options: dict[str, Any],
    locating_options: dict[str, Any],
    is_forced: bool = False,
    progress: Callable[[float], None] = lambda _: None,
) -> Outcome:
    """Do one job, unless an earlier run has done it.

    Parameters
    ----------
    job : Job
    finding_options : dict
        Of `examine`.
    locating_options : dict
        Of `locate_examined`.
    is_forced : bool
        Do it again in any case.
    progress : callable
        Told which part is done, in [0, 1].

    Returns
    -------
    Outcome
        Errors raised on purpose are in it, so that other jobs can go on.
    """
    try:
        return _run_job(job, finding_options, locating_options, progress, is_forced=is_forced)
    except HearsightError as error:
        return Outcome(job, None, error)
    except OSError as error:
        # Such as a name that is too long, a folder that may not be entered, a full /tmp.
        reason = error.strerror or str(error)
        place = error.filename or job.path
        msg = f"{place}: cannot be read or written ({reason}); check name, rights and space"
        return Outcome(job, None, MediaError(msg))


def _run_job(
    job: Job,
    finding_options: dict[str, Any],
    locating_options: dict[str, Any],
    progress: Callable[[float], None],
    *,
    is_forced: bool,
) -> Outcome:
    check_target(job.out.absolute())
    if job.path.resolve().is_relative_to(job.out.resolve()):
        msg = f"{job.path}: lies in {job.out}, which would be replaced; choose another --out"
        raise InputError(msg)
    settings = {
        k: v if v is None else str(v) for k, v in (finding_options | locating_options).items()
    }
    if (system := locating_options.get("system")) is not None:
        settings["system"] = system.fingerprint
    files = [job.path, *(Path(p) for k in ("audio", "geometry") if (p := finding_options.get(k)))]
    run = describe_run(files, settings)
    if not is_forced and is_done(job.out, run):
        # A result that was damaged since is made again.
        with contextlib.suppress(HearsightError):
            return Outcome(job, read_json(job.out / EVENTS_NAME), was_done=True)
    findings = examine(job.path, **finding_options)
    scene = locate_examined(
        findings, progress=lambda share: progress(0.7 * share), **locating_options
    )
    write_result(scene, job.out, run=run, frame_rate=locating_options.get("frame_rate"))
    progress(1.0)
    return Outcome(job, scene)
