"""What all SELD corpora share: recordings listed by name, found in the challenge's folders.

    foa_dev/dev-train-sony/fold3_room21_mix001.wav      sound: foa, mic or stereo
    metadata_dev/dev-train-sony/fold3_room21_mix001.csv annotations
    video_dev/dev-train-sony/fold3_room21_mix001.mp4    picture
    foa_eval/mix001.wav, video_eval/mix001.mp4          without annotations

Below `dev-train...` and `dev-test...` further folders may lie. Annotations, pictures and either of
the two halves may be absent.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal, get_args

from hearsight.errors import DatasetError, InputError, nearest
from hearsight.events.classes import DCASE_2022
from hearsight.events.events import Events
from hearsight.events.formats.dcase import read_dcase

AudioFormat = Literal["foa", "mic", "stereo"]
AUDIO_FORMATS: tuple[AudioFormat, ...] = get_args(AudioFormat)

Split = Literal["train", "test", "eval"]
"""Training, test, and the challenge's evaluation set, whose annotations are not public."""

NOTES_NAME = "simulation.json"
"""In which a generated corpus notes how it was made."""

_SPLIT_FOLDERS: dict[str, Split] = {"dev-train": "train", "dev-test": "test"}


@dataclass(frozen=True)
class Listed:
    """A recording of a dataset: its name, its place in the splits, and its files.

    Parameters
    ----------
    name : str
        Such as "fold3_room4_mix001"; no other recording of the dataset has it.
    audio : Path
    metadata : Path or None
        Annotations, None if there are none.
    video : Path or None
        None if there is none.
    split : {"train", "test", "eval"}
    room : int
        The number in the name, 0 if it says none.
    """

    name: str
    audio: Path
    metadata: Path | None
    video: Path | None
    split: Split
    room: int

    def events(self, labels: Sequence[str], duration: float | None = None) -> Events:
        """Read the annotations.

        Parameters
        ----------
        labels : sequence of str
            The class list the annotations were made with.
        duration : float, optional
            Of the recording in seconds, where known.

        Raises
        ------
        DatasetError
            If the recording has none.
        InputError
            If a row is wrong; the message names the file and the row.
        """
        if self.metadata is None:
            msg = f"{self.name}: has no annotations; expected a .csv of this name in metadata_dev"
            raise DatasetError(msg)
        return read_dcase(self.metadata, labels=labels, duration=duration)


class ChallengeFolders:
    """A corpus in the folders of the challenge, one of its sound formats.

    Parameters
    ----------
    root : str or Path
        The folder that holds `foa_dev` and the like.
    format : {"foa", "mic", "stereo"}, optional
        Which sound; default: the first of `formats`.

    Attributes
    ----------
    recordings : tuple of Listed
        Sorted by path.

    Raises
    ------
    InputError
        If the corpus has no such format.
    DatasetError
        If `root` does not hold the sound, or two recordings have one name.
    """

    title: ClassVar[str]
    formats: ClassVar[tuple[AudioFormat, ...]]

    def __init__(self, root: str | Path, format: AudioFormat | None = None) -> None:  # noqa: A002
        self.root = Path(root)
        self.format: AudioFormat = format or self.formats[0]
        if self.format not in self.formats:
            msg = f"{self.title} has no format {format!r}; {nearest(str(format), self.formats)}"
            raise InputError(msg)
        folders = [self.root / f"{self.format}_{part}" for part in ("dev", "eval")]
        if not any(folder.is_dir() for folder in folders):
            raise DatasetError(self._not_here())
        self.recordings = tuple(
            _listed(path, folder)
            for folder in folders
            for path in sorted(folder.rglob("*.wav"))
            if not path.name.startswith(".")  # what some systems write beside each file
        )
        if not self.recordings:
            msg = f"{folders[0]}: holds no .wav in dev-train-* or dev-test-*; copy the set again"
            raise DatasetError(msg)
        self._check_names()

    @property
    def noted_labels(self) -> tuple[str, ...] | None:
        """The class list that a generated corpus notes, None for one that says nothing of it."""
        try:
            noted = json.loads((self.root / NOTES_NAME).read_text(encoding="utf-8"))
            return tuple(noted["labels"])
        except (OSError, ValueError, LookupError, TypeError):
            return None

    @property
    def labels(self) -> tuple[str, ...]:
        """The class list that is noted, else that of the challenges since 2022."""
        return self.noted_labels or DCASE_2022

    def problems(self) -> tuple[str, ...]:
        """Return what is missing, a line each; empty if the corpus is whole.

        That is: empty sound files; annotations or pictures without sound; sound without
        annotations, where others of its split have some; files named by the corpus's own lists.
        Pictures may be missing: some recordings never had one.
        """
        return tuple(dict.fromkeys([*self._empty(), *self._unpaired(), *self._unlisted()]))

    def _not_here(self) -> str:
        """Say what is at the root instead, and where the corpus might be."""
        wanted = f"{self.format}_dev or {self.format}_eval"
        if not self.root.is_dir():
            state = "is a file" if self.root.exists() else "does not exist"
            return f"{self.root}: {state}; give the folder that holds {wanted} ({self.title})"
        others = [kind for kind in self.formats if (self.root / f"{kind}_dev").is_dir()]
        if others:
            return (
                f"{self.root}: holds {others[0]}_dev, not {wanted}; choose the format {others[0]}"
            )
        near = [*sorted(self.root.glob(f"*/{self.format}_dev")), *_above(self.root, self.format)]
        meant = f"did you mean {near[0].parent}?" if near else f"give the folder of {self.title}"
        there = sorted(path.name for path in self.root.iterdir())[:5]
        found = ", ".join(there) or "nothing"
        return f"{self.root}: looked for the folder {wanted} there, found {found}; {meant}"

    def _check_names(self) -> None:
        first: dict[str, Path] = {}
        for each in self.recordings:
            if each.name in first:
                msg = (
                    f"{each.audio}: has the name of {first[each.name]}; names must differ within a "
                    "dataset, rename or remove one"
                )
                raise DatasetError(msg)
            first[each.name] = each.audio

    def _empty(self) -> Iterator[str]:
        for each in self.recordings:
            if each.audio.stat().st_size == 0:
                yield f"{each.name}: {each.audio} is empty"

    def _unpaired(self) -> Iterator[str]:
        annotated = {each.split for each in self.recordings if each.metadata is not None}
        for each in self.recordings:
            if each.metadata is None and each.split in annotated:
                yield f"{each.name}: {_beside(each.audio, 'metadata', '.csv')} is missing"
        heard = {each.name for each in self.recordings}
        for kind, suffix in (("metadata", ".csv"), ("video", ".mp4")):
            for path in sorted((self.root / f"{kind}_dev").rglob(f"*{suffix}")):
                if path.stem not in heard:
                    yield f"{path.stem}: {_beside(path, self.format, '.wav')} is missing"

    def _unlisted(self) -> Iterator[str]:
        for file in sorted(self.root.glob(f"dcase*_{self.format}_*.txt")):
            for line in file.read_text(encoding="utf-8").splitlines():
                if not (self.root / line).is_file():
                    yield f"{Path(line).stem}: {self.root / line} is missing"


def _above(root: Path, kind: str) -> list[Path]:
    """Return the folder of sound that `root` is or lies in, if so."""
    return [path for path in (root, *root.parents) if path.name == f"{kind}_dev"]


def _listed(audio: Path, folder: Path) -> Listed:
    """List a sound file found below a folder such as foa_dev."""
    inside = audio.relative_to(folder).parts
    split: Split | None = "eval"
    if folder.name.endswith("_dev"):
        split = next(
            (s for start, s in _SPLIT_FOLDERS.items() if inside[0].startswith(start)), None
        )
    if split is None:
        msg = (
            f"{audio}: lies in {inside[0]}, which is neither dev-train-* nor dev-test-*; move it "
            "to the split it belongs to"
        )
        raise DatasetError(msg)
    metadata, video = _beside(audio, "metadata", ".csv"), _beside(audio, "video", ".mp4")
    room = re.search(r"(?:^|_)room(\d+)(?:_|$)", audio.stem)
    return Listed(
        audio.stem,
        audio,
        metadata if metadata.is_file() else None,
        video if video.is_file() else None,
        split,
        int(room[1]) if room else 0,
    )


def _beside(path: Path, kind: str, suffix: str) -> Path:
    """Return the file of another kind that belongs to a file of the corpus.

    Examples
    --------
    >>> _beside(Path("set/foa_dev/dev-train-tau/mix001.wav"), "video", ".mp4").as_posix()
    'set/video_dev/dev-train-tau/mix001.mp4'
    """
    parts = list(path.with_suffix(suffix).parts)
    place = max(i for i, part in enumerate(parts) if part.endswith(("_dev", "_eval")))
    parts[place] = f"{kind}_{parts[place].rpartition('_')[2]}"
    return Path(*parts)
