"""Labels of seconds in a table that any program may have made."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hearsight.errors import InputError
from hearsight.training.clips.saved_labels import read_labels, write_labels

NAMES = {4: "one", 7: "two"}
CLASSES = ("bell", "knock")


def test_what_is_written_is_read(tmp_path: Path) -> None:
    labels = np.array([[0, 0, 2], [2, 1, 2]])
    path = tmp_path / "segments.csv"
    write_labels(path, list(NAMES), list(NAMES.values()), labels, CLASSES)
    read, notes = read_labels(path, NAMES, 3, CLASSES)
    assert np.array_equal(read, labels)
    assert notes == ()


def test_what_is_missing_or_of_others_is_told(tmp_path: Path) -> None:
    path = tmp_path / "segments.csv"
    path.write_text("row,second,label\n4,0,bell\n4,1,bell\n4,2,knock\n9,0,bell\n")
    read, notes = read_labels(path, NAMES, 3, CLASSES)
    assert read.tolist() == [[0, 0, 1], [2, 2, 2]]
    assert notes == (
        "Clips of which seconds are not named, and count as background: 1.",
        "Rows that are named and not judged here: 1.",
    )


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("row,label\n4,bell\n", "has no column second"),
        ("row,second,label\n4,0\n", "line 2: has fewer than 3 fields"),
        ("row,second,label\n4,x,bell\n", "second must be a whole number"),
        ("row,second,label\n4,3,bell\n", "second 3 of row 4 is not in 3 s"),
        ("row,second,label\n4,0,bell\n4,0,knock\n", "line 3: second 0 of row 4 comes twice"),
        ("row,second,label\n4,0,bel\n", "no class is called 'bel'"),
        ("row,clip,second,label\n4,two,0,bell\n", "row 4 is of the clip one, not two"),
        ("row,second,label\n9,0,bell\n", "names none of the 2 rows"),
    ],
)
def test_tables_that_are_none(tmp_path: Path, table: str, message: str) -> None:
    path = tmp_path / "segments.csv"
    path.write_text(table)
    with pytest.raises(InputError, match=message):
        read_labels(path, NAMES, 3, CLASSES)
