import lzma
from pathlib import Path

import pytest

from hearsight.datasets.pairs.lists import overlap, read_classes, read_names, read_silent
from hearsight.errors import DatasetError

DATA = Path(__file__).parents[4] / "shared/reference/visual-context/data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the published lists are not here")


def test_names_are_read_from_text_tables_and_compressed_text(tmp_path):
    (tmp_path / "a.txt").write_text("one\ntwo\n\nthree\n")
    (tmp_path / "a.csv").write_text("one,202\r\ntwo,0\r\nthree,5\r\n")
    (tmp_path / "a.txt.xz").write_bytes(lzma.compress(b"\xef\xbb\xbfone\ntwo\nthree"))
    expected = ("one", "two", "three")
    assert all(read_names(tmp_path / n) == expected for n in ("a.txt", "a.csv", "a.txt.xz"))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.txt", b"\n\n"),
        ("a.txt", b"\xff\xfe"),
        ("a.txt.xz", b"no xz"),
        ("a.txt.xz", lzma.compress(b"one\n" * 999)[:-20]),
    ],
)
def test_a_bad_list_is_named(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DatasetError, match=name):
        read_names(tmp_path / name)


def test_a_list_that_is_not_there(tmp_path):
    with pytest.raises(DatasetError, match=r"none\.txt: cannot be read .*No such file"):
        read_names(tmp_path / "none.txt")


def test_silent_pairs(tmp_path):
    table = tmp_path / "silent.csv"
    table.write_text("video,audio,label\na,b,non-sounding\nc,c,non-sounding\n")
    assert read_silent(table) == (("a", "b"), ("c", "c"))
    table.write_text("a,b,non-sounding\n")
    with pytest.raises(DatasetError, match="expected the columns video, audio, label"):
        read_silent(table)
    table.write_text("video,audio,label\na,b\n")
    with pytest.raises(DatasetError, match="expected the columns"):
        read_silent(table)


def test_classes_of_vggsound(tmp_path):
    table = tmp_path / "vggsound.csv"
    table.write_text('---g-f_I2yQ,1,people marching,test\n--0PQM4-hqg,30,"a, b",train\n')
    assert read_classes(table) == {
        "---g-f_I2yQ_000001": "people marching",
        "--0PQM4-hqg_000030": "a, b",
    }
    table.write_text("---g-f_I2yQ,one,people marching,test\n")
    with pytest.raises(DatasetError, match="row 1: expected video id, start second"):
        read_classes(table)


@needs_data
@pytest.mark.parametrize(
    ("train", "test", "n_train", "n_both"),
    [
        ("flickr_10k.txt", "flickr_test.csv", 10_000, 1),
        ("flickr_144k.txt.xz", "flickr_test.csv", 144_000, 20),
        ("flickr_sup_train.txt", "flickr_test.csv", 4_750, 0),
        ("vggss_10k.txt", "vggss_test.csv", 10_000, 238),
        ("vggss_144k.txt.xz", "vggss_test.csv", 144_000, 3_709),
        ("vggss_heard.txt.xz", "vggss_test.csv", 59_468, 0),
        ("vggss_heard_test.csv", "vggss_unheard_test.csv", 2_564, 0),
    ],
)
def test_how_many_names_of_published_lists_are_learned_and_judged(train, test, n_train, n_both):
    names = read_names(DATA / train)
    assert len(names) == n_train
    assert len(overlap(names, read_names(DATA / test))) == n_both


@needs_data
def test_published_silent_pairs():
    flickr = read_silent(DATA / "flickr_test_plus_silent.csv")
    vggss = read_silent(DATA / "vggss_test_plus_silent.csv")
    assert (len(flickr), len(vggss)) == (250, 5158)
    assert sum(picture == sound for picture, sound in vggss) == 379
