import base64
import zlib

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hearsight import HeatMap, Projection
from hearsight.viewer.packing import MAX_COLUMNS, pack_heatmap


def a_map(values):
    projection = Projection("equirectangular", values.shape[2], values.shape[1])
    return HeatMap(values, np.arange(len(values)) / 10, "acoustic", projection)


def unpack(packed):
    raw = zlib.decompress(base64.b64decode(packed.data))
    return np.frombuffer(raw, np.uint8).reshape(len(packed.times), packed.height, packed.width)


def test_a_map_that_does_not_fit_is_thinned_by_its_maximum():
    values = np.random.default_rng(0).random((500, 6, 10)).astype(np.float32)
    packed = pack_heatmap(a_map(values), budget=6_000)
    stride = round(packed.hop / 0.1)
    assert stride > 1
    assert len(base64.b64decode(packed.data)) <= 6_000
    joined = np.maximum.reduceat(values, np.arange(0, 500, stride), axis=0)
    np.testing.assert_allclose(unpack(packed) / 252, joined, atol=1 / 60)
    assert packed.times[1] == round(stride / 10, 3)


def test_the_inflated_size_is_bounded_too():
    values = np.zeros((1000, 6, 10), np.float32)
    packed = pack_heatmap(a_map(values), raw_budget=10_000)
    assert unpack(packed).size <= 10_000


@given(st.integers(1, 40), st.integers(1, 300))
def test_broad_maps_are_joined_without_losing_what_was_found(rows, columns):
    values = np.zeros((1, rows, columns), np.float32)
    values[0, rows // 2, columns // 3] = 0.01
    packed = pack_heatmap(a_map(values))
    assert packed.width == min(columns, MAX_COLUMNS)
    (y,), (x,) = np.nonzero(unpack(packed)[0])
    assert abs((x + 0.5) / packed.width - (columns // 3 + 0.5) / columns) <= 1 / packed.width
    assert abs((y + 0.5) / packed.height - (rows // 2 + 0.5) / rows) <= 1 / packed.height
