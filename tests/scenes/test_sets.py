import collections
import json

import pytest

from hearsight.errors import InputError
from hearsight.events.classes import DCASE_2022
from hearsight.scenes.sets import check_numbers, check_picture, draw_labels, write_rows


def test_the_first_class_comes_in_rounds_and_the_others_differ_from_it():
    drawn = [draw_labels(3, 0, index, (2, 4))[0] for index in range(26)]
    for turn in (drawn[:13], drawn[13:]):
        assert collections.Counter(labels[0] for labels in turn) == dict.fromkeys(DCASE_2022, 1)
    assert {len(labels) for labels in drawn} == {2, 3, 4}
    assert all(len(set(labels)) == len(labels) for labels in drawn)
    assert [labels[0] for labels in drawn[:13]] != [labels[0] for labels in drawn[13:]]


def test_seed_split_and_index_decide_about_everything():
    def once(*key):
        labels, rng = draw_labels(*key, (1, 5))
        return labels, rng.random()

    assert once(3, 0, 7) == once(3, 0, 7)
    assert len({str(once(*key)) for key in ((3, 0, 7), (4, 0, 7), (3, 1, 7), (3, 0, 8))}) == 4


def test_fewer_than_the_least_are_never_drawn():
    assert {len(draw_labels(0, 0, index, (1, 1), 2)[0]) for index in range(5)} == {2}


def test_numbers_are_named_when_they_are_out_of_range():
    check_numbers(("legs", 2, 2, 4), ("arms", 4.0, 2, 4))
    for value in (1, 5, float("nan")):
        with pytest.raises(InputError, match="legs must be 2 to 4, got"):
            check_numbers(("arms", 2, 2, 4), ("legs", value, 2, 4))
    with pytest.raises(InputError, match="even, got 33"):
        check_picture((1, 2), 33)


def test_rows_are_a_list_with_a_line_each(tmp_path):
    rows = [{"a": 1}, {"a": [2, 3]}]
    write_rows(tmp_path / "rows.json", rows)
    assert json.loads((tmp_path / "rows.json").read_text()) == rows
    assert len((tmp_path / "rows.json").read_text().splitlines()) == 4
