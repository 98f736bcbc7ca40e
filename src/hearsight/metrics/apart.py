"""Counters of 2019, when detection and localization were judged apart.

Detection asks which classes sound in each second; localization asks, frame by frame and without
regard to class, how many directions there are and how far they are from the true ones.
"""

from __future__ import annotations

import numpy as np

from hearsight.metrics.association import associate, groups_of
from hearsight.metrics.counts import BLOCK, Cells, Counts, Stack, add_up
from hearsight.metrics.definitions import ANGLES, Definition
from hearsight.metrics.frames import Floats, FrameTable, Integers


def count_apart(
    truth: Stack,
    prediction: Stack,
    cells: Cells,
    n_frames: Integers,
    definition: Definition,
    *,
    strict_parity: bool,
) -> Counts:
    """Count by the rules of 2019.

    Parameters
    ----------
    truth, prediction : Stack
        Sorted by file, frame and class.
    cells : Cells
        Their numbering.
    n_frames : ndarray of int, shape (files,)
        Label frames of each file, silent ones included.
    definition : Definition
        For its angle rule.
    strict_parity : bool
        One instance of a class in a frame (the last row), and the last frame of a second unheard.
    """
    if strict_parity:
        truth, prediction = _last_of_each(truth, cells), _last_of_each(prediction, cells)
    sides = truth, prediction
    active = [_active_seconds(rows, cells, strict_parity=strict_parity) for rows in sides]
    keys = np.union1d(*active)
    is_true, is_predicted = (np.isin(keys, some).astype(float) for some in active)
    fp, fn = is_predicted * (1.0 - is_true), is_true * (1.0 - is_predicted)
    columns = {
        "true_positives": is_true * is_predicted,
        "false_positives": fp,
        "false_negatives": fn,
        "references": is_true,
        "predictions": is_predicted,
    }
    by_class = {name: cells.sum_by_class(keys, values) for name, values in columns.items()}
    overall = cells.substitutions(keys, fp, fn)
    overall |= _directions(truth, prediction, cells, definition, strict_parity=strict_parity)
    overall["frames"] = n_frames.astype(float)
    overall["matching_frames"] = overall["frames"] - overall.pop("unequal_frames")
    return Counts(by_class, overall)


def _directions(
    truth: Stack,
    prediction: Stack,
    cells: Cells,
    definition: Definition,
    *,
    strict_parity: bool,
) -> dict[str, Floats]:
    """Match the directions of all classes in each frame."""
    sides = truth, prediction
    groups = [groups_of(rows.file * cells.n_frames + rows.table.frames) for rows in sides]
    pairs = associate(
        truth.table,
        groups[0],
        prediction.table,
        groups[1],
        ANGLES[definition.angle_rule],
        strict_parity=strict_parity,
    )
    instants = np.union1d(groups[0].keys, groups[1].keys)
    counts = np.zeros((2, len(instants)))
    for side, group in zip(counts, groups, strict=True):
        side[np.searchsorted(instants, group.keys)] = group.size
    surplus = counts[1] - counts[0]
    file = instants // cells.n_frames

    def by_file(values: Floats) -> Floats:
        return add_up(file, values, cells.n_files)

    return {
        "angle_sum": add_up(truth.file[pairs.truth], pairs.angle, cells.n_files),
        "directions": by_file(counts[1]),
        "surplus_directions": by_file(np.maximum(0.0, surplus)),
        "missing_directions": by_file(np.maximum(0.0, -surplus)),
        "unequal_frames": by_file((surplus != 0.0).astype(float)),
    }


def _active_seconds(rows: Stack, cells: Cells, *, strict_parity: bool) -> Integers:
    keys = cells.key(rows, BLOCK)
    # Reference quirk: the last of the ten frames of a second is not looked at.
    return np.unique(keys[rows.table.frames % BLOCK < BLOCK - 1] if strict_parity else keys)


def _last_of_each(rows: Stack, cells: Cells) -> Stack:
    groups = groups_of(cells.key(rows))
    last = groups.start + groups.size - 1
    columns = {
        name: getattr(rows.table, name)[last]
        for name in FrameTable.__dataclass_fields__
        if name != "n_frames"
    }
    return Stack(FrameTable(**columns, n_frames=rows.table.n_frames), rows.file[last])
