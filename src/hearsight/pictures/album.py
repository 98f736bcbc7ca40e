"""All pictures of a result, under the names by which people find them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hearsight.events.events import Events
from hearsight.events.scene import Scene
from hearsight.pictures.azimuth import write_azimuth
from hearsight.pictures.overlay import has_moving_picture, write_overlay, write_still_overlay
from hearsight.pictures.sphere import write_sphere
from hearsight.pictures.timeline import write_timeline
from hearsight.recording.video import iterate_frames

_LOOK_AT_S = 1.0  # the first frames of many videos are black


def write_pictures(
    scene: Scene,
    folder: str | Path,
    *,
    truth: Events | None = None,
    frame_rate: float | None = None,
) -> list[Path]:
    """Write `timeline.png`, `azimuth.png`, `sphere.png` and the overlay of a scene.

    Parameters
    ----------
    scene : Scene
    folder : str or Path
        Made if need be.
    truth : Events, optional
        Drawn under the azimuth over time.
    frame_rate : float, optional
        Frames per second where the picture is a folder of frames.

    Returns
    -------
    list of Path
        What was written. The overlay is `overlay.mp4` for a video, `overlay.png` for a still
        picture, and missing for sound alone.

    Raises
    ------
    MediaError
        If the recording cannot be read or a picture not be written.
    """
    place = Path(folder)
    written = [
        write_timeline(scene, place / "timeline.png"),
        write_azimuth(scene, place / "azimuth.png", truth),
        write_sphere(scene, place / "sphere.png", panorama_frame(scene)),
    ]
    if has_moving_picture(scene):
        written.append(write_overlay(scene, place / "overlay.mp4", frame_rate=frame_rate))
    elif scene.media is not None and scene.projection is not None:
        written.append(write_still_overlay(scene, place / "overlay.png"))
    return written


def panorama_frame(scene: Scene) -> NDArray[np.uint8] | None:
    """Return a frame from near the beginning of a scene's 360-degree picture.

    Returns
    -------
    ndarray of uint8, shape (3, height, width), or None
        None where the scene has no such picture.
    """
    projection = scene.projection
    if scene.media is None or projection is None or projection.kind != "equirectangular":
        return None
    frame = None
    for time, shown in iterate_frames(scene.media):
        frame = shown
        if time >= min(_LOOK_AT_S, 0.5 * scene.duration):
            break
    return frame
