import multiprocessing
import pickle
import sys
import tracemalloc

import numpy as np
import pytest

from datasets.clips.small_clips import N_SEGMENTS, features, write_array
from hearsight.datasets.clips.files import find_files
from hearsight.datasets.clips.hdf5 import opened_array, read_array
from hearsight.errors import DatasetError, InputError, MissingExtraError

N_ROWS, N_NEGATIVES = 6, 2


@pytest.fixture
def stored(tmp_path):
    for ending, n_rows in (("", N_ROWS), ("_noisy", N_NEGATIVES)):
        for kind, values in zip(("visual", "audio"), features(n_rows), strict=True):
            write_array(tmp_path / f"{kind}_feature{ending}.h5", values)
    return tmp_path


def check_row(files, row):
    all_rows = [np.concatenate(pair) for pair in zip(features(N_ROWS), features(N_NEGATIVES),
                                                     strict=True)]  # fmt: skip
    for found, expected in zip(files.read(row), all_rows, strict=True):
        assert (found.dtype, type(found)) == (np.float32, np.ndarray)
        np.testing.assert_array_equal(found, expected[row])


def test_rows(stored):
    files = find_files(stored)
    assert (files.n_rows, files.n_negatives, files.n_segments) == (N_ROWS, N_NEGATIVES, N_SEGMENTS)
    assert (files.video_shape, files.audio_shape) == ((5, 2, 3, 4), (5, 3))
    for row in range(N_ROWS + N_NEGATIVES):
        check_row(files, row)
    for row in (-1, N_ROWS + N_NEGATIVES):
        with pytest.raises(InputError, match="6 annotated rows and, after them, 2 clips without"):
            files.read(row)


def test_a_row_is_a_copy(stored):
    files = find_files(stored)
    files.read(0)[0][:] = 7.0
    check_row(files, 0)


@pytest.mark.parametrize("start", ["fork", "spawn"])
def test_other_processes(stored, start):
    files = find_files(stored)
    check_row(files, 1)
    context = multiprocessing.get_context(start)
    with context.Pool(2) as pool:
        found = pool.map(files.read, range(N_ROWS))
    for row, read in enumerate(found):
        for mine, others in zip(files.read(row), read, strict=True):
            np.testing.assert_array_equal(mine, others)
    assert pickle.loads(pickle.dumps(files)) == files  # noqa: S301


@pytest.mark.parametrize("key", ["avadataset", "dataset"])
def test_both_keys(tmp_path, key):
    video, audio = features(3)
    write_array(tmp_path / "visual_feature.h5", video, key)
    write_array(tmp_path / "audio_feature.h5", audio, key)
    np.testing.assert_array_equal(find_files(tmp_path).read(2)[0], video[2])


def test_means_in_place_of_maps(tmp_path):
    video, audio = features(3)
    write_array(tmp_path / "audio_feature.h5", audio)
    assert find_files(tmp_path) is None
    write_array(tmp_path / "visual_feature_vec.h5", video.mean(axis=(2, 3)))
    files = find_files(tmp_path)
    assert files.video_shape == (5, 1, 1, 4)
    np.testing.assert_allclose(
        files.read(1)[0], video[1].mean(axis=(1, 2), keepdims=True), rtol=1e-6
    )


def test_little_is_read(stored):
    """A row costs no more memory than itself, whatever the file holds."""
    write_array(stored / "visual_feature.h5", np.zeros((N_ROWS * 200, 5, 20, 20, 4)))
    write_array(stored / "audio_feature.h5", np.zeros((N_ROWS * 200, 5, 3)))
    for name in ("visual_feature_noisy.h5", "audio_feature_noisy.h5"):
        (stored / name).unlink()
    files = find_files(stored)
    tracemalloc.start()
    files.read(700)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_000_000


def test_files_that_do_not_fit(stored):
    video, audio = features(N_ROWS)
    write_array(stored / "audio_feature_noisy.h5", audio[:2, :, :2])
    with pytest.raises(DatasetError, match="make both with one encoder"):
        find_files(stored)
    write_array(stored / "audio_feature.h5", audio[:, 1:])
    with pytest.raises(DatasetError, match="of the same rows and seconds"):
        find_files(stored)
    write_array(stored / "audio_feature.h5", audio)
    write_array(stored / "visual_feature.h5", video[..., 0])
    with pytest.raises(DatasetError, match=r"visual_feature.h5 has shape \(6, 5, 2, 3\)"):
        find_files(stored)


def test_files_that_cannot_be_read(stored):
    path = stored / "audio_feature.h5"
    whole = path.read_bytes()
    path.write_bytes(whole[:1000])
    with pytest.raises(DatasetError, match="cannot be read as HDF5"):
        find_files(stored)
    path.write_text("no HDF5")
    with pytest.raises(DatasetError, match="cannot be read as HDF5"):
        find_files(stored)
    write_array(path, [1.0], "other")
    with pytest.raises(DatasetError, match="has no array avadataset or dataset or order, found"):
        find_files(stored)
    audio = features(N_ROWS)[1]
    audio[3, 2, 1] = np.nan
    write_array(path, audio)
    with pytest.raises(DatasetError, match="row 3 holds a number that is not finite"):
        find_files(stored).read(3)


def test_whole_arrays(tmp_path):
    path = write_array(tmp_path / "list.h5", [3, 1, 2], "order")
    assert read_array(path).tolist() == [3, 1, 2]
    with opened_array(path) as array:
        assert array[1] == 1


def test_without_h5py(tmp_path, monkeypatch):
    path = write_array(tmp_path / "list.h5", [1], "order")
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'hearsight\[legacy\]'"):
        read_array(path)
