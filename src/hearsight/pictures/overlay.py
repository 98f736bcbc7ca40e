"""The overlay: the recording's own video with heat map, marks and names of events drawn into it.

Sound, length, frame rate (also a variable one), size and 360-degree metadata stay what they are;
pictures that are stored rotated or stretched are written as they are displayed.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hearsight.errors import MediaError
from hearsight.events.heatmaps import HeatMap, HeatMapKind
from hearsight.events.scene import Scene
from hearsight.pictures.annotation import Annotator
from hearsight.pictures.canvas import draw_heatmap
from hearsight.pictures.heatmap import (
    DEFAULT_OPACITY,
    best_heatmap,
    blend_heatmap,
    frame_at_time,
    time_mean,
)
from hearsight.pictures.sound import sound_of_scene
from hearsight.recording.files import replacing
from hearsight.recording.media import probe
from hearsight.recording.rewriting import (
    Edit,
    Planes,
    VideoFormat,
    edit_picture,
    rewrite_video,
)
from hearsight.recording.video import iterate_frames


def write_overlay(
    scene: Scene,
    path: str | Path,
    *,
    kind: HeatMapKind | None = None,
    opacity: float = DEFAULT_OPACITY,
    frame_rate: float | None = None,
) -> Path:
    """Write a scene's video with everything that was located drawn into it.

    Parameters
    ----------
    scene : Scene
        With a moving picture.
    path : str or Path
        Ends in .mp4.
    kind : {"acoustic", "synchrony", "similarity", "attention", "combined"}, optional
        The heat map to draw; default: the one that says most (`best_heatmap`).
    opacity : float
        Of the strongest place of the map, in [0, 1].
    frame_rate : float, optional
        Frames per second of a folder of pictures.

    Returns
    -------
    Path

    Raises
    ------
    MediaError
        If the scene has no moving picture, or reading or writing fails.
    """
    if scene.media is None or scene.projection is None:
        msg = "the scene has no video to draw into; draw the map of the sphere instead"
        raise MediaError(msg)
    heatmap = best_heatmap(scene) if kind is None else scene.heatmap(kind)
    rewrite_video(
        scene.media,
        path,
        _artist(scene, heatmap, opacity),
        sound=sound_of_scene(scene),
        spherical=scene.projection.kind == "equirectangular",
        frame_rate=frame_rate,
    )
    return Path(path)


def write_still_overlay(scene: Scene, path: str | Path) -> Path:
    """Write a scene's still picture, its heat map's mean over time and each thing in it, as PNG.

    Parameters
    ----------
    scene : Scene
        With a still picture. Where nothing was found the picture is written as it is.
    path : str or Path

    Returns
    -------
    Path

    Raises
    ------
    MediaError
        If the scene has no picture, or reading or writing fails.
    """
    from PIL import Image

    if scene.media is None or scene.projection is None:
        msg = "the scene has no picture to draw upon; draw the map of the sphere instead"
        raise MediaError(msg)
    _, picture = next(iter(iterate_frames(scene.media)))
    heatmap = best_heatmap(scene)
    if heatmap is not None:
        mean = time_mean(heatmap)
        is_panorama = heatmap.projection.kind == "equirectangular"
        picture = blend_heatmap(picture, mean / mean.max(), is_panorama=is_panorama)
    picture = edit_picture(picture, lambda video, planes: Annotator(scene, video).draw_all(planes))
    with replacing(path) as temporary:
        Image.fromarray(np.moveaxis(picture, 0, -1)).save(temporary, format="PNG")
    return Path(path)


def has_moving_picture(scene: Scene) -> bool:
    """Tell whether a scene has a video, rather than a still picture or sound alone."""
    if scene.media is None or scene.projection is None:
        return False
    stream = probe(scene.media).chosen_video
    return stream is not None and not stream.is_still


def _artist(scene: Scene, heatmap: HeatMap | None, opacity: float) -> Callable[[VideoFormat], Edit]:
    """Return what prepares drawing, once the size and colors of the frames are known."""

    def prepare(video: VideoFormat) -> Edit:
        annotate = Annotator(scene, video)

        def draw(time: float, planes: Planes) -> None:
            if heatmap is not None:
                _draw_map(planes, frame_at_time(heatmap, time), heatmap, video, opacity)
            annotate(time, planes)

        return draw

    return prepare


def _draw_map(
    planes: Planes,
    values: NDArray[np.float32],
    heatmap: HeatMap,
    video: VideoFormat,
    opacity: float,
) -> None:
    draw_heatmap(
        planes,
        values,
        is_panorama=heatmap.projection.kind == "equirectangular",
        is_bt709=video.is_bt709,
        opacity=opacity,
    )
