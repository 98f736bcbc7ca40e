"""Hearing with a trained system: which class sounds, when, and from where."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray

from hearsight import systems
from hearsight.datasets.listing import AudioFormat
from hearsight.errors import InputError, WeightsError, nearest
from hearsight.events.events import Events
from hearsight.events.formats.dcase import fold_to_front
from hearsight.features.streaming import stream
from hearsight.inference.hearing import SILENT, Heard
from hearsight.inference.predict import predict
from hearsight.inference.windows import arranged_blocks
from hearsight.recording.findings import Findings
from hearsight.recording.layout import ChannelLayout, tetrahedral
from hearsight.spatial.arrays import tetrahedron
from hearsight.systems.seld import SeldSystem
from hearsight.weights.store import fingerprint, is_weights_folder, load_system, read_about

RUNS = Path("runs")
"""Where `hearsight train` leaves weights, in a folder with the system's name."""

FORMAT_WORDS: dict[AudioFormat, str] = {
    "foa": "first-order Ambisonics",
    "mic": "the tetrahedral array of STARSS23",
    "stereo": "left and right",
}

_SAME_PLACE_M = 0.005


def find_weights(where: str | Path) -> Path:
    """Find the weights that a person means.

    Parameters
    ----------
    where : str or Path
        A folder with weights, or a system's name for the last ones it was trained to.

    Raises
    ------
    InputError
        If there is no such folder and no such system.
    WeightsError
        If the folder holds no weights, or the system was not trained here.
    """
    folder = Path(where)
    if is_weights_folder(folder):
        return folder
    name = str(where)
    if name in systems.names():
        if is_weights_folder(RUNS / name):
            return RUNS / name
        msg = f"{RUNS / name}: holds no weights; run hearsight train {name}, or give a folder"
        raise WeightsError(msg)
    if folder.is_dir():
        read_about(folder)  # says what is missing
    msg = f"{where}: no folder with weights, nor a system; {nearest(name, systems.names())}"
    raise InputError(msg)


def choose_device(name: str = "auto") -> torch.device:
    """Return the device of a name.

    Parameters
    ----------
    name : str
        "auto" (a GPU if there is one), or what PyTorch calls it, such as "cpu" or "cuda:1".

    Raises
    ------
    InputError
        If there is no such device.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        return torch.zeros(1, device=name).device
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        msg = f"device {name!r} cannot be used ({reason}); use auto, cpu or cuda"
        raise InputError(msg) from error


@dataclass(frozen=True, eq=False)
class TrainedSystem:
    """A system with its weights, and what is known of them.

    Parameters
    ----------
    folder : Path
        Where they were read.
    system : SeldSystem
    about : mapping
        What is written beside them: `scores` and `origin`, among others.
    fingerprint : str
        Changes when they do.
    """

    folder: Path
    system: SeldSystem
    about: Mapping[str, Any]
    fingerprint: str

    @classmethod
    def load(cls, where: str | Path, device: str = "auto") -> Self:
        """Read weights; see `find_weights` and `choose_device`.

        Raises
        ------
        InputError
            If there are none, or no such device.
        WeightsError
            If they are damaged.
        """
        folder, place = find_weights(where), choose_device(device)
        system = load_system(folder)
        system.network.to(place)
        if system.eyes is not None:
            system.eyes.network.to(place)
        return cls(folder, system, read_about(folder), fingerprint(folder))

    @property
    def sentences(self) -> tuple[str, ...]:
        """Which system it is, what it has learnt from, and how good it is."""
        said = [f"Heard by {self.system.name}, weights {self.folder} ({self.fingerprint})."]
        origin, scores = self.about["origin"], self.about["scores"]
        if "data" in origin:
            rooms = ", ".join(map(str, self.training_rooms))
            where = f" (rooms {rooms})" if rooms else ""
            said.append(f"It was trained on {origin['data']}{where}.")
        known = [f"{name} {value:.3f}" for name, value in scores.items() if _is_number(value)]
        if known:
            said.append(f"When its weights were chosen, it scored {', '.join(known)}.")
        return tuple(said)

    @property
    def training_rooms(self) -> tuple[int, ...]:
        """The rooms of its data that it was trained on or chosen by, as far as they are known."""
        parts = (self.about["origin"].get(part) for part in ("train", "validation"))
        rooms = {n for part in parts if isinstance(part, dict) for n in part.get("rooms", ())}
        return tuple(sorted(room for room in rooms if _is_number(room) and room))

    def suited(self, findings: Findings) -> Findings:
        """Take a recording for what the system hears and sees, if it can be that.

        Parameters
        ----------
        findings : Findings

        Returns
        -------
        Findings
            With the likeliest layout that the system hears; silence stays as it is.

        Raises
        ------
        InputError
            If no layout that fits the recording is one that the system hears, or if it sees and
            there is no picture.
        """
        if self.system.sees and findings.video is None:
            msg = (
                f"{findings.media.path}: has no picture, but {self.system.name} with the weights "
                f"{self.folder} sees as well; give the picture, its sound with --audio"
            )
            raise InputError(msg)
        if findings.measured is not None and findings.measured.is_silent.all():
            return findings
        system, evidence = self.system, findings.layout_evidence
        others = () if findings.is_layout_given or evidence is None else evidence.candidates
        for layout in (findings.layout, *others):
            arranged = None if layout is None else _arranged(layout, system.audio_format)
            if arranged is not None:
                return dataclasses.replace(findings, layout=arranged)
        found = "unknown" if findings.layout is None else findings.layout.name
        msg = (
            f"{findings.sound_media.path}: its channels are {found}, but {system.name} hears "
            f"{FORMAT_WORDS[system.audio_format]} ({system.audio_format}); say what they are with "
            "--channels, or leave --system out"
        )
        raise InputError(msg)

    def hear(
        self,
        findings: Findings,
        *,
        window_s: float = 20.0,
        progress: Callable[[float], None] = lambda _: None,
    ) -> Heard:
        """Hear a recording.

        Parameters
        ----------
        findings : Findings
            With a layout that the system hears; see `suited`.
        window_s : float
            Seconds read at a time; the result does not depend on it.
        progress : callable
            Told the seconds heard.

        Returns
        -------
        Heard
        """
        system, duration = self.system, findings.duration
        assert findings.measured is not None
        if findings.measured.is_silent.all():
            return Heard(Events((), system.labels, duration), has_directions=True, notes=(SILENT,))
        pieces = stream(system.feature, self._blocks(findings, window_s, progress))
        seen = None
        if system.eyes is not None:  # two kilobytes a second: even those of hours can be held
            seen = torch.cat([*system.eyes.of_video(findings.media.path)])
        output = predict(system, pieces, seen)
        points = system.codec.decode_points(output)
        if system.audio_format == "stereo":  # which sounds the same from behind
            front = np.array([fold_to_front(azimuth) for azimuth in points.azimuth])
            points = dataclasses.replace(points, azimuth=front)
        found = points.to_events(duration)
        events = (dataclasses.replace(each, offset=min(each.offset, duration)) for each in found)
        return Heard(
            Events(events, system.labels, duration),
            has_directions=True,
            notes=() if len(found) else (f"No events: {system.name} heard none of its classes.",),
            method=self.sentences,
        )

    def _blocks(
        self, findings: Findings, window_s: float, progress: Callable[[float], None]
    ) -> Iterator[NDArray[np.float32]]:
        system = self.system
        block = round(window_s * system.sample_rate)
        for index, sound in enumerate(arranged_blocks(findings, block, system.sample_rate)):
            progress(index * window_s)
            # A click of a file is heard as one label frame.
            missing = max(0, system.label_samples - sound.shape[1]) if index == 0 else 0
            yield np.pad(sound, ((0, 0), (0, missing)))


def _is_number(value: object) -> bool:
    """Tell what stands in a text file, which anyone may have edited."""
    return isinstance(value, int | float)


def _arranged(layout: ChannelLayout, audio_format: AudioFormat) -> ChannelLayout | None:
    """Return a layout with the channels in the order of a format, None if it is another one."""
    if audio_format == "mic":
        return _tetrahedral(layout) if layout.kind == "array" else None
    fits = layout.kind in (("foa",) if audio_format == "foa" else ("stereo", "mid-side"))
    return layout if fits else None


def _tetrahedral(layout: ChannelLayout) -> ChannelLayout | None:
    """Find the capsules of the tetrahedron among the microphones of an array."""
    positions = np.array(layout.positions)
    distance = np.linalg.norm(tetrahedron()[:, None] - positions, axis=-1)
    nearest_one = distance.argmin(axis=1)
    if len(positions) != len(distance) or (distance.min(axis=1) > _SAME_PLACE_M).any():
        return None
    order = tuple(layout.order[index] for index in nearest_one)
    return dataclasses.replace(tetrahedral(), order=order, n_channels=layout.n_channels)
