"""Class lists of the DCASE SELD challenges and of AVE, in the order of their class indices.

The files themselves hold only indices, so whoever reads one must say which list it was made with.
"""

from __future__ import annotations

from hearsight.errors import InputError

DCASE_2020: tuple[str, ...] = (
    "alarm",
    "crying baby",
    "crash",
    "barking dog",
    "running engine",
    "female scream",
    "female speech",
    "burning fire",
    "footsteps",
    "knocking on door",
    "male scream",
    "male speech",
    "ringing phone",
    "piano",
)
"""TAU-NIGENS Spatial Sound Events 2020, 14 classes."""

DCASE_2021: tuple[str, ...] = tuple(
    label for label in DCASE_2020 if label not in ("running engine", "burning fire")
)
"""TAU-NIGENS Spatial Sound Events 2021, 12 classes."""

DCASE_2022: tuple[str, ...] = (
    "female speech",
    "male speech",
    "clapping",
    "telephone",
    "laughter",
    "domestic sounds",
    "footsteps",
    "door",
    "music",
    "musical instrument",
    "water tap",
    "bell",
    "knock",
)
"""STARSS22, STARSS23 and the stereo set made from it: the challenges of 2022 to 2025."""

AVE: tuple[str, ...] = (
    "Church bell",
    "Male speech, man speaking",
    "Bark",
    "Fixed-wing aircraft, airplane",
    "Race car, auto racing",
    "Female speech, woman speaking",
    "Helicopter",
    "Violin, fiddle",
    "Flute",
    "Ukulele",
    "Frying (food)",
    "Truck",
    "Shofar",
    "Motorcycle",
    "Acoustic guitar",
    "Train horn",
    "Clock",
    "Banjo",
    "Goat",
    "Baby cry, infant cry",
    "Bus",
    "Chainsaw",
    "Cat",
    "Horse",
    "Toilet flush",
    "Rodents, rats, mice",
    "Accordion",
    "Mandolin",
)
"""In the order in which its annotations name them first; background comes after them."""


def class_list(year: int) -> tuple[str, ...]:
    """Return the class list of a challenge.

    Parameters
    ----------
    year : int
        2020 to 2025.

    Raises
    ------
    InputError
        If there was no such challenge.

    Examples
    --------
    >>> class_list(2024)[12]
    'knock'
    """
    if year in (2020, 2021):
        return DCASE_2020 if year == 2020 else DCASE_2021
    if 2022 <= year <= 2025:
        return DCASE_2022
    msg = f"no class list for the year {year}; valid: 2020 to 2025"
    raise InputError(msg)
