import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearsight.errors import InputError
from hearsight.recording.layout import (
    LAYOUT_NAMES,
    ChannelLayout,
    array,
    foa,
    mono,
    parse_layout,
    stereo,
    tetrahedral,
)
from hearsight.spatial.ambisonics import encode_foa, gains_to_sn3d
from hearsight.spatial.directions import to_vectors

normalizations = st.sampled_from(["sn3d", "n3d", "fuma"])


@st.composite
def letters(draw):
    n_unused = draw(st.integers(0, 4))
    return "".join(draw(st.permutations(["W", "X", "Y", "Z"] + ["-"] * n_unused)))


@given(letters(), normalizations)
def test_the_name_says_all(channels, normalization):
    layout = foa(channels, normalization)
    assert layout.name == f"{channels}:{normalization}"
    assert parse_layout(layout.name, layout.n_channels) == layout
    assert parse_layout(layout.name.lower().replace("-", "0")) == layout


@given(letters(), normalizations, st.floats(-180, 180), st.floats(-90, 90))
def test_arranging_undoes_order_and_normalization(channels, normalization, azimuth, elevation):
    gains = encode_foa(to_vectors(azimuth, elevation))
    scaled = gains / gains_to_sn3d(normalization)
    stored = np.array([scaled["WYZX".index(c)] if c != "-" else 9.0 for c in channels])
    arranged = foa(channels, normalization).arrange(stored[:, None].astype(np.float32))
    assert arranged.dtype == np.float32
    np.testing.assert_allclose(arranged[:, 0], gains, atol=1e-6)


def test_mid_and_side_become_left_and_right():
    left, right = np.array([0.5, 0.0], np.float32), np.array([0.0, 0.25], np.float32)
    stored = np.stack([(left + right) / 2, (left - right) / 2])
    np.testing.assert_allclose(parse_layout("mid-side").arrange(stored), [left, right])


@pytest.mark.parametrize("name", LAYOUT_NAMES)
def test_every_name_is_known_in_any_case(name):
    layout = parse_layout(f" {name.upper()} ")
    assert len(layout.channel_names) == len(layout.order)
    if layout.kind != "array":
        assert parse_layout(layout.name, layout.n_channels) == layout


def test_the_named_layouts_are_the_conventions():
    assert parse_layout("ambix") == foa("WYZX", "sn3d")
    assert parse_layout("fuma") == foa("WXYZ", "fuma")
    assert parse_layout("n3d") == foa("WYZX", "n3d")
    assert parse_layout("mic") == tetrahedral()
    assert parse_layout("mono") == mono()
    assert parse_layout("stereo") == stereo()


def test_higher_orders_leave_later_channels_out():
    layout = parse_layout("ambix", 16)
    assert (layout.order, layout.n_channels) == ((0, 1, 2, 3), 16)
    waveform = np.arange(32, dtype=np.float32).reshape(16, 2)
    np.testing.assert_array_equal(layout.arrange(waveform), waveform[:4])


def test_an_array_keeps_its_order():
    positions = [(0.0, 0.0, 0.0), (0.1, 0.0, 0.0), (0.0, 0.1, 0.0)]
    layout = array(positions)
    assert layout.positions == tuple(positions)
    waveform = np.arange(6, dtype=np.float32).reshape(3, 2)
    np.testing.assert_array_equal(layout.arrange(waveform), waveform)


@pytest.mark.parametrize(
    ("text", "n_channels", "words"),
    [
        ("sterio", None, "did you mean stereo"),
        ("WXYZ:sn4d", None, "did you mean sn3d"),
        ("WXYY", None, "W, X, Y, Z once each"),
        ("WXY-", None, "W, X, Y, Z once each"),
        ("", None, "unknown channel layout"),
        ("stereo", 4, "has 2 channels but the file has 4"),
        ("XYW-Z-", 4, "has 6 channels but the file has 4"),
        ("mic", 6, "has 4 channels but the file has 6"),
    ],
)
def test_other_texts_are_refused(text, n_channels, words):
    with pytest.raises(InputError, match=words):
        parse_layout(text, n_channels)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("quad", (0, 1, 2, 3), 4), "unknown kind"),
        (("stereo", (0,), 2), "has 2 channels, got 1"),
        (("stereo", (0, 0), 2), "different channels"),
        (("stereo", (0, 2), 2), "different channels"),
        (("stereo", (0, 1), 2, "sn3d"), "normalization belongs"),
        (("foa", (0, 1, 2, 3), 4), "needs one"),
        (("foa", (0, 1, 2, 3), 4, "maxn"), "unknown normalization"),
        (("array", (0, 1), 2), "needs the microphones' positions"),
        (("array", (0, 1, 2), 3, None, ((0, 0, 0), (1, 0, 0))), "2 microphones but 3"),
    ],
)
def test_what_cannot_be_a_layout_is_refused(arguments, words):
    with pytest.raises(InputError, match=words):
        ChannelLayout(*arguments)


def test_waveforms_must_fit():
    for shape in itertools.product((3, 5), (10,)):
        with pytest.raises(InputError, match=r"shape \(4, samples\)"):
            foa().arrange(np.zeros(shape, np.float32))
