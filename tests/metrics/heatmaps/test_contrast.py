import numpy as np
import pytest

from hearsight.metrics.heatmaps.contrast import color_contrast


def test_a_picture_of_one_color_has_no_contrast():
    assert not color_contrast(np.full((3, 40, 50), 77, np.uint8)).any()


@pytest.mark.parametrize("size", [(28, 28), (56, 84), (101, 57), (3, 200), (1, 1)])
def test_any_size_becomes_cells_of_mean_colors(size):
    picture = np.random.default_rng(0).integers(0, 256, (3, *size), dtype=np.uint8)
    found = color_contrast(picture)
    rows, columns = (min(28, length) for length in size)
    assert found.shape == (rows, columns)
    assert found.dtype == np.float32
    cells = np.array(
        [
            [cell.mean(axis=(1, 2)) for cell in split(row, columns, 2)]
            for row in split(picture, rows, 1)
        ]
    )
    expected = np.linalg.norm(cells - cells.mean(axis=(0, 1)), axis=2)
    np.testing.assert_allclose(found, expected, atol=1e-3)


def split(picture, parts, axis):
    return np.split(picture, np.arange(1, parts) * picture.shape[axis] // parts, axis=axis)


def test_what_is_rare_stands_out():
    picture = np.zeros((3, 112, 112), np.uint8)
    picture[2, 8:24, 80:100] = 255
    row, column = np.unravel_index(color_contrast(picture).argmax(), (28, 28))
    assert (2 <= row < 6, 20 <= column < 25) == (True, True)
