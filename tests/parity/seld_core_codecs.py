"""Checks of the SELD codecs against the originals.

The vectors hold float32 arrays: targets are compared after the same rounding. Decoded values were
computed in float32 by the originals, hence the tolerance of 1e-4 (degrees: 1e-3, since angles near
the poles magnify it).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from hearsight.events.accdoa import Accdoa, SedDoa
from hearsight.events.codec import Components, label_means, label_window
from hearsight.events.formats.dcase import fold_to_front
from hearsight.events.formats.frames import FrameRow
from hearsight.events.multi_accdoa import N_TRACKS, MultiAccdoa
from hearsight.events.points import Points
from hearsight.events.tracks import EventTracks
from hearsight.spatial.directions import to_angles, to_vectors
from parity import seld_core_losses
from parity.reference import Check, Reference, known_stem

Arrays = Mapping[str, np.ndarray]

COLUMNS = {
    5: ("frame", "class", "source", "azimuth", "elevation"),
    6: ("frame", "class", "source", "azimuth", "elevation", "distance"),
}


def class_names(n_classes: int) -> tuple[str, ...]:
    return tuple(f"class {index}" for index in range(n_classes))


def points_of_csv(text: str, labels: tuple[str, ...]) -> Points:
    """Read annotations in the order of their rows, which decides between same-class events."""
    rows = list(csv.reader(io.StringIO(text)))
    has_header = bool(rows) and rows[0][0].isalpha()
    columns = tuple(rows.pop(0)) if has_header else COLUMNS[len(rows[0])] if rows else ()
    table = []
    for row in rows:
        value = dict(zip(columns, map(float, row), strict=True))
        table.append(
            FrameRow(
                int(value["frame"]),
                labels[int(value["class"])],
                int(value["source"]),
                value["azimuth"],
                value.get("elevation", np.nan),
                value.get("distance", np.nan) / 100.0,
                value.get("onscreen", np.nan),
            )
        )
    return Points.from_rows(table, labels)


def same(found: np.ndarray, expected: np.ndarray, name: str) -> None:
    assert found.shape == expected.shape, name
    np.testing.assert_allclose(
        found.astype(np.float32), expected, rtol=1e-6, atol=1e-7, err_msg=name
    )


def component_major(values: np.ndarray) -> np.ndarray:
    """Turn (frames, classes, components) into the original's (frames, components * classes)."""
    return values.swapaxes(-1, -2).reshape(len(values), -1)


def with_activity(target: np.ndarray, n_axes: int) -> np.ndarray:
    """Turn a coupled target into the original's: activity, then components; classes last."""
    activity = np.linalg.norm(target[..., :n_axes], axis=-1, keepdims=True).round(9)
    return np.concatenate([activity, target], axis=-1).swapaxes(-1, -2)


def year_of(name: str) -> int:
    return int(re.search(r"_(20\d\d)", name).group(1))


def check_label_codec(reference: Reference) -> None:
    spec, arrays = reference.spec, reference.arrays
    n_frames, labels = spec["n_label_frames"], class_names(spec["n_classes"])
    polar = points_of_csv(spec["csv_polar6"], labels)
    stereo = points_of_csv(spec["csv_stereo"], labels)
    for name in [name for name in arrays if name.startswith(("adpit_", "accdoa_"))]:
        year = year_of(name)
        parts = Components.of_year(year, video=True)
        points = stereo if year == 2025 else polar
        if name.startswith("adpit_"):
            target = MultiAccdoa(labels, parts).encode_points(points, n_frames)
            same(with_activity(target, parts.n_axes), arrays[name], name)
        elif name.endswith("_target"):
            target = Accdoa(labels, parts).encode_points(points, n_frames)
            same(component_major(target), arrays[name], name)
        else:
            raw = SedDoa(labels, parts, keep="last").encode_points(points, n_frames)
            if year == 2024:  # the original leaves centimetres here, unlike in its other targets
                raw[..., 1 + parts.names.index("distance")] *= 100.0
            same(component_major(raw), arrays[name], name)
    target = MultiAccdoa(labels).encode_points(polar, n_frames)
    crowd = np.zeros((n_frames, len(labels)))
    inside = polar[polar.frames < n_frames]
    np.add.at(crowd, (inside.frames, inside.classes), 1)
    for index, onset in enumerate(spec["sony_starts"]):
        stored = arrays[f"sony_{index}"].transpose(3, 0, 2, 1)
        # Instances come out of an unstable sort here, so their order says nothing, nor which
        # three there are of more.
        is_held = label_window(crowd, onset, len(stored))[:, None, :, None] <= N_TRACKS
        window = label_window(target, onset, len(stored))
        same(orderless(window) * is_held, orderless(stored) * is_held, f"sony_{index}")
        assert np.array_equal(window.any(axis=-1), stored.any(axis=-1)), f"sony_{index}"
    check_branches(spec, arrays)
    check_angles(spec)


def orderless(target: np.ndarray) -> np.ndarray:
    """Sort the instances of each group of dummy tracks by their first component."""
    groups = []
    for group in np.split(target, [1, N_TRACKS], axis=1):
        order = np.argsort(group[..., :1].round(5), axis=1, kind="stable")
        groups.append(np.take_along_axis(group, order, axis=1))
    return np.concatenate(groups, axis=1)


def check_branches(spec: Mapping[str, Any], arrays: Arrays) -> None:
    activity = arrays["salsa_sed"]
    labels = class_names(activity.shape[1])
    points = points_of_csv(spec["csv_salsa"], labels)
    target = SedDoa(labels).encode_points(points, len(activity))
    same(target[..., 0], activity, "salsa_sed")
    same(component_major(target[..., 1:]), arrays["salsa_doa"], "salsa_doa")
    activity = arrays["ein_sed"]
    n_frames, n_tracks, n_classes = activity.shape
    codec = EventTracks(class_names(n_classes), n_tracks)
    points = points_of_csv(spec["csv_ein"], codec.labels)
    found = codec.split(codec.encode_points(points, n_frames))
    same(found[0], activity, "ein_sed")
    same(found[1], arrays["ein_doa"], "ein_doa")


def check_angles(spec: Mapping[str, Any]) -> None:
    for case in spec["polar_to_cartesian"]:
        vector = to_vectors(case["azi"], case["ele"])
        np.testing.assert_allclose(vector, case["xyz"], rtol=0, atol=1e-9)
    for case in spec["cartesian_to_polar"]:
        azimuth, elevation = to_angles(case["xyz"])
        assert abs((azimuth - case["azi"] + 180.0) % 360.0 - 180.0) < 1e-9
        assert abs(elevation - case["ele"]) < 1e-9
    folded = spec["fold_azimuth_2025"]
    for azimuth, expected in zip(folded["inp"], folded["out"], strict=True):
        wrapped = (azimuth + 180.0) % 360.0 - 180.0
        assert abs(fold_to_front(wrapped) - expected) < 1e-9, azimuth


def in_order(rows: Iterable[Iterable[float]]) -> np.ndarray:
    """Sort rows by all columns, the first ones first, after rounding away float32."""
    table = np.array(list(rows), dtype=float)
    return table[np.lexsort(table.round(3).T[::-1])] if len(table) else table


def as_table(rows: Iterable[Iterable[float]], n_columns: int) -> np.ndarray:
    """Return rows as an array, (0, n_columns) for none."""
    return np.array(list(rows), dtype=float).reshape(-1, n_columns)


def same_rows(found: np.ndarray, expected: np.ndarray, name: str, atol: float = 1e-4) -> None:
    assert len(found) == len(expected), f"{name}: {len(found)} rows for {len(expected)}"
    if len(expected):
        assert np.array_equal(found[:, :2], expected[:, :2]), f"{name}: frames or classes"
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=atol, err_msg=name)


def cartesian_rows(points: Points) -> np.ndarray:
    elevation = np.nan_to_num(points.elevation)
    vectors = to_vectors(points.azimuth, elevation) * points.activity[:, None]
    columns = [points.frames, points.classes, *vectors.T, points.distance]
    return np.stack(columns, axis=1)


def polar_rows(points: Points) -> np.ndarray:
    columns = [points.frames, points.classes, points.azimuth, points.elevation]
    return np.stack(columns, axis=1)


def split(flat: np.ndarray, n_classes: int, *leading: int) -> np.ndarray:
    return flat.reshape(*flat.shape[:-1], *leading, -1, n_classes).swapaxes(-1, -2)


def baseline(name: str, n_classes: int) -> tuple[Accdoa | MultiAccdoa, tuple[int, ...]]:
    """Return the codec of a case and the axes in front of the components in its arrays."""
    parts = Components.of_year(year_of(name), video=name.endswith("_av"))
    labels = class_names(n_classes)
    if name.startswith("multi"):
        return MultiAccdoa(labels, parts), (N_TRACKS,)
    return Accdoa(labels, parts), ()


def check_baseline(name: str, case: Mapping[str, Any], arrays: Arrays, n_classes: int) -> None:
    output = arrays[f"{name.replace('multi_', 'm')}_out"]
    codec, leading = baseline(name, n_classes)
    if "thresh" in case:
        codec = type(codec)(
            codec.labels, codec.components, case["thresh"], unify_deg=case["unify_deg"]
        )
    assert {"files", "csv"} & set(case), f"{name}: nothing to compare with"
    decoded = [codec.decode_points(split(item, n_classes, *leading)) for item in output]
    for points, rows in zip(decoded, case.get("files", {}).values(), strict="files" in case):
        expected = as_table(rows, len(case["columns"].split(" ")[0].split(",")))
        same_rows(cartesian_rows(points)[:, : expected.shape[1]], expected, name)
    for points, text in zip(decoded, case.get("csv", {}).values(), strict="csv" in case):
        rows = [[float(value) for value in row] for row in list(csv.reader(io.StringIO(text)))[1:]]
        # The original cuts the probability of being in the picture to a whole number.
        flags = np.nan_to_num(points.on_screen).astype(int)
        azimuth = points.azimuth.round()
        azimuth[azimuth == -180] = 180
        columns = [points.frames, points.classes, 0 * flags, azimuth]
        found = np.stack([*columns, (100.0 * points.distance).round(), flags], axis=1)
        expected = as_table(rows, found.shape[1])
        expected[expected[:, 3] == -180, 3] = 180
        assert np.array_equal(found, expected), name
    raw = case.get("raw_events", {"files": ()})["files"]
    for points, rows in zip(decoded, raw, strict=bool(raw)):
        columns = [points.frames, points.classes, points.azimuth, points.distance, points.on_screen]
        same_rows(np.stack(columns, axis=1), as_table(rows, len(columns)), name, atol=1e-3)


def check_pseldnets_multi(
    name: str, case: Mapping[str, Any], arrays: Arrays, n_classes: int
) -> None:
    output = split(arrays["pseld_maccdoa_out"], n_classes, N_TRACKS).reshape(
        -1, N_TRACKS, n_classes, 3
    )
    codec = MultiAccdoa(class_names(n_classes), merge="pseldnets")
    same_rows(in_order(polar_rows(codec.decode_points(output))), in_order(case["rows"]), name, 1e-3)
    thresholds = tuple(case["per_class_thresholds"])
    codec = MultiAccdoa(codec.labels, threshold=thresholds, merge="pseldnets")
    found = in_order(polar_rows(codec.decode_points(output)))
    same_rows(found, in_order(case["rows_per_class_thresholds"]), name, 1e-3)


def check_pseldnets_accdoa(
    name: str, case: Mapping[str, Any], arrays: Arrays, n_classes: int
) -> None:
    output = split(arrays["pseld_accdoa_out"], n_classes).reshape(-1, n_classes, 3)
    most = int(re.search(r"only the (\d+) classes", case["notes"]).group(1))
    codec = Accdoa(class_names(n_classes), most_per_frame=most)
    same_rows(in_order(polar_rows(codec.decode_points(output))), in_order(case["rows"]), name, 1e-3)


def sigmoid(logits: np.ndarray) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-logits.astype(float)))


def check_pseldnets_tracks(
    name: str, case: Mapping[str, Any], arrays: Arrays, n_classes: int
) -> None:
    activity = sigmoid(arrays["pseld_ein_sed_logit"])
    output = np.concatenate([activity, arrays["pseld_ein_doa"]], axis=-1)
    output = output.reshape(-1, *output.shape[2:])
    points = EventTracks(class_names(n_classes), output.shape[1]).decode_points(output)
    assert np.array_equal(degrees(polar_rows(points)), degrees(as_table(case["rows"], 4)))


def degrees(rows: np.ndarray) -> np.ndarray:
    whole = rows.round()
    whole[:, 2] = np.where(whole[:, 2] == 180, -180, whole[:, 2])
    return whole


def number(pattern: str, notes: str) -> float:
    """Return the number that a pattern's group finds in the notes."""
    return float(re.search(pattern, notes).group(1))


def check_sony(name: str, case: Mapping[str, Any], arrays: Arrays, n_classes: int) -> None:
    notes = case["notes"]
    per_label = int(number(r"10fps,(\d+)\)", notes))
    slow = arrays["sony_out_10fps"].transpose(3, 0, 2, 1)
    output = np.repeat(slow, per_label, axis=0)
    steps = np.arange(len(output)) % per_label
    output = output * (1.0 + number(r"1 \+ ([\d.]+)\*", notes) * steps)[:, None, None, None]
    codec = MultiAccdoa(
        class_names(n_classes),
        threshold=number(r"thresholds ([\d.]+) presence", notes),
        unify_deg=number(r"([\d.]+) deg unification", notes),
        merge="angles",
    )
    points = codec.decode_points(label_means(output, per_label))
    same_rows(in_order(polar_rows(points)), in_order(case["rows"]), name, 1e-3)


def salsa_inputs(reference: Reference) -> tuple[np.ndarray, np.ndarray]:
    """Build the logits and directions of SALSA's cases from the notes of the first."""
    notes = reference.spec["cases"]["salsa_two_branch"]["notes"]
    (first, first_shape), (second, second_shape) = re.findall(
        r'fill\("([^"]+)",\s*\(([\d,\s]+)\)\)', notes
    )
    logits = reference.fill(first, [int(n) for n in first_shape.split(",")])[0]
    scale, offset = re.search(r"\)\)\*([\d.]+)([+-][\d.]+)", notes).groups()
    directions = np.tanh(reference.fill(second, [int(n) for n in second_shape.split(",")])[0])
    return logits * float(scale) + float(offset), split(directions, logits.shape[1])


def check_salsa(name: str, case: Mapping[str, Any], reference: Reference) -> None:
    notes = case["notes"]
    logits, directions = salsa_inputs(reference)
    labels = class_names(logits.shape[1])
    threshold = number(r">= ([\d.]+)", notes)
    if "sigmoid" in notes:
        output = np.concatenate([sigmoid(logits)[..., None], directions], axis=-1)
        points = SedDoa(labels, threshold=threshold).decode_points(output)
    else:
        codec = Accdoa(labels, threshold=threshold)
        points = codec.decode_points(number(r"doa = ([\d.]+)\*tanh", notes) * directions)
    assert len(points) == case["n_rows_total"], name
    expected = as_table(case["rows"], 5)
    found = polar_rows(points)[: len(expected)]
    assert np.array_equal(degrees(found), expected[:, [0, 1, 3, 4]]), name


Case = Mapping[str, Any]
CASES: dict[str, Callable[[str, Case, Arrays, int], None]] = {
    "multi_accdoa": check_baseline,
    "accdoa": check_baseline,
    "sony_av": check_sony,
    "pseldnets_multi_accdoa": check_pseldnets_multi,
    "pseldnets_accdoa": check_pseldnets_accdoa,
    "pseldnets_tracks": check_pseldnets_tracks,
}
FILLED_CASES: dict[str, Callable[[str, Case, Reference], None]] = {
    "salsa_two_branch": check_salsa,
    "salsa_accdoa": check_salsa,
}


def check_decode(reference: Reference) -> None:
    spec = reference.spec
    for name, case in spec["cases"].items():
        known = known_stem(name, {*CASES, *FILLED_CASES})
        assert known is not None, f"unknown case {name}"
        if known in CASES:
            CASES[known](name, case, reference.arrays, spec["n_classes"])
        else:
            FILLED_CASES[known](name, case, reference)


CHECKS: dict[str, Check] = {
    **seld_core_losses.CHECKS,
    "label_codec": check_label_codec,
    "decode": check_decode,
}
