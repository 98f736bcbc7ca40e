"""The event timeline: what sounds when, one lane per source, with the confidence of each event."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hearsight.events.events import Event
from hearsight.events.scene import Scene
from hearsight.pictures.figure import (
    INK,
    drawable,
    new_figure,
    say_nothing_located,
    set_ticks,
    set_time_axis,
    style_axes,
    write_figure,
    write_title,
)
from hearsight.pictures.palette import assign_lanes, event_colors, event_names

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDTH_IN = 10.5
_BAR_HEIGHT = 0.62


def draw_timeline(scene: Scene) -> Figure:
    """Draw what sounds when.

    Each source has a lane. A bar spans an event from onset to offset; the surer the event, the
    stronger its color, and the number on it is its confidence.

    Parameters
    ----------
    scene : Scene
        Without events the picture says so, with the scene's notes.

    Returns
    -------
    matplotlib Figure
    """
    lanes = assign_lanes(scene.events)
    n_lanes = max(3, len(lanes.names))
    lane_in = 0.32 if n_lanes <= 20 else 0.24
    height_in = 1.25 + lane_in * n_lanes
    figure = new_figure(_WIDTH_IN, height_in)
    left_in = 0.75 + 0.075 * min(28, max((len(name) for name in lanes.names), default=0))
    axes = figure.add_axes(
        (
            left_in / _WIDTH_IN,
            0.55 / height_in,
            1.0 - (left_in + 0.35) / _WIDTH_IN,
            1.0 - 1.25 / height_in,
        )
    )
    n_events = len(scene.events)
    write_title(
        figure,
        "What sounds when" + (f" · {scene.media.name}" if scene.media else ""),
        f"{n_events} event{'' if n_events == 1 else 's'} in {scene.duration:.1f} s; "
        "stronger color and the number: confidence (0 to 1)",
    )
    style_axes(axes)
    set_time_axis(axes, scene.duration)
    if n_events == 0:
        axes.set_yticks([])
        say_nothing_located(axes, scene.notes)
        return figure
    axes.set_ylim(n_lanes - 0.5, -0.5)
    axes.grid(visible=False, axis="y")
    set_ticks(axes.yaxis, range(len(lanes.names)), lanes.names)
    for label in axes.get_yticklabels():
        label.set_color(INK)
    axes.tick_params(axis="y", length=0)
    colors, names = event_colors(scene.events), event_names(scene.events)
    for event, lane, color, name in zip(scene.events, lanes.index, colors, names, strict=True):
        _draw_bar(axes, event, lane, color, name if lanes.is_packed else "")
    return figure


def write_timeline(scene: Scene, path: str | Path) -> Path:
    """Write the event timeline as PNG (see `draw_timeline`)."""
    return write_figure(draw_timeline(scene), path)


def _draw_bar(axes: Axes, event: Event, lane: int, color: str, name: str) -> None:
    from matplotlib.colors import to_rgba

    shortest = 0.003 * axes.get_xlim()[1]  # a click of 20 ms must not vanish in two hours
    width = max(event.duration, shortest)
    strength = 0.85 if event.confidence is None else 0.2 + 0.75 * event.confidence
    axes.barh(
        lane,
        width,
        left=event.onset,
        height=_BAR_HEIGHT,
        color=to_rgba(color, strength),
        edgecolor=color,
        linewidth=0.8,
    )
    texts = [name] if name else []
    if event.confidence is not None:
        texts.append(f"{event.confidence:.2f}")
    text = " ".join(texts)
    # About 14 characters of this size fit into one inch.
    inches = width / axes.get_xlim()[1] * axes.get_position().width * _WIDTH_IN
    if 14.0 * inches < len(text) + 1:
        return
    axes.text(
        event.onset + width / 2,
        lane,
        drawable(text, 40),
        ha="center",
        va="center_baseline",
        fontsize=7.5,
        color=_text_color(color, strength),
        clip_on=True,
        parse_math=False,
    )


def _text_color(color: str, strength: float) -> str:
    """Return ink or white, whichever stands out more on a bar of this color over white paper."""
    from matplotlib.colors import to_rgb

    mixed = [1.0 - strength * (1.0 - channel) for channel in to_rgb(color)]
    luminance = sum(w * c**2.2 for w, c in zip((0.2126, 0.7152, 0.0722), mixed, strict=True))
    # Equal contrast ratios to white (1.05 / L) and to ink (L / 0.067) meet near 0.21.
    return "#ffffff" if luminance < 0.21 else INK
