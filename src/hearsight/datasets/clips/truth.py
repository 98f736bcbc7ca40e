"""`truth.json` of generated sets: where in the picture the event of a clip is, second by second.

    {"name": "test_000000", "boxes": [null, [0.1, 0.2, 0.4, 0.6], ...], ...}

A line for each clip; boxes are fractions of the picture, xmin, ymin, xmax, ymax.
"""

from __future__ import annotations

import json
from pathlib import Path

from hearsight.errors import DatasetError, InputError
from hearsight.events.sounding import SoundingBoxes


def read_boxes(path: Path, n_segments: int) -> dict[str, tuple[SoundingBoxes, ...]]:
    """Read the boxes of all clips.

    Parameters
    ----------
    path : Path
    n_segments : int
        Seconds of a clip.

    Returns
    -------
    dict of str to tuple of SoundingBoxes
        By name, for each second; empty where nothing is both seen and heard.

    Raises
    ------
    DatasetError
        If the file cannot be read, or a clip has not a box or null for each second.
    """
    try:
        clips = json.loads(path.read_text(encoding="utf-8"))
        boxes = {
            clip["name"]: tuple(
                SoundingBoxes(() if box is None else (tuple(map(float, box)),))  # type: ignore[arg-type]
                for box in clip["boxes"]
            )
            for clip in clips
        }
    except (OSError, ValueError, TypeError, KeyError, InputError) as error:
        msg = f"{path}: cannot be read as boxes of clips ({error}); generate the set again"
        raise DatasetError(msg) from error
    for name, seconds in boxes.items():
        if len(seconds) != n_segments:
            msg = f"{path}: {name} has boxes of {len(seconds)} seconds, expected {n_segments}"
            raise DatasetError(msg)
    return boxes
