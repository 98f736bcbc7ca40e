"""Trained systems as a person names them: found, loaded, and described."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TypeVar

import torch

from hearsight import systems
from hearsight.errors import InputError, WeightsError, nearest
from hearsight.systems.heatmap import HeatMapSystem
from hearsight.systems.matching import MatchingSystem
from hearsight.systems.segments import SegmentSystem
from hearsight.systems.seld import SeldSystem
from hearsight.weights.store import (
    Systems,
    fingerprint,
    is_weights_folder,
    load_system,
    read_about,
)

S = TypeVar("S", SeldSystem, HeatMapSystem, SegmentSystem, MatchingSystem)

RUNS = Path("runs")
"""Where `hearsight train` leaves weights, in a folder with the system's name."""

_DEEDS: dict[type[Any], str] = {
    SeldSystem: "hears where classes sound",
    HeatMapSystem: "sees what makes a sound",
    SegmentSystem: "tells in which seconds events are heard and seen",
    MatchingSystem: "finds a sound in a film, or a picture in a sound",
}

_DONE: dict[type[Any], str] = {
    SeldSystem: "Heard",
    HeatMapSystem: "Looked at",
    SegmentSystem: "Watched and heard",
    MatchingSystem: "Compared",
}


def means_weights(where: str | Path) -> bool:
    """Tell whether a person means weights or a system, not a folder of results."""
    folder = Path(where)
    return not folder.is_dir() or is_weights_folder(folder) or str(where) in systems.names()


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
    system : SeldSystem, HeatMapSystem, SegmentSystem or MatchingSystem
    about : mapping
        What is written beside them: `scores` and `origin`, among others.
    fingerprint : str
        Changes when they do.
    """

    folder: Path
    system: Systems
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
        if isinstance(system, SegmentSystem | MatchingSystem) and system.encoders is not None:
            system.encoders.to(place)
        return cls(folder, system, read_about(folder), fingerprint(folder))

    def of_kind(self, kind: type[S]) -> S:
        """Return the system, if it is of a kind.

        Raises
        ------
        InputError
            If it is of another one.
        """
        if isinstance(self.system, kind):
            return self.system
        msg = (
            f"{self.folder}: holds weights of {self.system.name}, which "
            f"{_DEEDS[type(self.system)]}; give weights of a system that {_DEEDS[kind]}"
        )
        raise InputError(msg)

    @property
    def sentences(self) -> tuple[str, ...]:
        """Which system it is, what it has learnt from, and how good it is."""
        deed = _DONE[type(self.system)]
        said = [f"{deed} by {self.system.name}, weights {self.folder} ({self.fingerprint})."]
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


def _is_number(value: object) -> bool:
    """Tell what stands in a text file, which anyone may have edited."""
    return isinstance(value, int | float)
