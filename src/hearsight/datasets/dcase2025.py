"""The stereo set of DCASE 2025, task 3: read, and made from STARSS23 or a corpus in its folders.

    stereo_dev/dev-train-sony/fold3_room21_mix001_deg137_start0042.wav    left, right
    video_dev/dev-train-sony/fold3_room21_mix001_deg137_start0042.mp4     perspective, 640 x 360
    metadata_dev/dev-train-sony/fold3_room21_mix001_deg137_start0042.csv
        frame,class,source,azimuth,distance,onscreen: a header, then integers, distance in cm
    conversion.json                                                       what clips are made with

A name tells the recording, the degrees by which it was turned and the label frame at which the clip
begins. Clips last 5 s; `hearsight.datasets.stereo` says what they hold.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from hearsight.datasets.listing import AudioFormat, ChallengeFolders, Listed
from hearsight.datasets.stereo import (
    CLIP_FRAMES,
    ON_SCREEN_RULES,
    PEAK,
    SAMPLE_RATE,
    SIZE,
    OnScreenRule,
    iterate_views,
    read_stereo,
    stereo_events,
    view_height,
)
from hearsight.errors import DatasetError, InputError, nearest
from hearsight.events.formats.dcase import read_dcase, write_dcase
from hearsight.recording.audio import write_audio
from hearsight.recording.files import claim_folder
from hearsight.recording.grid import frame_at
from hearsight.recording.media import probe
from hearsight.recording.video import write_video

SETTINGS_NAME = "conversion.json"
_DRAWS = 100


class Dcase2025(ChallengeFolders):
    """The stereo set of DCASE 2025 on disk; see `ChallengeFolders`."""

    title: ClassVar[str] = "DCASE2025 stereo"
    formats: ClassVar[tuple[AudioFormat, ...]] = ("stereo",)


@dataclass(frozen=True)
class ConversionSettings:
    """How stereo clips are made.

    Parameters
    ----------
    seed : int
        Which clips: another seed, others.
    width : int
        Of the pictures, a multiple of 64 pixels; they are 9/16 as high.
    on_screen : {"table", "geometric"}
        How to tell what is in the picture; see `hearsight.datasets.stereo`.
    """

    seed: int = 0
    width: int = SIZE[0]
    on_screen: OnScreenRule = "table"

    def __post_init__(self) -> None:
        if self.seed < 0:
            msg = f"seed must not be negative, got {self.seed}"
            raise InputError(msg)
        if self.on_screen not in ON_SCREEN_RULES:
            msg = f"unknown rule {self.on_screen!r}; {nearest(self.on_screen, ON_SCREEN_RULES)}"
            raise InputError(msg)
        view_height(self.width)  # raises where pictures cannot be so wide


@dataclass(frozen=True)
class Clip:
    """Where a clip comes from.

    Parameters
    ----------
    recording : Listed
    folder : Path
        Within `stereo_dev`, as the recording's within its corpus.
    turn : int
        Degrees by which azimuths grow, 0 to 359.
    start : int
        Label frame of the recording at which the clip begins.
    """

    recording: Listed
    folder: Path
    turn: int
    start: int

    @property
    def name(self) -> str:
        """The name of all its files, without suffix."""
        return f"{self.recording.name}_deg{self.turn:03d}_start{self.start:04d}"

    def path(self, kind: str, suffix: str) -> Path:
        """Return the place of its "stereo", "video" or "metadata" file in the set."""
        return Path(f"{kind}_dev") / self.folder / f"{self.name}{suffix}"

    def is_written(self, root: Path) -> bool:
        """Tell whether all of its files are there; the annotations are written last."""
        return (root / self.path("metadata", ".csv")).is_file()


def write_dcase2025(
    folder: str | Path,
    source: ChallengeFolders,
    n_clips: int,
    settings: ConversionSettings | None = None,
) -> Iterator[Clip]:
    """Write random clips of a corpus, one by one.

    A recording is drawn by its length, then a label frame to begin at and a whole number of degrees
    to turn by. A clip louder than `PEAK`, or drawn before, is drawn again. Clips that are there are
    kept, so that an interrupted run goes on and a set can be enlarged.

    Parameters
    ----------
    folder : str or Path
    source : ChallengeFolders
        Ambisonics with annotations; recordings without a panorama become clips without a picture.
    n_clips : int
        At least 1.
    settings : ConversionSettings, optional

    Yields
    ------
    Clip
        As soon as its files are there.

    Raises
    ------
    InputError
        At once, if the folder holds clips made with other settings or of another corpus, or
        `n_clips` is not positive.
    DatasetError
        At once, if no annotated recording of the corpus is as long as a clip; later, if nothing
        can be drawn any more or a recording is not what it should be.
    MediaError
        If a file cannot be read or written.
    """
    chosen, root = settings or ConversionSettings(), Path(folder)
    if n_clips < 1:
        msg = f"a set needs at least one clip, got {n_clips}"
        raise InputError(msg)
    if source.format != "foa":
        msg = f"clips are cut out of Ambisonics, got the format {source.format!r}; give foa"
        raise InputError(msg)
    annotated = [r for r in source.recordings if r.metadata is not None and r.split != "eval"]
    lengths = {recording: _n_frames(recording) for recording in annotated}
    usable = {each: n_frames for each, n_frames in lengths.items() if n_frames >= CLIP_FRAMES}
    if not usable:
        msg = (
            f"{source.root}: none of its {len(source.recordings)} recordings has annotations and "
            f"lasts {CLIP_FRAMES / 10:g} s; give the development set of {source.title}"
        )
        raise DatasetError(msg)
    noted = {each.name: n_frames for each, n_frames in usable.items()}
    claim_folder(
        root / SETTINGS_NAME,
        {"layout": "dcase2025", **dataclasses.asdict(chosen), "recordings": noted},
    )
    return _write_all(root, source, usable, n_clips, chosen)


def _n_frames(recording: Listed) -> int:
    """Return how many label frames both the sound and the picture fill."""
    sound = probe(recording.audio).chosen_audio
    picture = None if recording.video is None else probe(recording.video).chosen_video
    return min(frame_at(stream.duration) for stream in (sound, picture) if stream is not None)


def _write_all(
    root: Path,
    source: ChallengeFolders,
    lengths: dict[Listed, int],
    n_clips: int,
    settings: ConversionSettings,
) -> Iterator[Clip]:
    taken: set[str] = set()
    for index in range(n_clips):
        rng = np.random.default_rng([settings.seed, index])
        for _ in range(_DRAWS):
            clip = _draw(rng, source, lengths)
            if clip.name not in taken and (clip.is_written(root) or _write(root, clip, settings)):
                break
        else:
            msg = (
                f"{source.root}: drew {_DRAWS} clips for number {index + 1}, all of them there "
                "already or too loud; ask for fewer, or make its sound quieter"
            )
            raise DatasetError(msg)
        taken.add(clip.name)
        yield clip


def _draw(rng: np.random.Generator, source: ChallengeFolders, lengths: dict[Listed, int]) -> Clip:
    weights = np.array(list(lengths.values()))
    recording = list(lengths)[rng.choice(len(lengths), p=weights / weights.sum())]
    folder = recording.audio.parent.relative_to(source.root / f"{source.format}_dev")
    start = rng.integers(lengths[recording] - CLIP_FRAMES + 1)
    return Clip(recording, folder, turn=int(rng.integers(360)), start=int(start))


def _write(root: Path, clip: Clip, settings: ConversionSettings) -> bool:
    """Write the files of a clip unless it is too loud; tell whether it was written."""
    recording = clip.recording
    sound = read_stereo(recording.audio, clip.turn, clip.start)
    if np.abs(sound).max() > PEAK:
        return False
    video = None if recording.video is None else probe(recording.video).chosen_video
    if recording.video is not None and video is not None:
        size = settings.width, view_height(settings.width)
        views = iterate_views(
            recording.video, clip.turn, clip.start, fps=video.fps, width=settings.width
        )
        write_video(root / clip.path("video", ".mp4"), views, video.fps, size=size)
    write_audio(root / clip.path("stereo", ".wav"), sound.astype(np.float32), SAMPLE_RATE)
    assert recording.metadata is not None  # others are not drawn
    # Without a class list indices stay what they are, whatever they stand for.
    world = read_dcase(recording.metadata)
    events = stereo_events(world, clip.turn, start=clip.start, on_screen=settings.on_screen)
    write_dcase(events, root / clip.path("metadata", ".csv"), year=2025)
    return True
