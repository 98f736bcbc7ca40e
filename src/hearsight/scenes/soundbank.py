"""Where the sounds and pictures of a scene's classes come from: made by code, or from a folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from hearsight.errors import InputError, MediaError
from hearsight.events.classes import DCASE_2022
from hearsight.recording.audio import read_audio
from hearsight.scenes.sounds import make_sound, trimmed

SOUND_SUFFIXES = (".wav", ".flac", ".mp3", ".ogg", ".opus", ".m4a", ".aiff", ".aif")
PICTURE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")

_LARGEST_PICTURE_PX = 256


@dataclass(frozen=True, eq=False)
class Clip:
    """A sound and, perhaps, what its source looks like.

    Parameters
    ----------
    sound : ndarray of float32, shape (samples,)
        Peak 1, no silence at its ends.
    picture : ndarray of uint8, shape (height, width, 4), optional
        RGBA.
    """

    sound: NDArray[np.float32]
    picture: NDArray[np.uint8] | None = None


class SoundBank(Protocol):
    """Gives sounds by class."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes that have sounds."""

    @property
    def class_list(self) -> tuple[str, ...]:
        """The class list in order of class index; holds all `labels`."""

    def draw(self, label: str, rng: np.random.Generator, duration: float, sample_rate: int) -> Clip:
        """Return a sound of a class, at most `duration` seconds long."""


class ProceduralSounds:
    """The thirteen classes of STARSS23, made by code (see `sounds`)."""

    labels = DCASE_2022
    class_list = DCASE_2022

    def draw(self, label: str, rng: np.random.Generator, duration: float, sample_rate: int) -> Clip:
        """Return a new sound of a class, at most `duration` seconds long, without a picture."""
        return Clip(make_sound(label, rng, duration, sample_rate))


class SoundFolder:
    """The user's own sounds and pictures: `FOLDER/<class>/*.wav`, `FOLDER/<class>/*.png`.

    Parameters
    ----------
    folder : str or Path
        Its sub-folders are the classes; sub-folders without a sound file are left out. Channels
        of a sound are averaged. A class without pictures is drawn as a plain shape.

    Raises
    ------
    InputError
        If the folder is missing or holds no class with sounds.
    """

    def __init__(self, folder: str | Path) -> None:
        root = Path(folder)
        if not root.is_dir():
            msg = f"{root}: no such folder of sounds; give one laid out as <class>/<file>.wav"
            raise InputError(msg)
        self._sounds: dict[str, list[Path]] = {}
        self._pictures: dict[str, list[Path]] = {}
        for place in sorted(path for path in root.iterdir() if path.is_dir()):
            files = sorted(path for path in place.iterdir() if not path.name.startswith("."))
            sounds = [file for file in files if file.suffix.lower() in SOUND_SUFFIXES]
            if sounds:
                self._sounds[place.name] = sounds
                self._pictures[place.name] = [
                    file for file in files if file.suffix.lower() in PICTURE_SUFFIXES
                ]
        if not self._sounds:
            msg = f"{root}: no sounds; put them in one folder per class: <class>/<file>.wav"
            raise InputError(msg)

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes, in order of their names."""
        return tuple(self._sounds)

    @property
    def class_list(self) -> tuple[str, ...]:
        """STARSS23's class list where it holds all classes of the folder, else the folder's own."""
        return DCASE_2022 if set(self.labels) <= set(DCASE_2022) else self.labels

    def draw(self, label: str, rng: np.random.Generator, duration: float, sample_rate: int) -> Clip:
        """Return one of the class's sounds, a random cut of `duration` if it is longer.

        Raises
        ------
        MediaError
            If the sound or picture cannot be read or the sound is silent.
        """
        file = self._sounds[label][rng.integers(len(self._sounds[label]))]
        waveform, _ = read_audio(file, sample_rate=sample_rate)
        whole = trimmed(np.asarray(waveform.mean(axis=0), float), sample_rate)
        n_samples = round(duration * sample_rate)
        start = int(rng.integers(0, max(0, len(whole) - n_samples) + 1))
        sound = trimmed(np.asarray(whole[start : start + n_samples], float), sample_rate)
        if not sound.any():
            msg = f"{file}: holds only silence; take it out of the folder of sounds"
            raise MediaError(msg)
        pictures = self._pictures[label]
        picture = read_picture(pictures[rng.integers(len(pictures))]) if pictures else None
        return Clip(sound, picture)


def read_picture(path: Path) -> NDArray[np.uint8]:
    """Read a picture as RGBA, brought down to at most 256 pixels a side.

    Returns
    -------
    ndarray of uint8, shape (height, width, 4)

    Raises
    ------
    MediaError
        If it is no picture.
    """
    try:
        with Image.open(path) as image:
            rgba = image.convert("RGBA")
            rgba.thumbnail((_LARGEST_PICTURE_PX, _LARGEST_PICTURE_PX))
            return np.array(rgba, dtype=np.uint8)
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError) as error:
        msg = f"{path}: not a readable picture; replace it or take it out of the folder"
        raise MediaError(msg) from error
