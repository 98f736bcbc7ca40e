"""A scene as a piece of HTML for notebooks: a plot of azimuth against time, a table, the notes.

Self-contained: no script, no style sheet, nothing loaded.
"""

from __future__ import annotations

import html
import math
from itertools import pairwise

import numpy as np

from hearsight.events.events import Event
from hearsight.events.scene import Scene
from hearsight.events.words import direction_in_words

# Eight colors that people with color blindness can tell apart (Okabe and Ito, 2008).
_COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f6b00", "#555555")
_MOST_ROWS = 100
_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP = 720, 220, 48, 24, 8
_GAP_S = 0.25  # label frames are 0.1 s apart; a longer pause breaks the line


def scene_html(scene: Scene) -> str:
    """Return HTML that shows a scene.

    Parameters
    ----------
    scene : Scene
        Of more than 100 events the table shows the first 100 and says so.

    Returns
    -------
    str
        All text from the scene is escaped.
    """
    colors = {
        label: _COLORS[i % len(_COLORS)]
        for i, label in enumerate(dict.fromkeys(event.label for event in scene))
    }
    notes = "".join(f"<li>{html.escape(note)}</li>" for note in scene.notes)
    name = "" if scene.media is None else f"{scene.media.name}: "
    count = "1 event" if len(scene) == 1 else f"{len(scene)} events"
    title = html.escape(f"{name}{count} in {scene.duration:.1f} s")
    return (
        f'<div class="hearsight-scene"><p><strong>{title}</strong></p>'
        f"{_plot(scene, colors)}{_table(scene, colors)}"
        f"{f'<ul>{notes}</ul>' if notes else ''}</div>"
    )


def _table(scene: Scene, colors: dict[str, str]) -> str:
    if not len(scene):
        return ""
    names = ("what", "from", "to", "azimuth", "elevation", "where", "confidence")
    head = "".join(f"<th>{name}</th>" for name in names)
    rows = "".join(_row(event, colors[event.label]) for event in scene.events[:_MOST_ROWS])
    n_hidden = len(scene) - _MOST_ROWS
    more = f"<p>and {n_hidden} more</p>" if n_hidden > 0 else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{more}"


def _row(event: Event, color: str) -> str:
    def show(value: float | None, pattern: str) -> str:
        return "" if value is None else format(value, pattern)

    cells = (
        show(event.onset, ".1f") + " s",
        show(event.offset, ".1f") + " s",
        show(event.azimuth, ".0f"),
        show(event.elevation, ".0f"),
        "" if event.azimuth is None else direction_in_words(event.azimuth, event.elevation),
        show(event.confidence, ".2f"),
    )
    what = f'<td><span style="color:{color}">&#9632;</span> {html.escape(event.label)}</td>'
    return f"<tr>{what}{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _plot(scene: Scene, colors: dict[str, str]) -> str:
    """Draw azimuth against time; left (+90 degrees) is up."""
    seconds = max(scene.duration, max((event.offset for event in scene), default=0.0), 0.1)
    paths = [
        f'<path d="{path}" fill="none" stroke="{colors[event.label]}" stroke-width="2.5" '
        f'stroke-linecap="round"><title>{html.escape(event.label)}</title></path>'
        for event in scene
        if (path := _line(event, seconds))
    ]
    if not paths:
        return ""
    ticks = ((180, "back"), (90, "left"), (0, "front"), (-90, "right"), (-180, "back"))
    grid = "".join(
        f'<line x1="{_LEFT}" x2="{_WIDTH}" y1="{_y(angle)}" y2="{_y(angle)}" stroke="#8884"/>'
        f'<text x="{_LEFT - 6}" y="{_y(angle)}" text-anchor="end" dominant-baseline="middle">'
        f"{word}</text>"
        for angle, word in ticks
    )
    clock = "".join(
        f'<text x="{_x(share * seconds, seconds)}" y="{_HEIGHT - 6}" text-anchor="{anchor}">'
        f"{share * seconds:.1f} s</text>"
        for share, anchor in ((0.0, "start"), (0.5, "middle"), (1.0, "end"))
    )
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" role="img" '
        'aria-label="azimuth against time" style="max-width:100%;height:auto" '
        f'font-family="sans-serif" font-size="11" fill="currentColor">'
        f"{grid}{clock}{''.join(paths)}</svg>"
    )


def _x(time: float, seconds: float) -> str:
    return f"{_LEFT + time / seconds * (_WIDTH - _LEFT):.1f}"


def _y(azimuth: float) -> str:
    return f"{_TOP + (180.0 - azimuth) / 360.0 * (_HEIGHT - _TOP - _BOTTOM):.1f}"


def _line(event: Event, seconds: float) -> str:
    """Return the SVG path of an event's azimuth, broken at gaps and where it crosses the back."""
    if event.track is None or event.azimuth is None:
        return ""
    known = ~np.isnan(event.track.azimuth)
    points = list(zip(event.track.times[known], event.track.azimuth[known], strict=True))
    parts = [f"M{_x(points[0][0], seconds)},{_y(points[0][1])}"]
    for (time, azimuth), (next_time, next_azimuth) in pairwise(points):
        is_broken = next_time - time > _GAP_S or math.fabs(next_azimuth - azimuth) > 180.0
        parts.append(f"{'M' if is_broken else 'L'}{_x(next_time, seconds)},{_y(next_azimuth)}")
    return "".join([*parts, "h0.1"])  # so that a single point is seen
