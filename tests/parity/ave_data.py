"""Checks of annotations, labels, the original's order of rows, and its accuracy."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import tempfile
from pathlib import Path

import numpy as np
import pytest

from hearsight.datasets.clips import ClipSet, open_clips
from hearsight.datasets.clips.hdf5 import read_array
from hearsight.datasets.clips.ordering import reference_order
from hearsight.metrics.segments import judge_segments, segment_accuracy
from parity.ave_matching import released
from parity.reference import Check, Reference

EXACT = 1e-9
STORED_FLOAT32 = 1e-7  # what the original's mean in float32 leaves of a share


@functools.cache
def real_clips() -> ClipSet:
    """Open the released annotations, lists and labels where they lie."""
    pytest.importorskip("h5py")
    return open_clips(released("data/Annotations.txt").parent)


def check_labels(reference: Reference) -> None:
    if reference.stem.startswith("labels_full"):
        check_all_labels(reference)
    else:
        check_small_labels(reference)


def check_small_labels(reference: Reference) -> None:
    spec, arrays = reference.spec, reference.arrays
    n_rows, n_segments, _ = spec["outputs"]["segment_labels"]
    # Column names and empty lines, which files may have, change nothing.
    lines = ["Category&VideoID&Quality&StartTime&EndTime", *spec["annotation_lines"], "", ""]
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "Annotations.txt").write_text("\r\n".join(lines), encoding="utf-8-sig")
        clips = open_clips(folder, classes=spec["classes"][:-1], n_segments=n_segments)
    rows = range(n_rows)
    np.testing.assert_array_equal(clips.one_hot(rows), arrays["segment_labels"])
    found = [clips.video_label(row) for row in rows]
    np.testing.assert_array_equal(found, arrays["video_labels"].argmax(axis=1))
    mask = np.array([clips.labels(row) != clips.background for row in rows])
    np.testing.assert_array_equal(mask, arrays["event_mask"])


def check_all_labels(reference: Reference) -> None:
    spec, clips = reference.spec, real_clips()
    assert [*clips.classes, "background"] == spec["classes"]
    assert len(clips.annotations) == spec["rows"]
    labels = clips.one_hot(range(spec["rows"]))
    hashed = hashlib.sha256(np.ascontiguousarray(labels).tobytes()).hexdigest()
    assert hashed == spec["segment_labels_sha256_float32_C_order"]
    assert labels.sum(axis=(0, 1)).tolist() == spec["segments_per_class_all"]
    assert clips.matching is not None
    lists = clips.train, clips.validation, clips.test, *clips.matching
    names = [f"{part}_order{task}" for task in ("", "_match") for part in ("train", "val", "test")]
    splits = dict(zip(names, lists, strict=True))
    assert splits.keys() == spec["splits"].keys()
    for name, expected in spec["splits"].items():
        rows = splits[name]
        of_classes = np.bincount([clips.video_label(row) for row in rows], minlength=len(labels.T))
        shorter = [row for row in rows if clips.annotations[row].duration < clips.n_segments]
        assert len(rows) == expected["videos"]
        assert list(rows[: len(expected["first"])]) == expected["first"]
        assert list(rows[-len(expected["last"]) :]) == expected["last"]
        assert sum(rows) == expected["sum_of_indices"]
        assert labels[list(rows)].sum(axis=(0, 1)).tolist() == expected["segments_per_class"]
        assert of_classes.tolist() == expected["videos_per_class"]
        assert len(shorter) == expected["videos_with_event_shorter_than_10s"]
        share = labels[list(rows), :, -1].mean()
        assert share == pytest.approx(expected["background_share"], abs=STORED_FLOAT32)
    check_floors(clips, spec["splits"]["test_order"]["background_share"])


def check_floors(clips: ClipSet, background_share: float) -> None:
    """Check what every report on the published test split says beside its score."""
    truth = np.array([clips.labels(row) for row in clips.test])
    scores = judge_segments(truth, truth, clips.classes)
    floors = {who: each["accuracy"] for who, each in scores.table.items()}
    assert floors["all background"] == pytest.approx(background_share, abs=STORED_FLOAT32)
    told = floors["right class throughout"]
    assert told == pytest.approx(1 - background_share, abs=STORED_FLOAT32)


def check_loader(reference: Reference) -> None:
    spec, clips = reference.spec, real_clips()
    batches = reference_order(clips, spec["batch_size"])
    assert len(batches) == spec["supervised_batches_per_epoch"]
    assert list(batches[0]) == spec["supervised_batch_0_rows"]
    assert list(batches[-1]) == spec["supervised_last_batch_rows"]
    used = {row for batch in batches for row in batch}
    assert [r for r in clips.train if r not in used] == spec["supervised_rows_never_used"]
    ends = [[clips.video_label(batch[0]), clips.video_label(batch[-1])] for batch in batches]
    assert ends == spec["class_of_first_and_last_row_of_each_supervised_batch"]

    n_noisy = len(read_array(released("data/labels_noisy.h5")))
    weak = dataclasses.replace(clips, negatives=tuple(map(str, range(n_noisy))))
    batches = reference_order(weak, spec["batch_size"], with_negatives=True)
    noisy = [[row for row in batch if row in set(weak.negative_rows)] for batch in batches]
    n_used = sum(map(len, noisy))
    assert len(weak.train) + n_noisy == spec["weak_samples"]
    assert len(batches) == spec["weak_batches_per_epoch"]
    assert n_used == spec["weak_noisy_videos_used_per_epoch"]
    assert n_noisy - n_used == spec["weak_noisy_videos_never_used"]
    assert [bool(rows) for rows in noisy].index(True) == spec["weak_first_batch_with_noisy"]


def check_metrics(reference: Reference) -> None:
    assert reference.spec["cases"]
    for name, expected in reference.spec["cases"].items():
        n_clips = expected["videos_counted"]
        scores, labels = (
            reference.arrays[f"{name}_{kind}"][:n_clips] for kind in ("scores", "labels")
        )
        found = segment_accuracy(scores, labels)
        assert found == pytest.approx(expected["accuracy"], abs=EXACT)
        classes = [str(index) for index in range(labels.shape[-1] - 1)]
        by_index = judge_segments(scores.argmax(axis=-1), labels.argmax(axis=-1), classes)
        assert by_index["accuracy"] == pytest.approx(expected["accuracy"], abs=EXACT)


CHECKS: dict[str, Check] = {
    "labels": check_labels,
    "loader": check_loader,
    "metrics": check_metrics,
}
