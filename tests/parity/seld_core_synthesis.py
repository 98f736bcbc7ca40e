"""Checks of synthetic scenes against the originals: moving sounds, paths, rooms.

Our generator goes other ways where they are better: direct sound is computed and not taken from
responses, delays are interpolated more exactly, walls are fitted to the reverberation time, and
levels are root mean squares. What both have in common is compared.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pyroomacoustics
from scipy.signal import sosfiltfilt

from hearsight.recording.layout import array
from hearsight.scenes.convolution import moving_convolution
from hearsight.scenes.measured import MeasuredRoom
from hearsight.scenes.plan import Trajectory
from hearsight.scenes.receivers import receiver_for
from hearsight.scenes.room import arrivals, mirror_images
from hearsight.scenes.trajectories import semicircle, straight
from hearsight.spatial.directions import to_angles
from parity.reference import Check, Reference, known_stem

STEP_S = 0.1
"""From one point of the originals' paths to the next."""


def measured(reference: Reference) -> MeasuredRoom:
    """Return the room whose responses the json describes, normalized."""
    spec, stored = reference.spec, reference.arrays["ir_normalised"]
    (decay,) = re.findall(r"exp\(-n/(\d+)\)", spec["cases"]["moving"]["inputs"])
    shape = (spec["positions"], stored.shape[1], spec["ir_samples"])
    noise = reference.fill("input:irs", shape).astype(float)
    responses = noise * np.exp(-np.arange(spec["ir_samples"]) / float(decay))
    places = np.arange(1.0, 1.0 + 3 * shape[0]).reshape(-1, 3)
    layout = array(0.01 * np.arange(3 * shape[1]).reshape(-1, 3))
    room = MeasuredRoom(layout, places, responses, spec["rate"]).normalized()
    np.testing.assert_allclose(room.responses, stored, rtol=1e-6, atol=1e-7)
    return room


def mono(reference: Reference) -> np.ndarray:
    noise = reference.fill("input:mono", (reference.spec["mono_samples"],)).astype(float)
    return noise / np.abs(noise).max()


def stored_part(heard: np.ndarray, case: Mapping[str, Any]) -> np.ndarray:
    (step,) = re.findall(r"every (\d+)th sample", case["stored"])
    return heard.T[:: int(step)]


def window_of(case: Mapping[str, Any]) -> int:
    return int(re.search(r"win (\d+)", case["inputs"]).group(1))


def frame_shares(reference: Reference) -> np.ndarray:
    """Return the share of each response in each frame, from one response's frame to the next."""
    moving = reference.spec["cases"]["moving"]
    hop = window_of(moving) // 2
    # Frames are counted from 1 there, and halves rounded to even numbers.
    knots = np.round(np.array(moving["ir_times"]) * reference.spec["rate"] / hop + 1.0) - 1.0
    frames = np.arange(-(-reference.spec["mono_samples"] // hop))
    return np.stack([np.interp(frames, knots, row) for row in np.eye(len(knots))], axis=1)


def check_interpolation(reference: Reference, case: Mapping[str, Any], name: str) -> None:
    shares = frame_shares(reference)
    assert list(shares.shape) == case["shape"]
    np.testing.assert_allclose(shares, reference.arrays[name], atol=1e-6)


def check_moving(reference: Reference, case: Mapping[str, Any], name: str) -> None:
    """Share the sound as the frames of the original do; they overlap by half."""
    hop, sound = window_of(case) // 2, mono(reference)
    by_frame = frame_shares(reference)
    window = np.sin(np.pi * np.arange(2 * hop) / (2 * hop)) ** 2
    shares = np.zeros((by_frame.shape[1], hop * (len(by_frame) + 1)))
    for frame, row in enumerate(by_frame):
        shares[:, frame * hop : (frame + 2) * hop] += row[:, None] * window
    # The first frame has its middle at the first sample.
    shares = shares[:, hop : hop + len(sound)]
    heard = moving_convolution(sound, shares, measured(reference).responses, case["shape"][0])
    heard *= case["abs_max"] / np.abs(heard).max()
    assert list(heard.T.shape) == case["shape"]
    expected = reference.arrays[name]
    np.testing.assert_allclose(stored_part(heard, case), expected, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(np.abs(heard).mean(), case["mean_abs"], rtol=1e-6)


def check_static(reference: Reference, case: Mapping[str, Any], name: str) -> None:
    sound, response = mono(reference), measured(reference).responses[:1]
    heard = moving_convolution(sound, [np.ones(len(sound))], response, case["shape"][0])
    assert list(heard.T.shape) == case["shape"]
    expected = reference.arrays[name]
    np.testing.assert_allclose(stored_part(heard, case), expected, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(np.abs(heard).max(), case["abs_max"], rtol=1e-6)


def check_straight(reference: Reference, case: list[list[float]], name: str) -> None:
    path = straight(case[0], case[-1], STEP_S * (len(case) - 1))
    np.testing.assert_allclose(path.positions, case, atol=1e-9)


def check_semicircle(reference: Reference, case: list[list[float]], name: str) -> None:
    start, stop = np.array(case[0]), np.array(case[-1])
    # The original turns around what is at right angles to the x axis and the way.
    axis = np.cross([1.0, 0.0, 0.0], stop - start)
    path = semicircle(start, stop, STEP_S * (len(case) - 1), around=axis)
    np.testing.assert_allclose(path.positions, case, atol=1e-9)


def check_nearest(reference: Reference, case: Mapping[str, Any], name: str) -> None:
    places, points = np.array(case["positions"]), np.array(case["trajectory"])
    layout = array([[0.0, 0.0, 0.0], [0.1, 0.0, 0.0]])
    room = MeasuredRoom(layout, places, np.ones((len(places), 2, 1)), reference.spec["rate"])
    np.testing.assert_array_equal(room.nearest(points), case["indices"])
    times = STEP_S * np.arange(len(points))
    route = room.route(Trajectory(times, points), 0.0, float(times[-1]))
    visited = places[np.array(case["indices"])[case["change_points"]]]
    np.testing.assert_array_equal(route.positions, visited)


def check_labels(reference: Reference, case: Mapping[str, Any], name: str) -> None:
    path = Trajectory(np.array(case["ir_times"]), np.array(case["xyz"]))
    # The original leaves the first point of its grid out.
    positions = path.at(case["time_grid"][1:])
    azimuth, elevation = to_angles(positions)
    rows = np.array(case["rows"])
    np.testing.assert_allclose(azimuth, rows[:, 3], atol=5.1e-4)  # rounded to 3 digits
    np.testing.assert_allclose(elevation, rows[:, 4], atol=5.1e-4)
    np.testing.assert_allclose(np.linalg.norm(positions, axis=1), rows[:, 5], atol=1e-9)
    assert np.array_equal(rows[:, 0], np.arange(len(positions)))


def check_angles(reference: Reference, case: Mapping[str, Any], name: str) -> None:
    xyz = np.array(case["xyz"])
    found = np.column_stack([*to_angles(xyz), np.linalg.norm(xyz, axis=1)])
    np.testing.assert_allclose(found, case["out"], atol=1e-9)


def check_image_source(reference: Reference, case: Mapping[str, Any], name: str) -> None:
    centre, rate = np.array(case["array_centre"]), reference.spec["rate"]
    reach = 2.0 * (case["max_order_used"] + 1) * max(case["room"])
    places, orders = mirror_images(case["room"], case["source"], centre, reach)
    used = orders <= case["max_order_used"]
    images, orders = places[used] + centre, orders[used]
    assert len(images) == case["image_count"]
    for place, order in zip(case["images_first10"], case["orders_first10"], strict=True):
        (index,) = np.flatnonzero(np.abs(images - place).max(axis=1) < 1e-5)
        assert orders[index] == order
    # The original holds images in float32, which is up to a thousandth of a sample.
    images = images.astype(np.float32) - centre
    layout = array(np.array(case["mic_positions"]) - centre)
    for capsules, omni in (("omni", 1.0), ("hypercardioid", 0.25)):
        receiver = receiver_for(layout, omni)
        delays, gains = arrivals(images, orders, case["sabine_absorption"], receiver)
        direct = delays[:, orders == 0][:, 0] * rate
        np.testing.assert_allclose(direct, case["direct_path_samples"], atol=1e-4)
        for channel, expected in enumerate(reference.arrays[f"ism_{capsules}"]):
            response = as_pyroomacoustics(delays[channel], gains[channel], rate, case)
            assert not expected[len(response) :].any()
            np.testing.assert_allclose(response, expected[: len(response)], atol=1e-5)


def as_pyroomacoustics(
    delays: np.ndarray, gains: np.ndarray, rate: int, case: Mapping[str, Any]
) -> np.ndarray:
    """Turn arrivals into samples with the original's own interpolation and high-pass filter."""
    half = case["global_delay_samples"]
    late = delays + half / rate
    response = np.zeros(int(np.ceil(late.max() * rate + half + 1)) + 1, np.float32)
    granularity = pyroomacoustics.constants.get("sinc_lut_granularity")
    arrived = [values.astype(np.float32) for values in (late, gains)]
    pyroomacoustics.libroom.rir_builder(response, *arrived, rate, 2 * half + 1, granularity, 1)
    high_pass = pyroomacoustics.utilities.design_highpass_filter_sos(
        rate,
        pyroomacoustics.constants.get("rir_hpf_fc"),
        **pyroomacoustics.constants.get("rir_hpf_kwargs"),
    )
    return sosfiltfilt(high_pass, response)


CASES: dict[str, Callable[[Reference, Any, str], None]] = {
    "moving": check_moving,
    "static": check_static,
    "interpolation_matrix": check_interpolation,
    "trajectory_linear": check_straight,
    "trajectory_circular": check_semicircle,
    "nearest_ir": check_nearest,
    "labels": check_labels,
    "cartesian_to_polar": check_angles,
    "image_source": check_image_source,
}
OTHERWISE = {"db2multiplier", "overlap_check"}
"""Levels are root mean squares here, and sounds overlap by lanes and not by trial."""


def check(reference: Reference) -> None:
    for name, case in reference.spec["cases"].items():
        known = known_stem(name, {*CASES, *OTHERWISE})
        assert known, f"unknown case {name}"
        if known in CASES:
            CASES[known](reference, case, name)


CHECKS: dict[str, Check] = {"synthesis": check}
