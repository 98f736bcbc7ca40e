"""The ten places that the official tool of 2025 has for the instances of a class in a frame."""

from __future__ import annotations

import dataclasses

import numpy as np

from hearsight.metrics.frames import FrameTable

N_SLOTS = 10


def into_slots(table: FrameTable) -> FrameTable:
    """Put the instances of each class and frame into ten slots, as the official tool does.

    An instance takes the slot of its number; if there is none, or it is taken, the first that is
    free; if none is free, it replaces what is in the first. So of more than ten instances some are
    lost, and rows come out in the order of slots.
    """
    slots: dict[tuple[int, int], dict[int, int]] = {}
    columns = (table.frames.tolist(), table.classes.tolist(), table.sources.tolist())
    for row, (frame, label, source) in enumerate(zip(*columns, strict=True)):
        taken = slots.setdefault((frame, label), {})
        slot = source
        if not 0 <= slot < N_SLOTS or slot in taken:
            slot = next((free for free in range(N_SLOTS) if free not in taken), 0)
        taken[slot] = row
    rows = np.array([taken[slot] for taken in slots.values() for slot in sorted(taken)], np.int64)
    columns_left = {
        name: getattr(table, name)[rows]
        for name in FrameTable.__dataclass_fields__
        if name != "n_frames"
    }
    return dataclasses.replace(table, **columns_left)
