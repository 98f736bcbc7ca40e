"""Finding where in one recording is seen what is heard in another, or the reverse.

Each second of a film and of a sound is a point in the space of a trained matching system. What is
given is laid over what is searched at every second.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from torch import Tensor

from hearsight.errors import InputError, WeightsError, nearest
from hearsight.features.clips import ClipFeatures, segment_count
from hearsight.inference.nearest import MIN_APART, Window, nearest_windows
from hearsight.inference.trained import TrainedSystem
from hearsight.metrics.intervals import or_none
from hearsight.models.matching import Matched
from hearsight.recording.files import write_csv, write_json
from hearsight.recording.media import Media, probe
from hearsight.systems.encoders import ClipEncoders, encode_clip
from hearsight.systems.matching import MatchingSystem

By = Literal["heard", "seen"]
BY: tuple[By, ...] = get_args(By)
"""What of the query is looked for: its sound, in pictures, or its pictures, in sound."""

JSON_NAME = "matches.json"
CSV_NAME = "matches.csv"


@dataclass(frozen=True)
class Matches:
    """What was found.

    Parameters
    ----------
    query, target : Path
    by : {"heard", "seen"}
        What of the query was looked for.
    start, end : int
        Which seconds of it.
    n_searched : int
        Seconds of the target.
    windows : tuple of Window
        The nearest first.
    system : str
        By whose distances, a sentence.
    """

    query: Path
    target: Path
    by: By
    start: int
    end: int
    n_searched: int
    windows: tuple[Window, ...]
    system: str

    @property
    def verdict(self) -> str:
        """Whether what was found is more than the nearest of many, in words."""
        out = [f"{window.start} to {window.end} s" for window in self.windows if window.stands_out]
        if out:
            return f"Stands out: {', '.join(out)}."
        if self.windows[0].stands_out is None:
            return (
                f"Whether any of it stands out cannot be told: what is searched lasts "
                f"{self.n_searched} s, but would have to be {MIN_APART} times as long as the "
                f"{self.end - self.start} s that are looked for."
            )
        return (
            "Nothing stands out: the nearest of as many windows that do not belong is often as "
            "near. What is looked for may not be there."
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain values ready for JSON, None where a number is not known."""
        return {
            **dataclasses.asdict(self),
            "query": str(self.query),
            "target": str(self.target),
            "windows": self._rows(),
            "verdict": self.verdict,
        }

    def write(self, folder: str | Path) -> None:
        """Write all of it as `matches.json`, and the windows as `matches.csv`.

        Raises
        ------
        MediaError
            If they cannot be written.
        """
        write_json(Path(folder) / JSON_NAME, self.to_dict())
        names = [field.name for field in dataclasses.fields(Window)]
        rows = ([row[name] for name in names] for row in self._rows())
        write_csv(Path(folder) / CSV_NAME, [names, *rows])

    def _rows(self) -> list[dict[str, Any]]:
        rows = [dataclasses.asdict(window) for window in self.windows]
        numbers = ("distance", "margin", "share_farther")
        return [row | or_none({name: row[name] for name in numbers}) for row in rows]


def match(
    query: str | Path,
    target: str | Path,
    trained: TrainedSystem,
    *,
    by: By | None = None,
    start: int = 0,
    end: int | None = None,
    n_best: int = 3,
) -> Matches:
    """Find where in a recording is seen what is heard in another, or the reverse.

    Parameters
    ----------
    query, target : str or Path
        Videos, silent films or sounds of any length.
    trained : TrainedSystem
        That matches seconds.
    by : {"heard", "seen"}, optional
        What of the query is looked for; default: what can be, if it is only one.
    start, end : int
        Seconds of the query to look for; default: all. No more than the target has.
    n_best : int
        How many windows are told at most.

    Returns
    -------
    Matches

    Raises
    ------
    InputError
        If query and target do not have what is needed, the query has no such seconds or more than
        the target, or the system is of another kind.
    WeightsError
        If the system has nothing that makes features of recordings.
    MediaError
        If a file cannot be read.
    """
    if n_best < 1:
        msg = f"n_best must be at least 1, got {n_best}"
        raise InputError(msg)
    system = trained.of_kind(MatchingSystem)
    only = _encoders(trained)
    asked, searched = probe(query), probe(target)
    by = _chosen(asked, searched, by)
    end = segment_count(asked.duration) if end is None else end
    n_searched = segment_count(searched.duration)
    _check_part(asked, start, end, n_searched)
    given = _points(system, encode_clip(only[by], query, end))[start:]
    other = _points(system, encode_clip(only["seen" if by == "heard" else "heard"], target))
    return Matches(
        query=Path(query),
        target=Path(target),
        by=by,
        start=start,
        end=end,
        n_searched=n_searched,
        windows=nearest_windows(Matched(given, other).all().cpu().numpy(), n_best),
        system=trained.sentences[0],
    )


def _encoders(trained: TrainedSystem) -> dict[By, ClipEncoders]:
    """Return what makes features of sounds alone, and of pictures alone."""
    encoders = trained.of_kind(MatchingSystem).encoders
    if encoders is None or encoders.sees is None or encoders.hears is None:
        msg = (
            f"{trained.folder}: has learned from features and holds nothing that makes them of "
            "recordings; train with data.encoders, or import with --encoder"
        )
        raise WeightsError(msg)
    return {
        "heard": dataclasses.replace(encoders, sees=None),
        "seen": dataclasses.replace(encoders, hears=None),
    }


def _chosen(query: Media, target: Media, by: By | None) -> By:
    """Return what of the query is to be looked for in the target, if that is clear."""
    if by is not None and by not in BY:
        msg = f"by must be what is known of the query, got {by!r}; {nearest(by, BY)}"
        raise InputError(msg)
    possible: list[By] = []
    if query.chosen_audio is not None and target.chosen_video is not None:
        possible.append("heard")
    if query.chosen_video is not None and target.chosen_audio is not None:
        possible.append("seen")
    if by in possible:
        return by
    if len(possible) == 1 and by is None:
        return possible[0]
    if len(possible) == 2:
        msg = (
            f"{query.path} and {target.path} both have pictures and sound; say whether the query's "
            "sound (--heard) or its pictures (--seen) are looked for in the other"
        )
        raise InputError(msg)
    msg = (
        f"{query.path} has {_content(query)} and {target.path} {_content(target)}; look for a "
        "sound in pictures (--heard), or for pictures in a sound (--seen)"
    )
    raise InputError(msg)


def _content(media: Media) -> str:
    has = (("pictures", media.chosen_video), ("sound", media.chosen_audio))
    return " and ".join(name for name, stream in has if stream is not None)


def _check_part(query: Media, start: int, end: int, n_searched: int) -> None:
    n_seconds = segment_count(query.duration)
    if not 0 <= start < end <= n_seconds:
        msg = (
            f"{query.path}: has the seconds 0 to {n_seconds}, got {start} to {end}; choose some of "
            "them with --from and --to"
        )
        raise InputError(msg)
    if end - start > n_searched:
        msg = (
            f"{query.path}: {end - start} s are more than the {n_searched} s that are searched; "
            "choose fewer with --from and --to, or look for the shorter in the longer"
        )
        raise InputError(msg)


def _points(system: MatchingSystem, features: ClipFeatures) -> Tensor:
    """Return the points of a recording that was only heard, or only seen."""
    video, audio = system.embed(features)
    points = audio if video is None else video
    assert points is not None
    return points
