import numpy as np
import pytest

from datasets.clips.small_clips import features
from hearsight.datasets.clips import ClipFiles
from hearsight.datasets.clips.files import find_files
from hearsight.datasets.clips.hdf5 import read_array
from hearsight.datasets.clips.writing import ClipFilesWriter
from hearsight.errors import InputError, MediaError

VIDEO, AUDIO = features(5)
SETTINGS = {"encoder": "small"}


def writer_of(folder, n_rows=3, n_negatives=2, **settings):
    return ClipFilesWriter(folder, n_rows, n_negatives, {**SETTINGS, **settings})


def write(writer, *rows):
    for row in rows:
        writer.write(row, VIDEO[row], AUDIO[row])


def check_all(files: ClipFiles | None):
    assert files is not None
    assert (files.n_rows, files.n_negatives) == (3, 2)
    for row in range(5):
        found = files.read(row)
        np.testing.assert_array_equal(found[0], VIDEO[row])
        np.testing.assert_array_equal(found[1], AUDIO[row])


def test_rows_come_back_whatever_their_order(tmp_path):
    writer = writer_of(tmp_path)
    assert writer.pending == (0, 1, 2, 3, 4)
    write(writer, 4, 1)
    assert writer.pending == (0, 2, 3)
    write(writer, 0, 3, 2)
    assert writer.pending == ()
    check_all(find_files(tmp_path))
    assert read_array(tmp_path / "visual_feature_noisy.h5").shape == (2, *VIDEO.shape[1:])
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "audio_feature.h5",
        "audio_feature_noisy.h5",
        "features.json",
        "visual_feature.h5",
        "visual_feature_noisy.h5",
    ]
    assert writer_of(tmp_path).pending == ()


def test_goes_on_where_it_was_stopped(tmp_path):
    write(writer_of(tmp_path), 0, 4)
    assert find_files(tmp_path) is None
    with (tmp_path / "features.rows").open("a") as journal:
        journal.write("1")  # the line of row 1, 10 or 12 was cut off
    writer = writer_of(tmp_path)
    assert writer.pending == (1, 2, 3)
    write(writer, 2)
    assert writer_of(tmp_path).pending == (1, 3)
    write(writer_of(tmp_path), 1, 3)
    check_all(find_files(tmp_path))


def test_a_stop_within_a_row_does_no_harm(tmp_path, monkeypatch):
    writer = writer_of(tmp_path)
    write(writer, 0)
    with monkeypatch.context() as patch:
        patch.setattr("hearsight.datasets.clips.writing.JOURNAL", "none/there")
        with pytest.raises(MediaError, match="cannot be written"):
            writer.write(1, VIDEO[3], AUDIO[3])
    writer = writer_of(tmp_path)
    assert writer.pending == (1, 2, 3, 4)
    write(writer, *writer.pending)
    check_all(find_files(tmp_path))


def test_a_stop_before_the_files_have_their_names(tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(ClipFilesWriter, "_finish", lambda _: None)
        write(writer_of(tmp_path), *range(5))
    assert find_files(tmp_path) is None
    (tmp_path / "audio_feature_noisy.h5.part").rename(tmp_path / "audio_feature_noisy.h5")
    assert writer_of(tmp_path).pending == ()
    check_all(find_files(tmp_path))
    assert not (tmp_path / "features.rows").exists()


def test_a_folder_holds_features_of_one_kind(tmp_path):
    write(writer_of(tmp_path), 0)
    with pytest.raises(InputError, match=r"made with other settings \(encoder\)"):
        writer_of(tmp_path, encoder="large")
    with pytest.raises(InputError, match=r"made with other settings \(n_rows\)"):
        writer_of(tmp_path, n_rows=4)
    (tmp_path / "features.json").unlink()
    (tmp_path / "audio_feature.h5").touch()
    with pytest.raises(InputError, match="features that were not written here"):
        writer_of(tmp_path)


def test_a_set_has_rows(tmp_path):
    with pytest.raises(InputError, match="need a row or more, got 0 and 2"):
        writer_of(tmp_path, n_rows=0)


def test_rows_that_do_not_fit(tmp_path):
    writer = writer_of(tmp_path)
    write(writer, 0)
    with pytest.raises(InputError, match=r"no row 5; rows are 0 to 4"):
        writer.write(5, VIDEO[0], AUDIO[0])
    with pytest.raises(InputError, match=r"rows have shape \(5, 2, 3, 4\), got \(5, 2, 3, 2\)"):
        writer.write(1, VIDEO[1, ..., :2], AUDIO[1])
    with pytest.raises(InputError, match="not finite"):
        writer.write(1, VIDEO[1], np.full_like(AUDIO[1], np.inf))
    assert writer.pending == (1, 2, 3, 4)
