"""Synthetic sets of pairs in the folders of VGGSound with VGG-SS, and of Flickr-SoundNet.

    frames/<id>.jpg                    square pictures with several things, one of them heard
    audio/<id>.wav                     16 kHz, 16 bit, mono
    vggss.json, vggsound.csv           vggsound: boxes of the test pairs, classes of all
    Annotations/<id>.xml               flickr-soundnet: boxes by three annotators, of all pairs
    train.txt, test.csv                ids
    test_plus_silent.csv               test pictures with a sound whose source they do not show
    videos/<id>.mp4                    if asked for: things move with their sound
    interactive/                       IS3: pictures of which two things are heard in turn
        frames/<a>_<b>_<number>_<object>.jpg, audio/....wav, interactive.json
    truth.json                         all things of all pictures: class, box, area
    simulation.json                    what the set was made with

The things around the one that is heard are of other classes, so that only the sound tells which it
is. Classes are equally frequent. Every pair depends on the settings, its split and its index alone;
training, test and interactive pairs share no picture and no sound.

References
----------
.. [1] H. Chen et al., "Localizing visual sounds the hard way", CVPR 2021: VGG-SS.
.. [2] A. Senocak et al., "Learning to localize sound source in visual scenes", CVPR 2018.
.. [3] S. Mo and P. Morgado, "A closer look at weakly-supervised audio-visual source localization",
   NeurIPS 2022: test sets with sounds whose source cannot be seen.
.. [4] A. Senocak et al., "Aligning sight and sound", TPAMI 2025: IS3.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from hearsight.errors import InputError, nearest
from hearsight.events.classes import DCASE_2022
from hearsight.events.formats.lines import write_text
from hearsight.recording.audio import write_audio
from hearsight.recording.files import claim_folder, replacing, write_csv
from hearsight.recording.video import write_video
from hearsight.scenes.pair_pictures import PairPicture, Thing, draw_pair_picture
from hearsight.scenes.pair_sounds import SAMPLE_RATE, make_pair_sound
from hearsight.scenes.plan import ScenePlan, SceneSource, still
from hearsight.scenes.sets import check_numbers, check_picture, draw_labels, write_rows
from hearsight.scenes.things import Motion, Pose, motion_of

LAYOUTS = ("vggsound", "flickr-soundnet")
SPLITS = ("train", "test", "interactive")
FPS = 12
SETTINGS_NAME = "simulation.json"

_ANNOTATED_PX = 256  # in which Flickr-SoundNet's boxes are given
_INTERACTIVE_PX = 224  # in which IS3's boxes are given
_N_ANNOTATORS = 3
_WRONG_SHARE = 0.05  # of the annotators' boxes that are around another thing


@dataclass(frozen=True)
class PairSetSettings:
    """How a set of pairs is made.

    Parameters
    ----------
    layout : {"vggsound", "flickr-soundnet"}
    n_train, n_test : int
        Pairs. There are half as many interactive pictures as test pairs.
    duration : float
        Seconds of the sounds, 1 to 60; VGGSound's are 10 s long.
    n_things : (int, int)
        Least and greatest number of things of a class in a picture, 1 to 5. An interactive
        picture has at least two.
    size_px : int
        Of a side of the square pictures: even, 32 to 1024.
    snr_db : float
        Mean signal-to-noise ratio of the sounds, -20 to 80.
    has_videos : bool
        Whether to write `videos` too.
    seed : int
    """

    layout: str = "vggsound"
    n_train: int = 1000
    n_test: int = 200
    duration: float = 3.0
    n_things: tuple[int, int] = (2, 4)
    size_px: int = 256
    snr_db: float = 25.0
    has_videos: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        if self.layout not in LAYOUTS:
            msg = f"no layout of pairs {self.layout!r}; {nearest(self.layout, LAYOUTS)}"
            raise InputError(msg)
        check_picture(self.n_things, self.size_px)
        check_numbers(
            ("training pairs", self.n_train, 0, 999_999),
            ("test pairs", self.n_test, 1, 999_999),
            ("seconds of sound", self.duration, 1.0, 60.0),
            ("signal-to-noise ratio in dB", self.snr_db, -20.0, 80.0),
        )

    @property
    def n_pairs(self) -> int:
        """How many pairs are made in all, the interactive ones included."""
        return self.n_train + self.n_test + 2 * self.n_interactive

    @property
    def n_interactive(self) -> int:
        """How many pictures are heard twice."""
        return -(-self.n_test // 2)


@dataclass(frozen=True)
class Pair:
    """One pair of a set.

    Parameters
    ----------
    name : str
        Of its files, without suffix.
    split : {"train", "test", "interactive"}
    heard : Thing
    others : tuple of Thing
        What is silent in the picture.
    """

    name: str
    split: str
    heard: Thing
    others: tuple[Thing, ...]

    @property
    def labels(self) -> frozenset[str]:
        """The classes of all things in the picture."""
        return frozenset(thing.label for thing in (self.heard, *self.others))


def write_pairs(folder: str | Path, settings: PairSetSettings) -> Iterator[Pair]:
    """Write a set, pair by pair.

    Parameters
    ----------
    folder : str or Path
        Is made.
    settings : PairSetSettings

    Yields
    ------
    Pair
        Of each pair as soon as its files are there. Lists and annotations come after the last.

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


def _write_all(root: Path, settings: PairSetSettings) -> Iterator[Pair]:
    pairs = []
    for split, count in (("train", settings.n_train), ("test", settings.n_test)):
        for index in range(count):
            pairs.append(_write_pair(root, settings, split, index))
            yield pairs[-1]
    for index in range(settings.n_interactive):
        two = _write_interactive(root / "interactive", settings, index)
        pairs.extend(two)
        yield from two
    train, test, interactive = ([p for p in pairs if p.split == split] for split in SPLITS)
    if settings.layout == "vggsound":
        _write_vggss(root, train, test)
    else:
        _write_annotations(root, [*train, *test], settings.seed)
    write_text(root / "train.txt", "".join(f"{pair.name}\n" for pair in train))
    write_text(root / "test.csv", "".join(f"{pair.name}\n" for pair in test))
    write_csv(
        root / "test_plus_silent.csv",
        [("video", "audio", "label"), *_silent_rows(test, settings.seed)],
    )
    write_rows(root / "interactive" / "interactive.json", [_is3_row(p) for p in interactive])
    write_rows(root / "truth.json", [dataclasses.asdict(pair) for pair in pairs])


def _draw(
    settings: PairSetSettings, split: str, index: int, least: int
) -> tuple[PairPicture, np.random.Generator]:
    """Draw the picture of an index, and return the generator for what belongs to it."""
    labels, rng = draw_labels(settings.seed, SPLITS.index(split), index, settings.n_things, least)
    return draw_pair_picture(labels, rng, settings.size_px), rng


def _write_pair(root: Path, settings: PairSetSettings, split: str, index: int) -> Pair:
    view, rng = _draw(settings, split, index, 1)
    heard, *others = view.things
    pair = Pair(_name(settings.layout, split, index), split, heard, tuple(others))
    sound = make_pair_sound(heard.label, rng, settings.duration, settings.snr_db)
    _write_picture(root / "frames" / f"{pair.name}.jpg", view.picture)
    write_audio(root / "audio" / f"{pair.name}.wav", sound, SAMPLE_RATE)
    if settings.has_videos:
        _write_clip(root / "videos" / f"{pair.name}.mp4", view, sound, rng)
    return pair


def _write_interactive(root: Path, settings: PairSetSettings, index: int) -> list[Pair]:
    """Write one picture twice, with the sounds of two of its things."""
    view, rng = _draw(settings, "interactive", index, 2)
    both = [thing.label.replace(" ", "-") for thing in view.things[:2]]
    pairs = []
    for turn, name in enumerate(both):
        heard = view.things[turn]
        others = tuple(thing for thing in view.things if thing is not heard)
        pair = Pair(f"{both[0]}_{both[1]}_{index:06d}_{name}", "interactive", heard, others)
        sound = make_pair_sound(heard.label, rng, settings.duration, settings.snr_db)
        _write_picture(root / "frames" / f"{pair.name}.jpg", view.picture)
        write_audio(root / "audio" / f"{pair.name}.wav", sound, SAMPLE_RATE)
        pairs.append(pair)
    return pairs


def _name(layout: str, split: str, index: int) -> str:
    """Return an id as the set has them: eleven signs and the start second, or ten digits."""
    if layout == "vggsound":
        return f"{split:_<5}{index:06d}_000000"
    return f"{1 + SPLITS.index(split)}{index:09d}"


def _write_picture(path: Path, picture: NDArray[np.uint8]) -> None:
    with replacing(path) as temporary:
        Image.fromarray(np.moveaxis(picture, 0, -1)).save(temporary, quality=92)


def _write_clip(
    path: Path, view: PairPicture, sound: NDArray[np.float32], rng: np.random.Generator
) -> None:
    """Write a video whose things move; in the middle of its time it is the picture."""
    duration = sound.shape[1] / SAMPLE_RATE
    plan = ScenePlan((), duration, SAMPLE_RATE, DCASE_2022)
    motions = []
    for index, thing in enumerate(view.things):
        source = SceneSource(thing.label, still(0.0), sound[0] if index == 0 else None)
        motions.append(motion_of(source, plan, rng))
    frames = (
        view.frame([_from_rest(motion, number / FPS, 0.5 * duration) for motion in motions])
        for number in range(round(duration * FPS))
    )
    size = (view.shown.shape[1], view.shown.shape[0])
    write_video(path, frames, FPS, size=size, audio=(sound, SAMPLE_RATE))


def _from_rest(motion: Motion, time: float, rest: float) -> Pose:
    """Return a pose as seen from that at another time, which is one of rest."""
    pose, zero = motion.at(time), motion.at(rest)
    return Pose(pose.opening - zero.opening, pose.u - zero.u, pose.v - zero.v)


def _write_vggss(root: Path, train: list[Pair], test: list[Pair]) -> None:
    rows = [{"file": p.name, "class": p.heard.label, "bbox": [p.heard.box]} for p in test]
    write_rows(root / "vggss.json", rows)
    listed = [(p.name[:11], int(p.name[12:]), p.heard.label, p.split) for p in (*train, *test)]
    write_csv(root / "vggsound.csv", listed)


def _write_annotations(root: Path, pairs: list[Pair], seed: int) -> None:
    rng = np.random.default_rng([seed, len(SPLITS), 0])
    for pair in pairs:
        top = ElementTree.Element("annotations")
        for number in range(_N_ANNOTATORS):
            annotator = ElementTree.SubElement(top, "annotator", id=str(number + 1))
            around = pair.heard
            if pair.others and rng.random() < _WRONG_SHARE:
                around = pair.others[rng.integers(len(pair.others))]
            box = ElementTree.SubElement(annotator, "bbox")
            fields = around.label, *_jittered(around, rng)
            for tag, value in zip(("name", "xmin", "ymin", "xmax", "ymax"), fields, strict=True):
                ElementTree.SubElement(box, tag).text = str(value)
        ElementTree.indent(top)
        text = ElementTree.tostring(top, encoding="unicode") + "\n"
        write_text(root / "Annotations" / f"{pair.name}.xml", text)


def _jittered(thing: Thing, rng: np.random.Generator) -> list[int]:
    """Return a box as a hasty hand draws it, in the frame of Flickr-SoundNet's annotations."""
    left, top, right, bottom = thing.box
    sides = np.array([right - left, bottom - top, right - left, bottom - top])
    drawn = np.array(thing.box) + rng.normal(0.0, 0.04, 4) * sides
    return np.rint(np.clip(drawn, 0.0, 1.0) * _ANNOTATED_PX).astype(int).tolist()


def _silent_rows(test: list[Pair], seed: int) -> Iterator[tuple[str, str, str]]:
    """Pair every test picture with the sound of another whose class it does not show."""
    rng = np.random.default_rng([seed, len(SPLITS), 1])
    for pair in test:
        for index in rng.permutation(len(test)):
            if test[index].heard.label not in pair.labels:
                yield pair.name, test[index].name, "non-sounding"
                break


def _is3_row(pair: Pair) -> dict[str, object]:
    box = [round(_INTERACTIVE_PX * edge) for edge in pair.heard.box]
    return {"image": f"{pair.name}.jpg", "audio": f"{pair.name}.wav", "gt_box": box}
