"""Synthetic sets of clips in the folders of AVE: short videos of events that are seen and heard.

    AVE/<id>.mp4                           square pictures, 16 kHz sound
    Annotations.txt                        class, id, quality, first second, second after the last
    trainSet.txt, valSet.txt, testSet.txt  the lines of each split
    noisy.txt                              ids of more videos to learn from: without any event
    truth.json                             what is seen and heard in each second of each video
    simulation.json                        what the set was made with

As in AVE, a clip has one event of one class, two thirds of the events fill their clip, the others
last from two seconds to all but one, and all lists are sorted by class. Around the thing that is
heard are others that move as lively; behind its sound there may be one from off screen, of a class
that is not in view. So only who looks and listens can tell what the event is, and when.

Every clip depends on the settings, its split and its index alone.

References
----------
.. [1] Y. Tian et al., "Audio-visual event localization in unconstrained videos", ECCV 2018.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hearsight.events.classes import DCASE_2022
from hearsight.events.events import Box
from hearsight.events.formats.lines import write_text
from hearsight.recording.files import claim_folder
from hearsight.recording.video import write_video
from hearsight.scenes.clip_films import clip_pictures, clip_sound, steady_sound
from hearsight.scenes.clip_plans import CLIP_KINDS, SHORTEST, ClipKind, ClipPlan, draw_clip_plan
from hearsight.scenes.pair_pictures import PairPicture, draw_pair_picture
from hearsight.scenes.pair_sounds import SAMPLE_RATE
from hearsight.scenes.sets import check_numbers, check_picture, draw_labels, write_rows

SPLITS = ("train", "val", "test", "noisy")
SETTINGS_NAME = "simulation.json"

_HEADER = "Category&VideoID&Quality&StartTime&EndTime\n"
_EVENT_KINDS: tuple[ClipKind, ...] = ("whole", "whole", "part")
_NEGATIVE_KINDS = CLIP_KINDS[2:]


@dataclass(frozen=True)
class ClipSetSettings:
    """How a set of clips is made.

    Parameters
    ----------
    n_train, n_validation, n_test : int
        Clips with an event.
    n_negatives : int
        Clips without.
    n_segments : int
        Seconds of each, 4 to 60.
    n_things : (int, int)
        Least and greatest number of things in a picture, 1 to 5.
    size_px : int
        Of a side of the square pictures: even, 32 to 1024.
    fps : int
        Pictures a second, 1 to 60.
    snr_db : float
        Mean level of a sound against the noise, -20 to 80.
    aside_db : float
        Mean level of a sound from off screen against that of the event, -40 to 20.
    seed : int
    """

    n_train: int = 300
    n_validation: int = 100
    n_test: int = 100
    n_negatives: int = 40
    n_segments: int = 10
    n_things: tuple[int, int] = (1, 3)
    size_px: int = 192
    fps: int = 8
    snr_db: float = 25.0
    aside_db: float = -3.0
    seed: int = 0

    def __post_init__(self) -> None:
        check_picture(self.n_things, self.size_px)
        check_numbers(
            ("training clips", self.n_train, 0, 999_999),
            ("validation clips", self.n_validation, 0, 999_999),
            ("test clips", self.n_test, 1, 999_999),
            ("clips without event", self.n_negatives, 0, 999_999),
            ("seconds of a clip", self.n_segments, 2 * SHORTEST, 60),
            ("pictures a second", self.fps, 1, 60),
            ("signal-to-noise ratio in dB", self.snr_db, -20.0, 80.0),
            ("level off screen in dB", self.aside_db, -40.0, 20.0),
        )

    @property
    def counts(self) -> dict[str, int]:
        """How many clips each split has."""
        numbers = self.n_train, self.n_validation, self.n_test, self.n_negatives
        return dict(zip(SPLITS, numbers, strict=True))

    @property
    def n_clips(self) -> int:
        """How many clips are made in all."""
        return sum(self.counts.values())


@dataclass(frozen=True)
class EventClip:
    """What is known of one clip of a set.

    Parameters
    ----------
    name : str
        The id: eleven signs.
    split : {"train", "val", "test", "noisy"}
    kind : str
        One of `clip_plans.CLIP_KINDS`.
    label : str or None
        Class of the event; None where there is none.
    start, end : int
        First second of the event and the one after its last; both 0 where there is none.
    seen, heard : tuple of tuple of str
        The classes in view, and those that sound, in each second. The event's comes first.
    boxes : tuple of (box or None)
        Where the event is in each second: (xmin, ymin, xmax, ymax) as fractions of the picture,
        around what the thing shows at rest; it sways a little. None outside the event.
    """

    name: str
    split: str
    kind: ClipKind
    label: str | None
    start: int
    end: int
    seen: tuple[tuple[str, ...], ...]
    heard: tuple[tuple[str, ...], ...]
    boxes: tuple[Box | None, ...]

    @property
    def line(self) -> str:
        """The annotation, five fields as AVE has them."""
        return f"{self.label}&{self.name}&good&{self.start}&{self.end}\n"


def write_clips(folder: str | Path, settings: ClipSetSettings) -> Iterator[EventClip]:
    """Write a set, clip by clip; videos that are there already are kept.

    Parameters
    ----------
    folder : str or Path
        Is made.
    settings : ClipSetSettings

    Yields
    ------
    EventClip
        Of each clip as soon as its video is there. Lists and `truth.json` come after the last.

    Raises
    ------
    InputError
        At once, if the folder holds a set made with other settings.
    MediaError
        If a file cannot be written.
    """
    root = Path(folder)
    claim_folder(root / SETTINGS_NAME, {"labels": DCASE_2022, **dataclasses.asdict(settings)})
    return _write_all(root, settings)


def _write_all(root: Path, settings: ClipSetSettings) -> Iterator[EventClip]:
    clips = []
    for split, count in settings.counts.items():
        for index in range(count):
            clips.append(_write_clip(root, settings, split, index))
            yield clips[-1]
    events = sorted(
        (clip for clip in clips if clip.label is not None),
        key=lambda clip: DCASE_2022.index(str(clip.label)),
    )
    write_text(root / "Annotations.txt", _HEADER + "".join(clip.line for clip in events))
    for split in SPLITS[:-1]:
        lines = (clip.line for clip in events if clip.split == split)
        write_text(root / f"{split}Set.txt", "".join(lines))
    names = (f"{clip.name}\n" for clip in clips if clip.label is None)
    write_text(root / "noisy.txt", "".join(names))
    write_rows(root / "truth.json", [dataclasses.asdict(clip) for clip in clips])


def _write_clip(root: Path, settings: ClipSetSettings, split: str, index: int) -> EventClip:
    kinds = _NEGATIVE_KINDS if split == "noisy" else _EVENT_KINDS
    kind = kinds[index % len(kinds)]
    least, most = settings.n_things
    number = SPLITS.index(split)
    # The last class is never in view: that of the sound from off screen.
    (*labels, aside), rng = draw_labels(settings.seed, number, index, (least + 1, most + 1))
    view = draw_pair_picture(labels, rng, settings.size_px)
    # What is behind the first thing may come and go: the box of that one stays what it is.
    behind = view.depth[: view.depth.index(0)]
    plan = draw_clip_plan(kind, labels, aside, settings.n_segments, rng, passing=behind)
    name = f"{split:_<5}{index:06d}"
    path = root / "AVE" / f"{name}.mp4"
    if not path.exists():
        _film(path, settings, plan, view, rng)
    return _described(name, split, kind, plan, view)


def _film(
    path: Path,
    settings: ClipSetSettings,
    plan: ClipPlan,
    view: PairPicture,
    rng: np.random.Generator,
) -> None:
    own = steady_sound(plan.labels[0], rng, plan.n_seconds)
    sound = clip_sound(plan, own, rng, settings.snr_db, settings.aside_db)
    pictures = clip_pictures(plan, view, own, rng, settings.fps)
    size = (settings.size_px, settings.size_px)
    write_video(path, pictures, settings.fps, size=size, audio=(sound, SAMPLE_RATE))


def _described(
    name: str, split: str, kind: ClipKind, plan: ClipPlan, view: PairPicture
) -> EventClip:
    seconds = np.flatnonzero(plan.is_event).tolist()
    return EventClip(
        name=name,
        split=split,
        kind=kind,
        label=plan.labels[0] if seconds else None,
        start=seconds[0] if seconds else 0,
        end=seconds[-1] + 1 if seconds else 0,
        seen=tuple(plan.seen(second) for second in range(plan.n_seconds)),
        heard=tuple(plan.heard(second) for second in range(plan.n_seconds)),
        boxes=tuple(view.things[0].box if event else None for event in plan.is_event),
    )
