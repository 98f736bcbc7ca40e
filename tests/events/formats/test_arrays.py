import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from hearsight.errors import InputError, MediaError
from hearsight.events.events import Events
from hearsight.events.formats.arrays import read_heatmaps, write_heatmaps
from hearsight.events.heatmaps import HEATMAP_KINDS, HeatMap
from hearsight.events.scene import Scene
from hearsight.spatial.projection import Projection

PROJECTIONS = [
    Projection("equirectangular", 1920, 960),
    Projection("perspective", 640, 360, 99.5),
    Projection("perspective", 641, 361),
]


@pytest.fixture(scope="session")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("arrays") / "maps.npz"


@st.composite
def heatmaps(draw):
    shape = draw(st.one_of(st.just((0, 2, 3)), array_shapes(min_dims=3, max_dims=3, max_side=4)))
    values = draw(arrays(np.float16, shape, elements=st.floats(0.0, 1.0, width=16)))
    times = np.cumsum(np.full(shape[0], 0.1)) - 0.1
    return HeatMap(
        values, times, draw(st.sampled_from(HEATMAP_KINDS)), draw(st.sampled_from(PROJECTIONS))
    )


@given(st.lists(heatmaps(), max_size=3, unique_by=lambda heatmap: heatmap.kind))
def test_heat_maps_come_back(path, maps):
    write_heatmaps(maps, path)
    found = {heatmap.kind: heatmap for heatmap in read_heatmaps(path)}
    assert set(found) == {heatmap.kind for heatmap in maps}
    for heatmap in maps:
        other = found[heatmap.kind]
        assert other.values.dtype == np.float16
        np.testing.assert_array_equal(other.values, heatmap.values)
        np.testing.assert_array_equal(other.times, heatmap.times)
        assert other.projection == heatmap.projection


def example(n=2):
    values = np.random.default_rng(1).random((n, 4, 8), dtype=np.float32)
    return HeatMap(values, np.arange(n) / 10, "acoustic", PROJECTIONS[0])


def test_numpy_alone_reads_it(path):
    write_heatmaps(Scene(Events(), heatmaps=(example(),)), path)
    with np.load(path, allow_pickle=False) as file:
        np.testing.assert_allclose(file["acoustic_values"], example().values, atol=5e-4)
        assert file["acoustic_times"].tolist() == [0.0, 0.1]
        assert str(file["acoustic_projection"]) == "equirectangular"


def test_equal_maps_make_equal_files(path):
    write_heatmaps([example()], path)
    first = path.read_bytes()
    write_heatmaps([example()], path)
    assert path.read_bytes() == first


def test_writing_holds_one_block_and_not_the_file(path, tmp_path):
    shape = (20_000, 32, 64)  # 82 MB of float16
    values = np.memmap(tmp_path / "long", np.float16, "w+", shape=shape)
    values[::100, 5, 5] = 1.0
    heatmap = HeatMap(values, np.arange(shape[0]) / 10, "acoustic", PROJECTIONS[0])
    tracemalloc.start()
    write_heatmaps([heatmap], path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20e6
    assert path.stat().st_size < 2e6
    (found,) = read_heatmaps(path)
    assert np.array_equal(found.values[:, 5, 5], values[:, 5, 5])


def test_what_cannot_be_written_or_read(path, tmp_path):
    with pytest.raises(InputError, match="at most one of each kind"):
        write_heatmaps([example(), example()], path)
    with pytest.raises(MediaError, match="absent"):
        read_heatmaps(tmp_path / "absent.npz")
    (tmp_path / "text.npz").write_text("no archive")
    with pytest.raises(InputError, match="not a whole NPZ file"):
        read_heatmaps(tmp_path / "text.npz")


def replaced(path, name, array):
    """Write a good file and put another array into it."""
    write_heatmaps([example()], path)
    with np.load(path) as file:
        members = dict(file)
    if array is None:
        del members[name]
    else:
        members[name] = array
    np.savez(path, **members)


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        ("acoustic_times", None, "not a whole NPZ"),
        ("acoustic_times", np.zeros(5), "acoustic_times is float64 of shape"),
        ("acoustic_values", np.zeros((2, 4, 8), int), "acoustic_values is int64"),
        ("acoustic_values", np.full((2, 4, 8), 2.0), r"values must lie in \[0, 1\]"),
        ("acoustic_picture", np.array([np.nan] * 3), "expected pixels"),
        ("acoustic_projection", np.array("fisheye"), "unknown projection 'fisheye'"),
    ],
)
def test_wrong_arrays_are_named(tmp_path, name, array, message):
    path = tmp_path / "maps.npz"
    replaced(path, name, array)
    with pytest.raises(InputError, match=message) as caught:
        read_heatmaps(path)
    assert "maps.npz" in str(caught.value)


class Intruder:
    """Unpickling it would make a folder."""

    def __init__(self, trace):
        self.trace = trace

    def __reduce__(self):
        return Path.mkdir, (self.trace,)


def test_pickles_are_never_opened(tmp_path):
    path, trace = tmp_path / "maps.npz", tmp_path / "trace"
    replaced(path, "acoustic_times", np.array([Intruder(trace)] * 2, dtype=object))
    with pytest.raises(InputError, match=r"maps\.npz"):
        read_heatmaps(path)
    assert not trace.exists()


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_a_file_cut_short_is_refused(tmp_path, share):
    path = tmp_path / "maps.npz"
    write_heatmaps([example(50)], path)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(InputError, match=r"maps\.npz"):
        read_heatmaps(path)


@given(position=st.integers(0, 10**6), byte=st.integers(0, 255))
def test_a_flipped_byte_raises_nothing_but_our_errors(path, position, byte):
    write_heatmaps([example()], path)
    content = bytearray(path.read_bytes())
    content[position % len(content)] = byte
    path.write_bytes(bytes(content))
    try:
        read_heatmaps(path)
    except (InputError, MediaError) as error:
        assert path.name in str(error)  # noqa: PT017 - some bytes carry no meaning


def test_an_encrypted_or_unknown_member_is_refused(path):
    write_heatmaps([example()], path)
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        start = archive.start_dir
    content[start + 8] |= 1  # the flag of encryption in the first entry of the directory
    path.write_bytes(bytes(content))
    with pytest.raises(InputError, match=path.name):
        read_heatmaps(path)
