"""Training, judging and importing systems for clips, from features as they are stored."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from hearsight.datasets.clips.ordering import reference_order
from hearsight.errors import DatasetError, InputError
from hearsight.systems import find
from hearsight.systems.encoders import trunk_encoders
from hearsight.systems.segments import SegmentSystem
from hearsight.training.clips.evaluate import evaluate_clips
from hearsight.training.clips.evaluation import ClipEvaluation, MatchingEvaluation
from hearsight.training.clips.matching import SecondExamples
from hearsight.training.clips.material import ClipMaterial
from hearsight.training.config import run_settings
from hearsight.training.evaluate import evaluate
from hearsight.training.examples import EpochOrder
from hearsight.training.fit import train
from hearsight.training.importing import import_weights
from hearsight.training.machine import make_loaders
from hearsight.weights.store import load_system, save_system


def material(data: Path, *changes: str, name: str = "av-att") -> ClipMaterial:
    registration = find(name)
    return ClipMaterial.open(registration, run_settings(registration, None, changes), data)


def test_a_system_takes_labels_and_sizes_of_its_data(clip_set: Path) -> None:
    system = material(clip_set).prepared(lambda _: None, is_watched=False)
    assert system.labels == ("bell", "knock", "door")
    sizes = system.sizes
    assert (sizes.n_video, sizes.n_audio, sizes.rows, sizes.seconds) == (24, 16, 3, 6)


def test_parity_goes_through_the_clips_as_listed(clip_set: Path) -> None:
    known = material(clip_set, "system.parity=true", "training.batch_size=5")
    examples = known.examples(known.prepared(lambda _: None, is_watched=False))
    trainer: Any = SimpleNamespace(global_rank=0, world_size=1, callbacks=[])
    loader: Any = make_loaders(examples, known.settings, trainer, 1)[0]
    loader.sampler.set_epoch(3)
    batches = [tuple(place % 12 for place in batch) for batch in loader.batch_sampler]
    assert tuple(batches) == reference_order(known.corpus.clips, 5)
    shuffled = material(clip_set)
    others = shuffled.examples(shuffled.prepared(lambda _: None, is_watched=False))
    assert not others.drops_rest
    assert sorted(EpochOrder(others, 0)) == list(range(12))
    assert list(EpochOrder(others, 0)) != list(range(12))
    with pytest.raises(DatasetError, match="fewer than the batch of 64"):
        material(clip_set, "system.parity=true")


def test_the_original_loss_is_that_of_parity(clip_set: Path) -> None:
    known = material(clip_set, "system.parity=true", "training.batch_size=4")
    system = known.prepared(lambda _: None, is_watched=False)
    loss = system.loss(known.examples(system).__getitems__([0, 1])).item()
    # Bounds of the soft margin of probabilities of four classes; cross-entropy begins at 1.4.
    assert 0.598 < loss < 0.848


def test_batches_hold_what_the_set_says(clip_set: Path) -> None:
    known = material(clip_set)
    batch = known.examples(known.prepared(lambda _: None, is_watched=False)).__getitems__([13])
    assert batch["labels"].tolist() == [[3, 3, 1, 1, 1, 3]]
    assert batch["label"].tolist() == [1]
    assert batch["video"].shape == (1, 6, 3, 3, 24)
    assert batch["audio"].shape == (1, 6, 16)


def test_weak_labels_learn_from_clips_without_events(tmp_path: Path, clip_set: Path) -> None:
    import h5py

    data = tmp_path / "set"
    data.mkdir()
    for file in clip_set.iterdir():
        if file.is_file():
            (data / file.name).write_bytes(file.read_bytes())
    for name in ("visual", "audio"):
        with h5py.File(data / f"{name}_feature.h5") as file:
            some = file["avadataset"][:2]
        with h5py.File(data / f"{name}_feature_noisy.h5", "w") as file:
            file["avadataset"] = some
    weak = material(data, "system.supervision=weak")
    assert weak.negatives == (12, 13)
    examples = weak.examples(weak.prepared(lambda _: None, is_watched=False))
    assert examples.__getitems__([0, 12])["label"].tolist() == [0, 3]
    assert weak.origin["train"] == material(data).origin["train"]
    assert material(data).negatives == ()
    assert material(data, "system.supervision=weak", "data.negatives=false").negatives == ()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("system.labels=[bell,dog]", "of the class 'knock'"),
        ("data.start=nowhere", "holds no weights"),
        ("data.frames_per_second=0", "data.frames_per_second must be at least 1, got 0"),
        ("data.encoders=[nowhere]", "no encoder is called"),
    ],
)
def test_what_cannot_be_learned_is_said(clip_set: Path, change: str, message: str) -> None:
    with pytest.raises((DatasetError, InputError, Exception), match=message):
        material(clip_set, change).prepared(lambda _: None, is_watched=False)


def test_scores_stand_beside_floors(clip_set: Path, small: tuple[str, ...], tmp_path: Path) -> None:
    train("av-att", clip_set, out=tmp_path / "run", changes=small)
    done = evaluate(tmp_path / "run", clip_set)
    assert isinstance(done, ClipEvaluation)
    floors = done.segments.table
    assert floors["all background"]["accuracy"] == pytest.approx(36 / 72)
    assert done.attention is None
    assert done.notes == ("The system has learned from these very clips: scores flatter.",)
    done.write(tmp_path / "e.json")
    assert json.loads((tmp_path / "e.json").read_text())["segments"]["n_clips"] == 12
    assert len((tmp_path / "e-clips.csv").read_text().splitlines()) == 13
    # What was written is judged alike, whoever has made it.
    done.write_predictions(tmp_path / "said")
    again = evaluate(tmp_path / "said", clip_set)
    assert isinstance(again, ClipEvaluation)
    assert np.array_equal(again.segments.predicted, done.segments.predicted)
    with pytest.raises(InputError, match="year is no option for labels of seconds"):
        evaluate(tmp_path / "said", clip_set, year=2024)


@pytest.mark.slow
def test_a_run_goes_on_as_if_it_had_not_stopped(
    clip_set: Path, small: tuple[str, ...], tmp_path: Path
) -> None:
    def run(folder: str, n_epochs: int) -> dict[str, torch.Tensor]:
        changes = (*small, f"training.epochs={n_epochs}", "training.schedule=constant")
        changes += ("training.metric=epoch", "data.workers=1")
        done = train("psp", clip_set, out=tmp_path / folder, changes=changes)
        return load_system(done.folder).network.state_dict()

    run("parts", 1)
    parts, straight = run("parts", 3), run("straight", 3)
    for name, value in straight.items():
        assert torch.equal(parts[name], value), name


def test_dmrn_begins_with_av_att(clip_set: Path, small: tuple[str, ...], tmp_path: Path) -> None:
    train("av-att", clip_set, out=tmp_path / "first", changes=small)
    told: list[str] = []
    known = material(clip_set, *small[:1], f"data.start={tmp_path / 'first'}", name="dmrn")
    system = known.prepared(told.append, is_watched=False)
    trained = load_system(tmp_path / "first")
    ours, theirs = system.network.state_dict(), trained.network.state_dict()
    name = "attention.from_audio.weight"
    assert torch.equal(ours[name], theirs[name])
    assert "contexts.audio.weight_hh_l0" in told[-1]
    with pytest.raises(InputError, match="only dmrn"):
        material(clip_set, f"data.start={tmp_path / 'first'}")
    with pytest.raises(InputError, match="avdln begins with no other weights"):
        train("avdln", clip_set, out=tmp_path / "x", changes=("data.start=first",))


def test_matching_is_judged_both_ways(
    clip_set: Path, small: tuple[str, ...], tmp_path: Path
) -> None:
    train("avdln", clip_set, out=tmp_path / "run", changes=(*small, "system.loss=info_nce"))
    done = evaluate_clips(tmp_path / "run", clip_set)
    assert isinstance(done, MatchingEvaluation)
    assert set(done.scores.accuracy) == {"a2v", "v2a"}
    assert done.scores.n_clips == 12
    done.write_predictions(tmp_path / "said")
    assert np.load(tmp_path / "said" / "0.npy").shape == (6, 6)


def test_matching_is_judged_on_the_lists_it_was_learned_by(
    clip_set: Path, small: tuple[str, ...], tmp_path: Path
) -> None:
    import h5py

    data = tmp_path / "set"
    shutil.copytree(clip_set, data)
    for name, rows in (("train", range(6, 12)), ("val", range(3)), ("test", range(3, 6))):
        with h5py.File(data / f"{name}_order_match.h5", "w") as file:
            file["order"] = list(rows)
    for split, n_clips in (("published", 3), ("labeled", 12)):
        changes = (*small, f"data.matching_split={split}")
        train("avdln", data, out=tmp_path / split, changes=changes)
        done = evaluate_clips(tmp_path / split, data)
        assert isinstance(done, MatchingEvaluation)
        assert done.scores.n_clips == n_clips


def test_seconds_know_their_clip(clip_set: Path) -> None:
    known = material(clip_set)
    seconds = SecondExamples(known.corpus.clips, known.corpus.source, (3, 5))
    assert len(seconds) == 12
    batch = seconds.__getitems__([2, 6, 14])
    assert batch["row"].tolist() == [3, 5, 3]
    assert batch["is_event"].tolist() == [True, False, True]
    assert torch.equal(batch["video"][0], batch["video"][2])


def test_published_weights_become_systems(tmp_path: Path) -> None:
    system = find("av-att").build(find("av-att").small[0])
    assert isinstance(system, SegmentSystem)
    theirs = {}
    for name, value in system.network.state_dict().items():
        for ours, original in (
            ("attention.video", "affine_video"),
            ("attention.audio", "affine_audio"),
            ("attention.from_video", "affine_v"),
            ("attention.from_audio", "affine_g"),
            ("attention.score", "affine_h"),
            ("contexts.audio", "lstm_audio"),
            ("contexts.video", "lstm_video"),
            ("heads.0.hidden", "L1"),
            ("heads.0.classes", "L2"),
        ):
            if name.startswith(f"{ours}."):
                theirs[name.replace(ours, original)] = value
    torch.save(theirs, tmp_path / "AV_att.pt")
    done = import_weights(
        tmp_path / "AV_att.pt",
        "av-att",
        out=tmp_path / "w",
        labels=("bell", "knock", "door"),
    )
    loaded = load_system(done.folder)
    assert loaded.labels == ("bell", "knock", "door")
    assert isinstance(loaded, SegmentSystem)
    assert loaded.parity
    for name, value in loaded.network.state_dict().items():
        assert torch.equal(value, system.network.state_dict()[name]), name
    for options, message in (
        ({"labels": ("bell",)}, "tells 3 classes"),
        ({"calibrate_on": tmp_path}, "no threshold to calibrate"),
    ):
        with pytest.raises(InputError, match=message):
            import_weights(tmp_path / "AV_att.pt", "av-att", out=tmp_path / "x", **options)
    assert not (tmp_path / "x").exists()


def test_features_are_judged_by_where_there_are_no_videos(clip_set: Path, tmp_path: Path) -> None:
    registration, lvs = find("av-att"), find("lvs")
    system = registration.build(registration.small[0])
    encoders = trunk_encoders(lvs.build(lvs.small[0]))
    save_system(tmp_path, system.with_encoders(encoders))
    done = evaluate(tmp_path, clip_set)
    assert isinstance(done, ClipEvaluation)
    assert len(done.rows) == 12
    assert "no videos" in done.notes[-1]


def test_a_set_may_have_a_part_of_the_classes(clip_set: Path, tmp_path: Path) -> None:
    registration = find("av-att")
    for folder, labels in (("more", ("dog", "door", "knock", "bell")), ("less", ("bell", "dog"))):
        known = dataclasses.replace(registration.small[0], labels=labels)
        save_system(tmp_path / folder, registration.build(known))
    done = evaluate(tmp_path / "more", clip_set)
    assert isinstance(done, ClipEvaluation)
    assert done.segments.classes == ("dog", "door", "knock", "bell")
    assert set(done.segments.truth[0]) == {3, 4}
    with pytest.raises(InputError, match="of the class 'knock'; valid: bell, dog"):
        evaluate(tmp_path / "less", clip_set)
