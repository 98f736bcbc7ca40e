"""A sheet of heat maps: pictures in rows, what was made of them in columns."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from hearsight.events.sounding import FractionBox
from hearsight.pictures.figure import INK, MUTED, PAPER, font_path
from hearsight.pictures.heatmap import blend_heatmap
from hearsight.recording.files import replacing

CELL, GAP = 180, 10
HEADING, CAPTION = 96, 48
LETTERS = 17
BOX_COLOR = "#5cf2ff"  # which neither the colors of maps nor most pictures have


@dataclass(frozen=True, eq=False)
class Column:
    """What is drawn over each picture.

    Parameters
    ----------
    title : str
    maps : sequence of ndarray, shape (rows, columns)
        One for each picture; none for the pictures as they are.
    captions : sequence of str
        What stands under each, at most two lines.
    scale : (float, float)
        The value that leaves the picture as it is, and the one that is drawn strongest.
    """

    title: str
    maps: Sequence[NDArray[np.floating]]
    captions: Sequence[str]
    scale: tuple[float, float] = (0.0, 1.0)


def write_sheet(
    path: Path,
    pictures: Sequence[NDArray[np.uint8]],
    boxes: Sequence[Sequence[FractionBox]],
    columns: Sequence[Column],
) -> None:
    """Write a sheet as JPEG.

    Parameters
    ----------
    path : Path
    pictures : sequence of ndarray of uint8, shape (3, height, width)
    boxes : sequence of sequences of (xmin, ymin, xmax, ymax)
        Fractions of each picture, drawn everywhere in its row.
    columns : sequence of Column
    """
    step = CELL + CAPTION + GAP
    size = (len(columns) * (CELL + GAP) + GAP, HEADING + len(pictures) * step)
    sheet = Image.new("RGB", size, PAPER)
    draw = ImageDraw.Draw(sheet)
    heading, caption = (
        ImageFont.truetype(str(font_path(is_bold=is_bold)), LETTERS) for is_bold in (True, False)
    )
    for place, column in enumerate(columns):
        left = GAP + place * (CELL + GAP)
        middle = left + CELL / 2
        above = (middle, HEADING - 8)
        title = textwrap.fill(column.title, 17, break_on_hyphens=False)
        draw.text(above, title, INK, heading, anchor="md", align="center")
        for line, cell in enumerate(cells(column, pictures, boxes)):
            top = HEADING + line * step
            sheet.paste(cell, (left, top))
            below = (middle, top + CELL + 5)
            draw.text(below, column.captions[line], MUTED, caption, anchor="ma", align="center")
    with replacing(path) as temporary:
        sheet.save(temporary, "JPEG", quality=80, optimize=True)


def cells(
    column: Column,
    pictures: Sequence[NDArray[np.uint8]],
    boxes: Sequence[Sequence[FractionBox]],
) -> Iterator[Image.Image]:
    """Draw a column's pictures, their maps and boxes."""
    low, high = column.scale
    for place, picture in enumerate(pictures):
        small = Image.fromarray(np.moveaxis(picture, 0, -1)).resize((CELL, CELL))
        if column.maps:
            values = (column.maps[place] - low) / max(high - low, 1e-6)
            # In gray, since things as colorful as these would hide what is drawn over them.
            gray = np.moveaxis(np.asarray(small.convert("L").convert("RGB")), -1, 0)
            drawn = blend_heatmap(gray, np.clip(values, 0.0, 1.0))
            small = Image.fromarray(np.ascontiguousarray(np.moveaxis(drawn, 0, -1)))
        draw = ImageDraw.Draw(small)
        for box in boxes[place]:
            draw.rectangle([round(edge * (CELL - 1)) for edge in box], outline=BOX_COLOR, width=2)
        yield small
