"""The azimuth-time picture: from where sound comes, over time.

Left is up: the axis runs from -180 (behind) over -90 (right), 0 (front) and +90 (left) to +180
(behind again). A track that passes behind the listener leaves at one edge and enters at the other.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hearsight.events.events import Events, Track
from hearsight.events.heatmaps import HeatMap
from hearsight.events.scene import Scene
from hearsight.pictures.figure import (
    INK,
    drawable,
    name_axis,
    new_figure,
    say_nothing_located,
    set_time_axis,
    style_axes,
    write_figure,
    write_title,
)
from hearsight.pictures.palette import event_colors, event_names

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MAX_GAP_S = 0.25
"""Points further apart in time than this are not joined by a line."""

_TRUTH = "#9aa5b1"
_WIDTH_IN, _HEIGHT_IN = 10.5, 6.0


def draw_azimuth(scene: Scene, truth: Events | None = None) -> Figure:
    """Draw azimuth and elevation of all events over time.

    Parameters
    ----------
    scene : Scene
        Without directions the picture says so, with the scene's notes. An acoustic map that shows
        the whole sphere lies under the lines as a quiet shade.
    truth : Events, optional
        Drawn underneath as broad gray lines.

    Returns
    -------
    matplotlib Figure
        Two axes: azimuth, elevation.
    """
    figure = new_figure(_WIDTH_IN, _HEIGHT_IN)
    left, width = 1.2 / _WIDTH_IN, 1.0 - 2.85 / _WIDTH_IN
    azimuth_axes = figure.add_axes((left, 0.40, width, 0.485))
    elevation_axes = figure.add_axes((left, 0.095, width, 0.235), sharex=azimuth_axes)
    write_title(
        figure,
        "Where sound comes from, over time" + (f" · {scene.media.name}" if scene.media else ""),
        "azimuth: 0 front, +90 left (up), -90 right, 180 behind; fainter: less sure"
        + ("; gray: truth" if truth is not None else ""),
    )
    for axes in (azimuth_axes, elevation_axes):
        style_axes(axes)
    _set_angle_axes(azimuth_axes, elevation_axes)
    set_time_axis(elevation_axes, scene.duration)
    azimuth_axes.tick_params(labelbottom=False)
    sides = ["behind", "right", "front", "left", "behind"]
    texts = [f"{angle:+d} {s}" if angle else s for angle, s in zip(_QUARTERS, sides, strict=True)]
    azimuth_axes.set_yticks(_QUARTERS, texts)
    located = [event for event in scene.events if event.azimuth is not None]
    if not located and truth is None:
        say_nothing_located(azimuth_axes, scene.notes)
        return figure
    _shade_acoustic_map(azimuth_axes, scene)
    if truth is not None:
        for event in truth:
            if event.track is not None:
                _draw_track(azimuth_axes, elevation_axes, event.track, _TRUTH, width=6.0, alpha=0.6)
    _draw_events(azimuth_axes, elevation_axes, scene.events)
    return figure


def write_azimuth(scene: Scene, path: str | Path, truth: Events | None = None) -> Path:
    """Write the azimuth-time picture as PNG (see `draw_azimuth`)."""
    return write_figure(draw_azimuth(scene, truth), path)


_QUARTERS = (-180, -90, 0, 90, 180)


def _set_angle_axes(azimuth_axes: Axes, elevation_axes: Axes) -> None:
    azimuth_axes.set_ylim(-180.0, 180.0)
    azimuth_axes.set_yticks(np.arange(-180, 181, 30), minor=True)
    azimuth_axes.tick_params(which="minor", length=2, color=INK, width=0.4)
    name_axis(azimuth_axes.yaxis, "azimuth (degrees)")
    elevation_axes.set_ylim(-90.0, 90.0)
    elevation_axes.set_yticks([-90, -45, 0, 45, 90], ["-90 down", "-45", "0", "+45", "+90 up"])
    name_axis(elevation_axes.yaxis, "elevation (degrees)")


def _draw_events(azimuth_axes: Axes, elevation_axes: Axes, events: Events) -> None:
    from matplotlib.lines import Line2D

    legend: dict[str, str] = {}
    colors, names = event_colors(events), event_names(events)
    for event, color, name in zip(events, colors, names, strict=True):
        if event.track is None or event.azimuth is None:
            continue
        strength = 1.0 if event.confidence is None else 0.3 + 0.7 * event.confidence
        _draw_track(azimuth_axes, elevation_axes, event.track, color, width=2.0, alpha=strength)
        legend.setdefault(name, color)
    shown = list(legend.items())[:24]
    handles = [
        Line2D([], [], color=color, linewidth=3, label=drawable(name, 20)) for name, color in shown
    ]
    if len(legend) > len(shown):
        rest = f"and {len(legend) - len(shown)} more"
        handles.append(Line2D([], [], linestyle="none", label=rest))
    if handles:
        box = azimuth_axes.legend(
            handles=handles,
            loc="upper left",
            bbox_to_anchor=(1.01, 1.02),
            frameon=False,
            fontsize=8,
            labelcolor=INK,
            handlelength=1.2,
        )
        for text in box.get_texts():
            text.set_parse_math(False)


def _draw_track(
    azimuth_axes: Axes,
    elevation_axes: Axes,
    track: Track,
    color: str,
    *,
    width: float,
    alpha: float,
) -> None:
    """Draw a track in both axes; single points become dots."""
    for axes, (times, angles) in (
        (azimuth_axes, unwrapped_line(track.times, track.azimuth)),
        (elevation_axes, unwrapped_line(track.times, track.elevation, is_circular=False)),
    ):
        axes.plot(times, angles, color=color, alpha=alpha, linewidth=width, solid_capstyle="round")
        known = np.isfinite(angles)
        before, after = np.roll(known, 1), np.roll(known, -1)
        before[0] = after[-1] = False
        alone = known & ~before & ~after
        axes.plot(
            times[alone], angles[alone], ".", color=color, alpha=alpha, markersize=2.0 * width
        )


def unwrapped_line(
    times: NDArray[np.float64], angles: NDArray[np.float64], *, is_circular: bool = True
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Break a line of angles where it must not be joined.

    Parameters
    ----------
    times : ndarray, shape (n,)
        Seconds, increasing.
    angles : ndarray, shape (n,)
        Degrees; NaN where unknown.
    is_circular : bool
        Whether a step of more than 180 degrees goes over the edge at +-180: the line is then led
        to the edge, broken, and led on from the other edge.

    Returns
    -------
    times, angles : ndarray, shape (m,)
        With a NaN between pieces that are not joined.
    """
    pieces_t, pieces_a = [times[:1]], [angles[:1]]
    for (t0, a0), (t1, a1) in pairwise(zip(times, angles, strict=True)):
        if t1 - t0 > MAX_GAP_S:
            pieces_t.append(np.array([t0, t1]))
            pieces_a.append(np.array([np.nan, a1]))
        elif is_circular and abs(a1 - a0) > 180.0:
            edge = float(np.copysign(180.0, a0))
            share = (edge - a0) / (a1 + 2.0 * edge - a0)
            crossing = t0 + share * (t1 - t0)
            pieces_t.append(np.array([crossing, crossing, crossing, t1]))
            pieces_a.append(np.array([edge, np.nan, -edge, a1]))
        else:
            pieces_t.append(np.array([t1]))
            pieces_a.append(np.array([a1]))
    return np.concatenate(pieces_t), np.concatenate(pieces_a)


def _shade_acoustic_map(axes: Axes, scene: Scene) -> None:
    heatmap = scene.heatmap("acoustic")
    if heatmap is None or heatmap.is_empty or heatmap.projection.kind != "equirectangular":
        return
    strongest, end = azimuth_profile(heatmap)
    axes.imshow(
        strongest.T,
        extent=(float(heatmap.times[0]), end, -180.0, 180.0),
        aspect="auto",
        cmap="Greys",
        vmin=0.0,
        vmax=2.5,  # at most 40 % gray: the lines on top are what matters
        interpolation="bilinear",
        zorder=0,
    )


def azimuth_profile(heatmap: HeatMap, max_columns: int = 1200) -> tuple[NDArray[np.float32], float]:
    """Reduce a map of the sphere to its strongest value per time and azimuth.

    Returns
    -------
    profile : ndarray of float32, shape (columns <= max_columns, width)
        From left (+180 degrees) to right, as in the map; read block by block.
    end : float
        The end of the last frame in seconds.
    """
    times = heatmap.times
    hop = float(np.median(np.diff(times))) if len(times) > 1 else 0.1
    borders = np.unique(np.linspace(0, len(times), min(max_columns, len(times)) + 1).astype(int))
    rows = [
        np.asarray(heatmap.values[start:stop], np.float32).max(axis=(0, 1))
        for start, stop in pairwise(borders)
    ]
    return np.stack(rows), float(times[-1] + hop)
