import dataclasses
import json
import multiprocessing
import os
import re
import time
from collections import deque

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file

from hearsight.errors import DatasetError, InputError, MediaError
from hearsight.features.intensity import LogIntensity
from hearsight.features.mel import LogSpectrum
from hearsight.features.salsa import SalsaLite
from hearsight.features.store import FeatureStore

FEATURE = LogIntensity.dcase2023()


def values(n_frames=20, dtype=torch.float32):
    return torch.arange(n_frames * 6, dtype=dtype).reshape(n_frames, 2, 3)


def files(folder):
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


@given(start=st.integers(0, 40), length=st.integers(0, 40))
def test_slices_are_those_of_the_array(tmp_path_factory, start, length):
    store = FeatureStore.of(tmp_path_factory.mktemp("s"), FEATURE)
    store.write("a", values())
    assert torch.equal(store.read("a", start, start + length), values()[start : start + length])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
@pytest.mark.parametrize("n_frames", [0, 1, 20])
def test_what_is_written_is_read(tmp_path, dtype, n_frames):
    store = FeatureStore.of(tmp_path, FEATURE)
    assert not store.has("a.b ü")
    store.write("a.b ü", values(n_frames, dtype))
    assert store.has("a.b ü")
    assert store.n_frames("a.b ü") == n_frames
    read = store.read("a.b ü")
    assert torch.equal(read, values(n_frames, dtype))
    assert read.dtype == dtype
    # Any reader of safetensors can read the file.
    assert torch.equal(load_file(store.path("a.b ü"))["features"], read)


def test_changing_what_was_read_changes_nothing_stored(tmp_path):
    store = FeatureStore.of(tmp_path, FEATURE)
    store.write("a", values())
    store.read("a").zero_()
    assert torch.equal(store.read("a"), values())


def test_writing_again_replaces(tmp_path):
    store = FeatureStore.of(tmp_path, FEATURE)
    store.write("a", values())
    assert store.n_frames("a") == 20
    store.write("a", values(7) + 1.0)
    assert torch.equal(store.read("a"), values(7) + 1.0)


def test_pieces_make_a_whole_and_can_be_changed_at_the_end(tmp_path):
    store = FeatureStore.of(tmp_path, FEATURE)
    with store.writing("a") as frames:
        for piece in values(9000).split(700):
            frames.append(piece)
        frames.change(lambda piece: piece.clamp_min(100.0))
    assert torch.equal(store.read("a"), values(9000).clamp_min(100.0))


def test_settings_name_the_folder(tmp_path):
    stores = [
        FeatureStore.of(tmp_path, LogSpectrum.dcase2020()),
        FeatureStore.of(tmp_path, LogSpectrum.dcase2020("zeros")),
        FeatureStore.of(tmp_path, dataclasses.replace(LogSpectrum.dcase2020(), floor="recording")),
        FeatureStore.of(tmp_path, LogSpectrum.dcase2020(), audio_format="mic"),
        FeatureStore.of(tmp_path, SalsaLite.dcase2022()),
    ]
    assert len({store.folder for store in stores}) == len(stores)
    again = FeatureStore.of(tmp_path, LogSpectrum.dcase2020())
    assert again.folder == stores[0].folder
    assert re.fullmatch(r"log-spectrum-[0-9a-f]{12}", again.key)
    again.write("a", values())
    said = json.loads((again.folder / "settings.json").read_text())
    assert said["feature"]["class"] == "LogSpectrum"
    assert said["feature"]["bands"]["n_mels"] == 64


def test_classes_of_equal_settings_differ(tmp_path):
    @dataclasses.dataclass(frozen=True)
    class One:
        size: int = 1

    @dataclasses.dataclass(frozen=True)
    class Other:
        size: int = 1

    keys = {FeatureStore.of(tmp_path, each()).key.split("-")[1] for each in (One, Other)}
    assert len(keys) == 2


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_values_that_are_not_finite_name_the_recording(tmp_path, bad):
    store, source = FeatureStore.of(tmp_path, FEATURE), tmp_path / "fold3_room1_mix001.wav"
    source.write_bytes(b"x")
    array = values()
    array[3, 1, 2] = bad
    with pytest.raises(InputError, match=r"fold3_room1_mix001\.wav: its features are not finite"):
        store.write("a", array, source)
    assert not store.has("a")
    assert files(store.folder) == ["settings.json"]


def test_other_types_are_refused(tmp_path):
    with pytest.raises(InputError, match="float32 or float16"):
        FeatureStore.of(tmp_path, FEATURE).write("a", values(dtype=torch.float64))


def test_a_changed_source_is_noticed(tmp_path):
    store, source = FeatureStore.of(tmp_path, FEATURE), tmp_path / "a.wav"
    source.write_bytes(b"cut sh")
    store.write("a", values(), source)
    assert store.has("a", source)
    source.write_bytes(b"copied again")
    assert not store.has("a", source)
    assert store.has("a")


def test_missing_and_damaged_features_are_named(tmp_path):
    store = FeatureStore.of(tmp_path, FEATURE)
    with pytest.raises(DatasetError, match=r"a\.safetensors: no features there"):
        store.read("a", 0, 5)
    store.write("a", values())
    store.path("a").write_bytes(store.path("a").read_bytes()[:1200])
    with pytest.raises(DatasetError, match=r"a\.safetensors: cannot be read"):
        FeatureStore.of(tmp_path, FEATURE).has("a", tmp_path)
    store.path("b").write_bytes(b"")
    with pytest.raises(DatasetError, match=r"b\.safetensors: cannot be read"):
        store.n_frames("b")


def test_a_block_that_fails_in_the_middle_leaves_nothing(tmp_path):
    store = FeatureStore.of(tmp_path, FEATURE)
    array = values()
    array[15] = torch.nan
    with pytest.raises(InputError, match="not finite"), store.writing("a") as frames:
        deque(map(frames.append, array.split(10)))
    assert files(tmp_path) == ["settings.json"]


def test_a_folder_that_cannot_be_is_named(tmp_path):
    (tmp_path / "features").write_text("in the way")
    with pytest.raises(MediaError, match="features"):
        FeatureStore.of(tmp_path / "features", FEATURE).write("a", values())


def test_only_abandoned_files_are_removed(tmp_path):
    store = FeatureStore.of(tmp_path, FEATURE)
    store.write("a", values())
    old, fresh = (store.folder / f".{name}.part.safetensors" for name in ("b.1", "c.1"))
    for path in (old, fresh):
        path.write_bytes(b"half")
    os.utime(old, (time.time() - 7200,) * 2)
    store.remove_abandoned()
    assert files(store.folder) == [fresh.name, "a.safetensors", "settings.json"]


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_other_processes_read_the_same(tmp_path, method):
    store = FeatureStore.of(tmp_path, FEATURE)
    store.write("a", values())
    store.read("a")  # so that a forked process inherits an open map
    with multiprocessing.get_context(method).Pool(1) as pool:
        assert pool.apply(_sum, (store,)) == values().sum()


def _sum(store):
    return float(store.read("a").sum())


def test_what_another_process_has_replaced_is_read_anew(tmp_path):
    store = FeatureStore.of(tmp_path, FEATURE)
    store.write("a", values())
    store.read("a")
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        pool.apply(store.write, ("a", values(3)))
    assert torch.equal(store.read("a"), values(3))
