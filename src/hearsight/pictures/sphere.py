"""The map of the sphere: all directions at once, as an equirectangular picture.

The left edge is azimuth +180 (behind), the middle the front, the right edge -180; up is up. This
is how 360-degree video is stored, so that a frame of it can lie underneath.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hearsight.events.events import Event
from hearsight.events.heatmaps import HeatMap
from hearsight.events.scene import Scene
from hearsight.pictures.azimuth import unwrapped_line
from hearsight.pictures.figure import (
    INK,
    MUTED,
    drawable,
    name_axis,
    new_figure,
    say_nothing_located,
    style_axes,
    write_figure,
    write_title,
)
from hearsight.pictures.heatmap import color_heatmap, enlarge, time_mean
from hearsight.pictures.palette import event_colors, event_names
from hearsight.spatial.directions import equirectangular_grid
from hearsight.spatial.projection import Projection

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDTH_IN, _HEIGHT_IN = 10.5, 6.1
_EXTENT = (180.0, -180.0, -90.0, 90.0)
_MAP_HEIGHT, _MAP_WIDTH = 360, 720


def draw_sphere(scene: Scene, frame: NDArray[np.uint8] | None = None) -> Figure:
    """Draw all events on the map of the sphere.

    A line follows each event, a disc marks its mean direction; the larger the disc, the surer the
    event. The shade is the mean over time of the acoustic map, scaled to its strongest place.

    Parameters
    ----------
    scene : Scene
        Without directions the picture says so, with the scene's notes.
    frame : ndarray of uint8, shape (3, height, width), optional
        A frame of the 360-degree video, drawn pale underneath. Left out where the scene's picture
        is not equirectangular.

    Returns
    -------
    matplotlib Figure
    """
    figure = new_figure(_WIDTH_IN, _HEIGHT_IN)
    axes = figure.add_axes((0.08, 0.105, 0.895, 0.775))
    acoustic = scene.heatmap("acoustic")
    write_title(
        figure,
        "Where sound comes from" + (f" · {scene.media.name}" if scene.media else ""),
        "all directions, seen from the recording place; disc: mean direction of an event"
        + ("; shade: mean of the acoustic map" if acoustic is not None else ""),
    )
    style_axes(axes)
    _set_axes(axes)
    is_panorama = scene.projection is not None and scene.projection.kind == "equirectangular"
    if frame is not None and is_panorama:
        pale = 255 - (255 - np.moveaxis(frame, 0, -1).astype(np.uint16)) * 55 // 100
        axes.imshow(pale.astype(np.uint8), extent=_EXTENT, aspect="auto", zorder=0)
    _shade_mean(axes, acoustic)
    if scene.projection is not None and scene.projection.kind == "perspective":
        _outline_picture(axes, scene.projection)
    colors, names = event_colors(scene.events), event_names(scene.events)
    located = [
        (event, color, name)
        for event, color, name in zip(scene.events, colors, names, strict=True)
        if event.azimuth is not None
    ]
    if not located:
        say_nothing_located(axes, scene.notes)
    for event, color, _ in located:
        _draw_path(axes, event, color)
    _draw_discs(axes, located)
    return figure


def write_sphere(scene: Scene, path: str | Path, frame: NDArray[np.uint8] | None = None) -> Path:
    """Write the map of the sphere as PNG (see `draw_sphere`)."""
    return write_figure(draw_sphere(scene, frame), path)


def mean_on_sphere(heatmap: HeatMap) -> NDArray[np.float64] | None:
    """Average a map over time and bring it to the equirectangular map of the sphere.

    Parameters
    ----------
    heatmap : HeatMap
        Of any projection.

    Returns
    -------
    ndarray, shape (360, 720), or None
        Scaled so that the strongest place is 1; 0 outside a perspective picture. None where the
        map is empty or its pixels have no directions.
    """
    if not heatmap.projection.has_directions:
        return None
    mean = time_mean(heatmap)
    strongest = float(mean.max())
    if strongest <= 0.0:
        return None
    mean /= strongest
    if heatmap.projection.kind == "equirectangular":
        return enlarge(mean, _MAP_HEIGHT, _MAP_WIDTH, is_panorama=True).astype(np.float64)
    pixels = heatmap.projection.to_pixels(equirectangular_grid(_MAP_HEIGHT, _MAP_WIDTH))
    size = np.array([heatmap.projection.width, heatmap.projection.height])
    inside = (np.nan_to_num(pixels, nan=-1.0) >= 0.0).all(-1) & (
        np.nan_to_num(pixels, nan=np.inf) < size
    ).all(-1)
    rows, columns = mean.shape
    on_sphere = np.zeros((_MAP_HEIGHT, _MAP_WIDTH))
    cell = (pixels[inside] / size * np.array([columns, rows])).astype(int)
    on_sphere[inside] = mean[cell[:, 1], cell[:, 0]]
    return on_sphere


def _set_axes(axes: Axes) -> None:
    axes.set_xlim(180.0, -180.0)
    axes.set_ylim(-90.0, 90.0)
    axes.set_xticks(
        [180, 135, 90, 45, 0, -45, -90, -135, -180],
        ["+180\nbehind", "+135", "+90\nleft", "+45", "0\nfront", "-45", "-90\nright", "-135",
         "-180\nbehind"],
    )  # fmt: skip
    axes.set_yticks([-90, -60, -30, 0, 30, 60, 90], ["-90", "-60", "-30", "0", "+30", "+60", "+90"])
    name_axis(axes.xaxis, "azimuth (degrees)")
    name_axis(axes.yaxis, "elevation (degrees)")
    axes.axhline(0.0, color=MUTED, linewidth=0.8, zorder=1)
    axes.axvline(0.0, color=MUTED, linewidth=0.8, zorder=1)


def _shade_mean(axes: Axes, heatmap: HeatMap | None) -> None:
    mean = None if heatmap is None else mean_on_sphere(heatmap)
    if mean is not None:
        axes.imshow(color_heatmap(mean, 0.75), extent=_EXTENT, aspect="auto", zorder=1)


def _outline_picture(axes: Axes, projection: Projection) -> None:
    """Draw the border of what a perspective camera sees."""
    if not projection.has_directions:
        return
    edge = np.linspace(0.0, 1.0, 50)
    x = np.concatenate([edge, np.ones(50), edge[::-1], np.zeros(50)]) * projection.width
    y = np.concatenate([np.zeros(50), edge, np.ones(50), edge[::-1]]) * projection.height
    directions = projection.to_directions(np.stack([x, y], axis=-1))
    azimuth = np.rad2deg(np.arctan2(directions[:, 1], directions[:, 0]))
    elevation = np.rad2deg(np.arcsin(np.clip(directions[:, 2], -1.0, 1.0)))
    axes.plot(azimuth, elevation, color=MUTED, linewidth=1.0, linestyle=(0, (4, 3)), zorder=2)
    middle = len(edge) // 2  # of the upper edge
    axes.annotate(
        "the picture",
        (azimuth[middle], elevation[middle]),
        (0, 4),
        textcoords="offset points",
        ha="center",
        fontsize=8,
        color=MUTED,
    )


def _draw_path(axes: Axes, event: Event, color: str) -> None:
    if event.track is None:
        return
    times, azimuth = unwrapped_line(event.track.times, event.track.azimuth)
    flat = np.nan_to_num(event.track.elevation, nan=0.0)
    elevation = np.interp(times, event.track.times, flat)
    for line_width, line_color in ((3.4, "#ffffff"), (1.8, color)):
        axes.plot(
            azimuth, elevation, color=line_color, linewidth=line_width, alpha=0.85, zorder=3,
            solid_capstyle="round",
        )  # fmt: skip


def _draw_discs(axes: Axes, located: list[tuple[Event, str, str]]) -> None:
    """Draw mean directions and, where there is room, one name per source beside them."""
    from matplotlib.patheffects import withStroke

    largest = 150.0 if len(located) <= 60 else 60.0
    taken: list[_Rectangle] = []
    named: set[str] = set()
    for event, color, name in sorted(located, key=lambda item: -(item[0].confidence or 0.0)):
        azimuth, elevation = event.azimuth or 0.0, event.elevation or 0.0
        certainty = 0.6 if event.confidence is None else event.confidence
        axes.scatter(
            [azimuth],
            [elevation],
            s=largest * (0.3 + 0.7 * certainty),
            color=color,
            edgecolor="#ffffff",
            linewidth=1.4,
            zorder=5,
        )
        text = drawable(name, 30)
        if name in named:
            continue
        free = _free_side(text, azimuth, elevation, taken)
        if free is None:
            continue
        to_the_left, box = free
        named.add(name)
        taken.append(box)
        axes.annotate(
            text,
            (azimuth, elevation),
            (-9 if to_the_left else 9, 5),
            textcoords="offset points",
            ha="right" if to_the_left else "left",
            fontsize=9,
            fontweight="bold",
            color=INK,
            zorder=6,
            parse_math=False,
            path_effects=[withStroke(linewidth=3, foreground="#ffffff")],
        )


_DEGREES_PER_SIGN = 3.7
"""Breadth of a letter of the names on the map."""

_Rectangle = tuple[float, float, float, float]
"""Least and greatest azimuth, least and greatest elevation."""


def _free_side(
    text: str, azimuth: float, elevation: float, taken: list[_Rectangle]
) -> tuple[bool, _Rectangle] | None:
    """Return whether a name goes to the left of its disc, and what it covers; None: no room."""
    width = _DEGREES_PER_SIGN * (len(text) + 2)
    for to_the_left in (False, True):
        start = azimuth if to_the_left else azimuth - width
        box = (start, start + width, elevation - 1.0, elevation + 7.0)
        is_inside = start >= -180.0 and start + width <= 180.0
        if is_inside and not any(_overlap(box, other) for other in taken):
            return to_the_left, box
    return None


def _overlap(a: _Rectangle, b: _Rectangle) -> bool:
    return a[0] < b[1] and b[0] < a[1] and a[2] < b[3] and b[2] < a[3]
