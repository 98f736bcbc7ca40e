"""How the official tools read files before they count: what they cut off, fill in and lose."""

from __future__ import annotations

import dataclasses

import numpy as np

from hearsight.errors import InputError
from hearsight.metrics.counts import BLOCK
from hearsight.metrics.definitions import Average, Definition
from hearsight.metrics.frames import FrameTable
from hearsight.spatial.directions import to_vectors

OFFICIAL_FRAMES = 600
"""Label frames of every recording until 2021."""

_N_SLOTS = 10


def official_end(table: FrameTable, definition: Definition, average: Average) -> float:
    """Return the frame before which the official tool stops to look at a recording.

    Parameters
    ----------
    table : FrameTable
        The reference.
    definition : Definition
        2019 to 2021 look at one minute, later ones up to the reference's last frame.
    average : str
        The PSELDNets tool counts frames rightly.

    Raises
    ------
    InputError
        If the tool of that year fails with an empty reference.
    """
    if definition.year <= 2021:
        return OFFICIAL_FRAMES
    if len(table) == 0:
        if definition.year == 2025:
            return 0
        msg = (
            f"the tool of {definition.year} fails with an empty reference; use strict_parity=False"
        )
        raise InputError(msg)
    # Reference quirk: the last frame of the reference is taken for their number.
    last = int(table.frames.max())
    n_frames = last + 1 if average.startswith("pseldnets") else last
    return n_frames if definition.unit == "frame" else BLOCK * -(-n_frames // BLOCK)


def as_written(tables: list[FrameTable], definition: Definition) -> list[FrameTable]:
    """Return tables as the tools of 2024 and 2025 read them from files.

    Unknown distances and flags are 0, directions go through angles, and in 2025 there are slots.
    """
    if definition.year < 2024:
        return tables
    known = [
        dataclasses.replace(
            table,
            vectors=to_vectors(table.azimuth, table.elevation),
            distance=np.nan_to_num(table.distance, nan=0.0),
            on_screen=np.nan_to_num(table.on_screen, nan=0.0),
        )
        for table in tables
    ]
    return [_into_slots(table) for table in known] if definition.year == 2025 else known


def _into_slots(table: FrameTable) -> FrameTable:
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
        if not 0 <= slot < _N_SLOTS or slot in taken:
            slot = next((free for free in range(_N_SLOTS) if free not in taken), 0)
        taken[slot] = row
    rows = np.array([taken[slot] for taken in slots.values() for slot in sorted(taken)], np.int64)
    columns_left = {
        name: getattr(table, name)[rows]
        for name in FrameTable.__dataclass_fields__
        if name != "n_frames"
    }
    return dataclasses.replace(table, **columns_left)
