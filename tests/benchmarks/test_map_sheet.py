"""Sheets of heat maps."""

import numpy as np
import pytest
from benchmarks.map_sheet import CAPTION, CELL, GAP, HEADING, Column, cells, write_sheet
from PIL import Image

BOX = (0.25, 0.5, 0.75, 1.0)


@pytest.fixture
def picture():
    return np.full((3, 40, 60), [[[10]], [[200]], [[60]]], dtype=np.uint8)


def drawn(column, picture, boxes=()):
    return np.asarray(next(cells(column, [picture], [boxes])))


def test_a_picture_without_map_keeps_its_colors(picture):
    assert (drawn(Column("", (), [""]), picture) == [10, 200, 60]).all()


def test_a_map_colors_only_what_is_above_the_scale(picture):
    map_ = np.zeros((4, 4))
    map_[:, 3] = 1.0
    shown = drawn(Column("", [map_], [""], (0.5, 1.0)), picture)
    left, right = shown[:, : CELL // 4], shown[:, -CELL // 8 :]
    assert np.ptp(left, axis=-1).max() == 0  # gray
    assert np.ptp(right, axis=-1).min() > 50


def test_what_is_below_the_scale_stays_gray(picture):
    shown = drawn(Column("", [np.full((4, 4), 0.4)], [""], (0.5, 1.0)), picture)
    assert np.ptp(shown, axis=-1).max() == 0


def test_a_box_is_drawn_where_it_is(picture):
    plain, boxed = (drawn(Column("", (), [""]), picture, boxes) for boxes in ((), (BOX,)))
    rows, columns = np.nonzero((plain != boxed).any(axis=-1))
    edges = [columns.min(), rows.min(), columns.max(), rows.max()]
    np.testing.assert_allclose(edges, np.multiply(BOX, CELL - 1), atol=1)


def test_a_sheet_has_a_cell_for_each_picture_and_column(tmp_path, picture):
    captions = ["one", "cIoU 5 %\nsays nothing"]
    columns = [Column("picture", (), captions), Column("a", [np.eye(3)] * 2, captions)]
    write_sheet(tmp_path / "sheet.jpg", [picture] * 2, [(BOX,), ()], columns)
    with Image.open(tmp_path / "sheet.jpg") as sheet:
        assert sheet.format == "JPEG"
        assert sheet.size == (2 * (CELL + GAP) + GAP, HEADING + 2 * (CELL + CAPTION + GAP))
