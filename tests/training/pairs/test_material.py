from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from hearsight.datasets.pairs import open_pairs
from hearsight.datasets.pairs.shards import ShardPairs
from hearsight.errors import DatasetError, InputError, MediaError
from hearsight.inference.pair_maps import map_pairs
from hearsight.models.blocks.resnet import resnet18
from hearsight.systems import find
from hearsight.training.config import run_settings
from hearsight.training.examples import EpochOrder
from hearsight.training.fit import train
from hearsight.training.pairs.material import PairMaterial, split
from hearsight.training.pairs.prepare import prepare_pairs
from hearsight.training.pairs.settings import PairData
from hearsight.weights.store import load_system, read_about, save_system

SMALL = (
    "system.width=8",
    "system.picture_px=64",
    "system.sound.sample_rate=8000",
    "system.sound.duration_s=1",
    "system.sound.n_fft=128",
    "system.sound.hop_length=64",
    "training.batch_size=8",
    "training.epochs=1",
)


def material(root: Path, *changes: str, name: str = "visual-context") -> PairMaterial:
    registration = find(name)
    return PairMaterial.open(
        registration, run_settings(registration, None, (*SMALL, *changes)), root
    )


def told(known: PairMaterial) -> list[str]:
    lines: list[str] = []
    known.prepared(lines.append, is_watched=False)
    return lines


def test_what_is_held_out_is_not_learned(pair_set: Path) -> None:
    pairs = open_pairs(pair_set)
    learned, held = split(pairs, PairData(held_share=0.25), seed=0)
    assert len(held) == 6
    assert sorted((*learned, *held)) == sorted(pairs.train)
    assert split(pairs, PairData(held_share=0.25), seed=0) == (learned, held)
    assert split(pairs, PairData(held_share=0.25), seed=1) != (learned, held)
    assert split(pairs, PairData(validation="test"), seed=0) == (pairs.train, pairs.test)
    few = split(pairs, PairData(validation="test", most_validated=2), seed=0)[1]
    assert len(few) == 2
    with pytest.raises(DatasetError, match="0 to judge on"):
        split(dataclasses.replace(pairs, test=()), PairData(validation="test"), seed=0)


def test_each_epoch_shows_other_parts_of_pictures(pair_set: Path) -> None:
    known = material(pair_set)
    examples = known.examples(known.system)
    first, again = examples.__getitems__([0, 1]), examples.__getitems__([0, 1])
    later = examples.__getitems__([len(examples), len(examples) + 1])
    assert first["picture"].shape == (2, 3, 64, 64)
    assert first["sound"].shape[:3] == (2, 1, 65)
    assert torch.equal(first["picture"], again["picture"])
    assert not torch.equal(first["picture"], later["picture"])
    assert torch.equal(first["sound"], later["sound"])
    assert sorted(EpochOrder(examples, 0)) == list(range(len(examples)))


def test_boxes_come_with_whole_pictures(tmp_path: Path, pair_set: Path) -> None:
    pairs = open_pairs(pair_set)
    boxed, other = pairs.test[0], pairs.train[0]
    (tmp_path / "list.txt").write_text("\n".join([boxed, *pairs.train]))
    known = material(
        pair_set,
        "system.boxes=mended",
        "data.validation=test",
        "data.drop_test_ids=false",
        f"data.train_list={tmp_path / 'list.txt'}",
        name="slavc",
    )
    examples = known.examples(known.system)
    assert known.describe(examples).startswith(f"{len(known.train)} pairs (1 with boxes) to learn")
    batch = examples.__getitems__([known.train.index(name) for name in (boxed, other)])
    assert batch["is_known"].tolist() == [True, False]
    assert batch["truth"][0].any()
    assert not batch["truth"][1].any()
    whole = known.system.picture_fit(known.pairs.reader.picture(boxed))
    assert torch.equal(batch["picture"][0], whole)


def test_silence_and_noise_follow_on_the_sounds(pair_set: Path) -> None:
    known = material(pair_set, "system.rejection_weight=0.1")
    examples = known.examples(known.system)
    batch, other = examples.__getitems__([0, 1, 2]), examples.__getitems__([3, 4, 5])
    assert len(batch["picture"]) == 3
    assert len(batch["sound"]) == 5
    *_, silence, noise = batch["sound"]
    assert (silence == silence[0, 0, 0]).all()
    assert noise.std() > 1e-4
    assert torch.equal(silence, other["sound"][3])
    assert not torch.equal(noise, other["sound"][4])
    assert torch.equal(batch["sound"], examples.__getitems__([0, 1, 2])["sound"])
    loss = known.system.loss(batch)
    fewer = known.system.loss({**batch, "sound": batch["sound"][:3]})
    assert loss.isfinite()
    assert loss != fewer


def test_silence_and_noise_are_rejected_from_an_epoch_on(pair_set: Path) -> None:
    known = material(
        pair_set, "system.rejection_weight=0.1", "system.rejection_from=3", "training.epochs=4"
    )
    system = known.system
    system.network.eval()
    batch = known.examples(system).__getitems__([0, 1, 2])
    before, after = (system.loss(batch, epoch) for epoch in (2, 3))
    without = system.loss({**batch, "sound": batch["sound"][:3]}, 3)
    assert torch.equal(before, without)
    assert after != without


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("training.batch_size=64", "fewer than a batch of 64"),
        ("training.batch_size=1", "must be at least 2"),
        ("data.held_share=1.5", "between 0 and 1"),
        ("data.train_list=nowhere.txt", "nowhere.txt"),
        ("system.n_nodes=8", "more than n_nodes 8"),
        ("system.rejection_weight=-1", "rejection_weight must be 0 or more"),
        (
            "visual-context system.rejection_weight=1 system.rejection_from=1",
            "rejection_from 1 is not before the end",
        ),
        ("slavc system.boxes=mended", "no pair to learn from has a usable box"),
        ("fnac system.like_sounds_weight=-5", "like_sounds_weight must be 0 or more"),
        ("fnac system.warm_up=-1", "warm_up must be 0 or more"),
        ("fnac system.threshold=1.5", r"threshold must lie in \[0, 1\]"),
    ],
)
def test_what_cannot_be_learned_is_said(pair_set: Path, change: str, message: str) -> None:
    settings = change.split()
    name = "visual-context" if "=" in settings[0] else settings.pop(0)
    with pytest.raises((DatasetError, InputError), match=message):
        material(pair_set, *settings, name=name)


def test_a_sound_with_nan_is_named(tmp_path: Path, pair_set: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(pair_set, broken)
    name = open_pairs(broken).train[0]
    file = broken / "audio" / f"{name}.wav"
    waveform, rate = soundfile.read(file)
    waveform[len(waveform) // 2] = np.nan
    soundfile.write(file, waveform, rate, "FLOAT")
    known = material(broken, "data.validation=train")
    with pytest.raises(MediaError, match=f"{name}: its sound holds values that are not finite"):
        known.examples(known.system).__getitems__(range(len(known.train)))
    with pytest.raises(MediaError, match=name):
        known.judge(known.system).threshold()


def test_sounds_too_short_for_a_batch_are_named(tmp_path: Path, pair_set: Path) -> None:
    short = tmp_path / "short"
    shutil.copytree(pair_set, short)
    name = open_pairs(short).train[-1]
    file = short / "audio" / f"{name}.wav"
    waveform, rate = soundfile.read(file)
    soundfile.write(file, waveform[: round(0.9 * rate)], rate)
    known = material(short, "system.sound.wraps_short=true", "data.validation=train")
    with pytest.raises(DatasetError, match=r"wraps_short"):
        known.examples(known.system).__getitems__(range(len(known.train)))


def test_calibration_hears_nothing_that_is_in_view(pair_set: Path) -> None:
    pairs = open_pairs(pair_set)
    known = material(pair_set, "data.validation=test")
    named = {seen: heard for seen, heard in pairs.silent if seen != heard}
    assert named
    others = dict(zip(known.validation, known.judge(known.system).others, strict=True))
    assert named.items() <= others.items()


def test_sounds_of_one_class_are_exchanged_all_the_same(pair_set: Path) -> None:
    known = material(pair_set)
    bells = dataclasses.replace(known.pairs, labels=dict.fromkeys(known.validation, "bell"))
    first, second = known.validation
    known.system.network.eval()
    found = dataclasses.replace(known, pairs=bells).judge(known.system).predict(0)
    swapped = map_pairs(known.system, bells.reader, [(first, second), (second, first)])
    assert [found[first].other_peak, found[second].other_peak] == [map_.max() for map_ in swapped]


def test_metrics_need_boxes(pair_set: Path) -> None:
    material(pair_set, "data.validation=test").check_metric("success")
    with pytest.raises(InputError, match="have no boxes"):
        material(pair_set).check_metric("success")


def test_sounds_of_different_rates_are_refused(tmp_path: Path, pair_set: Path) -> None:
    pairs = open_pairs(pair_set)
    for folder in ("frames", "audio"):
        (tmp_path / folder).mkdir()
    for index, name in enumerate(pairs.train):
        frame = pair_set / "frames" / f"{name}.jpg"
        (tmp_path / "frames" / frame.name).write_bytes(frame.read_bytes())
        noise = np.random.default_rng(index).standard_normal(48000) * 0.1
        soundfile.write(tmp_path / "audio" / f"{name}.wav", noise, 16000 if index else 8000)
    known = material(tmp_path, "system.sound.sample_rate=null", name="ez-vsl")
    examples = known.examples(known.system)
    with pytest.raises(DatasetError, match="another rate"):
        examples.__getitems__(range(len(examples)))


def test_shards_are_read_where_they_fit(tmp_path: Path, pair_set: Path) -> None:
    known = material(pair_set)
    folder = prepare_pairs(known.system, known.pairs, tmp_path)
    assert list(folder.glob("*.tar"))
    settings = run_settings(find("visual-context"), None, SMALL)
    again = PairMaterial.open(find("visual-context"), settings, pair_set, tmp_path)
    assert isinstance(again.pairs.reader, ShardPairs)
    assert told(again) == [f"Pairs are read from the shards in {folder}."]
    assert told(known) == []
    from_files, from_shards = (
        each.examples(each.system).__getitems__([0, 1]) for each in (known, again)
    )
    # 16 bits and JPEG are all that is lost.
    torch.testing.assert_close(from_files["sound"], from_shards["sound"], atol=0.05, rtol=0.0)
    assert (from_files["picture"] - from_shards["picture"]).abs().mean() < 0.1
    for change in ("system.sound.duration_s=2", "data.frame=center"):
        settings = run_settings(find("visual-context"), None, (*SMALL, change))
        other = PairMaterial.open(find("visual-context"), settings, pair_set, tmp_path)
        assert not isinstance(other.pairs.reader, ShardPairs)
        (note,) = told(other)
        assert note.startswith(f"No shards in {tmp_path} hold all of these pairs for visual-cont")


def test_what_is_prepared_is_not_prepared_again(tmp_path: Path, pair_set: Path) -> None:
    known = material(pair_set)
    folder = prepare_pairs(known.system, known.pairs, tmp_path)
    before = {file: file.stat().st_mtime_ns for file in folder.iterdir()}
    fewer = dataclasses.replace(known.pairs, train=known.pairs.train[1:])
    assert prepare_pairs(known.system, fewer, tmp_path) == folder
    assert {file: file.stat().st_mtime_ns for file in folder.iterdir()} == before


def test_a_network_may_start_from_another(tmp_path: Path, pair_set: Path) -> None:
    from safetensors.torch import save_file

    trained = resnet18(10, n_filters=8)
    save_file(trained.state_dict(), tmp_path / "resnet.safetensors")
    known = material(pair_set, f"data.backbone={tmp_path / 'resnet.safetensors'}")
    network = known.system.network
    assert torch.equal(network.picture_trunk.conv1.weight, trained.conv1.weight)  # type: ignore[union-attr]


def test_a_run_leaves_a_calibrated_system(tmp_path: Path, pair_set: Path) -> None:
    done = train("lvs", pair_set, out=tmp_path / "run", changes=SMALL)
    assert set(done.scores) == {"matching"}
    system = load_system(done.folder)
    about = read_about(done.folder)
    assert about["threshold"] == system.threshold  # type: ignore[union-attr]
    assert 0.0 < about["threshold"] < 1.0
    before = (done.folder / "system.json").read_bytes()
    train("lvs", pair_set, out=tmp_path / "run", changes=SMALL)
    assert (done.folder / "system.json").read_bytes() == before


def test_processes_that_load_go_on_with_the_right_epoch(tmp_path: Path, pair_set: Path) -> None:
    changes = (*SMALL, "data.workers=1", "trainer.accelerator=cpu")
    for out, epochs in (("whole", 2), ("parts", 1), ("parts", 2)):
        train("lvs", pair_set, out=tmp_path / out, changes=(*changes, f"training.epochs={epochs}"))
    whole, parts = (load_system(tmp_path / out).network.state_dict() for out in ("whole", "parts"))
    for name, values in whole.items():
        assert torch.equal(values, parts[name]), name


def test_more_epochs_calibrate_anew(tmp_path: Path, pair_set: Path) -> None:
    changes = (*SMALL, "training.metric=matching")
    done = train("lvs", pair_set, out=tmp_path / "run", changes=changes)
    save_system(tmp_path / "copy", load_system(done.folder))
    assert read_about(tmp_path / "copy")["threshold"] == read_about(done.folder)["threshold"]
    further = train("lvs", pair_set, out=tmp_path / "run", changes=(*changes, "training.epochs=2"))
    assert read_about(further.folder)["threshold"] is not None


def test_a_run_that_failed_at_once_may_be_begun_in_another_way(
    pair_set: Path, tmp_path: Path
) -> None:
    broken = shutil.copytree(pair_set, tmp_path / "broken")
    (name, *_) = open_pairs(broken).train
    sound = broken / "audio" / f"{name}.wav"
    stored = sound.read_bytes()
    sound.write_bytes(b"")
    changes = (*SMALL, "data.validation=test")
    for workers in ("data.workers=0", "data.workers=1"):
        with pytest.raises(MediaError) as caught:
            train("lvs", broken, out=tmp_path / "run", changes=(*changes, workers))
        assert str(caught.value) == f"{sound}: is empty (0 bytes); copy it again"
    sound.write_bytes(stored)
    done = train("lvs", broken, out=tmp_path / "run", changes=(*changes, "system.width=4"))
    assert load_system(done.folder).settings.width == 4
    assert run_settings(find("lvs"), tmp_path / "run" / "settings.yaml").system.width == 4
    with pytest.raises(InputError, match="settings that ez-vsl does not have"):
        train("ez-vsl", broken, out=tmp_path / "run", changes=(*SMALL, "data.validation=test"))


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("lvs", "system.width=0", "system.width must be above 0, got 0"),
        ("lvs", "system.tau=0", "system.tau must be above 0, got 0.0"),
        ("ez-vsl", "system.n_embedding=-1", "system.n_embedding must be above 0, got -1"),
        (
            "fnac",
            "system.picture_dropout=2",
            r"picture_dropout must lie in \[0, 1\], got 2.0",
        ),
        ("slavc", "system.sound_momentum=nan", r"sound_momentum must lie in \[0, 1\], got nan"),
        ("visual-context", "system.n_foreground=0", "system.n_foreground must be above 0"),
    ],
)
def test_networks_that_cannot_be_are_refused(name: str, change: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        run_settings(find(name), None, (change,))
