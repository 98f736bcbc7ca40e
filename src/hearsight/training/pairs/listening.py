"""Whether a system listens: what its maps become with sounds that are not the pictures' own.

A map that shows the same with any sound shows what stands out in the picture. With the sound of
another picture its success should fall to that of the floors; and where nothing in view makes the
sound, it should say nothing: lie nowhere above the universal threshold.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from hearsight.events.sounding import SIZE, Truth
from hearsight.metrics.heatmaps.negative_sound import (
    describe_maxima,
    mask_iou,
    negative_sound_scores,
    swapped_sound_scores,
)
from hearsight.metrics.heatmaps.overlap import ciou
from hearsight.metrics.heatmaps.rows import ScoreRows
from hearsight.metrics.heatmaps.scores import MapScores
from hearsight.metrics.heatmaps.styles import Style
from hearsight.metrics.heatmaps.upsampling import upsample
from hearsight.metrics.intervals import or_none

Map = NDArray[np.floating]
Maps = Mapping[str, Map]

OWN: Final = "own"
ELSEWHERE: Final = "off_screen"


@dataclass(frozen=True, eq=False)
class Listening:
    """What a system's maps say to each kind of sound.

    Parameters
    ----------
    threshold : float
        Above which a map says something.
    negative : ScoreRows
        `pia`, `auc_negative`, `f_loc` and `f_auc` of `silence`, `noise` and `off_screen`, and of
        `all`; see `negative_sound_scores`.
    says_nothing : mapping of str to float
        Share of pictures whose map is nowhere above the threshold, of the same and of `own`.
    maxima : mapping of str to mapping
        Mean and median of the maps' greatest values.
    swapped : ScoreRows or None
        With the sound of another picture, see `swapped_sound_scores`; None where there is none of
        another class.
    floor : float
        Success of the best floor.
    """

    threshold: float
    negative: ScoreRows
    says_nothing: Mapping[str, float]
    maxima: Mapping[str, Mapping[str, float]]
    swapped: ScoreRows | None
    floor: float

    @property
    def follows_sound(self) -> bool | None:
        """Whether success is higher with the own sound, by its interval; None if it is unknown."""
        if self.swapped is None or self.swapped.n_pictures["own"] < 2:
            return None
        return bool(self.swapped.intervals["difference"]["success"].low > 0.0)

    @property
    def falls_to_floor(self) -> bool | None:
        """Whether success with another sound is, by its interval, no better than the best floor."""
        if self.swapped is None or self.swapped.n_pictures["own"] < 2:
            return None
        return bool(self.swapped.intervals["swapped"]["success"].low <= self.floor)

    @property
    def verdict(self) -> str:
        """What other sounds tell, a sentence."""
        if self.swapped is None or self.follows_sound is None:
            return "Whether the maps listen cannot be told: there are too few sounds to swap."
        own, other = (self.swapped[row]["success"] for row in ("own", "swapped"))
        scores = (
            f"with the sound of another picture success goes from {_percent(own)} to "
            f"{_percent(other)}"
        )
        floor = f"the best floor ({_percent(self.floor)})"
        if not self.follows_sound:
            low, high, _ = self.swapped.intervals["difference"]["success"]
            reach = f"95 % interval of the loss {100 * low:+.1f} to {100 * high:+.1f} points"
            return f"The maps are not shown to listen: {scores} ({reach})."
        if self.falls_to_floor:
            return f"The maps listen: {scores}, no better than {floor}."
        return f"The maps listen in part: {scores}, which is still above {floor}."

    def to_dict(self) -> dict[str, Any]:
        """Return plain values ready for JSON."""
        return {
            "threshold": self.threshold,
            "negative": self.negative.to_dict(),
            "says_nothing": or_none(self.says_nothing),
            "maxima": {sound: or_none(each) for sound, each in self.maxima.items()},
            "swapped": None if self.swapped is None else self.swapped.to_dict(),
            "best_floor": self.floor,
            "follows_sound": self.follows_sound,
            "falls_to_floor": self.falls_to_floor,
            "verdict": self.verdict,
        }


def judge_listening(
    scores: MapScores,
    truths: Mapping[str, Truth],
    heard: Mapping[str, Maps],
    threshold: float,
) -> Listening:
    """Compare maps with the own sound with those with others.

    Parameters
    ----------
    scores : MapScores
        Of the maps with the own sound, with the rule `universal` for this threshold.
    truths : mapping of str to Truth
    heard : mapping of str to mapping
        Maps by kind of sound, `own` and others, then by picture.
    threshold : float
        The universal one.
    """
    own = scores.pictures

    def above(map_: Map) -> NDArray[np.bool_]:
        return upsample(map_, SIZE, scores.style.upsampling) > threshold

    shares = {
        sound: np.array([above(maps[name]).mean() for name in own]) for sound, maps in heard.items()
    }
    swapped = None
    if ELSEWHERE in heard:
        other = heard[ELSEWHERE]
        cious = map_cious(((name, other[name]) for name in own), truths, scores.style)
        same = [float(mask_iou(above(heard[OWN][name]), above(other[name]))) for name in own]
        swapped = swapped_sound_scores(_own(scores, scores.rule), list(cious.values()), same)
    return Listening(
        threshold,
        negative_sound_scores(
            _own(scores, "universal"),
            {sound: each for sound, each in shares.items() if sound != OWN},
        ),
        {sound: float((each == 0.0).mean()) for sound, each in shares.items()},
        describe_maxima(
            {sound: [float(map_.max()) for map_ in maps.values()] for sound, maps in heard.items()}
        ),
        swapped,
        scores.table[scores.best_floor][scores.rule]["success"],
    )


def map_cious(
    maps: Iterable[tuple[str, Map]], truths: Mapping[str, Truth], style: Style
) -> dict[str, float]:
    """Score maps by the rule of a style alone, without floors.

    Parameters
    ----------
    maps : iterable of (str, ndarray)
        By picture; taken one by one.
    truths : mapping of str to Truth
    style : Style
    """
    found = {}
    for name, map_ in maps:
        truth = truths[name].to_map(SIZE)
        mask = style.mask(style.enlarge(map_, SIZE), int(np.count_nonzero(truth)))
        found[name] = ciou(mask, truth)
    return found


def _own(scores: MapScores, rule: str) -> list[float]:
    return [picture.cious["maps"][rule] for picture in scores.pictures.values()]


def _percent(share: float) -> str:
    return f"{100.0 * share:.1f} %"
