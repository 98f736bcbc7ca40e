"""The light copy of a recording that the page plays, beside the page in the result's folder.

A result must open on another machine, years later, without the recording it was made from: so the
page never points outside its folder. A video that every browser plays is copied as it is if it is
small; any other becomes H.264 of at most 960 pixels' width. Sound is stereo AAC.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from hearsight.events.scene import Scene
from hearsight.pictures.sound import listenable_sound
from hearsight.recording.copying import copy_video, is_widely_playable, write_listening_copy
from hearsight.recording.files import replacing
from hearsight.recording.media import VideoStream, probe
from hearsight.recording.rewriting import SoundBlocks, rewrite_video
from hearsight.recording.video import iterate_frames

PREVIEW_STEM = "preview"
MAX_COPIED_BYTES = 64_000_000
MAX_WIDTH_PX = 960
_PREVIEW_CRF = 25
_STILL_WIDTH_PX = 1600
_COPIED_SOUND = ("aac", "mp3")


@dataclass(frozen=True)
class Preview:
    """What the page shows and plays.

    Parameters
    ----------
    picture : {"video", "still", "none"}
    video : str, optional
        File name of the video, which then also has the sound.
    still : str, optional
        File name of the still picture.
    sound : str, optional
        File name of the sound, where it is not in the video.
    """

    picture: Literal["video", "still", "none"]
    video: str | None = None
    still: str | None = None
    sound: str | None = None


def write_preview(scene: Scene, folder: str | Path, *, frame_rate: float | None = None) -> Preview:
    """Write the light copy of a scene's recording into a folder.

    Parameters
    ----------
    scene : Scene
        One without `media` has nothing to copy; the page then runs without sound.
    folder : str or Path
    frame_rate : float, optional
        Frames per second of a folder of pictures.

    Returns
    -------
    Preview

    Raises
    ------
    MediaError
        If the recording cannot be read or the copy not be written.
    """
    place = Path(folder)
    stream = None
    if scene.media is not None and scene.projection is not None:
        stream = probe(scene.media, frame_rate=frame_rate).chosen_video
    if scene.media is None or stream is None:
        return Preview("none", sound=_write_sound(scene, place))
    if stream.is_still:
        name = f"{PREVIEW_STEM}.jpg"
        _write_still(scene.media, place / name)
        return Preview("still", still=name, sound=_write_sound(scene, place))
    name = f"{PREVIEW_STEM}.mp4"
    _write_video(scene, scene.media, stream, place / name, frame_rate)
    return Preview("video", video=name)


def _write_video(
    scene: Scene, media: Path, stream: VideoStream, target: Path, frame_rate: float | None
) -> None:
    sound = _video_sound(scene, media)
    is_small = media.is_file() and media.stat().st_size <= MAX_COPIED_BYTES
    if is_small and is_widely_playable(stream):
        copy_video(media, target, sound)
        return
    width = min(stream.width, MAX_WIDTH_PX) // 2 * 2 or 2
    height = round(stream.height * width / stream.width / 2.0) * 2 or 2
    rewrite_video(
        media, target, sound=sound, size=(width, height), crf=_PREVIEW_CRF, frame_rate=frame_rate
    )


def _video_sound(scene: Scene, media: Path) -> Path | SoundBlocks | None:
    """Choose the video's own sound, as it is if a browser plays it; else what was located."""
    own = probe(media).chosen_audio
    if own is None:
        return listenable_sound(scene)
    if own.n_channels <= 2 and own.codec in _COPIED_SOUND:
        return media
    layout = scene.layout if scene.audio is None else None
    return listenable_sound(Scene(scene.events, layout=layout, media=media))


def _write_sound(scene: Scene, folder: Path) -> str | None:
    sound = listenable_sound(scene)
    if sound is None:
        return None
    name = f"{PREVIEW_STEM}.m4a"
    write_listening_copy(folder / name, sound)
    return name


def _write_still(media: Path, target: Path) -> None:
    from PIL import Image

    _, picture = next(iter(iterate_frames(media)))
    image = Image.fromarray(np.moveaxis(picture, 0, -1))
    image.thumbnail((_STILL_WIDTH_PX, _STILL_WIDTH_PX))
    with replacing(target) as temporary:
        image.save(temporary, format="JPEG", quality=88)
