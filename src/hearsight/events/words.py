"""Directions in words, as a caption says them: "left", "front right, above".

The horizon is divided into eight sectors of 45 degrees, centred on the front. From 30 degrees up
or down a second word is added; from 75 degrees the azimuth says nothing any more and is dropped.
"""

from __future__ import annotations

import math

from hearsight.events.events import Event
from hearsight.spatial.directions import wrap_azimuth

SECTORS = (
    "front",
    "front left",
    "left",
    "back left",
    "back",
    "back right",
    "right",
    "front right",
)
UNKNOWN = "direction unknown"
_RAISED_DEG = 30.0
_UPRIGHT_DEG = 75.0

# What each phrase stands for when it is read: the middle of its sector.
_MEANINGS: dict[str, tuple[float | None, float | None]] = {
    UNKNOWN: (None, None),
    "straight above": (0.0, 90.0),
    "straight below": (0.0, -90.0),
}
for _index, _sector in enumerate(SECTORS):
    _azimuth = float(wrap_azimuth(45.0 * _index))
    _MEANINGS[_sector] = (_azimuth, 0.0)
    _MEANINGS[f"{_sector}, above"] = (_azimuth, 50.0)
    _MEANINGS[f"{_sector}, below"] = (_azimuth, -50.0)

PHRASES = tuple(_MEANINGS)
"""Everything `direction_in_words` can say."""


def direction_in_words(azimuth: float | None, elevation: float | None = None) -> str:
    """Say a direction in words.

    Parameters
    ----------
    azimuth : float or None
        Degrees, counter-clockwise from the front; None or NaN where unknown.
    elevation : float or None
        Degrees; None or NaN counts as the horizon.

    Returns
    -------
    str
        One of `PHRASES`; "direction unknown" without an azimuth.

    Examples
    --------
    >>> direction_in_words(90.0)
    'left'
    >>> direction_in_words(-40.0, 35.0)
    'front right, above'
    """
    if azimuth is None or math.isnan(azimuth):
        return UNKNOWN
    height = 0.0 if elevation is None or math.isnan(elevation) else elevation
    side = "above" if height > 0.0 else "below"
    if abs(height) >= _UPRIGHT_DEG:
        return f"straight {side}"
    sector = SECTORS[math.floor(azimuth / 45.0 + 0.5) % len(SECTORS)]
    return f"{sector}, {side}" if abs(height) >= _RAISED_DEG else sector


def place_in_words(event: Event) -> str:
    """Say where an event is: its direction, or else whether it is in the picture.

    Parameters
    ----------
    event : Event

    Returns
    -------
    str
        One of `PHRASES`, "in the picture" or "not in the picture".

    Examples
    --------
    >>> from hearsight.events.events import Track
    >>> place_in_words(Event("bark", 0.0, 0.2, track=Track([0.0, 0.1], on_screen=[0, 0])))
    'not in the picture'
    """
    track = event.track
    if event.azimuth is not None or track is None:
        return direction_in_words(event.azimuth, event.elevation)
    if event.box is not None or (track.on_screen == 1.0).any():
        return "in the picture"
    return "not in the picture" if (track.on_screen == 0.0).any() else UNKNOWN


def split_direction(text: str) -> tuple[str, float | None, float | None]:
    """Take the direction off the end of a caption such as "knocking, front left".

    Parameters
    ----------
    text : str

    Returns
    -------
    label : str
        What stands before the direction; the whole text if it ends with none.
    azimuth, elevation : float or None
        The middle of the sector in degrees: azimuth a multiple of 45, elevation 0, 50, -50, 90 or
        -90; None where unknown.

    Examples
    --------
    >>> split_direction("knock, knock, left, above")
    ('knock, knock', 90.0, 50.0)
    """
    for n_commas in (1, 2):
        parts = text.rsplit(", ", n_commas)
        phrase = ", ".join(parts[1:])
        if len(parts) == n_commas + 1 and parts[0].strip() and phrase in _MEANINGS:
            return (parts[0], *_MEANINGS[phrase])
    return text, None, None
