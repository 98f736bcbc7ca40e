"""How the learning rate changes while a system learns: pure functions of what is done."""

from __future__ import annotations

import math

from hearsight.systems.settings import Schedule

_LATE = 0.7
_LAST_SHARE = 1.0 / 3.0
_VERY_LATE = 14_999 / 15_600  # the first of the 15,600 steps of AVE that is slow


def learning_rate_share(schedule: Schedule, done: float) -> float:
    """Return what the learning rate is multiplied with.

    Parameters
    ----------
    schedule : {"constant", "cosine", "late_linear", "late_tenth"}
        Always 1; from 1 to 0 along half a cosine; 1, and over the last 30 % straight down to 1/3,
        as SALSA (Nguyen et al. 2022) goes from 3e-4 to 1e-4; 1, and 0.1 for the last 4 %, as in
        AVE's code (Tian et al. 2018).
    done : float
        Which part of all steps is done, in [0, 1].

    Examples
    --------
    >>> [round(learning_rate_share("cosine", done), 2) for done in (0.0, 0.5, 1.0)]
    [1.0, 0.5, 0.0]
    >>> [round(learning_rate_share("late_linear", done), 2) for done in (0.0, 0.7, 0.85, 1.0)]
    [1.0, 1.0, 0.67, 0.33]
    >>> [learning_rate_share("late_tenth", step / 15_600) for step in (0, 14_998, 14_999, 15_599)]
    [1.0, 1.0, 0.1, 0.1]
    """
    if schedule == "cosine":
        return 0.5 * (1.0 + math.cos(math.pi * done))
    if schedule == "late_linear":
        late = max(0.0, done - _LATE) / (1.0 - _LATE)
        return 1.0 - late * (1.0 - _LAST_SHARE)
    if schedule == "late_tenth":
        return 0.1 if done >= _VERY_LATE else 1.0
    return 1.0
