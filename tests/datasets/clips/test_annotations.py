import pytest

from hearsight.datasets.clips.annotations import (
    Annotation,
    is_annotation_file,
    read_annotations,
)
from hearsight.errors import DatasetError

BELL = Annotation("Church bell", "RUhOCu3LNXM", "good", 0, 10)
SPEECH = Annotation("Male speech, man speaking", "-VWi2ENBuTb", "good", 3, 3)
LINES = "Church bell&RUhOCu3LNXM&good&0&10", "Male speech, man speaking&-VWi2ENBuTb&good&3&3"
HEADER = "Category&VideoID&Quality&StartTime&EndTime"


@pytest.mark.parametrize("header", ["", HEADER, HEADER.lower()])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\n\n  \n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_files_as_they_are_met(tmp_path, header, end, encoding):
    path = tmp_path / "Annotations.txt"
    path.write_bytes(end.join([header, *LINES]).encode(encoding))
    assert read_annotations(path) == (BELL, SPEECH)
    assert (BELL.duration, SPEECH.duration) == (10, 0)
    assert is_annotation_file(path)


def test_a_category_may_hold_the_separator(tmp_path):
    path = tmp_path / "rows.txt"
    path.write_text("Drum & bass&clip 1& fair &2&3")
    assert read_annotations(path) == (Annotation("Drum & bass", "clip 1", "fair", 2, 3),)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("bell&name&good&0", "line 2: has 4 fields, expected category&name"),
        ("just words", "line 2: has 1 fields"),
        ("&name&good&0&1", "line 2: category and name must not be empty"),
        ("bell&name&good&0&1.5", "line 2: start and end must be whole seconds, got 0 and 1.5"),
        ("bell&name&good&-1&1", "whole seconds, got -1 and 1"),
        ("bell&name&good&²&3", "whole seconds"),
        ("bell&name&good&2&6000000000", "clips last 86400 s at most"),
        ("bell&../name&good&0&1", "line 2: clips are named without folders, got '../name'"),
        ("bell&name&good&4&1", "line 2: ends at 1 s, before it starts at 4 s"),
        # Column names belong in the first line, and after it they are no row.
        ("StartTime&name&good&a&b", "whole seconds, got a and b"),
    ],
)
def test_wrong_lines_are_named(tmp_path, line, said):
    path = tmp_path / "Annotations.txt"
    path.write_text(f"{LINES[0]}\n{line}\n")
    with pytest.raises(DatasetError, match=said.replace("(", r"\(")):
        read_annotations(path)


def test_what_is_no_text(tmp_path):
    path = tmp_path / "Annotations.txt"
    with pytest.raises(DatasetError, match="cannot be read as text"):
        read_annotations(path)
    path.write_bytes(b"\xff\xfe&&&&\x00")
    with pytest.raises(DatasetError, match="cannot be read as text"):
        read_annotations(path)
    assert is_annotation_file(path)
    path.write_text("about this set & more\n" + LINES[0])
    assert not is_annotation_file(path)
