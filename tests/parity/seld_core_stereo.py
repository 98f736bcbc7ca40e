"""Checks of the stereo conversion against the original.

Pictures may differ by one gray level: the original's interpolation has weights of 1/32. It blends
unrelated columns at the seam of the panorama, so samples left of the first or right of the last
column are not compared. Positions are stored in float32, hence the tolerance of 1e-4 pixels.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from hearsight.datasets.stereo import (
    FOV_DEG,
    PEAK,
    SIZE,
    is_on_screen,
    stereo_events,
    stereo_sound,
)
from hearsight.events.formats.frames import FrameRow, events_from_rows, frame_rows
from hearsight.spatial.directions import to_vectors, wrap_azimuth
from hearsight.spatial.projection import Projection
from hearsight.spatial.views import PanoramaView
from parity.reference import Check, Reference

SAMPLES_PER_FRAME = 2400
_FILL = re.compile(r'fill\("([^"]+)",\s*\(([\d,\s]+)\)\)')


def filled(reference: Reference, text: str) -> np.ndarray:
    """Fill the tensor that a description names."""
    name, shape = _FILL.search(text).groups()
    return reference.fill(name, [int(side) for side in shape.split(",") if side.strip()])


def check_stereo_conversion(reference: Reference) -> None:
    cases = reference.spec["cases"]
    check_sound(reference, cases["audio"])
    check_labels(cases["labels"])
    check_on_screen_table(reference, cases["onscreen_table"])
    check_views(reference, cases["perspective"])


def check_sound(reference: Reference, case: dict[str, Any]) -> None:
    scale = np.float32(re.search(r"\*\s*([\d.]+)", case["input"]).group(1))
    step = int(re.search(r"every (\d+)", case["stored"]).group(1))
    foa = filled(reference, case["input"]) * scale
    n_samples = case["frames"] * SAMPLES_PER_FRAME
    stored = {name for name in reference.arrays if name.startswith("stereo_")}
    for turn, start, code in case["cases_deg_start_returncode"]:
        begin = start * SAMPLES_PER_FRAME
        sound = stereo_sound(foa[:, begin : begin + n_samples], turn)
        name = f"stereo_deg{turn:03d}_start{start}"
        assert (np.abs(sound).max() > PEAK) == bool(code), name
        if code == 0:
            expected = reference.arrays[name]
            np.testing.assert_allclose(sound[:, ::step], expected, atol=1e-6, rtol=0, err_msg=name)
            stored.discard(name)
    assert not stored, "arrays without a case"
    constant = dict.fromkeys("WYZX", 0.0)
    constant |= {
        c: float(v) for c, v in re.findall(r"([WYZX]) ([\d.]+)", case["clipping_case"]["input"])
    }
    loud = stereo_sound(np.array([constant[c] for c in "WYZX"])[:, None], 0.0)
    assert (np.abs(loud).max() <= PEAK) == case["clipping_case"]["written"]


def check_labels(case: dict[str, Any]) -> None:
    assert case["rows"]
    for values in case["rows"]:
        row = dict(zip(case["columns"], values, strict=True))
        turn, azimuth, elevation = row["view_deg"], row["azimuth"], row["elevation"]
        place = FrameRow(3, "knock", 7, azimuth, elevation, row["distance"] / 100.0)
        (found,) = frame_rows(stereo_events(events_from_rows([place]), turn))
        assert (found.frame, found.label, found.source) == (3, "knock", 7)
        assert round(found.azimuth) == row["new_azimuth"], row
        assert round(100.0 * found.distance) == row["distance"], row
        assert found.on_screen == row["onscreen"], row
        if row["onscreen"]:
            check_place(azimuth + turn, elevation, (row["x_on"], row["y_on"]))


def check_on_screen_table(reference: Reference, case: dict[str, Any]) -> None:
    shape = case["shape"]
    packed = np.unpackbits(reference.arrays["onscreen_table"])[: np.prod(shape)]
    expected = packed.reshape(shape).astype(bool)
    azimuth, elevation = np.meshgrid(*map(np.arange, shape), indexing="ij")
    elevation = np.where(elevation > 90, elevation - shape[1], elevation)
    np.testing.assert_array_equal(is_on_screen(azimuth, elevation), expected)
    assert expected.sum() == case["count"]
    places = np.stack([reference.arrays[f"onscreen_{axis}"] for axis in "xy"], axis=-1)
    np.testing.assert_array_equal((places >= 0).all(axis=-1), expected)
    for index in np.argwhere(expected)[:: max(1, case["count"] // 200)]:
        check_place(azimuth[*index], elevation[*index], places[*index])


def check_place(azimuth: float, elevation: float, place: tuple[float, float]) -> None:
    """A direction is in the picture where its pixel in a panorama 360 pixels wide is."""
    camera = Projection("perspective", *SIZE, FOV_DEG)
    # That pixel's centre lies half a degree to the right and below; interpolation spreads it by one
    # degree. The stored place is rounded to whole pixels.
    around = [
        to_vectors(wrap_azimuth(azimuth - 0.5 + left), elevation - 0.5 + up)
        for left in (-1, 1)
        for up in (-1, 1)
    ]
    corners = camera.to_pixels(around)
    assert (corners.min(axis=0) <= np.array(place) + 1.0).all()
    assert (corners.max(axis=0) >= np.array(place) - 1.0).all()


def check_views(reference: Reference, case: dict[str, Any]) -> None:
    picture = np.abs(filled(reference, case["input"]))
    top = float(re.search(r"maximum is (\d+)", case["input"]).group(1))
    picture = (picture / picture.max() * np.float32(top)).transpose(2, 0, 1)
    rows, columns = picture.shape[1:]
    height, width = case["out_hw"]
    turns = [int(name[-3:]) for name in reference.arrays if name.startswith("coor_deg")]
    assert turns
    for turn in turns:
        view = PanoramaView(
            -turn, width, height, case["horizontal_fov_deg"], case["vertical_fov_deg"]
        )
        sampling = view.sampling(columns, rows)
        expected = reference.arrays[f"coor_deg{turn:03d}"]
        apart = np.abs(sampling.positions - expected)
        apart[..., 0] = np.minimum(apart[..., 0], columns - apart[..., 0])
        assert apart.max() < 1e-4, turn
        inside = (expected[..., 0] >= 0) & (expected[..., 0] <= columns - 1)
        for name, panorama in (
            ("perspective", picture),
            ("perspective_u8", picture.astype(np.uint8)),
        ):
            shown = sampling(panorama).transpose(1, 2, 0).astype(float)
            error = np.abs(shown - reference.arrays[f"{name}_deg{turn:03d}"])[inside]
            assert error.max() <= 1.0, (name, turn)


CHECKS: dict[str, Check] = {"stereo_conversion": check_stereo_conversion}
