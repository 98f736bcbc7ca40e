"""The page on which a person looks at a result: one file that opens from disk, without a network.

Style, script, events and heat maps are inside the page; only the light copy of the recording
(`preview.*`) and the files it offers to save lie beside it, in the same folder. Text that comes
from files or users is escaped wherever it goes, and a content security policy lets no other script
run than the page's own.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
from importlib import resources
from pathlib import Path
from typing import Any

from hearsight.errors import MediaError
from hearsight.events.events import Event
from hearsight.events.scene import Scene
from hearsight.events.words import place_in_words
from hearsight.pictures.figure import clock
from hearsight.pictures.palette import event_colors, event_names
from hearsight.recording.files import replacing
from hearsight.viewer.data import packed_maps, page_data
from hearsight.viewer.preview import PREVIEW_STEM, Preview, write_preview

REPORT_NAME = "report.html"

MAX_ROWS = 2000
"""Rows of the table; a recording with more events is better read from its files."""

_SCRIPTS = ("model.js", "stage.js", "plots.js", "page.js")

_FILE_WORDS = {
    "overlay.png": "the picture with its heat map and what was located",
    "timeline.png": "what sounds when",
    "azimuth.png": "from where, over time",
    "sphere.png": "all directions",
    "events.json": "everything, to be read by programs",
    ".json": "JSON",
    ".jsonl": "one event per line, as JSON",
    ".csv": "table",
    ".mp4": "video with heat map and names",
    ".npz": "heat maps, as NumPy arrays",
    ".png": "picture",
    ".txt": "labels for Audacity",
    ".vtt": "captions",
    ".srt": "captions",
    ".rttm": "speaker turns",
}


def write_report(scene: Scene, folder: str | Path, *, frame_rate: float | None = None) -> Path:
    """Write `report.html`, and the light copy of the recording that it plays, into a folder.

    Write it last: the page offers the files that lie in the folder by then.

    Parameters
    ----------
    scene : Scene
        Without events the page says so, with the scene's notes.
    folder : str or Path
        Made if need be.
    frame_rate : float, optional
        Frames per second where the picture is a folder of frames.

    Returns
    -------
    Path
        Of the page.

    Raises
    ------
    MediaError
        If the recording cannot be read or the folder not be written.
    """
    place = Path(folder)
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        msg = f"{place}: cannot be made ({error.strerror or error}); choose another place"
        raise MediaError(msg) from error
    preview = write_preview(scene, place, frame_rate=frame_rate)
    page = render_page(scene, preview, _offered_files(place))
    target = place / REPORT_NAME
    with replacing(target) as temporary:
        # Names of files need not be UTF-8.
        temporary.write_text(page, encoding="utf-8", errors="replace")
    return target


def render_page(scene: Scene, preview: Preview, files: list[str] | None = None) -> str:
    """Return the page's HTML.

    Parameters
    ----------
    scene : Scene
    preview : Preview
        What the page shows and plays.
    files : list of str, optional
        Names of files beside the page that it offers.

    Returns
    -------
    str
    """
    script = "\n".join(_static(name) for name in _SCRIPTS)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    title = scene.media.name if scene.media else "recording"
    parts = {
        "title": html.escape(title),
        "policy": f"script-src 'sha256-{digest}'; object-src 'none'; base-uri 'none'; "
        "form-action 'none'; connect-src 'none'",
        "style": _static("report.css"),
        "facts": _facts(scene),
        "notes": _notes(scene),
        "media": _media(preview),
        "rows": _rows(scene),
        "files": _files(files or []),
        "data": _json_block("data", page_data(scene, preview)),
        "maps": _json_block("maps", packed_maps(scene)),
        "script": script,
    }
    page = _static("report.html")
    # One pass over the template: what was put in is never searched for further places.
    pieces = page.split("{{")
    filled = [pieces[0]]
    for piece in pieces[1:]:
        name, _, rest = piece.partition("}}")
        filled.append(parts[name] + rest)
    return "".join(filled)


def _static(name: str) -> str:
    return (resources.files("hearsight.viewer") / "static" / name).read_text(encoding="utf-8")


def _json_block(name: str, content: Any) -> str:
    """Return a data block; no text in it can end it or begin another element."""
    text = json.dumps(content, separators=(",", ":"), allow_nan=False)
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return f'<script type="application/json" id="{name}">{text}</script>'


def _facts(scene: Scene) -> str:
    n_events = len(scene.events)
    facts = [
        f"{n_events} event{'' if n_events == 1 else 's'}",
        f"{scene.duration:.1f} s" if scene.duration < 120 else clock(scene.duration),
    ]
    if scene.layout is not None:
        facts.append(f"sound: {scene.layout.name}")
    if scene.audio is not None:
        facts.append(f"from {scene.audio.name}")
    if scene.projection is not None:
        size = f"{scene.projection.width} × {scene.projection.height}"
        view = "360° picture" if scene.projection.kind == "equirectangular" else "picture"
        if scene.projection.fov_deg is not None and scene.projection.kind == "perspective":
            view += f", {scene.projection.fov_deg:g}° wide"
        facts.append(f"{view}, {size}")
    return "".join(f"<li>{html.escape(fact)}</li>" for fact in facts)


def _notes(scene: Scene) -> str:
    if not scene.notes and len(scene.events) > 0:
        return ""
    heading = "What to know" if len(scene.events) > 0 else "Nothing located"
    notes = scene.notes or ("No sound source stood out in this recording.",)
    items = "".join(f"<li>{html.escape(note)}</li>" for note in notes)
    return (
        f'<section class="notes" aria-labelledby="notes-title"><h2 id="notes-title">{heading}</h2>'
        f"<ul>{items}</ul></section>"
    )


def _media(preview: Preview) -> str:
    """Return the elements that are seen and heard; their names hold no sign to be escaped."""
    picture = ""
    if preview.video:
        picture = f'<video id="player" src="{preview.video}" playsinline preload="auto"></video>'
    elif preview.still:
        picture = f'<img id="still" src="{preview.still}" alt="The picture that was given">'
    sound = ""
    if preview.sound:
        sound = f'<audio id="player" src="{preview.sound}" preload="auto"></audio>'
    return picture + sound


def _rows(scene: Scene) -> str:
    rows = zip(scene.events, event_names(scene.events), event_colors(scene.events), strict=True)
    shown = [_row(i, *row) for i, row in enumerate(rows) if i < MAX_ROWS]
    if len(scene.events) > MAX_ROWS:
        shown.append(
            f'<tr><td colspan="6">and {len(scene.events) - MAX_ROWS} more, in the files below'
            "</td></tr>"
        )
    if not shown:
        shown.append('<tr><td colspan="6" class="empty">nothing located</td></tr>')
    return "".join(shown)


def _row(index: int, event: Event, name: str, color: str) -> str:
    place = place_in_words(event)
    if event.azimuth is not None:
        angles = [event.azimuth] if event.elevation is None else [event.azimuth, event.elevation]
        degrees = ", ".join(f"{round(angle):+d}°".replace("+0°", "0°") for angle in angles)
        place = f"{html.escape(place)} <small>{degrees}</small>"
    certainty = "–"
    if event.confidence is not None:
        certainty = (
            f'<meter min="0" max="1" value="{event.confidence:.3f}"></meter> {event.confidence:.2f}'
        )
    return (
        f'<tr data-event="{index}"><th scope="row"><button type="button">'
        f'<i style="background:{color}"></i><bdi>{html.escape(name)}</bdi></button></th>'
        f"<td>{_time(event.onset)}</td><td>{_time(event.offset)}</td>"
        f"<td>{event.duration:.1f} s</td><td>{place}</td><td>{certainty}</td></tr>"
    )


def _time(seconds: float) -> str:
    minutes, rest = divmod(round(seconds, 1), 60.0)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours}:{minutes:02d}:{rest:04.1f}" if hours else f"{minutes}:{rest:04.1f}"


def _offered_files(folder: Path) -> list[str]:
    return sorted(
        file.name
        for file in folder.iterdir()
        if file.is_file()
        and not file.name.startswith(".")
        and file.name != REPORT_NAME
        and file.stem != PREVIEW_STEM
    )


def _files(names: list[str]) -> str:
    from urllib.parse import quote

    items = []
    for name in names:
        words = _FILE_WORDS.get(name) or _FILE_WORDS.get(Path(name).suffix.lower(), "")
        about = f" <small>{words}</small>" if words else ""
        # "./" keeps a name such as "javascript:x" a name.
        items.append(f'<li><a href="./{quote(name)}" download>{html.escape(name)}</a>{about}</li>')
    return "".join(items) or "<li>none</li>"
