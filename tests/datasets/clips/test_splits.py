import numpy as np
import pytest

from datasets.clips.small_clips import LINES, write_array, write_lines
from hearsight.datasets.clips.annotations import Annotation
from hearsight.datasets.clips.opening import open_clips
from hearsight.datasets.clips.splits import ORDERS, TEXT_LISTS, drawn_split
from hearsight.errors import DatasetError


def write_orders(folder, orders, suffix=""):
    for name, rows in zip(ORDERS, orders, strict=True):
        path = folder / name.replace(".h5", f"{suffix}.h5")
        write_array(path, np.array(rows, dtype=np.int64), "order")


def write_text_lists(folder, parts):
    for name, rows in zip(TEXT_LISTS, parts, strict=True):
        write_lines(folder / name, tuple(LINES[row] for row in rows))


def split_of(clips):
    return clips.train, clips.validation, clips.test


@pytest.mark.parametrize("folder", ["", "data"])
def test_orders_come_before_text_lists(root, folder):
    write_text_lists(root, ([0, 1], [2, 3], [4]))
    assert split_of(open_clips(root)) == ((0, 1), (2, 3), (4,))
    write_orders(root / folder, ([4, 2], [], [1, 3, 0]))
    assert split_of(open_clips(root)) == ((4, 2), (), (1, 3, 0))
    assert open_clips(root).matching is None
    write_orders(root / folder, ([0], [1], [3]), "_match")
    assert open_clips(root).matching == ((0,), (1,), (3,))


def test_lists_are_enough(tmp_path):
    write_text_lists(tmp_path, ([3, 0], [], [1]))
    clips = open_clips(tmp_path)
    assert split_of(clips) == ((0, 1), (), (2,))
    assert [clips.name(row) for row in (*clips.train, *clips.test)] == [
        "bell-000001",
        "bell-000000",
        "-fry0000000",
    ]


def test_a_clip_judged_later_is_left_out_of_training(root):
    write_orders(root, ([0, 1], [2], [3, 4]))
    assert open_clips(root).dropped == ()
    clips = open_clips(root, drop_shared_clips=True)
    assert (split_of(clips), clips.dropped) == (((1,), (2,), (3, 4)), (0,))
    write_orders(root, ([1], [4, 2], [3, 0]))
    write_orders(root, ([0, 1], [4, 2], [3]), "_match")
    clips = open_clips(root, drop_shared_clips=True)
    assert (split_of(clips), clips.dropped) == (((1,), (2,), (3, 0)), (4,))
    assert clips.matching == ((1,), (4, 2), (3,))


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([0, 5], "row 5 is not annotated; rows are 0 to 4"),
        ([-1], "row -1 is not annotated"),
        ([1, 1], "holds a row twice"),
        ([[0, 1]], r"expected a list of row numbers, got int64 of shape \(1, 2\)"),
    ],
)
def test_wrong_orders(root, rows, said):
    write_orders(root, (rows, [], []))
    with pytest.raises(DatasetError, match=said):
        open_clips(root)


def test_orders_are_whole_numbers(root):
    write_orders(root, ([0], [1], [2]))
    write_array(root / ORDERS[0], [0.0, 1.0], "order")
    with pytest.raises(DatasetError, match="expected a list of row numbers, got float64"):
        open_clips(root)


def test_a_list_of_another_release(root):
    write_text_lists(root, ([0], [1], [2]))
    write_lines(root / TEXT_LISTS[0], ("Church bell&bell-000000&good&0&4",))
    with pytest.raises(DatasetError, match="Church bell, bell-000000, 0 to 4 s is not annotated"):
        open_clips(root)


def test_a_list_that_is_missing_is_told(root):
    write_text_lists(root, ([0], [1], [2]))
    (root / TEXT_LISTS[1]).unlink()
    said = r"has trainSet.txt and testSet.txt, but a split is trainSet.txt, valSet.txt, testSet.txt"
    with pytest.raises(DatasetError, match=said):
        open_clips(root)


def test_a_drawn_split_has_a_tenth_of_each_class():
    rows = [Annotation(c, f"{c}{i}", "good", 0, 1) for c, n in (("a", 40), ("b", 20), ("c", 2))
            for i in range(n)]  # fmt: skip
    split = drawn_split(rows)
    assert sorted((*split.train, *split.validation, *split.test)) == list(range(len(rows)))
    for part, expected in zip(split, ({"a": 32, "b": 16, "c": 2}, {"a": 4, "b": 2},
                                      {"a": 4, "b": 2}), strict=True):  # fmt: skip
        found = [rows[row].category for row in part]
        assert {label: found.count(label) for label in set(found)} == expected
        assert list(part) == sorted(part)
    assert drawn_split(rows) == split
    assert drawn_split(rows, seed=1) != split
    backwards = drawn_split(rows[::-1])  # the order of the file does not decide
    assert {rows[row] for row in split.test} == {rows[::-1][row] for row in backwards.test}


def test_a_drawn_split_keeps_a_clip_together():
    rows = [Annotation(c, f"{i}", "good", 0, 1) for c in "ab" for i in range(30)]
    split = drawn_split(rows)
    names = [{rows[row].name for row in part} for part in split]
    assert [len(part) for part in names] == [24, 3, 3]
    assert not (names[0] & names[1] | names[0] & names[2] | names[1] & names[2])
