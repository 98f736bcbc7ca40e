"""Make the pictures of these pages with the code they explain: `python docs/make_pictures.py`."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

import hearsight
from hearsight.cli import run
from hearsight.events.words import direction_in_words
from hearsight.pictures.azimuth import write_azimuth
from hearsight.pictures.figure import INK, MUTED, RULE, new_figure, write_figure
from hearsight.pictures.palette import source_color
from hearsight.pictures.sphere import write_sphere
from hearsight.recording.grid import frame_at, frame_time
from hearsight.recording.video import iterate_frames
from hearsight.spatial.directions import to_vectors
from hearsight.spatial.projection import Projection

if TYPE_CHECKING:
    from matplotlib.axes import Axes

IMAGES = Path(__file__).parent / "images"


def main() -> None:
    """Write every picture."""
    draw_axes()
    draw_pixels()
    draw_clock()
    draw_demonstration()
    for picture in IMAGES.glob("*.png"):
        shrink(picture)


def shrink(path: Path) -> None:
    """Store a picture with 256 colors: a third of the size, no difference to the eye."""
    Image.open(path).convert("RGB").quantize(256, dither=Image.Dither.NONE).save(
        path, optimize=True
    )


def draw_axes() -> None:
    """Draw azimuth seen from above and elevation seen from the right, as `to_vectors` has them."""
    figure = new_figure(8.0, 3.7)
    above, side = figure.subplots(1, 2)
    for azimuth in range(-135, 181, 45):
        x, y, _ = to_vectors(azimuth, 0.0)
        name = f"{azimuth:+d}°\n{direction_in_words(azimuth)}" if azimuth else "0°\nfront"
        _ray(above, (-y, x), name)
    above.set_title("seen from above", color=INK)
    _axis_arrow(above, (0.0, 1.0), "x", (0.06, 0.72))
    _axis_arrow(above, (-1.0, 0.0), "y", (-0.78, 0.06))
    for elevation in (-90, -60, -30, 0, 30, 60, 90):
        x, _, z = to_vectors(0.0, elevation)
        name = (
            f"{elevation:+d}°\n{direction_in_words(0.0, elevation)}" if elevation else "0°\nfront"
        )
        _ray(side, (x, z), name)
    side.set_title("seen from the right", color=INK)
    _axis_arrow(side, (1.0, 0.0), "x", (0.72, 0.06))
    _axis_arrow(side, (0.0, 1.0), "z", (0.06, 0.72))
    for axes in (above, side):
        axes.set_xlim(-1.75, 1.75)
        axes.set_ylim(-1.6, 1.6)
        axes.set_aspect("equal")
        axes.set_axis_off()
    figure.tight_layout()
    write_figure(figure, IMAGES / "axes.png")


def _ray(axes: Axes, end: tuple[float, float], name: str) -> None:
    axes.plot([0.0, end[0]], [0.0, end[1]], color=RULE, linewidth=1.0, zorder=0)
    axes.plot(*end, "o", color=source_color(0), markersize=5)
    place = (1.33 * end[0], 1.28 * end[1])
    axes.annotate(name, place, ha="center", va="center", color=MUTED, fontsize=8)


def _axis_arrow(
    axes: Axes, end: tuple[float, float], name: str, place: tuple[float, float]
) -> None:
    style = {"arrowstyle": "-|>", "color": INK, "linewidth": 1.2}
    axes.annotate("", (0.93 * end[0], 0.93 * end[1]), (0.0, 0.0), arrowprops=style)
    axes.annotate(name, place, color=INK, fontsize=11, fontstyle="italic")


def draw_pixels() -> None:
    """Place the same directions in a panorama and in a camera's picture, by `Projection`."""
    figure = new_figure(9.0, 2.9)
    panorama = Projection("equirectangular", 720, 360)
    camera = Projection("perspective", 480, 270, fov_deg=90.0)
    titles = ("equirectangular, 720 x 360", "perspective, 480 x 270, field of view 90°")
    directions = [(0, 0), (30, 20), (-30, -20), (-20, 20), (90, 0), (-90, 0), (180, 45)]
    widths = {"width_ratios": [1.15, 1.0]}
    for axes, projection, title in zip(
        figure.subplots(1, 2, gridspec_kw=widths), (panorama, camera), titles, strict=True
    ):
        axes.set_xlim(0, projection.width)
        axes.set_ylim(projection.height, 0)
        axes.set_aspect("equal")
        axes.set_title(title, color=INK, fontsize=10)
        axes.set_xlabel("column x (pixels)", color=MUTED)
        axes.set_ylabel("row y (pixels)", color=MUTED)
        axes.tick_params(colors=MUTED)
        _lines_of_angle(axes, projection)
        for azimuth, elevation in directions:
            vector = to_vectors(azimuth, elevation)
            if not projection.is_on_screen(vector):
                continue
            x, y = projection.to_pixels(vector)
            axes.plot(x, y, "o", color=source_color(1), markersize=5, clip_on=False)
            is_left = x < 0.1 * projection.width
            axes.annotate(
                f"({azimuth}°, {elevation}°)",
                (x, y),
                (0, 6),
                textcoords="offset points",
                ha="left" if is_left else "center",
                color=INK,
                fontsize=8,
            )
    figure.tight_layout()
    write_figure(figure, IMAGES / "pixels.png")


def _lines_of_angle(axes: Axes, projection: Projection) -> None:
    fine = np.linspace(-85.0, 85.0, 171)
    spans = [(np.full_like(fine, azimuth), fine) for azimuth in range(-150, 180, 30)]
    around = np.linspace(-179.9, 179.9, 361)
    spans += [(around, np.full_like(around, elevation)) for elevation in range(-60, 90, 30)]
    for azimuth, elevation in spans:
        x, y = projection.to_pixels(to_vectors(azimuth, elevation)).T
        axes.plot(x, y, color=RULE, linewidth=0.8, zorder=0)


def draw_clock() -> None:
    """Show an event and the label frames it touches, as `recording.grid` counts them."""
    onset, offset = 0.25, 0.52
    touched = range(frame_at(onset), frame_at(offset) + 1)
    figure = new_figure(8.0, 1.9)
    axes = figure.subplots()
    for frame in range(8):
        start = frame_time(frame)
        color = source_color(4) if frame in touched else "white"
        axes.barh(0.0, 0.1, 0.7, left=start, color=color, edgecolor=MUTED, align="edge", alpha=0.6)
        axes.annotate(
            f"label frame {frame}", (start + 0.05, 0.35), ha="center", va="center",
            color=INK, fontsize=8,
        )  # fmt: skip
        if frame in touched:
            axes.plot(start, 0.0, "o", color=source_color(0), markersize=6, clip_on=False)
    axes.plot([onset, offset], [1.05, 1.05], color=source_color(1), linewidth=6)
    axes.annotate(f"event, {onset} to {offset} s", (offset + 0.02, 0.98), color=INK, fontsize=9)
    axes.set_xlim(-0.01, 0.81)
    axes.set_ylim(-0.1, 1.3)
    axes.set_xticks([frame_time(frame) for frame in range(9)])
    axes.set_yticks([])
    axes.set_xlabel("seconds; dots: the times of the track's points", color=MUTED)
    axes.tick_params(colors=MUTED)
    for side in ("left", "right", "top"):
        axes.spines[side].set_visible(False)
    figure.tight_layout()
    write_figure(figure, IMAGES / "clock.png")


def draw_demonstration() -> None:
    """Draw what `make demo` shows."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if run(["simulate", str(folder / "scene"), "--demo"]) != 0:
            msg = "the demonstration's scene could not be made"
            raise RuntimeError(msg)
        truth = hearsight.Scene.from_json(folder / "scene" / "truth.json")
        scene = hearsight.locate(
            folder / "scene" / "scene.mp4", audio=folder / "scene" / "scene.wav", channels="ambix"
        )
        hearsight.write_result(scene, folder / "result")
        overlay = folder / "result" / "overlay.mp4"
        shown = next(frame for time, frame in iterate_frames(overlay) if time >= 4.6)
        Image.fromarray(np.moveaxis(shown, 0, -1)).save(IMAGES / "demo-overlay.png")
        write_azimuth(scene, IMAGES / "demo-azimuth.png", truth.events)
        write_sphere(scene, IMAGES / "demo-sphere.png")


if __name__ == "__main__":
    main()
