"""Counters of right and wrong for every file and class, which add.

All scores are ratios of sums of these counters, so that scores of any part of the files (one room,
all but one for the jackknife, a bootstrap draw) need no second look at the events.

`segments` counts for 2020 to 2023, `frames` for 2024 and 2025; 2019 is in `apart`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np

from hearsight.metrics.association import Groups, Pairs, associate, groups_of
from hearsight.metrics.definitions import ANGLES, Definition
from hearsight.metrics.frames import Floats, FrameTable, Integers

BLOCK = 10
"""Label frames in a segment of one second."""

_SLACK = 1e-6
"""By which rounding may push an error over a threshold that it meets."""


def add_up(where: Integers, values: Floats | None, size: int) -> Floats:
    """Add values (default: ones) up by where they belong, shape (size,)."""
    return np.bincount(where, values, size).astype(float)


@dataclass(frozen=True, eq=False)
class Counts:
    """Counters with any leading axes, such as files.

    Parameters
    ----------
    by_class : mapping of str to ndarray, shape (..., n_classes)
        What each class counts.
    overall : mapping of str to ndarray, shape (...)
        What only all classes together count: substitutions and the like.
    """

    by_class: Mapping[str, Floats]
    overall: Mapping[str, Floats]

    def _map(self, function: Callable[[Floats], Floats]) -> Self:
        return type(self)(
            {name: function(values) for name, values in self.by_class.items()},
            {name: function(values) for name, values in self.overall.items()},
        )

    def total(self) -> Self:
        """Sum over files."""
        return self._map(lambda values: values.sum(axis=0))

    def leave_one_out(self) -> Self:
        """Return the sums without each file, with an axis of files in front."""
        return self._map(lambda values: values.sum(axis=0) - values)

    def weighted(self, weights: Floats) -> Self:
        """Return the sums with each file counted so many times; weights (draws, files)."""
        return self._map(lambda values: weights @ values)

    def at(self, files: Sequence[int]) -> Self:
        """Return the counters of some files."""
        chosen = np.asarray(files, dtype=np.int64)
        return self._map(lambda values: values[chosen])


class Stack(NamedTuple):
    """The tables of several files below each other, rows sorted by file, frame and class."""

    table: FrameTable
    file: Integers


def stack(tables: Sequence[FrameTable], ends: Sequence[float]) -> Stack:
    """Put tables below each other, each cut before its end frame, rows sorted by class too."""
    file = np.repeat(np.arange(len(tables)), [len(table) for table in tables])
    columns = {
        name: np.concatenate([getattr(table, name) for table in tables])
        for name in FrameTable.__dataclass_fields__
        if name != "n_frames"
    }
    order = np.lexsort((columns["classes"], columns["frames"], file))
    order = order[columns["frames"][order] < np.asarray(ends)[file[order]]]
    n_frames = max(table.n_frames for table in tables)
    rows = {name: values[order] for name, values in columns.items()}
    return Stack(FrameTable(**rows, n_frames=n_frames), file[order])


class Cells:
    """Which file, which frame or second, and which class: one number for each.

    Parameters
    ----------
    n_files, n_frames, n_classes : int
        Sizes.
    """

    def __init__(self, n_files: int, n_frames: int, n_classes: int) -> None:
        self.n_files, self.n_frames, self.n_classes = n_files, max(n_frames, 1), n_classes

    def key(self, rows: Stack, block: int = 1) -> Integers:
        """Return the number of the cell of each row; a block of frames shares one cell."""
        instant = rows.file * self.n_frames + rows.table.frames // block
        return np.asarray(instant * self.n_classes + rows.table.classes)

    def block_of(self, keys: Integers, block: int) -> Integers:
        """Turn the numbers of frame cells into those of block cells."""
        instant, label = np.divmod(keys, self.n_classes)
        file, frame = np.divmod(instant, self.n_frames)
        return np.asarray((file * self.n_frames + frame // block) * self.n_classes + label)

    def sum_by_class(self, keys: Integers, values: Floats) -> Floats:
        """Add values of cells to shape (files, classes)."""
        instant, label = np.divmod(keys, self.n_classes)
        where = instant // self.n_frames * self.n_classes + label
        size = self.n_files * self.n_classes
        return add_up(where, values, size).reshape(self.n_files, self.n_classes)

    def substitutions(self, keys: Integers, fp: Floats, fn: Floats) -> dict[str, Floats]:
        """Split the errors of an instant, over all classes, as one swaps for another.

        Returns
        -------
        dict of str to ndarray, shape (files,)
            `substitutions` min(fp, fn), `deletions` what is left of fn, `insertions` of fp.
        """
        instants, inverse = np.unique(keys // self.n_classes, return_inverse=True)
        n = len(instants)
        positives, negatives = add_up(inverse, fp, n), add_up(inverse, fn, n)
        file = instants // self.n_frames
        parts = {
            "substitutions": np.minimum(positives, negatives),
            "deletions": np.maximum(0.0, negatives - positives),
            "insertions": np.maximum(0.0, positives - negatives),
        }
        return {name: add_up(file, part, self.n_files) for name, part in parts.items()}


class Scene(NamedTuple):
    """Truth and prediction in one numbering of cells, with what was matched frame by frame."""

    truth: Stack
    prediction: Stack
    cells: Cells
    truth_groups: Groups
    prediction_groups: Groups
    pairs: Pairs


def match(
    truth: Stack,
    prediction: Stack,
    cells: Cells,
    definition: Definition,
    *,
    strict_parity: bool,
) -> Scene:
    """Match instances of one class in one frame."""
    groups = groups_of(cells.key(truth)), groups_of(cells.key(prediction))
    angle = ANGLES[definition.angle_rule]
    pairs = associate(
        truth.table, groups[0], prediction.table, groups[1], angle, strict_parity=strict_parity
    )
    return Scene(truth, prediction, cells, *groups, pairs)


class _Tally(NamedTuple):
    """Cells that either side has, with how many instances each side has in them."""

    keys: Integers
    truth: Floats
    prediction: Floats


def _tally(scene: Scene, block: int) -> _Tally:
    """Count the most instances at once in each cell of `block` frames."""
    first = scene.cells.block_of(scene.truth_groups.keys, block)
    second = scene.cells.block_of(scene.prediction_groups.keys, block)
    keys = np.union1d(first, second)
    counts = np.zeros((2, len(keys)))
    np.maximum.at(counts[0], np.searchsorted(keys, first), scene.truth_groups.size)
    np.maximum.at(counts[1], np.searchsorted(keys, second), scene.prediction_groups.size)
    return _Tally(keys, counts[0], counts[1])


def count_segments(scene: Scene, definition: Definition, *, strict_parity: bool) -> Counts:
    """Count seconds of 2021 to 2023: several instances of a class, each placed on average.

    An instance is followed through a second by its place among the rows of its class and frame.
    """
    keys, n_true, n_predicted = tally = _tally(scene, BLOCK)
    pairs, cells = scene.pairs, scene.cells
    place = pairs.truth - _start_of_rows(scene.truth_groups)[pairs.truth]
    pair_cells = np.searchsorted(keys, cells.key(scene.truth, BLOCK)[pairs.truth])
    span = int(place.max(initial=0)) + 1
    lanes, lane_of = np.unique(pair_cells * span + place, return_inverse=True)
    means = add_up(lane_of, pairs.angle, len(lanes)) / add_up(lane_of, None, len(lanes))
    cell = lanes // span
    is_near = means <= _limit(definition.angle_threshold, strict_parity=strict_parity)

    def by_cell(values: Floats | None = None) -> Floats:
        return add_up(cell, values, len(keys))

    found = by_cell()
    is_apart = (found == 0) & (n_true > 0) & (n_predicted > 0)  # never in the same frame
    extra = np.where(is_apart, 0.0, np.maximum(0.0, n_predicted - n_true))
    # Reference quirk: as many instances are missed as were predicted.
    missed_apart = n_predicted if strict_parity else n_true
    missed = np.where(is_apart, missed_apart, np.maximum(0.0, n_true - n_predicted))
    spatial = by_cell((~is_near).astype(float))
    columns = {
        "true_positives": by_cell(is_near.astype(float)),
        "false_positives": extra,
        "spatial_errors": spatial,
        "false_negatives": missed,
        "references": tally.truth,
        "angle_sum": by_cell(means),
        "localized": found,
        "localization_false_positives": extra,
        "localization_false_negatives": missed,
    }
    return _counts(scene, keys, columns, spatial + extra, missed)


def count_single_instances(scene: Scene, definition: Definition, *, strict_parity: bool) -> Counts:
    """Count seconds of 2020: a class is there or not, placed by the mean over common frames."""
    keys, n_true, n_predicted = _tally(scene, BLOCK)
    pairs, cells = scene.pairs, scene.cells
    frames, frame_of = np.unique(cells.key(scene.truth)[pairs.truth], return_inverse=True)
    angles = add_up(frame_of, pairs.angle, len(frames))
    if not strict_parity:  # reference quirk: several instances in one frame add their errors up
        angles = angles / add_up(frame_of, None, len(frames))
    cell = np.searchsorted(keys, cells.block_of(frames, BLOCK))
    n_common = add_up(cell, None, len(keys))
    mean = add_up(cell, angles, len(keys)) / np.maximum(n_common, 1)
    is_true, is_predicted = n_true > 0, n_predicted > 0
    is_common = n_common > 0
    limit = _limit(definition.angle_threshold, strict_parity=strict_parity)
    is_found = is_common & (mean <= limit)
    columns = {
        "true_positives": is_found.astype(float),
        "false_positives": (is_predicted & ~is_true).astype(float),
        "false_negatives": (is_true & ~is_found).astype(float),
        "references": is_true.astype(float),
        "predictions": is_predicted.astype(float),
        "angle_sum": np.where(is_common, mean, 0.0),
        "localized": is_common.astype(float),
    }
    return _counts(scene, keys, columns, columns["false_positives"], columns["false_negatives"])


def count_frames(scene: Scene, definition: Definition, *, strict_parity: bool) -> Counts:
    """Count frames of 2024 and 2025: angle, distance and on-screen flag of every match."""
    keys, n_true, n_predicted = tally = _tally(scene, 1)
    pairs = scene.pairs
    cell = np.searchsorted(keys, scene.cells.key(scene.truth)[pairs.truth])
    unit = definition.distance_unit
    true_distance = _in_units(scene.truth.table.distance[pairs.truth], unit)
    distance = _in_units(scene.prediction.table.distance[pairs.prediction], unit)
    gap = np.abs(true_distance - distance)
    true_flag = scene.truth.table.on_screen[pairs.truth]
    flag = scene.prediction.table.on_screen[pairs.prediction]
    is_wrong = pairs.angle > _limit(definition.angle_threshold, strict_parity=strict_parity)
    if strict_parity:
        relative = gap / (true_distance + np.finfo(float).eps)
    else:  # no distance is relative to nothing: there the relative error is unknown
        with np.errstate(divide="ignore", invalid="ignore"):
            relative = np.where(true_distance > 0.0, gap / true_distance, np.nan)
    if definition.with_distance:
        slack = 0.0 if strict_parity else _SLACK
        is_wrong |= gap > definition.distance_threshold / unit + slack
        is_wrong |= relative > definition.relative_distance_threshold + slack
    if definition.require_on_screen:
        is_wrong |= (flag != true_flag) & ~np.isnan(true_flag)

    def by_cell(values: Floats) -> Floats:
        return add_up(cell, values, len(keys))

    found = np.minimum(n_true, n_predicted)
    spatial = by_cell(is_wrong.astype(float))
    extra, missed = np.maximum(0.0, n_predicted - n_true), np.maximum(0.0, n_true - n_predicted)
    columns = {
        "true_positives": found - spatial,
        "false_positives": extra,
        "spatial_errors": spatial,
        "false_negatives": missed,
        "references": tally.truth,
        "angle_sum": by_cell(pairs.angle),
        "localized": found,
        "localization_false_positives": extra,
        "localization_false_negatives": missed,
    }
    if definition.with_distance:
        columns["distance_sum"] = by_cell(np.nan_to_num(gap, nan=0.0)) * unit
        columns["distances"] = by_cell((~np.isnan(gap)).astype(float))
        columns["relative_distance_sum"] = by_cell(np.nan_to_num(relative, nan=0.0))
        columns["relative_distances"] = by_cell((~np.isnan(relative)).astype(float))
    if definition.with_on_screen:
        columns["on_screen_right"] = by_cell((flag == true_flag).astype(float))
        columns["on_screen_known"] = by_cell((~np.isnan(true_flag)).astype(float))
    return _counts(scene, keys, columns, spatial + extra, missed)


def _in_units(metres: Floats, unit: float) -> Floats:
    return metres if unit == 1.0 else np.round(metres / unit, 6)  # back to whole centimetres


def _limit(threshold: float, *, strict_parity: bool) -> float:
    return threshold if strict_parity else threshold + _SLACK


def _start_of_rows(groups: Groups) -> Integers:
    """Return for each row the first row of its group."""
    return np.repeat(groups.start, groups.size)


def _counts(
    scene: Scene, keys: Integers, columns: dict[str, Floats], fp: Floats, fn: Floats
) -> Counts:
    cells = scene.cells
    by_class = {name: cells.sum_by_class(keys, values) for name, values in columns.items()}
    return Counts(by_class, cells.substitutions(keys, fp, fn))
