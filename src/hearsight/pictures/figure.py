"""The common look of all drawn pictures, and writing them as PNG.

Figures are built with matplotlib's objects; its global state (`pyplot`, `rcParams`) is never
touched, so that drawing works in threads, servers and notebooks alike.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from hearsight.recording.files import replacing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

INK = "#1c2430"
MUTED = "#64707f"
RULE = "#d8dee6"
PAPER = "#ffffff"

DPI = 130


def new_figure(width_in: float, height_in: float) -> Figure:
    """Return an empty figure with its own canvas.

    Parameters
    ----------
    width_in, height_in : float
        Inches; a picture has `DPI` pixels per inch.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width_in, height_in), dpi=DPI, facecolor=PAPER)
    FigureCanvasAgg(figure)
    return figure


def write_figure(figure: Figure, path: str | Path) -> Path:
    """Write a figure as PNG, whole or not at all.

    Parameters
    ----------
    figure : matplotlib Figure
    path : str or Path

    Returns
    -------
    Path

    Raises
    ------
    MediaError
        If the file cannot be written.
    """
    target = Path(path)
    with replacing(target) as temporary:
        figure.savefig(temporary, format="png", dpi=DPI, metadata={"Software": "hearsight"})
    return target


@functools.cache
def _glyphs() -> frozenset[int]:
    """Code points that matplotlib's own font can draw."""
    from matplotlib.ft2font import FT2Font

    return frozenset(FT2Font(str(font_path())).get_charmap())


def font_path(*, is_bold: bool = False) -> Path:
    """Return the file of matplotlib's own sans-serif font."""
    import matplotlib as mpl

    name = "DejaVuSans-Bold.ttf" if is_bold else "DejaVuSans.ttf"
    return Path(mpl.get_data_path()) / "fonts" / "ttf" / name


def drawable(text: str, max_length: int = 200) -> str:
    """Return a text that the font can draw: unknown signs become boxes, long texts are cut.

    Examples
    --------
    >>> drawable("a very long label", max_length=8)
    'a very …'
    """
    known = _glyphs()
    shown = "".join(sign if ord(sign) in known else "\u25a1" for sign in text)
    return shown if len(shown) <= max_length else shown[: max_length - 1] + "…"


def write_title(figure: Figure, title: str, subtitle: str = "") -> None:
    """Set a figure's title, left-aligned, and a line of explanation under it."""
    height = float(figure.get_figheight())
    figure.text(
        0.16 / figure.get_figwidth(),
        1.0 - 0.14 / height,
        drawable(title, 110),
        ha="left",
        va="top",
        fontsize=12,
        fontweight="bold",
        color=INK,
        parse_math=False,
    )
    figure.text(
        0.16 / figure.get_figwidth(),
        1.0 - 0.39 / height,
        drawable(subtitle, 150),
        ha="left",
        va="top",
        fontsize=8.5,
        color=MUTED,
        parse_math=False,
    )


def style_axes(axes: Axes) -> None:
    """Give axes the common look: a light frame, quiet ticks, a grid behind everything."""
    axes.set_axisbelow(True)
    axes.grid(visible=True, color=RULE, linewidth=0.7)
    axes.tick_params(colors=MUTED, labelsize=8.5, length=3, width=0.7)
    for side, spine in axes.spines.items():
        spine.set_color(RULE)
        spine.set_visible(side in ("left", "bottom"))


def name_axis(axis: Axis, text: str) -> None:
    """Write what an axis shows, with its unit."""
    axis.set_label_text(text, fontsize=9, color=INK)


def set_ticks(axis: Axis, values: Iterable[float], texts: Iterable[str]) -> None:
    """Set an axis' ticks with texts that come from files and are therefore never parsed as math."""
    axis.set_ticks(list(values), [drawable(text, 28) for text in texts])
    for label in axis.get_ticklabels():
        label.set_parse_math(False)


def set_time_axis(axes: Axes, duration: float) -> None:
    """Let the horizontal axis show a recording's time: seconds, or h:mm:ss from ten minutes on."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axes.set_xlim(0.0, max(duration, 0.1))
    if duration < 600.0:
        axes.xaxis.set_major_locator(MaxNLocator(nbins=12, steps=[1, 2, 5, 10]))
        name_axis(axes.xaxis, "time (s)")
        return
    step = next((s for s in (60, 120, 300, 600, 900, 1800, 3600) if duration / s <= 13), 7200)
    axes.set_xticks([step * i for i in range(int(duration // step) + 1)])
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: clock(value)))
    name_axis(axes.xaxis, "time (h:mm:ss)")


def clock(seconds: float) -> str:
    """Write a time as h:mm:ss.

    Examples
    --------
    >>> clock(3725.4)
    '1:02:05'
    """
    whole = round(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def say_nothing_located(axes: Axes, notes: Iterable[str]) -> None:
    """Write into empty axes that nothing was located, and why."""
    import textwrap

    axes.grid(visible=False)
    lines = [line for note in notes for line in textwrap.wrap(note, 88)][:7]
    axes.text(
        0.5,
        0.62,
        "nothing located",
        transform=axes.transAxes,
        ha="center",
        va="center",
        fontsize=15,
        color=MUTED,
    )
    axes.text(
        0.5,
        0.50,
        "\n".join(drawable(line) for line in lines),
        transform=axes.transAxes,
        ha="center",
        va="top",
        fontsize=8.5,
        color=MUTED,
        linespacing=1.5,
        parse_math=False,
    )
