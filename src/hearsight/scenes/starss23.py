"""A synthetic corpus in the folders of STARSS23 (DCASE challenge 2023 and 2024, task 3).

    foa_dev/dev-train-sony/fold3_room21_mix001.wav     24 kHz, 16 bit, W, Y, Z, X (SN3D)
    mic_dev/dev-train-sony/fold3_room21_mix001.wav     24 kHz, 16 bit, tetrahedral array
    video_dev/dev-train-sony/fold3_room21_mix001.mp4   equirectangular, 29.97 frames per second
    metadata_dev/dev-train-sony/fold3_room21_mix001.csv
        frame, class, source, azimuth, elevation, distance in cm: integers, no header
    dcase2023t3_{foa,mic}_{devtrain,devtrain_audiovisual,devtest}.txt
    simulation.json                                    what the corpus was made with

Folders, folds and room numbers are the data set's; recordings go to its four sub-folders in turn,
so that the first n of a larger corpus are the corpus of n. Each room number has a size and a
reverberation of its own.

References
----------
.. [1] K. Shimada et al., "STARSS23: An audio-visual dataset of spatial recordings of real scenes
   with spatiotemporal annotations of sound events", NeurIPS 2023.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hearsight.errors import InputError, nearest
from hearsight.events.formats.dcase import write_dcase
from hearsight.recording.audio import write_audio
from hearsight.recording.files import claim_folder, replacing
from hearsight.recording.layout import parse_layout
from hearsight.scenes.folder import Camera, write_filmed
from hearsight.scenes.mixer import NoiseSettings, render_audio
from hearsight.scenes.plan import ScenePlan
from hearsight.scenes.planner import SceneSettings, random_plan
from hearsight.scenes.room import MAX_RT60_S, MIN_RT60_S, Room
from hearsight.scenes.soundbank import ProceduralSounds, SoundBank
from hearsight.scenes.truth import truth
from hearsight.spatial.projection import Projection

SAMPLE_RATE = 24000
FPS = 30000 / 1001
SETTINGS_NAME = "simulation.json"

_ROOMS = {
    "dev-train-sony": (21, 22),
    "dev-train-tau": (4, 6, 7, 9, 12, 13, 14),
    "dev-test-sony": (23, 24),
    "dev-test-tau": (2, 8, 10, 15, 16),
}
_SUFFIXES = {"foa": ".wav", "mic": ".wav", "video": ".mp4", "metadata": ".csv"}
KINDS = ("foa", "mic", "video")
"""What a corpus may hold beside the annotations."""
_SCENE = SceneSettings(duration=30.0, n_sources=10, max_polyphony=3, n_silent=2)
_NOISE = NoiseSettings(snr_db=25.0)


@dataclass(frozen=True)
class Starss23Settings:
    """How a corpus is made.

    Parameters
    ----------
    scene : SceneSettings
        Of every recording; its sample rate must be 24 kHz, as the data set's.
    noise : NoiseSettings, optional
    rt60_s : float, optional
        Mean reverberation time of the rooms in seconds; each room differs by up to a fifth.
        Default: the free field.
    width : int
        Of the pictures in pixels, even; they are half as high. The data set's are 1920 wide.
    seed : int
    kinds : tuple of {"foa", "mic", "video"}
        What is written beside the annotations.
    """

    scene: SceneSettings = _SCENE
    noise: NoiseSettings | None = _NOISE
    rt60_s: float | None = None
    width: int = 448
    seed: int = 0
    kinds: tuple[str, ...] = KINDS

    def __post_init__(self) -> None:
        for kind in self.kinds:
            if kind not in KINDS:
                msg = f"a corpus has no {kind!r}; {nearest(kind, KINDS)}"
                raise InputError(msg)
        if not self.kinds:
            msg = f"a corpus needs at least one of {', '.join(KINDS)}"
            raise InputError(msg)
        if self.scene.sample_rate != SAMPLE_RATE:
            msg = f"STARSS23 has {SAMPLE_RATE} Hz, got {self.scene.sample_rate}"
            raise InputError(msg)
        if self.rt60_s is not None and not MIN_RT60_S <= self.rt60_s <= MAX_RT60_S:
            msg = f"RT60 must lie in [{MIN_RT60_S:g}, {MAX_RT60_S:g}] s, got {self.rt60_s:g}"
            raise InputError(msg)
        if self.width < 16 or self.width % 4:
            msg = f"width must be a multiple of 4 of at least 16 pixels, got {self.width}"
            raise InputError(msg)


@dataclass(frozen=True)
class Entry:
    """The place of one recording in the corpus.

    Parameters
    ----------
    subset : str
        "dev-train-sony" and the like.
    room : int
        The data set's number of the room.
    mix : int
        Counts the recordings of a room from 1.
    """

    subset: str
    room: int
    mix: int

    @property
    def name(self) -> str:
        """The name of all its files, without suffix."""
        fold = 3 if self.subset.startswith("dev-train") else 4
        return f"fold{fold}_room{self.room}_mix{self.mix:03d}"

    def path(self, kind: str) -> str:
        """Return the path of its "foa", "mic", "video" or "metadata" within the corpus."""
        return f"{kind}_dev/{self.subset}/{self.name}{_SUFFIXES[kind]}"


def entry(index: int) -> Entry:
    """Return the place of the recording of an index from 0.

    Examples
    --------
    >>> entry(2).path("foa")
    'foa_dev/dev-test-sony/fold4_room23_mix001.wav'
    """
    subset = list(_ROOMS)[index % len(_ROOMS)]
    rooms = _ROOMS[subset]
    turn = index // len(_ROOMS)
    return Entry(subset, rooms[turn % len(rooms)], 1 + turn // len(rooms))


def write_starss23(
    folder: str | Path,
    n_recordings: int,
    settings: Starss23Settings | None = None,
    bank: SoundBank | None = None,
) -> Iterator[Entry]:
    """Write a corpus, recording by recording.

    Recordings whose four files are there are kept, so that an interrupted run goes on and a
    corpus can be enlarged; each depends on the settings and its index alone.

    Parameters
    ----------
    folder : str or Path
    n_recordings : int
        At least 1.
    settings : Starss23Settings, optional
    bank : SoundBank, optional
        Default: the procedural sounds, whose classes are STARSS23's.

    Yields
    ------
    Entry
        Of each recording as soon as it is there. The split lists are written after the last.

    Raises
    ------
    InputError
        At once, if the folder holds a corpus made with other settings or `n_recordings` is not
        positive.
    MediaError
        If a file cannot be written.
    """
    chosen, sounds, root = settings or Starss23Settings(), bank or ProceduralSounds(), Path(folder)
    if n_recordings < 1:
        msg = f"a corpus needs at least one recording, got {n_recordings}"
        raise InputError(msg)
    entries = [entry(index) for index in range(n_recordings)]
    rooms = _rooms(entries, chosen)
    claim_folder(
        root / SETTINGS_NAME,
        {
            "layout": "starss23",
            "labels": sounds.class_list,
            "sounds": sounds.labels,
            **dataclasses.asdict(chosen),
        },
    )
    return _write_all(root, entries, rooms, chosen, sounds)


def _write_all(
    root: Path,
    entries: list[Entry],
    rooms: dict[int, Room],
    settings: Starss23Settings,
    bank: SoundBank,
) -> Iterator[Entry]:
    for index, place in enumerate(entries):
        kinds = (*settings.kinds, "metadata")
        if not all((root / place.path(kind)).is_file() for kind in kinds):
            plan = random_plan(np.random.default_rng([settings.seed, index]), bank, settings.scene)
            _write_recording(root, place, plan, rooms.get(place.room), settings)
        yield place
    for kind in ("foa", "mic"):
        if kind not in settings.kinds:
            continue
        train = sorted(e.path(kind) for e in entries if e.subset.startswith("dev-train"))
        test = sorted(e.path(kind) for e in entries if e.subset.startswith("dev-test"))
        # All synthetic recordings have video; of the data set's, twelve have none.
        for split, lines in (
            ("devtrain", train),
            ("devtrain_audiovisual", train),
            ("devtest", test),
        ):
            text = "".join(f"{line}\n" for line in lines)
            with replacing(root / f"dcase2023t3_{kind}_{split}.txt") as temporary:
                temporary.write_text(text, encoding="utf-8", newline="\n")


def _write_recording(
    root: Path, place: Entry, plan: ScenePlan, room: Room | None, settings: Starss23Settings
) -> None:
    for kind in ("foa", "mic"):
        if kind not in settings.kinds:
            continue
        sound = render_audio(plan, parse_layout(kind), room=room, noise=settings.noise)
        write_audio(root / place.path(kind), sound.waveform, SAMPLE_RATE)
    if "video" in settings.kinds:
        camera = Camera(Projection("equirectangular", settings.width, settings.width // 2), FPS)
        write_filmed(root / place.path("video"), plan, camera)
    write_dcase(truth(plan), root / place.path("metadata"), year=2023)


def _rooms(entries: list[Entry], settings: Starss23Settings) -> dict[int, Room]:
    """Return the rooms of a corpus by number, none for the free field, and see that they can be."""
    if settings.rt60_s is None:
        return {}
    numbers = {place.room for place in entries}
    rooms = {number: _room(number, settings, settings.rt60_s) for number in sorted(numbers)}
    for room in rooms.values():
        _ = room.absorption  # raises where a room cannot be as dry as asked
    return rooms


def _room(number: int, settings: Starss23Settings, rt60_s: float) -> Room:
    """Return the room of a number: it holds whatever the scene's settings allow."""
    rng = np.random.default_rng([settings.seed, 1 << 20, number])
    farthest = settings.scene.distance_m[1]
    heights = np.sin(np.deg2rad(np.abs(settings.scene.elevation_deg)))
    reach = np.array([farthest, farthest, farthest * heights.max()]) + 0.2
    behind, ahead = reach + rng.uniform(0.0, [1.0, 1.0, 0.3], (2, 3))
    size, listener = np.round(behind + ahead, 2), np.round(behind, 2)
    return Room(
        (float(size[0]), float(size[1]), float(size[2])),
        (float(listener[0]), float(listener[1]), float(listener[2])),
        float(np.clip(rt60_s * rng.uniform(0.8, 1.2), MIN_RT60_S, MAX_RT60_S)),
    )
