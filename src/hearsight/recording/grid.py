"""Clocks: samples, analysis frames, 100 ms label frames and pictures.

Label frame k covers [k * 0.1, (k + 1) * 0.1) seconds. All counts are rounded from exact products,
never floored from floating-point quotients (`1.0 // 0.1` is 9.0).
"""

from __future__ import annotations

import math

LABEL_HOP_S = 0.1
"""Directions are given every 100 ms, the frame of all DCASE SELD annotations."""


def frame_time(frame: int, hop_s: float = LABEL_HOP_S) -> float:
    """Return the time at which a frame begins, in seconds, without accumulated rounding.

    Examples
    --------
    >>> frame_time(3)
    0.3
    """
    # The product is off by a few units in the last place at most, far below the rounding.
    return round(frame * hop_s, 9)


def frame_at(time: float, hop_s: float = LABEL_HOP_S) -> int:
    """Return the frame that contains a time; a time on a border belongs to the later frame.

    Times within a microsecond of a border count as on it.

    Examples
    --------
    >>> frame_at(0.3), frame_at(0.29)
    (3, 2)
    """
    return math.floor(time / hop_s + 1e-6)


def frame_count(duration: float, hop_s: float = LABEL_HOP_S) -> int:
    """Return how many frames cover a duration in seconds; a part of a frame counts as one.

    Examples
    --------
    >>> frame_count(1.0), frame_count(1.05)
    (10, 11)
    """
    return max(0, math.ceil(duration / hop_s - 1e-6))


def sample_at(time: float, sample_rate: int) -> int:
    """Return the sample nearest to a time in seconds."""
    return round(time * sample_rate)
