"""Features of a dataset, computed once before a system is trained.

Recordings are worked on one by one, or several at a time by processes of their own. What is done is
kept: an interrupted run goes on where it stopped. A recording that cannot be read is named at the
end, and the others are there all the same.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import multiprocessing
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress

from hearsight.datasets.listing import AudioFormat, Listed
from hearsight.errors import DatasetError, HearsightError, MediaError
from hearsight.features.extractor import Feature
from hearsight.features.normalize import FeatureStatistics, file_list_hash
from hearsight.features.store import FeatureStore
from hearsight.features.streaming import store_features
from hearsight.recording.audio import iterate_audio
from hearsight.recording.container import open_container
from hearsight.recording.grid import LABEL_HOP_S
from hearsight.recording.recording import MIN_SAMPLE_RATE
from hearsight.systems.seld import N_CHANNELS, SeldSystem
from hearsight.training.threads import one_thread

_BLOCK_S = 20  # of sound in memory, and tried before all is estimated
_FRAMES_AT_ONCE = 1 << 14

_NAMED = 20
_ITEM_BYTES = 4
"""Features are stored in single precision."""


@dataclass(frozen=True)
class _Job:
    """All that is needed to compute the features of a recording, in any process."""

    listed: Listed
    store: FeatureStore
    feature: Feature
    sample_rate: int
    audio_format: AudioFormat

    def run(self) -> None:
        """Compute and keep the features."""
        name, audio = self.listed.name, self.listed.audio
        store_features(self.store, name, self.feature, self.blocks(), audio)

    def blocks(self) -> Iterator[NDArray[np.float32]]:
        """Read the sound, (channels, samples), at the system's sample rate."""
        path, rate = self.listed.audio, self.sample_rate
        if self._checked_rate() != rate:
            yield from iterate_audio(path, block=_BLOCK_S * rate, sample_rate=rate)
            return
        # Ten times as fast as decoding by FFmpeg, which short recordings would notice.
        with _reading(path):
            for block in soundfile.blocks(path, _BLOCK_S * rate, dtype="float32", always_2d=True):
                yield np.ascontiguousarray(block.T)

    def _checked_rate(self) -> int:
        """Return the sample rate of a file that is whole and what the system hears."""
        path, expected = self.listed.audio, N_CHANNELS[self.audio_format]
        found = _info(path)
        if found.channels != expected:
            msg = (
                f"{path}: has {found.channels} channels, but {self.audio_format} has {expected}; "
                "convert it or choose another format"
            )
            raise DatasetError(msg)
        if found.samplerate < MIN_SAMPLE_RATE:
            msg = (
                f"{path}: sample rate {found.samplerate} Hz is below {MIN_SAMPLE_RATE} Hz; too "
                "little is left to locate anything, remove it"
            )
            raise MediaError(msg)
        if found.frames < LABEL_HOP_S * found.samplerate:
            msg = f"{path}: holds no sound of {LABEL_HOP_S:g} s; copy it again or remove it"
            raise MediaError(msg)
        with open_container(path):
            pass  # refuses files that are cut off, which soundfile takes for short ones
        return int(found.samplerate)


@dataclass(frozen=True)
class Plan:
    """What must be done before all features are there.

    Parameters
    ----------
    jobs : tuple
        One for each recording without features.
    duration_s : float
        Of those.
    n_bytes : int
        That their features will take.
    free_bytes : int
        Where they will lie.
    seconds : float
        That it will take about, judging by a first piece of sound.
    """

    jobs: tuple[_Job, ...]
    duration_s: float
    n_bytes: int
    free_bytes: int
    seconds: float


def store_of(folder: str | Path, system: SeldSystem) -> FeatureStore:
    """Return the store of a system's features.

    Parameters
    ----------
    folder : str or Path
        Of all features of a dataset.
    system : SeldSystem
    """
    return FeatureStore.of(
        folder, system.feature, audio_format=system.audio_format, sample_rate=system.sample_rate
    )


def plan_features(
    system: SeldSystem, recordings: Sequence[Listed], store: FeatureStore, workers: int = 0
) -> Plan:
    """Find out what must be done; for the arguments see `prepare`."""
    jobs = tuple(
        _Job(each, store, system.feature, system.sample_rate, system.audio_format)
        for each in recordings
        if not _is_done(store, each)
    )
    durations = [duration_of(job.listed.audio) for job in jobs]
    feature = system.feature
    n_frames = sum(feature.n_frames(round(each * system.sample_rate)) for each in durations)
    n_values = feature.n_channels(N_CHANNELS[system.audio_format]) * feature.n_bins
    return Plan(
        jobs,
        sum(durations),
        n_frames * n_values * _ITEM_BYTES,
        shutil.disk_usage(_existing(store.folder)).free,
        _slowness(jobs) * sum(durations) / max(1, workers),
    )


def prepare(
    system: SeldSystem,
    recordings: Sequence[Listed],
    store: FeatureStore,
    *,
    workers: int = 0,
    tell: Callable[[str], None] = lambda _: None,
    is_watched: bool = False,
) -> None:
    """Compute the features of recordings that have none yet.

    Parameters
    ----------
    system : SeldSystem
        Whose features.
    recordings : sequence of Listed
    store : FeatureStore
        Where they are kept; see `store_of`.
    workers : int
        Processes that compute; 0: this one. With more, the calling script must be importable
        (`if __name__ == "__main__":`).
    tell : callable
        Gets a line of text now and then; the first one says what will be done.
    is_watched : bool
        Whether a progress bar is drawn.

    Raises
    ------
    MediaError
        Before anything is computed, if the disk is too small or not to be written.
    DatasetError
        At the end, if recordings could not be read: their names, and why the first could not.
    """
    store.remove_abandoned()
    plan = plan_features(system, recordings, store, workers)
    if not plan.jobs:
        return
    tell(
        f"features of {len(plan.jobs)} of {len(recordings)} recordings "
        f"({plan.duration_s / 3600:.2f} h of sound): {in_bytes(plan.n_bytes)} into "
        f"{store.folder}, about {_in_words(plan.seconds)}"
    )
    if plan.n_bytes > plan.free_bytes:
        msg = (
            f"{store.folder}: features need {in_bytes(plan.n_bytes)}, but "
            f"{in_bytes(plan.free_bytes)} are free; make space or choose another folder with "
            "--features"
        )
        raise MediaError(msg)
    store.note_settings()
    failures: dict[str, HearsightError] = {}
    with (
        Progress(console=Console(stderr=True), disable=not is_watched) as progress,
        contextlib.closing(_done(plan.jobs, workers)) as done,
    ):
        task = progress.add_task("features", total=len(plan.jobs))
        for job, error in done:
            progress.update(task, advance=1, description=job.listed.name)
            if error is not None:
                failures[job.listed.name] = error
                tell(str(error))
    if failures:
        names, first = _listing(sorted(failures)), next(iter(failures.values()))
        msg = (
            f"{len(failures)} of {len(plan.jobs)} recordings have no features: {names}; the first "
            f"one because {first}; mend or remove them and run again"
        )
        raise DatasetError(msg)


def fit_statistics(recordings: Sequence[Listed], store: FeatureStore) -> FeatureStatistics:
    """Measure the features of recordings, some at a time.

    Parameters
    ----------
    recordings : sequence of Listed
    store : FeatureStore
        Holds the features of all of them.

    Returns
    -------
    FeatureStatistics
        Their origin says how many recordings, which ones (`file_list_hash`) and which feature.

    Raises
    ------
    DatasetError
        If features are missing.
    InputError
        If there are no recordings.
    """
    names = sorted(each.name for each in recordings)

    def pieces() -> Iterator[torch.Tensor]:
        for name in names:
            for start in range(0, store.n_frames(name), _FRAMES_AT_ONCE):
                yield store.read(name, start, start + _FRAMES_AT_ONCE).transpose(0, 1)

    return FeatureStatistics.fit(
        pieces(), n_recordings=str(len(names)), files=file_list_hash(names), feature=store.key
    )


def _done(jobs: Sequence[_Job], workers: int) -> Generator[tuple[_Job, HearsightError | None]]:
    """Do jobs, and yield each as soon as it is done, with what went wrong."""
    if workers == 0:
        with one_thread():
            yield from ((job, _attempt(job)) for job in jobs)
        return
    pool = concurrent.futures.ProcessPoolExecutor(
        min(workers, len(jobs)), multiprocessing.get_context("spawn"), _begin
    )
    try:
        with _without_interruption():
            running = {pool.submit(_attempt, job): job for job in jobs}
        for future in concurrent.futures.as_completed(running):
            yield running[future], future.result()
    except BrokenProcessPool as error:
        msg = (
            "a process that computed features was killed, perhaps for want of memory; run again "
            "with fewer workers, what is finished is kept"
        )
        raise DatasetError(msg) from error
    finally:
        pool.shutdown(cancel_futures=True)


def _attempt(job: _Job) -> HearsightError | None:
    try:
        job.run()
    except HearsightError as error:
        return error
    except OSError as error:
        reason = error.strerror or str(error)
        what = f"{job.listed.audio}: its features cannot be made"
        return DatasetError(f"{what} ({reason}); check the file and the space on the disk")
    return None


@contextlib.contextmanager
def _without_interruption() -> Iterator[None]:
    """Let Ctrl-C wait, also in processes that are started here: those never hear of it."""
    if sys.platform == "win32":  # knows no masks; `_begin` makes processes deaf when they are up
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin() -> None:
    """Set up a process: one thread, Ctrl-C left to the one that has started it."""
    torch.set_num_threads(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_leave_with_parent, daemon=True).start()


def _leave_with_parent() -> None:
    """End this process when the one that has started it is gone, even if that was killed."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _is_done(store: FeatureStore, listed: Listed) -> bool:
    try:
        return store.has(listed.name, listed.audio)
    except DatasetError:  # damaged: made again
        return False


def _info(path: Path) -> Any:
    """Return what the header of a sound file says."""
    with _reading(path):
        return soundfile.info(path)


@contextlib.contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except soundfile.LibsndfileError as error:
        msg = f"{path}: cannot be read ({error.error_string}); copy it again"
        raise MediaError(msg) from error


def duration_of(path: Path) -> float:
    """Return seconds of sound; 0 for a file whose faults will be told when it is its turn."""
    try:
        return float(_info(path).duration)
    except MediaError:
        return 0.0


def _slowness(jobs: Sequence[_Job]) -> float:
    """Return seconds of work per second of sound, tried on the first one that can be read."""
    for job in jobs:
        with contextlib.suppress(HearsightError), one_thread():
            for _ in range(2):  # the first time is spent on loading
                begin = time.perf_counter()
                sound = next(job.blocks())
                job.feature(torch.from_numpy(sound))
                spent = time.perf_counter() - begin
            return spent * job.sample_rate / sound.shape[1]
    return 0.0


def _existing(path: Path) -> Path:
    return next(each for each in (path.absolute(), *path.absolute().parents) if each.exists())


def _listing(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def in_bytes(n_bytes: int) -> str:
    """Return a size as people read it."""
    return f"{n_bytes / 1e9:.1f} GB" if n_bytes >= 1e9 else f"{n_bytes / 1e6:.1f} MB"


def _in_words(seconds: float) -> str:
    return f"{max(1.0, seconds):.0f} s" if seconds < 100.0 else f"{seconds / 60.0:.0f} min"
