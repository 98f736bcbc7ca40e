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

# Those of the pictures (`hearsight.pictures.palette`), in the same order.
COLORS = (
    "#0077bb",
    "#ee7733",
    "#009988",
    "#ee3377",
    "#33bbee",
    "#cc3311",
    "#aa4499",
    "#999933",
)
_MOST_ROWS = 100
_WIDTH, _HEIGHT, _LEFT, _RIGHT, _BOTTOM, _TOP = 720, 220, 48, 4, 24, 8
_GAP_S = 0.25  # label frames are 0.1 s apart; a longer pause breaks the line

_Colors = dict[tuple[str, int], str]  # by label and source number


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
    sources = dict.fromkeys((event.label, event.source) for event in scene)
    colors = {source: COLORS[i % len(COLORS)] for i, source in enumerate(sources)}
    notes = "".join(f"<li>{html.escape(note)}</li>" for note in scene.notes)
    name = "" if scene.media is None else f"{scene.media.name}: "
    count = "1 event" if len(scene) == 1 else f"{len(scene)} events"
    title = html.escape(f"{name}{count} in {scene.duration:.1f} s")
    return (
        f'<div class="hearsight-scene"><p><strong>{title}</strong></p>'
        f"{_plot(scene, colors)}{_table(scene, colors)}"
        f"{f'<ul>{notes}</ul>' if notes else ''}</div>"
    )


def _table(scene: Scene, colors: _Colors) -> str:
    if not len(scene):
        return ""
    names = ("what", "from", "to", "azimuth °", "elevation °", "where", "confidence")
    head = "".join(f"<th>{name}</th>" for name in names)
    rows = "".join(
        _row(event, colors[event.label, event.source]) for event in scene.events[:_MOST_ROWS]
    )
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


def _plot(scene: Scene, colors: _Colors) -> str:
    """Draw azimuth against time; left (+90 degrees) is up."""
    seconds = max(scene.duration, max((event.offset for event in scene), default=0.0), 0.1)
    paths = []
    for event in scene:
        if line := _line(event, seconds):
            color, title = colors[event.label, event.source], html.escape(event.label)
            paths.append(
                f'<path d="{line}" fill="none" stroke="{color}" stroke-width="2.5" '
                f'stroke-linecap="round"><title>{title}</title></path>'
            )
    if not paths:
        return ""
    ticks = ((180, "back"), (90, "left"), (0, "front"), (-90, "right"), (-180, "back"))
    grid = "".join(
        f'<line x1="{_LEFT}" y1="{_y(angle)}" x2="{_WIDTH - _RIGHT}" y2="{_y(angle)}" '
        'stroke="#8884"/>'
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
    return _half_pixel(_LEFT + time / seconds * (_WIDTH - _LEFT - _RIGHT))


def _y(azimuth: float) -> str:
    return _half_pixel(_TOP + (180.0 - azimuth) / 360.0 * (_HEIGHT - _TOP - _BOTTOM))


def _half_pixel(value: float) -> str:
    return f"{round(2.0 * value) / 2.0:g}"


def _line(event: Event, seconds: float) -> str:
    """Return the SVG path of an event's azimuth, broken at gaps and where it crosses the back."""
    if event.track is None or event.azimuth is None:
        return ""
    known = ~np.isnan(event.track.azimuth)
    points = list(zip(event.track.times[known], event.track.azimuth[known], strict=True))
    parts = [f"M{_x(points[0][0], seconds)},{_y(points[0][1])}"]
    for (time, azimuth), (next_time, next_azimuth) in pairwise(points):
        is_broken = next_time - time > _GAP_S or math.fabs(next_azimuth - azimuth) > 180.0
        place = f"{_x(next_time, seconds)},{_y(next_azimuth)}"
        # In a long recording many points fall on one place of the drawing.
        if is_broken or place != parts[-1][1:]:
            parts.append(f"{'M' if is_broken else 'L'}{place}")
    return "".join([*parts, "h0.1"])  # so that a single point is seen
